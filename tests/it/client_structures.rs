//! Structures are decoded by the server's own definitions, which are asked for once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use openopc::sim::{Item, Service};
use openopc::{Error, Opaque, Structure, Value};
use serde::Deserialize;

use crate::support::{FAST, collect, numbered, sent, served, within};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    start_time: DateTime<Utc>,
    current_time: DateTime<Utc>,
    state: State,
    build_info: BuildInfo,
}

#[derive(Debug, PartialEq, Deserialize)]
enum State {
    Running,
    Failed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildInfo {
    product_name: String,
    manufacturer_name: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is never made")]
struct Wrong {
    #[serde(rename = "BuildInfo")]
    build_info: Missing,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is never made")]
struct Missing {
    #[serde(rename = "Colour")]
    colour: String,
}

#[tokio::test]
async fn properties_have_fields_too() {
    let (_simulator, client) = served([Item::new("T.Level", 1.0).range(0.0, 10.0)]).await;
    let properties = within(client.properties(STATUS)).await.unwrap();
    let value = properties.value.unwrap().value;
    assert!(matches!(&value, Value::Structure(status) if status.get("State").is_some()), "{value:?}");
    // `GetMonitoredItems`, whose arguments are a property without a number.
    let method = within(client.properties("i=11492")).await.unwrap();
    let (_, arguments) = method.other.iter().find(|(name, _)| name.name == "InputArguments").unwrap();
    let Value::Array(arguments) = arguments else { panic!("{arguments:?}") };
    let first = arguments.iter().next().unwrap();
    assert!(matches!(&first, Value::Structure(argument) if argument.get("Name").is_some()), "{first:?}");
    let level = within(client.properties("T.Level")).await.unwrap();
    assert_eq!(level.range, Some((0.0, 10.0)));
}

const STATUS: &str = "i=2256";
const BUILD_INFO: &str = "i=2260";

#[tokio::test]
async fn a_structure_has_fields() {
    let (_simulator, client) = served([Item::new("T.Level", 1.0).range(0.0, 10.0)]).await;
    let Value::Structure(status) = within(client.read(STATUS)).await.unwrap().value else {
        panic!("it is not decoded");
    };
    assert_eq!((status.type_name(), status.type_id().to_string()), ("ServerStatusDataType", "i=862".into()));
    assert_eq!(status.encoding_id().to_string(), "i=864");
    let names: Vec<&str> = status.fields().map(|(name, _)| name).collect();
    let expected =
        ["StartTime", "CurrentTime", "State", "BuildInfo", "SecondsTillShutdown", "ShutdownReason"];
    assert_eq!(names, expected);
    let typed: Status = status.deserialize_into().unwrap();
    assert!(typed.start_time <= typed.current_time);
    assert_eq!(typed.state, State::Running);
    assert_ne!(State::Failed, State::Running);
    assert_eq!(
        status.get("BuildInfo.ProductName"),
        Some(&Value::from(typed.build_info.product_name.as_str()))
    );
    // The same from the tags below, from the value itself, and as the opaque value it was.
    let below: Status = within(client.read_into(STATUS)).await.unwrap();
    assert_eq!(below.build_info.manufacturer_name, typed.build_info.manufacturer_name);
    let whole = within(client.read_as::<Structure>(BUILD_INFO)).await.unwrap();
    let opaque = within(client.read_as::<Opaque>(BUILD_INFO)).await.unwrap();
    assert_eq!(opaque, Opaque::from(whole.clone()));
    assert_eq!(opaque.type_id().unwrap().to_string(), "i=340");
    let json = serde_json::to_value(Value::from(whole)).unwrap();
    assert_eq!(json["ProductName"], typed.build_info.product_name);
    assert!(json["BuildDate"].is_string());
    // A field that is missing is told by its name.
    let error = status.deserialize_into::<Wrong>().unwrap_err();
    assert_eq!(error.to_string(), "field `BuildInfo.Colour`: there is none");
    let range: std::collections::BTreeMap<String, f64> =
        within(client.read_into("/2:T/2:Level/EURange")).await.unwrap();
    assert_eq!(range.into_iter().collect::<Vec<_>>(), [("High".into(), 10.0), ("Low".into(), 0.0)]);
}

#[tokio::test]
async fn definitions_are_asked_for_once() {
    let (simulator, client) = served(numbered(1)).await;
    within(client.read(STATUS)).await.unwrap();
    assert!(sent(&simulator).iter().any(|request| request.service == Service::Browse), "its data type");
    simulator.clear_requests();
    within(client.read(STATUS)).await.unwrap();
    within(client.read(BUILD_INFO)).await.unwrap();
    let log = sent(&simulator);
    // `BuildInfo` was learnt as a field; the other encoding of it is a question of its own.
    let of = |service| log.iter().filter(|request| request.service == service).count();
    assert_eq!((log[0].service, log[0].items.clone()), (Service::Read, vec![STATUS.to_owned()]));
    assert!(of(Service::Browse) <= 1, "{log:?}");
    simulator.clear_requests();
    within(client.read_many([STATUS, BUILD_INFO])).await.unwrap();
    assert_eq!(sent(&simulator).len(), 1);
}

#[tokio::test]
async fn a_subscription_gives_structures_from_the_first_value_on() {
    let (_simulator, client) = served(numbered(1)).await;
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe([STATUS, BUILD_INFO, "N0"], FAST, callback)).await.unwrap();
    let mut structures = 0;
    for _ in 0..3 {
        let reading = readings.next().await;
        match reading.value {
            Value::Structure(_) => structures += 1,
            other => assert_eq!((reading.tag.as_str(), other), ("N0", Value::Int32(0))),
        }
    }
    assert_eq!(structures, 2);
    within(subscription.unsubscribe()).await.unwrap();
    let mut watch = within(client.watch([BUILD_INFO], Duration::from_millis(20))).await.unwrap();
    assert!(matches!(within(watch.next()).await.unwrap().value, Value::Structure(_)), "known by now");
    within(watch.unsubscribe()).await.unwrap();
}

#[test]
fn structures_block_as_well() {
    let client = openopc::blocking::open("sim:").unwrap();
    let status: Status = client.read_into(STATUS).unwrap();
    assert_eq!(status.state, State::Running);
    let structure: Structure = client.read_as(STATUS).unwrap();
    let refused = client.write_from(STATUS, &serde_json::json!({"Nothing": 1})).unwrap_err();
    assert!(matches!(&refused, Error::Convert { source, .. } if source.field() == "Nothing"), "{refused:?}");
    assert!(client.write(STATUS, structure).is_err(), "it is read-only");
    client.close().unwrap();
}
