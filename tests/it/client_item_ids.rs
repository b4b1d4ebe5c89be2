//! Conventions of item ids, what is recognized of a server, and alias names.

use openopc::da::{Aliases, Convention, ItemIds};
use openopc::sim::{Item, Service, Simulator, SimulatorBuilder};
use openopc::{Array, Client, Error, Tag, Value};

use super::support::{sent, until, within};

async fn client(simulator: &Simulator, rule: ItemIds) -> Client {
    within(Client::builder(simulator.url()).item_ids(rule).open()).await.unwrap()
}

/// A server with these items, whose values are their positions.
fn server(ids: &[&str]) -> SimulatorBuilder {
    Simulator::builder().items((0..).zip(ids).map(|(n, id)| Item::new(*id, n)))
}

#[track_caller]
fn services(simulator: &Simulator) -> Vec<Service> {
    sent(simulator).iter().map(|request| request.service).collect()
}

async fn finds(client: &Client, item: &str, expected: &str) {
    let tag = within(client.resolve(Tag::item(item))).await;
    let tag = tag.unwrap_or_else(|error| panic!("{item}: {error}"));
    assert_eq!(tag, Tag::parse(expected).unwrap(), "{item}");
}

async fn finds_nothing(client: &Client, item: &str) {
    match within(client.resolve(Tag::item(item))).await {
        Err(Error::Resolve { candidates, .. }) if candidates.is_empty() => {}
        other => panic!("{item}: {other:?}"),
    }
}

/// A rule, the server's ids, and which of them some item ids mean.
type Case<'a> = (ItemIds, &'a [&'a str], &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn each_convention_finds_its_items() {
    let kepware = ["Channel1.Device1.Tag1", "_System._Time_Second", "Channel1.Device1.K0001"];
    let matrikon = ["Random.Int4", ".JarekSrv", "HomeTagTest.TestItem", "Plain"];
    let rslinx = ["[PLC]Speed", "::[PLC]Other", "PLC.Third", "[PLC]Program:Main.Run"];
    let siemens = ["\"DB\".\"x\"", "\"DB\".\"arr\"[3]", "Plain.y"];
    let ignition = ["[PLC]Line/Speed", "[PLC]Line/Motor/Speed"];
    let wrapper = ["0:Random.Int4", "0:a&&b&?c", "2:Property.Like"];
    let all: [Case; 7] = [
        (
            ItemIds::kepware(),
            &kepware,
            &[
                ("Channel1.Device1.Tag1", "Channel1.Device1.Tag1"),
                ("_System._Time_Second", "_System._Time_Second"),
                ("Channel1.Device1.K0001@Long", "Channel1.Device1.K0001"),
            ],
        ),
        (
            ItemIds::matrikon(),
            &matrikon,
            &[
                ("Random.Int4", "Random.Int4"),
                ("Simulation Items.Random.Int4", "Random.Int4"),
                ("JarekSrv", ".JarekSrv"),
                ("Configured Aliases.JarekSrv", ".JarekSrv"),
                ("Configured Aliases/HomeTagTest/TestItem", "HomeTagTest.TestItem"),
                (".Plain", "Plain"),
            ],
        ),
        (
            ItemIds::rslinx(),
            &rslinx,
            &[
                ("[PLC]Speed", "[PLC]Speed"),
                ("[PLC]Other", "::[PLC]Other"),
                ("[PLC]Third", "PLC.Third"),
                ("[PLC]PROGRAM:Main.Run", "[PLC]Program:Main.Run"),
            ],
        ),
        (
            ItemIds::factory_talk(),
            &rslinx,
            &[("::[PLC]Speed", "[PLC]Speed"), ("::[PLC]PROGRAM:Main.Run", "[PLC]Program:Main.Run")],
        ),
        (
            ItemIds::siemens(),
            &siemens,
            &[("DB.x", "\"DB\".\"x\""), ("DB.arr[3]", "\"DB\".\"arr\"[3]"), ("\"Plain\".\"y\"", "Plain.y")],
        ),
        (
            ItemIds::ignition(),
            &ignition,
            &[("[PLC]Line.Speed", "[PLC]Line/Speed"), ("PLC.Line.Motor.Speed", "[PLC]Line/Motor/Speed")],
        ),
        (
            ItemIds::Convention(Convention::ComWrapper),
            &wrapper,
            &[("Random.Int4", "0:Random.Int4"), ("a&b?c", "0:a&&b&?c"), ("Property.Like", "2:Property.Like")],
        ),
    ];
    for (rule, ids, finds_these) in all {
        let simulator = server(ids).namespace_uri("KEPServerEX").start().await.unwrap();
        let client = client(&simulator, rule).await;
        simulator.clear_requests();
        let tags: Vec<Tag> = finds_these.iter().map(|(item, _)| Tag::item(*item)).collect();
        let values = within(client.read_many(&tags)).await.unwrap();
        for ((item, expected), reading) in finds_these.iter().zip(values) {
            let position = ids.iter().position(|id| id == expected).unwrap();
            let value = reading.unwrap_or_else(|error| panic!("{item}: {error}")).value;
            assert_eq!(value, Value::from(i32::try_from(position).unwrap()), "{item}");
        }
        assert_eq!(
            services(&simulator),
            [Service::Read; 2],
            "one request for all ids and one for the values"
        );
        // What no convention finds goes the automatic way.
        finds_nothing(&client, "No.Such.Item").await;
    }
}

#[tokio::test]
async fn proxy_ids_are_node_ids() {
    let simulator = server(&["Tank=1", "Pump"]).start().await.unwrap();
    let client = client(&simulator, ItemIds::Convention(Convention::ComProxy)).await;
    for (item, expected) in [
        ("ns-2;s-Pump", "ns=2;s=Pump"),
        ("ns*2;s*Pump", "ns=2;s=Pump"),
        ("ns-2;s-Tank-1", "ns=2;s=Tank=1"),
        ("ns*2;s*Tank*1", "ns=2;s=Tank=1"),
        ("i-2258", "i=2258"),
        // The automatic way.
        ("Pump", "ns=2;s=Pump"),
    ] {
        finds(&client, item, expected).await;
    }
    finds_nothing(&client, "ns-2;s-Nothing").await;
}

#[tokio::test]
async fn rockwell_arrays_are_elements_or_parts() {
    let simulator = Simulator::builder()
        .item(Item::new("[PLC]Temps", Value::from(vec![10, 11, 12, 13, 14, 15])))
        .item(Item::new("[PLC]Own[2]", 99))
        .item(Item::new("[PLC]Own", Value::from(vec![0, 1, 2])))
        .start()
        .await
        .unwrap();
    let client = client(&simulator, ItemIds::rslinx()).await;
    let value = async |item: &str| within(client.read(Tag::item(item))).await.unwrap().value;
    assert_eq!(value("[PLC]Temps[3]").await, Value::Int32(13));
    assert_eq!(value("[PLC]Temps[1],L3").await, Value::from(vec![11, 12, 13]));
    assert_eq!(value("[PLC]Own[2]").await, Value::Int32(99), "the element has a node of its own");
    assert_eq!(value("[PLC]Own[1]").await, Value::Int32(1));
    finds(&client, "[PLC]Temps[1],L3", "range=1:3;ns=2;s=[PLC]Temps").await;
    // Beyond the end: the server's answer, and no other element.
    let error = within(client.read(Tag::item("[PLC]Temps[6]"))).await.unwrap_err();
    assert!(
        matches!(&error, Error::Item { status, .. } if status.name() == "BadIndexRangeNoData"),
        "{error}"
    );
    // A part of a part is nothing.
    let part = Tag::item("[PLC]Temps[1],L3").index_range("0").unwrap();
    assert!(within(client.read(part)).await.is_err());
}

#[tokio::test]
async fn writing_to_a_part_of_an_array() {
    let simulator = Simulator::builder()
        .item(Item::new("Temps", Value::from(vec![10, 11, 12])).writable())
        .start()
        .await
        .unwrap();
    let client = client(&simulator, ItemIds::Convention(Convention::Rockwell)).await;
    within(client.write(Tag::item("Temps[1]"), 7)).await.unwrap();
    let value = simulator.get("Temps").unwrap().value;
    assert_eq!(value, Value::Array(Array::from(vec![10, 7, 12])));
}

#[tokio::test]
async fn the_first_level_wins_and_two_nodes_on_one_are_an_error() {
    let simulator = server(&["DB.x", "\"DB\".\"x\""]).start().await.unwrap();
    let client = client(&simulator, ItemIds::siemens()).await;
    finds(&client, "DB.x", "ns=2;s=DB.x").await;
    finds(&client, "\"DB\".\"x\"", "ns=2;s=\"DB\".\"x\"").await;
    // Two nodes with one identifier, in two namespaces: see the tests of `tag/resolve/candidates.rs`.
}

#[tokio::test]
async fn a_server_is_recognized_by_its_namespace() {
    let ids = ["Channel1.Device1.K0001"];
    let simulator = server(&ids).namespace_uri("KEPServerEX").start().await.unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    let report = client.item_ids();
    assert_eq!(report.recognized, Some(Convention::KepServerEx));
    assert_eq!(report.evidence, ["the server has the namespace `KEPServerEX`"]);
    assert_eq!(
        report.to_string(),
        "automatic, then as KEPServerEX writes them: the server has the namespace `KEPServerEX`"
    );
    finds(&client, "Channel1.Device1.K0001@Long", "ns=2;s=Channel1.Device1.K0001").await;
}

#[tokio::test]
async fn a_server_is_recognized_by_its_product() {
    let simulator =
        server(&["[PLC]Line/Speed"]).product("Inductive Automation", "Ignition").start().await.unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    assert_eq!(client.item_ids().recognized, Some(Convention::Ignition));
    assert_eq!(client.item_ids().evidence, ["the server's manufacturer is `Inductive Automation`"]);
    finds(&client, "PLC.Line.Speed", "ns=2;s=[PLC]Line/Speed").await;
    // A rule that was chosen is not second-guessed.
    let chosen = self::client(&simulator, ItemIds::siemens()).await;
    assert_eq!(chosen.item_ids().recognized, None);
    assert_eq!(chosen.item_ids().to_string(), "as Siemens writes them, then automatic");
    finds_nothing(&chosen, "PLC.Line.Speed").await;
}

#[tokio::test]
async fn recognition_never_changes_what_the_automatic_way_finds() {
    // Both `DB.x` by its browse path, and the quoted identifier.
    let simulator = server(&["\"DB\".\"x\"", "Folder.DB.x"])
        .namespace_uri("http://www.siemens.com/simatic-s7-opcua")
        .start()
        .await
        .unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    assert_eq!(client.item_ids().recognized, Some(Convention::Siemens));
    finds(&client, "DB.x", "ns=2;s=\"DB\".\"x\"").await;
    let simulator = Simulator::builder()
        .item(Item::new("\"Tank\".\"Level\"", 1))
        .item(Item::new("Tank.Level", 2))
        .namespace_uri("http://www.siemens.com/simatic-s7-opcua")
        .start()
        .await
        .unwrap();
    let client = self::client(&simulator, ItemIds::Auto).await;
    finds(&client, "Tank.Level", "ns=2;s=Tank.Level").await;
}

#[tokio::test]
async fn browse_names_come_before_what_is_recognized() {
    // `Simulation Items.Random.Int4` is a browse path of the preset, and an id with a browse root to Matrikon's rule.
    let simulator = Simulator::builder().preset().product("Matrikon", "OPC").start().await.unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    assert_eq!(client.item_ids().recognized, Some(Convention::Matrikon));
    simulator.clear_requests();
    finds(&client, "Simulation Items.Random.Int4", "ns=2;s=Random.Int4").await;
    assert!(services(&simulator).contains(&Service::Browse), "found by browsing");
    // What only the rule finds still costs the look at the browse names.
    finds(&client, "Simulation Items/Random/Int4", "ns=2;s=Random.Int4").await;
}

#[tokio::test]
async fn a_server_is_looked_at_again_after_a_reconnect() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let first = server(&["A"]).namespace_uri("KEPServerEX").listener(listener).start().await.unwrap();
    let client =
        within(Client::builder(first.url()).reconnect(None, std::time::Duration::from_millis(50)).open())
            .await
            .unwrap();
    assert_eq!(client.item_ids().recognized, Some(Convention::KepServerEx));
    first.stop().await.unwrap();
    let _second = server(&["A"]).product("Matrikon", "OPC").listen(address).start().await.unwrap();
    within(until(|| client.item_ids().recognized == Some(Convention::Matrikon))).await;
}

#[tokio::test]
async fn connecting_asks_no_more_often_than_it_did() {
    let simulator = server(&["A"]).start().await.unwrap();
    let _client = client(&simulator, ItemIds::Auto).await;
    // The namespaces with what tells the product, and the limits.
    assert_eq!(services(&simulator), [Service::Read; 2]);
}

#[tokio::test]
async fn a_server_that_takes_one_node_at_a_time_still_connects() {
    let mut limits = openopc::sim::Limits::default();
    limits.nodes_per_read = 1;
    let simulator = server(&["A"]).limits(limits).start().await.unwrap();
    let client = client(&simulator, ItemIds::Auto).await;
    assert_eq!(client.item_ids().recognized, None);
    finds(&client, "A", "ns=2;s=A").await;
}

#[tokio::test]
async fn an_alias_file_goes_before_any_rule() {
    let simulator = server(&["[PLC]Speed", "B"]).start().await.unwrap();
    let file = std::env::temp_dir().join(format!("openopc-it-aliases-{}.csv", std::process::id()));
    std::fs::write(&file, "alias,item id\nOld.Speed,::[PLC]Speed\nOld.B,ns=2;s=B\n").unwrap();
    let aliases = Aliases::load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let client = client(&simulator, aliases.then(ItemIds::factory_talk())).await;
    assert_eq!(
        client.item_ids().to_string(),
        "as FactoryTalk writes them, then automatic; 2 aliases before that"
    );
    simulator.clear_requests();
    let values = within(client.read_many(["Old.Speed", "Old.B"])).await.unwrap();
    let values: Vec<Value> = values.into_iter().map(|reading| reading.unwrap().value).collect();
    assert_eq!(values, [Value::Int32(0), Value::Int32(1)]);
    assert_eq!(services(&simulator), [Service::Read; 2]);
    finds(&client, "::[PLC]Speed", "ns=2;s=[PLC]Speed").await;
}
