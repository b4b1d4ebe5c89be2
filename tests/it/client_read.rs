//! Reading: one result for each tag, and the right one.

use std::time::Duration;

use openopc::da::Source;
use openopc::sim::{Item, Service, Signal, Simulator};
use openopc::{
    Array, Client, ConvertReason, DataType, Error, LocalizedText, NodeId, Operation, QualifiedName, Quality,
    ReadOptions, Reading, Result, Status, Tag, Value,
};

use crate::support::{FAST, chain, collect, numbered, requests, sent, served, within};

fn status(name: &str) -> Status {
    Status::named(name).unwrap()
}

fn item_status(result: Result<Reading>) -> String {
    match result {
        Err(Error::Item { operation: Operation::Read, status, .. }) => status.name().into_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_unknown_tag_is_its_own_error() {
    let (simulator, client) = served(numbered(1)).await;
    for tag in ["Nothing", "Plant.Nothing", "/2:Nothing", "nsu=urn:nowhere;s=N0"] {
        match within(client.read(tag)).await.unwrap_err() {
            Error::Resolve { operation: Operation::Read, tag: told, candidates } => {
                assert_eq!((told, candidates), (Tag::parse(tag).unwrap(), vec![]));
            }
            other => panic!("{tag}: {other:?}"),
        }
    }
    assert_eq!(item_status(within(client.read("ns=2;s=Nothing")).await), "BadNodeIdUnknown");
    assert_eq!(item_status(within(client.read("ns=99;i=1")).await), "BadNodeIdUnknown");
    assert_eq!(item_status(within(client.read("i=85")).await), "BadAttributeIdInvalid");
    assert_eq!(simulator.read_count("N0").unwrap(), 0);
}

#[tokio::test]
async fn an_ambiguous_tag_lists_what_it_could_mean() {
    // Two variables called Int4 in one folder: the preset one and one that is put beside it.
    let simulator = Simulator::builder()
        .preset()
        .item(Item::new("Simulation Items.Random.Int4", 1))
        .start()
        .await
        .unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    let path = "/2:Simulation Items/2:Random/2:Int4";
    let error = within(client.read(path)).await.unwrap_err();
    let text = error.to_string();
    let Error::Resolve { mut candidates, .. } = error else { panic!("{text}") };
    candidates.sort_by_key(ToString::to_string);
    assert_eq!(candidates, [Tag::string(2, "Random.Int4"), Tag::string(2, "Simulation Items.Random.Int4")]);
    for word in ["matches 2 nodes", "`ns=2;s=Random.Int4`", "`ns=2;s=Simulation Items.Random.Int4`"] {
        assert!(text.contains(word), "{text}");
    }
    // Each of them can be read, and by its item id there is no doubt.
    for candidate in candidates {
        within(client.read(candidate)).await.unwrap();
    }
    assert_eq!(within(client.read_as::<i32>("Simulation Items.Random.Int4")).await.unwrap(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_not_a_value() {
    let simulator = Simulator::builder().preset().start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    assert_eq!(item_status(within(client.read("Write Only.Int4")).await), "BadNotReadable");
    assert_eq!(item_status(within(client.read("Read Error.Int4")).await), "BadNotReadable");
}

#[tokio::test]
async fn no_tags_are_no_request() {
    let (simulator, client) = served(numbered(1)).await;
    simulator.clear_requests();
    let none: [&str; 0] = [];
    assert!(within(client.read_many(none)).await.unwrap().is_empty());
    assert!(within(client.read_many(["", "ns=x"])).await.unwrap().iter().all(Result::is_err));
    assert_eq!(sent(&simulator), []);
}

#[tokio::test]
async fn a_tag_given_twice_is_answered_twice() {
    let (_simulator, client) = served(numbered(3)).await;
    let results = within(client.read_many(["N1", "N2", "N1", "ns=2;s=N1"])).await.unwrap();
    let values: Vec<i32> = results.iter().map(|r| r.as_ref().unwrap().get().unwrap()).collect();
    assert_eq!(values, [1, 2, 1, 1]);
    assert_eq!(results[3].as_ref().unwrap().tag.as_str(), "ns=2;s=N1", "the tag as it was asked for");
}

#[tokio::test]
async fn every_bad_tag_among_good_ones_has_its_own_error() {
    let (simulator, client) = served(numbered(2)).await;
    simulator.set_status("N1", status("BadOutOfMemory")).unwrap();
    let tags = ["N0", "ns=two;s=N0", "Nothing", "N1", "ns=2;s=Nothing", "N0"];
    let results = within(client.read_many(tags)).await.unwrap();
    assert_eq!(results.len(), tags.len());
    assert_eq!(results[0].as_ref().unwrap().value, Value::Int32(0));
    match results[1].as_ref().unwrap_err() {
        Error::InvalidTag { operation: Operation::Read, error } => {
            assert!(error.to_string().contains("namespace index"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(&results[2], Err(Error::Resolve { tag, .. }) if tag.as_str() == "Nothing"));
    assert!(matches!(&results[3], Err(Error::Item { status: s, .. }) if *s == status("BadOutOfMemory")));
    assert!(matches!(&results[4], Err(Error::Item { status: s, .. }) if *s == status("BadNodeIdUnknown")));
    assert_eq!(results[5].as_ref().unwrap().value, Value::Int32(0));
}

#[tokio::test]
async fn some_bad_statuses_are_qualities_and_all_others_errors() {
    let (simulator, client) = served(numbered(1)).await;
    client.read("N0").await.unwrap();
    // Part 8, Table A.65.
    for name in [
        "Bad",
        "BadConfigurationError",
        "BadNotConnected",
        "BadNoCommunication",
        "BadOutOfService",
        "BadDeviceFailure",
        "BadSensorFailure",
        "BadWaitingForInitialData",
    ] {
        let bits = if name == "Bad" { Status::from_bits(0x8000_0000) } else { status(name) };
        // The limit bits say something about the value, not about the code.
        for bits in [bits, Status::from_bits(bits.bits() | 0x0000_0100)] {
            simulator.set_status("N0", bits).unwrap();
            let reading = within(client.read("N0")).await.unwrap();
            assert_eq!(
                (reading.status, reading.quality(), reading.value.is_null()),
                (bits, Quality::Bad, true)
            );
            match within(client.read_as::<i32>("N0")).await.unwrap_err() {
                Error::Quality { quality: Quality::Bad, status, .. } => assert_eq!(status, bits),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    for name in ["BadOutOfMemory", "BadUserAccessDenied", "BadNodeIdUnknown", "BadTypeMismatch", "BadTimeout"]
    {
        simulator.set_status("N0", status(name)).unwrap();
        assert_eq!(item_status(within(client.read("N0")).await), name);
    }
    for (name, quality) in
        [("UncertainLastUsableValue", Quality::Uncertain), ("GoodLocalOverride", Quality::Good)]
    {
        simulator.set_status("N0", status(name)).unwrap();
        let reading = within(client.read("N0")).await.unwrap();
        assert_eq!(
            (reading.status, reading.quality(), reading.value),
            (status(name), quality, Value::Int32(0))
        );
    }
    assert_eq!(within(client.read_as::<i32>("N0")).await.unwrap(), 0, "a local override is good");
}

#[tokio::test]
async fn a_typed_read_is_exact_or_an_error() {
    let (_simulator, client) = served([
        Item::new("Half", 1.5),
        Item::new("Big", 300),
        Item::new("Nan", f64::NAN),
        Item::new("Text", "12"),
        Item::new("Whole", 3.0),
    ])
    .await;
    assert_eq!(within(client.read_as::<u8>("Whole")).await.unwrap(), 3);
    assert!(within(client.read_as::<f64>("Nan")).await.unwrap().is_nan());
    for (result, reason) in [
        (within(client.read_as::<i32>("Half")).await, ConvertReason::Inexact),
        (within(client.read_as::<u8>("Big")).await.map(i32::from), ConvertReason::OutOfRange),
        (within(client.read_as::<i32>("Text")).await, ConvertReason::WrongType),
    ] {
        match result.unwrap_err() {
            Error::Convert { operation: Operation::Read, source, .. } => assert_eq!(source.reason(), reason),
            other => panic!("{other:?}"),
        }
    }
    let error = within(client.read_as::<i64>("Nan")).await.unwrap_err();
    assert!(matches!(error, Error::Convert { .. }), "{}", chain(&error));
}

/// One value of every built-in type.
fn of_every_type() -> Vec<(&'static str, Value)> {
    vec![
        ("Boolean", Value::Boolean(true)),
        ("SByte", Value::SByte(i8::MIN)),
        ("Byte", Value::Byte(u8::MAX)),
        ("Int16", Value::Int16(i16::MIN)),
        ("UInt16", Value::UInt16(u16::MAX)),
        ("Int32", Value::Int32(i32::MIN)),
        ("UInt32", Value::UInt32(u32::MAX)),
        ("Int64", Value::Int64(i64::MIN)),
        ("UInt64", Value::UInt64(u64::MAX)),
        ("Float", Value::Float(f32::MIN_POSITIVE)),
        ("Double", Value::Double(-0.1)),
        ("Infinity", Value::Double(f64::NEG_INFINITY)),
        ("String", "käse 🧀 \u{0}".into()),
        ("EmptyString", "".into()),
        ("DateTime", Value::DateTime("2024-02-29T23:59:59.1234567Z".parse().unwrap())),
        ("Guid", Value::Guid(*b"0123456789abcdef")),
        ("ByteString", Value::ByteString(vec![0, 255])),
        ("EmptyByteString", Value::ByteString(vec![])),
        ("XmlElement", Value::XmlElement("<a/>".into())),
        ("NodeId", Value::NodeId(NodeId::string(3, "x"))),
        ("StatusCode", Value::StatusCode(Status::from_bits(0x8034_0000))),
        ("QualifiedName", Value::QualifiedName(QualifiedName { namespace: 2, name: "q".into() })),
        ("LocalizedText", LocalizedText::with_locale("de", "Kessel").into()),
        ("Booleans", vec![true, false].into()),
        ("Strings", vec!["a".to_owned(), String::new()].into()),
        ("Bytes", vec![1u8, 2].into()),
        ("NoDoubles", Vec::<f64>::new().into()),
        ("Doubles", vec![1.0, f64::INFINITY].into()),
        ("Matrix", Array::matrix([2, 3], vec![1, 2, 3, 4, 5, 6]).unwrap().into()),
        ("Cube", Array::matrix([2, 1, 2], vec![1.0f32, 2.0, 3.0, 4.0]).unwrap().into()),
    ]
}

#[tokio::test]
async fn every_built_in_type_is_read_and_written_as_it_is() {
    let items = of_every_type().into_iter().map(|(name, value)| Item::new(name, value).writable());
    let (simulator, client) = served(items).await;
    let values = of_every_type();
    let read = within(client.read_many(values.iter().map(|(name, _)| *name))).await.unwrap();
    for ((name, value), reading) in values.iter().zip(read) {
        let reading = reading.unwrap();
        assert_eq!((&reading.value, reading.status), (value, Status::GOOD), "{name}");
        assert!(reading.source_time.is_some() && reading.server_time.is_some(), "{name}");
    }
    let written = within(client.write_many(values.clone())).await.unwrap();
    for ((name, value), result) in values.into_iter().zip(written) {
        result.unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
        assert_eq!(simulator.get(name).unwrap().value, value, "{name}");
        assert_eq!(simulator.write_count(name).unwrap(), 1);
    }
}

#[tokio::test]
async fn null_is_a_value_too() {
    let (simulator, client) = served([
        Item::new("Text", "x").writable(),
        Item::new("Unknown", Value::Null).data_type(DataType::Double).writable(),
    ])
    .await;
    let reading = within(client.read("Unknown")).await.unwrap();
    assert_eq!((reading.value.clone(), reading.quality()), (Value::Null, Quality::Good));
    assert_eq!(reading.get::<Option<f64>>().unwrap(), None);
    let error = within(client.read_as::<f64>("Unknown")).await.unwrap_err();
    assert!(matches!(&error, Error::Convert { source, .. } if source.reason() == ConvertReason::Null));
    within(client.write("Text", Value::Null)).await.unwrap();
    assert!(simulator.get("Text").unwrap().value.is_null());
    assert_eq!(within(client.read_as::<Option<String>>("Text")).await.unwrap(), None);
}

#[tokio::test]
async fn parts_of_arrays_are_read_as_asked() {
    let (_simulator, client) = served([
        Item::new("A", vec![10, 11, 12, 13]),
        Item::new("M", Array::matrix([2, 3], vec![0, 1, 2, 10, 11, 12]).unwrap()),
        Item::new("T", "abcdef"),
        Item::new("S", 1.0),
    ])
    .await;
    assert_eq!(within(client.read_as::<i32>("range=2;A")).await.unwrap(), 12);
    assert_eq!(within(client.read_as::<Vec<i32>>("range=1:2;A")).await.unwrap(), [11, 12]);
    assert_eq!(within(client.read_as::<Vec<i32>>("range=2:9;A")).await.unwrap(), [12, 13], "what there is");
    assert_eq!(within(client.read_as::<i32>("range=1,2;M")).await.unwrap(), 12);
    assert_eq!(within(client.read_as::<Vec<Vec<i32>>>("range=0:1,1:2;M")).await.unwrap(), [[1, 2], [11, 12]]);
    assert_eq!(within(client.read_as::<String>("range=1:3;T")).await.unwrap(), "bcd");
    assert_eq!(item_status(within(client.read("range=4;A")).await), "BadIndexRangeNoData");
    assert_eq!(item_status(within(client.read("range=0:1,0:1;A")).await), "BadIndexRangeInvalid");
    assert_eq!(item_status(within(client.read("range=0;S")).await), "BadIndexRangeInvalid");
    assert!(matches!(within(client.read("range=2:1;A")).await, Err(Error::InvalidTag { .. })));
}

#[tokio::test]
async fn twenty_thousand_tags_in_one_call() {
    let (simulator, client) = served(numbered(20_000)).await;
    let tags: Vec<String> = (0..20_000).map(|n| format!("N{n}")).collect();
    for _ in 0..2 {
        let results = within(client.read_many(&tags)).await.unwrap();
        assert_eq!(results.len(), 20_000);
        for (n, result) in results.into_iter().enumerate() {
            assert_eq!(usize::try_from(result.unwrap().get::<i32>().unwrap()).unwrap(), n);
        }
    }
    assert_eq!(simulator.read_count("N7").unwrap(), 2);
    let sent = requests(&simulator, Service::Read).len();
    assert!(sent <= 10, "{sent} requests: two for the values of each call, and some to find the nodes once");
}

#[tokio::test]
async fn chunks_are_as_small_as_asked() {
    let (simulator, client) = served(numbered(25)).await;
    let tags: Vec<String> = (0..25).map(|n| format!("N{n}")).collect();
    within(client.read_many(&tags)).await.unwrap();
    simulator.clear_requests();
    let options = ReadOptions::new().chunk(10).source(Source::Device);
    let results = within(client.read_with(&tags, &options)).await.unwrap();
    assert_eq!(results.last().unwrap().as_ref().unwrap().value, Value::Int32(24));
    let sizes: Vec<usize> =
        requests(&simulator, Service::Read).iter().map(|request| request.items.len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
}

#[tokio::test]
async fn the_cache_is_a_subscription_or_the_server() {
    let wave = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: Duration::from_millis(10) };
    let (simulator, client) = served(numbered(2).chain([Item::new("Wave", 0.0).signal(wave)])).await;
    let cache = ReadOptions::new().source(Source::Cache);
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["N0"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(0));
    simulator.set("N0", 5).unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(5));
    simulator.clear_requests();
    let results = within(client.read_with(["N0"], &cache)).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().value, Value::Int32(5));
    assert_eq!(requests(&simulator, Service::Read), [], "the subscription holds it");

    let results = within(client.read_with(["N1", "N0"], &cache)).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().value, Value::Int32(1));
    assert_eq!((simulator.read_count("N1").unwrap(), simulator.read_count("N0").unwrap()), (1, 0));

    within(client.read_many(["N0"])).await.unwrap();
    assert_eq!(simulator.read_count("N0").unwrap(), 1, "by default it is the device");
    within(subscription.unsubscribe()).await.unwrap();
    within(client.read_with(["N0"], &cache)).await.unwrap();
    assert_eq!(simulator.read_count("N0").unwrap(), 2, "nobody holds it any more");
}

#[tokio::test]
async fn errors_name_their_verb_and_tag_and_no_cause_twice() {
    let (_simulator, client) = served(numbered(1)).await;
    let error = within(client.read_as::<String>("N0")).await.unwrap_err();
    assert_eq!(chain(&error), "read `N0`: the value does not fit: Int32 is not String");
    let error = within(client.read("ns=2;s=x")).await.unwrap_err();
    assert_eq!(chain(&error), "read `ns=2;s=x`: BadNodeIdUnknown");
    let error = within(client.read("x")).await.unwrap_err();
    assert_eq!(chain(&error), "read `x`: no such node on this server");
    let _: &Client = &client;
}
