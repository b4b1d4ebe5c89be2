//! Structures of servers nobody here wrote: decoded, read into structs, changed and written back.

use chrono::{DateTime, Utc};
use openopc::{Client, DataType, Opaque, Structure, Value};
use serde::{Deserialize, Serialize};

use crate::peers::Stack;

const NAMESPACE: &str = "urn:openopc:interop";

fn tag(name: &str) -> String {
    format!("nsu={NAMESPACE};s={name}")
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pump {
    name: String,
    speed: u16,
    mode: Mode,
    position: Point,
    track: Vec<Point>,
    codes: Vec<u8>,
    serviced: DateTime<Utc>,
    note: Option<String>,
    limit: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
enum Mode {
    Off,
    Manual,
    Automatic,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
enum Choice {
    Number(i32),
    Text(String),
}

fn pump() -> Pump {
    Pump {
        name: "P1 ✓".into(),
        speed: 1450,
        mode: Mode::Automatic,
        position: Point { x: 1.5, y: -2.5 },
        track: vec![Point { x: 0.0, y: 0.1 }, Point { x: 3.0, y: 4.0 }],
        codes: vec![1, 2, 255],
        serviced: "2024-02-29T12:34:56.789Z".parse().expect("a time"),
        note: None,
        limit: Some(9.5),
    }
}

async fn structure(opc: &Client, tag: &str) -> Structure {
    match opc.read(tag).await.unwrap_or_else(|error| panic!("{tag}: {error}")).value {
        Value::Structure(structure) => structure,
        other => panic!("{tag}: {other:?}"),
    }
}

fn body(structure: &Structure) -> Vec<u8> {
    Opaque::from(structure.clone()).body().expect("it can be encoded")
}

/// The pump of both servers that have one.
async fn pumps(opc: &Client) {
    let name = tag("Struct.Pump");
    let before = structure(opc, &name).await;
    assert_eq!(before.type_name(), "Pump");
    assert_eq!(before.deserialize_into::<Pump>().expect("a pump"), pump());
    assert_eq!(opc.read_into::<Pump>(&name).await.expect("a pump"), pump());
    assert_eq!(before.get("Position.Y"), Some(&Value::Double(-2.5)));
    assert_eq!((before.get("Mode"), before.get("Note")), (Some(&Value::Int32(2)), None));
    let json = serde_json::to_value(Value::from(before.clone())).expect("JSON");
    let expected = serde_json::json!({
        "Name": "P1 ✓", "Speed": 1450, "Mode": 2, "Position": {"X": 1.5, "Y": -2.5},
        "Track": [{"X": 0.0, "Y": 0.1}, {"X": 3.0, "Y": 4.0}], "Codes": [1, 2, 255],
        "Serviced": "2024-02-29T12:34:56.789Z", "Limit": 9.5,
    });
    assert_eq!(json, expected);

    // Unchanged it is the same to the last byte.
    opc.write(&name, before.clone()).await.expect("it is written back");
    assert_eq!(body(&structure(opc, &name).await), body(&before));

    // Changed, only what was set differs.
    let mut changed = before.clone();
    changed.set("Speed", 10).expect("10 fits");
    changed.set("Position.X", 7).expect("7 fits");
    assert!(changed.set("Speed", 70_000).is_err() && changed.set("Nothing", 1).is_err());
    opc.write(&name, changed.clone()).await.expect("it is written");
    let after = structure(opc, &name).await;
    assert_eq!(body(&after), body(&changed));
    let differ = body(&after).iter().zip(body(&before)).filter(|(one, other)| *one != other).count();
    assert_eq!((differ, body(&after).len()), (4, body(&before).len()), "two bytes of 10, two of 7.0");

    // Some of its fields, from a map or a struct: the others stay.
    let part = serde_json::json!({"Mode": 1, "Position": {"Y": 0.5}, "Note": "checked"});
    opc.write_from(&name, &part).await.expect("some fields");
    let mut expected = pump();
    (expected.speed, expected.mode, expected.note) = (10, Mode::Manual, Some("checked".into()));
    expected.position = Point { x: 7.0, y: 0.5 };
    assert_eq!(opc.read_into::<Pump>(&name).await.expect("a pump"), expected);
    let refused = opc.write_from(&name, &serde_json::json!({"Position": {"Z": 1}})).await.expect_err("no Z");
    let source = std::error::Error::source(&refused).expect("a source").to_string();
    assert_eq!(source, "field `Position.Z`: there is none");
    opc.write_from(&name, &pump()).await.expect("as before");
    let mut again = structure(opc, &name).await;
    again.set("Note", Value::Null).expect("it is optional");
    opc.write(&name, again).await.expect("without a note");
    assert_eq!(body(&structure(opc, &name).await), body(&before));

    let many: Vec<Pump> = opc.read_into(tag("Struct.Pumps")).await.expect("two pumps");
    assert_eq!((many.len(), many[1].note.as_deref(), many[0].limit), (2, Some("spare"), None));
    let mut changed = many.clone();
    changed[1].speed = 3;
    opc.write_from(tag("Struct.Pumps"), &changed).await.expect("one of two");
    assert_eq!(opc.read_into::<Vec<Pump>>(tag("Struct.Pumps")).await.expect("two pumps"), changed);
    opc.write_from(tag("Struct.Pumps"), &many).await.expect("as before");

    // An enumeration is its number, and a variant by its place.
    assert_eq!(opc.read_as::<i32>(tag("Struct.Mode")).await.expect("a number"), 2);
    assert_eq!(opc.read_into::<Mode>(tag("Struct.Mode")).await.expect("a mode"), Mode::Automatic);
    opc.write_from(tag("Struct.Mode"), &Mode::Off).await.expect("a mode");
    assert_eq!(opc.read(tag("Struct.Mode")).await.expect("a number").value, Value::Int32(0));
}

async fn choices(opc: &Client) {
    let name = tag("Struct.Choice");
    assert_eq!(opc.read_into::<Choice>(&name).await.expect("a union"), Choice::Text("chosen".into()));
    let before = structure(opc, &name).await;
    opc.write_from(&name, &Choice::Number(5)).await.expect("the other member");
    assert_eq!(opc.read_into::<Choice>(&name).await.expect("a union"), Choice::Number(5));
    opc.write(&name, before.clone()).await.expect("as before");
    assert_eq!(body(&structure(opc, &name).await), body(&before));
}

/// What every server has.
async fn standard(opc: &Client, stack: Stack) {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Status {
        start_time: DateTime<Utc>,
        current_time: DateTime<Utc>,
        state: i32,
        build_info: BuildInfo,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct BuildInfo {
        product_name: String,
    }
    let status = structure(opc, "i=2256").await;
    assert_eq!(status.type_name(), "ServerStatusDataType");
    let status: Status = status.deserialize_into().unwrap_or_else(|error| panic!("{stack:?}: {error}"));
    assert!(status.start_time <= status.current_time && status.state == 0, "{status:?}");
    let build = structure(opc, "i=2260").await;
    assert_eq!(build.get("ProductName"), Some(&Value::from(status.build_info.product_name.as_str())));
    let status: Status = opc.read_into("i=2256").await.unwrap_or_else(|error| panic!("{stack:?}: {error}"));
    assert_eq!(status.state, 0);

    let range = structure(opc, &tag("Scalar.Structure")).await;
    assert_eq!(
        range.fields().collect::<Vec<_>>(),
        [("Low", &Value::Double(0.0)), ("High", &Value::Double(10.0))]
    );
    assert_eq!(range.to_string(), "{Low: 0, High: 10}");
    let ranges = opc.read(tag("Array.Structure")).await.expect("ranges").value;
    assert_eq!(ranges.data_type(), DataType::Structure);
    let highs: Vec<serde_json::Value> = ranges.deserialize_into().expect("a list");
    assert_eq!(highs[2], serde_json::json!({"Low": 0.5, "High": 100.0}));
}

async fn watched(opc: &Client) {
    let mut watch = opc
        .watch([tag("Scalar.Structure")], std::time::Duration::from_millis(50))
        .await
        .expect("a subscription");
    let next =
        tokio::time::timeout(std::time::Duration::from_secs(30), watch.next()).await.expect("it comes");
    let reading = next.expect("the client is open");
    assert!(matches!(reading.value, Value::Structure(_)), "{reading:?}");
    watch.unsubscribe().await.expect("it ends");
}

async fn open(stack: Stack) -> Option<(crate::peers::Server, Client)> {
    let server = stack.server()?;
    let opc = openopc::open(&server.url).await.unwrap_or_else(|error| panic!("{stack:?}: {error}"));
    Some((server, opc))
}

#[tokio::test]
async fn asyncua_structures() {
    let Some((_server, opc)) = open(Stack::Asyncua).await else { return };
    watched(&opc).await;
    standard(&opc, Stack::Asyncua).await;
    pumps(&opc).await;
    choices(&opc).await;
}

#[tokio::test]
async fn node_opcua_structures() {
    let Some((_server, opc)) = open(Stack::NodeOpcua).await else { return };
    watched(&opc).await;
    standard(&opc, Stack::NodeOpcua).await;
    pumps(&opc).await;
}

#[tokio::test]
async fn open62541_structures() {
    let Some((_server, opc)) = open(Stack::Open62541).await else { return };
    watched(&opc).await;
    standard(&opc, Stack::Open62541).await;
}
