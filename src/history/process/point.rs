//! [`Point`]: a sample or a bound, as the arithmetic sees it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::history::{Origin, Sample};
use crate::status::code;
use crate::{DataType, Quality, Status, Value};

use super::grid::nanoseconds;
use super::spec::ProcessSpec;

#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) time: DateTime<Utc>,
    pub(super) value: Value,
    /// The value, where it is a finite number.
    pub(super) number: Option<f64>,
    pub(super) status: Status,
    /// The quality the arithmetic goes by: what cannot be calculated with is bad.
    pub(super) quality: Quality,
    /// It is good, or uncertain where that counts as good.
    pub(super) usable: bool,
    /// A bound that is uncertain for what comes after it only: the value before it is good.
    pub(super) held: bool,
}

impl Point {
    pub(super) fn of(sample: Sample, spec: &ProcessSpec) -> Point {
        let Sample { time, value, status } = sample;
        // What is beside a raw value is not beside what is calculated from it.
        let status = status.without_extra_data();
        let number = match &value {
            // Almost all are, and need no look at what they are.
            Value::Double(number) => Some(*number),
            other => other.to_f64_lossy().filter(|_| spec.takes(other)),
        };
        let finite = number.filter(|number| number.is_finite());
        // One NaN would be the average of a year.
        let poison = number.is_some() && finite.is_none() && spec.calculates();
        let quality = if poison { Quality::Bad } else { status.quality() };
        let usable = !poison && spec.usable(status);
        Point { time, value, number: finite, status, quality, usable, held: false }
    }

    /// A bound where there is nothing to take it from.
    pub(super) fn nothing(time: DateTime<Utc>) -> Point {
        let status = code::BAD_NO_DATA;
        let (value, quality) = (Value::Null, Quality::Bad);
        Point { time, value, number: None, status, quality, usable: false, held: false }
    }

    /// This value at a later time.
    pub(super) fn held_until(&self, time: DateTime<Utc>, good: bool, spec: &ProcessSpec) -> Point {
        let good = good && self.quality == Quality::Good;
        Point {
            time,
            value: self.value.clone(),
            number: self.number,
            ..Point::interpolated(time, good, spec)
        }
    }

    /// The value at `time` on the line through two points, which must be numbers.
    pub(super) fn on_line(
        from: &Point,
        to: (DateTime<Utc>, f64),
        time: DateTime<Utc>,
        good: bool,
        spec: &ProcessSpec,
    ) -> Point {
        let start = from.number.unwrap_or_default();
        let share = ratio(time - from.time, to.0 - from.time);
        let number = match start + (to.1 - start) * share {
            number if number.is_finite() => number,
            // The difference of two numbers may be too large where what lies between them is not.
            _ => start * (1.0 - share) + to.1 * share,
        };
        let good = good && from.quality == Quality::Good;
        let number = number.is_finite().then_some(number);
        let value = number.map_or(Value::Null, |number| like(number, &from.value));
        Point { value, number, ..Point::interpolated(time, good, spec) }
    }

    fn interpolated(time: DateTime<Utc>, good: bool, spec: &ProcessSpec) -> Point {
        let status = if good { Status::GOOD } else { code::UNCERTAIN_DATA_SUB_NORMAL };
        let status = status.with_origin(Origin::Interpolated);
        let (value, quality, usable) = (Value::Null, status.quality(), spec.usable(status));
        Point { time, value, number: None, status, quality, usable, held: false }
    }

    /// Lines can be drawn from it and to it; between states there is nothing.
    pub(super) fn slopes(&self) -> bool {
        self.number.is_some() && !matches!(self.value, Value::Boolean(_))
    }
}

/// A number in the type of another value, rounded to its nearest; `Double` where that type cannot hold it.
pub(super) fn like(number: f64, value: &Value) -> Value {
    let data_type = value.data_type();
    match data_type {
        DataType::Double => Value::Double(number),
        DataType::Float => {
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                reason = "what was calculated has the precision of what it was calculated from"
            )]
            let narrow = number as f32;
            if narrow.is_finite() { Value::Float(narrow) } else { Value::Double(number) }
        }
        _ => Value::Double(number.round()).convert(data_type).unwrap_or(Value::Double(number)),
    }
}

/// One span as a share of another.
pub(super) fn ratio(part: TimeDelta, whole: TimeDelta) -> f64 {
    let whole = real(nanoseconds(whole));
    if whole == 0.0 { 0.0 } else { real(nanoseconds(part)) / whole }
}

/// The nearest `f64`: exact for spans of up to 104 days.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a share of time is rounded anyway")]
pub(super) fn real(nanoseconds: i128) -> f64 {
    nanoseconds as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_the_type_of_the_data_if_that_can_hold_it() {
        assert_eq!(like(2.6, &Value::Int16(0)), Value::Int16(3));
        assert_eq!(like(-2.6, &Value::Byte(0)), Value::Double(-2.6));
        assert_eq!(like(0.1, &Value::Float(0.0)), Value::Float(0.1));
        assert_eq!(like(1e300, &Value::Float(0.0)), Value::Double(1e300));
        assert_eq!(like(0.1, &Value::Double(0.0)), Value::Double(0.1));
    }
}
