//! `opc import` against servers nobody here wrote.

use openopc::Tag;
use openopc::da::Aliases;
use serde_json::Value as Json;

use crate::peers::Stack;

fn import(stack: Stack) {
    let Some(server) = stack.server() else { return };
    let folder =
        std::env::temp_dir().join(format!("openopc-interop-import-{}-{stack:?}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let save = folder.join("aliases.toml");
    let save = save.to_str().expect("UTF-8");

    let mut list =
        "Item ID,Note\nScalar.Int32,as it is\nInterop.Scalar.Int16,by its place\nScalar.Imt64,a slip\n\
                    Quite different,\n"
            .to_owned();
    list.extend((0..5000).map(|n| format!("Mass.{n},\n")));
    let (rows, notes, code) = server.opc(["import", "-", "--save", save, "-o", "json"], &list);
    assert_eq!(code, 1, "{notes}");
    assert_eq!(
        notes,
        format!(
            "5,002 of 5,004 placed (5,001 by identifier, 1 by browse names); 2 not found\nwrote 1 alias to {save}\n"
        )
    );
    let rows: Vec<Json> = rows.lines().map(|row| serde_json::from_str(row).expect("JSON")).collect();
    assert_eq!(rows.len(), 5004);
    assert_eq!(rows[1]["how"], "browse names");
    let nearest = &rows[2]["candidates"];
    assert_eq!(nearest[0], "Scalar.Int64", "{nearest}");
    assert_eq!(rows[3]["candidates"], Json::Array(Vec::new()));
    let aliases = Aliases::load(save).expect("it was written");
    let lasting = Tag::parse("nsu=urn:openopc:interop;s=Scalar.Int16").expect("a tag");
    assert_eq!(aliases.get("Interop.Scalar.Int16"), Some(&lasting));

    let read = ["read", "Interop.Scalar.Int16", "-o", "values", "--aliases", save];
    let (values, notes, code) = server.opc(read, "");
    assert_eq!((values.as_str(), code), ("-1600\n", 0), "{notes}");
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

#[test]
fn asyncua_server() {
    import(Stack::Asyncua);
}

#[test]
fn node_opcua_server() {
    import(Stack::NodeOpcua);
}

#[test]
fn open62541_server() {
    import(Stack::Open62541);
}
