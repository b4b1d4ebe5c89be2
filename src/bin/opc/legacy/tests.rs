//! Old lines and what becomes of them.

use super::*;

fn translated(line: &str) -> Result<Line, String> {
    let commands: Vec<String> = ["read", "write", "info", "list"].map(str::to_owned).to_vec();
    translate(line.split('|').map(OsString::from).collect(), &commands, false)
}

fn told(line: &str) -> String {
    let arguments: Vec<String> =
        translated(line).unwrap().arguments.into_iter().map(|word| word.into_string().unwrap()).collect();
    arguments.join("|")
}

#[test]
fn old_lines_become_ours() {
    for (old, new) in [
        ("opc|-r|A|B|-o|csv", "opc|read|--output=csv|--|A|B"),
        ("opc|A|B|-L|60", "opc|read|--repeat=60|--|A|B"),
        ("opc|A", "opc|read|--|A"),
        ("opc|-", "opc|read|--|-"),
        ("opc|-r|-", "opc|read|--|-"),
        ("opc|-w|--pipe", "opc|write|--|-"),
        ("opc|-w|A|5|B|-6", "opc|write|--|A|5|B|-6"),
        ("opc|-w|A+B=1+2", "opc|write|--|A B=1+2"),
        ("opc|-w|A+B|1+2", "opc|write|--|A B|1+2"),
        ("opc|-f|Random.*Int*", "opc|list|--flat|--|Random.*Int*"),
        ("opc|-lR|Sim*", "opc|list|--recursive|--|Sim*"),
        ("opc|-p|A|-y|1,2", "opc|properties|--id=1,2|--|A"),
        ("opc|--read|--output=pairs|A", "opc|read|--output=pairs|--|A"),
        ("opc|--read|--output|pairs|A", "opc|read|--output=pairs|--|A"),
        ("opc|--rea|--outp=pairs|A", "opc|read|--output=pairs|--|A"),
        ("opc|-rve|-x2|A|-a|.x,.y", "opc|read|--verbose|--errors|--rotate=2|--append=.x,.y|--|A"),
        (
            "opc|-r|-c|cache|-F|sync|-g|10|-z|5|-u|100|A",
            "opc|read|--source=cache|--function=sync|--size=10|--pause=5|--update=100|--|A",
        ),
        ("opc|-i|-s|sim:|-t|500|-n|me", "opc|info|--server=sim:|--timeout=500|--name=me"),
        ("opc|-q|-h|plant", "opc|servers|--|opc.tcp://plant"),
        ("opc|Saw-toothed+Waves.Int1", "opc|read|--|Saw-toothed Waves.Int1"),
        ("opc|-r|--|-odd", "opc|read|--|-odd"),
        ("opc|/?", "opc|--help"),
        // With an option that is ours alone.
        ("opc|A|-L|1|--times|3", "opc|read|A|-L|1|--times|3"),
    ] {
        assert_eq!(told(old), new, "{old}");
    }
}

#[test]
fn our_lines_stay_as_they_are() {
    for line in [
        "opc",
        "opc|-s|sim:",
        "opc|--help",
        "opc|-h",
        "opc|--version",
        "opc|-V",
        "opc|-s|sim:|read|-r|A",
        "opc|-o|json|-t|250|list|--flat",
        "opc|--timeout=0.25s|write|A|-5",
        "opc|--frobnicate|A",
    ] {
        assert_eq!(translated(line), Ok(Line::unchanged(line.split('|').map(OsString::from).collect())));
    }
}

#[test]
fn what_has_no_meaning_is_said() {
    let line = translated("opc|-m|dcom|-C|Some.Class|-s|sim:|-h|plant|-r|A").unwrap();
    assert_eq!(line.arguments, ["opc", "read", "--server=sim:", "--", "A"]);
    assert!(line.notes.concat().contains("-m, -C, -h changes nothing"), "{:?}", line.notes);
    assert!(translated("opc|-h|plant|-r|A").unwrap_err().contains("opc.tcp://HOST:4840"));
    for line in ["opc|-S", "opc|--sessions", "opc|list-clients", "opc|-s|sim:|-S"] {
        assert!(translated(line).unwrap_err().contains("opc read i=2277"), "{line}");
    }
}

#[test]
fn a_mistyped_command_is_remembered() {
    assert_eq!(translated("opc|raed|A").unwrap().taken_for_tag.as_deref(), Some("raed"));
    assert_eq!(translated("opc|-r|raed").unwrap().taken_for_tag, None);
}
