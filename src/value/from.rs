//! [`FromValue`]: from [`Value`] to Rust types, exactly or not at all.

use chrono::{DateTime, Utc};

use super::error::rust_name;
use super::number::{Exact, Number};
use super::{
    Array, Buffer, ConvertError, ConvertReason, ExpandedNodeId, LocalizedText, NodeId, Opaque, QualifiedName,
    Structure, Value,
};
use crate::Status;

/// Types a value can be read as. Conversions are exact, or they fail.
///
/// | Rust | from |
/// | --- | --- |
/// | `bool` | `Boolean` |
/// | `i8` … `u64` | every number type, where the number is integral and in range |
/// | `f32`, `f64` | every number type, where the number can be held exactly; NaN and infinities pass |
/// | `String` | `String`, `XmlElement`, the text of a `LocalizedText` |
/// | `DateTime<Utc>` | `DateTime` |
/// | `NodeId` | `NodeId`; `ExpandedNodeId` where it is local |
/// | `ExpandedNodeId` | `ExpandedNodeId`, `NodeId` |
/// | `Status`, `QualifiedName`, `LocalizedText`, `Structure`, `Array` | the type of that name |
/// | `Opaque` | `Opaque`, `Structure` |
/// | `Option<T>` | null as `None`, all else as `T` |
/// | `Vec<T>` | an array of what `T` is from; `Vec<Vec<T>>` a matrix |
/// | `Vec<u8>` | `ByteString` as well |
/// | `[T; N]` | as `Vec<T>`, with exactly `N` elements; `[u8; 16]` from a `Guid` as well |
/// | `Value` | everything |
///
/// ```
/// use openopc::{FromValue, Value};
///
/// assert_eq!(i16::from_value(Value::Double(3.0))?, 3);
/// assert!(u8::from_value(Value::Int32(300)).is_err());
/// assert_eq!(<[f64; 2]>::from_value(Value::from(vec![1u8, 2]))?, [1.0, 2.0]);
/// assert_eq!(Option::<String>::from_value(Value::Null)?, None);
///
/// // Your own types can join in.
/// struct Celsius(f64);
/// impl FromValue for Celsius {
///     fn from_value(value: Value) -> Result<Self, openopc::ConvertError> {
///         value.get().map(Celsius)
///     }
/// }
/// assert_eq!(Value::Float(21.5).get::<Celsius>()?.0, 21.5);
/// # Ok::<(), openopc::ConvertError>(())
/// ```
pub trait FromValue: Sized {
    /// The value as `Self`.
    ///
    /// # Errors
    /// [`ConvertError`] where the value is not exactly a `Self`.
    fn from_value(value: Value) -> Result<Self, ConvertError>;

    /// A plain array as `Vec<Self>`: numbers come out of a typed buffer without a detour.
    #[doc(hidden)]
    fn from_array(array: Array) -> Result<Vec<Self>, ConvertError> {
        elements(array.into_iter())
    }

    /// A `ByteString` as `Vec<Self>`: only `u8` can.
    #[doc(hidden)]
    fn from_bytes(bytes: Vec<u8>) -> Result<Vec<Self>, ConvertError> {
        Err(ConvertError::wrong_type::<Vec<Self>>(&Value::ByteString(bytes)))
    }
}

/// Each element as `T`; an error has its index.
fn elements<T: FromValue>(values: impl Iterator<Item = Value>) -> Result<Vec<T>, ConvertError> {
    values.enumerate().map(|(index, value)| T::from_value(value).map_err(|error| error.at(index))).collect()
}

fn number<T: Exact>(value: &Value) -> Result<T, ConvertError> {
    let number = Number::of(value).ok_or_else(|| ConvertError::wrong_type::<T>(value))?;
    T::exact(number).map_err(|(reason, detail)| ConvertError::new::<T>(value, reason, detail))
}

macro_rules! numbers {
    ($($name:ident $ty:ident $({ $from_bytes:item })?),* $(,)?) => {$(
        impl FromValue for $ty {
            fn from_value(value: Value) -> Result<$ty, ConvertError> {
                match value {
                    Value::$name(v) => Ok(v),
                    other => number(&other),
                }
            }

            fn from_array(array: Array) -> Result<Vec<$ty>, ConvertError> {
                match array.into_parts().0 {
                    Buffer::$name(values) => Ok(values),
                    other => elements(other.into_values()),
                }
            }

            $($from_bytes)?
        }
    )*};
}

numbers! {
    SByte i8,
    Byte u8 { fn from_bytes(bytes: Vec<u8>) -> Result<Vec<u8>, ConvertError> { Ok(bytes) } },
    Int16 i16, UInt16 u16, Int32 i32, UInt32 u32, Int64 i64, UInt64 u64, Float f32, Double f64,
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<bool, ConvertError> {
        match value {
            Value::Boolean(v) => Ok(v),
            other => Err(ConvertError::wrong_type::<bool>(&other)),
        }
    }

    fn from_array(array: Array) -> Result<Vec<bool>, ConvertError> {
        match array.into_parts().0 {
            Buffer::Boolean(values) => Ok(values),
            other => elements(other.into_values()),
        }
    }
}

macro_rules! others {
    ($($ty:ty { $($pattern:pat => $result:expr),* $(,)? })*) => {$(
        impl FromValue for $ty {
            fn from_value(value: Value) -> Result<$ty, ConvertError> {
                match value {
                    $($pattern => Ok($result),)*
                    other => Err(ConvertError::wrong_type::<$ty>(&other)),
                }
            }
        }
    )*};
}

others! {
    String {
        Value::String(text) | Value::XmlElement(text) => text,
        Value::LocalizedText(localized) => localized.text,
    }
    DateTime<Utc> { Value::DateTime(time) => time }
    ExpandedNodeId { Value::ExpandedNodeId(id) => *id, Value::NodeId(id) => id.into() }
    Status { Value::StatusCode(status) => status }
    QualifiedName { Value::QualifiedName(name) => name }
    LocalizedText { Value::LocalizedText(text) => *text }
    Structure { Value::Structure(structure) => structure }
    Opaque { Value::Opaque(opaque) => opaque, Value::Structure(structure) => Opaque::from(structure) }
    Array { Value::Array(array) => array }
}

impl FromValue for NodeId {
    fn from_value(value: Value) -> Result<NodeId, ConvertError> {
        match value {
            Value::NodeId(id) => Ok(id),
            Value::ExpandedNodeId(id) if id.local().is_some() => Ok(id.node),
            Value::ExpandedNodeId(id) => {
                let text = format!("{id} needs a server or namespace table");
                Err(ConvertError::new::<NodeId>(&Value::ExpandedNodeId(id), ConvertReason::Inexact, text))
            }
            other => Err(ConvertError::wrong_type::<NodeId>(&other)),
        }
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Value, ConvertError> {
        Ok(value)
    }

    fn from_array(array: Array) -> Result<Vec<Value>, ConvertError> {
        Ok(array.into_iter().collect())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Option<T>, ConvertError> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Vec<T>, ConvertError> {
        match value {
            Value::Array(array) if array.dimensions().len() < 2 => T::from_array(array),
            Value::Array(array) => elements(array.rows().into_iter().flatten().map(Value::Array)),
            Value::ByteString(bytes) => T::from_bytes(bytes),
            other => Err(ConvertError::wrong_type::<Vec<T>>(&other)),
        }
    }
}

impl<T: FromValue, const N: usize> FromValue for [T; N] {
    fn from_value(value: Value) -> Result<[T; N], ConvertError> {
        let from = value.type_text();
        let values = match value {
            Value::Guid(guid) => {
                let wrong = |_| ConvertError::wrong_type::<[T; N]>(&Value::Guid(guid));
                T::from_bytes(guid.to_vec()).map_err(wrong)?
            }
            other => Vec::<T>::from_value(other)?,
        };
        values.try_into().map_err(|values: Vec<T>| {
            let reason = ConvertReason::Length { expected: N, got: values.len() };
            ConvertError::between(from, rust_name::<[T; N]>(), reason, "")
        })
    }
}
