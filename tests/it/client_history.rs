//! Reading the past with the client: whatever pages the server cuts it into, the whole of it comes.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use openopc::history::{Aggregate, AggregateConfiguration, EventQuery, Origin};
use openopc::sim::{EventRecord, History, Item, Limits, Restart, Service, Simulator};
use openopc::{Client, Error, HistoryQuery, HistoryRange, NodeId, Operation, Reading, Status, Value};

use crate::sim_history::{at, double, samples, served};
use crate::support::{requests, sent, within};

/// `A` has a value for each of these seconds, which is its number.
fn kept(item: &str, seconds: impl IntoIterator<Item = i64>) -> Item {
    double(item).history(History::recorded().samples(samples(seconds.into_iter().map(at))))
}

/// Pages of seven values, and this many places that the server remembers.
fn narrow(points: u16) -> Limits {
    let mut limits = Limits::default();
    limits.history_values = 7;
    limits.history_events = 2;
    limits.history_continuation_points = points;
    limits
}

fn second(reading: &Reading) -> i64 {
    (reading.source_time.unwrap() - at(0)).num_seconds()
}

fn seconds(readings: &[Reading]) -> Vec<i64> {
    readings.iter().map(second).collect()
}

fn numbers(readings: &[Reading]) -> Vec<f64> {
    readings.iter().map(|reading| reading.get().unwrap()).collect()
}

fn reads(simulator: &Simulator) -> usize {
    requests(simulator, Service::HistoryRead).len()
}

fn range(from: i64, to: i64) -> std::ops::Range<DateTime<Utc>> {
    at(from)..at(to)
}

#[tokio::test]
async fn the_whole_range_comes_whatever_the_pages_are() {
    let (simulator, opc) = served([kept("A", 0..100)], narrow(2)).await;
    let up: Vec<i64> = (0..100).collect();
    let all = within(opc.history("A", range(0, 100))).await.unwrap();
    assert_eq!(seconds(&all), up);
    assert!(all.iter().all(|r| second(r) as f64 == r.get::<f64>().unwrap() && r.tag.as_str() == "A"));
    assert!(all.iter().all(|r| r.status == Status::GOOD && r.status.origin() == Origin::Raw));
    assert!(reads(&simulator) >= 100 / 7);
    // The newest first, from the later time to after the earlier one.
    let back = within(opc.history("A", HistoryRange::new(at(99), at(50)))).await.unwrap();
    assert_eq!(seconds(&back), (51..100).rev().collect::<Vec<_>>());
    // The pages that the caller asks for may be smaller than the server's, or larger.
    for page in [1, 3, 7, 8, 1000] {
        let query = HistoryQuery::raw(range(10, 31)).page(page);
        let some = within(opc.history_with("A", &query)).await.unwrap();
        assert_eq!(seconds(&some), (10..31).collect::<Vec<_>>(), "{page} at a time");
    }
    assert_eq!(within(opc.history("A", range(200, 300))).await.unwrap(), []);
    // The server's time comes when asked for.
    assert!(all[0].server_time.is_none());
    let query = HistoryQuery::raw(range(0, 9)).server_times(true);
    let some = within(opc.history_with("A", &query)).await.unwrap();
    assert!(some.len() == 9 && some.iter().all(|reading| reading.server_time.is_some()));
}

#[tokio::test]
async fn a_count_ends_it_from_either_side() {
    let (_simulator, opc) = served([kept("A", 0..40)], narrow(1)).await;
    for count in [1, 6, 7, 8, 20] {
        let n = i64::try_from(count).unwrap();
        for (asked, expected) in [
            (HistoryRange::from(at(5)..), (5..5 + n).collect::<Vec<_>>()),
            (HistoryRange::from(..at(30)), (31 - n..=30).rev().collect()),
            (HistoryRange::from(at(5)..at(15)), (5..15).take(count).collect()),
            (HistoryRange::new(at(30), at(20)), (21..=30).rev().take(count).collect()),
        ] {
            let query = HistoryQuery::raw(asked.clone()).count(count);
            let some = within(opc.history_with("A", &query)).await.unwrap();
            assert_eq!(seconds(&some), expected, "{count} of {asked}");
        }
    }
    let query = HistoryQuery::raw(at(30)..).count(1000);
    assert_eq!(within(opc.history_with("A", &query)).await.unwrap().len(), 10);
}

#[tokio::test]
async fn bounds_are_the_values_just_outside() {
    let (_simulator, opc) = served([kept("A", (0..40).map(|n| n * 10))], narrow(1)).await;
    let asked = async |range: HistoryRange| {
        within(opc.history_with("A", &HistoryQuery::raw(range).bounds(true))).await.unwrap()
    };
    assert_eq!(seconds(&asked(range(15, 35).into()).await), [10, 20, 30, 40]);
    assert_eq!(seconds(&asked(HistoryRange::new(at(35), at(15))).await), [40, 30, 20, 10]);
    let many = asked(range(5, 395).into()).await;
    assert_eq!(seconds(&many)[..39], (0..39).map(|n| n * 10).collect::<Vec<_>>());
    assert_eq!((second(&many[39]), many.len()), (390, 41));
    // There is nothing after the last one.
    assert_eq!((second(&many[40]), many[40].status), (395, Status::named("BadBoundNotFound").unwrap()));
}

#[tokio::test]
async fn values_at_times_come_in_the_order_of_the_times() {
    let (_simulator, opc) = served([kept("A", (0..40).map(|n| n * 10))], narrow(1)).await;
    let times: Vec<i64> = (0..30).map(|n| (n * 7 + 35) % 200).collect();
    let query = HistoryQuery::at(times.iter().map(|second| at(*second)));
    let values = within(opc.history_with("A", &query)).await.unwrap();
    assert_eq!(seconds(&values), times);
    for reading in &values {
        let exact = second(reading) % 10 == 0;
        let origin = if exact { Origin::Raw } else { Origin::Interpolated };
        assert_eq!(reading.status.origin(), origin);
        assert!((reading.get::<f64>().unwrap() * 10.0 - second(reading) as f64).abs() < 1e-9);
    }
    let none = HistoryQuery::at(Vec::<DateTime<Utc>>::new());
    assert_eq!(within(opc.history_with("A", &none)).await.unwrap(), []);
}

#[tokio::test]
async fn aggregates_by_whatever_name() {
    let (_simulator, opc) = served([kept("A", 0..100)], narrow(1)).await;
    let ten = Duration::from_secs(10);
    let expected: Vec<f64> = (0..10).map(|n| f64::from(n * 10 + 9)).collect();
    let node = Aggregate::Maximum.node_id();
    let hda = Aggregate::Maximum.hda().unwrap();
    for query in [
        HistoryQuery::aggregate(range(0, 100), Aggregate::Maximum, ten),
        HistoryQuery::aggregate(range(0, 100), "maximum", ten),
        HistoryQuery::aggregate(range(0, 100), hda, ten),
        HistoryQuery::aggregate(range(0, 100), node, ten),
    ] {
        let values = within(opc.history_with("A", &query)).await.unwrap();
        assert_eq!(numbers(&values), expected);
        assert_eq!(seconds(&values), (0..10).map(|n| n * 10).collect::<Vec<_>>());
    }
    let whole = HistoryQuery::aggregate(range(0, 100), Aggregate::Count, Duration::ZERO);
    let values = within(opc.history_with("A", &whole)).await.unwrap();
    assert_eq!(values.len(), 1);
    assert_eq!(values[0].get::<i64>().unwrap(), 100);
    let configuration =
        AggregateConfiguration { percent_data_good: 101, ..AggregateConfiguration::default() };
    let query = HistoryQuery::aggregate(range(0, 100), "Count", ten).configuration(configuration);
    let error = within(opc.history_with("A", &query)).await.unwrap_err();
    assert!(error.to_string().contains("percentages"), "{error}");
    // What the server does not have is named, with what it does have.
    let query = HistoryQuery::aggregate(range(0, 100), "Median", ten);
    let error = within(opc.history_with("A", &query)).await.unwrap_err();
    assert!(matches!(error, Error::Query { .. }) && error.to_string().contains("Median"), "{error}");
    let query = HistoryQuery::aggregate(range(0, 100), NodeId::numeric(0, 85), ten);
    let error = within(opc.history_with("A", &query)).await.unwrap_err();
    match &error {
        Error::Aggregate { aggregate, offered, operation: Operation::History, .. } => {
            assert!(aggregate.contains("85") && offered.iter().any(|name| name == "Maximum"), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_tag_is_refused_and_the_others_come() {
    for points in [1, 2, 10] {
        let items = [kept("A", 0..30), kept("B", 10..40), Item::new("Plain", 1), kept("C", 0..0)];
        let (_simulator, opc) = served(items, narrow(points)).await;
        let tags = ["A", "Plain", "Nothing", "B", "ns=2;s=", "A", "C"];
        let query = HistoryQuery::raw(range(0, 100));
        let all = within(opc.history_many(tags, &query)).await.unwrap();
        assert_eq!(seconds(all[0].as_ref().unwrap()), (0..30).collect::<Vec<_>>());
        let error = all[1].as_ref().unwrap_err();
        let unsupported = Status::named("BadHistoryOperationUnsupported").unwrap();
        assert_eq!(
            (error.status(), error.tag().unwrap().as_str()),
            (Some(unsupported), "Plain"),
            "{error:?}"
        );
        assert!(
            matches!(&all[2], Err(Error::Resolve { tag, .. }) if tag.as_str() == "Nothing"),
            "{:?}",
            all[2]
        );
        assert_eq!(seconds(all[3].as_ref().unwrap()), (10..40).collect::<Vec<_>>());
        assert!(all[4].is_err());
        assert_eq!(all[5].as_ref().unwrap(), all[0].as_ref().unwrap());
        // What the item was when the server was started.
        assert_eq!(seconds(all[6].as_ref().unwrap()), [0]);
    }
}

#[tokio::test]
async fn pages_that_nobody_wants_are_given_back() {
    // The server remembers one place: the second read works only if the first one's is free.
    let (_simulator, opc) = served([kept("A", 0..50), kept("B", 0..50)], narrow(1)).await;
    let query = HistoryQuery::raw(range(0, 50));
    for _ in 0..3 {
        let mut pages = opc.history_pages(["A"], &query);
        let first = within(pages.next()).await.unwrap().unwrap();
        assert_eq!(seconds(&first), (0..7).collect::<Vec<_>>());
        drop(pages);
        // Whoever drops it does not wait for the server to hear of it.
        let full = Some(Status::named("BadNoContinuationPoints").unwrap());
        let again = async {
            loop {
                match opc.history("B", range(0, 50)).await {
                    Err(error) if error.status() == full => tokio::task::yield_now().await,
                    other => break other.unwrap(),
                }
            }
        };
        let all = within(again).await;
        assert_eq!(all.len(), 50);
    }
    // A count that ends within a page leaves nothing either.
    let few = HistoryQuery::raw(range(0, 50)).count(9);
    for _ in 0..3 {
        assert_eq!(within(opc.history_with("A", &few)).await.unwrap().len(), 9);
    }
    let mut pages = opc.history_pages(["A", "B"], &query);
    let mut found = [0, 0];
    while let Some(page) = within(pages.next()).await {
        let page = page.unwrap();
        let of = usize::from(page[0].tag.as_str() == "B");
        assert!(page.iter().all(|reading| reading.tag == page[0].tag));
        assert_eq!(second(&page[0]), found[of]);
        found[of] += i64::try_from(page.len()).unwrap();
    }
    assert_eq!(found, [50, 50]);
}

#[tokio::test]
async fn raw_values_go_on_after_a_restart_and_aggregates_do_not() {
    let (simulator, opc) = served([kept("A", 0..50)], narrow(2)).await;
    let query = HistoryQuery::raw(range(0, 50));
    let mut pages = opc.history_pages(["A"], &query);
    let mut all = within(pages.next()).await.unwrap().unwrap();
    simulator.restart(Restart::new()).await.unwrap();
    while let Some(page) = within(pages.next()).await {
        all.append(&mut page.unwrap());
    }
    assert_eq!(seconds(&all), (0..50).collect::<Vec<_>>());
    let second = Duration::from_secs(1);
    let mut pages =
        opc.history_pages(["A"], &HistoryQuery::aggregate(range(0, 50), Aggregate::Count, second));
    assert!(within(pages.next()).await.unwrap().is_ok());
    simulator.restart(Restart::new()).await.unwrap();
    let mut last = None;
    while let Some(page) = within(pages.next()).await {
        last = Some(page);
    }
    assert!(matches!(last, Some(Err(Error::Disconnected { .. }))), "{last:?}");
}

#[tokio::test]
async fn texts_of_hda_count_from_the_clock_that_is_asked_for() {
    // Every 1000 s for days; the moment of asking is some seconds after that of these.
    let now = Utc::now().trunc_subsecs(3);
    let past: Vec<_> = (-300..0).map(|n| now + TimeDelta::seconds(n * 1000 + 500)).collect();
    let history = History::recorded().samples(samples(past.clone()));
    let (simulator, opc) = served([double("A").history(history)], narrow(1)).await;
    // `CurrentTime` of the server.
    let asked =
        || sent(&simulator).iter().filter(|request| request.items.iter().any(|id| id == "i=2258")).count();
    let times =
        |readings: Vec<Reading>| -> Vec<_> { readings.iter().map(|r| r.source_time.unwrap()).collect() };
    let before = asked();
    assert_eq!(times(within(opc.history("A", "NOW-10000S..NOW")).await.unwrap()), past[290..]);
    let newest: Vec<_> = past[290..].iter().rev().copied().collect();
    assert_eq!(times(within(opc.history("A", "NOW..NOW-10000S")).await.unwrap()), newest);
    let last = HistoryRange::last(Duration::from_secs(5000));
    assert_eq!(times(within(opc.history("A", last.clone())).await.unwrap()), past[295..]);
    assert_eq!(asked(), before);
    for range in ["NOW-5000S..NOW".into(), last] {
        let before = asked();
        let query = HistoryQuery::raw(range).server_clock(true);
        assert_eq!(times(within(opc.history_with("A", &query)).await.unwrap()), past[295..]);
        assert_eq!(asked(), before + 1);
    }
    // Nothing is asked where the times are fixed.
    let before = asked();
    let query = HistoryQuery::raw(past[0]..past[2]).server_clock(true);
    assert_eq!(times(within(opc.history_with("A", &query)).await.unwrap()), past[..2]);
    assert_eq!(asked(), before);
    let (_simulator, opc) = served([kept("B", 0..9)], narrow(1)).await;
    let fixed = within(opc.history("B", "2020-01-01T00:00:01Z..2020-01-01T00:00:03Z")).await.unwrap();
    assert_eq!(seconds(&fixed), [1, 2]);
}

async fn refused(opc: &Client, query: HistoryQuery) -> String {
    let before = within(opc.history_with("A", &query)).await;
    let error = before.unwrap_err();
    assert!(matches!(error, Error::Query { operation: Operation::History, .. }), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn what_makes_no_sense_is_told_before_anything_is_sent() {
    let (simulator, opc) = served([kept("A", 0..3)], Limits::default()).await;
    for (query, word) in [
        (HistoryQuery::raw("soon..NOW"), "soon"),
        (HistoryQuery::raw(at(0)..), "how many"),
        (HistoryQuery::raw(at(0)..).count(0), "count of 0"),
        (HistoryQuery::at([at(0)]).count(3), "count is for raw"),
        (HistoryQuery::at([at(0)]).bounds(true), "bounds are for raw"),
        (HistoryQuery::raw(range(0, 3)).simple_bounds(true), "simple bounds"),
        (HistoryQuery::aggregate(at(0).., Aggregate::Count, Duration::ZERO), "both a start and an end"),
    ] {
        let told = refused(&opc, query).await;
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(reads(&simulator), 0);
    opc.close().await.unwrap();
    assert!(matches!(
        opc.history("A", range(0, 3)).await,
        Err(Error::Closed { operation: Operation::History })
    ));
}

#[tokio::test]
async fn events_come_with_their_fields_and_page_by_page() {
    let mut builder = Simulator::builder().item(Item::new("Pump", 1.0)).manual_clock().limits(narrow(1));
    for n in 0..7u16 {
        let event = EventRecord::new(format!("event {n}")).time(at(-60 + i64::from(n)));
        builder = builder.event(event.source("Pump").severity(100 + n).field("Batch", i32::from(n)));
    }
    let simulator = builder.start().await.unwrap();
    let opc = openopc::open(simulator.url()).await.unwrap();
    let query = EventQuery::new(range(-60, 0)).field("2:Batch").field("Nothing");
    let events = within(opc.history_events("i=2253", &query)).await.unwrap();
    assert_eq!(events.len(), 7);
    for (n, event) in (0u16..).zip(&events) {
        assert_eq!(event.time, Some(at(-60 + i64::from(n))));
        assert_eq!(event.message, Some(format!("event {n}")));
        assert_eq!((event.severity, event.source_name.as_deref()), (Some(100 + n), Some("Pump")));
        assert!(event.event_id.is_some() && event.event_type.is_some());
        assert_eq!(event.fields, [Value::Int32(i32::from(n)), Value::Null]);
    }
    let newest = within(opc.history_events("i=2253", &EventQuery::new(..at(-55)).count(3))).await.unwrap();
    let times: Vec<_> = newest.iter().map(|event| event.time.unwrap()).collect();
    assert_eq!(times, [at(-55), at(-56), at(-57)]);
    let error = within(opc.history_events("Pump", &EventQuery::new(range(-60, 0)))).await.unwrap_err();
    assert_eq!(error.tag().unwrap().as_str(), "Pump");
    let error = within(opc.history_events("i=2253", &query.clone().field("Batch//x"))).await.unwrap_err();
    assert!(error.to_string().contains("Batch//x"), "{error}");
}

#[tokio::test]
async fn events_go_on_after_a_restart() {
    let mut builder = Simulator::builder().item(Item::new("Pump", 1.0)).manual_clock().limits(narrow(1));
    // Three of each second: pages of two divide those of one time.
    for n in 0..12 {
        builder = builder.event(EventRecord::new(format!("event {n}")).time(at(-60 + n / 3)));
    }
    let simulator = builder.start().await.unwrap();
    let opc = openopc::open(simulator.url()).await.unwrap();
    for range in [HistoryRange::from(range(-60, 0)), HistoryRange::new(at(-1), at(-61))] {
        let query = EventQuery::new(range);
        let whole = within(opc.history_events("i=2253", &query)).await.unwrap();
        assert_eq!(whole.len(), 12);
        let mut pages = opc.history_events_pages(["i=2253"], &query);
        let mut all = within(pages.next()).await.unwrap().unwrap();
        assert_eq!(all.len(), 2);
        simulator.restart(Restart::new()).await.unwrap();
        while let Some(page) = within(pages.next()).await {
            all.append(&mut page.unwrap());
        }
        let texts = |events: &[openopc::history::Occurrence]| -> Vec<_> {
            events.iter().map(|event| event.message.clone().unwrap()).collect()
        };
        assert_eq!(texts(&all), texts(&whole));
    }
}

#[tokio::test]
async fn the_server_tells_what_it_can_and_how_it_keeps_a_tag() {
    let stepped = History::recorded().stepped(true).samples(samples([at(5), at(9)]));
    let (_simulator, opc) = served([double("A").history(stepped), Item::new("Plain", 1)], narrow(1)).await;
    let capabilities = within(opc.history_capabilities()).await.unwrap();
    assert_eq!((capabilities.data, capabilities.events), (Some(true), Some(true)));
    assert_eq!((capabilities.max_values, capabilities.max_events), (Some(7), Some(2)));
    assert_eq!(
        (capabilities.insert, capabilities.delete_raw, capabilities.delete_at),
        (Some(true), Some(true), Some(true))
    );
    let maximum = capabilities.aggregates.iter().find(|offered| offered.name == "Maximum").unwrap();
    assert_eq!(maximum.standard, Some(Aggregate::Maximum));
    let configuration = within(opc.history_configuration("A")).await.unwrap();
    assert_eq!(configuration.stepped, Some(true));
    assert_eq!(configuration.aggregates, Some(AggregateConfiguration::default()));
    assert_eq!(configuration.start_of_archive, Some(at(5)));
    let plain = within(opc.history_configuration("Plain")).await.unwrap();
    assert_eq!(plain.stepped, None);
}

#[test]
fn it_blocks_too() {
    let simulator = Simulator::builder()
        .item(kept("A", 0..20))
        .manual_clock()
        .limits(narrow(1))
        .start_blocking()
        .unwrap();
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    assert_eq!(seconds(&opc.history("A", range(0, 20)).unwrap()), (0..20).collect::<Vec<_>>());
    let query = HistoryQuery::raw(range(0, 20));
    assert_eq!(opc.history_with("A", &query.clone().count(3)).unwrap().len(), 3);
    let many = opc.history_many(["A", "Nothing"], &query).unwrap();
    assert!(many[0].as_ref().unwrap().len() == 20 && many[1].is_err());
    let pages: Vec<_> = opc.history_pages(["A"], &query).map(|page| page.unwrap().len()).collect();
    assert_eq!(pages, [7, 7, 6]);
    assert!(opc.history_capabilities().unwrap().data.unwrap());
    assert!(opc.history_configuration("A").unwrap().stepped.is_some());
    assert_eq!(opc.history_modified("A", range(0, 20)).unwrap(), []);
    assert_eq!(opc.annotations("A", range(0, 20)).unwrap(), []);
}
