//! `opc write`

use openopc::sim::{Item, Simulator};
use openopc::{DataType, Value};

use super::process::opc;

fn simulator() -> Simulator {
    Simulator::builder()
        .preset()
        .item(Item::new("a=b", 0).writable())
        .item(Item::new("Any", Value::Int16(1)).data_type(DataType::Variant).writable())
        .start_blocking()
        .unwrap()
}

fn value(simulator: &Simulator, item: &str) -> Value {
    simulator.get(item).unwrap().value
}

#[test]
fn text_takes_the_type_of_its_node() {
    let simulator = simulator();
    let written = [
        ("Bucket Brigade.Boolean", "true", Value::Boolean(true)),
        ("Bucket Brigade.Int1", "-128", Value::SByte(-128)),
        ("Bucket Brigade.UInt4", "0xFFFFFFFF", Value::UInt32(u32::MAX)),
        ("Bucket Brigade.Real4", "0.1", Value::Float(0.1)),
        ("Bucket Brigade.Real8", "-1e300", Value::Double(-1e300)),
        ("Bucket Brigade.String", "0x10", Value::from("0x10")),
        ("Bucket Brigade.ArrayOfReal8", "[1, 2.5]", Value::from(vec![1.0, 2.5])),
        ("Bucket Brigade.ArrayOfString", "[a, \"b, c\"]", Value::from(vec!["a", "b, c"])),
    ];
    let arguments = written.iter().map(|(tag, text, _)| format!("{tag}={text}"));
    let arguments = ["-s", simulator.url(), "write"].map(str::to_owned).into_iter().chain(arguments);
    let done = opc(arguments).expect(0);
    assert!(done.stderr.starts_with("Wrote 8 of 8 items ("), "{}", done.stderr);
    for (tag, _, expected) in written {
        assert_eq!(value(&simulator, tag), expected, "{tag}");
    }

    opc(["-s", simulator.url(), "write", "range=1;Bucket Brigade.ArrayOfReal8=7"]).expect(0);
    assert_eq!(value(&simulator, "Bucket Brigade.ArrayOfReal8"), Value::from(vec![1.0, 7.0]));
    // A node without a value to read has a type all the same.
    opc(["-s", simulator.url(), "write", "Write Only.Int2=-7"]).expect(0);
    assert_eq!(value(&simulator, "Write Only.Int2"), Value::Int16(-7));
    opc(["-s", simulator.url(), "write", "Write Only.Int2", "-8"]).expect(0);
    assert_eq!(value(&simulator, "Write Only.Int2"), Value::Int16(-8));
}

#[test]
fn what_is_written_is_printed_in_every_format() {
    let simulator = simulator();
    let run = |format: &str| {
        let items = ["Bucket Brigade.Int4=5", "Write Error.Int4=6", "Nope=7"];
        opc(["-s", simulator.url(), "-o", format, "write"].into_iter().chain(items)).expect(1)
    };
    let table = run("table");
    assert_eq!(
        table.stdout,
        "\
Tag                  Value  Result   Error
Bucket Brigade.Int4  5      Success
Write Error.Int4     6      Error    write `Write Error.Int4`: BadNotWritable
Nope                        Error    resolve `Nope`: no such node on this server
"
    );
    assert!(table.stderr.starts_with("Wrote 1 of 3 items ("), "{}", table.stderr);
    assert_eq!(
        run("csv").stdout,
        "\
tag,value,type,status,error
Bucket Brigade.Int4,5,Int32,,
Write Error.Int4,6,Int32,BadNotWritable,write `Write Error.Int4`: BadNotWritable
Nope,,,,resolve `Nope`: no such node on this server
"
    );
    assert_eq!(
        run("json").stdout,
        r#"{"tag":"Bucket Brigade.Int4","value":5,"type":"Int32"}
{"tag":"Write Error.Int4","value":6,"type":"Int32","status":"BadNotWritable","error":"write `Write Error.Int4`: BadNotWritable"}
{"tag":"Nope","error":"resolve `Nope`: no such node on this server"}
"#
    );
}

#[test]
fn one_wrong_text_and_nothing_is_written() {
    let simulator = simulator();
    for (wrong, word) in [
        ("Bucket Brigade.Real8=abc", "`abc` is not Double"),
        ("Bucket Brigade.Int2=70000", "70000 is outside -32768..=32767"),
        ("Bucket Brigade.Int2=1.5", "`1.5` is not Int16: expected an integer\n"),
        ("Bucket Brigade.Int2=", "`` is not Int16"),
        ("Bucket Brigade.ArrayOfReal8=1", "Double[]"),
        ("Bucket Brigade.ArrayOfReal8=[1, x]", "element [1]"),
    ] {
        let done = opc(["-s", simulator.url(), "write", "Bucket Brigade.Int4=5", wrong]).expect(2);
        assert!(done.stderr.contains(word), "{}", done.stderr);
        assert!(done.stderr.contains("Nothing was written."), "{}", done.stderr);
        assert_eq!(done.stdout, "");
    }
    for wrong in ["Bucket Brigade.Int4", "ns=2;s=Bucket Brigade.Int4", "ns=two;s=X=5", "=5"] {
        opc(["-s", simulator.url(), "write", "Bucket Brigade.Int4=5", wrong]).expect(2);
    }
    assert_eq!(simulator.write_count("Bucket Brigade.Int4").unwrap(), 0);
}

#[test]
fn signs_in_tags_and_values_are_kept_apart() {
    let simulator = simulator();
    let write = |arguments: &[&str], code| {
        opc(["-s", simulator.url(), "write"].iter().chain(arguments)).expect(code);
    };
    write(&["ns=2;s=Bucket Brigade.String=a=b"], 0);
    assert_eq!(value(&simulator, "Bucket Brigade.String"), Value::from("a=b"));
    write(&["Bucket Brigade.String", "c"], 0);
    assert_eq!(value(&simulator, "Bucket Brigade.String"), Value::from("c"));
    // Could be a tag without a value and one with, so it is neither.
    write(&["Bucket Brigade.String", "d=e"], 2);
    write(&["--pairs", "Bucket Brigade.String", "d=e", "ns=2;s=a=b", "7"], 0);
    assert_eq!(value(&simulator, "Bucket Brigade.String"), Value::from("d=e"));
    assert_eq!(value(&simulator, "a=b"), Value::Int32(7));
}

#[test]
fn a_node_that_takes_any_type_keeps_the_one_it_has() {
    let simulator = simulator();
    let write = |arguments: &[&str]| opc(["-s", simulator.url(), "write"].iter().chain(arguments)).expect(0);
    write(&["Any=5"]);
    assert_eq!(value(&simulator, "Any"), Value::Int16(5));
    write(&["--type", "string", "Any=5"]);
    assert_eq!(value(&simulator, "Any"), Value::from("5"));
    write(&["Any=abc"]);
    assert_eq!(value(&simulator, "Any"), Value::from("abc"));
    simulator.set("Any", Value::Null).unwrap();
    let done = opc(["-s", simulator.url(), "write", "Any=5"]).expect(2);
    assert!(done.stderr.contains("--type"), "{}", done.stderr);
}
