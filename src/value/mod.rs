//! [`Value`] and the types values are made of.

mod array;
mod buffer;
mod convert;
mod data_type;
mod de;
mod display;
#[cfg(feature = "client")]
mod draft;
mod error;
mod from;
pub(crate) mod handover;
mod into;
mod names;
mod node_id;
pub(crate) mod number;
mod opaque;
mod parse;
mod serde;
mod structure;
#[cfg(test)]
mod tests;
mod text;

#[cfg(test)]
pub(crate) mod arbitrary;

use chrono::{DateTime, Utc};

pub use self::array::Array;
pub(crate) use self::buffer::{Buffer, typed};
pub use self::data_type::DataType;
#[cfg(feature = "client")]
pub(crate) use self::draft::Draft;
pub use self::error::{ConvertError, ConvertReason};
pub use self::from::FromValue;
pub use self::into::ArrayElement;
pub use self::names::{LocalizedText, QualifiedName};
pub use self::node_id::{ExpandedNodeId, Identifier, NodeId};
pub(crate) use self::node_id::{parse_uri_id, uri_id_text};
pub use self::opaque::Opaque;
pub use self::structure::Structure;
pub(crate) use self::structure::{Definition, Field, Kind, Layout, Slot, Types};
#[cfg(feature = "client")]
pub(crate) use self::structure::{applied, has_fields};
pub(crate) use self::text::{Malformed, clip, digits};

use crate::Status;

/// A value as OPC UA knows it: every built-in type with a natural Rust type, and [`Opaque`] for the rest, which
/// survives a read followed by a write unchanged.
///
/// ```
/// use openopc::{DataType, Value};
///
/// let value = Value::from(21.5);
/// assert_eq!(value, Value::Double(21.5));
/// assert_eq!(value.to_string(), "21.5");
/// assert_eq!(value.clone().get::<f64>()?, 21.5);
///
/// // Conversions are exact, or they fail and say why.
/// let error = value.convert(DataType::Int32).unwrap_err();
/// assert_eq!(error.to_string(), "Double is not Int32: 21.5 has a fraction");
/// # Ok::<(), openopc::ConvertError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Value {
    /// No value. A null `String`, `ByteString`, `XmlElement` or `QualifiedName` reads as this too.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// A signed 8-bit integer.
    SByte(i8),
    /// An unsigned 8-bit integer.
    Byte(u8),
    /// A signed 16-bit integer.
    Int16(i16),
    /// An unsigned 16-bit integer.
    UInt16(u16),
    /// A signed 32-bit integer, or an enumeration.
    Int32(i32),
    /// An unsigned 32-bit integer.
    UInt32(u32),
    /// A signed 64-bit integer.
    Int64(i64),
    /// An unsigned 64-bit integer.
    UInt64(u64),
    /// A 32-bit floating point number.
    Float(f32),
    /// A 64-bit floating point number.
    Double(f64),
    /// A text.
    String(String),
    /// A time from 1601 to 9999. OPC UA counts in steps of 100 nanoseconds: what is finer is cut off when it is sent.
    DateTime(DateTime<Utc>),
    /// A unique id, its bytes in the order they are written in.
    Guid([u8; 16]),
    /// Bytes.
    ByteString(Vec<u8>),
    /// A piece of XML.
    XmlElement(String),
    /// The id of a node.
    NodeId(NodeId),
    /// The id of a node, on another server perhaps.
    ExpandedNodeId(Box<ExpandedNodeId>),
    /// A status.
    StatusCode(Status),
    /// A name in a namespace.
    QualifiedName(QualifiedName),
    /// A text in a language.
    LocalizedText(Box<LocalizedText>),
    /// Many values of one type.
    Array(Array),
    /// A structure whose fields are known.
    Structure(Structure),
    /// A structure whose fields are not known, or what else has no natural Rust type.
    Opaque(Opaque),
}

impl Value {
    /// The built-in type; for an array the type of its elements.
    pub fn data_type(&self) -> DataType {
        match self {
            Value::Null => DataType::Null,
            Value::Boolean(_) => DataType::Boolean,
            Value::SByte(_) => DataType::SByte,
            Value::Byte(_) => DataType::Byte,
            Value::Int16(_) => DataType::Int16,
            Value::UInt16(_) => DataType::UInt16,
            Value::Int32(_) => DataType::Int32,
            Value::UInt32(_) => DataType::UInt32,
            Value::Int64(_) => DataType::Int64,
            Value::UInt64(_) => DataType::UInt64,
            Value::Float(_) => DataType::Float,
            Value::Double(_) => DataType::Double,
            Value::String(_) => DataType::String,
            Value::DateTime(_) => DataType::DateTime,
            Value::Guid(_) => DataType::Guid,
            Value::ByteString(_) => DataType::ByteString,
            Value::XmlElement(_) => DataType::XmlElement,
            Value::NodeId(_) => DataType::NodeId,
            Value::ExpandedNodeId(_) => DataType::ExpandedNodeId,
            Value::StatusCode(_) => DataType::StatusCode,
            Value::QualifiedName(_) => DataType::QualifiedName,
            Value::LocalizedText(_) => DataType::LocalizedText,
            Value::Array(array) => array.element_type(),
            Value::Structure(_) => DataType::Structure,
            Value::Opaque(opaque) => opaque.data_type(),
        }
    }

    /// `Double`, `Int32[4]`, `Float[2][3]`.
    pub fn type_text(&self) -> String {
        text::type_text(self.data_type(), self.dimensions())
    }

    /// There is no value, an empty structure, or the null of a type that has one.
    pub fn is_null(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Opaque(opaque) => opaque.is_null(),
            _ => false,
        }
    }

    /// The array, if this is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Value::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The dimensions of an array; empty for everything else.
    pub fn dimensions(&self) -> &[u32] {
        self.as_array().map_or(&[], Array::dimensions)
    }

    /// The value as a Rust type, exactly: see [`FromValue`].
    ///
    /// # Errors
    /// [`ConvertError`] where the value is not exactly a `T`.
    pub fn get<T: FromValue>(self) -> Result<T, ConvertError> {
        T::from_value(self)
    }

    /// Any number as the nearest `f64`, and `Boolean` as 0 or 1. The only conversion in this crate that may round.
    pub fn to_f64_lossy(&self) -> Option<f64> {
        match self {
            Value::Boolean(v) => Some(f64::from(u8::from(*v))),
            _ => number::Number::of(self).map(number::lossy),
        }
    }
}
