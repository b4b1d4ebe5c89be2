//! OpenOPC's command lines against servers nobody here wrote.

use crate::peers::{Server, Stack};

/// A line, its words between `|`, that does all it is to do.
#[track_caller]
fn good(server: &Server, line: &str, input: &str) -> String {
    let (stdout, stderr, code) = server.opc(line.split('|').skip(1), input);
    assert_eq!(code, 0, "{line}\n{stdout}\n{stderr}");
    stdout
}

fn old_command_lines(stack: Stack) {
    let Some(server) = stack.server() else { return };
    // `opc ITEM...`, and `-r`.
    assert_eq!(good(&server, "opc|Scalar.Int32|-o|values", ""), "-123456\n");
    assert_eq!(
        good(&server, "opc|-r|Scalar.Int16|Scalar.String|-o|pairs", ""),
        "Scalar.Int16,-1600\nScalar.String,Grüße ✓\n"
    );
    // `opc -f X* | opc -r -`.
    let ints = good(&server, "opc|-f|Scalar.*Int*", "");
    let expected: Vec<String> = ["Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"]
        .iter()
        .map(|name| format!("Scalar.{name}"))
        .collect();
    let mut listed: Vec<&str> = ints.lines().collect();
    listed.sort_unstable();
    let mut wanted: Vec<&str> = expected.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(listed, wanted);
    assert_eq!(good(&server, "opc|-r|-|-o|values", &ints).lines().count(), 6);
    // Into a file, edited, and written back.
    let data = good(&server, "opc|-r|-|-o|csv", &format!("{ints}Scalar.String\n"));
    let edited = data.replace("-123456", "654321").replace("Grüße ✓", "\"a, \"\"b\"\"\nc\"");
    let written = good(&server, "opc|-w|-", &edited);
    assert_eq!(written.matches("Success").count(), 7, "{written}");
    assert_eq!(good(&server, "opc|Scalar.Int32|-o|values", ""), "654321\n");
    let json = good(&server, "opc|read|Scalar.String|-o|json", "");
    assert!(json.contains(r#""value":"a, \"b\"\nc""#), "{json}");
    // A broken line names its number, and nothing is written.
    let (_, stderr, code) = server.opc("opc|-w|-".split('|').skip(1), "Scalar.Int32,1\nScalar.Int16,\"2\n");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("line 2"), "{stderr}");
    assert_eq!(good(&server, "opc|Scalar.Int32|-o|values", ""), "654321\n");
    assert_eq!(good(&server, "opc|-w|Scalar.Int32=-123456|-o|values", "").lines().count(), 1);
    // The tree, and the rest.
    let tree = good(&server, "opc|-l|Interop", "");
    assert!(tree.lines().any(|line| line == "Dup1"), "{tree}");
    assert_eq!(good(&server, "opc|-l|-R|Interop.Dup?.Twin", "").lines().count(), 2);
    let range = good(&server, "opc|-p|Analog.Double|-y|1,102,103|-o|json", "");
    assert_eq!(range.lines().count(), 3, "{range}");
    assert!(range.contains(r#""name":"High EU","value":100"#), "{range}");
    assert!(good(&server, "opc|-i", "").contains("Running"));
    assert!(good(&server, "opc|-q", "").contains("opc.tcp://"));
    assert_eq!(good(&server, "opc|-ra|.Int32,.Int16|Scalar|-x|2", ""), "-123456  -1600\n");
    let log = good(&server, "opc|Counter.Int32|-L|0.05|--times|3|-o|values", "");
    assert_eq!(log.lines().count(), 3, "{log}");
    let (_, stderr, code) = server.opc("opc|-l|No.Such.*".split('|').skip(1), "");
    assert!(code == 1 && stderr.contains("No.Such"), "{stderr}");
}

#[test]
fn asyncua_server() {
    old_command_lines(Stack::Asyncua);
}

#[test]
fn node_opcua_server() {
    old_command_lines(Stack::NodeOpcua);
}

#[test]
fn open62541_server() {
    old_command_lines(Stack::Open62541);
}
