//! Our client reading the past that foreign servers keep (`peers/README.md`): a value a second, the number of the second.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openopc::history::{Aggregate, Compute, Origin};
use openopc::{Client, Error, HistoryQuery, HistoryRange, Reading, Tag, Value};

use crate::peers::Stack;
use crate::support::within;

/// How many values asyncua's series have, and that of node-opcua.
const ASYNCUA: i32 = 25_000;
const NODE_OPCUA: i32 = 2_500;

const MEMORY: &str = "s=Memory.Double";
const EMPTY: &str = "s=Memory.Empty";
const STUCK: &str = "s=Memory.Stuck";
const SQLITE: &str = "i=4711";

fn tag(id: &str) -> Tag {
    Tag::parse(format!("nsu=urn:openopc:interop;{id}")).expect("a tag")
}

fn second(n: i32) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().expect("a time");
    start + TimeDelta::seconds(n.into())
}

fn between(start: i32, end: i32) -> HistoryRange {
    HistoryRange::new(second(start), second(end))
}

async fn client(url: &str) -> Client {
    within(Client::builder(url).open()).await.expect("a session")
}

async fn read(opc: &Client, id: &str, query: &HistoryQuery) -> Vec<Reading> {
    within(opc.history_with(tag(id), query)).await.unwrap_or_else(|error| panic!("{id}: {query:?}: {error}"))
}

/// Just these seconds, in this order, with all that was recorded of each.
fn check(readings: &[Reading], expected: impl IntoIterator<Item = i32>, what: &str) {
    let expected: Vec<i32> = expected.into_iter().collect();
    let times: Vec<_> = readings.iter().filter_map(|reading| reading.source_time).collect();
    let wanted: Vec<_> = expected.iter().map(|n| second(*n)).collect();
    let differs = times.iter().zip(&wanted).position(|(time, wanted)| time != wanted);
    assert_eq!(readings.len(), expected.len(), "{what}: they differ from {differs:?} on");
    assert_eq!(times, wanted, "{what}");
    for (reading, n) in readings.iter().zip(expected) {
        assert_eq!(reading.value, Value::Double(f64::from(n)), "{what}: {reading:?}");
        let status = if n % 100 == 99 { "UncertainSubNormal" } else { "Good" };
        assert_eq!(reading.status.name(), status, "{what}: {reading:?}");
        assert_eq!(reading.status.origin(), Origin::Raw, "{what}: {reading:?}");
    }
}

/// Raw values of `id`, `count` of them on the server, in pages of every kind. All three stores take the end of a range
/// as part of it.
async fn raw(opc: &Client, id: &str, count: i32) {
    let last = count - 1;
    let whole = between(0, last);
    let back = between(last, 0);
    // Larger than the server's own pages, just these, and ones that the series is no multiple of.
    for page in [50_000, 10_000, 777] {
        let what = format!("{id} in pages of {page}");
        let readings = read(opc, id, &HistoryQuery::raw(whole.clone()).page(page)).await;
        check(&readings, 0..count, &what);
        let readings = read(opc, id, &HistoryQuery::raw(back.clone()).page(page)).await;
        check(&readings, (0..count).rev(), &format!("{what}, backward"));
    }
    check(&read(opc, id, &HistoryQuery::raw(between(95, 104))).await, 95..=104, id);
    check(&read(opc, id, &HistoryQuery::raw(between(104, 95))).await, (95..=104).rev(), id);
    let some = HistoryQuery::raw(whole).count(1_234).page(500);
    check(&read(opc, id, &some).await, 0..1_234, &format!("{id}, a count"));
    // asyncua's store in memory takes no notice of the end where there is no start.
    for (until, first) in [(count, count), (count / 2, count / 2 + 1)] {
        let newest = HistoryQuery::raw(HistoryRange::until(second(until))).count(1_234).page(500);
        check(&read(opc, id, &newest).await, (first - 1_234..first).rev(), &format!("{id} until {until}"));
    }
    let all = HistoryQuery::raw(HistoryRange::until(second(700))).count(1_234).page(500);
    check(&read(opc, id, &all).await, (0..=700).rev(), &format!("{id}, fewer than wanted"));
    let oldest = HistoryQuery::raw(HistoryRange::since(second(0))).count(1_234).page(500);
    check(&read(opc, id, &oldest).await, 0..1_234, &format!("{id}, the oldest"));
    // Where nothing was recorded.
    check(&read(opc, id, &HistoryQuery::raw(between(-20, -10))).await, [], id);
    // None of these servers looks for bounds outside; those at the very ends are there.
    let bounds = HistoryQuery::raw(between(10, 20)).bounds(true).page(4);
    check(&read(opc, id, &bounds).await, 10..=20, &format!("{id} with bounds"));
    let bounds = HistoryQuery::raw(between(20, 10)).bounds(true).page(4);
    check(&read(opc, id, &bounds).await, (10..=20).rev(), &format!("{id} with bounds, backward"));
}

/// Page by page: more than one page, and all of them together.
async fn pages(opc: &Client, id: &str, count: i32, page: usize) {
    let mut pages = opc.history_pages([tag(id)], &HistoryQuery::raw(between(0, count - 1)).page(page));
    let (mut readings, mut turns) = (Vec::new(), 0);
    while let Some(page) = within(pages.next()).await {
        readings.append(&mut page.expect("a page"));
        turns += 1;
    }
    check(&readings, 0..count, id);
    assert!(turns > 1, "{id} came in one page");
}

#[tokio::test]
async fn asyncua_raw_in_memory() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    raw(&opc, MEMORY, ASYNCUA).await;
    pages(&opc, MEMORY, ASYNCUA, 50_000).await;
    within(opc.close()).await.expect("it closes");
}

#[tokio::test]
async fn asyncua_raw_in_sqlite() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    raw(&opc, SQLITE, ASYNCUA).await;
    pages(&opc, SQLITE, ASYNCUA, 50_000).await;
    within(opc.close()).await.expect("it closes");
}

#[tokio::test]
async fn asyncua_many_tags() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    let query = HistoryQuery::raw(between(0, 11_999)).page(50_000).server_times(true);
    let tags = [tag(MEMORY), tag(EMPTY), tag(SQLITE)];
    let histories = within(opc.history_many(tags, &query)).await.expect("the call succeeds");
    let histories: Vec<_> = histories.into_iter().map(|history| history.expect("a history")).collect();
    let [memory, empty, sqlite] = histories.as_slice() else { panic!("{} histories", histories.len()) };
    check(memory, 0..12_000, MEMORY);
    check(empty, [], EMPTY);
    check(sqlite, 0..12_000, SQLITE);
    // A second later than at the source.
    assert_eq!(memory[7].server_time, Some(second(8)));
    assert_eq!(sqlite[7].server_time, Some(second(8)));
    within(opc.close()).await.expect("it closes");
}

/// Of ninety values, one a second, in intervals of ten: what is made of those from a second on.
type Case = (Aggregate, fn(f64) -> f64);

/// Aggregates that the server does not have, calculated here.
async fn computed(opc: &Client, cases: &[Case]) {
    for (start, end) in [(0, 90), (90, 0)] {
        for (aggregate, of) in cases {
            let query = HistoryQuery::aggregate(between(start, end), *aggregate, Duration::from_secs(10));
            let error = within(opc.history_with(tag(MEMORY), &query)).await;
            assert!(matches!(error, Err(Error::Aggregate { .. })), "{aggregate}: {error:?}");
            let readings = read(opc, MEMORY, &query.page(7).compute(Compute::IfUnsupported)).await;
            assert_eq!(readings.len(), 9, "{aggregate}: {readings:?}");
            for (n, reading) in (0..).zip(&readings) {
                // In reverse, an interval is what it begins with and what is before (Part 13, 4.2.2).
                let first = if start < end { 10 * n } else { end.max(start) - 10 * n };
                assert_eq!(reading.source_time, Some(second(first)), "{aggregate}: {reading:?}");
                let expected = of(f64::from(if start < end { first } else { first - 9 }));
                let got = reading.get::<f64>().unwrap_or_else(|error| panic!("{aggregate}: {error}"));
                assert!((got - expected).abs() < 1e-9, "{aggregate} from {first}: {got}, not {expected}");
                assert!(reading.status.is_good(), "{aggregate}: {reading:?}");
            }
        }
    }
}

/// It has no aggregates at all.
#[tokio::test]
async fn asyncua_computed_here() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    let cases: [Case; 4] = [
        (Aggregate::Average, |n| n + 4.5),
        (Aggregate::Minimum, |n| n),
        (Aggregate::Maximum, |n| n + 9.0),
        (Aggregate::Count, |_| 10.0),
    ];
    computed(&opc, &cases).await;
    // Those that need what lies around the range: a line from where it begins to where the next one does.
    let query = HistoryQuery::aggregate(between(5, 85), Aggregate::TimeAverage, Duration::from_secs(10));
    let readings = read(&opc, MEMORY, &query.compute(Compute::IfUnsupported)).await;
    let averages: Vec<f64> = readings.iter().map(|reading| reading.get().expect("a Double")).collect();
    assert_eq!(averages, (0..8).map(|n| f64::from(10 * n + 10)).collect::<Vec<_>>());
    // Several tags, of which one has nothing.
    let query = HistoryQuery::aggregate(between(0, 90), Aggregate::Average, Duration::from_secs(10));
    let query = query.compute(Compute::IfUnsupported);
    let tags = [tag(MEMORY), tag(EMPTY), tag(SQLITE)];
    let histories = within(opc.history_many(tags, &query)).await.expect("the call succeeds");
    let histories: Vec<_> = histories.into_iter().map(|history| history.expect("a history")).collect();
    assert!(histories[1].iter().all(|reading| reading.status.name() == "BadNoData"), "{:?}", histories[1]);
    let values = |readings: &[Reading]| readings.iter().map(|r| r.value.clone()).collect::<Vec<_>>();
    assert_eq!(values(&histories[0]), values(&histories[2]));
    within(opc.close()).await.expect("it closes");
}

/// It has some of them.
#[tokio::test]
async fn node_opcua_computed_here() {
    let Some(server) = Stack::NodeOpcua.historian() else { return };
    let opc = client(&server.url).await;
    let cases: [Case; 3] = [
        (Aggregate::Range, |_| 9.0),
        (Aggregate::VariancePopulation, |_| 8.25),
        (Aggregate::StandardDeviationSample, |_| (82.5_f64 / 9.0).sqrt()),
    ];
    computed(&opc, &cases).await;
    within(opc.close()).await.expect("it closes");
}

/// What it does not have is said, and it does not claim to have it.
#[tokio::test]
async fn asyncua_calculates_nothing() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    let minute = Duration::from_secs(60);
    let query = HistoryQuery::aggregate(between(0, 600), Aggregate::Average, minute);
    let error = within(opc.history_with(tag(MEMORY), &query)).await.expect_err("it has no aggregates");
    assert!(
        matches!(&error, Error::Aggregate { status, .. } if status.name() == "BadNotImplemented"),
        "{error:?}"
    );
    let error = within(opc.history_with(tag(MEMORY), &HistoryQuery::at([second(7)]))).await;
    assert!(
        matches!(&error, Err(Error::Item { status, .. }) if status.name() == "BadNotImplemented"),
        "{error:?}"
    );
    within(opc.close()).await.expect("it closes");
}

/// Its first page is good; after that the same continuation point comes for ever, with nothing or with what was there.
#[tokio::test]
async fn asyncua_stuck_at_a_point() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    // 100 values are more than there are up to its point, 5 fewer.
    for page in [100, 5] {
        let query = HistoryQuery::raw(between(0, 50)).page(page);
        let error = within(opc.history_with(tag(STUCK), &query)).await;
        assert!(matches!(error, Err(Error::Endless { pages, .. }) if pages > 0), "{error:?}");
        // As the last of the pages, after what there was; and the others are not kept from theirs.
        let mut pages = opc.history_pages([tag(STUCK)], &query);
        let (mut readings, mut end) = (Vec::new(), None);
        while let Some(page) = within(pages.next()).await {
            assert!(end.is_none(), "{page:?} after {end:?}");
            match page {
                Ok(mut page) => readings.append(&mut page),
                Err(error) => end = Some(error),
            }
        }
        assert!(matches!(end, Some(Error::Endless { .. })), "{end:?}");
        let given = i32::try_from(readings.len()).expect("a few");
        assert!(given >= 5, "{given} values came");
        check(&readings, 0..given, STUCK);
        let both =
            within(opc.history_many([tag(STUCK), tag(MEMORY)], &query)).await.expect("the call succeeds");
        assert!(
            matches!(&both[0], Err(Error::Endless { tag: stuck, .. }) if *stuck == tag(STUCK)),
            "{:?}",
            both[0]
        );
        check(both[1].as_ref().expect("a history"), 0..=50, MEMORY);
    }
    within(opc.close()).await.expect("it closes");
}

/// What one tag does to the answer of all: its own error, named, and the past of the others.
#[tokio::test]
async fn asyncua_one_tag_is_refused_with_the_whole_service() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    let query = HistoryQuery::raw(between(0, 1_000));
    for (bad, status) in [("s=Memory.Broken", "BadInternalError"), ("s=Memory.Deadly", "BadConnectionClosed")]
    {
        let tags = [tag(MEMORY), tag(bad), tag(SQLITE), tag(MEMORY), tag(EMPTY)];
        let histories = within(opc.history_many(tags, &query)).await.expect("the call succeeds");
        for (index, history) in histories.iter().enumerate() {
            match (index, history) {
                (1, Err(Error::Item { tag: of, status: told, .. })) if *of == tag(bad) => {
                    assert_eq!(told.name(), status, "{bad}");
                }
                (0 | 2 | 3, Ok(readings)) => check(readings, 0..=1_000, bad),
                (4, Ok(readings)) => check(readings, [], bad),
                other => panic!("{bad}: {other:?}"),
            }
        }
    }
    within(opc.close()).await.expect("it closes");
}

/// Nine of ten tags are refused: the tenth comes, and what the others are refused with is told of each.
#[tokio::test]
async fn asyncua_all_are_refused() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    let query = HistoryQuery::aggregate(between(0, 600), Aggregate::Average, Duration::from_secs(60));
    let tags = (0..40).map(|_| tag("s=Memory.Strict"));
    let histories = within(opc.history_many(tags, &query)).await.expect("the call succeeds");
    assert_eq!(histories.len(), 40);
    for history in histories {
        let Err(Error::Aggregate { status, aggregate, .. }) = history else { panic!("{history:?}") };
        assert_eq!((status.name().as_ref(), aggregate.as_str()), ("BadAggregateNotSupported", "Average"));
    }
    let raw = HistoryQuery::raw(between(0, 10));
    let tags = [tag("s=Memory.Broken"), tag("s=Memory.Broken"), tag(MEMORY)];
    let histories = within(opc.history_many(tags, &raw)).await.expect("the call succeeds");
    assert!(histories[0].is_err() && histories[1].is_err());
    check(histories[2].as_ref().expect("a history"), 0..=10, MEMORY);
    within(opc.close()).await.expect("it closes");
}

/// `BadResponseTooLarge`: fewer tags, fewer values, fewer intervals, until it is answered.
#[tokio::test]
async fn asyncua_takes_less_at_a_time() {
    let Some(server) = Stack::Asyncua.historian() else { return };
    let opc = client(&server.url).await;
    let heavy = "s=Memory.Heavy";
    let tags = [tag(MEMORY), tag(heavy), tag(SQLITE)];
    let query = HistoryQuery::raw(between(0, 1_000));
    for history in within(opc.history_many(tags, &query)).await.expect("the call succeeds") {
        check(&history.expect("a history"), 0..=1_000, heavy);
    }
    for (start, end) in [(0, 95), (95, 0)] {
        let query = HistoryQuery::aggregate(between(start, end), Aggregate::Average, Duration::from_secs(10));
        let readings = read(&opc, heavy, &query).await;
        let step = if start < end { 10 } else { -10 };
        let expected: Vec<_> =
            (0..10).map(|n| (Some(second(start + n * step)), f64::from(start + n * step))).collect();
        let got =
            readings.iter().map(|reading| (reading.source_time, reading.get::<f64>().expect("a Double")));
        assert_eq!(got.collect::<Vec<_>>(), expected);
    }
    // There is no less than one interval.
    let whole = HistoryQuery::aggregate(between(0, 95), Aggregate::Average, Duration::ZERO);
    assert_eq!(read(&opc, heavy, &whole).await.len(), 1);
    within(opc.close()).await.expect("it closes");
}

#[tokio::test]
async fn node_opcua_raw() {
    let Some(server) = Stack::NodeOpcua.historian() else { return };
    let opc = client(&server.url).await;
    raw(&opc, MEMORY, NODE_OPCUA).await;
    pages(&opc, MEMORY, NODE_OPCUA, 1_000).await;
    within(opc.close()).await.expect("it closes");
}

/// An aggregate by name and by itself, and what it makes of the ten values from a second on.
type Offered = (&'static str, Aggregate, fn(i32) -> f64);

#[tokio::test]
async fn node_opcua_processed() {
    let Some(server) = Stack::NodeOpcua.historian() else { return };
    let opc = client(&server.url).await;
    // Ten values in each; the uncertain one is in the last.
    let every = Duration::from_secs(10);
    let range = between(0, 90);
    let expected = |of: fn(i32) -> f64| (0..9).map(|n| (second(10 * n), of(10 * n))).collect::<Vec<_>>();
    let cases: [Offered; 4] = [
        ("Average", Aggregate::Average, |n| f64::from(n) + 4.5),
        ("Minimum", Aggregate::Minimum, |n| f64::from(n)),
        ("Maximum", Aggregate::Maximum, |n| f64::from(n + 9)),
        ("Interpolative", Aggregate::Interpolative, |n| f64::from(n)),
    ];
    for (name, aggregate, of) in cases {
        let readings = read(&opc, MEMORY, &HistoryQuery::aggregate(range.clone(), aggregate, every)).await;
        let got: Vec<_> = readings
            .iter()
            .map(|reading| (reading.source_time.expect("a time"), reading.get::<f64>().expect("a Double")))
            .collect();
        assert_eq!(got, expected(of), "{name}");
        assert!(readings.iter().all(|reading| reading.status.is_good()), "{name}: {readings:?}");
        // By its name it is the same.
        let named = read(&opc, MEMORY, &HistoryQuery::aggregate(range.clone(), name, every)).await;
        assert_eq!(named, readings, "{name}");
    }
    // One that it has not.
    let query = HistoryQuery::aggregate(range, Aggregate::StandardDeviationSample, every);
    let error = within(opc.history_with(tag(MEMORY), &query)).await.expect_err("it has no such");
    let Error::Aggregate { status, offered, .. } = &error else { panic!("{error:?}") };
    assert_eq!(status.name(), "BadAggregateNotSupported");
    assert!(offered.iter().any(|name| name == "Average"), "{offered:?}");
    within(opc.close()).await.expect("it closes");
}
