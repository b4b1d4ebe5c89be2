//! What COM takes for a number.

use super::{CoerceError, refused, text};
use crate::da::{HResult, VariantDate};
use crate::value::number;
use crate::{DataType, Status, Value};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    Float(f64),
    /// All bits set: −1 with a sign, the largest number without one.
    True,
}

impl Number {
    pub(super) fn of(value: &Value, to: DataType) -> Result<Number, CoerceError> {
        Ok(match value {
            Value::Boolean(true) => Number::True,
            Value::Boolean(false) => Number::Integer(0),
            Value::StatusCode(status) => Number::Integer(status.bits().into()),
            // By the decimal text: what was 0.1 for the one who wrote it stays 0.1.
            Value::Float(v) if to == DataType::Double => {
                Number::Float(v.to_string().parse().unwrap_or_else(|_| f64::from(*v)))
            }
            Value::DateTime(time) => match VariantDate::from_time_lossy(*time) {
                Ok(date) => Number::Float(date.days()),
                Err(error) => return Err(CoerceError { code: HResult::DISP_E_OVERFLOW, error }),
            },
            Value::String(text) | Value::XmlElement(text) => text::number(text).ok_or_else(|| {
                refused(value, to, HResult::DISP_E_TYPEMISMATCH, "the text is not a number")
            })?,
            Value::LocalizedText(text) => text::number(&text.text).ok_or_else(|| {
                refused(value, to, HResult::DISP_E_TYPEMISMATCH, "the text is not a number")
            })?,
            _ => match number::Number::of(value) {
                Some(number::Number::Integer(v)) => Number::Integer(v),
                Some(number::Number::Float(v)) => Number::Float(v),
                None => return Err(refused(value, to, HResult::DISP_E_TYPEMISMATCH, "")),
            },
        })
    }

    pub(super) fn is_zero(self) -> bool {
        match self {
            Number::Integer(v) => v == 0,
            Number::Float(v) => v == 0.0,
            Number::True => false,
        }
    }

    /// The nearest `f64`.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "rounding is what this is for")]
    pub(super) fn nearest(self) -> f64 {
        match self {
            Number::Integer(v) => v as f64,
            Number::Float(v) => v,
            Number::True => -1.0,
        }
    }

    /// The nearest `Float` or `Double`; `None` where a finite number would become infinite.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "rounding is what this is for"
    )]
    pub(super) fn into_float(self, to: DataType) -> Option<Value> {
        if to == DataType::Double {
            return Some(Value::Double(self.nearest()));
        }
        let narrow = match self {
            // Rounded once, not by way of a `Double`.
            Number::Integer(v) => v as f32,
            _ => self.nearest() as f32,
        };
        (narrow.is_finite() || !self.nearest().is_finite()).then_some(Value::Float(narrow))
    }

    /// The nearest integer, halves to the even one; `None` where the type cannot hold it.
    pub(super) fn into_integer(self, to: DataType) -> Option<Value> {
        let number = match self {
            Number::Integer(v) => v,
            Number::Float(v) => rounded(v)?,
            Number::True => match to {
                DataType::Byte => u8::MAX.into(),
                DataType::UInt16 => u16::MAX.into(),
                DataType::UInt32 | DataType::StatusCode => u32::MAX.into(),
                DataType::UInt64 => u64::MAX.into(),
                _ => -1,
            },
        };
        match to {
            DataType::SByte => number.try_into().ok().map(Value::SByte),
            DataType::Byte => number.try_into().ok().map(Value::Byte),
            DataType::Int16 => number.try_into().ok().map(Value::Int16),
            DataType::UInt16 => number.try_into().ok().map(Value::UInt16),
            DataType::Int32 => number.try_into().ok().map(Value::Int32),
            DataType::UInt32 => number.try_into().ok().map(Value::UInt32),
            DataType::Int64 => number.try_into().ok().map(Value::Int64),
            DataType::UInt64 => number.try_into().ok().map(Value::UInt64),
            DataType::StatusCode => {
                number.try_into().ok().map(|bits| Value::StatusCode(Status::from_bits(bits)))
            }
            _ => None,
        }
    }
}

fn rounded(v: f64) -> Option<i128> {
    let whole = v.round_ties_even();
    // Beyond 2^65 no type can hold it.
    if !whole.is_finite() || whole.abs() > 36_893_488_147_419_103_232.0 {
        return None;
    }
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "integral and within i128")]
    let number = whole as i128;
    Some(number)
}
