//! Arrays: the engine keeps one `Variant` per element, we keep one buffer per array.

use opcua::types as ua;
use opcua::types::{Variant, VariantScalarTypeId};

use super::{null_of, variant_type};
use crate::value::{Array, Buffer, DataType, Opaque, Value, typed};

macro_rules! to_engine {
    ($($name:ident $ty:ty),*) => {
        fn elements(buffer: Buffer) -> (VariantScalarTypeId, Vec<Variant>) {
            match buffer {
                $(Buffer::$name(values) => {
                    (VariantScalarTypeId::$name, values.into_iter().map(Variant::$name).collect())
                })*
                Buffer::Other(data_type, values) => {
                    (scalar_type(data_type), values.into_iter().map(|value| element(data_type, value)).collect())
                }
            }
        }
    };
}

typed!(to_engine);

fn element(data_type: DataType, value: Value) -> Variant {
    match data_type {
        DataType::Variant | DataType::Null => Variant::Variant(Box::new(super::to_variant(value))),
        _ => match value {
            Value::Null => null_of(data_type),
            other => super::to_variant(other),
        },
    }
}

pub(super) fn to_variant(array: Array) -> Variant {
    let (buffer, dimensions) = array.into_parts();
    let (value_type, values) = elements(buffer);
    // A plain array has no dimensions on the wire. That matters for empty ones: the engine's decoder leaves
    // their dimensions in the stream and reads garbage after them.
    let dimensions = (dimensions.len() > 1 && !values.is_empty()).then_some(dimensions);
    Variant::Array(Box::new(ua::Array { value_type, values, dimensions }))
}

/// The array, or the engine's array as it is where its parts contradict each other.
pub(super) fn from_engine(array: ua::Array) -> Value {
    let data_type = variant_type(&Variant::Array(Box::new(ua::Array {
        value_type: array.value_type,
        values: Vec::new(),
        dimensions: None,
    })));
    let consistent = array.values.iter().all(|value| is_element(data_type, value))
        && array.dimensions.as_ref().is_none_or(|dimensions| fits(dimensions, array.values.len()));
    if !consistent {
        return Value::Opaque(Opaque::new(Variant::Array(Box::new(array))));
    }
    let ours = Array::plain(buffer(data_type, array.values));
    match array.dimensions {
        Some(dimensions) if dimensions.len() > 1 => ours.clone().reshaped(dimensions).unwrap_or(ours).into(),
        _ => ours.into(),
    }
}

fn is_element(data_type: DataType, value: &Variant) -> bool {
    !matches!(value, Variant::Empty | Variant::Array(_)) && variant_type(value) == data_type
}

/// Empty dimensions come with empty arrays.
fn fits(dimensions: &[u32], len: usize) -> bool {
    let size = dimensions.iter().try_fold(1usize, |size, dimension| {
        usize::try_from(*dimension).ok().and_then(|dimension| size.checked_mul(dimension))
    });
    if dimensions.is_empty() { len == 0 } else { size == Some(len) && (len > 0 || dimensions.len() == 1) }
}

macro_rules! from_engine {
    ($($name:ident $ty:ty),*) => {
        /// All values are known to be of `data_type`.
        fn buffer(data_type: DataType, values: Vec<Variant>) -> Buffer {
            match data_type {
                $(DataType::$name => {
                    let value = |variant| match variant {
                        Variant::$name(v) => Some(v),
                        _ => None,
                    };
                    Buffer::$name(values.into_iter().filter_map(value).collect())
                })*
                DataType::Variant => Buffer::Other(data_type, values.into_iter().map(unwrap).collect()),
                _ => Buffer::Other(data_type, values.into_iter().map(super::from_variant).collect()),
            }
        }
    };
}

typed!(from_engine);

/// Elements of an array of variants are wrapped once by the engine.
fn unwrap(variant: Variant) -> Value {
    match variant {
        Variant::Variant(inner) => super::from_variant(*inner),
        other => super::from_variant(other),
    }
}

/// An array whose elements have no type is one of variants.
fn scalar_type(data_type: DataType) -> VariantScalarTypeId {
    match data_type {
        DataType::Boolean => VariantScalarTypeId::Boolean,
        DataType::SByte => VariantScalarTypeId::SByte,
        DataType::Byte => VariantScalarTypeId::Byte,
        DataType::Int16 => VariantScalarTypeId::Int16,
        DataType::UInt16 => VariantScalarTypeId::UInt16,
        DataType::Int32 => VariantScalarTypeId::Int32,
        DataType::UInt32 => VariantScalarTypeId::UInt32,
        DataType::Int64 => VariantScalarTypeId::Int64,
        DataType::UInt64 => VariantScalarTypeId::UInt64,
        DataType::Float => VariantScalarTypeId::Float,
        DataType::Double => VariantScalarTypeId::Double,
        DataType::String => VariantScalarTypeId::String,
        DataType::DateTime => VariantScalarTypeId::DateTime,
        DataType::Guid => VariantScalarTypeId::Guid,
        DataType::ByteString => VariantScalarTypeId::ByteString,
        DataType::XmlElement => VariantScalarTypeId::XmlElement,
        DataType::NodeId => VariantScalarTypeId::NodeId,
        DataType::ExpandedNodeId => VariantScalarTypeId::ExpandedNodeId,
        DataType::StatusCode => VariantScalarTypeId::StatusCode,
        DataType::QualifiedName => VariantScalarTypeId::QualifiedName,
        DataType::LocalizedText => VariantScalarTypeId::LocalizedText,
        DataType::Structure => VariantScalarTypeId::ExtensionObject,
        DataType::DataValue => VariantScalarTypeId::DataValue,
        DataType::DiagnosticInfo => VariantScalarTypeId::DiagnosticInfo,
        DataType::Variant | DataType::Null => VariantScalarTypeId::Variant,
    }
}
