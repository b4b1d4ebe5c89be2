//! The aggregates against what one would write by hand from the text of Part 13: values counted one by one, time counted
//! millisecond by millisecond, of data that is held.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openopc::history::{Aggregate, AggregateConfiguration, ProcessSpec, Sample};
use openopc::{Quality, Status};
use proptest::prelude::*;

use crate::history_aggregates::{any_samples, any_spec, noon, number, rows};

/// One interval of a range, early end and late end.
type Slot = (DateTime<Utc>, DateTime<Utc>);

/// The intervals of Part 13, Table 12, in the order of their rows.
fn slots(spec: &ProcessSpec) -> Vec<Slot> {
    let (start, end) = (spec.range.start, spec.range.end);
    let whole = (end - start).abs();
    let step = match TimeDelta::from_std(spec.interval).unwrap() {
        step if step.is_zero() || step > whole => whole,
        step => step,
    };
    let mut slots = Vec::new();
    let mut done = TimeDelta::zero();
    while done < whole {
        let next = (done + step).min(whole);
        slots.push(if start < end { (start + done, start + next) } else { (start - next, start - done) });
        done = next;
    }
    slots
}

/// The start of an interval belongs to it, its end does not, as time flows in the range.
fn inside<'a>(samples: &'a [Sample], spec: &ProcessSpec, slot: Slot) -> Vec<&'a Sample> {
    let reverse = spec.range.end < spec.range.start;
    let holds =
        |time| if reverse { slot.0 < time && time <= slot.1 } else { slot.0 <= time && time < slot.1 };
    samples.iter().filter(|sample| holds(sample.time)).collect()
}

/// Before the data, or behind it.
fn is_outside(samples: &[Sample], spec: &ProcessSpec, slot: Slot) -> bool {
    let reverse = spec.range.end < spec.range.start;
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return true };
    let begun = if reverse { first.time <= slot.1 } else { first.time < slot.1 };
    let ended = if reverse { last.time <= slot.0 } else { last.time < slot.0 };
    !begun || ended
}

fn verdict(good: i64, bad: i64, all: i64, configuration: &AggregateConfiguration) -> &'static str {
    let percent = |part: i64| if all == 0 { 100.0 } else { part as f64 / all as f64 * 100.0 };
    if all == 0 || percent(good) >= f64::from(configuration.percent_data_good) {
        "Good"
    } else if percent(bad) >= f64::from(configuration.percent_data_bad) {
        "Bad"
    } else {
        "UncertainDataSubNormal"
    }
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

/// What a value is for the time after it.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    Good(f64),
    /// Uncertain, where that is not bad.
    Uncertain(f64),
    /// Uncertain, where that is bad.
    Doubtful,
    Bad,
}

fn held(sample: &Sample, configuration: &AggregateConfiguration) -> Held {
    match sample.status.quality() {
        Quality::Good => Held::Good(number(sample).unwrap()),
        Quality::Uncertain if configuration.treat_uncertain_as_bad => Held::Doubtful,
        Quality::Uncertain => Held::Uncertain(number(sample).unwrap()),
        Quality::Bad => Held::Bad,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn values_are_counted_one_by_one(samples in any_samples(), spec in any_spec()) {
        use Aggregate as A;
        let of = |aggregate| rows(&samples, &ProcessSpec { aggregate, ..spec });
        let results = [
            of(A::Average), of(A::Count), of(A::Minimum), of(A::Maximum), of(A::Range), of(A::Delta), of(A::VariancePopulation),
        ];
        let (starts, ends) = (of(A::Start), of(A::End));
        for (index, slot) in slots(&spec).into_iter().enumerate() {
            let all = inside(&samples, &spec, slot);
            if is_outside(&samples, &spec, slot) {
                for rows in results.iter().chain([&starts, &ends]) {
                    prop_assert_eq!(rows[index].status.name(), "BadNoData");
                }
                continue;
            }
            let good: Vec<f64> = all.iter().filter(|s| s.status.is_good()).map(|s| number(s).unwrap()).collect();
            let mean = good.iter().sum::<f64>() / good.len() as f64;
            let smallest = good.iter().copied().reduce(f64::min);
            let largest = good.iter().copied().reduce(f64::max);
            let spread = good.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / good.len() as f64;
            let bad = all.iter().filter(|sample| match sample.status.quality() {
                Quality::Good => false,
                Quality::Uncertain => spec.configuration.treat_uncertain_as_bad,
                Quality::Bad => true,
            });
            let verdict = verdict(good.len() as i64, bad.count() as i64, all.len() as i64, &spec.configuration);
            let expected = [
                Some(mean), Some(good.len() as f64), smallest, largest,
                largest.zip(smallest).map(|(high, low)| high - low),
                good.first().zip(good.last()).map(|(first, last)| last - first),
                Some(spread),
            ];
            for (place, (rows, expected)) in results.iter().zip(expected).enumerate() {
                let row = &rows[index];
                // A count of nothing is nothing, everything else of nothing is no data.
                if good.is_empty() && place != 1 {
                    prop_assert_eq!(row.status.name(), "BadNoData");
                    continue;
                }
                if place < 2 {
                    prop_assert_eq!(row.status.name(), verdict);
                }
                if !row.status.is_bad() {
                    prop_assert!(close(number(row).unwrap(), expected.unwrap()), "{place}: {row:?}, expected {expected:?}");
                }
            }
            // Whatever they are, and in whatever direction time flows.
            for (row, expected) in [(&starts[index], all.first()), (&ends[index], all.last())] {
                match expected {
                    Some(sample) => {
                        prop_assert_eq!((row.time, &row.value), (sample.time, &sample.value));
                        prop_assert_eq!(row.status.code(), sample.status.code());
                    }
                    None => prop_assert_eq!(row.status.name(), "BadNoData"),
                }
            }
        }
    }

    #[test]
    fn time_is_counted_millisecond_by_millisecond(samples in any_samples(), spec in any_spec()) {
        use Aggregate as A;
        let spec = ProcessSpec { stepped: true, ..spec };
        let of = |aggregate| rows(&samples, &ProcessSpec { aggregate, ..spec });
        let (good, bad) = (of(A::DurationGood), of(A::DurationBad));
        let (zero, other) = (of(A::DurationInStateZero), of(A::DurationInStateNonZero));
        let (mean, total) = (of(A::TimeAverage2), of(A::Total2));
        for (index, slot) in slots(&spec).into_iter().enumerate() {
            let last = samples.last().map(|last| last.time);
            // Where the data ends in an interval, and on its end, the standard leaves open what is beyond.
            if is_outside(&samples, &spec, slot) || last.is_some_and(|last| last <= slot.1) {
                continue;
            }
            let length = (slot.1 - slot.0).num_milliseconds();
            let times = (0..length).map(|offset| slot.0 + TimeDelta::milliseconds(offset));
            let states: Vec<Held> = times
                .map(|time| {
                    let before = samples.iter().rev().find(|sample| sample.time <= time);
                    before.map_or(Held::Bad, |sample| held(sample, &spec.configuration))
                })
                .collect();
            let count = |wanted: fn(&Held) -> bool| states.iter().filter(|state| wanted(state)).count() as i64;
            let goods = count(|state| matches!(state, Held::Good(_)));
            let bads = count(|state| matches!(state, Held::Bad | Held::Doubtful));
            prop_assert_eq!(number(&good[index]), Some(goods as f64));
            prop_assert_eq!(number(&bad[index]), Some(bads as f64));
            let verdict = verdict(length - bads, bads, length, &spec.configuration);
            let zeros = count(|state| *state == Held::Good(0.0));
            for (row, expected) in [(&zero[index], zeros), (&other[index], goods - zeros)] {
                prop_assert_eq!(row.status.name(), verdict);
                if verdict != "Bad" {
                    prop_assert_eq!(number(row), Some(expected as f64));
                }
            }
            let values: Vec<f64> = states.iter().filter_map(|state| match state {
                Held::Good(value) | Held::Uncertain(value) => Some(*value),
                _ => None,
            }).collect();
            let average = values.iter().sum::<f64>() / values.len() as f64;
            if values.is_empty() {
                prop_assert!(mean[index].status.is_bad() && total[index].status.is_bad());
            } else if !mean[index].status.is_bad() {
                prop_assert!(close(number(&mean[index]).unwrap(), average), "{:?}, expected {average}", mean[index]);
                let total = number(&total[index]).unwrap();
                prop_assert!(close(total, average * length as f64 / 1e3), "{total}");
            }
        }
    }
}

#[test]
fn a_transition_is_another_value_than_the_last_usable_one() {
    let uncertain = Status::named("Uncertain").unwrap();
    let bad = Status::named("Bad").unwrap();
    let samples = [
        Sample::new(noon(0), 1.0),
        Sample::new(noon(10), 1.0),
        Sample::with_status(noon(20), 2.0, uncertain),
        Sample::with_status(noon(30), 3.0, bad),
        Sample::new(noon(40), 2.0),
        Sample::new(noon(50), 1.0),
    ];
    let count = |treat_uncertain_as_bad, from| {
        let configuration = AggregateConfiguration {
            treat_uncertain_as_bad,
            percent_data_good: 1,
            ..AggregateConfiguration::default()
        };
        let range = noon(from)..noon(50);
        let spec = ProcessSpec {
            configuration,
            ..ProcessSpec::new(Aggregate::NumberOfTransitions, range, Duration::ZERO)
        };
        number(&rows(&samples, &spec)[0])
    };
    // The first value of all is one; what happens at the end is not.
    assert_eq!((count(true, 0), count(false, 0)), (Some(2.0), Some(2.0)));
    assert_eq!((count(true, 10), count(false, 10)), (Some(1.0), Some(1.0)));
    assert_eq!((count(true, 40), count(false, 40)), (Some(1.0), Some(0.0)));
}
