//! [`coerce_lossy`]: values converted as COM did it.

mod number;
mod text;

use std::fmt;

use chrono::{DateTime, Utc};

use self::number::Number;
use super::{HResult, VarType, VariantDate};
use crate::{Array, ConvertError, ConvertReason, DataType, Value};

/// The value as another type, by the rules with which COM converted what an OPC DA client wrote. **Not exact**: it rounds,
/// and it takes text for numbers; [`Value::convert`] is the exact one.
///
/// `array` says whether an array of `to` is wanted. The rules are those of `VariantChangeType`, with the corrections of the
/// Foundation's own code:
///
/// | from | to | rule |
/// | --- | --- | --- |
/// | a number | an integer | rounded to the nearest, halves to the even one |
/// | `Float` | `Double` | by its decimal text: 0.1 stays 0.1 |
/// | `Double`, an integer | `Float`, `Double` | the nearest |
/// | a number | `Boolean` | true unless 0 |
/// | `Boolean` | a number | true is −1, and all bits set where there is no sign |
/// | `String` | a number | decimal, with an exponent, or `&H1F`, `&O17`; a point is a point in every country |
/// | `String` | `Boolean` | `True`, `False` in any case, or a number |
/// | `Boolean` | `String` | `True`, `False` |
/// | a number | `String` | the shortest text that reads back |
/// | `String` | `DateTime` | as [`HdaTime`](crate::da::HdaTime) reads dates, UTC where they say nothing |
/// | `DateTime` | `String` | `2026-01-31 12:00:00` |
/// | `DateTime` | a number, and back | days, as [`VariantDate`] |
/// | `DateTime` | `Boolean` | true unless 1899-12-30 |
/// | `StatusCode` | as `UInt32` | |
/// | `Guid`, `NodeId`, `LocalizedText`, … | as their text | |
/// | an array | an array | element by element, dimensions kept |
/// | an array | `String` | `{a \| b \| c}` |
/// | an array of `Byte` | `ByteString`, and back | the same bytes |
///
/// ```
/// use openopc::da::{HResult, coerce_lossy};
/// use openopc::{DataType, Value};
///
/// assert_eq!(coerce_lossy(Value::Double(2.5), DataType::Int32, false)?, Value::Int32(2));
/// assert_eq!(coerce_lossy(Value::Float(0.1), DataType::Double, false)?, Value::Double(0.1));
/// assert_eq!(coerce_lossy("&H10".into(), DataType::UInt16, false)?, Value::UInt16(16));
/// assert_eq!(coerce_lossy(true.into(), DataType::String, false)?, Value::from("True"));
/// assert_eq!(coerce_lossy(vec![1, 2].into(), DataType::String, false)?, Value::from("{1 | 2}"));
///
/// let error = coerce_lossy(Value::Int32(300), DataType::Byte, false).unwrap_err();
/// assert_eq!(error.code(), HResult::DISP_E_OVERFLOW);
/// assert_eq!(error.to_string(), "Int32 is not Byte: 300 is outside its range (DISP_E_OVERFLOW)");
/// # Ok::<(), openopc::da::CoerceError>(())
/// ```
///
/// # Errors
/// [`CoerceError`], whose code is
/// - [`DISP_E_OVERFLOW`](HResult::DISP_E_OVERFLOW) for a number outside the range, a text that is no date, and whatever is
///   wrong with an element of an array,
/// - [`OPC_E_RANGE`](HResult::OPC_E_RANGE) where an integer of the same size without a sign, or with one, would be
///   another number: COM itself kept the bits,
/// - [`DISP_E_TYPEMISMATCH`](HResult::DISP_E_TYPEMISMATCH) for a text that is not what is wanted, and for types that have
///   nothing to do with each other,
/// - [`OPC_E_BADTYPE`](HResult::OPC_E_BADTYPE) for null, for an array in place of a single value, and the reverse.
pub fn coerce_lossy(value: Value, to: DataType, array: bool) -> Result<Value, CoerceError> {
    match value {
        value if value.is_null() => Err(refused(&value, to, HResult::OPC_E_BADTYPE, "")),
        Value::ByteString(_) if to == DataType::ByteString && !array => Ok(value),
        // Bytes are a `VT_ARRAY|VT_UI1`.
        Value::ByteString(bytes) if to != DataType::Variant || array => {
            coerce_lossy(Value::from(bytes), to, array)
        }
        Value::Array(elements) => match (to, array) {
            (DataType::Null, true) => {
                let what = "there are no arrays of Null";
                Err(refused(&Value::Array(elements), to, HResult::OPC_E_BADTYPE, what))
            }
            (_, true) => coerce_elements(elements, to),
            (DataType::Variant, false) => Ok(Value::Array(elements)),
            (DataType::String, false) => list(&elements),
            (DataType::ByteString, false) if elements.element_type() == DataType::Byte => {
                exact(Value::Array(elements), to, HResult::OPC_E_BADTYPE)
            }
            (_, false) => Err(refused(&Value::Array(elements), to, HResult::OPC_E_BADTYPE, "it is an array")),
        },
        value if array => Err(refused(&value, to, HResult::OPC_E_BADTYPE, "it is not an array")),
        value => coerce_scalar(value, to),
    }
}

/// [`coerce_lossy`] for a type of OPC DA: `VT_ARRAY` wants an array, `VT_EMPTY` and `VT_VARIANT` take what there is.
///
/// ```
/// use openopc::Value;
/// use openopc::da::{VarType, coerce_lossy_to};
///
/// assert_eq!(coerce_lossy_to("3.7".into(), VarType::I2)?, Value::Int16(4));
/// assert_eq!(coerce_lossy_to(vec!["1", "2"].into(), VarType::R8.array())?, vec![1.0, 2.0].into());
/// # Ok::<(), openopc::da::CoerceError>(())
/// ```
///
/// # Errors
/// Those of [`coerce_lossy`], and [`OPC_E_BADTYPE`](HResult::OPC_E_BADTYPE) for types that OPC UA has no equal of, as `VT_CY`.
pub fn coerce_lossy_to(value: Value, to: VarType) -> Result<Value, CoerceError> {
    let Some(data_type) = to.data_type() else {
        let (from, reason) = (value.type_text(), ConvertReason::WrongType);
        let error = ConvertError::between(from, to.to_string(), reason, "OPC UA has no such type");
        return Err(CoerceError { code: HResult::OPC_E_BADTYPE, error });
    };
    coerce_lossy(value, data_type, to.is_array())
}

fn coerce_elements(elements: Array, to: DataType) -> Result<Value, CoerceError> {
    let dimensions = elements.dimensions().to_vec();
    let coerce = |(index, value)| {
        // Arrays within an array of `Variant` stay what they are.
        let coerced = if to == DataType::Variant { Ok(value) } else { coerce_lossy(value, to, false) };
        coerced.map_err(|error| CoerceError { code: HResult::DISP_E_OVERFLOW, error: error.error.at(index) })
    };
    let values = elements.into_iter().enumerate().map(coerce).collect::<Result<Vec<_>, _>>()?;
    // The elements are of the type, and as many as before: neither can fail.
    let wrong = |error| CoerceError { code: HResult::OPC_E_BADTYPE, error };
    let array = Array::new(to, values).map_err(wrong)?;
    match *dimensions {
        [_] => Ok(Value::Array(array)),
        _ => Array::matrix(dimensions, array).map(Value::Array).map_err(wrong),
    }
}

/// `{a | b | c}`
fn list(elements: &Array) -> Result<Value, CoerceError> {
    let text = |(index, value): (usize, Value)| match value {
        Value::Null => Ok(String::new()),
        value => match coerce_lossy(value, DataType::String, false) {
            Ok(text) => Ok(text.to_string()),
            Err(error) => Err(CoerceError { code: HResult::DISP_E_OVERFLOW, error: error.error.at(index) }),
        },
    };
    let texts = elements.iter().enumerate().map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::String(format!("{{{}}}", texts.join(" | "))))
}

fn coerce_scalar(value: Value, to: DataType) -> Result<Value, CoerceError> {
    match (value, to) {
        (value, DataType::Variant) => exact(value, to, HResult::DISP_E_OVERFLOW),
        (value, DataType::Boolean) => boolean(&value),
        (value, DataType::DateTime) => date(&value),
        (value, _) if value.data_type() == to => Ok(value),
        (Value::Opaque(opaque), _) => {
            Err(refused(&Value::Opaque(opaque), to, HResult::DISP_E_TYPEMISMATCH, ""))
        }
        (value, DataType::Float | DataType::Double) => {
            let number = Number::of(&value, to)?;
            number.into_float(to).ok_or_else(|| out_of_range(&value, to, HResult::DISP_E_OVERFLOW))
        }
        (value, _) if to.is_number() || to == DataType::StatusCode => integer(&value, to),
        (value, DataType::String) => Ok(Value::String(text::text(&value))),
        (
            value,
            DataType::Guid
            | DataType::XmlElement
            | DataType::NodeId
            | DataType::ExpandedNodeId
            | DataType::QualifiedName
            | DataType::LocalizedText,
        ) => Value::parse(&text::text(&value), to)
            .map_err(|error| CoerceError { code: HResult::DISP_E_TYPEMISMATCH, error }),
        (value, DataType::ByteString) => {
            Err(refused(&value, to, HResult::OPC_E_BADTYPE, "it is not an array"))
        }
        (value, _) => Err(refused(&value, to, HResult::DISP_E_TYPEMISMATCH, "")),
    }
}

fn boolean(value: &Value) -> Result<Value, CoerceError> {
    let word = match value {
        Value::Boolean(v) => Some(*v),
        Value::String(text) | Value::XmlElement(text) => text::boolean(text),
        Value::LocalizedText(text) => text::boolean(&text.text),
        _ => None,
    };
    match word {
        Some(word) => Ok(Value::Boolean(word)),
        None => Number::of(value, DataType::Boolean).map(|number| Value::Boolean(!number.is_zero())),
    }
}

fn integer(value: &Value, to: DataType) -> Result<Value, CoerceError> {
    if let (Value::String(text), DataType::StatusCode) = (value, to) {
        let wrong = |error| CoerceError { code: HResult::DISP_E_TYPEMISMATCH, error };
        return Value::parse(text, to).map_err(wrong);
    }
    let number = Number::of(value, to)?;
    number.into_integer(to).ok_or_else(|| {
        let (from, wanted) = (value.data_type().id(), to.id());
        // SByte and Byte are 2 and 3, Int16 and UInt16 4 and 5, and so on.
        let same_size = (2..=9).contains(&from) && from / 2 == wanted / 2;
        let code = if same_size { HResult::OPC_E_RANGE } else { HResult::DISP_E_OVERFLOW };
        out_of_range(value, to, code)
    })
}

fn date(value: &Value) -> Result<Value, CoerceError> {
    let overflow = |error| CoerceError { code: HResult::DISP_E_OVERFLOW, error };
    let time: DateTime<Utc> = match value {
        Value::DateTime(time) => *time,
        Value::String(text) | Value::XmlElement(text) => super::time::absolute(text).ok_or_else(|| {
            refused(value, DataType::DateTime, HResult::DISP_E_OVERFLOW, "the text is not a date")
        })?,
        _ => {
            let days = Number::of(value, DataType::DateTime)?.nearest();
            VariantDate::new(days).time().map_err(overflow)?
        }
    };
    exact(Value::DateTime(time), DataType::DateTime, HResult::DISP_E_OVERFLOW)
}

fn exact(value: Value, to: DataType, code: HResult) -> Result<Value, CoerceError> {
    value.convert(to).map_err(|error| CoerceError { code, error })
}

fn out_of_range(value: &Value, to: DataType, code: HResult) -> CoerceError {
    refused(value, to, code, &format!("{value} is outside its range"))
}

fn refused(value: &Value, to: DataType, code: HResult, detail: &str) -> CoerceError {
    let reason = match code {
        _ if value.is_null() => ConvertReason::Null,
        HResult::DISP_E_OVERFLOW | HResult::OPC_E_RANGE => ConvertReason::OutOfRange,
        _ => ConvertReason::WrongType,
    };
    CoerceError { code, error: ConvertError::between(value.type_text(), to.name(), reason, detail) }
}

/// Why COM would not have converted a value, and with which code it would have said so.
#[derive(Clone, Debug, PartialEq)]
pub struct CoerceError {
    code: HResult,
    error: ConvertError,
}

impl CoerceError {
    /// What an OPC DA client would have seen.
    pub fn code(&self) -> HResult {
        self.code
    }

    /// The error without the code, as the exact conversions give it.
    pub fn into_inner(self) -> ConvertError {
        self.error
    }
}

impl fmt::Display for CoerceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.error, self.code.name().unwrap_or_default())
    }
}

impl std::error::Error for CoerceError {}

impl From<CoerceError> for ConvertError {
    fn from(error: CoerceError) -> ConvertError {
        error.error
    }
}

#[cfg(test)]
mod tests;
