//! Alias names (OPC 10000-17): the client asks `FindAlias`, the simulator answers.

use openopc::da::ItemIds;
use openopc::sim::{Item, Limits, Service, Simulator, SimulatorBuilder};
use openopc::{Client, Error, Tag, Value};

use super::support::{numbered, sent, within};

fn server() -> SimulatorBuilder {
    Simulator::builder()
        .items(["A", "B", "Plant.Level"].map(|id| Item::new(id, id)))
        .alias("Old.A", "A")
        .alias("Old%_[x]\\", "B")
        .alias("OldXYx\\", "A")
        .alias("FIC-101.PV", "Plant.Level")
        .alias("Both", "A")
        .alias("Both", "B")
}

async fn client(simulator: &Simulator, rule: ItemIds) -> Client {
    within(Client::builder(simulator.url()).item_ids(rule).open()).await.unwrap()
}

async fn text(client: &Client, item: &str) -> String {
    within(client.read(Tag::item(item))).await.unwrap_or_else(|error| panic!("{error}")).get().unwrap()
}

#[tokio::test]
async fn aliases_are_found() {
    let simulator = server().start().await.unwrap();
    for rule in [ItemIds::Auto, ItemIds::AliasNames] {
        let client = client(&simulator, rule).await;
        assert!(client.item_ids().alias_names);
        assert_eq!(text(&client, "Old.A").await, "A");
        assert_eq!(text(&client, "FIC-101.PV").await, "Plant.Level");
        assert_eq!(text(&client, "Old%_[x]\\").await, "B", "wildcards in an id are no wildcards");
        let error = within(client.read("Both")).await.unwrap_err();
        let Error::Resolve { candidates, .. } = error else { panic!("{error}") };
        assert_eq!(candidates, [Tag::string(2, "A"), Tag::string(2, "B")]);
        for unknown in ["old.a", "Old%", "%", "Old._", "[", "Nothing"] {
            let error = within(client.read(Tag::item(unknown))).await.unwrap_err();
            assert!(
                matches!(&error, Error::Resolve { candidates, .. } if candidates.is_empty()),
                "{unknown}: {error}"
            );
        }
    }
    // Nothing but aliases by that rule.
    let client = client(&simulator, ItemIds::AliasNames).await;
    assert!(matches!(within(client.read("A")).await, Err(Error::Resolve { .. })));
}

#[tokio::test]
async fn many_aliases_are_one_request() {
    let mut builder = Simulator::builder().items(numbered(1000));
    for n in 0..1000 {
        builder = builder.alias(format!("Old_{n}"), format!("N{n}"));
    }
    let mut limits = Limits::default();
    limits.methods_per_call = 400;
    let simulator = builder.limits(limits).start().await.unwrap();
    let client = client(&simulator, ItemIds::AliasNames).await;
    simulator.clear_requests();
    let readings = within(client.read_many((0..1000).map(|n| format!("Old_{n}")))).await.unwrap();
    for (n, reading) in (0..).zip(readings) {
        assert_eq!(reading.unwrap().value, Value::Int32(n));
    }
    let services: Vec<(Service, usize)> =
        sent(&simulator).iter().map(|request| (request.service, request.items.len())).collect();
    let expected = [(Service::Call, 400), (Service::Call, 400), (Service::Call, 200), (Service::Read, 1000)];
    assert_eq!(services, expected);
    // Remembered as any other tag.
    simulator.clear_requests();
    within(client.read_many((0..1000).map(|n| format!("Old_{n}")))).await.unwrap();
    assert_eq!(sent(&simulator).len(), 1);
}

#[tokio::test]
async fn alias_names_are_asked_for_last() {
    let simulator = server().alias("Plant.Level", "A").start().await.unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    simulator.clear_requests();
    let readings = within(client.read_many(["A", "B", "Plant.Level"])).await.unwrap();
    assert_eq!(readings[2].as_ref().unwrap().value, Value::from("Plant.Level"));
    assert_eq!(simulator.request_count(Service::Call), 0, "what is found otherwise needs no alias");
    within(client.read_many(["A", "Old.A", "FIC-101.PV", "Nothing"])).await.unwrap();
    let calls: Vec<usize> = sent(&simulator)
        .iter()
        .filter(|request| request.service == Service::Call)
        .map(|request| request.items.len())
        .collect();
    assert_eq!(calls, [3], "one request for the three that nothing else found");
}

#[tokio::test]
async fn aliases_can_be_browsed() {
    let simulator = server().start().await.unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    // From Objects, along hierarchical references, to the object of the alias.
    let path = Tag::parse("/0:Aliases/0:TagVariables/2:Old&.A").unwrap();
    let alias = within(client.resolve(path)).await.unwrap();
    assert_eq!(alias, Tag::string(2, "~alias/Old.A"));
    // It is an object, so it has no value.
    let error = within(client.read(&alias)).await.unwrap_err();
    assert!(
        matches!(&error, Error::Item { status, .. } if status.name() == "BadAttributeIdInvalid"),
        "{error}"
    );
    let error = within(client.write(&alias, 1)).await.unwrap_err();
    assert!(matches!(&error, Error::Item { .. } | Error::Convert { .. }), "{error}");
}

#[tokio::test]
async fn aliases_of_nothing_are_refused() {
    for builder in [server().alias("X", "No.Such.Item"), server().alias("", "A")] {
        assert!(matches!(builder.start().await, Err(Error::Config(_))));
    }
    for uri in ["", "http://opcfoundation.org/UA/"] {
        assert!(matches!(server().namespace_uri(uri).start().await, Err(Error::Config(_))));
    }
}
