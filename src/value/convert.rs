//! [`Value::convert`]: from one OPC UA type to another, which is what a write does before it sends.

use chrono::{DateTime, Utc};

use super::{
    Array, Buffer, ConvertError, ConvertReason, DataType, ExpandedNodeId, FromValue, LocalizedText, NodeId,
    QualifiedName, Value,
};
use crate::engine::convert::null;

impl Value {
    /// The same value as another OPC UA type, exactly.
    ///
    /// Numbers become any number type that holds them exactly; `NaN` and infinities pass between `Float` and
    /// `Double`. `String` becomes `XmlElement`, `QualifiedName` (`2:Boiler`) or `LocalizedText`, and a `LocalizedText`
    /// without a language or an `XmlElement` becomes `String`. A `NodeId` is an `ExpandedNodeId`, and a local one the
    /// reverse. An array of `Byte` is a `ByteString`, and the reverse. Arrays convert element by element and keep
    /// their dimensions. Everything fits `Variant`. Null becomes the null of a type that has one; it still prints and
    /// reads as null. Text never becomes a number: that is [`Value::parse`].
    ///
    /// ```
    /// use openopc::{DataType, Value};
    ///
    /// assert_eq!(Value::Double(3.0).convert(DataType::Byte)?, Value::Byte(3));
    /// let error = Value::Int32(300).convert(DataType::Byte).unwrap_err();
    /// assert_eq!(error.to_string(), "Int32 is not Byte: 300 is outside 0..=255");
    /// let error = Value::from(vec![0.5, f64::NAN, 1e300]).convert(DataType::Float).unwrap_err();
    /// assert_eq!(error.path(), [2]);
    /// # Ok::<(), openopc::ConvertError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConvertError`] where the value is not exactly one of `to`.
    pub fn convert(self, to: DataType) -> Result<Value, ConvertError> {
        match (self, to) {
            (Value::DateTime(time), DataType::DateTime) => in_range(time),
            (value, DataType::Variant) if value.data_type() != DataType::DateTime => Ok(value),
            (value, DataType::Variant) => value.convert(DataType::DateTime),
            (Value::Array(array), _) => convert_array(array, to),
            (value, _) if value.data_type() == to => Ok(value),
            (value, _) if value.is_null() && takes_null(to) => Ok(null(to)),
            (Value::ByteString(bytes), DataType::Byte) => Ok(Value::from(bytes)),
            (value, _) => convert_scalar(value, to).map_err(|error| error.renamed(to.name())),
        }
    }
}

/// A null of this type can be sent, and reads back as null or as empty.
fn takes_null(to: DataType) -> bool {
    to.has_null() || matches!(to, DataType::LocalizedText | DataType::Structure)
}

/// The times OPC UA can carry: outside, the engine would send the end of the range instead.
fn in_range(time: DateTime<Utc>) -> Result<Value, ConvertError> {
    // 1601-01-01T00:00:00Z and 10000-01-01T00:00:00Z in seconds since 1970.
    if (-11_644_473_600..253_402_300_800).contains(&time.timestamp()) {
        return Ok(Value::DateTime(time));
    }
    let detail = format!("{time:?} is outside the years 1601 to 9999");
    Err(ConvertError::between("DateTime", "DateTime", ConvertReason::OutOfRange, detail))
}

fn convert_scalar(value: Value, to: DataType) -> Result<Value, ConvertError> {
    match to {
        DataType::SByte => value.get().map(Value::SByte),
        DataType::Byte => value.get().map(Value::Byte),
        DataType::Int16 => value.get().map(Value::Int16),
        DataType::UInt16 => value.get().map(Value::UInt16),
        DataType::Int32 => value.get().map(Value::Int32),
        DataType::UInt32 => value.get().map(Value::UInt32),
        DataType::Int64 => value.get().map(Value::Int64),
        DataType::UInt64 => value.get().map(Value::UInt64),
        DataType::Float => value.get().map(Value::Float),
        DataType::Double => value.get().map(Value::Double),
        DataType::NodeId => value.get::<NodeId>().map(Value::NodeId),
        DataType::ExpandedNodeId => value.get::<ExpandedNodeId>().map(Value::from),
        _ => convert_text(value, to),
    }
}

/// What is text stays the same text.
fn convert_text(value: Value, to: DataType) -> Result<Value, ConvertError> {
    match (value, to) {
        (Value::String(text), DataType::XmlElement) => Ok(Value::XmlElement(text)),
        (Value::String(text), DataType::LocalizedText) => Ok(LocalizedText::new(text).into()),
        (Value::String(text), DataType::QualifiedName) => match text.parse::<QualifiedName>() {
            Ok(name) => Ok(Value::QualifiedName(name)),
            Err(never) => match never {},
        },
        (Value::XmlElement(text), DataType::String) => Ok(Value::String(text)),
        (Value::LocalizedText(text), DataType::String) if text.locale.is_none() => {
            Ok(Value::String(text.text))
        }
        (Value::LocalizedText(text), DataType::String) => {
            let detail = format!("the language {:?} would be lost", text.locale.unwrap_or_default());
            Err(ConvertError::between("LocalizedText", "String", ConvertReason::Inexact, detail))
        }
        (value, _) => Err(ConvertError::wrong_data_type(&value, to)),
    }
}

fn convert_array(array: Array, to: DataType) -> Result<Value, ConvertError> {
    if array.element_type() == to && to != DataType::DateTime {
        return Ok(Value::Array(array));
    }
    let (buffer, dimensions) = array.into_parts();
    let array = match (to, buffer) {
        (DataType::ByteString, Buffer::Byte(bytes)) if dimensions.len() == 1 => {
            return Ok(Value::ByteString(bytes));
        }
        // Numbers go from buffer to buffer.
        (DataType::SByte, buffer) => numbers::<i8>(buffer, to)?,
        (DataType::Byte, buffer) => numbers::<u8>(buffer, to)?,
        (DataType::Int16, buffer) => numbers::<i16>(buffer, to)?,
        (DataType::UInt16, buffer) => numbers::<u16>(buffer, to)?,
        (DataType::Int32, buffer) => numbers::<i32>(buffer, to)?,
        (DataType::UInt32, buffer) => numbers::<u32>(buffer, to)?,
        (DataType::Int64, buffer) => numbers::<i64>(buffer, to)?,
        (DataType::UInt64, buffer) => numbers::<u64>(buffer, to)?,
        (DataType::Float, buffer) => numbers::<f32>(buffer, to)?,
        (DataType::Double, buffer) => numbers::<f64>(buffer, to)?,
        (_, buffer) => {
            let element = |(index, value): (usize, Value)| match value {
                // Arrays keep their nulls without a type each.
                Value::Null if to.has_null() => Ok(Value::Null),
                other => other.convert(to).map_err(|error| error.at(index)),
            };
            Array::new(to, buffer.into_values().enumerate().map(element).collect::<Result<_, _>>()?)?
        }
    };
    // As many elements as before.
    if dimensions.len() == 1 { Ok(Value::Array(array)) } else { array.reshaped(dimensions).map(Value::Array) }
}

fn numbers<T: FromValue + super::ArrayElement>(buffer: Buffer, to: DataType) -> Result<Array, ConvertError> {
    T::from_array(Array::plain(buffer)).map(Array::from).map_err(|error| error.renamed(to.name()))
}
