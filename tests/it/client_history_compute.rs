//! Aggregates that are calculated on the client's side, against those of the simulator.

use std::time::Duration;

use openopc::history::{Aggregate, AggregateConfiguration, Compute, Sample};
use openopc::sim::{Direction, Fault, History, Item, Limits, Service, Simulator, When};
use openopc::{Client, Error, HistoryQuery, NodeId, Reading, Status};
use serde_json::Value as Json;

use crate::history_aggregates::{EXPECTED, noon, samples, spec};
use crate::sim_history::{double, served};
use crate::support::within;

/// Pages that are smaller than any table.
const PAGE: usize = 3;

fn tag(item: &str) -> NodeId {
    NodeId::string(2, item)
}

/// The historians of the standard's examples, each with its own configuration, and their names.
async fn historians() -> (Simulator, Client, Vec<String>) {
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let raw = expected["raw"].as_object().unwrap();
    let items: Vec<Item> = raw
        .iter()
        .map(|(name, historian)| {
            let spec = spec(historian, Aggregate::Average, 1_000);
            let mut history = History::recorded()
                .samples(samples(historian))
                .stepped(spec.stepped)
                .configuration(spec.configuration);
            for annotation in historian["annotations"].as_array().into_iter().flatten() {
                for number in 0..annotation[1].as_u64().unwrap() {
                    let time = noon(annotation[0].as_i64().unwrap());
                    history = history.annotation(time, "somebody", format!("note {number}"));
                }
            }
            double(name).history(history)
        })
        .collect();
    let names = raw.keys().cloned().collect();
    let mut limits = Limits::default();
    limits.history_values = 4;
    let (simulator, client) = served(items, limits).await;
    (simulator, client, names)
}

/// What must be the same on both sides.
fn told(readings: &[Reading]) -> Vec<String> {
    let one = |reading: &Reading| format!("{:?} {} {:?}", reading.source_time, reading.value, reading.status);
    readings.iter().map(one).collect()
}

async fn read(client: &Client, item: &str, query: &HistoryQuery) -> Vec<Reading> {
    within(client.history_with(tag(item), query)).await.unwrap_or_else(|error| panic!("{item}: {error}"))
}

#[tokio::test]
async fn all_aggregates_are_those_of_the_server() {
    let (_simulator, client, names) = historians().await;
    let other = AggregateConfiguration {
        treat_uncertain_as_bad: false,
        percent_data_bad: 60,
        percent_data_good: 40,
        use_sloped_extrapolation: true,
    };
    let mut wrong = Vec::new();
    let mut compared = 0;
    for aggregate in Aggregate::ALL {
        for name in &names {
            // The whole, and a part of it that has data before and after; both ways.
            for (from, to) in [(0, 100_000), (100_000, 0), (17_000, 58_000), (58_000, 17_000)] {
                for configuration in [None, Some(other)] {
                    let range = openopc::HistoryRange::new(noon(from), noon(to));
                    let query =
                        HistoryQuery::aggregate(range, *aggregate, Duration::from_secs(16)).page(PAGE);
                    let query = match configuration {
                        Some(configuration) => query.configuration(configuration),
                        None => query,
                    };
                    let server = told(&read(&client, name, &query).await);
                    let here = told(&read(&client, name, &query.compute(Compute::Always)).await);
                    compared += server.len();
                    if here != server {
                        wrong.push(format!(
                            "{aggregate} of {name}, {from} to {to}, {configuration:?}: {here:#?}, not {server:#?}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ, such as {}", wrong.len(), wrong[0]);
    // Intervals of 16 s: seven in the whole, three in the part.
    assert_eq!(compared, Aggregate::ALL.len() * names.len() * 2 * 2 * (7 + 3));
}

#[tokio::test]
async fn pages_are_small_and_the_server_is_asked_for_raw_values_alone() {
    let samples = (0..1_000).map(|n| Sample::new(noon(n * 1_000), f64::from(n as i32)));
    let items = ["A", "B"].map(|id| double(id).history(History::recorded().samples(samples.clone())));
    let (_simulator, client) = served(items, Limits::default()).await;
    let range = openopc::HistoryRange::new(noon(0), noon(1_000_000));
    let query = HistoryQuery::aggregate(range, Aggregate::Average, Duration::from_secs(2)).page(10);
    let server = within(client.history_many([tag("A"), tag("B")], &query)).await.unwrap();
    let query = query.compute(Compute::Always);
    let mut pages = client.history_pages([tag("A"), tag("B")], &query);
    let mut found: Vec<Reading> = Vec::new();
    while let Some(page) = within(pages.next()).await {
        let page = page.unwrap();
        assert!(page.len() <= 10, "{}", page.len());
        assert!(page.iter().all(|reading| reading.tag == page[0].tag));
        found.extend(page);
    }
    let server: Vec<Reading> = server.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(found.len(), 2 * 500);
    assert_eq!(told(&found), told(&server));
    let tags = |readings: &[Reading]| readings.iter().map(|reading| reading.tag.clone()).collect::<Vec<_>>();
    assert_eq!(tags(&found), tags(&server));
}

#[tokio::test]
async fn whoever_stops_early_has_not_read_everything() {
    let samples = (0..10_000).map(|n| Sample::new(noon(n * 1_000), f64::from(n as i32)));
    let items = [double("A").history(History::recorded().samples(samples))];
    let (simulator, client) = served(items, Limits::default()).await;
    let range = openopc::HistoryRange::new(noon(0), noon(10_000_000));
    let query = HistoryQuery::aggregate(range, Aggregate::Average, Duration::from_secs(2));
    let mut pages = client.history_pages([tag("A")], &query.page(10).compute(Compute::Always));
    assert_eq!(within(pages.next()).await.unwrap().unwrap()[0].source_time, Some(noon(0)));
    drop(pages);
    within(client.close()).await.unwrap();
    let asked = simulator.request_count(Service::HistoryRead);
    assert!(asked < 50, "{asked} requests of 1000");
}

#[tokio::test]
async fn a_long_run_of_bad_values_before_and_after_is_crossed() {
    let bad = Status::named("BadDeviceFailure").unwrap();
    let samples = (0..100).map(|n| match n {
        0 | 50 | 99 => Sample::new(noon(n * 1_000), f64::from(n as i32)),
        _ => Sample::with_status(noon(n * 1_000), 7.0, bad),
    });
    let items = [double("A").history(History::recorded().samples(samples))];
    let (_simulator, client) = served(items, Limits::default()).await;
    for (from, to) in [(40_500, 60_500), (60_500, 40_500), (41_000, 60_000), (60_000, 41_000)] {
        for aggregate in [Aggregate::Interpolative, Aggregate::TimeAverage, Aggregate::TimeAverage2] {
            let range = openopc::HistoryRange::new(noon(from), noon(to));
            let query = HistoryQuery::aggregate(range, aggregate, Duration::from_secs(7)).page(PAGE);
            let server = told(&read(&client, "A", &query).await);
            assert_eq!(server.len(), 3);
            let here = told(&read(&client, "A", &query.compute(Compute::Always)).await);
            assert_eq!(here, server, "{aggregate}, {from} to {to}");
        }
    }
}

#[tokio::test]
async fn one_tag_without_history_does_not_stop_the_others() {
    let history = History::recorded().samples([Sample::new(noon(0), 1.0), Sample::new(noon(5_000), 3.0)]);
    let items = [Item::new("Plain", 1.0), double("A").history(history)];
    let (_simulator, client) = served(items, Limits::default()).await;
    let range = openopc::HistoryRange::new(noon(0), noon(10_000));
    let query = HistoryQuery::aggregate(range, Aggregate::Average, Duration::from_secs(10));
    for compute in [Compute::Always, Compute::IfUnsupported] {
        let query = query.clone().compute(compute);
        let tags = [tag("Plain"), tag("Nowhere"), tag("A")];
        let results = within(client.history_many(tags, &query)).await.unwrap();
        let [plain, nowhere, found] = &results[..] else { panic!("{results:?}") };
        // What the raw values are refused with, not the aggregate.
        assert!(matches!(plain, Err(Error::Item { .. })), "{plain:?}");
        assert!(nowhere.is_err(), "{nowhere:?}");
        assert_eq!(found.as_ref().unwrap()[0].value, 2.0.into());
    }
}

#[tokio::test]
async fn a_line_that_is_cut_does_not_stop_it() {
    let samples = (0..1_000).map(|n| Sample::new(noon(n * 1_000), f64::from(n as i32)));
    let history = History::recorded().samples(samples).annotation(noon(7_000), "somebody", "seven");
    let (simulator, client) = served([double("A").history(history)], Limits::default()).await;
    let range = openopc::HistoryRange::new(noon(100_000), noon(900_000));
    for aggregate in [Aggregate::TimeAverage, Aggregate::AnnotationCount] {
        let query = HistoryQuery::aggregate(range.clone(), aggregate, Duration::from_secs(10)).page(100);
        let server = told(&read(&client, "A", &query).await);
        assert_eq!(server.len(), 80);
        let query = query.compute(Compute::Always);
        // While it asks how the past is kept, what lies before the range, and in the middle of it.
        for bytes in [100, 1_000, 2_500, 5_000, 10_000] {
            let cut = simulator.inject_when(Fault::Cut(Direction::ToClient, bytes), When::always().times(1));
            assert_eq!(
                told(&read(&client, "A", &query).await),
                server,
                "{aggregate}, cut after {bytes} bytes"
            );
            assert_eq!(cut.fired(), 1, "{aggregate}, {bytes} bytes");
        }
    }
}

#[tokio::test]
async fn what_the_server_has_is_asked_of_it() {
    let history = History::recorded().samples((0..100).map(|n| Sample::new(noon(n * 1_000), 1.0)));
    let (simulator, client) = served([double("A").history(history)], Limits::default()).await;
    let range = openopc::HistoryRange::new(noon(0), noon(100_000));
    let query = HistoryQuery::aggregate(range, Aggregate::Count, Duration::ZERO);
    let asked = async |compute| {
        let before = simulator.request_count(Service::HistoryRead);
        let found = read(&client, "A", &query.clone().compute(compute)).await;
        assert_eq!(found[0].value, 100.into());
        simulator.request_count(Service::HistoryRead) - before
    };
    assert_eq!(asked(Compute::Never).await, 1);
    assert_eq!(asked(Compute::IfUnsupported).await, 1);
    // Before, within, and after the range.
    assert!(asked(Compute::Always).await >= 3);
}

#[tokio::test]
async fn what_cannot_be_computed_is_refused_by_name() {
    let (_simulator, client) = served([double("A").history(History::recorded())], Limits::default()).await;
    let refused = async |query: HistoryQuery| {
        let error = within(client.history_with(tag("A"), &query.compute(Compute::Always))).await.unwrap_err();
        assert!(matches!(error, Error::Query { .. }), "{error:?}");
        error.to_string()
    };
    let own = NodeId::string(2, "Own");
    let range = || openopc::HistoryRange::new(noon(0), noon(10_000));
    let error = refused(HistoryQuery::aggregate(range(), own, Duration::ZERO)).await;
    assert!(error.contains("ns=2;s=Own is the server's own"), "{error}");
    let error = refused(HistoryQuery::raw(range())).await;
    assert!(error.contains("only aggregates are computed"), "{error}");
    let nothing = openopc::HistoryRange::new(noon(0), noon(0));
    let error = refused(HistoryQuery::aggregate(nothing, Aggregate::Average, Duration::ZERO)).await;
    assert!(error.contains("end that differs from its start"), "{error}");
}
