//! Tags: what they mean on a server, by every rule, asked once.

use std::collections::BTreeMap;

use openopc::da::{ItemId, ItemIds};
use openopc::sim::{Item, NAMESPACE, Service, Simulator};
use openopc::{Client, Error, Identifier, NodeId, QualifiedName, Tag, Value};

use crate::support::{FAST, collect, numbered, sent, served, within};

/// The preset tree, some names that are hard to take apart, and a client with this rule.
async fn ruled(rule: ItemIds) -> (Simulator, Client) {
    let simulator = Simulator::builder()
        .preset()
        .items([
            Item::new("Plant.Boiler.Temp", 1.5).writable(),
            Item::new("Odd..Name", 2.5),
            Item::new(".Hidden", 3.5),
            Item::new("Slash/Colon:Amp&Hash#", 4.5),
            Item::new("käse 🧀", 5.5),
            Item::new("List", vec![10, 11, 12]).writable(),
        ])
        .start()
        .await
        .unwrap();
    let client = within(Client::builder(simulator.url()).item_ids(rule).open()).await.unwrap();
    (simulator, client)
}

async fn resolves(client: &Client, tag: &str, id: &str) {
    assert_eq!(within(client.resolve(tag)).await.unwrap(), Tag::string(2, id), "{tag}");
}

async fn unknown(client: &Client, tag: &str) {
    match within(client.resolve(tag)).await {
        Err(Error::Resolve { candidates, .. }) if candidates.is_empty() => {}
        other => panic!("{tag}: {other:?}"),
    }
}

fn below_objects(separator: char) -> ItemIds {
    ItemIds::BrowseNames { root: Tag::numeric(0, 85), separator }
}

#[tokio::test]
async fn by_itself_the_identifier_comes_first_and_then_the_browse_names() {
    let (_simulator, client) = ruled(ItemIds::Auto).await;
    for id in ["Random.Int4", "Plant.Boiler.Temp", "Odd..Name", ".Hidden", "Slash/Colon:Amp&Hash#", "käse 🧀"]
    {
        resolves(&client, id, id).await;
    }
    resolves(&client, "Simulation Items.Random.Int4", "Random.Int4").await;
    assert_eq!(within(client.resolve("Server.ServerStatus.State")).await.unwrap(), Tag::numeric(0, 2259));
    assert!(within(client.resolve("Plant.Boiler")).await.is_ok(), "a folder is a node as well");
    for tag in ["Random", "Simulation Items.", "Plant..Boiler", "plant.boiler.temp", "Objects.Plant"] {
        unknown(&client, tag).await;
    }
}

#[tokio::test]
async fn the_identifier_in_one_namespace() {
    let (_simulator, client) = ruled(ItemIds::Identifier { namespace_uri: NAMESPACE.into() }).await;
    resolves(&client, "Random.Int4", "Random.Int4").await;
    // Nothing is looked up, so what is not there is the server's answer.
    resolves(&client, "Simulation Items.Random.Int4", "Simulation Items.Random.Int4").await;
    let error = within(client.read("Simulation Items.Random.Int4")).await.unwrap_err();
    assert!(matches!(&error, Error::Item { status, .. } if status.name() == "BadNodeIdUnknown"), "{error}");
    let (_simulator, client) = ruled(ItemIds::Identifier { namespace_uri: "urn:nowhere".into() }).await;
    unknown(&client, "Random.Int4").await;
}

#[tokio::test]
async fn browse_names_with_any_root_and_separator() {
    let (_simulator, client) = ruled(below_objects('.')).await;
    resolves(&client, "Simulation Items.Random.Int4", "Random.Int4").await;
    resolves(&client, "Plant.Boiler.Temp", "Plant.Boiler.Temp").await;
    // A name may contain the separator, here twice in a row.
    resolves(&client, "Odd..Name", "Odd..Name").await;
    resolves(&client, ".Hidden", ".Hidden").await;
    unknown(&client, "Random.Int4").await;
    unknown(&client, "Plant/Boiler/Temp").await;

    let (_simulator, client) = ruled(below_objects('/')).await;
    resolves(&client, "Plant/Boiler/Temp", "Plant.Boiler.Temp").await;
    resolves(&client, "item:Slash/Colon:Amp&Hash#", "Slash/Colon:Amp&Hash#").await;
    unknown(&client, "Plant.Boiler.Temp").await;

    for root in [Tag::parse("/2:Simulation Items/2:Random").unwrap(), Tag::item("Simulation Items.Random")] {
        let (_simulator, client) = ruled(ItemIds::BrowseNames { root, separator: '.' }).await;
        resolves(&client, "Int4", "Random.Int4").await;
        unknown(&client, "Random.Int4").await;
    }
    let nowhere = Tag::parse("/2:Nowhere").unwrap();
    let (_simulator, client) = ruled(ItemIds::BrowseNames { root: nowhere, separator: '.' }).await;
    unknown(&client, "Int4").await;
}

#[tokio::test]
async fn aliases_alone_or_before_another_rule() {
    let aliases: BTreeMap<String, Tag> = [
        ("temp", "Plant.Boiler.Temp"),
        ("by id", "ns=2;s=Random.Int4"),
        ("by path", "/2:Plant/2:Boiler/2:Temp"),
        ("element", "range=1;List"),
        ("slice", "range=0:1;ns=2;s=List"),
        ("Random.Int2", "Random.Int4"),
        ("dead", "Nothing"),
        // An alias does not mean another alias.
        ("chain", "temp"),
    ]
    .into_iter()
    .map(|(name, tag)| (name.to_owned(), Tag::parse(tag).unwrap()))
    .collect();
    let (simulator, client) = ruled(ItemIds::Aliases(aliases.clone())).await;
    resolves(&client, "temp", "Plant.Boiler.Temp").await;
    resolves(&client, "by id", "Random.Int4").await;
    resolves(&client, "by path", "Plant.Boiler.Temp").await;
    resolves(&client, "Random.Int2", "Random.Int4").await;
    for tag in ["Plant.Boiler.Temp", "dead", "chain", "Temp"] {
        unknown(&client, tag).await;
    }
    assert!(within(client.resolve("ns=2;s=Random.Int2")).await.is_ok(), "a node id is no item id");
    let reading = within(client.read("temp")).await.unwrap();
    assert_eq!((reading.tag.as_str(), reading.value), ("temp", Value::Double(1.5)));
    assert_eq!(within(client.read_as::<i32>("element")).await.unwrap(), 11);
    assert_eq!(within(client.read_as::<Vec<i32>>("slice")).await.unwrap(), [10, 11]);
    within(client.write("element", 21)).await.unwrap();
    assert_eq!(simulator.get("List").unwrap().get::<Vec<i32>>().unwrap(), [10, 21, 12]);
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["element"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(21));

    let then = ItemIds::AliasesThen(aliases, Box::new(below_objects('.')));
    let (_simulator, client) = ruled(then).await;
    resolves(&client, "by id", "Random.Int4").await;
    resolves(&client, "temp", "Plant.Boiler.Temp").await;
    resolves(&client, "Simulation Items.Random.Int4", "Random.Int4").await;
    unknown(&client, "Random.Int4").await;
}

#[tokio::test]
async fn an_alias_of_a_part_is_resolved_as_that_part() {
    let aliases = [("element".to_owned(), Tag::parse("range=1;List").unwrap())].into();
    let (_simulator, client) = ruled(ItemIds::Aliases(aliases)).await;
    assert_eq!(within(client.resolve("element")).await.unwrap().as_str(), "range=1;ns=2;s=List");
    // A part of a part would have to be counted twice.
    let error = within(client.read("range=0;element")).await.unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn namespaces_by_uri_and_paths_with_escapes() {
    let (_simulator, client) = ruled(ItemIds::Auto).await;
    resolves(&client, &format!("nsu={NAMESPACE};s=Random.Int4"), "Random.Int4").await;
    let built = Tag::namespace_uri(NAMESPACE, Identifier::String("Random.Int4".into())).unwrap();
    assert_eq!(within(client.resolve(built)).await.unwrap(), Tag::string(2, "Random.Int4"));
    unknown(&client, "nsu=urn:nowhere;s=Random.Int4").await;
    for (path, id) in [
        ("/2:Plant/2:Boiler/2:Temp", "Plant.Boiler.Temp"),
        ("/2:Odd&.&.Name", "Odd..Name"),
        ("/2:&.Hidden", ".Hidden"),
        ("/2:Slash&/Colon&:Amp&&Hash&#", "Slash/Colon:Amp&Hash#"),
        ("/2:käse 🧀", "käse 🧀"),
    ] {
        resolves(&client, path, id).await;
        let value: f64 = within(client.read_as(path)).await.unwrap();
        assert_eq!(value, within(client.read_as::<f64>(Tag::item(id))).await.unwrap());
    }
    let built =
        Tag::path(["Simulation Items", "Random", "Int4"].map(|name| QualifiedName::new(2, name))).unwrap();
    assert_eq!(within(client.resolve(built)).await.unwrap(), Tag::string(2, "Random.Int4"));
    assert_eq!(within(client.resolve("/Server/ServerStatus/State")).await.unwrap(), Tag::numeric(0, 2259));
    for path in ["/Plant/Boiler/Temp", "/1:Plant", "/2:Plant/2:Nothing"] {
        unknown(&client, path).await;
    }
}

#[tokio::test]
async fn what_is_resolved_reads_back() {
    let (_simulator, client) = ruled(ItemIds::Auto).await;
    for tag in
        ["Plant.Boiler.Temp", "range=1;List", "range=0:1;List", "/2:Odd&.&.Name", "i=2259", "ns=2;s=List"]
    {
        let resolved = within(client.resolve(tag)).await.unwrap();
        assert_eq!(Tag::parse(resolved.as_str()).unwrap(), resolved);
        let (one, other) =
            (within(client.read(tag)).await.unwrap(), within(client.read(&resolved)).await.unwrap());
        assert_eq!(one.value, other.value, "{tag}");
        assert_eq!(within(client.resolve(&resolved)).await.unwrap(), resolved);
    }
    assert_eq!(within(client.resolve("range=1;List")).await.unwrap().as_str(), "range=1;ns=2;s=List");
}

#[tokio::test]
async fn everything_that_can_stand_for_a_tag() {
    let (_simulator, client) = ruled(ItemIds::Auto).await;
    let reading = within(client.read("List")).await.unwrap();
    let expected = Tag::string(2, "List");
    for tag in [
        within(client.resolve("List")).await,
        within(client.resolve(String::from("List"))).await,
        within(client.resolve(ItemId::new("List"))).await,
        within(client.resolve((2, "List"))).await,
        within(client.resolve(NodeId::string(2, "List"))).await,
        within(client.resolve(&reading)).await,
        within(client.resolve(Tag::parse("List"))).await,
    ] {
        assert_eq!(tag.unwrap(), expected);
    }
}

#[tokio::test]
async fn names_of_four_thousand_bytes() {
    let long: Vec<String> = (0..200).map(|n| format!("{n:03}{}", "x".repeat(3947))).collect();
    let (_simulator, client) = served((0..).zip(&long).map(|(n, id)| Item::new(id, n).writable())).await;
    let results = within(client.read_many(&long)).await.unwrap();
    for (n, result) in (0..).zip(results) {
        assert_eq!(result.unwrap().value, Value::Int32(n));
    }
    within(client.write(&long[7], 70)).await.unwrap();
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(&long, FAST, callback)).await.unwrap();
    for _ in 0..200 {
        assert!(readings.next().await.status.is_good());
    }
    unknown(&client, &"y".repeat(3950)).await;
}

#[tokio::test]
async fn a_name_is_looked_up_once() {
    let (simulator, client) = served(numbered(3)).await;
    for tag in ["N0", "/2:N1"] {
        within(client.read(tag)).await.unwrap();
        simulator.clear_requests();
        for _ in 0..3 {
            within(client.read(tag)).await.unwrap();
            within(client.read_many([tag, tag])).await.unwrap();
            within(client.resolve(tag)).await.unwrap();
        }
        let services: Vec<Service> = sent(&simulator).iter().map(|request| request.service).collect();
        assert_eq!(services, [Service::Read; 6], "the values and nothing else");
    }
    // A node id needs no looking up at all.
    simulator.clear_requests();
    within(client.read("ns=2;s=N2")).await.unwrap();
    assert_eq!(sent(&simulator).len(), 1);
}

#[tokio::test]
async fn many_names_are_looked_up_together() {
    let (simulator, client) = served(numbered(1000)).await;
    simulator.clear_requests();
    within(client.read_many((0..1000).map(|n| format!("N{n}")))).await.unwrap();
    assert_eq!(sent(&simulator).len(), 2, "one request for the names and one for the values");
}
