//! `properties`, `servers`, `endpoints` and `info` against foreign servers (`peers/README.md`).

use std::time::Duration;

use openopc::da::PropertyId;
use openopc::{Client, DataType, IdentityKind, Properties, Security, ServerState, Value};

use crate::peers::Stack;
use crate::support::tag;

async fn ask(opc: &Client) -> [Properties; 6] {
    let names = [
        "Analog.Double",
        "TwoState.Boolean",
        "MultiState.UInt32",
        "MultiStateValue.Int32",
        "Enum.Int32",
        "Interop",
    ];
    let properties = opc.properties_many(names.map(tag)).await.expect("one call");
    let properties: Vec<Properties> = properties
        .into_iter()
        .map(|properties| properties.unwrap_or_else(|error| panic!("{error}")))
        .collect();
    properties.try_into().expect("six")
}

async fn nodes(opc: &Client, stack: Stack) {
    let [analog, two, multi, valued, named, branch] = ask(opc).await;
    for (number, value) in [
        (2, Value::Double(21.5)),
        (3, Value::Int16(192)),
        (6, Value::Float(250.0)),
        (7, Value::Int32(1)),
        (100, "°C".into()),
        (102, Value::Double(100.0)),
        (103, Value::Double(0.0)),
        (104, Value::Double(150.0)),
        (105, Value::Double(-50.0)),
        (610, Value::Int32(11)),
        (611, "i=11".into()),
    ] {
        assert_eq!(analog.get(number.into()), Some(value), "{stack:?} {number}");
    }
    assert_eq!(analog.var_type().expect("a type").to_string(), "VT_R8", "{stack:?}");
    assert_eq!(analog.description.as_deref(), Some("Analog.Double of the plant"), "{stack:?}");
    // What has no number is there by name, a vendor's own included.
    assert_eq!(analog.named("ValuePrecision"), Some(&Value::Double(0.5)), "{stack:?}");
    assert_eq!(analog.named("Serial"), Some(&"A-17".into()), "{stack:?}");
    assert_eq!(analog.other.len(), 2, "{stack:?}: {:?}", analog.other);

    assert_eq!(two.get(PropertyId::CONTACT_CLOSE_LABEL), Some("running".into()), "{stack:?}");
    assert_eq!(two.get(PropertyId::CONTACT_OPEN_LABEL), Some("stopped".into()), "{stack:?}");
    assert_eq!(two.get(PropertyId::EU_TYPE), Some(Value::Int32(0)), "{stack:?}");

    let labels = |labels: &[&str]| Some(Value::from(labels.to_vec()));
    assert_eq!(multi.get(PropertyId::EU_TYPE), Some(Value::Int32(2)), "{stack:?}");
    assert_eq!(multi.get(PropertyId::EU_INFO), labels(&["closed", "opening", "open"]), "{stack:?}");
    assert_eq!(valued.get(PropertyId::EU_INFO), labels(&["two", "seven"]), "{stack:?}");
    assert_eq!(valued.states, [(2, "two".to_owned()), (7, "seven".to_owned())], "{stack:?}");
    // The labels are those of the data type.
    assert_eq!(named.data_type, Some(DataType::Int32), "{stack:?}");
    assert_eq!(named.get(PropertyId::EU_TYPE), Some(Value::Int32(2)), "{stack:?}");
    assert_eq!(named.states.first(), Some(&(0, "Running".to_owned())), "{stack:?}");
    assert_eq!(named.get(PropertyId::UA_DATA_TYPE_ID), Some("i=852".into()), "{stack:?}");

    let ids: Vec<u32> = branch.iter().map(|(id, _)| id.number()).collect();
    assert!(
        !branch.is_variable && ids.iter().all(|id| [0, 101, 613, 614].contains(id)),
        "{stack:?}: {ids:?}"
    );

    // Each type by one property of many tags.
    let types = ["Scalar.Int16", "Array.Double", "Scalar.String", "Scalar.ByteString", "Scalar.DateTime"];
    let types = opc.property_many(types.map(tag), PropertyId::DATA_TYPE).await.expect("one call");
    let types: Vec<String> =
        types.into_iter().map(|value| PropertyId::DATA_TYPE.text(&value.expect("a type"))).collect();
    assert_eq!(types, ["VT_I2", "VT_ARRAY|VT_R8", "VT_BSTR", "VT_ARRAY|VT_UI1", "VT_DATE"], "{stack:?}");
    let access = opc.property_many(["ReadOnly.Int32", "Scalar.Int32"].map(tag), 5).await.expect("one call");
    let access: Vec<Value> = access.into_iter().map(|value| value.expect("rights")).collect();
    assert_eq!(access, [Value::Int32(1), Value::Int32(3)], "{stack:?}");
    let many = opc.properties_many((0..2000).map(|n| tag(&format!("Mass.{n}")))).await.expect("one call");
    for (n, properties) in (0..).zip(many) {
        let properties = properties.expect("each is there");
        assert_eq!(properties.get(PropertyId::VALUE), Some(Value::Int32(n)), "{stack:?}");
    }
}

async fn discovery(url: &str, stack: Stack) {
    let servers = openopc::servers(url).await.unwrap_or_else(|error| panic!("{stack:?}: {error:?}"));
    assert!(!servers.is_empty(), "{stack:?}");
    let endpoints = openopc::endpoints(url).await.unwrap_or_else(|error| panic!("{stack:?}: {error:?}"));
    let plain = endpoints.iter().find(|endpoint| endpoint.security == Some(Security::None));
    let plain = plain.unwrap_or_else(|| panic!("{stack:?}: {endpoints:?}"));
    assert_eq!(plain.policy, "None");
    assert_eq!(plain.transport, "uatcp-uasc-uabinary");
    assert!(plain.identities.contains(&IdentityKind::Anonymous), "{stack:?}: {plain:?}");
    // The server of the endpoints is one of those found, and it can be reached where it says.
    let itself = servers.iter().find(|server| server.uri == plain.server.uri);
    let itself = itself.unwrap_or_else(|| panic!("{stack:?}: {servers:?}"));
    assert!(itself.urls.iter().any(|url| url.starts_with("opc.tcp://")), "{stack:?}: {itself:?}");
    if stack == Stack::Asyncua {
        let other = servers.iter().find(|server| server.name == "Line 3").expect("one has registered");
        assert_eq!(other.urls, ["opc.tcp://line3:4840"]);
    }
    let builder = || Client::builder(url).open_timeout(Duration::from_secs(20));
    assert_eq!(builder().servers().await.expect("the same").len(), servers.len());
    println!("{stack:?}: {} servers, {} endpoints", servers.len(), endpoints.len());
}

async fn info(opc: &Client, stack: Stack) {
    let info = opc.info().await.expect("info");
    assert_eq!((info.state, info.state.da_number()), (ServerState::Running, Some(1)), "{stack:?}");
    let pairs: Vec<(&str, String)> = info.pairs().collect();
    for (name, text) in &pairs {
        assert!(!text.is_empty() || matches!(*name, "Vendor" | "Version"), "{stack:?} {name}");
    }
    assert!(info.profiles.iter().all(|uri| uri.contains("Profile")), "{stack:?}: {:?}", info.profiles);
    println!("{stack:?}: {pairs:?}");
}

async fn everything(stack: Stack) {
    let Some(server) = stack.server() else { return };
    let opc = openopc::open(&server.url).await.unwrap_or_else(|error| panic!("{stack:?}: {error}"));
    nodes(&opc, stack).await;
    info(&opc, stack).await;
    opc.close().await.expect("it closes");
    discovery(&server.url, stack).await;
}

#[tokio::test]
async fn asyncua_server() {
    everything(Stack::Asyncua).await;
}

#[tokio::test]
async fn node_opcua_server() {
    everything(Stack::NodeOpcua).await;
}

#[tokio::test]
async fn open62541_server() {
    everything(Stack::Open62541).await;
}
