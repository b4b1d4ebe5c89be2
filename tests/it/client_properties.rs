//! `properties`: what is known of a node, by OPC DA's numbers and by name, in as few requests as there can be.

use std::time::Duration;

use openopc::da::{Access, PropertyId, VarType};
use openopc::sim::{Item, Limits, Request, Service, Simulator};
use openopc::{Array, DataType, Error, PropertiesOptions, QualifiedName, Status, Tag, Value};

use crate::support::{numbered, sent, served, within};

/// A row of what OpenOPC printed.
fn rows(properties: &openopc::Properties) -> Vec<(u32, &'static str, String)> {
    properties.iter().map(|(id, value)| (id.number(), id.name().unwrap(), id.text(&value))).collect()
}

fn services(simulator: &Simulator) -> Vec<(Service, usize)> {
    sent(simulator).iter().map(|request| (request.service, request.items.len())).collect()
}

fn all_items(requests: &[Request]) -> usize {
    requests.iter().map(|request| request.items.len()).sum()
}

#[tokio::test(flavor = "current_thread")]
async fn the_tutorial_shows_what_it_always_showed() {
    let opc = openopc::open("sim:").await.unwrap();
    let properties = opc.properties("Random.Int4").await.unwrap();
    let mut rows = rows(&properties);
    let time = rows.remove(4);
    assert_eq!((time.0, time.1), (4, "Item Timestamp"));
    // The first output of the seeded generator: reading the properties reads the value, once.
    let expected = [
        (0, "Item ID (virtual property)", "Random.Int4"),
        (1, "Item Canonical DataType", "VT_I4"),
        (2, "Item Value", "41"),
        (3, "Item Quality", "Good"),
        (5, "Item Access Rights", "Read"),
        (6, "Server Scan Rate", "100.0"),
        (7, "Item EU Type", "0"),
        (8, "Item EUInfo", "None"),
        (101, "Item Description", "Random value."),
        (610, "UA BuiltIn Type", "6"),
        (611, "UA Data Type Id", "i=6"),
        (612, "UA Value Rank", "-1"),
        (613, "UA Browse Name", "2:Int4"),
        (614, "UA Description", "Random value."),
    ];
    assert_eq!(rows, expected.map(|(id, name, text)| (id, name, text.to_owned())));
    assert_eq!(properties.get(PropertyId::QUALITY), Some(Value::Int16(192)));
    assert_eq!(properties.get(PropertyId::ACCESS_RIGHTS), Some(Value::Int32(1)));
    assert_eq!(properties.scan_rate, Some(Duration::from_millis(100)));
    // The preset has a past.
    assert_eq!(properties.historizing, Some(true));
    // `properties(tags, id=1)`: no value is read, so the generator stands still.
    let types = opc
        .property_many(["Random.Int2", "Random.Int4", "Random.String"], PropertyId::DATA_TYPE)
        .await
        .unwrap();
    let types: Vec<String> =
        types.into_iter().map(|value| PropertyId::DATA_TYPE.text(&value.unwrap())).collect();
    assert_eq!(types, ["VT_I2", "VT_I4", "VT_BSTR"]);
    assert_eq!(opc.read_as::<i32>("Random.Int4").await.unwrap(), 18_467);
    // `properties('Random.Int4', id=(1,2,5))`
    let options = PropertiesOptions::new().ids([1, 2, 5]);
    let some = opc.properties_with(["Random.Int4"], &options).await.unwrap().remove(0).unwrap();
    let ids: Vec<u32> = some.iter().map(|(id, _)| id.number()).collect();
    assert_eq!(ids, [1, 2, 5]);
    opc.close().await.unwrap();
}

fn plant() -> Vec<Item> {
    vec![
        Item::new("Plant.Level", 12.5)
            .unit("m")
            .range(0.0, 20.0)
            .instrument_range(-1.0, 25.0)
            .description("Level of the tank")
            .writable(),
        Item::new("Plant.Valve", 1u32).states(["Closed", "Opening", "Open"]),
        Item::new("Plant.Pump", true).labels("running", "stopped").scan_rate(Duration::from_millis(250)),
        Item::new("Plant.Secret", 1i16).write_only(),
        Item::new("Plant.Series", vec![1.0f32, 2.0]),
        Item::new("Plant.Bytes", Value::ByteString(vec![1])),
    ]
}

#[tokio::test(flavor = "current_thread")]
async fn every_property_has_its_source() {
    let (_simulator, opc) = served(plant()).await;
    let tags = ["Plant.Level", "Plant.Valve", "Plant.Pump", "Plant.Secret", "Plant.Series", "Plant.Bytes"];
    let many = opc.properties_many(tags).await.unwrap();
    let many: Vec<_> = many.into_iter().map(Result::unwrap).collect();
    let level = &many[0];
    for (number, value) in [
        (5, Value::Int32(3)),
        (6, Value::Float(0.0)),
        (7, Value::Int32(1)),
        (8, Value::Null),
        (100, "m".into()),
        (101, "Level of the tank".into()),
        (102, 20.0.into()),
        (103, 0.0.into()),
        (104, 25.0.into()),
        (105, (-1.0).into()),
    ] {
        assert_eq!(level.get(number.into()), Some(value), "{number}");
    }
    assert_eq!((level.range, level.instrument_range), (Some((0.0, 20.0)), Some((-1.0, 25.0))));
    assert_eq!(level.access, Some(Access { read: true, write: true }));
    assert_eq!(level.browse_name, Some(QualifiedName::new(2, "Level")));
    assert_eq!(level.get(106.into()), None);
    assert_eq!(level.other, []);
    assert_eq!(level.value.as_ref().unwrap().get::<f64>().unwrap(), 12.5);

    let valve = &many[1];
    assert_eq!(valve.get(PropertyId::EU_TYPE), Some(Value::Int32(2)));
    assert_eq!(valve.get(PropertyId::EU_INFO), Some(Value::from(vec!["Closed", "Opening", "Open"])));
    assert_eq!(valve.states[2], (2, "Open".to_owned()));
    let pump = &many[2];
    assert_eq!(pump.get(PropertyId::CONTACT_CLOSE_LABEL), Some("running".into()));
    assert_eq!(pump.get(PropertyId::CONTACT_OPEN_LABEL), Some("stopped".into()));
    assert_eq!(pump.get(PropertyId::SCAN_RATE), Some(Value::Float(250.0)));
    // Without a description of its own, the display name.
    assert_eq!(pump.get(PropertyId::DESCRIPTION), Some("Pump".into()));
    assert_eq!(pump.get(PropertyId::UA_DESCRIPTION), None);

    let secret = &many[3];
    assert_eq!(secret.get(PropertyId::VALUE), None);
    assert_eq!(secret.refusal(PropertyId::VALUE), Status::named("BadNotReadable"));
    assert_eq!(secret.get(PropertyId::QUALITY), Some(Value::Int16(0)));
    assert_eq!(secret.get(PropertyId::ACCESS_RIGHTS), Some(Value::Int32(2)));
    assert_eq!(many[4].var_type(), Some(VarType::R4.array()));
    assert_eq!(many[5].var_type(), Some(VarType::UI1.array()));
    assert_eq!((many[5].data_type, many[5].value_rank), (Some(DataType::ByteString), Some(-1)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_branch_has_a_name_and_no_value() {
    let (_simulator, opc) = served(plant()).await;
    let plant = opc.properties("Plant").await.unwrap();
    assert!(!plant.is_variable && plant.value.is_none());
    let ids: Vec<u32> = plant.iter().map(|(id, _)| id.number()).collect();
    assert_eq!(ids, [0, 101, 613]);
    let error = opc.property("Plant", PropertyId::DATA_TYPE).await.unwrap_err();
    assert_eq!(error.status(), Status::named("BadAttributeIdInvalid"));
    assert_eq!(error.to_string(), "properties `Plant`: BadAttributeIdInvalid");
}

#[tokio::test(flavor = "current_thread")]
async fn every_tag_has_its_own_answer() {
    let (_simulator, opc) = served(plant()).await;
    let tags = ["ns=two;s=X", "Plant.Level", "Nope", "ns=2;s=Nope", "range=1;Plant.Series", "Plant.Level"];
    let results = opc.properties_many(tags).await.unwrap();
    assert!(matches!(&results[0], Err(Error::InvalidTag { .. })), "{results:?}");
    assert!(matches!(&results[2], Err(Error::Resolve { .. })), "{results:?}");
    assert_eq!(results[3].as_ref().unwrap_err().status(), Status::named("BadNodeIdUnknown"));
    // The part of the array that the tag means.
    assert_eq!(results[4].as_ref().unwrap().get(PropertyId::VALUE), Some(Value::Float(2.0)));
    assert_eq!(results[1].as_ref().unwrap(), results[1].as_ref().unwrap());
    assert_eq!(results[5].as_ref().unwrap().unit.as_deref(), Some("m"));
    // A tag that is no item id has the node's id for one, which reads back.
    let by_node = opc.properties((2, "Plant.Level")).await.unwrap();
    assert_eq!(by_node.item_id.as_str(), "ns=2;s=Plant.Level");
    // No such property, and one that the server refuses.
    for (tag, id, status) in
        [("Plant.Level", 106, "BadAttributeIdInvalid"), ("Plant.Secret", 2, "BadNotReadable")]
    {
        let error = opc.property(tag, id).await.unwrap_err();
        assert!(matches!(error, Error::Item { .. }), "{error}");
        assert_eq!(error.status(), Status::named(status), "{error}");
    }
    assert_eq!(
        opc.property("Plant.Level", 4711).await.unwrap_err().status().unwrap().name(),
        "BadAttributeIdInvalid"
    );
    assert!(opc.properties_many(Vec::<Tag>::new()).await.unwrap().is_empty());
    opc.close().await.unwrap();
    assert!(matches!(opc.properties("Plant.Level").await, Err(Error::Closed { .. })));
}

#[tokio::test(flavor = "current_thread")]
async fn a_thousand_tags_take_as_many_requests_as_one() {
    let items = (0..1000).map(|n| Item::new(format!("N{n}"), n).unit("m").range(0.0, 1.0));
    let (simulator, opc) = served(items).await;
    simulator.clear_requests();
    opc.properties("N0").await.unwrap();
    let one = services(&simulator);
    // Which node it is; then attributes and properties; then the values of the two properties.
    assert_eq!(one.len(), 4, "{one:?}");
    let tags: Vec<String> = (0..1000).map(|n| format!("N{n}")).collect();
    simulator.clear_requests();
    let results = within(opc.properties_many(&tags)).await.unwrap();
    assert!(results.iter().all(|result| result.as_ref().unwrap().unit.as_deref() == Some("m")));
    let thousand = services(&simulator);
    assert_eq!(thousand.len(), 4, "{thousand:?}");
    assert_eq!(thousand.iter().filter(|(service, _)| *service == Service::Browse).count(), 1);
    // Known nodes are not looked for again.
    simulator.clear_requests();
    within(opc.properties_many(&tags)).await.unwrap();
    let mut again = services(&simulator);
    again.sort();
    assert_eq!(again, [(Service::Browse, 1000), (Service::Read, 2000), (Service::Read, 10_000)]);
    // Some properties cost no more than they need.
    simulator.clear_requests();
    within(opc.property_many(&tags, PropertyId::DATA_TYPE)).await.unwrap();
    assert_eq!(services(&simulator), [(Service::Read, 3000)], "the class, the type and the rank");
    simulator.clear_requests();
    within(opc.property_many(&tags, PropertyId::EU_UNITS)).await.unwrap();
    let mut unit = services(&simulator);
    unit.sort();
    assert_eq!(unit, [(Service::Browse, 1000), (Service::Read, 1000), (Service::Read, 1000)]);
    assert_eq!(all_items(&sent(&simulator)), 3000);
    assert_eq!(simulator.read_count("N0").unwrap(), 3, "the value was read only where it was wanted");
}

#[tokio::test]
async fn a_server_that_takes_little_at_a_time() {
    let mut limits = Limits::default();
    limits.nodes_per_read = 7;
    limits.nodes_per_browse = 2;
    limits.references_per_node = 1;
    limits.continuation_points = 2;
    let items = (0..30).map(|n| Item::new(format!("N{n}"), n).unit(format!("u{n}")).range(0.0, 1.0));
    let simulator = Simulator::builder().items(items).limits(limits).start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    let results = within(opc.properties_many((0..30).map(|n| format!("N{n}")))).await.unwrap();
    for (n, result) in (0..).zip(results) {
        let properties = result.unwrap();
        assert_eq!(properties.unit, Some(format!("u{n}")));
        assert_eq!(properties.range, Some((0.0, 1.0)));
        assert_eq!(properties.value.unwrap().value, Value::Int32(n));
    }
}

#[tokio::test]
async fn a_stream_gives_them_one_by_one() {
    let (simulator, opc) = served(numbered(25)).await;
    let tags: Vec<String> = (0..25).map(|n| format!("N{n}")).collect();
    // So that nothing has to be looked for below.
    within(opc.read_many(&tags)).await.unwrap();
    simulator.clear_requests();
    let options = PropertiesOptions::new().ids([PropertyId::VALUE]).chunk(10);
    let mut results = opc.properties_stream(tags, &options);
    assert_eq!(results.total(), Some(25));
    let mut next = 0;
    while let Some(properties) = within(results.next()).await {
        assert_eq!(properties.unwrap().get(PropertyId::VALUE), Some(Value::Int32(next)));
        next += 1;
    }
    assert_eq!((next, results.done()), (25, 25));
    let reads = sent(&simulator).iter().filter(|request| request.items.len() == 20).count();
    assert_eq!(reads, 2, "class and value of ten tags, twice");
}

#[test]
fn the_same_without_async() {
    let opc = openopc::blocking::open("sim:").unwrap();
    let properties = opc.properties("Bucket Brigade.ArrayOfReal8").unwrap();
    assert_eq!(properties.var_type().unwrap().to_string(), "VT_ARRAY|VT_R8");
    assert_eq!(opc.property("Bucket Brigade.Int4", 5).unwrap(), Value::Int32(3));
    let rates = opc.property_many(["Random.Int4", "Square Waves.Int4"], PropertyId::SCAN_RATE).unwrap();
    assert!(rates.into_iter().all(|rate| rate.unwrap() == Value::Float(100.0)));
    assert_eq!(opc.properties_many(["Random.Int4", "Nope"]).unwrap().len(), 2);
    let names = opc.properties_stream(["Random.Int4"], &PropertiesOptions::new().ids([613]));
    let names: Vec<_> = names.map(|properties| properties.unwrap().browse_name.unwrap().name).collect();
    assert_eq!(names, ["Int4"]);
    opc.close().unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn enumerations_are_named_by_their_type() {
    let opc = openopc::open("sim:").await.unwrap();
    // `ServerState` and its data type of that name.
    let state = opc.properties("i=2259").await.unwrap();
    assert_eq!(state.data_type, Some(DataType::Int32));
    assert_eq!(state.states.first(), Some(&(0, "Running".to_owned())));
    assert_eq!(state.states.len(), 8);
    assert_eq!(state.get(PropertyId::EU_TYPE), Some(Value::Int32(2)));
    let Some(Value::Array(names)) = state.get(PropertyId::EU_INFO) else { panic!("{state:?}") };
    assert_eq!(Array::len(&names), 8);
}
