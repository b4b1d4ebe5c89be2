//! Tags and values on standard input.

use openopc::sim::{Item, Simulator};
use openopc::{Array, Value};

use super::process::{command, opc, opc_with, start};

const TEXTS: [&str; 6] = ["a,b", "say \"hi\"", "two\nlines\r\n", "温度 °C ∞", " spaces ", ""];

fn texts() -> Simulator {
    let items = (0..).zip(TEXTS).map(|(n, text): (u32, _)| Item::new(format!("Text, {n}"), text).writable());
    Simulator::builder()
        .items(items)
        .item(Item::new("Level", 1.5).writable())
        .item(Item::new("Count", 7).writable())
        .item(Item::new("Curve", vec![1.0, 2.5]).writable())
        .item(Item::new("Bytes", Value::ByteString(vec![1, 2, 3])).writable())
        .item(Item::new("Grid", Value::from(Array::matrix([2, 2], vec![1, 2, 3, 4]).unwrap())).writable())
        .start_blocking()
        .unwrap()
}

fn names() -> String {
    let texts = (0..TEXTS.len()).map(|n| format!("\"Text, {n}\"\n"));
    texts.chain(["Level", "Count", "Curve", "Bytes", "Grid"].map(|name| format!("{name}\n"))).collect()
}

#[test]
fn what_read_prints_write_takes() {
    let from = texts();
    for format in ["csv", "pairs"] {
        let data = opc_with(&names(), ["-s", from.url(), "-r", "-", "-o", format]).expect(0).stdout;
        let to = texts();
        for n in 0..TEXTS.len() {
            to.set(&format!("Text, {n}"), "overwritten").unwrap();
        }
        for (name, value) in [("Level", Value::from(0.0)), ("Count", Value::from(0))] {
            to.set(name, value).unwrap();
        }
        let done = opc_with(&data, ["-s", to.url(), "-w", "-"]).expect(0);
        assert!(done.stderr.starts_with("Wrote 11 of 11 items ("), "{}", done.stderr);
        for name in (0..TEXTS.len())
            .map(|n| format!("Text, {n}"))
            .chain(["Level", "Count", "Curve"].map(str::to_owned))
        {
            assert_eq!(to.get(&name).unwrap().value, from.get(&name).unwrap().value, "{name} as {format}");
        }
    }
}

#[test]
fn a_header_may_move_and_a_spreadsheet_may_like_semicolons() {
    let simulator = texts();
    let write = |input: &str| opc_with(input, ["-s", simulator.url(), "write", "-"]).expect(0);
    let value = |tag: &str| simulator.get(tag).unwrap().value;
    write("\u{FEFF}comment;value;tag\r\nedited;2.25;Level\r\n;\"a;b\";\"Text, 0\"\r\n");
    assert_eq!((value("Level"), value("Text, 0")), (Value::from(2.25), Value::from("a;b")));
    // OpenOPC's own: no header, and more columns than the two that count.
    write("Level,3.5,Good,06/25/07 23:58:16\n\nCount,0x10");
    assert_eq!((value("Level"), value("Count")), (Value::from(3.5), Value::from(16)));
}

#[test]
fn a_broken_line_is_named_and_nothing_is_written() {
    let simulator = texts();
    for (input, words) in [
        ("Level,9\nCount,\"5\n", "line 2 of standard input: a quote is not closed"),
        (
            "Level,9\n\"Count\"s,5\n",
            "line 2 of standard input: a quote is not closed, or there is text behind it",
        ),
        ("Level,9\nCount\n", "line 2 of standard input: `Count` has no value, write TAG,VALUE"),
        ("Level,9\n,5\n", "line 2 of standard input: there is no tag"),
        ("Level,9\n\nns=two;s=X,5\n", "line 3 of standard input: invalid tag `ns=two;s=X`"),
        (
            "Level,9\n\"Text, 0\",\"a\nb\"\nCount,many\n",
            "line 4 of standard input: write `Count`: `many` is not Int32",
        ),
        ("tag,value\nLevel,9\nCount,1.5\n", "line 3 of standard input: write `Count`"),
        ("Level\n", "has no value"),
        ("", "standard input has no TAG,VALUE"),
    ] {
        let done = opc_with(input, ["-s", simulator.url(), "write", "-"]).expect(2);
        assert!(done.stderr.contains(words), "{input:?}: {}", done.stderr);
        assert_eq!(done.stdout, "");
    }
    for tag in ["Level", "Count", "Text, 0"] {
        assert_eq!(simulator.write_count(tag).unwrap(), 0, "{tag}");
    }
    let done = opc_with("", ["-s", simulator.url(), "write", "-", "Level=5"]).expect(2);
    assert!(done.stderr.contains("either `-` or TAG=VALUE"), "{}", done.stderr);
}

#[test]
fn the_rest_is_written_where_that_is_asked_for() {
    let simulator = texts();
    let input = "Level,9\nCount,\"5\nns=two;s=X,1\nCount,many\n\"Text, 0\",c\n";
    let done = opc_with(input, ["-s", simulator.url(), "write", "-", "--keep-going", "-o", "csv"]).expect(1);
    for line in ["line 2 of", "line 3 of", "line 4 of"] {
        assert!(done.stderr.contains(line), "{}", done.stderr);
    }
    assert_eq!(done.stdout, "tag,value,type,status,error\nLevel,9,Double,,\n\"Text, 0\",c,String,,\n");
    assert_eq!(simulator.get("Level").unwrap().value, Value::from(9.0));
    assert_eq!(simulator.write_count("Count").unwrap(), 0);
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let simulator = texts();
    let data = opc(["-s", simulator.url(), "read", "Level", "Gone", "-o", "csv"]).expect(1).stdout;
    let done = opc_with(&data, ["-s", simulator.url(), "write", "-"]).expect(1);
    assert!(done.stderr.contains("line 3: `Gone` had no value when it was read"), "{}", done.stderr);
    assert!(done.stderr.contains("Wrote 1 of 2 items ("), "{}", done.stderr);
}

#[test]
fn a_value_of_bad_quality_is_not_written() {
    let simulator = texts();
    let input = "tag,value,type,quality\nCount,55,Int32,Bad\nLevel,2.5,Double,Uncertain\n";
    let done = opc_with(input, ["-s", simulator.url(), "write", "-", "-o", "csv"]).expect(1);
    assert_eq!(done.stdout, "tag,value,type,status,error\nLevel,2.5,Double,,\n");
    let words = "line 2: `Count` had a value of bad quality when it was read, and gets none";
    assert!(done.stderr.contains(words), "{}", done.stderr);
    assert_eq!(simulator.write_count("Count").unwrap(), 0);
}

#[test]
fn properties_are_not_taken_for_values() {
    let simulator = texts();
    let data = opc(["-s", simulator.url(), "properties", "Count", "-o", "csv"]).expect(0).stdout;
    for more in [&[][..], &["--keep-going"]] {
        let done = opc_with(&data, ["-s", simulator.url(), "write", "-"].iter().chain(more)).expect(2);
        assert!(done.stderr.contains("the properties of tags"), "{}", done.stderr);
    }
    assert_eq!(simulator.write_count("Count").unwrap(), 0);
}

#[test]
fn tags_are_read_as_they_come() {
    let simulator = texts();
    for (verb, format, head, lines) in [
        ("read", "pairs", None, ["Count,7\n", "Level,1.5\n"]),
        ("read", "table", Some("Tag "), ["Count", "Level"]),
        ("properties", "pairs", None, ["Count,", "Level,"]),
    ] {
        let mut line = vec!["-s", simulator.url(), "-o", format, verb, "-"];
        if verb == "properties" {
            line.extend(["--id", "1"]);
        }
        let mut reading = start(command(line).stdin(std::process::Stdio::piped()));
        let mut expected = head.into_iter();
        for (tag, line) in ["Count\n", "Level\n"].into_iter().zip(lines) {
            // The next one is sent when this one is here.
            reading.send(tag);
            for line in expected.by_ref().chain([line]) {
                let got = reading.line();
                assert!(got.starts_with(line), "{verb} as {format}: {got}");
            }
        }
        reading.end_input();
        let done = reading.finish().expect(0);
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn a_broken_line_ends_what_was_begun() {
    let simulator = texts();
    let done = opc_with("Count\n\"Level\"s\nLevel\n", ["-s", simulator.url(), "read", "-", "-o", "pairs"]);
    let done = done.expect(2);
    assert_eq!(done.stdout, "Count,7\n");
    assert!(done.stderr.contains("line 2 of standard input: a quote is not closed"), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_ends_the_wait_for_tags() {
    let simulator = texts();
    let line = ["-s", simulator.url(), "-o", "pairs", "read", "-"];
    let mut reading = start(command(line).stdin(std::process::Stdio::piped()));
    reading.send("Count\n");
    assert_eq!(reading.line(), "Count,7\n");
    reading.hang_up();
    reading.finish().expect(0);
}

#[test]
fn tags_on_stdin_stand_where_the_dash_is() {
    let simulator = texts();
    let read = |input: &str, arguments: &[&str]| {
        opc_with(input, ["-s", simulator.url(), "-o", "pairs"].iter().chain(arguments))
    };
    assert_eq!(read("Level\n", &["read", "Count", "-"]).expect(0).stdout, "Count,7\nLevel,1.5\n");
    assert_eq!(
        read("Lev\nCou\n", &["-r", "-", "-a", "el,nt"]).expect(1).stdout,
        "Level,1.5\nLevnt,\nCouel,\nCount,7\n"
    );
    let broken = read("Level\nns=two;s=X\n", &["read", "--pipe"]).expect(2);
    assert!(broken.stderr.contains("line 2 of standard input: invalid tag"), "{}", broken.stderr);
    assert!(read("", &["read", "-"]).expect(2).stderr.contains("standard input is empty"));
}
