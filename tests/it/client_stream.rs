//! Streaming verbs: results one by one, a chunk at a time, and reads and writes that chain.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openopc::sim::{Item, Service, Simulator};
use openopc::{Error, ReadOptions, Tag, Value, WriteOptions};

use crate::support::{numbered, requests, served, until, within};

#[tokio::test]
async fn readings_come_one_by_one_in_order() {
    let (simulator, opc) = served(numbered(2500)).await;
    let mut results = opc.read_stream((0..2500).map(|n| format!("N{n}")), &ReadOptions::new());
    assert_eq!((results.done(), results.total()), (0, Some(2500)));
    assert!(requests(&simulator, Service::Read).is_empty(), "nothing is sent before anybody asks");
    let mut next = 0;
    while let Some(reading) = within(results.next()).await {
        assert_eq!(reading.unwrap().value, Value::Int32(next));
        next += 1;
        assert_eq!(results.done(), usize::try_from(next).unwrap());
    }
    assert_eq!(next, 2500);
    assert!(within(results.next()).await.is_none(), "the end stays the end");
}

#[tokio::test]
async fn tags_are_taken_no_further_than_one_chunk_ahead() {
    let (_simulator, opc) = served(numbered(10)).await;
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    // More tags than fit any memory.
    let tags = (0usize..).map(move |n| {
        count.store(n + 1, Ordering::SeqCst);
        format!("N{}", n % 10)
    });
    let mut results = opc.read_stream(tags, &ReadOptions::new().chunk(10));
    assert_eq!(results.total(), None);
    for _ in 0..25 {
        within(results.next()).await.unwrap().unwrap();
    }
    // Three chunks given out in part, one ready, one taken.
    assert!(taken.load(Ordering::SeqCst) <= 50, "{taken:?}");
    drop(results);
    opc.close().await.unwrap();
}

#[tokio::test]
async fn an_item_has_its_error_and_a_lost_call_ends_the_stream() {
    let (simulator, opc) = served(numbered(4)).await;
    let tags = ["N0", "nowhere", "N1", "N2", "N3"];
    let mut results = opc.read_stream(tags, &ReadOptions::new().chunk(3));
    assert_eq!(within(results.next()).await.unwrap().unwrap().value, Value::Int32(0));
    let error = within(results.next()).await.unwrap().unwrap_err();
    assert_eq!(error.tag(), Some(&Tag::item("nowhere")));
    assert_eq!(within(results.next()).await.unwrap().unwrap().value, Value::Int32(1));

    let mut results = opc.read_stream(vec!["N0"; 100], &ReadOptions::new().chunk(1));
    within(results.next()).await.unwrap().unwrap();
    simulator.stop().await.unwrap();
    let mut last = None;
    while let Some(result) = within(results.next()).await {
        last = Some(result);
    }
    assert!(matches!(
        last,
        Some(Err(Error::Disconnected { .. } | Error::Timeout { .. } | Error::Service { .. }))
    ));
    assert!(results.done() < 100);
}

#[tokio::test]
async fn a_stream_keeps_its_session_and_a_closed_client_ends_it() {
    let (_simulator, opc) = served(numbered(1)).await;
    let mut results = opc.read_stream(vec!["N0"; 3], &ReadOptions::new().chunk(1));
    within(results.next()).await.unwrap().unwrap();
    opc.close().await.unwrap();
    let mut ends = vec![];
    while let Some(result) = within(results.next()).await {
        ends.push(result.map(|reading| reading.value));
    }
    assert!(matches!(ends.last(), Some(Err(Error::Closed { .. }))), "{ends:?}");
}

#[tokio::test]
async fn a_read_has_the_time_it_was_given() {
    let slow = Item::new("Slow", 0).read_with(|| {
        std::thread::sleep(Duration::from_millis(300));
        Ok(1)
    });
    let (_simulator, opc) = served([slow]).await;
    let options = ReadOptions::new().timeout(Duration::from_millis(20));
    let error = opc.read_with(["Slow"], &options).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn values_are_written_as_their_results_are_asked_for() {
    let (simulator, opc) = served(numbered(100)).await;
    let values = (0..100).map(|n| (format!("N{n}"), n + 1000));
    let mut results = opc.write_stream(values, &WriteOptions::new().chunk(10));
    for n in 0..15 {
        assert_eq!(within(results.next()).await.unwrap().unwrap(), Tag::item(format!("N{n}")));
    }
    drop(results);
    let written = || (0..100).filter(|n| simulator.write_count(&format!("N{n}")).unwrap() > 0).count();
    // Whoever stops leaves the rest unwritten, but for what was already on its way.
    within(until(|| written() % 10 == 0)).await;
    assert!((20..=40).contains(&written()), "{}", written());
    opc.close().await.unwrap();
    assert!(written() <= 40);
}

#[tokio::test]
async fn what_a_read_gave_is_written_back() {
    let items = [
        Item::new("A", 1).writable(),
        Item::new("B", "b").writable(),
        Item::new("Bad", 1).writable(),
        Item::new("C", vec![1.0, 2.0]).writable(),
    ];
    let (simulator, opc) = served(items).await;
    simulator.set_status("Bad", openopc::Status::named("BadSensorFailure").unwrap()).unwrap();
    let readings = opc.read_many(["A", "nowhere", "B", "Bad", "C"]).await.unwrap();
    let results = opc.write_many(readings).await.unwrap();
    assert!(results[0].is_ok() && results[2].is_ok() && results[4].is_ok(), "{results:?}");
    // The error of a read is the error of its write, and a bad value is none.
    assert!(matches!(&results[1], Err(Error::Resolve { .. })), "{results:?}");
    assert!(matches!(&results[3], Err(Error::Quality { tag, .. }) if tag.as_str() == "Bad"), "{results:?}");
    assert_eq!(simulator.write_count("A").unwrap(), 1);
    assert_eq!(simulator.write_count("Bad").unwrap(), 0);

    let reading = opc.read("A").await.unwrap();
    opc.write_many([&reading]).await.unwrap().remove(0).unwrap();
    // A map, as in the article.
    let values = std::collections::BTreeMap::from([("A", 7)]);
    opc.write_many(values).await.unwrap().remove(0).unwrap();
    assert_eq!(opc.read_as::<i32>("A").await.unwrap(), 7);
}

#[tokio::test]
async fn writes_are_cut_and_paused() {
    let (simulator, opc) = served(numbered(5)).await;
    let options = WriteOptions::new().chunk(2).pause(Duration::from_millis(1));
    let results = opc.write_with((0..5).map(|n| (format!("N{n}"), n)), &options).await.unwrap();
    assert!(results.iter().all(Result::is_ok));
    let sizes: Vec<usize> = requests(&simulator, Service::Write).iter().map(|r| r.items.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn streams_are_iterators_without_async() {
    let simulator = Simulator::builder().items(numbered(25)).start_blocking().unwrap();
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    let tags: Vec<String> = (0..25).map(|n| format!("N{n}")).collect();
    let mut results = opc.read_stream(tags.clone(), &ReadOptions::new().chunk(10));
    let readings: Vec<_> = results.by_ref().map(Result::unwrap).collect();
    assert_eq!((readings.len(), results.done()), (25, 25));
    let written: Vec<Tag> =
        opc.write_stream(readings, &WriteOptions::new().chunk(10)).map(Result::unwrap).collect();
    assert_eq!(written.len(), 25);
    assert!((0..25).all(|n| simulator.write_count(&format!("N{n}")).unwrap() == 1));
    let rest = opc.read_stream(tags, &ReadOptions::new());
    opc.close().unwrap();
    assert!(matches!(rest.last(), Some(Err(Error::Closed { .. }))));
}

/// A server that takes messages of this size.
async fn narrow(bytes: u32, items: impl IntoIterator<Item = Item>) -> (Simulator, openopc::Client) {
    let mut limits = openopc::sim::Limits::default();
    limits.message_size = bytes;
    let simulator = Simulator::builder().limits(limits).items(items).start().await.unwrap();
    let opc = openopc::open(simulator.url()).await.unwrap();
    (simulator, opc)
}

#[tokio::test]
async fn a_value_that_is_too_large_is_its_own_trouble() {
    let items = numbered(4).chain([Item::new("S", "").writable()]);
    let (_simulator, opc) = narrow(200_000, items).await;
    let large = Value::from("x".repeat(1_000_000));
    let values =
        [("N0", Value::from(10)), ("S", large.clone()), ("N1", Value::from(11)), ("N2", Value::from(12))];
    let results = opc.write_many(values.clone()).await.unwrap();
    assert!(results[0].is_ok() && results[2].is_ok() && results[3].is_ok(), "{results:?}");
    assert!(matches!(&results[1], Err(Error::Item { tag, .. }) if tag.as_str() == "S"), "{results:?}");
    assert_eq!(opc.read_as::<i32>("N2").await.unwrap(), 12);
    // First in line as well.
    let results = opc.write_many([("S", large), ("N3", Value::from(13))]).await.unwrap();
    assert!(results[0].is_err() && results[1].is_ok(), "{results:?}");
}

#[tokio::test]
async fn a_write_stream_ends_with_the_call_that_failed() {
    let (simulator, opc) = served(numbered(9)).await;
    // The third chunk is there once the server is not.
    let (gone, wait) = std::sync::mpsc::channel::<()>();
    let values = (0..9).map(move |n| {
        if n == 6 {
            wait.recv().unwrap();
        }
        (format!("N{n}"), 100 + n)
    });
    let mut results = opc.write_stream(values, &WriteOptions::new().chunk(3));
    for n in 0..6 {
        assert_eq!(within(results.next()).await.unwrap().unwrap(), Tag::item(format!("N{n}")));
    }
    simulator.stop().await.unwrap();
    within(until(|| opc.state() != openopc::State::Connected)).await;
    gone.send(()).unwrap();
    assert!(matches!(within(results.next()).await, Some(Err(Error::Disconnected { .. }))));
    assert!(within(results.next()).await.is_none(), "the error of a call is the last result");
}

#[test]
fn a_stream_can_be_fed_by_a_stream_of_the_same_client() {
    let simulator = Simulator::builder().preset().start_blocking().unwrap();
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    let entries = opc.list_stream("Sim*.R*om.Real*", &openopc::ListOptions::new()).map(Result::unwrap);
    let readings: Vec<_> = opc.read_stream(entries, &ReadOptions::new()).map(Result::unwrap).collect();
    assert_eq!(readings.len(), 2);
}
