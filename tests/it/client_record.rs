//! A whole struct at once: from the tags under a branch, and back.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use openopc::sim::{Item, Service, Simulator};
use openopc::{Client, ConvertReason, Error, Operation, Quality, Reading, Status, Tag, Value};
use serde::{Deserialize, Serialize};

use crate::support::{chain, requests, sent, served, within};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Boiler {
    drum: Drum,
    name: String,
    started: DateTime<Utc>,
    mode: Mode,
    #[serde(rename = "Set Point")]
    set_point: f32,
    trend: Vec<f64>,
    bytes: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nowhere: Option<i32>,
    #[serde(default, skip_serializing)]
    spare: u8,
    #[serde(skip)]
    ours: u8,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Drum {
    level: f64,
    count: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
enum Mode {
    Off,
    Manual,
    Automatic,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Motor {
    #[serde(rename = "Speed")]
    speed: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    #[serde(rename = "A")]
    a: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is never made")]
struct Missing {
    #[serde(rename = "Drum")]
    drum: MissingDrum,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is never made")]
struct MissingDrum {
    #[serde(rename = "Pressure")]
    pressure: f64,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is never made")]
struct Random {
    #[serde(rename = "Int4")]
    int4: i32,
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn items() -> Vec<Item> {
    vec![
        Item::new("Plant.Boiler1.Drum.Level", 2.5).writable(),
        Item::new("Plant.Boiler1.Drum.Count", 7u16).writable(),
        Item::new("Plant.Boiler1.Drum.Other", "never read").writable(),
        Item::new("Plant.Boiler1.Name", "Kessel ✓").writable(),
        Item::new("Plant.Boiler1.Started", time("2024-02-29T12:34:56.789Z")).writable(),
        Item::new("Plant.Boiler1.Mode", 2).writable(),
        Item::new("Plant.Boiler1.Set Point", 0.1f32).writable(),
        Item::new("Plant.Boiler1.Trend", vec![1.0, 2.0, 3.0]).writable(),
        Item::new("Plant.Boiler1.Bytes", Value::ByteString(vec![1, 2, 255])).writable(),
        Item::new("Plant.Boiler1.Unnamed.Deep.Deeper", 1),
    ]
}

fn boiler() -> Boiler {
    Boiler {
        drum: Drum { level: 2.5, count: 7 },
        name: "Kessel ✓".into(),
        started: time("2024-02-29T12:34:56.789Z"),
        mode: Mode::Automatic,
        set_point: 0.1,
        trend: vec![1.0, 2.0, 3.0],
        bytes: vec![1, 2, 255],
        nowhere: None,
        spare: 0,
        ours: 0,
    }
}

#[tokio::test]
async fn a_struct_is_read_in_one_request() {
    let (simulator, client) = served(items()).await;
    let read = within(client.read_into::<Boiler>("Plant.Boiler1")).await.unwrap();
    assert_eq!(read, boiler());
    let reads = requests(&simulator, Service::Read);
    let reads: Vec<&Vec<String>> = reads.iter().map(|request| &request.items).collect();
    let mut names: Vec<&str> =
        reads[0].iter().map(|item| item.strip_prefix("Plant.Boiler1.").unwrap_or(item)).collect();
    names.sort_unstable();
    let all = ["Bytes", "Drum.Count", "Drum.Level", "Mode", "Name", "Set Point", "Started", "Trend"];
    // The branch itself may have what it does not have below it: `Nowhere` and `Spare`.
    names.retain(|name| !name.contains("Boiler1"));
    assert_eq!((reads.len(), names), (1, all.to_vec()));
    // Level by level: the way to the branch, the branch, its drum; and nothing below what nobody asked for.
    let browsed: Vec<String> = requests_of(&simulator, Service::Browse)
        .into_iter()
        .flatten()
        .filter(|item| item.contains("Unnamed"))
        .collect();
    assert_eq!(browsed, Vec::<String>::new());
}

fn requests_of(simulator: &Simulator, service: Service) -> Vec<Vec<String>> {
    sent(simulator).into_iter().filter(|r| r.service == service).map(|r| r.items).collect()
}

#[tokio::test]
async fn the_branch_is_any_tag() {
    let (_simulator, client) = served(items()).await;
    let found = within(client.resolve("Plant.Boiler1.Drum")).await.unwrap();
    for branch in [Tag::item("Plant.Boiler1.Drum"), found, Tag::parse("/2:Plant/2:Boiler1/2:Drum").unwrap()] {
        let drum = within(client.read_into::<Drum>(&branch)).await.unwrap();
        assert_eq!(drum, Drum { level: 2.5, count: 7 }, "{branch}");
        within(client.write_from(&branch, &drum)).await.unwrap();
    }
}

#[tokio::test]
async fn maps_and_lists_take_what_there_is() {
    let (_simulator, client) = served([
        Item::new("Tanks.A", 1),
        Item::new("Tanks.B", 2.0),
        Item::new("Motors.M1.Speed", 10u8),
        Item::new("Motors.M2.Speed", 20u8),
        Item::new("Matrix.M", vec![vec![1, 2], vec![3, 4]]),
    ])
    .await;
    let map = within(client.read_into::<HashMap<String, f64>>("Tanks")).await.unwrap();
    assert_eq!(map, HashMap::from([("A".into(), 1.0), ("B".into(), 2.0)]));
    let values = within(client.read_into::<BTreeMap<String, Value>>("Tanks")).await.unwrap();
    assert_eq!(values, BTreeMap::from([("A".into(), Value::Int32(1)), ("B".into(), Value::Double(2.0))]));
    let motors = within(client.read_into::<BTreeMap<String, Motor>>("Motors")).await.unwrap();
    assert_eq!(motors.into_values().map(|motor| motor.speed).collect::<Vec<_>>(), [10, 20]);
    let mut motors = within(client.read_into::<Vec<Motor>>("Motors")).await.unwrap();
    motors.sort_unstable_by_key(|motor| motor.speed);
    assert_eq!(motors, [Motor { speed: 10 }, Motor { speed: 20 }]);
    let flat = within(client.read_into::<Flat>("Tanks")).await.unwrap();
    assert_eq!(flat, Flat { a: 1, rest: BTreeMap::from([("B".into(), 2.0)]) });
    let matrix = within(client.read_into::<BTreeMap<String, Vec<[i64; 2]>>>("Matrix")).await.unwrap();
    assert_eq!(matrix["M"], [[1, 2], [3, 4]]);
    let json = within(client.read_into::<serde_json::Value>("Motors")).await.unwrap();
    assert_eq!(json, serde_json::json!({"M1": {"Speed": 10}, "M2": {"Speed": 20}}));
    // One tag is a branch as well.
    assert_eq!(within(client.read_into::<i64>("Tanks.A")).await.unwrap(), 1);
}

async fn refused<T: serde::de::DeserializeOwned + std::fmt::Debug>(client: &Client, branch: &str) -> Error {
    within(client.read_into::<T>(branch)).await.unwrap_err()
}

#[tokio::test]
async fn a_missing_or_bad_field_is_named() {
    let (simulator, client) = served(items()).await;
    let error = refused::<Missing>(&client, "Plant.Boiler1").await;
    assert_eq!(error.to_string(), "read_into `Plant.Boiler1.Drum.Pressure`: no such node on this server");
    assert_eq!(error.operation(), Some(Operation::ReadInto));
    let error = refused::<Missing>(&client, "/2:Plant/2:Boiler1").await;
    assert_eq!(error.tag(), Some(&Tag::parse("/2:Plant/2:Boiler1/2:Drum/2:Pressure").unwrap()));
    let node = within(client.resolve("Plant.Boiler1")).await.unwrap();
    let error = refused::<Missing>(&client, node.as_str()).await;
    assert_eq!(error.tag().map(ToString::to_string), Some(format!("{node}.Drum.Pressure")));
    let error = refused::<Missing>(&client, "Plant.Boiler2").await;
    assert_eq!(error.to_string(), "read_into `Plant.Boiler2`: no such node on this server");

    simulator.set("Plant.Boiler1.Drum.Level", 2.5).unwrap();
    simulator.set_status("Plant.Boiler1.Drum.Level", Status::named("BadSensorFailure").unwrap()).unwrap();
    let error = refused::<Boiler>(&client, "Plant.Boiler1").await;
    assert!(matches!(&error, Error::Quality { quality: Quality::Bad, .. }), "{error}");
    assert_eq!(error.tag(), Some(&Tag::item("Plant.Boiler1.Drum.Level")));
    // An option does not hide it, and a reading shows it.
    let error = refused::<BTreeMap<String, Option<Value>>>(&client, "Plant.Boiler1.Drum").await;
    assert!(matches!(&error, Error::Quality { .. }), "{error}");
    let drum = within(client.read_into::<BTreeMap<String, Reading>>("Plant.Boiler1.Drum")).await.unwrap();
    assert_eq!(drum["Level"].status.name(), "BadSensorFailure");
    assert_eq!(drum["Count"].get::<u16>().unwrap(), 7);
    assert!(drum["Count"].time().is_some());
    simulator.set_status("Plant.Boiler1.Drum.Level", Status::named("BadOutOfMemory").unwrap()).unwrap();
    let error = refused::<Boiler>(&client, "Plant.Boiler1").await;
    assert_eq!(error.to_string(), "read_into `Plant.Boiler1.Drum.Level`: BadOutOfMemory");
    simulator.set_status("Plant.Boiler1.Drum.Level", Status::GOOD).unwrap();

    // Exactly or not at all.
    let error = refused::<BTreeMap<String, u16>>(&client, "Plant.Boiler1.Drum").await;
    assert_eq!(error.tag().map(Tag::as_str), Some("Plant.Boiler1.Drum.Level"));
    assert_eq!(
        chain(&error),
        "read_into `Plant.Boiler1.Drum.Level`: the value does not fit: Double is not u16: 2.5 has a fraction"
    );
    simulator.set("Plant.Boiler1.Mode", 3).unwrap();
    let error = refused::<Boiler>(&client, "Plant.Boiler1").await;
    assert_eq!(error.tag().map(Tag::as_str), Some("Plant.Boiler1.Mode"), "{}", chain(&error));
    let Error::Convert { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.reason(), ConvertReason::OutOfRange);
}

#[tokio::test]
async fn a_name_that_means_two_tags_is_refused() {
    let simulator = Simulator::builder()
        .preset()
        .item(Item::new("Simulation Items.Random.Int4", 1))
        .start()
        .await
        .unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    let error = refused::<Random>(&client, "Simulation Items.Random").await;
    assert!(matches!(&error, Error::Resolve { candidates, .. } if candidates.len() == 2), "{error}");
    assert_eq!(error.tag().map(Tag::as_str), Some("Simulation Items.Random.Int4"));
}

#[tokio::test]
async fn a_struct_is_written_in_one_request() {
    let (simulator, client) = served(items()).await;
    let mut changed = boiler();
    changed.drum = Drum { level: 3.0, count: 8 };
    changed.name = "neu".into();
    changed.started = time("1999-12-31T23:59:59Z");
    changed.mode = Mode::Manual;
    changed.trend = vec![];
    changed.bytes = vec![9];
    within(client.write_from("Plant.Boiler1", &changed)).await.unwrap();
    let writes = requests(&simulator, Service::Write);
    assert_eq!((writes.len(), writes[0].items.len()), (1, 8));
    assert_eq!(within(client.read_into::<Boiler>("Plant.Boiler1")).await.unwrap(), changed);
    assert_eq!(within(client.read("Plant.Boiler1.Drum.Count")).await.unwrap().value, Value::UInt16(8));

    // What is not set is left alone.
    let partial: BTreeMap<&str, Option<f64>> = BTreeMap::from([("Level", Some(4.0)), ("Count", None)]);
    within(client.write_from("Plant.Boiler1.Drum", &partial)).await.unwrap();
    let drum = within(client.read_into::<Drum>("Plant.Boiler1.Drum")).await.unwrap();
    assert_eq!(drum, Drum { level: 4.0, count: 8 });
    assert_eq!(requests(&simulator, Service::Write)[1].items, ["Plant.Boiler1.Drum.Level"]);
    within(client.write_from("Plant.Boiler1.Drum.Level", &5)).await.unwrap();
    let values = HashMap::from([("Level", Value::Int32(6)), ("Count", Value::Double(1.0))]);
    within(client.write_from("Plant.Boiler1.Drum", &values)).await.unwrap();
    let drum = within(client.read_into::<Drum>("Plant.Boiler1.Drum")).await.unwrap();
    assert_eq!(drum, Drum { level: 6.0, count: 1 });
}

#[tokio::test]
async fn nothing_is_written_where_a_field_does_not_fit() {
    let (simulator, client) = served(items()).await;
    let unknown = BTreeMap::from([("Level", 1.0), ("Pressure", 2.0)]);
    let error = within(client.write_from("Plant.Boiler1.Drum", &unknown)).await.unwrap_err();
    assert_eq!(error.to_string(), "write_from `Plant.Boiler1.Drum.Pressure`: no such node on this server");
    let inexact = BTreeMap::from([("Level", 1.0), ("Count", 2.5)]);
    let error = within(client.write_from("Plant.Boiler1.Drum", &inexact)).await.unwrap_err();
    let expected = "write_from `Plant.Boiler1.Drum.Count`: the value does not fit: Double is not UInt16: 2.5 has a fraction";
    assert_eq!(chain(&error), expected);
    let error = within(client.write_from("Plant.Boiler1", &BTreeMap::from([("Drum", 1)]))).await.unwrap_err();
    assert!(error.tag().is_some_and(|tag| tag.as_str() == "Plant.Boiler1.Drum"), "{error}");
    assert_eq!(
        requests_of(&simulator, Service::Write).len(),
        1,
        "{:?}",
        requests_of(&simulator, Service::Write)
    );
}

#[tokio::test]
async fn what_the_server_refused_is_told_field_by_field() {
    let (_simulator, client) =
        served([Item::new("T.A", 1).writable(), Item::new("T.B", 2), Item::new("T.C", 3)]).await;
    let error =
        within(client.write_from("T", &BTreeMap::from([("A", 5), ("B", 6), ("C", 7)]))).await.unwrap_err();
    assert_eq!(error.to_string(), "write_from `T`: 2 of 3 fields were not written");
    assert!(!error.is_retryable());
    let Error::Fields { written, failed, .. } = error else { panic!("{error}") };
    assert_eq!(written, [Tag::item("T.A")]);
    let told: Vec<String> = failed.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["write_from `T.B`: BadNotWritable", "write_from `T.C`: BadNotWritable"]);
    assert_eq!(within(client.read_as::<i32>("T.A")).await.unwrap(), 5);
    let error = within(client.write_from("T", &BTreeMap::from([("B", 6)]))).await.unwrap_err();
    assert_eq!(error.to_string(), "write_from `T.B`: BadNotWritable");
}

#[test]
fn structs_block_as_well() {
    let simulator = Simulator::builder().items(items()).start_blocking().unwrap();
    let client = openopc::blocking::open(simulator.url()).unwrap();
    let drum = client.read_into::<Drum>("Plant.Boiler1.Drum").unwrap();
    client.write_from("Plant.Boiler1.Drum", &Drum { count: 9, ..drum }).unwrap();
    assert_eq!(client.read_into::<Boiler>("Plant.Boiler1").unwrap().drum, Drum { level: 2.5, count: 9 });
    client.close().unwrap();
}
