//! What is printed, to the letter.

use openopc::sim::{Item, Simulator};
use openopc::{Array, Status, Value};

use super::process::{command, opc, start};

const TAGS: [&str; 4] = ["Random.Int4", "Bucket Brigade.String", "Random.ArrayOfReal8", "Nope"];

fn read(format: &str) -> super::process::Done {
    opc(["-s", "sim:", "read", "-o", format].into_iter().chain(TAGS)).expect(1)
}

#[test]
fn a_table_for_people() {
    let done = read("table");
    assert_eq!(
        done.masked(),
        "\
Tag                    Value                                             Quality  Time                      Error
Random.Int4            41                                                Good     TIME
Bucket Brigade.String                                                    Good     TIME
Random.ArrayOfReal8    [9406.816673070001, 3226.44592014, 13498.708065, 9764.405090490001, 8009.5730420400005]  Good     TIME
Nope                                                                     Error                              read `Nope`: no such node on this server
"
    );
    let footer = done.stderr.trim_end();
    assert!(footer.starts_with("Read 3 of 4 items (0.") && footer.ends_with(" seconds)"), "{footer}");
}

#[test]
fn csv_for_spreadsheets() {
    let done = read("csv");
    assert_eq!(
        done.masked(),
        "\
tag,value,type,quality,status,source_time,server_time,error
Random.Int4,41,Int32,Good,Good,TIME,TIME,
Bucket Brigade.String,,String,Good,Good,TIME,TIME,
Random.ArrayOfReal8,\"[9406.816673070001, 3226.44592014, 13498.708065, 9764.405090490001, 8009.5730420400005]\",Double[5],Good,Good,TIME,TIME,
Nope,,,,,,,read `Nope`: no such node on this server
"
    );
    assert_eq!(done.stderr, "");
}

#[test]
fn json_for_programs() {
    let done = read("json");
    assert_eq!(
        done.masked(),
        r#"{"tag":"Random.Int4","value":41,"type":"Int32","quality":"Good","status":"Good","source_time":"TIME","server_time":"TIME"}
{"tag":"Bucket Brigade.String","value":"","type":"String","quality":"Good","status":"Good","source_time":"TIME","server_time":"TIME"}
{"tag":"Random.ArrayOfReal8","value":[9406.816673070001,3226.44592014,13498.708065,9764.405090490001,8009.5730420400005],"type":"Double[5]","quality":"Good","status":"Good","source_time":"TIME","server_time":"TIME"}
{"tag":"Nope","error":"read `Nope`: no such node on this server"}
"#
    );
    assert_eq!(done.stderr, "");
}

#[test]
fn a_bad_value_is_data_and_a_failed_item_is_not() {
    let simulator = Simulator::builder()
        .item(Item::new("Sensor", 5))
        .item(Item::new("Estimate", 6))
        .item(Item::new("Secret", 7).write_only())
        .start_blocking()
        .unwrap();
    simulator.set_status("Sensor", Status::named("BadSensorFailure").unwrap()).unwrap();
    simulator.set_status("Estimate", Status::named("UncertainSensorNotAccurate").unwrap()).unwrap();
    let line = |tag: &str, format: &str| {
        let done = opc(["-s", simulator.url(), "read", tag, "-o", format]).expect(1);
        done.masked().lines().last().unwrap().to_owned()
    };
    assert_eq!(
        line("Sensor", "json"),
        r#"{"tag":"Sensor","value":null,"type":"Null","quality":"Bad","status":"BadSensorFailure","source_time":"TIME","server_time":"TIME"}"#
    );
    assert_eq!(line("Sensor", "csv"), "Sensor,,Null,Bad,BadSensorFailure,TIME,TIME,");
    assert_eq!(line("Sensor", "table"), "Sensor         Bad      TIME  BadSensorFailure");
    assert_eq!(line("Estimate", "csv"), "Estimate,6,Int32,Uncertain,UncertainSensorNotAccurate,TIME,TIME,");
    assert_eq!(
        line("Secret", "json"),
        r#"{"tag":"Secret","status":"BadNotReadable","error":"read `Secret`: BadNotReadable"}"#
    );
    assert_eq!(line("Secret", "csv"), "Secret,,,,BadNotReadable,,,read `Secret`: BadNotReadable");
}

#[test]
fn every_kind_of_value_has_its_json() {
    let matrix = Array::matrix([2, 2], vec![1, 2, 3, 4]).unwrap();
    let values: [(&str, Value, &str); 9] = [
        ("big", Value::UInt64(u64::MAX), "18446744073709551615"),
        ("small", Value::Int64(i64::MIN), "-9223372036854775808"),
        ("none", Value::Double(f64::NAN), r#""NaN""#),
        ("over", Value::Float(f32::NEG_INFINITY), r#""-Infinity""#),
        ("short", Value::Float(0.1), "0.1"),
        ("guid", Value::Guid([0xAB; 16]), r#""abababab-abab-abab-abab-abababababab""#),
        ("bytes", Value::ByteString(vec![1, 2, 3]), r#""AQID""#),
        ("status", Value::StatusCode(Status::named("BadOutOfService").unwrap()), r#""BadOutOfService""#),
        ("matrix", Value::from(matrix), "[[1,2],[3,4]]"),
    ];
    let items = values.iter().map(|(name, value, _)| Item::new(*name, value.clone()));
    let simulator = Simulator::builder().items(items).start_blocking().unwrap();
    let tags = values.iter().map(|(name, ..)| *name);
    let done = opc(["-s", simulator.url(), "-o", "json", "read"].into_iter().chain(tags)).expect(0);
    for (line, (name, _, json)) in done.stdout.lines().zip(&values) {
        let begin = format!(r#"{{"tag":"{name}","value":{json},"type":"#);
        assert!(line.starts_with(&begin), "{line}");
    }
    assert_eq!(done.stdout.lines().count(), values.len());
}

#[test]
fn text_of_any_kind_arrives_whole() {
    let texts = ["a,b", "say \"hi\"", "two\nlines\r\n", "温度 °C ∞", " spaces ", "'=1+1", ""];
    let items = (0..).zip(texts).map(|(n, text): (u32, _)| Item::new(format!("Text, {n}"), text));
    let simulator = Simulator::builder().items(items).start_blocking().unwrap();
    let tags: Vec<String> = (0..texts.len()).map(|n| format!("Text, {n}")).collect();

    let run = |format| {
        opc(["-s", simulator.url(), "read", "-o", format].into_iter().chain(tags.iter().map(String::as_str)))
            .expect(0)
            .stdout
    };
    let csv = run("csv");
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(csv.headers().unwrap().len(), 8);
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), texts.len());
    for ((row, text), tag) in rows.iter().zip(texts).zip(&tags) {
        assert_eq!((&row[0], &row[1]), (tag.as_str(), text));
    }

    let json = run("json");
    for (line, text) in json.lines().zip(texts) {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["value"], text);
    }

    // One line each: the text of a server does not move the cursor.
    let table = run("table");
    assert_eq!(table.lines().count(), 1 + texts.len());
    assert!(table.contains("two\\nlines\\r\\n"), "{table}");
}

#[test]
fn the_server_says_what_it_is() {
    let json = opc(["-s", "sim:", "info", "-o", "json"]).expect(0).masked();
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(object["url"], "sim:");
    assert_eq!(object["state"], "Running");
    assert_eq!((&object["start_time"], &object["current_time"]), (&"TIME".into(), &"TIME".into()));
    assert_eq!(object["namespaces"][0], "http://opcfoundation.org/UA/");
    assert_eq!(object["namespaces"][2], openopc::sim::NAMESPACE);
    let keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "build",
        "class",
        "client_name",
        "current_time",
        "host",
        "limits",
        "name",
        "namespaces",
        "policy",
        "product",
        "product_uri",
        "profiles",
        "protocol",
        "security",
        "service_level",
        "start_time",
        "state",
        "uri",
        "url",
        "vendor",
        "version",
    ];
    assert_eq!(keys, expected);

    assert_eq!(object["class"], concat!("openopc ", env!("CARGO_PKG_VERSION")));

    let table = opc(["-s", "sim:", "info"]).expect(0).masked();
    let lines: Vec<String> =
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines[0], "Name Value");
    for line in ["State Running", "Start Time TIME", "Namespace 2 urn:openopc:sim"] {
        assert!(lines.iter().any(|other| other == line), "{table}");
    }
    // Every limit, in either form.
    let limits = object["limits"].as_object().unwrap();
    assert_eq!(limits.len(), 9, "{limits:?}");
    for (name, limit) in limits.iter().filter(|(_, limit)| !limit.is_null()) {
        let line = format!("{} {limit}", name.replace('_', " "));
        assert!(lines.iter().any(|other| other.to_lowercase() == line), "{line}: {table}");
    }

    let csv = opc(["-s", "sim:", "info", "-o", "csv"]).expect(0).masked();
    assert!(csv.starts_with("name,value\nProtocol,\"OPC UA, TCP, no security\"\nClass,"), "{csv}");
    assert!(
        csv.contains(
            "\nBrowser,Hierarchical\nStart Time,TIME\nCurrent Time,TIME\nVendor,openopc\nURL,sim:\n"
        ),
        "{csv}"
    );
}

#[test]
fn five_thousand_tags_on_one_command_line() {
    let mut simulator = start(&mut command(["simulate", "--listen", "127.0.0.1:0", "--items", "5000"]));
    let url = simulator.line();
    let tags: Vec<String> = (0..5000).map(|number| format!("Mass.{number}")).collect();
    let arguments = ["-s", url.trim_end(), "-o", "csv", "read"];
    let done = opc(arguments.into_iter().chain(tags.iter().map(String::as_str))).expect(0);
    let mut csv = csv::Reader::from_reader(done.stdout.as_bytes());
    let mut rows = 0;
    for (number, row) in csv.records().enumerate() {
        let row = row.unwrap();
        assert_eq!((&row[0], &row[1]), (tags[number].as_str(), number.to_string().as_str()));
        rows += 1;
    }
    assert_eq!(rows, 5000);
}
