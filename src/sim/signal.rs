//! [`Signal`]: values that are a function of time.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::rand::mix;
use crate::{DataType, Value};

/// A value that is a pure function of the simulator's time: the same time always gives the same value.
///
/// Time is counted from 1970-01-01T00:00:00Z, so a signal with a period of 60 s starts anew every full minute. The
/// smooth signals (`Ramp`, `Triangle`, `Sine`) have a new value at every instant they are looked at; the others change
/// at the end of each `every` or half `period`.
///
/// An item of an integer type takes the nearest integer, halves away from zero; a `Boolean` item is true from 0.5 on;
/// a `Float` item takes the nearest `Float`.
///
/// ```
/// use std::time::Duration;
///
/// use openopc::sim::Signal;
///
/// let level = Signal::Sine { low: 0.0, high: 100.0, period: Duration::from_secs(60) };
/// let on_off = Signal::Square { low: 0.0, high: 1.0, period: Duration::from_secs(2) };
/// let count = Signal::Counter { from: 1.0, to: 5.0, step: 1.0, every: Duration::from_millis(100) };
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Signal {
    /// `from`, `from + step`, … up to and including `to`, then `from` again; a negative step counts down.
    Counter {
        /// The first value.
        from: f64,
        /// The last value, if the steps meet it.
        to: f64,
        /// What is added each time; not 0.
        step: f64,
        /// How long each value stays.
        every: Duration,
    },
    /// A saw tooth: `from` to `to` in a straight line, then back to `from` at once.
    Ramp {
        /// Where each period starts.
        from: f64,
        /// Where each period ends; this value itself is not reached.
        to: f64,
        /// The length of one tooth.
        period: Duration,
    },
    /// `low` to `high` in the first half of the period, back in the second.
    Triangle {
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
        /// There and back.
        period: Duration,
    },
    /// A sine that starts each period at the middle, rising.
    Sine {
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
        /// One wave.
        period: Duration,
    },
    /// `low` in the first half of the period, `high` in the second.
    Square {
        /// The value of the first half.
        low: f64,
        /// The value of the second half.
        high: f64,
        /// Both halves.
        period: Duration,
    },
    /// A new number of `low..high` every `period`, evenly spread; it depends on this seed, the simulator's seed and
    /// the number of the period alone.
    Random {
        /// The smallest value.
        low: f64,
        /// The end of the range.
        high: f64,
        /// Tells two signals with the same range apart.
        seed: u64,
        /// How long each value stays.
        period: Duration,
    },
    /// Each value in turn, then the first again. The values must be of the item's type.
    List {
        /// The values.
        values: Vec<Value>,
        /// How long each value stays.
        every: Duration,
    },
}

/// What a signal is at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sampled {
    Number(f64),
    Value(Value),
}

impl Signal {
    /// What is wrong with the parameters for an item of this type, if something is.
    pub(crate) fn fault(&self, data_type: DataType) -> Option<String> {
        let (span, name) = match self {
            Signal::Counter { every, .. } | Signal::List { every, .. } => (every, "every"),
            Signal::Ramp { period, .. }
            | Signal::Triangle { period, .. }
            | Signal::Sine { period, .. }
            | Signal::Square { period, .. }
            | Signal::Random { period, .. } => (period, "period"),
        };
        if span.is_zero() {
            return Some(format!("`{name}` of its signal is zero"));
        }
        if let Signal::List { values, .. } = self {
            if values.is_empty() {
                return Some("its list of values is empty".into());
            }
            let odd =
                values.iter().find(|value| data_type != DataType::Variant && value.data_type() != data_type);
            return odd
                .map(|value| format!("its list holds a {} where {data_type} is due", value.type_text()));
        }
        if !data_type.is_number() && data_type != DataType::Boolean {
            return Some(format!("a signal of numbers cannot be a {data_type}"));
        }
        let (low, high) = self.bounds();
        if !low.is_finite() || !high.is_finite() {
            return Some("its signal has a bound that is not finite".into());
        }
        if let Signal::Counter { from, to, step, .. } = self {
            if *step == 0.0 || !step.is_finite() || (to - from) * step < 0.0 {
                return Some(format!("its counter never gets from {from} to {to} in steps of {step}"));
            }
        } else if low > high && !matches!(self, Signal::Ramp { .. }) {
            return Some(format!("the `low` of its signal, {low}, is above `high`, {high}"));
        }
        let (least, most) = limits(data_type);
        let bad = [low, high].into_iter().find(|bound| bound.round() < least || bound.round() > most)?;
        Some(format!("its signal reaches {bad}, which no {data_type} holds"))
    }

    /// Between which values it goes; a list has none.
    pub(crate) fn span(&self) -> Option<(f64, f64)> {
        let (low, high) = self.bounds();
        (!matches!(self, Signal::List { .. })).then(|| (low.min(high), low.max(high)))
    }

    fn bounds(&self) -> (f64, f64) {
        match self {
            Signal::Counter { from, to, .. } | Signal::Ramp { from, to, .. } => (*from, *to),
            Signal::Triangle { low, high, .. }
            | Signal::Sine { low, high, .. }
            | Signal::Square { low, high, .. }
            | Signal::Random { low, high, .. } => (*low, *high),
            Signal::List { .. } => (0.0, 0.0),
        }
    }

    /// The signal at this time, before it is fitted to a type.
    pub(crate) fn at(&self, time: DateTime<Utc>, simulator_seed: u64) -> Sampled {
        Sampled::Number(match self {
            Signal::Counter { from, to, step, every } => {
                // A step such as 0.1 is not exact: without the margin 0.1 * 10 would fall short of 1.0.
                let count = integer(((to - from) / step + 1e-9).floor()).saturating_add(1).max(1);
                from + step * float(whole(time, *every).rem_euclid(count))
            }
            Signal::Ramp { from, to, period } => from + (to - from) * phase(time, *period),
            Signal::Triangle { low, high, period } => {
                let phase = phase(time, *period);
                low + (high - low) * 2.0 * phase.min(1.0 - phase)
            }
            Signal::Sine { low, high, period } => {
                let angle = std::f64::consts::TAU * phase(time, *period);
                (low + high) / 2.0 + (high - low) / 2.0 * angle.sin()
            }
            Signal::Square { low, high, period } => {
                if phase(time, *period) < 0.5 {
                    *low
                } else {
                    *high
                }
            }
            Signal::Random { low, high, seed, period } => {
                let bits = mix(mix(mix(simulator_seed) ^ seed) ^ bits(whole(time, *period)));
                low + (high - low) * unit(bits)
            }
            Signal::List { values, every } => {
                let len = i128::try_from(values.len()).unwrap_or(i128::MAX).max(1);
                let index = usize::try_from(whole(time, *every).rem_euclid(len)).unwrap_or_default();
                return Sampled::Value(values.get(index).cloned().unwrap_or_default());
            }
        })
    }
}

const NANOS: i128 = 1_000_000_000;

/// Nanoseconds since 1970.
fn nanos(time: DateTime<Utc>) -> i128 {
    i128::from(time.timestamp()) * NANOS + i128::from(time.timestamp_subsec_nanos())
}

fn span_nanos(span: Duration) -> i128 {
    i128::try_from(span.as_nanos()).unwrap_or(i128::MAX).max(1)
}

/// How many whole periods have passed since 1970.
fn whole(time: DateTime<Utc>, period: Duration) -> i128 {
    nanos(time).div_euclid(span_nanos(period))
}

/// Where in its period the time is: 0 at the start, below 1 at the end.
fn phase(time: DateTime<Utc>, period: Duration) -> f64 {
    let period = span_nanos(period);
    float(nanos(time).rem_euclid(period)) / float(period)
}

/// The upper 53 bits as a number of `0..1`.
fn unit(bits: u64) -> f64 {
    float(i128::from(bits >> 11)) / float(1 << 53)
}

/// The lower 64 bits.
fn bits(number: i128) -> u64 {
    u64::try_from(number & i128::from(u64::MAX)).unwrap_or_default()
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "the nearest f64 is what is wanted")]
fn float(number: i128) -> f64 {
    number as f64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "saturating is what is wanted")]
fn integer(number: f64) -> i128 {
    number as i128
}

/// The smallest and the largest number of a type.
fn limits(data_type: DataType) -> (f64, f64) {
    let (least, most) = match data_type {
        DataType::SByte => (i128::from(i8::MIN), i128::from(i8::MAX)),
        DataType::Byte => (0, i128::from(u8::MAX)),
        DataType::Int16 => (i128::from(i16::MIN), i128::from(i16::MAX)),
        DataType::UInt16 => (0, i128::from(u16::MAX)),
        DataType::Int32 => (i128::from(i32::MIN), i128::from(i32::MAX)),
        DataType::UInt32 => (0, i128::from(u32::MAX)),
        DataType::Int64 => (i128::from(i64::MIN), i128::from(i64::MAX)),
        DataType::UInt64 => (0, i128::from(u64::MAX)),
        DataType::Float => return (f64::from(f32::MIN), f64::from(f32::MAX)),
        _ => return (f64::MIN, f64::MAX),
    };
    (float(least), float(most))
}

/// The number as a value of this type: the nearest integer, halves away from zero, and never outside the type.
pub(crate) fn fit(number: f64, data_type: DataType) -> Value {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "the nearest Float is documented"
    )]
    let single = number as f32;
    let whole = integer(number.round());
    match data_type {
        DataType::Boolean => Value::Boolean(number >= 0.5),
        DataType::SByte => Value::SByte(clamp(whole, i8::MIN, i8::MAX)),
        DataType::Byte => Value::Byte(clamp(whole, u8::MIN, u8::MAX)),
        DataType::Int16 => Value::Int16(clamp(whole, i16::MIN, i16::MAX)),
        DataType::UInt16 => Value::UInt16(clamp(whole, u16::MIN, u16::MAX)),
        DataType::Int32 => Value::Int32(clamp(whole, i32::MIN, i32::MAX)),
        DataType::UInt32 => Value::UInt32(clamp(whole, u32::MIN, u32::MAX)),
        DataType::Int64 => Value::Int64(clamp(whole, i64::MIN, i64::MAX)),
        DataType::UInt64 => Value::UInt64(clamp(whole, u64::MIN, u64::MAX)),
        DataType::Float => Value::Float(single.clamp(f32::MIN, f32::MAX)),
        _ => Value::Double(number),
    }
}

fn clamp<T: TryFrom<i128>>(number: i128, least: T, most: T) -> T {
    T::try_from(number).unwrap_or(if number < 0 { least } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(signal: &Signal, seconds: f64) -> f64 {
        let start = DateTime::from_timestamp(1_577_836_800, 0).unwrap();
        let time = start + Duration::from_secs_f64(seconds);
        match signal.at(time, 1) {
            Sampled::Number(number) => number,
            Sampled::Value(value) => value.to_f64_lossy().unwrap(),
        }
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn signals_have_their_documented_shapes() {
        let period = Duration::from_secs(8);
        let ramp = Signal::Ramp { from: 10.0, to: 18.0, period };
        let triangle = Signal::Triangle { low: -4.0, high: 4.0, period };
        let sine = Signal::Sine { low: 0.0, high: 10.0, period };
        let square = Signal::Square { low: 0.0, high: 1.0, period };
        for (seconds, a, b, c, d) in [
            (0.0, 10.0, -4.0, 5.0, 0.0),
            (2.0, 12.0, 0.0, 10.0, 0.0),
            (4.0, 14.0, 4.0, 5.0, 1.0),
            (6.0, 16.0, 0.0, 0.0, 1.0),
            (8.0, 10.0, -4.0, 5.0, 0.0),
        ] {
            close(at(&ramp, seconds), a);
            close(at(&triangle, seconds), b);
            close(at(&sine, seconds), c);
            close(at(&square, seconds), d);
        }
    }

    #[test]
    fn a_counter_reaches_its_end_and_starts_again() {
        let every = Duration::from_secs(1);
        // The clock's start is no multiple of 11 steps, so look for the sequence, not for its phase.
        let counter = Signal::Counter { from: 0.0, to: 1.0, step: 0.1, every };
        let values: Vec<f64> = (0..22).map(|second| at(&counter, f64::from(second) + 0.5)).collect();
        for pair in values.windows(2) {
            let next = if pair[0] > 0.95 { 0.0 } else { pair[0] + 0.1 };
            close(pair[1], next);
        }
        assert!(values.iter().any(|value| *value > 0.95));
        let down = Signal::Counter { from: 3.0, to: 1.0, step: -1.0, every };
        assert!((0..6).all(|second| (1.0..=3.0).contains(&at(&down, f64::from(second)))));
    }

    #[test]
    fn a_random_signal_is_a_function_of_seed_and_time() {
        let random = |seed| Signal::Random { low: 5.0, high: 6.0, seed, period: Duration::from_secs(1) };
        let values: Vec<f64> = (0..1000).map(|second| at(&random(7), f64::from(second))).collect();
        assert!(values.iter().all(|value| (5.0..6.0).contains(value)));
        close(at(&random(7), 3.0), at(&random(7), 3.9));
        assert_ne!(at(&random(7), 3.0).to_bits(), at(&random(8), 3.0).to_bits());
        let mean = values.iter().sum::<f64>() / 1000.0;
        assert!((mean - 5.5).abs() < 0.05, "{mean}");
    }

    #[test]
    fn integers_are_the_nearest_and_stay_inside_their_type() {
        assert_eq!(fit(2.5, DataType::Int16), Value::Int16(3));
        assert_eq!(fit(-2.5, DataType::Int16), Value::Int16(-3));
        assert_eq!(fit(-1.0, DataType::Byte), Value::Byte(0));
        assert_eq!(fit(1e30, DataType::UInt64), Value::UInt64(u64::MAX));
        assert_eq!(fit(0.49, DataType::Boolean), Value::Boolean(false));
        assert_eq!(fit(1e300, DataType::Float), Value::Float(f32::MAX));
    }

    #[test]
    fn impossible_signals_are_refused_with_the_reason() {
        let second = Duration::from_secs(1);
        let cases = [
            (Signal::Sine { low: 0.0, high: 1.0, period: Duration::ZERO }, DataType::Double, "`period`"),
            (Signal::Ramp { from: 0.0, to: 300.0, period: second }, DataType::Byte, "reaches 300"),
            (Signal::Square { low: 1.0, high: 0.0, period: second }, DataType::Double, "above `high`"),
            (
                Signal::Counter { from: 0.0, to: 1.0, step: -1.0, every: second },
                DataType::Double,
                "never gets",
            ),
            (Signal::Sine { low: 0.0, high: 1.0, period: second }, DataType::String, "cannot be a String"),
            (Signal::List { values: vec![], every: second }, DataType::String, "empty"),
            (Signal::List { values: vec![1.0.into()], every: second }, DataType::Int32, "Double where Int32"),
        ];
        for (signal, data_type, text) in cases {
            let fault = signal.fault(data_type).unwrap();
            assert!(fault.contains(text), "{fault}");
        }
        assert_eq!(Signal::Ramp { from: 9.0, to: 0.0, period: second }.fault(DataType::Byte), None);
    }
}
