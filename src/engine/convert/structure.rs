//! Structures by their definitions, to and from the binary encoding (Part 6, 5.2.6 to 5.2.8).

mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use opcua::types::type_loader::{ByteStringBody, XmlBody};
use opcua::types::{ExtensionObject, Variant};

use self::reader::Reader;
#[cfg(feature = "client")]
pub(crate) use self::writer::zero;
pub(crate) use self::writer::{body, field};
use super::{binary_body, from_node_id, to_node_id};
use crate::value::{Array, DataType, NodeId, Structure, Types, Value};

/// The value may be, or hold, a structure that has not been decoded. Asked for every value that is read.
pub(crate) fn is_encoded(value: &Value) -> bool {
    match value {
        Value::Opaque(opaque) => opaque.data_type() == DataType::Structure && !opaque.is_null(),
        Value::Array(array) => {
            matches!(array.element_type(), DataType::Structure | DataType::Variant) && {
                array.iter().any(|value| is_encoded(&value))
            }
        }
        _ => false,
    }
}

/// The value with every structure decoded whose definition is known; the encodings of the others go to `unknown`.
/// What does not fit its definition stays as it was.
pub(crate) fn decode(value: Value, types: &Arc<Types>, unknown: &mut Vec<NodeId>) -> Value {
    decode_at(value, types, unknown, 0)
}

fn decode_at(value: Value, types: &Arc<Types>, unknown: &mut Vec<NodeId>, depth: usize) -> Value {
    match value {
        Value::Opaque(opaque) if opaque.data_type() == DataType::Structure => {
            let mut known = |object: &ExtensionObject| {
                if object.is_null() || object.inner_as::<XmlBody>().is_some() {
                    return None;
                }
                let encoding = from_node_id(object.binary_type_id().node_id).ok()?;
                let Some(definition) = types.encoded(&encoding) else {
                    unknown.push(encoding);
                    return None;
                };
                let body = binary_body(opaque.variant())?;
                let mut reader = Reader::new(&body, types, unknown);
                let structure = reader.structure(definition, depth)?;
                // More than the definition knows of: it is not the right one.
                reader.is_at_end().then_some(structure)
            };
            match opaque.variant() {
                Variant::ExtensionObject(object) => {
                    known(object).map_or(Value::Opaque(opaque.clone()), Value::Structure)
                }
                _ => Value::Opaque(opaque),
            }
        }
        Value::Array(array) if is_encoded(&Value::Array(array.clone())) => {
            let (element, dimensions) = (array.element_type(), array.dimensions().to_vec());
            let values = array.iter().map(|value| decode_at(value, types, unknown, depth)).collect();
            let decoded = Array::new(element, values);
            let shaped = if dimensions.len() > 1 {
                decoded.and_then(|decoded| decoded.reshaped(dimensions))
            } else {
                decoded
            };
            // Of the same length and type as before.
            Value::Array(shaped.unwrap_or(array))
        }
        other => other,
    }
}

/// A structure as the engine sends it.
pub(super) fn to_engine(structure: &Structure) -> Variant {
    let encoding = to_node_id(structure.encoding_id().clone());
    let body = ByteStringBody::new(body(structure).into(), encoding);
    Variant::ExtensionObject(ExtensionObject::new(body))
}
