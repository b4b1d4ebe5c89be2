//! The arithmetic of aggregates against the standard's example data.
//!
//! `data/aggregates_expected.json` holds the facts of `AggregateExamples.csv` of the OPC Foundation's UA-Nodeset (OPC
//! Foundation MIT License 1.00; its `source` says which commit), which Part 13, Annex A.1 refers to. Its `suspect` lists
//! where the tables contradict the text; those are not compared, and the text is followed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openopc::history::{
    Aggregate, AggregateConfiguration, Origin, Process, ProcessError, ProcessSpec, Sample, aggregate,
};
use openopc::{Status, Value};
use proptest::prelude::*;
use serde_json::Value as Json;

pub(crate) const EXPECTED: &str = include_str!("data/aggregates_expected.json");
const TOLERANCE: f64 = 0.0006;

pub(crate) fn noon(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::milliseconds(milliseconds)
}

pub(crate) fn samples(historian: &Json) -> Vec<Sample> {
    let points = historian["points"].as_array().unwrap().iter();
    points
        .map(|point| {
            let value = point[1].as_f64().map_or(Value::Null, Value::Double);
            let status = Status::named(point[2].as_str().unwrap()).unwrap();
            Sample::with_status(noon(point[0].as_i64().unwrap()), value, status)
        })
        .collect()
}

pub(crate) fn spec(historian: &Json, aggregate: Aggregate, interval: u64) -> ProcessSpec {
    let config = &historian["config"];
    let percent = |name: &str| u8::try_from(config[name].as_u64().unwrap()).unwrap();
    ProcessSpec {
        configuration: AggregateConfiguration {
            treat_uncertain_as_bad: config["treat_uncertain_as_bad"].as_bool().unwrap(),
            percent_data_bad: percent("percent_data_bad"),
            percent_data_good: percent("percent_data_good"),
            use_sloped_extrapolation: config["use_sloped_extrapolation"].as_bool().unwrap(),
        },
        stepped: config["stepped"].as_bool().unwrap(),
        ..ProcessSpec::new(aggregate, noon(0)..noon(100_000), Duration::from_millis(interval))
    }
}

pub(crate) fn bits(status: Status) -> String {
    let mut bits = String::new();
    match status.origin() {
        Origin::Raw => {}
        Origin::Calculated => bits.push('C'),
        Origin::Interpolated => bits.push('I'),
    }
    if status.has_multiple_values() {
        bits.push('M');
    }
    if status.is_partial() {
        bits.push('P');
    }
    bits
}

/// What of a row the tables are not to be trusted with.
#[derive(Default)]
pub(crate) struct Doubt {
    value: bool,
    status: bool,
}

pub(crate) fn doubt(aggregate: Aggregate, historian: &str, row: &Json) -> Doubt {
    use Aggregate as A;
    let partial = row[3].as_str().unwrap().contains('P');
    match aggregate {
        A::AnnotationCount => Doubt { value: true, status: true },
        A::Total if historian == "Historian3" => Doubt { value: true, status: true },
        A::Total => Doubt { value: partial, status: false },
        A::Total2 => Doubt { value: partial || row[2] != "Good", status: false },
        A::DurationBad | A::PercentBad if historian == "Historian3" && row[0] == 80_000 => {
            Doubt { value: true, status: false }
        }
        A::StandardDeviationPopulation
        | A::StandardDeviationSample
        | A::VariancePopulation
        | A::VarianceSample => Doubt { value: false, status: true },
        _ => Doubt::default(),
    }
}

pub(crate) fn differs(row: &Sample, expected: &Json, doubt: &Doubt) -> bool {
    let value = match &expected[1] {
        Json::Null => row.value == Value::Null,
        Json::String(name) => row.value == Value::StatusCode(Status::named(name).unwrap()),
        number => row
            .value
            .to_f64_lossy()
            .is_some_and(|value| (value - number.as_f64().unwrap()).abs() <= TOLERANCE),
    };
    let status = row.status.name() == expected[2].as_str().unwrap();
    let time = row.time == noon(expected[0].as_i64().unwrap());
    let bits = bits(row.status) == expected[3].as_str().unwrap();
    !(time && (value || doubt.value) && ((status && bits) || doubt.status))
}

#[test]
fn every_table_of_the_standard_is_met() {
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let mut wrong = Vec::new();
    let (mut tables, mut rows, mut doubted) = (0, 0, 0);
    for table in expected["expected"].as_array().unwrap() {
        let name = table["historian"].as_str().unwrap();
        let historian = &expected["raw"][name];
        let function: Aggregate = table["aggregate"].as_str().unwrap().parse().unwrap();
        let spec = spec(historian, function, table["interval_ms"].as_u64().unwrap());
        let got: Vec<_> = aggregate(samples(historian), &spec).unwrap().collect::<Result<_, _>>().unwrap();
        let wanted = table["rows"].as_array().unwrap();
        assert_eq!(got.len(), wanted.len(), "{function} of {name}");
        assert_eq!(spec.rows(), Ok(wanted.len() as u64));
        tables += 1;
        for (row, wanted) in got.iter().zip(wanted) {
            let doubt = doubt(function, name, wanted);
            rows += 1;
            doubted += usize::from(doubt.value || doubt.status);
            if differs(row, wanted, &doubt) {
                let time = (row.time - noon(0)).num_milliseconds();
                let got = format!("{time} {} {} {}", row.value, row.status.name(), bits(row.status));
                wrong.push(format!("{function} of {name}: {got}, expected {wanted}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} rows", wrong.len());
    assert_eq!((tables, rows, doubted), (111, 987, 128));
}

#[test]
fn annotations_are_counted_where_they_are() {
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let historian = &expected["raw"]["Historian1"];
    let mut process = Process::new(spec(historian, Aggregate::AnnotationCount, 16_000)).unwrap();
    for annotation in historian["annotations"].as_array().unwrap() {
        for _ in 0..annotation[1].as_u64().unwrap() {
            process.annotate(noon(annotation[0].as_i64().unwrap()));
        }
    }
    for sample in samples(historian) {
        process.push(sample).unwrap();
    }
    process.finish();
    let counts: Vec<_> = process.rows().map(|row| (row.value, row.status.name().into_owned())).collect();
    let good = |count| (Value::Int32(count), "Good".to_owned());
    let nothing = (Value::Null, "BadNoData".to_owned());
    assert_eq!(counts, [good(0), good(0), good(2), good(1), good(1), good(0), nothing]);
}

pub(crate) fn rows(samples: &[Sample], spec: &ProcessSpec) -> Vec<Sample> {
    aggregate(samples.to_vec(), spec).unwrap().collect::<Result<_, _>>().unwrap()
}

pub(crate) fn over(aggregate: Aggregate, from: i64, to: i64, interval: u64) -> ProcessSpec {
    ProcessSpec::new(aggregate, noon(from)..noon(to), Duration::from_millis(interval))
}

fn uncertain() -> Status {
    Status::named("Uncertain").unwrap()
}

fn bad() -> Status {
    Status::named("BadDeviceFailure").unwrap()
}

#[test]
fn what_makes_no_sense_is_refused() {
    let error = Process::new(over(Aggregate::Average, 5, 5, 1)).unwrap_err();
    assert_eq!(error.status().name(), "BadInvalidArgument");
    let configuration = AggregateConfiguration { percent_data_bad: 101, ..Default::default() };
    let error = ProcessSpec { configuration, ..over(Aggregate::Average, 0, 5, 1) }.check().unwrap_err();
    assert!(error.to_string().contains("percent_data_bad is 101"), "{error}");
    assert_eq!(error.status().name(), "BadAggregateInvalidInputs");
    let configuration =
        AggregateConfiguration { percent_data_bad: 80, percent_data_good: 0, ..Default::default() };
    let error = ProcessSpec { configuration, ..over(Aggregate::Average, 0, 5, 1) }.check().unwrap_err();
    assert!(error.to_string().contains("together they must be at least 100"), "{error}");
    assert_eq!(error.status().name(), "BadAggregateInvalidInputs");

    let mut process = Process::new(over(Aggregate::Average, 0, 5, 1)).unwrap();
    process.push(Sample::new(noon(2), 1.0)).unwrap();
    assert_eq!(
        process.push(Sample::new(noon(1), 1.0)),
        Err(ProcessError::Order { time: noon(1), last: noon(2) })
    );
    let unordered = [Sample::new(noon(2), 1.0), Sample::new(noon(1), 1.0)];
    let rows: Vec<_> = aggregate(unordered, &over(Aggregate::Average, 0, 5, 0)).unwrap().collect();
    assert!(matches!(rows[..], [Err(ProcessError::Order { .. })]), "{rows:?}");
}

#[test]
fn without_data_every_interval_says_so() {
    for function in Aggregate::ALL {
        let rows = rows(&[], &over(*function, 0, 100_000, 10));
        assert_eq!(rows.len(), 10_000);
        assert!(rows.iter().all(|row| row.status.name() == "BadNoData" && row.value.is_null()), "{function}");
    }
}

#[test]
fn a_gap_of_a_million_intervals_is_crossed() {
    let samples = [Sample::new(noon(0), 1.0), Sample::new(noon(10_000_000), 3.0)];
    let rows = rows(&samples, &over(Aggregate::TimeAverage, 0, 10_000_000, 10));
    assert_eq!(rows.len(), 1_000_000);
    let middle = rows[500_000].value.to_f64_lossy().unwrap();
    assert!((middle - 2.000_001).abs() < 1e-9, "{middle}");
}

#[test]
fn what_is_no_number_cannot_be_calculated_with() {
    let texts = [Sample::new(noon(0), "a"), Sample::new(noon(5), "b"), Sample::new(noon(10), "b")];
    let one = |function| {
        let mut rows = rows(&texts, &over(function, 0, 10, 0));
        let row = rows.pop().unwrap();
        (row.value, row.status.name().into_owned())
    };
    for function in [Aggregate::Average, Aggregate::TimeAverage, Aggregate::Maximum2, Aggregate::Delta] {
        assert_eq!(one(function), (Value::Null, "BadAggregateInvalidInputs".to_owned()), "{function}");
    }
    let good = |value| (value, "Good".to_owned());
    assert_eq!(one(Aggregate::Count), good(Value::Int32(2)));
    assert_eq!(one(Aggregate::NumberOfTransitions), good(Value::Int32(2)));
    assert_eq!(one(Aggregate::Start), good("a".into()));
    assert_eq!(one(Aggregate::End), good("b".into()));
    assert_eq!(one(Aggregate::EndBound), good("b".into()));
    assert_eq!(one(Aggregate::PercentGood), good(100.0.into()));
}

#[test]
fn nan_and_infinities_count_as_bad() {
    let numbers = [1.0, f64::NAN, f64::INFINITY, 3.0, f64::NEG_INFINITY, 5.0];
    let samples: Vec<_> = (0..).step_by(10).zip(numbers).map(|(at, n)| Sample::new(noon(at), n)).collect();
    for function in Aggregate::ALL {
        for row in rows(&samples, &over(*function, 0, 50, 25)) {
            assert!(
                row.value.to_f64_lossy().is_none_or(f64::is_finite)
                    || matches!(
                        function,
                        Aggregate::Interpolative
                            | Aggregate::Start
                            | Aggregate::End
                            | Aggregate::EndBound
                            | Aggregate::StartBound
                    ),
                "{function}: {row:?}"
            );
        }
    }
    let average = &rows(&samples, &over(Aggregate::Average, 0, 50, 0))[0];
    assert_eq!(
        (&average.value, average.status.name()),
        (&Value::Double(2.0), "UncertainDataSubNormal".into())
    );
}

#[test]
fn large_numbers_do_not_run_over_where_the_result_fits() {
    let samples = [Sample::new(noon(0), 1e290), Sample::new(noon(5), 1e290), Sample::new(noon(10), -1e290)];
    let one = |function, from| rows(&samples, &over(function, from, 10, 0)).remove(0);
    assert_eq!(one(Aggregate::TimeAverage2, 0).status.name(), "Good");
    assert_eq!(one(Aggregate::Interpolative, 6).value.to_f64_lossy().map(f64::is_finite), Some(true));
}

#[test]
fn extremes_keep_the_type_and_every_digit() {
    let large = i64::MAX - 1;
    let samples = [Sample::new(noon(0), large), Sample::new(noon(5), i64::MAX), Sample::new(noon(10), large)];
    let maximum = &rows(&samples, &over(Aggregate::MaximumActualTime, 0, 10, 0))[0];
    assert_eq!((&maximum.value, maximum.time), (&Value::Int64(i64::MAX), noon(5)));
    let minimum = &rows(&samples, &over(Aggregate::Minimum, 0, 10, 0))[0];
    assert_eq!((&minimum.value, minimum.status), (&Value::Int64(large), Status::GOOD));
    let bytes = [Sample::new(noon(0), 200_u8), Sample::new(noon(10), 100_u8)];
    assert_eq!(rows(&bytes, &over(Aggregate::Interpolative, 5, 10, 0))[0].value, Value::Byte(150));
    assert_eq!(rows(&bytes, &over(Aggregate::DeltaBounds, 0, 10, 0))[0].value, Value::Double(-100.0));
}

#[test]
fn states_last_and_change() {
    let samples = [Sample::new(noon(0), true), Sample::new(noon(4), false), Sample::new(noon(10), true)];
    let one = |function| rows(&samples, &over(function, 0, 10, 0)).remove(0).value;
    assert_eq!(one(Aggregate::DurationInStateNonZero), Value::Double(4.0));
    assert_eq!(one(Aggregate::DurationInStateZero), Value::Double(6.0));
    assert_eq!(one(Aggregate::NumberOfTransitions), Value::Int32(2));
}

#[test]
fn uncertain_values_beyond_the_good_ones_make_an_extreme_uncertain() {
    let configuration = AggregateConfiguration { treat_uncertain_as_bad: false, ..Default::default() };
    let samples = [
        Sample::new(noon(0), 5.0),
        Sample::with_status(noon(1), 7.0, uncertain()),
        Sample::new(noon(10), 6.0),
    ];
    let status = |function| {
        let spec = ProcessSpec { configuration, ..over(function, 0, 10, 0) };
        rows(&samples, &spec).remove(0).status.name().into_owned()
    };
    assert_eq!(status(Aggregate::Minimum), "Good");
    assert_eq!(status(Aggregate::Maximum), "UncertainDataSubNormal");
    assert_eq!(status(Aggregate::Range), "UncertainDataSubNormal");
}

#[test]
fn a_shorter_interval_is_partial() {
    let samples = [Sample::new(noon(0), 1.0), Sample::new(noon(20), 1.0)];
    let partial = |from, to| {
        let rows = rows(&samples, &over(Aggregate::TimeAverage2, from, to, 4));
        rows.iter().map(|row| (row.time, row.status.is_partial())).collect::<Vec<_>>()
    };
    assert_eq!(partial(0, 10), [(noon(0), false), (noon(4), false), (noon(8), true)]);
    assert_eq!(partial(10, 0), [(noon(10), false), (noon(6), false), (noon(2), true)]);
}

/// Ends of intervals fall on samples and between them; some samples are uncertain or bad.
pub(crate) fn any_samples() -> impl Strategy<Value = Vec<Sample>> {
    let sample = (1..7_i64, -50..50_i32, 0..8_u8);
    proptest::collection::vec(sample, 0..40).prop_map(|steps| {
        let mut at = -20;
        let sample = |(step, number, quality)| {
            at += step;
            let status = match quality {
                0 => bad(),
                1 => uncertain(),
                _ => Status::GOOD,
            };
            Sample::with_status(noon(at), f64::from(number), status)
        };
        steps.into_iter().map(sample).collect()
    })
}

prop_compose! {
    pub(crate) fn any_spec()(
        function in 0..Aggregate::ALL.len(),
        stepped in any::<bool>(),
        treat_uncertain_as_bad in any::<bool>(),
        use_sloped_extrapolation in any::<bool>(),
        percent_data_bad in 0..=100_u8,
        surplus in 0..=100_u8,
        interval in 0..40_u64,
        (from, to) in (-10..100_i64, -10..100_i64).prop_filter("a range", |(from, to)| from != to),
    ) -> ProcessSpec {
        let percent_data_good = (100 - percent_data_bad).max(surplus);
        let configuration = AggregateConfiguration {
            treat_uncertain_as_bad, percent_data_bad, percent_data_good, use_sloped_extrapolation,
        };
        ProcessSpec { configuration, stepped, ..over(Aggregate::ALL[function], from, to, interval) }
    }
}

/// What a caller feeds that follows the rules: of all there is only what is needed.
fn needed(samples: &[Sample], spec: &ProcessSpec) -> Vec<Sample> {
    let mut missing = spec.before();
    let before: Vec<_> = samples.iter().rev().filter(|sample| sample.time < spec.earliest()).collect();
    let fed = before.into_iter().take_while(|sample| {
        let wanted = missing > 0;
        missing -= usize::from(wanted && spec.counts(sample));
        wanted
    });
    let mut fed: Vec<_> = fed.cloned().collect();
    fed.reverse();
    let mut missing = spec.after();
    for sample in samples.iter().filter(|sample| sample.time >= spec.earliest()) {
        if sample.time >= spec.latest() {
            if missing == 0 {
                break;
            }
            missing -= usize::from(spec.counts(sample));
        }
        fed.push(sample.clone());
    }
    fed
}

pub(crate) fn number(row: &Sample) -> Option<f64> {
    row.value.to_f64_lossy()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn rows_have_the_times_of_their_intervals(samples in any_samples(), spec in any_spec()) {
        let rows = rows(&samples, &spec);
        prop_assert_eq!(rows.len() as u64, spec.rows().unwrap());
        let (start, end) = (spec.range.start, spec.range.end);
        let interval = TimeDelta::from_std(spec.interval).unwrap();
        let own_times = matches!(
            spec.aggregate,
            Aggregate::Start | Aggregate::End
                | Aggregate::MinimumActualTime | Aggregate::MaximumActualTime
                | Aggregate::MinimumActualTime2 | Aggregate::MaximumActualTime2
        );
        for (at, row) in (0_i32..).zip(&rows) {
            let expected = if start < end { start + interval * at } else { start - interval * at };
            prop_assert!(own_times || row.time == expected, "{row:?} is not at {expected}");
            prop_assert!(start.min(end) <= row.time && row.time <= start.max(end));
        }
    }

    #[test]
    fn pages_and_what_is_needed_give_what_all_gives(
        samples in any_samples(), spec in any_spec(), page in 1..5_usize
    ) {
        let all = rows(&samples, &spec);
        prop_assert_eq!(&rows(&needed(&samples, &spec), &spec), &all, "only what is needed");
        let mut process = Process::new(spec).unwrap();
        let mut paged = Vec::new();
        for samples in samples.chunks(page) {
            for sample in samples {
                process.push(sample.clone()).unwrap();
            }
            paged.extend(process.rows());
        }
        process.finish();
        paged.extend(process.rows());
        prop_assert_eq!(paged, all);
    }

    /// What is measured between the ends of intervals is the same from both sides.
    #[test]
    fn both_directions_agree(samples in any_samples(), spec in any_spec(), intervals in 1..10_i64) {
        use Aggregate as A;
        let interval = TimeDelta::from_std(spec.interval).unwrap().max(TimeDelta::milliseconds(1));
        let (start, end) = (spec.range.start, spec.range.start + interval * i32::try_from(intervals).unwrap());
        let interval = interval.to_std().unwrap();
        for function in [
            A::TimeAverage, A::TimeAverage2, A::Total, A::Total2, A::DurationGood, A::DurationBad, A::PercentGood,
            A::PercentBad, A::DurationInStateZero, A::DurationInStateNonZero,
        ] {
            let forward = ProcessSpec { aggregate: function, interval, range: (start..end).into(), ..spec };
            let reverse = ProcessSpec { range: (end..start).into(), ..forward };
            let mut reversed = rows(&samples, &reverse);
            reversed.reverse();
            for (one, other) in rows(&samples, &forward).iter().zip(&reversed) {
                // At the ends of the data it is different intervals that a sample belongs to.
                if !one.status.is_bad() && !other.status.is_bad() {
                    prop_assert_eq!(&one.value, &other.value, "{}", function);
                }
            }
        }
    }

    #[test]
    fn averages_lie_between_the_extremes(samples in any_samples(), spec in any_spec()) {
        use Aggregate as A;
        // A bound held for want of good data after it has part in an average, but is no extreme where it counts as bad.
        let configuration = AggregateConfiguration { treat_uncertain_as_bad: false, ..spec.configuration };
        let of = |aggregate| rows(&samples, &ProcessSpec { aggregate, configuration, ..spec });
        for (low, mean, high) in [(A::Minimum, A::Average, A::Maximum), (A::Minimum2, A::TimeAverage2, A::Maximum2)] {
            for ((low, mean), high) in of(low).iter().zip(of(mean)).zip(of(high)) {
                if let (Some(low), Some(mean), Some(high)) = (number(low), number(&mean), number(&high)) {
                    prop_assert!(low <= mean + 1e-9 && mean <= high + 1e-9, "{low} {mean} {high}");
                }
            }
        }
    }

    /// Nothing is neither good nor bad where uncertain is bad, and percentages say the same as durations.
    #[test]
    fn good_and_bad_are_all_there_is(samples in any_samples(), spec in any_spec()) {
        use Aggregate as A;
        let configuration = AggregateConfiguration { treat_uncertain_as_bad: true, ..spec.configuration };
        let of = |aggregate| rows(&samples, &ProcessSpec { aggregate, configuration, ..spec });
        let (good, bad) = (of(A::DurationGood), of(A::DurationBad));
        let (percent_good, percent_bad) = (of(A::PercentGood), of(A::PercentBad));
        let mut times: Vec<_> = good.iter().map(|row| row.time).collect();
        times.push(spec.range.end);
        for at in 0..good.len() {
            let [Some(good), Some(bad)] = [number(&good[at]), number(&bad[at])] else { continue };
            let percent = number(&percent_good[at]).unwrap() + number(&percent_bad[at]).unwrap();
            prop_assert!((percent - 100.0).abs() < 1e-9, "{percent} %");
            let length = (times[at + 1] - times[at]).num_milliseconds().abs() as f64;
            let ends = samples.last().is_some_and(|last| {
                last.time < times[at].max(times[at + 1]) && last.time >= times[at].min(times[at + 1])
            });
            prop_assert!(good + bad <= length && (ends || good + bad == length), "{good} + {bad} of {length}");
        }
    }
}
