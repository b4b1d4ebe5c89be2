//! Every row of the guide for those who come from OPC DA does what the row says.

#![allow(clippy::panic_in_result_fn, reason = "the guide's code has `?`, and tests assert")]

use std::time::Duration;

use openopc::da::{
    Access, FileTime, HResult, HdaTime, HistoryQuality, MajorQuality, PropertyId, QualityWord, Source,
    VarType, VariantDate, Vqt, coerce_lossy_to,
};
use openopc::sim::{Item, Simulator};
use openopc::{
    Client, DataType, Deadband, Delivery, EntryKind, Event, ListOptions, PropertiesOptions, ReadOptions,
    Refresh, Result, SubscribeOptions, Tag, Value, WriteOptions,
};

use crate::support::{collect, tried_rows, within};

/// The right-hand column must be code that stands below, or say in words why there is nothing to call.
#[test]
fn every_row_of_the_tables_is_tried_here() {
    let words = [
        "nothing to choose: texts are in the server's own language",
        "items have no state of their own: leave the item out of the group",
        "no handles: a reading has its tag",
        "a write has a value and no quality and no time: `write_many`",
        "drop the future",
        "drop the subscription; the group goes on",
        "always a hierarchy",
        "OPC UA has no access paths",
        "properties are asked for by their item's tag",
        "not here yet: the times and the qualities are",
    ];
    let (guide, tests) = (include_str!("../../src/guide/from_opc_da.md"), include_str!("from_opc_da.rs"));
    let rows = tried_rows(guide, "| ", tests, &words);
    assert!(rows > 80, "the tables are not there: {rows} rows");
}

/// A server whose items are called as in the guide.
async fn plant() -> (Simulator, Client) {
    let items = [Item::new("A", 1.0).writable(), Item::new("B", 2.0).writable()];
    let simulator = Simulator::builder().preset().items(items).start().await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    (simulator, client)
}

fn values(results: Vec<Result<openopc::Reading>>) -> Vec<Value> {
    results.into_iter().map(|result| result.unwrap().value).collect()
}

const BOTH: [Value; 2] = [Value::Double(1.0), Value::Double(2.0)];

#[tokio::test]
async fn the_server() -> Result<()> {
    let (simulator, _opc) = plant().await;
    let url = simulator.url();
    assert_eq!(openopc::servers(url).await?.len(), 1);
    let opc = openopc::open(url).await?;
    assert_eq!(opc.info().await?.state.da_number(), Some(1));
    assert_eq!(opc.info().await?.state.da_name(), "Running");
    let named = Client::builder(url).name("HMI").open().await?;
    assert!(simulator.clients().iter().any(|name| name == "HMI"), "{:?}", simulator.clients());
    named.close().await?;
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |event: Event| _ = sender.send(event);
    let told = Client::builder(url).on_event(tell).open().await?;
    assert!(matches!(within(events.recv()).await, Some(Event::Connected { .. })));
    told.close().await?;
    opc.close().await?;
    assert_eq!(
        HResult::OPC_E_BADRIGHTS.message(),
        Some("The item's access rights do not allow the operation")
    );
    Ok(())
}

#[tokio::test]
async fn groups() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let group = opc.group("g").update_rate(Duration::from_millis(500)).deadband(1.0);
    assert_eq!(values(group.read_many(["A", "B"]).await?), BOTH);
    // As it is defined now, with these items.
    assert_eq!(values(opc.group("g").read_many(["A", "B"]).await?), BOTH);
    assert_eq!(opc.group("g").granted().publishing_interval(), Duration::from_millis(500));
    assert_eq!(opc.group("g").tags(), [Tag::item("A"), Tag::item("B")]);
    assert_eq!(opc.groups(), ["g"]);
    assert_eq!(values(opc.group("g").source(Source::Cache).read().await?), BOTH);
    assert_eq!(values(opc.group("g").source(Source::Device).read().await?), BOTH);
    opc.group("g").set_active(false).await?;
    assert!(!opc.group("g").is_active());
    let cached = opc.group("g").source(Source::Cache).read().await?.remove(0)?;
    assert_eq!(QualityWord::from(cached.status), QualityWord::OUT_OF_SERVICE);
    opc.group("g").set_active(true).await?;
    assert_eq!(values(opc.group("g").rebuild(["A"]).await?), [Value::Double(1.0)]);

    let (callback, mut readings) = collect();
    let subscription = opc.group("g").subscribe(callback).await?;
    assert_eq!(readings.next().await.tag, Tag::item("A"));
    subscription.unsubscribe().await?;
    assert!(opc.group("g").remove().await?);

    let fastest = opc.group("g").update_rate(Duration::ZERO);
    fastest.read_many(["A"]).await?;
    assert_eq!(
        opc.group("g").granted().publishing_interval(),
        Duration::from_millis(10),
        "as fast as the simulator can"
    );
    assert!(opc.group("g").remove().await?);
    // The same bit by bit, as Automation does it.
    opc.group("g").update_rate(Duration::from_millis(500)).read_many(["A"]).await?;
    assert!(opc.group("g").remove().await?);
    assert_eq!(values(opc.group("g").deadband(1.0).read_many(["A"]).await?), [Value::Double(1.0)]);
    Ok(())
}

#[tokio::test]
async fn subscriptions_without_a_group() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let (callback, mut readings) = collect();
    let subscription = opc.subscribe(["A", "B"], Duration::from_secs(1), callback).await?;
    let mut first = [readings.next().await.tag, readings.next().await.tag];
    first.sort_by_key(ToString::to_string);
    assert_eq!(first, [Tag::item("A"), Tag::item("B")]);
    subscription.unsubscribe().await?;
    let sampled = Refresh::every(Duration::from_secs(1)).sampling(Duration::from_millis(100));
    for options in [
        // An item without a range is no error, as with DA.
        SubscribeOptions::new(Duration::from_secs(1)).deadband(Deadband::Analog(1.0)),
        SubscribeOptions::new(Duration::from_secs(1)).delivery(Delivery::Every { queue: 10 }),
        SubscribeOptions::new(sampled),
    ] {
        let (callback, mut readings) = collect();
        let subscription = opc.subscribe_with(["A"], options, callback).await?;
        assert_eq!(readings.next().await.value, Value::Double(1.0));
        subscription.unsubscribe().await?;
    }
    Ok(())
}

#[tokio::test]
async fn reading_and_writing() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let nodes: Vec<Tag> = opc.resolve_many(["A", "B"]).await?.into_iter().collect::<Result<_>>()?;
    assert_eq!(nodes, [Tag::string(2, "A"), Tag::string(2, "B")]);
    assert_eq!(opc.read("A").await?.value, Value::Double(1.0));
    assert_eq!(opc.read_as::<f64>("A").await?, 1.0);
    assert_eq!(values(opc.read_many(["A", "B"]).await?), BOTH);
    let cached = opc.read_with(["A", "B"], &ReadOptions::new().source(Source::Cache)).await?;
    assert_eq!(values(cached), BOTH);
    let vqt = Vqt::from(opc.read("A").await?);
    assert_eq!((vqt.quality, vqt.time.is_some()), (QualityWord::GOOD, true));

    opc.write_many([("A", 1), ("B", 2)]).await?.into_iter().collect::<Result<()>>()?;
    assert!(opc.write("A", "1").await.is_err(), "a text is no number");
    let written = opc.write_with([("A", "1")], &WriteOptions::new().coerce(true)).await?;
    written.into_iter().collect::<Result<()>>()?;

    let error = opc.read("Nope").await.unwrap_err();
    assert_eq!(HResult::from(&error), HResult::OPC_E_UNKNOWNITEMID);
    let error = opc.write("Random.Int4", 1).await.unwrap_err();
    assert_eq!(HResult::from(&error), HResult::OPC_E_BADRIGHTS);
    Ok(())
}

#[tokio::test]
async fn browsing() -> Result<()> {
    let (_simulator, opc) = plant().await;
    let branches = opc.list_with("*", &ListOptions::new().kind(EntryKind::Branch)).await?;
    assert_eq!(branches.len(), 2);
    let leaves = opc.list_with("*", &ListOptions::new().kind(EntryKind::Leaf)).await?;
    for entry in &leaves {
        assert!(["A", "B"].contains(&entry.name.as_str()) || entry.name.starts_with(['#', '@']), "{entry:?}");
    }
    let flat = opc.list_with("*.Real4", &ListOptions::new().flat(true)).await?;
    assert_eq!(flat.len(), 8);
    let writable = ListOptions::new().access(Access::from_bits(2)).recursive(true);
    let writable = opc.list_with("Simulation Items.Bucket Brigade", &writable).await?;
    assert!(!writable.is_empty());
    for entry in opc.list("Simulation Items.Random").await? {
        assert!(entry.item_id.as_str().starts_with("Random."), "{entry:?}");
    }
    let mut entries = opc.list_stream("*", &ListOptions::new());
    assert!(within(entries.next()).await.unwrap().is_ok());
    Ok(())
}

#[tokio::test]
async fn properties() -> Result<()> {
    let (_simulator, opc) = plant().await;
    assert_eq!(opc.properties("A").await?.tag, Tag::item("A"));
    assert_eq!(opc.property("A", PropertyId::DATA_TYPE).await?, Value::Int16(5));
    assert_eq!(opc.property("A", PropertyId::ACCESS_RIGHTS).await?, Value::Int32(3));
    let some = opc.properties_with(["A"], &PropertiesOptions::new().ids([1, 2, 5])).await?.remove(0)?;
    assert_eq!(some.iter().count(), 3);
    Ok(())
}

#[tokio::test]
async fn words_and_numbers() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (_simulator, opc) = plant().await;
    let reading = opc.read("A").await?;
    assert_eq!(QualityWord::from(reading.status).bits(), 0x00C0);
    assert_eq!(QualityWord::from(0x0056).major(), MajorQuality::Uncertain);
    assert_eq!(VarType::of(DataType::Double, true).to_string(), "VT_ARRAY|VT_R8");
    assert_eq!(coerce_lossy_to("71.6".into(), VarType::I4)?, Value::Int32(72));
    assert_eq!(Access::from_bits(3), Access::READ_WRITE);
    let (low, high) = FileTime::from_time_lossy(reading.time().unwrap()).parts();
    assert!(FileTime::from_parts(low, high).time().is_some());
    let now = VariantDate::new(46_053.5).time()?;
    assert_eq!(now.to_rfc3339(), "2026-01-31T12:00:00+00:00");
    assert_eq!(HdaTime::parse("NOW-1H15M")?.resolve(now)?.to_rfc3339(), "2026-01-31T10:45:00+00:00");
    assert_eq!(HistoryQuality::from_bits(0x0004_00C0).word(), QualityWord::GOOD);
    Ok(())
}
