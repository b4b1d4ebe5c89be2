//! Exact conversions between numbers. Everything that is not exact is an error.

use super::{ConvertReason, Value};

/// Any number of OPC UA without loss.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    /// The number, where the value is one. Every `Float` is a `Double` too.
    pub(crate) fn of(value: &Value) -> Option<Number> {
        Some(match value {
            Value::SByte(v) => Number::Integer((*v).into()),
            Value::Byte(v) => Number::Integer((*v).into()),
            Value::Int16(v) => Number::Integer((*v).into()),
            Value::UInt16(v) => Number::Integer((*v).into()),
            Value::Int32(v) => Number::Integer((*v).into()),
            Value::UInt32(v) => Number::Integer((*v).into()),
            Value::Int64(v) => Number::Integer((*v).into()),
            Value::UInt64(v) => Number::Integer((*v).into()),
            Value::Float(v) => Number::Float((*v).into()),
            Value::Double(v) => Number::Float(*v),
            _ => return None,
        })
    }

    fn text(self) -> String {
        match self {
            Number::Integer(v) => v.to_string(),
            Number::Float(v) => super::display::float_text(v),
        }
    }
}

/// Why a number is not exactly another, and the words for it.
pub(crate) type Refusal = (ConvertReason, String);

/// A number type of OPC UA.
pub(crate) trait Exact: Sized {
    fn exact(number: Number) -> Result<Self, Refusal>;
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl Exact for $ty {
            fn exact(number: Number) -> Result<$ty, Refusal> {
                let outside = || {
                    let text = format!("{} is outside {}..={}", number.text(), <$ty>::MIN, <$ty>::MAX);
                    (ConvertReason::OutOfRange, text)
                };
                let integer = match number {
                    Number::Integer(v) => v,
                    Number::Float(v) => integral(v).map_err(|reason| match reason {
                        ConvertReason::Inexact => (reason, format!("{} has a fraction", number.text())),
                        _ => outside(),
                    })?,
                };
                <$ty>::try_from(integer).map_err(|_| outside())
            }
        }
    )*};
}

integers!(i8 u8 i16 u16 i32 u32 i64 u64);

/// The integer that `v` is, if it is one.
fn integral(v: f64) -> Result<i128, ConvertReason> {
    // Beyond 2^65 no target can hold it; below, an `f64` without a fraction is exactly an `i128`.
    if !v.is_finite() || v.abs() > 36_893_488_147_419_103_232.0 {
        return Err(ConvertReason::OutOfRange);
    }
    if v.fract() != 0.0 {
        return Err(ConvertReason::Inexact);
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "integral and within i128, see above"
    )]
    let integer = v as i128;
    Ok(integer)
}

impl Exact for f64 {
    fn exact(number: Number) -> Result<f64, Refusal> {
        match number {
            Number::Float(v) => Ok(v),
            Number::Integer(v) => {
                let rounded = round(v);
                if integral(rounded) == Ok(v) { Ok(rounded) } else { Err(no_exact(number, "Double")) }
            }
        }
    }
}

impl Exact for f32 {
    fn exact(number: Number) -> Result<f32, Refusal> {
        let wide = match number {
            Number::Float(v) => v,
            // What a `Double` cannot hold, a `Float` cannot either.
            Number::Integer(_) => f64::exact(number).map_err(|_| no_exact(number, "Float"))?,
        };
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "checked right below")]
        let narrow = wide as f32;
        if f64::from(narrow).to_bits() == wide.to_bits() || wide.is_nan() {
            Ok(narrow)
        } else if narrow.is_infinite() {
            Err((
                ConvertReason::OutOfRange,
                format!("{} is outside {:e}..={:e}", number.text(), f32::MIN, f32::MAX),
            ))
        } else {
            Err(no_exact(number, "Float"))
        }
    }
}

fn no_exact(number: Number, name: &str) -> Refusal {
    (ConvertReason::Inexact, format!("{} has no exact {name}", number.text()))
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "rounding is what this is for")]
fn round(v: i128) -> f64 {
    v as f64
}

/// The nearest `f64`.
pub(crate) fn lossy(number: Number) -> f64 {
    match number {
        Number::Integer(v) => round(v),
        Number::Float(v) => v,
    }
}
