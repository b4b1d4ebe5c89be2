//! `resolve_many`, `locate_many`: many tags at once, and by which rule each was found.

use openopc::da::{Aliases, Convention, ItemIds};
use openopc::sim::{Item, Service, Simulator};
use openopc::{Client, Error, FoundBy, Tag};

use super::support::{sent, served, within};

#[tokio::test]
async fn each_tag_tells_how_it_was_found() {
    let simulator = Simulator::builder()
        .items([Item::new("Plant.Level", 1), Item::new("Channel1.Device1.K0001", 2)])
        .namespace_uri("KEPServerEX")
        .alias("Old.Level", "Plant.Level")
        .start()
        .await
        .unwrap();
    let mut aliases = Aliases::default();
    aliases.insert("Mine", Tag::parse("range=0;Plant.Level").unwrap());
    let builder = Client::builder(simulator.url()).item_ids(aliases.then(ItemIds::Auto));
    let opc = within(builder.open()).await.unwrap();
    let asked = [
        ("Plant.Level", FoundBy::Identifier, "Plant.Level"),
        (
            "Channel1.Device1.K0001@Long",
            FoundBy::Convention(Convention::KepServerEx),
            "Channel1.Device1.K0001",
        ),
        ("Old.Level", FoundBy::AliasName, "Plant.Level"),
        ("ns=2;s=Plant.Level", FoundBy::NodeId, "Plant.Level"),
        ("nsu=KEPServerEX;s=Plant.Level", FoundBy::NodeId, "Plant.Level"),
        ("/2:Plant/2:Level", FoundBy::Path, "Plant.Level"),
    ];
    // The second time from memory.
    for _ in 0..2 {
        let found = within(opc.locate_many(asked.map(|(tag, ..)| tag))).await.unwrap();
        for ((tag, found_by, id), location) in asked.iter().zip(found) {
            let location = location.unwrap_or_else(|error| panic!("{tag}: {error}"));
            assert_eq!((location.tag, location.found_by), (Tag::parse(tag).unwrap(), *found_by));
            assert_eq!(location.node, Tag::string(2, *id), "{tag}");
            assert_eq!(location.lasting.as_str(), format!("nsu=KEPServerEX;s={id}"));
        }
    }
    let found = within(opc.locate_many(["Mine", "i=2258"])).await.unwrap();
    let [Ok(mine), Ok(standard)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(mine.found_by, FoundBy::Alias);
    assert_eq!(
        (mine.node.as_str(), mine.lasting.as_str()),
        ("range=0;ns=2;s=Plant.Level", "range=0;nsu=KEPServerEX;s=Plant.Level")
    );
    assert_eq!(standard.lasting.as_str(), "i=2258", "the standard's own namespace never moves");
    let texts: Vec<String> = asked.iter().map(|(_, found_by, _)| found_by.to_string()).collect();
    assert_eq!(
        texts,
        ["identifier", "convention of KEPServerEX", "alias name", "node id", "node id", "path"]
    );
}

#[tokio::test]
async fn a_rule_tells_itself() {
    let simulator = Simulator::builder().preset().start().await.unwrap();
    let browse = ItemIds::BrowseNames { root: Tag::parse("i=85").unwrap(), separator: '.' };
    let uri = openopc::sim::NAMESPACE.to_owned();
    let rules = [
        (ItemIds::Auto, "Simulation Items.Random.Int4", FoundBy::BrowseNames),
        (browse, "Simulation Items.Random.Int4", FoundBy::BrowseNames),
        (ItemIds::Identifier { namespace_uri: uri }, "Random.Int4", FoundBy::Identifier),
        (ItemIds::matrikon(), "Random.Int4", FoundBy::Identifier),
        (ItemIds::matrikon(), "Simulation Items.Random.Int4", FoundBy::Convention(Convention::Matrikon)),
    ];
    for (rule, item, found_by) in rules {
        let opc = within(Client::builder(simulator.url()).item_ids(rule).open()).await.unwrap();
        let location = within(opc.locate_many([item])).await.unwrap().remove(0).unwrap();
        assert_eq!((location.node.as_str(), location.found_by), ("ns=2;s=Random.Int4", found_by));
    }
}

#[tokio::test]
async fn many_are_one_request_and_keep_their_order() {
    let (simulator, opc) = served((0..500).map(|n| Item::new(format!("N{n}"), n))).await;
    simulator.clear_requests();
    let tags: Vec<String> = (0..500).rev().map(|n| format!("N{n}")).collect();
    let nodes = within(opc.resolve_many(&tags)).await.unwrap();
    for (tag, node) in tags.iter().zip(nodes) {
        assert_eq!(node.unwrap(), Tag::string(2, tag.as_str()));
    }
    let services: Vec<Service> = sent(&simulator).iter().map(|request| request.service).collect();
    assert_eq!(services, [Service::Read]);
    let mixed = within(opc.resolve_many(["N1", "ns=x;s=N1", "Nope", "N2"])).await.unwrap();
    assert!(matches!(
        &mixed[..],
        [Ok(one), Err(Error::InvalidTag { .. }), Err(Error::Resolve { .. }), Ok(two)]
            if *one == Tag::string(2, "N1") && *two == Tag::string(2, "N2")
    ));
    opc.close().await.unwrap();
    assert!(matches!(opc.resolve_many(["N1"]).await, Err(Error::Closed { .. })));
}

#[test]
fn blocking_too() {
    let simulator = Simulator::builder().preset().start_blocking().unwrap();
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    assert_eq!(opc.resolve("Random.Int4").unwrap(), Tag::string(2, "Random.Int4"));
    assert_eq!(opc.resolve_many(["Random.Int4", "Nope"]).unwrap().into_iter().flatten().count(), 1);
    let found = opc.locate_many(["Random.Int4"]).unwrap().remove(0).unwrap();
    assert_eq!(found.found_by, FoundBy::Identifier);
}
