//! Changing the past with the client: a status for each value, and what becomes of it.

use std::time::Duration;

use openopc::history::{Annotation, Change, Sample};
use openopc::sim::{History, Item, Limits};
use openopc::{Error, Operation, Result, Status, TimeRange, Value};

use crate::sim_history::{at, double, samples, served};
use crate::support::within;

fn status(name: &str) -> Status {
    Status::named(name).unwrap()
}

/// What the server says of each, good or bad.
fn statuses(results: &[Result<Status>]) -> Vec<Status> {
    results
        .iter()
        .map(|result| result.as_ref().map_or_else(|error| error.status().unwrap(), |good| *good))
        .collect()
}

fn tens(item: &str) -> Item {
    double(item).history(History::recorded().samples(samples((0..4).map(|n| at(n * 10)))))
}

#[tokio::test]
async fn each_value_has_its_own_status() {
    let (simulator, opc) = served([tens("A"), Item::new("Plain", 1)], Limits::default()).await;
    let value = |second: i64| Sample::new(at(second), 9.0);
    let results = within(opc.history_insert("A", [value(0), value(5)])).await.unwrap();
    assert_eq!(statuses(&results), [status("BadEntryExists"), status("Good")]);
    let error = results[0].as_ref().unwrap_err();
    assert!(
        matches!(error, Error::Item { operation: Operation::HistoryUpdate, tag, .. } if tag.as_str() == "A")
    );
    let results = within(opc.history_replace("A", [value(1), value(10)])).await.unwrap();
    assert_eq!(statuses(&results), [status("BadNoEntryExists"), status("Good")]);
    let results = within(opc.history_update("A", [value(15), value(20)])).await.unwrap();
    assert_eq!(statuses(&results), [status("GoodEntryInserted"), status("GoodEntryReplaced")]);
    // What cannot be the tag's type is not sent; what can is converted.
    let mixed = [Sample::new(at(6), "no number"), Sample::new(at(7), 9)];
    let results = within(opc.history_insert("A", mixed)).await.unwrap();
    assert!(matches!(&results[0], Err(Error::Convert { tag, .. }) if tag.as_str() == "A"), "{results:?}");
    assert_eq!(*results[1].as_ref().unwrap(), Status::GOOD);
    let past = simulator.history("A", TimeRange { start: at(0), end: at(100) }).unwrap();
    let expected = [(0, 0.0), (5, 9.0), (7, 9.0), (10, 9.0), (15, 9.0), (20, 9.0), (30, 3.0)];
    assert_eq!(past, expected.map(|(second, number)| Sample::new(at(second), number)));
    // None at all is nothing to do.
    assert!(within(opc.history_insert("A", [])).await.unwrap().is_empty());
    let error = within(opc.history_insert("Plain", [value(0)])).await;
    let error = error.and_then(|mut results| results.remove(0)).unwrap_err();
    assert_eq!(error.tag().unwrap().as_str(), "Plain");
    assert!(matches!(opc.history_insert("Nothing", [value(0)]).await, Err(Error::Resolve { .. })));
}

#[tokio::test]
async fn many_values_go_in_as_many_requests_as_it_takes() {
    let (simulator, opc) = served([tens("A")], Limits::default()).await;
    let many: Vec<Sample> = (0..2500).map(|n| Sample::new(at(100 + n), n as f64)).collect();
    let results = within(opc.history_insert("A", many.clone())).await.unwrap();
    assert_eq!(results.len(), 2500);
    assert!(results.iter().all(Result::is_ok));
    let past = simulator.history("A", TimeRange { start: at(100), end: at(10_000) }).unwrap();
    assert_eq!(past, many);
    let back = within(opc.history("A", at(100)..at(10_000))).await.unwrap();
    assert_eq!(back.len(), 2500);
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_known_as_modified() {
    let (simulator, opc) = served([tens("A")], Limits::default()).await;
    simulator.advance(Duration::from_secs(50)).unwrap();
    let seconds = || -> Vec<i64> {
        let past = simulator.history("A", TimeRange { start: at(0), end: at(49) }).unwrap();
        past.iter().map(|sample| (sample.time - at(0)).num_seconds()).collect()
    };
    within(opc.history_delete("A", at(10)..at(20))).await.unwrap();
    assert_eq!(seconds(), [0, 20, 30]);
    let results = within(opc.history_delete_at("A", [at(20), at(21)])).await.unwrap();
    assert_eq!(statuses(&results), [status("Good"), status("BadNoEntryExists")]);
    assert_eq!(seconds(), [0, 30]);
    within(opc.history_replace("A", [Sample::new(at(30), 7.0)])).await.unwrap().remove(0).unwrap();
    let modified = within(opc.history_modified("A", at(0)..at(49))).await.unwrap();
    let told: Vec<_> = modified
        .iter()
        .map(|m| (m.reading.source_time.unwrap(), m.reading.value.clone(), m.change))
        .collect();
    assert_eq!(
        told,
        [
            (at(10), Value::Double(1.0), Change::Delete),
            (at(20), Value::Double(2.0), Change::Delete),
            (at(30), Value::Double(3.0), Change::Replace),
        ]
    );
    assert!(
        modified.iter().all(|m| m.time == Some(at(50)) && m.user.as_deref() == Some("anonymous")),
        "{modified:?}"
    );
    within(opc.history_delete_modified("A", at(0)..at(25))).await.unwrap();
    let left = within(opc.history_modified("A", at(0)..at(49))).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].reading.source_time, Some(at(30)));
    for range in ["soon..NOW", "NOW.."] {
        let error = within(opc.history_delete("A", range)).await.unwrap_err();
        assert!(matches!(error, Error::Query { operation: Operation::HistoryUpdate, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn annotations_go_both_ways() {
    let history = History::recorded().samples(samples((0..4).map(at))).annotation(at(1), "Ada", "calibrated");
    let (_simulator, opc) =
        served([double("A").history(history), Item::new("Plain", 1)], Limits::default()).await;
    let found = within(opc.annotations("A", at(0)..at(10))).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].time, found[0].message.as_str(), found[0].user.as_deref()),
        (at(1), "calibrated", Some("Ada"))
    );
    let notes = [
        Annotation { user: Some("Bob".into()), written: Some(at(9)), ..Annotation::new(at(2), "odd") },
        Annotation::new(at(3), "even"),
    ];
    let results = within(opc.annotate("A", notes.clone())).await.unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let found = within(opc.annotations("A", at(0)..at(10))).await.unwrap();
    let told: Vec<_> = found.iter().map(|note| (note.time, note.message.as_str())).collect();
    assert_eq!(told, [(at(1), "calibrated"), (at(2), "odd"), (at(3), "even")]);
    assert_eq!(found[1], notes[0]);
    let unsupported = Some(status("BadNotSupported"));
    let error = within(opc.annotations("Plain", at(0)..at(10))).await.unwrap_err();
    assert_eq!((error.status(), error.operation()), (unsupported, Some(Operation::History)));
    let error = within(opc.annotate("Plain", notes)).await.unwrap_err();
    assert_eq!((error.status(), error.operation()), (unsupported, Some(Operation::HistoryUpdate)));
}

#[tokio::test]
async fn a_past_that_is_only_read_is_not_changed() {
    let history = History::recorded().samples(samples((0..4).map(at))).read_only();
    let (simulator, opc) = served([double("A").history(history)], Limits::default()).await;
    let error = within(opc.history_insert("A", [Sample::new(at(9), 1.0)])).await;
    let error = error.and_then(|mut results| results.remove(0)).unwrap_err();
    assert!(error.status().unwrap().is_bad() && error.tag().unwrap().as_str() == "A", "{error:?}");
    assert!(within(opc.history_delete("A", at(0)..at(9))).await.is_err());
    assert_eq!(simulator.history("A", TimeRange { start: at(0), end: at(10) }).unwrap().len(), 4);
}

#[test]
fn it_blocks_too() {
    let simulator =
        openopc::sim::Simulator::builder().item(tens("A")).manual_clock().start_blocking().unwrap();
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    assert!(opc.history_insert("A", [Sample::new(at(5), 1.0)]).unwrap()[0].is_ok());
    assert!(opc.history_replace("A", [Sample::new(at(5), 2.0)]).unwrap()[0].is_ok());
    assert!(opc.history_update("A", [Sample::new(at(5), 3.0)]).unwrap()[0].is_ok());
    assert_eq!(opc.history("A", at(5)..at(6)).unwrap()[0].value, Value::Double(3.0));
    assert!(opc.annotate("A", [Annotation::new(at(5), "odd")]).unwrap()[0].is_ok());
    assert_eq!(opc.annotations("A", at(0)..at(9)).unwrap().len(), 1);
    assert!(opc.history_delete_at("A", [at(5)]).unwrap()[0].is_ok());
    opc.history_delete("A", at(0)..at(100)).unwrap();
    assert_eq!(opc.history("A", at(0)..at(100)).unwrap(), []);
}
