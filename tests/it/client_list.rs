//! `list`: OpenOPC's patterns on the simulator's tree.

use openopc::da::Access;
use openopc::sim::{Item, Simulator};
use openopc::{Client, Entry, EntryKind, Error, ListOptions, Tag};

use crate::support::{served, within};

async fn preset() -> (Simulator, Client) {
    let simulator = Simulator::builder().preset().start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    (simulator, client)
}

/// As OpenOPC prints a listing.
fn shown(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(ToString::to_string).collect()
}

async fn list(client: &Client, pattern: &str, options: &ListOptions) -> Vec<String> {
    shown(&within(client.list_with(pattern, options)).await.unwrap())
}

#[tokio::test]
async fn the_patterns_of_openopcs_tutorial() {
    let (_simulator, client) = preset().await;
    let plain = ListOptions::new();
    let recursive = ListOptions::new().recursive(true);
    let flat = ListOptions::new().flat(true);
    let found = ["Random.Real4", "Random.Real8", "Read Error.Real4", "Read Error.Real8"];
    let groups = [
        "Bucket Brigade",
        "Random",
        "Read Error",
        "Saw-toothed Waves",
        "Square Waves",
        "Triangle Waves",
        "Write Error",
        "Write Only",
    ];
    let real4: Vec<String> = groups.iter().map(|group| format!("{group}.Real4")).collect();
    let real4: Vec<&str> = real4.iter().map(String::as_str).collect();
    let root = ["Simulation Items", "Configured Aliases", "#MonitorACLFile", "@ClientCount", "@Clients"];
    let cases: [(&str, &ListOptions, &[&str]); 19] = [
        ("", &plain, &root),
        ("*", &plain, &root),
        ("Simulation Items", &plain, &groups),
        ("simulation items", &plain, &groups),
        ("Sim*", &plain, &["Simulation Items"]),
        ("Configured Aliases", &plain, &[]),
        ("Simulation Items.Random.*Real*", &plain, &["Random.ArrayOfReal8", "Random.Real4", "Random.Real8"]),
        ("Simulation Items/Random/Int[124]", &plain, &["Random.Int1", "Random.Int2", "Random.Int4"]),
        ("Sim*.Random.?Int4", &plain, &["Random.UInt4"]),
        ("Sim*.R*.Real*", &plain, &found),
        ("Sim*.R*.Real*", &recursive, &found),
        ("*.[!B]*.Real4", &plain, &real4[1..]),
        ("*.Real4", &flat, &real4),
        ("Simulation Items.Random.Real?", &flat, &["Random.Real4", "Random.Real8"]),
        ("Random.UInt[!12]", &flat, &["Random.UInt4", "Random.UInt8"]),
        ("Simulation Items.Random.Int4", &plain, &["Random.Int4"]),
        (
            "Simulation Items.Random",
            &recursive.clone().limit(2),
            &["Random.ArrayOfReal8", "Random.ArrayOfString"],
        ),
        ("No.Such.*", &plain, &[]),
        ("Random.Int4.Deeper", &recursive, &[]),
    ];
    for (pattern, options, expected) in cases {
        let mut got = list(&client, pattern, options).await;
        if expected == root {
            got.sort();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(got, expected);
        } else {
            assert_eq!(got, expected, "{pattern} {options:?}");
        }
    }
    let all = list(&client, "*", &recursive).await;
    assert_eq!(all.len(), 103);
    assert_eq!(list(&client, "*", &flat).await, all);
    assert_eq!(
        within(client.list(["Sim*.Random.Int4", "Sim*.Square*.Int4", "Sim*.R*m.Int[24]"]))
            .await
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn whatever_is_listed_reads_back() {
    let (simulator, client) = preset().await;
    let options = ListOptions::new().recursive(true).access(Access::READ);
    let entries = within(client.list_with("*", &options)).await.unwrap();
    assert_eq!(entries.len(), 103 - 14, "all but what can only be written");
    let readings = within(client.read_many(&entries)).await.unwrap();
    for (entry, reading) in entries.iter().zip(readings) {
        assert!(entry.access.unwrap().read);
        assert_eq!(entry.kind, EntryKind::Leaf);
        assert_eq!(entry.tag.as_str(), entry.item_id.as_str(), "item ids as OPC DA users know them");
        assert_eq!(within(client.resolve(&entry.path[..])).await.unwrap(), Tag::node(entry.node_id.clone()));
        assert_eq!(within(client.resolve(entry)).await.unwrap(), Tag::node(entry.node_id.clone()));
        if entry.item_id.as_str().starts_with("Read Error.") {
            assert!(matches!(reading, Err(Error::Item { .. })));
        } else if entry.item_id.as_str() != "Random.Qualities" {
            assert!(reading.unwrap().status.is_good());
        }
    }
    let entry = &within(client.list("Sim*.Random.Int4")).await.unwrap()[0];
    assert_eq!((entry.path.as_str(), entry.name.as_str()), ("/2:Simulation Items/2:Random/2:Int4", "Int4"));
    assert_eq!(entry.access, None, "not asked for");
    drop(simulator);
}

#[tokio::test]
async fn a_tree_is_gone_down_entry_by_entry() {
    let (_simulator, client) = served([
        Item::new("Plant.What?", 1),
        Item::new("Plant.Line [1].Speed", 2),
        Item::new("Plant.Line 1.Speed", 3),
    ])
    .await;
    let plant = &within(client.list("Plant*")).await.unwrap()[0];
    let below = within(client.list(plant)).await.unwrap();
    assert_eq!(shown(&below), ["Plant.What?", "Line [1]", "Line 1"]);
    for (entry, expected) in below.iter().zip(["Plant.What?", "Plant.Line [1].Speed", "Plant.Line 1.Speed"]) {
        assert_eq!(shown(&within(client.list(entry)).await.unwrap()), [expected]);
        assert_eq!(shown(&within(client.list(&entry.path)).await.unwrap()), [expected]);
        let other = entry.path.replace("2:", "3:");
        assert!(within(client.list(other)).await.unwrap().is_empty(), "another namespace");
    }
    assert_eq!(list(&client, "/Plant/Line 1", &ListOptions::new()).await, ["Plant.Line 1.Speed"]);
    assert_eq!(list(&client, "Plant.Line [[]1]", &ListOptions::new()).await, ["Plant.Line [1].Speed"]);
    // One character in brackets is that character.
    assert_eq!(list(&client, "Plant.Line [1]", &ListOptions::new()).await, ["Plant.Line 1.Speed"]);
}

#[tokio::test]
async fn kinds_and_access_are_filters() {
    let (_simulator, client) = served([
        Item::new("Plant.Temp", 1.0),
        Item::new("Plant.Set", 1.0).writable(),
        Item::new("Plant.Cmd", 1.0).write_only(),
        Item::new("Plant.Line.Speed", 1.0).writable(),
    ])
    .await;
    let plain = ListOptions::new();
    // Branches and leaves of a level together, which OpenOPC hid.
    assert_eq!(list(&client, "Plant", &plain).await, ["Plant.Temp", "Plant.Set", "Plant.Cmd", "Line"]);
    assert_eq!(list(&client, "Plant.*", &plain.clone().kind(EntryKind::Branch)).await, ["Line"]);
    let leaves = plain.clone().kind(EntryKind::Leaf);
    assert_eq!(list(&client, "Plant", &leaves).await, ["Plant.Temp", "Plant.Set", "Plant.Cmd"]);
    assert_eq!(
        list(&client, "Plant", &leaves.clone().access(Access::READ)).await,
        ["Plant.Temp", "Plant.Set"]
    );
    assert_eq!(list(&client, "Plant", &leaves.clone().access(Access::READ_WRITE)).await, ["Plant.Set"]);
    let writable = ListOptions::new().recursive(true).access(Access::WRITE);
    assert_eq!(list(&client, "*", &writable).await, ["Plant.Set", "Plant.Cmd", "Plant.Line.Speed"]);
    let branches = ListOptions::new().recursive(true).kind(EntryKind::Branch);
    assert_eq!(list(&client, "*", &branches).await, ["Plant", "Line"]);
    assert_eq!(list(&client, "Plant.Set", &ListOptions::new().case_sensitive(true)).await, ["Plant.Set"]);
    assert!(list(&client, "plant.Set", &ListOptions::new().case_sensitive(true)).await.is_empty());
    let entry = &within(client.list_with("Plant.Cmd", &plain.with_access(true))).await.unwrap()[0];
    assert_eq!(entry.access, Some(Access::WRITE));
}

#[tokio::test]
async fn leaves_below_leaves_are_found() {
    let (_simulator, client) = served([
        Item::new("Pump", 1.0).unit("bar").range(0.0, 10.0),
        Item::new("Pump.Speed", 2.0),
        Item::new("Pump.Speed.Limit", 3.0),
    ])
    .await;
    let recursive = ListOptions::new().recursive(true);
    // Properties are no items.
    assert_eq!(list(&client, "*", &recursive).await, ["Pump", "Pump.Speed", "Pump.Speed.Limit"]);
    assert_eq!(list(&client, "Pump", &ListOptions::new()).await, ["Pump"]);
    assert_eq!(list(&client, "Pump.*", &ListOptions::new()).await, ["Pump.Speed"]);
    assert_eq!(list(&client, "*.Limit", &ListOptions::new().flat(true)).await, ["Pump.Speed.Limit"]);
}

#[tokio::test]
async fn the_standards_objects_are_hidden_unless_named() {
    let (_simulator, client) = served([Item::new("Server2", 1)]).await;
    assert_eq!(list(&client, "*", &ListOptions::new()).await, ["Server2"]);
    assert_eq!(list(&client, "S*", &ListOptions::new()).await, ["Server2"]);
    let all = list(&client, "*", &ListOptions::new().standard(true)).await;
    assert!(all.contains(&"Server".to_owned()) && all.contains(&"Server2".to_owned()), "{all:?}");
    let status = within(client.list("Server.ServerStatus.*")).await.unwrap();
    let time = status.iter().find(|entry| entry.name == "CurrentTime").unwrap();
    assert_eq!((time.item_id.as_str(), time.tag.as_str()), ("i=2258", "i=2258"));
    assert!(within(client.read(time)).await.unwrap().status.is_good());
    assert!(within(client.list("server")).await.unwrap().iter().any(|entry| entry.name == "ServerStatus"));
}

#[tokio::test]
async fn a_closed_client_lists_nothing() {
    let (_simulator, client) = served([Item::new("A", 1)]).await;
    within(client.close()).await.unwrap();
    assert!(matches!(within(client.list("*")).await, Err(Error::Closed { .. })));
    let mut stream = client.list_stream("*", &ListOptions::new());
    assert!(matches!(within(stream.next()).await, Some(Err(Error::Closed { .. }))));
    assert!(within(stream.next()).await.is_none());
}

#[test]
fn the_blocking_client_lists_the_same() {
    let client = openopc::blocking::open("sim:").unwrap();
    let entries = client.list("Sim*.R*.Real*").unwrap();
    assert_eq!(shown(&entries), ["Random.Real4", "Random.Real8", "Read Error.Real4", "Read Error.Real8"]);
    let options = ListOptions::new().recursive(true);
    let all = client.list_with("*", &options).unwrap();
    let streamed: Vec<Entry> = client.list_stream("*", &options).collect::<Result<_, _>>().unwrap();
    assert_eq!(streamed, all);
    client.close().unwrap();
}
