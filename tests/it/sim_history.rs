//! Reading the past of the simulator's items, with the engine's own client.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::client::{HistoryReadAction, Session};
use opcua::types::{
    AggregateConfiguration, ByteString, DataValue, HistoryData, HistoryModifiedData, HistoryReadResult,
    HistoryReadValueId, NodeId, NumericRange, QualifiedName, ReadAtTimeDetails, ReadProcessedDetails,
    ReadRawModifiedDetails, StatusCode, TimestampsToReturn, Variant,
};
use openopc::history::{Aggregate, Sample};
use openopc::sim::{History, Item, Limits, Signal, Simulator};
use openopc::{Client, Status, TimeRange, Value};

use crate::support::within;

/// A time of the day that the tests are about.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_577_836_800 + seconds, 0).unwrap()
}

/// As the standard's examples have them: 5:03 is `minute(3)`.
fn minute(minutes: i64) -> DateTime<Utc> {
    at(5 * 3600 + minutes * 60)
}

pub(crate) fn node(item: &str) -> NodeId {
    NodeId::new(2, item)
}

pub(crate) fn wanted(item: &str) -> HistoryReadValueId {
    HistoryReadValueId {
        node_id: node(item),
        index_range: NumericRange::None,
        data_encoding: QualifiedName::null(),
        continuation_point: ByteString::null(),
    }
}

pub(crate) fn raw(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    count: u32,
    bounds: bool,
) -> ReadRawModifiedDetails {
    let time = |time: Option<DateTime<Utc>>| time.map_or_else(opcua::types::DateTime::null, Into::into);
    ReadRawModifiedDetails {
        is_read_modified: false,
        start_time: time(start),
        end_time: time(end),
        num_values_per_node: count,
        return_bounds: bounds,
    }
}

pub(crate) async fn read(
    session: &Session,
    details: impl Into<Details>,
    nodes: &[HistoryReadValueId],
) -> Vec<HistoryReadResult> {
    session.history_read(details.into().0, TimestampsToReturn::Both, false, nodes).await.unwrap()
}

pub(crate) struct Details(HistoryReadAction);

impl From<ReadRawModifiedDetails> for Details {
    fn from(details: ReadRawModifiedDetails) -> Details {
        Details(HistoryReadAction::ReadRawModifiedDetails(details))
    }
}

impl From<ReadProcessedDetails> for Details {
    fn from(details: ReadProcessedDetails) -> Details {
        Details(HistoryReadAction::ReadProcessedDetails(details))
    }
}

impl From<ReadAtTimeDetails> for Details {
    fn from(details: ReadAtTimeDetails) -> Details {
        Details(HistoryReadAction::ReadAtTimeDetails(details))
    }
}

impl From<opcua::types::ReadEventDetails> for Details {
    fn from(details: opcua::types::ReadEventDetails) -> Details {
        Details(HistoryReadAction::ReadEventDetails(details))
    }
}

pub(crate) fn values(result: &HistoryReadResult) -> Vec<DataValue> {
    let data = result.history_data.inner_as::<HistoryData>().expect("this is no HistoryData");
    data.data_values.clone().unwrap_or_default()
}

pub(crate) fn time(value: &DataValue) -> DateTime<Utc> {
    value.source_timestamp.unwrap().as_chrono()
}

fn times(result: &HistoryReadResult) -> Vec<DateTime<Utc>> {
    values(result).iter().map(time).collect()
}

fn number(value: &DataValue) -> Option<f64> {
    match value.value {
        Some(Variant::Double(number)) => Some(number),
        _ => None,
    }
}

pub(crate) fn double(id: &str) -> Item {
    Item::new(id, None::<f64>).data_type(openopc::DataType::Double)
}

pub(crate) fn samples(times: impl IntoIterator<Item = DateTime<Utc>>) -> impl Iterator<Item = Sample> {
    (0i32..).zip(times).map(|(n, time)| Sample::new(time, f64::from(n)))
}

pub(crate) async fn served(items: impl IntoIterator<Item = Item>, limits: Limits) -> (Simulator, Client) {
    let builder = Simulator::builder().items(items).manual_clock().limits(limits);
    let simulator = builder.start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    (simulator, client)
}

/// The historian of Part 11, 4.4.
async fn example() -> (Simulator, Client) {
    let history = History::recorded().samples(samples([0, 2, 3, 5, 6].map(minute)));
    served([double("Tank").history(history)], Limits::default()).await
}

/// Start, end and count; what comes with bounds, and what without.
type Case<'a> = (Option<i64>, Option<i64>, u32, &'a [i64], &'a [i64]);

#[tokio::test]
async fn bounds_and_directions_are_those_of_the_standard() {
    let (_simulator, client) = example().await;
    let session = client.session();
    let to_minutes = |result: &HistoryReadResult| -> Vec<(i64, bool)> {
        let values = values(result);
        let one = |value: &DataValue| {
            let missing = value.status == Some(StatusCode::BadBoundNotFound);
            assert_eq!(missing, value.value.is_none());
            ((time(value) - minute(0)).num_minutes(), missing)
        };
        values.iter().map(one).collect()
    };
    // Part 11, Table 1; a number that is negative stands for a bound that is missing, at the time of its amount.
    let cases: &[Case] = &[
        (Some(0), Some(5), 0, &[0, 2, 3, 5], &[0, 2, 3]),
        (Some(1), Some(4), 0, &[0, 2, 3, 5], &[2, 3]),
        (Some(5), Some(0), 0, &[5, 3, 2, 0], &[5, 3, 2]),
        (Some(4), Some(1), 0, &[5, 3, 2, 0], &[3, 2]),
        (Some(-1), Some(5), 0, &[-1, 0, 2, 3, 5], &[0, 2, 3]),
        (Some(1), Some(7), 0, &[0, 2, 3, 5, 6, -7], &[2, 3, 5, 6]),
        (Some(0), Some(5), 3, &[0, 2, 3], &[0, 2, 3]),
        (Some(1), Some(4), 3, &[0, 2, 3], &[2, 3]),
        (Some(7), Some(1), 3, &[-7, 6, 5], &[6, 5, 3]),
        (Some(0), None, 3, &[0, 2, 3], &[0, 2, 3]),
        (Some(0), None, 5, &[0, 2, 3, 5, 6], &[0, 2, 3, 5, 6]),
        (None, Some(6), 3, &[6, 5, 3], &[6, 5, 3]),
        (Some(0), Some(0), 0, &[0], &[0]),
        (Some(1), Some(1), 0, &[0, 2], &[]),
        (Some(1), Some(1), 1, &[0], &[]),
        (Some(-12), Some(-12), 0, &[-12, 0], &[]),
        (Some(-12), Some(-12), 1, &[-12], &[]),
    ];
    for (start, end, count, with, without) in cases {
        let given = |minutes: &Option<i64>| minutes.map(minute);
        for (bounds, expected) in [(true, with), (false, without)] {
            let result =
                &read(&session, raw(given(start), given(end), *count, bounds), &[wanted("Tank")]).await[0];
            let expected: Vec<(i64, bool)> = expected
                .iter()
                .map(|minutes| match *minutes {
                    -1 | -12 => (*minutes, true),
                    minutes if minutes < 0 => (-minutes, true),
                    minutes => (minutes, false),
                })
                .collect();
            assert_eq!(to_minutes(result), expected, "{start:?} to {end:?}, {count}, bounds {bounds}");
            let status = if expected.is_empty() { StatusCode::GoodNoData } else { StatusCode::Good };
            assert_eq!(result.status_code, status);
        }
    }
    // Where no time was asked for, the bound is missing a second after, or before, the last value.
    let open = |start, end| raw(start, end, 6, true);
    let result = &read(&session, open(Some(minute(0)), None), &[wanted("Tank")]).await[0];
    assert_eq!(times(result)[5], minute(6) + TimeDelta::seconds(1));
    let result = &read(&session, open(None, Some(minute(6))), &[wanted("Tank")]).await[0];
    assert_eq!(times(result)[5], minute(0) - TimeDelta::seconds(1));
    let result = &read(&session, open(Some(minute(7)), None), &[wanted("Tank")]).await[0];
    assert_eq!(times(result)[0], minute(6));
    for (start, end, count) in [(Some(minute(0)), None, 0), (None, Some(minute(0)), 0), (None, None, 3)] {
        let result = &read(&session, raw(start, end, count, false), &[wanted("Tank")]).await[0];
        assert_eq!(result.status_code, StatusCode::BadHistoryOperationInvalid);
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let history = History::recorded().samples(samples((0..100).map(at)));
    let mut limits = Limits::default();
    limits.history_values = 7;
    let (_simulator, client) =
        served([double("A").history(history.clone()), double("B").history(history)], limits).await;
    let session = client.session();
    for (start, end, count, bounds, total) in [
        (Some(at(0)), Some(at(50)), 0, false, 50),
        (Some(at(0)), Some(at(49)), 0, true, 50),
        (Some(at(-1)), Some(at(100)), 0, true, 102),
        (Some(at(99)), Some(at(10)), 0, false, 89),
        (Some(at(99)), Some(at(10)), 4, true, 90),
        (Some(at(3)), None, 30, false, 30),
        (None, Some(at(60)), 61, false, 61),
        (Some(at(0)), Some(at(7)), 0, false, 7),
        (Some(at(0)), None, 101, true, 101),
    ] {
        let details = raw(start, end, count, bounds);
        let mut nodes = [wanted("A"), wanted("B")];
        let mut found = Vec::new();
        for _ in 0..200 {
            let results = read(&session, details.clone(), &nodes).await;
            assert_eq!(times(&results[0]), times(&results[1]));
            let page = times(&results[0]);
            assert!(!page.is_empty() && page.len() <= if count == 4 { 4 } else { 7 });
            found.extend(page);
            for (node, result) in nodes.iter_mut().zip(&results) {
                assert_eq!(result.status_code, StatusCode::Good);
                node.continuation_point = result.continuation_point.clone();
            }
            if nodes[0].continuation_point.is_null() {
                break;
            }
        }
        assert_eq!(found.len(), total, "{start:?} to {end:?}, {count}");
        let backward = found[0] > found[1];
        assert!(found.windows(2).all(|two| if backward { two[0] > two[1] } else { two[0] < two[1] }));
    }
}

#[tokio::test]
async fn continuation_points_are_used_once_by_those_they_are_for() {
    let history = History::recorded().samples(samples((0..100).map(at)));
    let mut limits = Limits::default();
    (limits.history_values, limits.history_continuation_points) = (10, 2);
    let items = ["A", "B", "C"].map(|id| double(id).history(history.clone()));
    let (simulator, client) = served(items, limits).await;
    let session = client.session();
    let details = raw(Some(at(0)), Some(at(100)), 0, false);
    let first = read(&session, details.clone(), &[wanted("A"), wanted("B"), wanted("C")]).await;
    let statuses: Vec<_> = first.iter().map(|result| result.status_code).collect();
    assert_eq!(statuses, [StatusCode::Good, StatusCode::Good, StatusCode::BadNoContinuationPoints]);
    let point = |item: &str, result: &HistoryReadResult| HistoryReadValueId {
        continuation_point: result.continuation_point.clone(),
        ..wanted(item)
    };
    // Of another node, of another kind of read, used, and never given.
    let a = point("A", &first[0]);
    let second = read(&session, details.clone(), std::slice::from_ref(&a)).await;
    assert_eq!(second[0].status_code, StatusCode::Good);
    let invented = HistoryReadValueId { continuation_point: vec![1, 2, 3].into(), ..wanted("A") };
    for bad in [a, point("C", &first[1]), invented] {
        let result = &read(&session, details.clone(), &[bad]).await[0];
        assert_eq!(result.status_code, StatusCode::BadContinuationPointInvalid);
    }
    let at_times = ReadAtTimeDetails { req_times: Some(vec![at(0).into()]), use_simple_bounds: false };
    let result = &read(&session, at_times, &[point("A", &second[0])]).await[0];
    assert_eq!(result.status_code, StatusCode::BadContinuationPointInvalid);
    // Released ones are gone, and free for others.
    let again = read(&session, details.clone(), &[wanted("A"), wanted("B")]).await;
    let points = [point("A", &again[0]), point("B", &again[1])];
    let release = HistoryReadAction::ReadRawModifiedDetails(details.clone());
    let released = session.history_read(release, TimestampsToReturn::Both, true, &points).await.unwrap();
    assert!(released.iter().all(|result| result.status_code == StatusCode::Good));
    assert!(released.iter().all(|result| result.history_data.is_null()));
    let result = &read(&session, details.clone(), &points).await[0];
    assert_eq!(result.status_code, StatusCode::BadContinuationPointInvalid);
    let after = read(&session, details.clone(), &[wanted("A"), wanted("B")]).await;
    assert!(after.iter().all(|result| result.status_code == StatusCode::Good));
    // With the session its continuation points are gone.
    let other = openopc::open(simulator.url()).await.unwrap();
    let theirs = read(&other.session(), details.clone(), &[point("A", &after[0]), wanted("A")]).await;
    assert_eq!(theirs[0].status_code, StatusCode::BadContinuationPointInvalid);
    assert_eq!(theirs[1].status_code, StatusCode::Good);
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let kept = History::recorded().samples([Sample::new(at(0), vec![1.0, 2.0, 3.0])]);
    let items = [Item::new("Array", vec![0.0, 0.0, 0.0]).history(kept), Item::new("Plain", 1.0)];
    let mut limits = Limits::default();
    limits.nodes_per_history_read = 2;
    let (_simulator, client) = served(items, limits).await;
    let session = client.session();
    let details = raw(Some(at(0)), Some(at(1)), 0, false);
    let range =
        |first, last| HistoryReadValueId { index_range: NumericRange::Range(first, last), ..wanted("Array") };
    let encoded =
        |name: &str| HistoryReadValueId { data_encoding: QualifiedName::new(0, name), ..wanted("Array") };
    let server = HistoryReadValueId { node_id: opcua::types::ObjectId::Server.into(), ..wanted("") };
    for (node, status) in [
        (wanted("Plain"), StatusCode::BadHistoryOperationUnsupported),
        (wanted("None"), StatusCode::BadNodeIdUnknown),
        (wanted("~Stepped/Array"), StatusCode::BadHistoryOperationUnsupported),
        (server, StatusCode::BadHistoryOperationUnsupported),
        (range(3, 2), StatusCode::BadIndexRangeInvalid),
        (encoded("Default XML"), StatusCode::BadDataEncodingUnsupported),
        (encoded("Default Nonsense"), StatusCode::BadDataEncodingInvalid),
        (encoded("Default Binary"), StatusCode::Good),
    ] {
        let name = format!("{node:?}");
        let result = &read(&session, details.clone(), &[node]).await[0];
        assert_eq!(result.status_code, status, "{name}");
    }
    let part = &values(&read(&session, details.clone(), &[range(1, 2)]).await[0])[0];
    assert_eq!(part.value, Some(Variant::from(vec![2.0, 3.0])));
    let beyond = &values(&read(&session, details.clone(), &[range(7, 8)]).await[0])[0];
    assert_eq!((beyond.value.clone(), beyond.status), (None, Some(StatusCode::BadIndexRangeNoData)));
    let neither = HistoryReadAction::ReadRawModifiedDetails(details.clone());
    let result = session.history_read(neither, TimestampsToReturn::Neither, false, &[wanted("Array")]).await;
    assert_eq!(result.unwrap()[0].status_code, StatusCode::BadTimestampsToReturnInvalid);
    let server = HistoryReadAction::ReadRawModifiedDetails(details.clone());
    let result = session.history_read(server, TimestampsToReturn::Server, false, &[wanted("Array")]).await;
    let value = &values(&result.unwrap()[0])[0];
    assert_eq!((value.source_timestamp, value.server_timestamp), (None, Some(at(0).into())));
    let many = HistoryReadAction::ReadRawModifiedDetails(details);
    let nodes = [wanted("Array"), wanted("Array"), wanted("Array")];
    let refused = session.history_read(many, TimestampsToReturn::Both, false, &nodes).await.unwrap_err();
    assert_eq!(refused.status(), StatusCode::BadTooManyOperations);
}

#[tokio::test]
async fn large_values_make_small_pages() {
    let long = "x".repeat(1000);
    let history = History::recorded().samples((0..100).map(|n| Sample::new(at(n), long.clone())));
    let mut limits = Limits::default();
    limits.message_size = 65_536;
    let (_simulator, client) = served([Item::new("Text", "").history(history)], limits).await;
    let session = client.session();
    let mut node = wanted("Text");
    let mut found = 0;
    for _ in 0..100 {
        let result = &read(&session, raw(Some(at(0)), Some(at(100)), 0, false), &[node]).await[0];
        assert_eq!(result.status_code, StatusCode::Good);
        found += values(result).len();
        node = HistoryReadValueId { continuation_point: result.continuation_point.clone(), ..wanted("Text") };
        if node.continuation_point.is_null() {
            break;
        }
    }
    assert_eq!(found, 100);
}

#[tokio::test]
async fn values_between_samples_lie_on_a_line_or_stay() {
    let history = History::recorded()
        .samples([0, 10].map(|n| Sample::new(at(n), f64::from(i32::try_from(n).unwrap()))));
    let items = [double("Line").history(history.clone()), double("Step").history(history.stepped(true))];
    let (_simulator, client) = served(items, Limits::default()).await;
    let session = client.session();
    let times: Vec<opcua::types::DateTime> = [4, 0, 10, -5].map(|n| at(n).into()).to_vec();
    let details = ReadAtTimeDetails { req_times: Some(times), use_simple_bounds: false };
    let results = read(&session, details, &[wanted("Line"), wanted("Step"), wanted("None")]).await;
    assert_eq!(results[2].status_code, StatusCode::BadNodeIdUnknown);
    for (result, between) in results.iter().zip([4.0, 0.0]) {
        let values = values(result);
        assert_eq!(values.iter().map(time).collect::<Vec<_>>(), [4, 0, 10, -5].map(at));
        let numbers: Vec<_> = values.iter().map(number).collect();
        assert_eq!(numbers, [Some(between), Some(0.0), Some(10.0), None]);
        let statuses: Vec<u32> = values.iter().map(|value| value.status.unwrap().bits()).collect();
        assert_eq!(statuses, [0x402, 0, 0, StatusCode::BadNoData.bits()]);
    }
    let nothing = ReadAtTimeDetails { req_times: None, use_simple_bounds: false };
    let result = &read(&session, nothing, &[wanted("Line")]).await[0];
    assert_eq!(result.status_code, StatusCode::BadNothingToDo);
}

fn processed(aggregates: &[Aggregate], every: f64) -> ReadProcessedDetails {
    let id = |aggregate: &Aggregate| NodeId::new(0, aggregate_number(*aggregate));
    ReadProcessedDetails {
        start_time: at(0).into(),
        end_time: at(100).into(),
        processing_interval: every,
        aggregate_type: Some(aggregates.iter().map(id).collect()),
        aggregate_configuration: AggregateConfiguration {
            use_server_capabilities_defaults: true,
            ..AggregateConfiguration::default()
        },
    }
}

pub(crate) fn aggregate_number(aggregate: Aggregate) -> u32 {
    match aggregate.node_id().identifier {
        openopc::Identifier::Numeric(number) => number,
        _ => panic!("an aggregate without a number"),
    }
}

#[tokio::test]
async fn aggregates_are_calculated_page_by_page() {
    let history = History::recorded().samples(samples((0..100).map(at)));
    let mut limits = Limits::default();
    limits.history_values = 3;
    let (_simulator, client) = served([double("A").history(history)], limits).await;
    let session = client.session();
    let mut node = wanted("A");
    let mut found = Vec::new();
    for page in [3, 3, 3, 1] {
        let result = &read(&session, processed(&[Aggregate::Average], 10e3), &[node]).await[0];
        let rows = values(result);
        assert_eq!(rows.len(), page);
        found.extend(rows.iter().map(|row| number(row).unwrap()));
        node = HistoryReadValueId { continuation_point: result.continuation_point.clone(), ..wanted("A") };
    }
    assert!(node.continuation_point.is_null());
    let expected: Vec<f64> = (0..10).map(|n| f64::from(n) * 10.0 + 4.5).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_is_asked_of_aggregates_has_to_make_sense() {
    let history = History::recorded().samples(samples((0..100).map(at)));
    let (_simulator, client) = served([double("A").history(history)], Limits::default()).await;
    let session = client.session();
    let one = || processed(&[Aggregate::Average], 10e3);
    let unknown = ReadProcessedDetails { aggregate_type: Some(vec![NodeId::new(0, 85)]), ..one() };
    let two = processed(&[Aggregate::Average, Aggregate::Count], 10e3);
    let negative = processed(&[Aggregate::Average], -1.0);
    let endless = ReadProcessedDetails { end_time: opcua::types::DateTime::null(), ..one() };
    let empty = ReadProcessedDetails { end_time: at(0).into(), ..one() };
    let mut percent = one();
    percent.aggregate_configuration = AggregateConfiguration { percent_data_bad: 101, ..Default::default() };
    let mut both = one();
    both.aggregate_configuration =
        AggregateConfiguration { percent_data_bad: 80, percent_data_good: 0, ..Default::default() };
    for (details, status) in [
        (unknown, StatusCode::BadAggregateNotSupported),
        (two, StatusCode::BadAggregateListMismatch),
        (negative, StatusCode::BadInvalidArgument),
        (endless, StatusCode::BadInvalidArgument),
        (empty, StatusCode::BadInvalidArgument),
        (percent, StatusCode::BadAggregateInvalidInputs),
        (both, StatusCode::BadAggregateInvalidInputs),
        (one(), StatusCode::Good),
    ] {
        assert_eq!(read(&session, details, &[wanted("A")]).await[0].status_code, status);
    }
}

#[tokio::test]
async fn what_happens_to_an_item_is_recorded_in_order() {
    let items = [Item::new("Tank", 1.0).writable().historizing(), Item::new("Plain", 1.0)];
    let (simulator, client) = served(items, Limits::default()).await;
    let step = || simulator.advance(Duration::from_secs(1)).unwrap();
    step();
    client.write("Tank", 2.0).await.unwrap();
    step();
    simulator.set("Tank", 3.0).unwrap();
    step();
    let broken = Status::named("BadSensorFailure").unwrap();
    simulator.set_status("Tank", broken).unwrap();
    step();
    simulator.set_status("Tank", Status::GOOD).unwrap();
    let all = TimeRange { start: at(0), end: at(100) };
    let expected = vec![
        Sample::new(at(0), 1.0),
        Sample::new(at(1), 2.0),
        Sample::new(at(2), 3.0),
        Sample::with_status(at(3), Value::Null, broken),
        Sample::new(at(4), 3.0),
    ];
    assert_eq!(simulator.history("Tank", all).unwrap(), expected);
    let reversed = simulator.history("Tank", TimeRange { start: at(100), end: at(0) }).unwrap();
    assert_eq!(reversed.into_iter().rev().collect::<Vec<_>>(), expected);
    for item in ["Plain", "None"] {
        assert!(simulator.history(item, all).unwrap_err().to_string().contains(item));
    }
    let read = read(&client.session(), raw(Some(at(0)), Some(at(100)), 0, false), &[wanted("Tank")]).await;
    assert_eq!(
        values(&read[0]).iter().map(number).collect::<Vec<_>>(),
        [Some(1.0), Some(2.0), Some(3.0), None, Some(3.0)]
    );
}

#[tokio::test]
async fn a_restart_keeps_the_past() {
    let (simulator, _client) = served([Item::new("Tank", 1.0).historizing()], Limits::default()).await;
    simulator.advance(Duration::from_secs(1)).unwrap();
    simulator.set("Tank", 2.0).unwrap();
    simulator.advance(Duration::from_secs(1)).unwrap();
    simulator.restart(openopc::sim::Restart::new()).await.unwrap();
    let all = || simulator.history("Tank", TimeRange { start: at(0), end: at(100) }).unwrap();
    let kept = vec![Sample::new(at(0), 1.0), Sample::new(at(1), 2.0)];
    assert_eq!(all(), kept);
    simulator.restart(openopc::sim::Restart::new().reset_values()).await.unwrap();
    assert_eq!(all(), [&kept[..], &[Sample::new(at(2), 1.0)]].concat());
    let client = openopc::open(simulator.url()).await.unwrap();
    let read = read(&client.session(), raw(Some(at(0)), Some(at(100)), 0, false), &[wanted("Tank")]).await;
    assert_eq!(values(&read[0]).len(), 3);
}

#[tokio::test]
async fn signals_are_recorded_as_the_clock_goes_or_computed() {
    let count = Signal::Counter { from: 0.0, to: 999.0, step: 1.0, every: Duration::from_secs(2) };
    let second = Duration::from_secs(1);
    let hour = Duration::from_secs(3600);
    let items = [
        Item::new("Recorded", 0.0).signal(count.clone()).historizing(),
        Item::new("Computed", 0.0).signal(count.clone()).history(History::computed(second).back(hour)),
        Item::new("Capped", 0.0).signal(count).history(History::recorded().every(second).capacity(2)),
    ];
    let (simulator, client) = served(items, Limits::default()).await;
    simulator.advance(Duration::from_secs(9)).unwrap();
    let past = |item: &str| simulator.history(item, TimeRange { start: at(-7200), end: at(100) }).unwrap();
    // Every other look finds nothing new.
    let times: Vec<_> = past("Recorded").iter().map(|sample| sample.time).collect();
    assert_eq!(times, [0, 2, 4, 6, 8].map(at));
    assert_eq!(past("Capped").iter().map(|sample| sample.time).collect::<Vec<_>>(), [6, 8].map(at));
    let computed = past("Computed");
    assert_eq!(computed.len(), 3600 + 10);
    assert_eq!((computed[0].time, computed[3609].time), (at(-3600), at(9)));
    let live = simulator.get("Computed").unwrap();
    assert_eq!(computed[3609].value, live.value);
    assert_eq!(past("Recorded")[4].value, live.value);
    // What moves the signal moves it from then on.
    simulator.set("Computed", 5000.0).unwrap();
    simulator.advance(second).unwrap();
    let moved = past("Computed");
    assert_eq!(moved[..3609], computed[..3609]);
    assert_eq!(moved[3609].value, Value::Double(5000.0));
    assert_eq!(moved[3610].value, Value::Double(5001.0));
    let details = raw(None, Some(at(10)), 3, false);
    let read = read(&client.session(), details, &[wanted("Computed")]).await;
    let numbers: Vec<_> = values(&read[0]).iter().map(number).collect();
    assert_eq!(numbers, [Some(5001.0), Some(5000.0), computed[3608].value.to_f64_lossy()]);
}

#[tokio::test]
async fn a_clock_that_runs_records_by_itself() {
    let mut reads = 0;
    let count = Item::new("Count", 0).read_with(move || {
        reads += 1;
        Ok(reads)
    });
    let every = Duration::from_millis(1);
    let simulator =
        Simulator::builder().item(count.history(History::recorded().every(every))).start().await.unwrap();
    let all = || {
        let range = TimeRange { start: at(0), end: Utc::now() + TimeDelta::days(1) };
        simulator.history("Count", range).unwrap()
    };
    crate::support::until(|| all().len() > 5).await;
    let recorded = all();
    assert!(recorded.windows(2).all(|two| two[0].time < two[1].time));
    let numbers: Vec<_> = recorded.iter().map(|sample| sample.value.clone()).collect();
    assert_eq!(numbers, (1i32..).take(numbers.len()).map(Value::Int32).collect::<Vec<_>>());
    // All but the first are on the grid.
    assert!(recorded[1..].iter().all(|sample| sample.time.timestamp_subsec_nanos() % 1_000_000 == 0));
}

#[tokio::test]
async fn modified_values_are_kept_with_who_and_when() {
    let history = History::recorded().samples(samples((0..4).map(at)));
    let (simulator, client) = served([double("A").history(history)], Limits::default()).await;
    simulator.advance(Duration::from_secs(50)).unwrap();
    let session = client.session();
    for value in [7.0, 8.0] {
        crate::sim_history_update::update(
            &session,
            "A",
            &[(2, value)],
            opcua::types::PerformUpdateType::Replace,
        )
        .await;
    }
    let details =
        ReadRawModifiedDetails { is_read_modified: true, ..raw(Some(at(0)), Some(at(10)), 1, false) };
    let mut node = wanted("A");
    let mut found = Vec::new();
    for _ in 0..2 {
        let result = &read(&session, details.clone(), &[node]).await[0];
        let data = result.history_data.inner_as::<HistoryModifiedData>().unwrap();
        let value = &data.data_values.as_ref().unwrap()[0];
        let info = &data.modification_infos.as_ref().unwrap()[0];
        assert_eq!(time(value), at(2));
        assert_eq!(info.modification_time.as_chrono(), at(50));
        assert_eq!(info.update_type, opcua::types::HistoryUpdateType::Replace);
        assert_eq!(info.user_name.as_ref(), "anonymous");
        found.push(number(value));
        node = HistoryReadValueId { continuation_point: result.continuation_point.clone(), ..wanted("A") };
    }
    assert!(node.continuation_point.is_null());
    assert_eq!(found, [Some(2.0), Some(7.0)]);
    let bounds = ReadRawModifiedDetails { return_bounds: true, ..details };
    assert_eq!(read(&session, bounds, &[wanted("A")]).await[0].status_code, StatusCode::BadInvalidArgument);
}

#[test]
fn histories_that_contradict_themselves_are_refused() {
    let second = Duration::from_secs(1);
    let wave = Signal::Sine { low: 0.0, high: 1.0, period: second };
    let waving = |history| Item::new("A", 0.0).signal(wave.clone()).history(history);
    let percent = openopc::history::AggregateConfiguration { percent_data_bad: 101, ..Default::default() };
    for (item, word) in [
        (Item::new("A", 0.0).history(History::computed(second)), "signal"),
        (waving(History::computed(Duration::ZERO)), "below"),
        (waving(History::recorded().every(Duration::ZERO)), "below"),
        (waving(History::computed(second).capacity(1)), "capacity"),
        (Item::new("A", 0.0).history(History::recorded().capacity(0)), "capacity"),
        (Item::new("A", 0.0).history(History::recorded().configuration(percent)), "percent"),
        (Item::new("A", 0.0).history(History::recorded().samples([Sample::new(at(0), "text")])), "String"),
    ] {
        let error = Simulator::builder().item(item).start_blocking().unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("`A`"), "{error}");
    }
}

#[tokio::test]
async fn a_value_with_an_annotation_says_so() {
    let history = History::recorded()
        .samples(samples((0..5).map(at)))
        .annotation(at(1), "me", "looked at")
        .annotation(at(3), "me", "looked at again")
        .annotation(at(3), "you", "too");
    let mut limits = Limits::default();
    limits.history_values = 2;
    let (_simulator, opc) = served([double("A").history(history)], limits).await;
    let marked = |readings: &[openopc::Reading]| -> Vec<i64> {
        let marked = readings.iter().filter(|reading| reading.status.has_extra_data());
        marked.map(|reading| (reading.source_time.unwrap() - at(0)).num_seconds()).collect()
    };
    let up = within(opc.history("A", at(0)..at(9))).await.unwrap();
    assert_eq!((up.len(), marked(&up)), (5, vec![1, 3]));
    assert!(up.iter().all(|reading| reading.status.code() == Status::GOOD));
    let down = within(opc.history("A", openopc::HistoryRange::new(at(9), at(-1)))).await.unwrap();
    assert_eq!((down.len(), marked(&down)), (5, vec![3, 1]));
    // The bounds are values too, but one that is not there has nothing beside it.
    let query = openopc::HistoryQuery::raw(at(1)..at(9)).bounds(true);
    let bounded = within(opc.history_with("A", &query)).await.unwrap();
    assert_eq!((bounded.len(), marked(&bounded)), (5, vec![1, 3]));
}

#[test]
fn an_hour_of_recording_takes_no_more_room_than_it_is_given() {
    let wave = Signal::Sine { low: 0.0, high: 1.0, period: Duration::from_secs(60) };
    let item = Item::new("A", 0.0)
        .signal(wave)
        .history(History::recorded().every(Duration::from_secs(1)).capacity(60));
    let simulator = Simulator::builder().item(item).manual_clock().start_blocking().unwrap();
    let start = simulator.now();
    for minute in 1..=60 {
        simulator.advance(Duration::from_secs(60)).unwrap();
        let kept = simulator.history("A", TimeRange { start, end: simulator.now() }).unwrap();
        assert_eq!(kept.len(), 60, "minute {minute}");
        assert_eq!(kept[0].time, simulator.now() - TimeDelta::seconds(59));
    }
}
