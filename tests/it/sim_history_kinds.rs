//! Aggregates through the wire for what the standard's example data does not have: other types than numbers, and ranges
//! that nothing is in.

use std::time::Duration;

use openopc::history::{Aggregate, AggregateConfiguration, Origin, Sample};
use openopc::sim::{History, Item, Limits};
use openopc::{Client, DataType, HistoryQuery, HistoryRange, Reading, Status, Value};

use crate::sim_history::{at, served};
use crate::support::within;

fn item(id: &str, data_type: DataType, values: impl IntoIterator<Item = (i64, Value)>) -> Item {
    let samples = values.into_iter().map(|(second, value)| match value {
        Value::Null => {
            Sample::with_status(at(second), Value::Null, Status::named("BadDeviceFailure").unwrap())
        }
        value => Sample::new(at(second), value),
    });
    Item::new(id, Value::Null).data_type(data_type).history(History::recorded().samples(samples))
}

async fn rows(
    opc: &Client,
    tag: &str,
    aggregate: Aggregate,
    (from, to): (i64, i64),
    every: u64,
) -> Vec<Reading> {
    let range = HistoryRange::new(at(from), at(to));
    let query = HistoryQuery::aggregate(range, aggregate, Duration::from_secs(every));
    within(opc.history_with(tag, &query))
        .await
        .unwrap_or_else(|error| panic!("{aggregate} of {tag}: {error}"))
}

async fn one(opc: &Client, tag: &str, aggregate: Aggregate) -> (Value, String) {
    let mut rows = rows(opc, tag, aggregate, (0, 100), 0).await;
    assert_eq!(rows.len(), 1, "{aggregate}");
    let row = rows.remove(0);
    (row.value, row.status.name().into_owned())
}

const NUMERIC: [Aggregate; 21] = {
    use Aggregate as A;
    [
        A::Average,
        A::TimeAverage,
        A::TimeAverage2,
        A::Total,
        A::Total2,
        A::Minimum,
        A::Maximum,
        A::MinimumActualTime,
        A::MaximumActualTime,
        A::Range,
        A::Minimum2,
        A::Maximum2,
        A::MinimumActualTime2,
        A::MaximumActualTime2,
        A::Range2,
        A::Delta,
        A::DeltaBounds,
        A::StandardDeviationSample,
        A::VarianceSample,
        A::StandardDeviationPopulation,
        A::VariancePopulation,
    ]
};

/// Part 13, Table 13: which aggregates take which types, and what they give.
#[tokio::test]
async fn results_have_the_types_of_the_standard() {
    use Aggregate as A;
    let on_off = [(0, true.into()), (40, false.into()), (90, true.into()), (100, true.into())];
    let texts = [(0, "a".into()), (40, "b".into()), (90, "a".into()), (100, "a".into())];
    let counts = [(0, 10.into()), (40, (-5).into()), (90, 20.into()), (100, 20.into())];
    let items = [
        item("Boolean", DataType::Boolean, on_off),
        item("String", DataType::String, texts),
        item("Int32", DataType::Int32, counts),
    ];
    let (_simulator, opc) = served(items, Limits::default()).await;
    for aggregate in NUMERIC {
        for tag in ["Boolean", "String"] {
            assert_eq!(
                one(&opc, tag, aggregate).await,
                (Value::Null, "BadAggregateInvalidInputs".into()),
                "{aggregate}"
            );
        }
        let (value, status) = one(&opc, "Int32", aggregate).await;
        let expected = match aggregate {
            A::Average
            | A::TimeAverage
            | A::TimeAverage2
            | A::Total
            | A::Total2
            | A::StandardDeviationSample
            | A::VarianceSample
            | A::StandardDeviationPopulation
            | A::VariancePopulation => DataType::Double,
            _ => DataType::Int32,
        };
        assert_eq!((value.data_type(), status.as_str()), (expected, "Good"), "{aggregate}");
    }
    let good = |value: Value| (value, "Good".to_owned());
    for (tag, first, last) in [
        ("Boolean", Value::from(true), Value::from(true)),
        ("String", "a".into(), "a".into()),
        ("Int32", 10.into(), 20.into()),
    ] {
        assert_eq!(one(&opc, tag, A::Count).await, good(3.into()), "{tag}");
        assert_eq!(one(&opc, tag, A::NumberOfTransitions).await, good(3.into()), "{tag}");
        assert_eq!(one(&opc, tag, A::AnnotationCount).await, good(0.into()), "{tag}");
        for aggregate in [A::Start, A::StartBound, A::Interpolative] {
            assert_eq!(one(&opc, tag, aggregate).await, good(first.clone()), "{aggregate} of {tag}");
        }
        for aggregate in [A::End, A::EndBound] {
            assert_eq!(one(&opc, tag, aggregate).await, good(last.clone()), "{aggregate} of {tag}");
        }
        assert_eq!(one(&opc, tag, A::DurationGood).await, good(100_000.0.into()), "{tag}");
        assert_eq!(one(&opc, tag, A::DurationBad).await, good(0.0.into()), "{tag}");
        assert_eq!(one(&opc, tag, A::PercentGood).await, good(100.0.into()), "{tag}");
        assert_eq!(one(&opc, tag, A::PercentBad).await, good(0.0.into()), "{tag}");
        for aggregate in [A::WorstQuality, A::WorstQuality2] {
            assert_eq!(one(&opc, tag, aggregate).await, good(Value::StatusCode(Status::GOOD)), "{tag}");
        }
    }
    assert_eq!(one(&opc, "Boolean", A::DurationInStateZero).await, good(50_000.0.into()));
    assert_eq!(one(&opc, "Boolean", A::DurationInStateNonZero).await, good(50_000.0.into()));
    assert_eq!(one(&opc, "Int32", A::DurationInStateNonZero).await, good(100_000.0.into()));
    assert_eq!(one(&opc, "String", A::DurationInStateZero).await.1, "BadAggregateInvalidInputs");
    assert_eq!(one(&opc, "Int32", A::Minimum).await, good((-5).into()));
    assert_eq!(one(&opc, "Int32", A::Range).await, good(25.into()));
    assert_eq!(one(&opc, "Int32", A::Delta).await, good(10.into()));
    // Between two states there is nothing: the earlier one lasts.
    let between = rows(&opc, "Boolean", A::Interpolative, (20, 100), 30).await;
    let values: Vec<Value> = between.iter().map(|row| row.value.clone()).collect();
    assert_eq!(values, [Value::Boolean(true), false.into(), false.into()]);
    assert!(between.iter().all(|row| row.status.origin() == Origin::Interpolated), "{between:?}");
}

#[tokio::test]
async fn before_and_after_the_data_there_is_none() {
    use Aggregate as A;
    let items = [
        item("Some", DataType::Double, [(0, 1.0.into()), (10, 2.0.into())]),
        item("One", DataType::Double, [(5, 7.0.into())]),
        item("Bad", DataType::Double, [(0, Value::Null), (50, Value::Null), (100, Value::Null)]),
    ];
    let (_simulator, opc) = served(items, Limits::default()).await;
    for aggregate in Aggregate::ALL.iter().copied() {
        for row in rows(&opc, "Some", aggregate, (-100, -50), 20).await {
            assert_eq!(
                (row.status.name().as_ref(), &row.value),
                ("BadNoData", &Value::Null),
                "{aggregate} before"
            );
        }
        for row in rows(&opc, "Some", aggregate, (50, 100), 20).await {
            // This one goes on beyond the data (Part 13, 5.4.3.4).
            let expected = if aggregate == A::Interpolative { "UncertainDataSubNormal" } else { "BadNoData" };
            assert_eq!(row.status.name(), expected, "{aggregate} after");
        }
        let row = rows(&opc, "Bad", aggregate, (0, 100), 0).await.remove(0);
        match aggregate {
            A::DurationBad => assert_eq!(row.value, Value::Double(100_000.0)),
            A::PercentBad => assert_eq!(row.value, Value::Double(100.0)),
            A::DurationGood | A::PercentGood => assert_eq!(row.value, Value::Double(0.0), "{aggregate}"),
            A::WorstQuality | A::WorstQuality2 => {
                assert!(matches!(row.value, Value::StatusCode(status) if status.is_bad()), "{row:?}");
            }
            A::AnnotationCount => assert_eq!(row.value, Value::Int32(0)),
            _ => assert!(row.status.is_bad() && row.value.is_null(), "{aggregate}: {row:?}"),
        }
        // One value has no time after it, but for the shortest that there is.
        let row = rows(&opc, "One", aggregate, (0, 10), 0).await.remove(0);
        let expected = match aggregate {
            A::Average
            | A::Minimum
            | A::Maximum
            | A::MinimumActualTime
            | A::MaximumActualTime
            | A::Start
            | A::End => Some(7.0),
            A::Range
            | A::Delta
            | A::StandardDeviationSample
            | A::VarianceSample
            | A::StandardDeviationPopulation
            | A::VariancePopulation => Some(0.0),
            A::Count | A::NumberOfTransitions | A::DurationGood => Some(1.0),
            _ => continue,
        };
        assert_eq!(row.value.to_f64_lossy(), expected, "{aggregate}: {row:?}");
    }
}

#[tokio::test]
async fn intervals_are_counted_from_the_start_of_the_range_whatever_it_is() {
    use Aggregate as A;
    let values = (0..=100).map(|second| (second, Value::from(second as f64)));
    let (_simulator, opc) = served([item("A", DataType::Double, values)], Limits::default()).await;
    let times = |rows: &[Reading]| -> Vec<i64> {
        rows.iter().map(|row| (row.source_time.unwrap() - at(0)).num_seconds()).collect()
    };
    let numbers = |rows: &[Reading]| -> Vec<f64> { rows.iter().map(|row| row.get().unwrap()).collect() };
    let partial =
        |rows: &[Reading]| -> Vec<bool> { rows.iter().map(|row| row.status.is_partial()).collect() };
    // Neither starts on a value of time that divides, nor divides the range.
    let up = rows(&opc, "A", A::Count, (3, 26), 10).await;
    assert_eq!(
        (times(&up), numbers(&up), partial(&up)),
        (vec![3, 13, 23], vec![10.0, 10.0, 3.0], vec![false, false, true])
    );
    let down = rows(&opc, "A", A::Maximum, (26, 3), 10).await;
    assert_eq!(
        (times(&down), numbers(&down), partial(&down)),
        (vec![26, 16, 6], vec![26.0, 16.0, 6.0], vec![false, false, true])
    );
    let lowest = rows(&opc, "A", A::Minimum, (26, 3), 10).await;
    assert_eq!(numbers(&lowest), [17.0, 7.0, 4.0]);
    let longer = rows(&opc, "A", A::Count, (3, 26), 3600).await;
    assert_eq!((times(&longer), numbers(&longer)), (vec![3], vec![23.0]));
    let nothing = HistoryQuery::aggregate(HistoryRange::new(at(3), at(3)), A::Count, Duration::from_secs(1));
    let error = within(opc.history_with("A", &nothing)).await.unwrap_err();
    assert!(error.to_string().contains("BadInvalidArgument"), "{error}");
}

#[tokio::test]
async fn what_a_client_says_goes_before_what_the_item_has() {
    use Aggregate as A;
    let uncertain = Status::named("Uncertain").unwrap();
    let samples = [
        Sample::new(at(0), 10.0),
        Sample::with_status(at(10), 20.0, uncertain),
        Sample::new(at(20), 30.0),
        Sample::new(at(30), 40.0),
    ];
    let strict =
        Item::new("A", Value::Null).data_type(DataType::Double).history(History::recorded().samples(samples));
    let (_simulator, opc) = served([strict], Limits::default()).await;
    let ask = async |aggregate, (from, to): (i64, i64), configuration| {
        let query = HistoryQuery::aggregate(HistoryRange::new(at(from), at(to)), aggregate, Duration::ZERO);
        let query = match configuration {
            Some(configuration) => query.configuration(configuration),
            None => query,
        };
        let row = within(opc.history_with("A", &query)).await.unwrap().remove(0);
        (row.value.to_f64_lossy(), row.status.name().into_owned())
    };
    let default = AggregateConfiguration::default();
    let lenient = AggregateConfiguration { treat_uncertain_as_bad: false, ..default };
    let half = AggregateConfiguration { percent_data_good: 50, percent_data_bad: 50, ..default };
    let most = AggregateConfiguration { percent_data_good: 80, percent_data_bad: 30, ..default };
    let sloped = AggregateConfiguration { use_sloped_extrapolation: true, ..default };
    let text = |value, status: &str| (value, status.to_owned());
    // Of three values two are good.
    assert_eq!(ask(A::Average, (0, 30), None).await, text(Some(20.0), "UncertainDataSubNormal"));
    assert_eq!(ask(A::Average, (0, 30), Some(half)).await, text(Some(20.0), "Good"));
    assert_eq!(ask(A::Average, (0, 30), Some(most)).await, text(None, "Bad"));
    // A third of the time is uncertain.
    assert_eq!(ask(A::DurationGood, (0, 30), None).await, text(Some(20_000.0), "Good"));
    assert_eq!(ask(A::DurationBad, (0, 30), None).await, text(Some(10_000.0), "Good"));
    assert_eq!(ask(A::DurationBad, (0, 30), Some(lenient)).await, text(Some(0.0), "Good"));
    // What lies between good values, or between all of them.
    assert_eq!(ask(A::Interpolative, (5, 6), None).await.0, Some(15.0));
    assert_eq!(ask(A::Interpolative, (15, 16), None).await, text(Some(25.0), "UncertainDataSubNormal"));
    assert_eq!(ask(A::StartBound, (15, 16), None).await, text(None, "BadNoData"));
    assert_eq!(ask(A::StartBound, (15, 16), Some(lenient)).await, text(Some(25.0), "UncertainDataSubNormal"));
    // Beyond the last value.
    assert_eq!(ask(A::Interpolative, (40, 41), None).await, text(Some(40.0), "UncertainDataSubNormal"));
    assert_eq!(
        ask(A::Interpolative, (40, 41), Some(sloped)).await,
        text(Some(50.0), "UncertainDataSubNormal")
    );
}
