//! Every row of the guide for those who come from OpenOPC does what the row says.

#![allow(clippy::panic_in_result_fn, reason = "the guide's code has `?`, and tests assert")]

use std::collections::BTreeMap;
use std::time::Duration;

use openopc::da::{Access, PropertyId, Source};
use openopc::sim::{Service, Simulator};
use openopc::{
    Client, EntryKind, ListOptions, PropertiesOptions, ReadOptions, Result, Tag, Value, WriteOptions,
};

use crate::support::{collect, requests, tried_rows, within};

/// The right-hand column must be code that stands below, or say in words why there is nothing to call.
#[test]
fn every_row_of_the_table_is_tried_here() {
    let words = [
        "no gateway: OPC UA needs none",
        "nothing to do: the client reconnects for ever",
        "every read is OPC UA's Read; there is nothing to choose",
        "a `tracing` subscriber: the target is `openopc::call`",
        "no gateway, no sessions of it",
        "not OPC: ask the computer itself",
    ];
    let (guide, tests) = (include_str!("../../src/guide/from_openopc.md"), include_str!("from_openopc.rs"));
    let rows = tried_rows(guide, "| `", tests, &words);
    assert!(rows > 40, "the tables are not there: {rows} rows");
}

const A: &str = "Bucket Brigade.Int4";

/// A server whose items are called as in the guide.
async fn plant() -> (Simulator, Client) {
    use openopc::sim::Item;
    let items = [Item::new("A", 1.0).writable(), Item::new("B", 2.0).writable()];
    let simulator = Simulator::builder().preset().items(items).start().await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    (simulator, client)
}

fn values(results: Vec<Result<openopc::Reading>>) -> Vec<Value> {
    results.into_iter().map(|result| result.unwrap().value).collect()
}

fn ids(entries: &[openopc::Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.item_id.as_str()).collect()
}

#[tokio::test]
async fn opening_and_closing() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (simulator, _opc) = plant().await;
    let url = simulator.url();
    let opc = openopc::open(url).await?;
    opc.close().await?;
    // What the environment says is a URL like any other; the environment of a test is not its own.
    let from_the_environment = async || -> std::result::Result<Client, Box<dyn std::error::Error>> {
        Ok(openopc::open(std::env::var("OPC_SERVER")?).await?)
    };
    if std::env::var_os("OPC_SERVER").is_none() {
        assert!(from_the_environment().await.is_err());
    }
    let servers = openopc::servers(url).await?;
    assert_eq!(servers.len(), 1);
    Ok(())
}

#[tokio::test]
async fn reading() -> Result<()> {
    let (simulator, opc) = plant().await;
    assert_eq!(opc.read("A").await?.value, Value::Double(1.0));
    assert_eq!(opc.read_as::<f64>("A").await?, 1.0);
    assert_eq!(values(opc.read_many(["A", "B"]).await?), [Value::Double(1.0), Value::Double(2.0)]);

    let tags = ["A", "B"];
    let mut results = opc.read_stream(tags, &ReadOptions::new());
    assert_eq!(within(results.next()).await.unwrap()?.tag, Tag::item("A"));
    for options in [
        ReadOptions::new().chunk(100).pause(Duration::from_millis(50)),
        ReadOptions::new().source(Source::Device),
        ReadOptions::new().source(Source::Cache),
        ReadOptions::new().timeout(Duration::from_secs(5)),
    ] {
        assert_eq!(values(opc.read_with(tags, &options).await?).len(), 2);
    }
    assert!(!requests(&simulator, Service::Read).is_empty());
    Ok(())
}

#[tokio::test]
async fn groups() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let tags = ["A", "B"];
    values(opc.group("g").update_rate(Duration::from_millis(500)).read_many(tags).await?);
    assert_eq!(values(opc.group("g").read().await?).len(), 2);
    let tags = ["B"];
    assert_eq!(values(opc.group("g").rebuild(tags).await?), [Value::Double(2.0)]);
    assert_eq!(opc.groups(), ["g"]);
    assert!(opc.group("g").remove().await?);
    Ok(())
}

#[tokio::test]
async fn writing() -> Result<()> {
    let (_simulator, opc) = plant().await;
    opc.write("A", 1).await?;
    opc.write_many([("A", 1), ("B", 2)]).await?.into_iter().collect::<Result<()>>()?;
    opc.write_many(BTreeMap::from([("A", 1)])).await?.into_iter().collect::<Result<()>>()?;
    let pairs = [("A", 3), ("B", 4)];
    let mut results = opc.write_stream(pairs, &WriteOptions::new());
    while let Some(tag) = within(results.next()).await {
        tag?;
    }
    assert_eq!(opc.read_as::<f64>("B").await?, 4.0);
    opc.write_with(pairs, &WriteOptions::new().chunk(100).pause(Duration::from_millis(50))).await?;
    let tags = ["A", "B"];
    let results = opc.write_many(opc.read_many(tags).await?).await?;
    results.into_iter().collect()
}

#[tokio::test]
async fn listing() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let names: Vec<String> = opc.list("*").await?.into_iter().map(|entry| entry.name).collect();
    assert!(names.starts_with(&["Simulation Items".into(), "Configured Aliases".into()]), "{names:?}");
    // OpenOPC's short form: below whatever is the root of the items.
    assert!(opc.list("Random.*Int*").await?.is_empty(), "Random is below Simulation Items");
    assert_eq!(ids(&opc.list(["A.*", "B.*"]).await?), [""; 0]);
    let real = opc.list_with("Sim*.R*.Real*", &ListOptions::new().recursive(true)).await?;
    assert_eq!(ids(&real), ["Random.Real4", "Random.Real8", "Read Error.Real4", "Read Error.Real8"]);
    let flat = opc.list_with("*.Real4", &ListOptions::new().flat(true)).await?;
    assert_eq!(flat.len(), 8);
    for entry in opc.list("*").await? {
        assert_eq!(entry.kind == EntryKind::Branch, entry.name.contains(' '), "{entry:?}");
    }
    let _ = ListOptions::new().access(Access::from_bits(2));
    let mut entries = opc.list_stream("*", &ListOptions::new());
    assert!(within(entries.next()).await.unwrap().is_ok());
    assert!(opc.read_many(opc.list("Random.*").await?).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn properties_and_the_server() -> Result<()> {
    let (_simulator, opc) = plant().await;
    assert_eq!(opc.properties("A").await?.tag, Tag::item("A"));
    assert_eq!(opc.properties_many(["A", "B"]).await?.len(), 2);
    let _ = opc.property("A", PropertyId::DATA_TYPE).await?;
    assert_eq!(opc.property_many(["A", "B"], PropertyId::DATA_TYPE).await?.len(), 2);
    assert_eq!(
        opc.properties_with(["A"], &PropertiesOptions::new().ids([1, 2, 5])).await?.remove(0)?.iter().count(),
        3
    );
    let tags = ["A", A];
    let mut all = opc.properties_stream(tags, &PropertiesOptions::new());
    assert!(within(all.next()).await.unwrap().is_ok());
    assert_eq!(opc.info().await?.state, openopc::ServerState::Running);
    assert!(opc.ping().await? < Duration::from_secs(30));
    Ok(())
}

#[tokio::test]
async fn the_article() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let (callback, mut readings) = collect();
    let tags = ["A"];
    let subscription = opc.subscribe(tags, Duration::from_secs(1), callback).await?;
    assert_eq!(readings.next().await.value, Value::Double(1.0));
    subscription.unsubscribe().await?;
    let waiting = tokio::spawn({
        let opc = opc.clone();
        async move { opc.start().await }
    });
    opc.close().await?;
    within(waiting).await.unwrap()
}
