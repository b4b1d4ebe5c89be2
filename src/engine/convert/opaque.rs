//! What can be said about values that have no type of ours.

use opcua::types::{
    BinaryEncodable as _, ContextOwned, ExtensionObject, UaNullable as _, Variant, VariantTypeId,
};

use super::from_expanded_node_id;
use crate::value::{DataType, ExpandedNodeId};

/// The built-in type; of an array, that of its elements.
pub(crate) fn variant_type(variant: &Variant) -> DataType {
    let scalar = match variant.type_id() {
        VariantTypeId::Empty => return DataType::Null,
        VariantTypeId::Scalar(scalar) | VariantTypeId::Array(scalar, _) => scalar,
    };
    #[expect(clippy::as_conversions, reason = "the enum is `repr(u32)` and numbered as in Part 6")]
    let id = scalar as u32;
    DataType::from_id(id).unwrap_or(DataType::Null)
}

/// There is no value: nothing at all, or the null of a type that has one.
pub(crate) fn is_null(variant: &Variant) -> bool {
    match variant {
        Variant::Empty => true,
        Variant::String(text) => text.is_null(),
        Variant::ByteString(bytes) => bytes.is_null(),
        Variant::XmlElement(text) => text.is_ua_null(),
        Variant::QualifiedName(name) => name.is_null(),
        Variant::ExtensionObject(object) => object.is_null(),
        _ => false,
    }
}

/// The id of a structure's binary encoding.
pub(crate) fn structure_type(variant: &Variant) -> Option<ExpandedNodeId> {
    match variant {
        Variant::ExtensionObject(object) if !object.is_null() => {
            from_expanded_node_id(object.binary_type_id()).ok()
        }
        _ => None,
    }
}

/// The fields of a structure, else the whole value with its type, in the binary encoding.
pub(crate) fn binary_body(variant: &Variant) -> Option<Vec<u8>> {
    let owned = ContextOwned::default();
    let context = owned.context();
    let mut bytes = Vec::new();
    match variant {
        Variant::ExtensionObject(ExtensionObject { body: None }) => {}
        Variant::ExtensionObject(ExtensionObject { body: Some(body) }) => {
            body.encode_binary(&mut bytes, &context).ok()?;
        }
        other => other.encode(&mut bytes, &context).ok()?,
    }
    Some(bytes)
}
