//! Our client against foreign servers, all of them with the same address space (`peers/README.md`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use openopc::da::ItemIds;
use openopc::{
    Array, Client, DataType, Error, Identifier, LocalizedText, NodeId, QualifiedName, Status, Tag, Value,
};
use serde_json::Value as Json;

use crate::peers::Stack;

const NAMESPACE: &str = "urn:openopc:interop";

/// Every built-in type that all three stacks can hold.
const TYPES: [&str; 21] = [
    "Boolean",
    "SByte",
    "Byte",
    "Int16",
    "UInt16",
    "Int32",
    "UInt32",
    "Int64",
    "UInt64",
    "Float",
    "Double",
    "String",
    "DateTime",
    "Guid",
    "ByteString",
    "XmlElement",
    "NodeId",
    "ExpandedNodeId",
    "StatusCode",
    "QualifiedName",
    "LocalizedText",
];

fn tag(name: &str) -> Tag {
    Tag::parse(format!("nsu={NAMESPACE};s={name}")).expect("a tag")
}

fn table() -> Json {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/peers/values.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("values.json")).expect("JSON")
}

/// A value of `values.json` as ours.
fn value(kind: &str, json: &Json) -> Value {
    let text = json.as_str().unwrap_or_default().to_owned();
    let number = || if text.is_empty() { json.to_string() } else { text.clone() };
    let optional = |field: &str| json[field].as_str().map(str::to_owned);
    match kind {
        "String" => Value::String(text),
        "XmlElement" => Value::XmlElement(text),
        "ByteString" => Value::ByteString(bytes(&text)),
        "DateTime" => Value::DateTime(text.parse::<DateTime<Utc>>().expect("a time")),
        "StatusCode" => Value::StatusCode(Status::from_bits(number().parse().expect("a status"))),
        "NodeId" => Value::NodeId(text.parse::<NodeId>().expect("a node id")),
        "QualifiedName" => Value::QualifiedName(QualifiedName {
            namespace: json["namespace"].as_u64().expect("an index").try_into().expect("16 bits"),
            name: optional("name").expect("a name"),
        }),
        "LocalizedText" => {
            let text = optional("text").expect("a text");
            Value::LocalizedText(Box::new(LocalizedText { locale: optional("locale"), text }))
        }
        _ => Value::parse(&number(), kind.parse::<DataType>().expect("a type")).expect("a value"),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn assert_same(what: &str, got: &Value, expected: &Value) {
    assert_eq!(got, expected, "{what}");
}

async fn open(url: &str) -> Client {
    openopc::open(url)
        .await
        .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

async fn scalars_and_arrays(opc: &Client, stack: Stack) {
    let table = table();
    for kind in TYPES {
        let rows = table[kind].as_array().expect("three values");
        let values: Vec<Value> = rows.iter().map(|row| value(kind, row)).collect();
        let name = format!("Scalar.{kind}");
        let reading = opc.read(tag(&name)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(reading.status.is_good() && reading.time().is_some(), "{name}: {reading:?}");
        assert_same(&name, &reading.value, &values[0]);

        let name = format!("Array.{kind}");
        let reading = opc.read(tag(&name)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Value::Array(array) = &reading.value else { panic!("{name}: {reading:?}") };
        assert_eq!(array.element_type(), values[0].data_type(), "{name}");
        assert_same(
            &name,
            &reading.value,
            &Value::Array(Array::new(array.element_type(), values.clone()).expect("one type")),
        );

        // Written back as it was read, and the other values after it.
        opc.write(tag(&name), reading.value.clone()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let scalar = tag(&format!("Scalar.{kind}"));
        for value in values.iter().rev() {
            if stack == Stack::NodeOpcua && kind == "ExpandedNodeId" && value != &values[0] {
                // It drops the namespace URI of a scalar.
                continue;
            }
            opc.write(&scalar, value.clone()).await.unwrap_or_else(|error| panic!("{scalar}: {error}"));
            let back = opc.read(&scalar).await.expect("it was written").value;
            assert_same(&scalar.to_string(), &back, value);
        }
    }
}

async fn shapes(opc: &Client, stack: Stack) {
    let empty = opc.read(tag("Array.Empty")).await.expect("Array.Empty").value;
    assert_eq!(empty, Value::from(Vec::<i32>::new()));
    opc.write(tag("Array.Empty"), vec![1_i32, 2]).await.expect("a longer array");
    opc.write(tag("Array.Empty"), Vec::<i32>::new()).await.expect("an empty array");
    assert_eq!(opc.read_as::<Vec<i32>>(tag("Array.Empty")).await.expect("Array.Empty"), Vec::<i32>::new());

    let matrix = opc.read(tag("Matrix.Double")).await.expect("Matrix.Double").value;
    let Value::Array(array) = &matrix else { panic!("{matrix:?}") };
    assert_eq!(array.dimensions(), [2, 3]);
    assert_eq!(serde_json::to_string(&matrix).expect("JSON"), "[[1.0,2.0,3.0],[4.0,5.0,6.0]]");
    opc.write(tag("Matrix.Double"), matrix.clone()).await.expect("a matrix is written back");
    assert_eq!(opc.read(tag("Matrix.Double")).await.expect("Matrix.Double").value, matrix);

    let range = |range: &str| tag("Array.Int32").index_range(range).expect("a range");
    if stack == Stack::Asyncua {
        // It ignores index ranges and answers with the whole array, which must not pass for the part.
        let whole = opc.read(range("1")).await.expect_err("three elements for one");
        assert_eq!(whole.status().map(Status::name).as_deref(), Some("BadUnknownResponse"));
        return;
    }
    assert_eq!(opc.read_as::<i32>(range("1")).await.expect("one element"), i32::MIN);
    assert_eq!(opc.read_as::<Vec<i32>>(range("1:2")).await.expect("two elements"), [i32::MIN, i32::MAX]);
    let outside = opc.read(range("7")).await.expect_err("outside the array");
    assert_eq!(outside.status().map(Status::name).as_deref(), Some("BadIndexRangeNoData"));
}

/// A structure survives being read and written back unchanged.
async fn structures(opc: &Client) {
    for name in ["Scalar.Structure", "Array.Structure"] {
        let before = opc.read(tag(name)).await.unwrap_or_else(|error| panic!("{name}: {error}")).value;
        opc.write(tag(name), before.clone()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(opc.read(tag(name)).await.expect("it was written").value, before, "{name}");
    }
}

async fn typed_access(opc: &Client) {
    assert_eq!(opc.read_as::<f64>(tag("Scalar.Double")).await.expect("a double"), 2.718_281_828_459_045);
    assert!(matches!(opc.read_as::<i32>(tag("Scalar.Double")).await, Err(Error::Convert { .. })));
    // Converted to the node's type, or refused before anything is sent.
    opc.write(tag("Scalar.Int16"), 12_i64).await.expect("12 fits");
    assert_eq!(opc.read(tag("Scalar.Int16")).await.expect("it was written").value, Value::Int16(12));
    for refused in [
        Value::from(70_000),
        Value::from(1.5),
        Value::from("12"),
        Value::from(f64::NAN),
        Value::from(vec![1_i16]),
    ] {
        let error = opc.write(tag("Scalar.Int16"), refused.clone()).await.expect_err("it does not fit");
        assert!(matches!(error, Error::Convert { .. }), "{refused:?}: {error}");
    }
    opc.write(tag("Scalar.Int16"), -1600_i16).await.expect("it was there before");
    let refused = opc.write(tag("ReadOnly.Int32"), 8).await.expect_err("it is read-only");
    assert!(matches!(refused, Error::Item { .. }), "{refused}");
    assert_eq!(opc.read_as::<i32>(tag("ReadOnly.Int32")).await.expect("unchanged"), 7);
}

async fn addresses(opc: &Client) {
    let namespace = opc.info().await.expect("info").namespaces.iter().position(|uri| uri == NAMESPACE);
    let namespace: u16 = namespace.expect("the namespace").try_into().expect("16 bits");
    let expected = Tag::node(NodeId { namespace, identifier: Identifier::String("Counter.Int32".into()) });
    // By item id, by node id and by browse path: the same node.
    assert_eq!(opc.resolve("Counter.Int32").await.expect("an item id"), expected);
    assert_eq!(
        opc.resolve(format!("/{namespace}:Interop/{namespace}:Counter&.Int32")).await.expect("a path"),
        expected
    );
    assert_eq!(opc.resolve("Interop.Counter.Int32").await.expect("browse names"), expected);
    assert_eq!(opc.resolve(tag("Counter.Int32")).await.expect("a namespace URI"), expected);
    assert!(
        matches!(opc.read("No.Such.Tag").await, Err(Error::Resolve { candidates, .. }) if candidates.is_empty())
    );
    let unknown = opc.read(tag("No.Such.Tag")).await.expect_err("there is no such node");
    assert_eq!(unknown.status().map(Status::name).as_deref(), Some("BadNodeIdUnknown"));
}

/// `FindAlias` (Part 17) of a server that answers it.
#[tokio::test]
async fn alias_names_of_asyncua() {
    let Some(server) = Stack::Asyncua.server() else { return };
    for rule in [ItemIds::Auto, ItemIds::AliasNames] {
        let opc = Client::builder(&server.url).item_ids(rule).open().await.expect("a session");
        assert!(opc.item_ids().alias_names, "its address space has the method");
        let expected = opc.resolve(tag("Counter.Int32")).await.expect("a node");
        assert_eq!(opc.resolve("Old.Counter").await.expect("an alias"), expected);
        // Wildcards are escaped: `Old_%` would be `OldX!` too.
        let expected = opc.resolve(tag("ReadOnly.Int32")).await.expect("a node");
        assert_eq!(opc.resolve("Old_%").await.expect("an alias"), expected);
        match opc.resolve("Both").await {
            Err(Error::Resolve { candidates, .. }) => assert_eq!(candidates.len(), 2),
            other => panic!("two nodes: {other:?}"),
        }
        assert!(matches!(opc.resolve("Nothing").await, Err(Error::Resolve { .. })));
        opc.close().await.expect("closed");
    }
}

/// Servers whose `FindAlias` is declared and not there: an unknown tag is just that, and they are asked once.
#[tokio::test]
async fn alias_names_of_servers_that_have_none() {
    for stack in [Stack::NodeOpcua, Stack::Open62541] {
        let Some(server) = stack.server() else { continue };
        let opc = open(&server.url).await;
        // By the rule that asks nothing else, the server's answer is told.
        let strict =
            Client::builder(&server.url).item_ids(ItemIds::AliasNames).open().await.expect("a session");
        println!("{stack:?}: {} {:?}", strict.item_ids().alias_names, strict.resolve("No.Such.Tag").await);
        strict.close().await.expect("closed");
        for _ in 0..2 {
            let unknown = opc.resolve("No.Such.Tag").await;
            assert!(matches!(unknown, Err(Error::Resolve { .. })), "{stack:?}: {unknown:?}");
            assert!(!opc.item_ids().alias_names, "{stack:?} is not asked again");
        }
        opc.close().await.expect("closed");
    }
}

async fn many(opc: &Client) {
    let tags: Vec<Tag> = (0..5000).map(|n| tag(&format!("Mass.{n}"))).collect();
    let readings = opc.read_many(&tags).await.expect("one call");
    assert_eq!(readings.len(), 5000);
    for (n, reading) in (0..).zip(readings) {
        assert_eq!(reading.expect("each has a value").get::<i32>().expect("an Int32"), n);
    }
}

async fn changes(opc: &Client) {
    let refused = tag("No.Such.Tag");
    let mut watch = opc
        .watch([tag("Counter.Int32"), tag("ReadOnly.Int32"), refused.clone()], Duration::from_millis(100))
        .await
        .expect("a subscription");
    let (mut counts, mut constant, mut bad) = (Vec::new(), 0, 0);
    while counts.len() < 4 || constant == 0 || bad == 0 {
        let next = tokio::time::timeout(Duration::from_secs(30), watch.next()).await.expect("readings come");
        let reading = next.expect("the client is open");
        if reading.tag == tag("Counter.Int32") {
            counts.push(reading.get::<i32>().expect("a good Int32"));
        } else if reading.tag == refused {
            assert!(reading.status.is_bad());
            bad += 1;
        } else {
            assert_eq!(reading.get::<i32>().expect("a good Int32"), 7);
            constant += 1;
        }
    }
    assert!(counts.is_sorted() && counts.windows(2).all(|pair| pair[0] < pair[1]), "{counts:?}");
    assert_eq!((constant, bad), (1, 1));
    assert_eq!(watch.subscription().rejected().len(), 1);
    watch.unsubscribe().await.expect("it ends");
}

async fn everything(stack: Stack) {
    let Some(server) = stack.server() else { return };
    let opc = open(&server.url).await;
    let info = opc.info().await.expect("info");
    println!("{stack:?} server: {} {} at {}", info.product, info.version, server.url);
    scalars_and_arrays(&opc, stack).await;
    shapes(&opc, stack).await;
    structures(&opc).await;
    typed_access(&opc).await;
    addresses(&opc).await;
    many(&opc).await;
    changes(&opc).await;
    opc.ping().await.expect("it is still there");
    opc.close().await.expect("it closes");
    println!("{stack:?} server: everything holds");
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
