//! Writing: exactly, in order, or not at all.

use std::sync::{Arc, Mutex};

use openopc::sim::{Item, Service, Simulator};
use openopc::{ConvertReason, Error, Operation, Status, Value};

use crate::support::{chain, numbered, requests, sent, served, until, within};

#[tokio::test]
async fn what_does_not_fit_is_never_sent() {
    let (simulator, client) = served([
        Item::new("Int16", 0i16).writable(),
        Item::new("Byte", 0u8).writable(),
        Item::new("Double", 0.0).writable(),
        Item::new("Float", 0f32).writable(),
        Item::new("String", "").writable(),
        Item::new("Boolean", false).writable(),
        Item::new("Array", vec![1, 2]).writable(),
    ])
    .await;
    let nothing = ConvertReason::WrongType;
    for (tag, value, reason) in [
        ("Int16", Value::from(1.5), ConvertReason::Inexact),
        ("Int16", Value::from(40_000), ConvertReason::OutOfRange),
        ("Int16", Value::from("12"), nothing),
        ("Int16", Value::from(true), nothing),
        ("Byte", Value::from(-1), ConvertReason::OutOfRange),
        ("Byte", Value::from(256), ConvertReason::OutOfRange),
        ("Double", Value::from("1.5"), nothing),
        ("Double", Value::from(i64::MAX), ConvertReason::Inexact),
        ("Float", Value::from(0.1), ConvertReason::Inexact),
        ("String", Value::from(1), nothing),
        ("Boolean", Value::from(1), nothing),
        ("Boolean", Value::from("true"), nothing),
        ("Array", Value::from(1), nothing),
        ("Int16", Value::from(vec![1i16]), nothing),
        ("Array", Value::from(vec![1.5]), ConvertReason::Inexact),
    ] {
        match within(client.write(tag, value.clone())).await.unwrap_err() {
            Error::Convert { operation: Operation::Write, tag: told, source } => {
                assert_eq!((told.as_str(), source.reason()), (tag, reason), "{value:?}: {source}");
            }
            other => panic!("{tag} {value:?}: {other:?}"),
        }
    }
    for value in [f64::NAN, f64::INFINITY] {
        let error = within(client.write("Int16", value)).await.unwrap_err();
        assert!(matches!(error, Error::Convert { .. }), "{}", chain(&error));
    }
    assert_eq!(simulator.request_count(Service::Write), 0);

    within(client.write("Int16", 12.0)).await.unwrap();
    within(client.write("Double", f64::NAN)).await.unwrap();
    assert_eq!(simulator.get("Int16").unwrap().value, Value::Int16(12));
    assert_eq!(simulator.request_count(Service::Write), 2);
}

#[tokio::test]
async fn a_null_number_is_refused_by_somebody() {
    let (simulator, client) = served(numbered(1)).await;
    let error = within(client.write("N0", Value::Null)).await.unwrap_err();
    assert!(matches!(error, Error::Convert { .. } | Error::Item { .. }), "{error:?}");
    assert_eq!(simulator.get("N0").unwrap().value, Value::Int32(0));
}

#[tokio::test]
async fn what_the_server_refuses_is_this_tags_error() {
    let simulator = Simulator::builder()
        .preset()
        .item(Item::new("ReadOnly", 1))
        .item(Item::new("Fussy", 1).write_with(|value| match value {
            Value::Int32(n) if n > 10 => Err(Status::named("BadOutOfRange").unwrap()),
            Value::Int32(n) if n < 0 => Err(Status::named("GoodClamped").unwrap()),
            _ => Ok(()),
        }))
        .start()
        .await
        .unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    for (tag, value, expected) in [
        ("ReadOnly", 2, "BadNotWritable"),
        ("Random.Int4", 2, "BadNotWritable"),
        ("Write Error.Int4", 2, "BadNotWritable"),
        ("ns=2;s=Nothing", 2, "BadNodeIdUnknown"),
        ("Fussy", 11, "BadOutOfRange"),
    ] {
        match within(client.write(tag, value)).await.unwrap_err() {
            Error::Item { operation: Operation::Write, tag: told, status } => {
                assert_eq!((told.as_str(), &*status.name()), (tag, expected));
            }
            other => panic!("{tag}: {other:?}"),
        }
    }
    assert!(matches!(within(client.write("Nothing", 1)).await, Err(Error::Resolve { .. })));
    within(client.write("Fussy", -1)).await.expect("a good code is done");
    within(client.write("Write Only.Int4", 7)).await.unwrap();
}

#[tokio::test]
async fn many_writes_have_one_result_each_and_the_good_ones_are_sent() {
    let (simulator, client) = served(numbered(3).chain([Item::new("ReadOnly", 1)])).await;
    let results = within(client.write_many([
        ("N0", Value::from(10)),
        ("ns=x;s=N0", Value::from(1)),
        ("Nothing", Value::from(1)),
        ("N1", Value::from("text")),
        ("ReadOnly", Value::from(1)),
        ("N2", Value::from(12)),
        ("N0", Value::from(20)),
    ]))
    .await
    .unwrap();
    assert!(results[0].is_ok() && results[5].is_ok() && results[6].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(Error::InvalidTag { operation: Operation::Write, .. })));
    assert!(matches!(results[2], Err(Error::Resolve { .. })));
    assert!(matches!(results[3], Err(Error::Convert { .. })));
    assert!(matches!(results[4], Err(Error::Item { .. })));
    let writes = requests(&simulator, Service::Write);
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].items, ["N0", "ReadOnly", "N2", "N0"]);
    assert_eq!(simulator.get("N0").unwrap().value, Value::Int32(20), "the last one wins");

    simulator.clear_requests();
    let none: [(&str, i32); 0] = [];
    assert!(within(client.write_many(none)).await.unwrap().is_empty());
    assert!(within(client.write_many([("", 1)])).await.unwrap()[0].is_err());
    assert_eq!(sent(&simulator), []);
}

#[tokio::test]
async fn parts_of_arrays_are_written_as_asked() {
    let (simulator, client) = served([
        Item::new("A", vec![10, 11, 12, 13]).writable(),
        Item::new("M", openopc::Array::matrix([2, 2], vec![0, 1, 10, 11]).unwrap()).writable(),
        Item::new("T", "abcdef").writable(),
    ])
    .await;
    within(client.write("range=1;A", 21)).await.unwrap();
    within(client.write("range=2:3;A", vec![22, 23])).await.unwrap();
    within(client.write("range=1,0;M", 20)).await.unwrap();
    within(client.write("range=1:2;T", "BC")).await.unwrap();
    assert_eq!(simulator.get("A").unwrap().get::<Vec<i32>>().unwrap(), [10, 21, 22, 23]);
    assert_eq!(simulator.get("M").unwrap().get::<Vec<Vec<i32>>>().unwrap(), [[0, 1], [20, 11]]);
    assert_eq!(simulator.get("T").unwrap().get::<String>().unwrap(), "aBCdef");
    for (tag, value, expected) in [
        ("range=4;A", Value::from(1), "BadIndexRangeNoData"),
        ("range=3:4;A", Value::from(vec![1, 2]), "BadIndexRangeNoData"),
        ("range=0:1,0:1;A", Value::from(vec![1, 2]), "BadIndexRangeInvalid"),
    ] {
        match within(client.write(tag, value)).await.unwrap_err() {
            Error::Item { status, .. } => assert_eq!(status.name(), expected, "{tag}"),
            other => panic!("{tag}: {other:?}"),
        }
    }
    let before = simulator.request_count(Service::Write);
    assert!(matches!(within(client.write("range=1;A", "x")).await, Err(Error::Convert { .. })));
    assert_eq!(simulator.request_count(Service::Write), before);
}

#[tokio::test]
async fn twenty_thousand_writes_in_one_call() {
    let (simulator, client) = served(numbered(20_000)).await;
    let values = (0..20_000).map(|n| (format!("N{n}"), -n));
    let results = within(client.write_many(values)).await.unwrap();
    assert!(results.iter().all(Result::is_ok) && results.len() == 20_000);
    assert_eq!(simulator.get("N19999").unwrap().value, Value::Int32(-19_999));
    assert_eq!(requests(&simulator, Service::Write).len(), 2);
}

#[tokio::test]
async fn the_type_of_a_node_is_asked_once() {
    let (simulator, client) = served(numbered(1)).await;
    within(client.write("N0", 1)).await.unwrap();
    simulator.clear_requests();
    within(client.write("N0", 2)).await.unwrap();
    let services: Vec<Service> = sent(&simulator).iter().map(|request| request.service).collect();
    assert_eq!(services, [Service::Write]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_to_one_tag_arrive_in_the_order_they_were_called() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let log = written.clone();
    let slow = Item::new("Log", 0).write_with(move |value| {
        log.lock().unwrap().push(value.get::<i32>().unwrap());
        Ok(())
    });
    let (_simulator, client) = served(numbered(3).chain([slow])).await;
    let mut tasks = vec![];
    for n in 0..200 {
        let mut write = Box::pin({
            let client = client.clone();
            async move {
                // Every third one comes with other tags and their types still to be learnt.
                let others = (n % 3 == 0).then_some((format!("N{}", n % 2), n));
                let values = [("Log".to_owned(), n)].into_iter().chain(others);
                client.write_many(values).await.unwrap().into_iter().collect::<Result<Vec<()>, _>>().unwrap();
            }
        });
        // Called here, one after the other; carried out wherever they like.
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(write.as_mut().poll(cx))).await;
        if polled.is_pending() {
            tasks.push(tokio::spawn(write));
        }
    }
    for task in tasks {
        within(task).await.unwrap();
    }
    assert_eq!(*written.lock().unwrap(), (0..200).collect::<Vec<i32>>());
}

#[tokio::test]
async fn a_cancelled_write_holds_up_nobody() {
    let (simulator, client) = served(numbered(2)).await;
    within(client.write("N0", 0)).await.unwrap();
    for n in 1..=50 {
        let (one, two) = (client.write("N0", n), client.write("N0", -n));
        let mut one = Box::pin(one);
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(one.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        drop(one);
        within(two).await.unwrap();
    }
    until(|| simulator.get("N0").unwrap().value == Value::Int32(-50)).await;
}
