//! The engine's types and ours, both ways. Values move; nothing is cloned that can be taken apart.

mod array;
#[cfg(feature = "redb")]
pub(crate) mod binary;
mod data_type;
#[cfg(feature = "client")]
mod definition;
mod opaque;
#[cfg(feature = "client")]
pub(crate) mod property;
mod status;
pub(crate) mod structure;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::types as ua;
use opcua::types::{UaNullable as _, Variant};

#[cfg(feature = "client")]
pub(crate) use self::data_type::data_type_of;
#[cfg(feature = "client")]
pub(crate) use self::definition::{Described, DescribedField, described, standard, standard_encoding};
pub(crate) use self::opaque::{binary_body, is_null, structure_type, variant_type};
pub(crate) use self::status::{status_name, status_named};
use crate::Status;
use crate::engine::Sample;
use crate::value::{
    DataType, ExpandedNodeId, Identifier, LocalizedText, NodeId, Opaque, QualifiedName, Value,
};

/// The engine's value.
pub(crate) fn to_variant(value: Value) -> Variant {
    match value {
        Value::Null => Variant::Empty,
        Value::Boolean(v) => Variant::Boolean(v),
        Value::SByte(v) => Variant::SByte(v),
        Value::Byte(v) => Variant::Byte(v),
        Value::Int16(v) => Variant::Int16(v),
        Value::UInt16(v) => Variant::UInt16(v),
        Value::Int32(v) => Variant::Int32(v),
        Value::UInt32(v) => Variant::UInt32(v),
        Value::Int64(v) => Variant::Int64(v),
        Value::UInt64(v) => Variant::UInt64(v),
        Value::Float(v) => Variant::Float(v),
        Value::Double(v) => Variant::Double(v),
        Value::String(text) => Variant::String(text.into()),
        Value::DateTime(time) => Variant::DateTime(Box::new(to_date_time(time))),
        Value::Guid(guid) => Variant::Guid(Box::new(ua::Guid::from_bytes(swap_guid(guid)))),
        Value::ByteString(bytes) => Variant::ByteString(bytes.into()),
        Value::XmlElement(text) => Variant::XmlElement(text.into()),
        Value::NodeId(id) => Variant::NodeId(Box::new(to_node_id(id))),
        Value::ExpandedNodeId(id) => Variant::ExpandedNodeId(Box::new(to_expanded_node_id(*id))),
        Value::StatusCode(status) => Variant::StatusCode(to_status(status)),
        Value::QualifiedName(name) => Variant::QualifiedName(Box::new(to_qualified_name(name))),
        Value::LocalizedText(text) => Variant::LocalizedText(Box::new(to_localized_text(*text))),
        Value::Array(array) => array::to_variant(array),
        Value::Structure(structure) => structure::to_engine(&structure),
        Value::Opaque(opaque) => opaque.into_variant(),
    }
}

/// The null of a type that has one. Servers refuse an empty variant where they keep a `String`.
pub(crate) fn null(data_type: DataType) -> Value {
    match null_of(data_type) {
        Variant::Empty => Value::Null,
        Variant::LocalizedText(text) => Value::from(from_localized_text(*text)),
        typed => Value::Opaque(Opaque::new(typed)),
    }
}

fn null_of(data_type: DataType) -> Variant {
    match data_type {
        DataType::String => Variant::String(ua::UAString::null()),
        DataType::ByteString => Variant::ByteString(ua::ByteString::null()),
        DataType::XmlElement => Variant::XmlElement(ua::XmlElement::null()),
        DataType::QualifiedName => Variant::QualifiedName(Box::new(ua::QualifiedName::null())),
        DataType::LocalizedText => Variant::LocalizedText(Box::new(ua::LocalizedText::null())),
        DataType::Structure => Variant::ExtensionObject(ua::ExtensionObject::null()),
        _ => Variant::Empty,
    }
}

/// Our value. What no type of ours can hold stays [`Opaque`].
pub(crate) fn from_variant(variant: Variant) -> Value {
    match variant {
        Variant::Empty => Value::Null,
        Variant::Boolean(v) => Value::Boolean(v),
        Variant::SByte(v) => Value::SByte(v),
        Variant::Byte(v) => Value::Byte(v),
        Variant::Int16(v) => Value::Int16(v),
        Variant::UInt16(v) => Value::UInt16(v),
        Variant::Int32(v) => Value::Int32(v),
        Variant::UInt32(v) => Value::UInt32(v),
        Variant::Int64(v) => Value::Int64(v),
        Variant::UInt64(v) => Value::UInt64(v),
        Variant::Float(v) => Value::Float(v),
        Variant::Double(v) => Value::Double(v),
        Variant::String(text) => from_string(text).map_or(Value::Null, Value::String),
        Variant::DateTime(time) => Value::DateTime(from_date_time(*time)),
        Variant::Guid(guid) => Value::Guid(swap_guid(guid.to_bytes())),
        Variant::ByteString(bytes) => bytes.value.map_or(Value::Null, Value::ByteString),
        Variant::XmlElement(text) if text.is_ua_null() => Value::Null,
        // The engine shows the text only through `Display`.
        Variant::XmlElement(text) => Value::XmlElement(text.to_string()),
        Variant::NodeId(id) => match from_node_id(*id) {
            Ok(id) => Value::NodeId(id),
            Err(id) => Value::Opaque(Opaque::new(Variant::NodeId(Box::new(id)))),
        },
        Variant::ExpandedNodeId(id) => match from_expanded_node_id(*id) {
            Ok(id) => Value::ExpandedNodeId(Box::new(id)),
            Err(id) => Value::Opaque(Opaque::new(Variant::ExpandedNodeId(Box::new(id)))),
        },
        Variant::StatusCode(status) => Value::StatusCode(from_status(status)),
        Variant::QualifiedName(name) if name.name.is_null() && name.namespace_index == 0 => Value::Null,
        Variant::QualifiedName(name) if name.name.is_null() => {
            Value::Opaque(Opaque::new(Variant::QualifiedName(name)))
        }
        Variant::QualifiedName(name) => Value::QualifiedName(from_qualified_name(*name)),
        Variant::LocalizedText(text) => Value::from(from_localized_text(*text)),
        Variant::Array(array) => array::from_engine(*array),
        other @ (Variant::ExtensionObject(_)
        | Variant::Variant(_)
        | Variant::DataValue(_)
        | Variant::DiagnosticInfo(_)) => Value::Opaque(Opaque::new(other)),
    }
}

/// The text, unless it is null. The engine gives its `String` by reference only, so this copies.
fn from_string(text: ua::UAString) -> Option<String> {
    if text.is_null() { None } else { Some(text.into()) }
}

pub(crate) fn to_node_id(id: NodeId) -> ua::NodeId {
    let identifier = match id.identifier {
        Identifier::Numeric(id) => ua::Identifier::Numeric(id),
        Identifier::String(id) => ua::Identifier::String(id.into()),
        Identifier::Guid(id) => ua::Identifier::Guid(ua::Guid::from_bytes(swap_guid(id))),
        Identifier::Opaque(id) => ua::Identifier::ByteString(id.into()),
    };
    ua::NodeId { namespace: id.namespace, identifier }
}

/// `Err` gives back an id whose identifier is a null string: legal on the wire, and nobody's node.
pub(crate) fn from_node_id(id: ua::NodeId) -> Result<NodeId, ua::NodeId> {
    let identifier = match id.identifier {
        ua::Identifier::Numeric(id) => Identifier::Numeric(id),
        ua::Identifier::String(text) if !text.is_null() => Identifier::String(text.into()),
        ua::Identifier::Guid(guid) => Identifier::Guid(swap_guid(guid.to_bytes())),
        ua::Identifier::ByteString(ua::ByteString { value: Some(bytes) }) => Identifier::Opaque(bytes),
        identifier => return Err(ua::NodeId { namespace: id.namespace, identifier }),
    };
    Ok(NodeId { namespace: id.namespace, identifier })
}

/// As [`from_node_id`], with a null identifier as an empty one: for ids that only name something.
pub(crate) fn node_id(id: ua::NodeId) -> NodeId {
    from_node_id(id).unwrap_or_else(|id| match id.identifier {
        ua::Identifier::ByteString(_) => {
            NodeId { namespace: id.namespace, identifier: Identifier::Opaque(Vec::new()) }
        }
        _ => NodeId::string(id.namespace, ""),
    })
}

pub(crate) fn to_expanded_node_id(id: ExpandedNodeId) -> ua::ExpandedNodeId {
    ua::ExpandedNodeId {
        node_id: to_node_id(id.node),
        namespace_uri: id.namespace_uri.into(),
        server_index: id.server_index,
    }
}

/// `Err` as for [`from_node_id`].
pub(crate) fn from_expanded_node_id(id: ua::ExpandedNodeId) -> Result<ExpandedNodeId, ua::ExpandedNodeId> {
    let ua::ExpandedNodeId { node_id, namespace_uri, server_index } = id;
    match from_node_id(node_id) {
        Ok(node) => Ok(ExpandedNodeId { server_index, namespace_uri: from_string(namespace_uri), node }),
        Err(node_id) => Err(ua::ExpandedNodeId { node_id, namespace_uri, server_index }),
    }
}

pub(crate) fn to_qualified_name(name: QualifiedName) -> ua::QualifiedName {
    ua::QualifiedName { namespace_index: name.namespace, name: name.name.into() }
}

/// A null name is an empty one.
pub(crate) fn from_qualified_name(name: ua::QualifiedName) -> QualifiedName {
    QualifiedName { namespace: name.namespace_index, name: name.name.into() }
}

/// Empty is null: the engine writes both alike.
pub(crate) fn to_localized_text(text: LocalizedText) -> ua::LocalizedText {
    let null_if_empty = |text: String| if text.is_empty() { ua::UAString::null() } else { text.into() };
    ua::LocalizedText {
        locale: null_if_empty(text.locale.unwrap_or_default()),
        text: null_if_empty(text.text),
    }
}

pub(crate) fn from_localized_text(text: ua::LocalizedText) -> LocalizedText {
    let locale = from_string(text.locale).filter(|locale| !locale.is_empty());
    LocalizedText { locale, text: text.text.into() }
}

pub(crate) fn to_status(status: Status) -> ua::StatusCode {
    ua::StatusCode::from(status.bits())
}

pub(crate) fn from_status(status: ua::StatusCode) -> Status {
    Status::from_bits(status.bits())
}

/// The first three fields of a GUID are little-endian in the engine's bytes and as written in ours.
fn swap_guid(mut guid: [u8; 16]) -> [u8; 16] {
    let mut rest = &mut guid[..];
    for length in [4, 2, 2] {
        let (field, tail) = rest.split_at_mut(length);
        field.reverse();
        rest = tail;
    }
    guid
}

/// 100 ns are the finest OPC UA has. From the last second of 9999 on, a time is "the end of time", which the engine
/// writes as such only when it lies beyond that second.
pub(crate) fn to_date_time(time: DateTime<Utc>) -> ua::DateTime {
    let end = ua::DateTime::endtimes().as_chrono();
    if time >= end { (end + TimeDelta::nanoseconds(100)).into() } else { time.into() }
}

/// The end of time is the last second of 9999, however it was written.
pub(crate) fn from_date_time(time: ua::DateTime) -> DateTime<Utc> {
    // Twice for every value read: worth not computing anew.
    static END: LazyLock<DateTime<Utc>> = LazyLock::new(|| ua::DateTime::endtimes().as_chrono());
    time.as_chrono().min(*END)
}

/// The time of a reading: the null time means that there is none.
pub(crate) fn from_timestamp(time: Option<ua::DateTime>) -> Option<DateTime<Utc>> {
    static NULL: LazyLock<ua::DateTime> = LazyLock::new(ua::DateTime::null);
    time.filter(|time| *time != *NULL).map(from_date_time)
}

/// What a server said.
pub(crate) fn sample(value: ua::DataValue) -> Sample {
    Sample {
        value: value.value.map_or(Value::Null, from_variant),
        // No status on the wire means Good (Part 4, 7.11).
        status: value.status.map_or(Status::GOOD, from_status),
        source_time: from_timestamp(value.source_timestamp),
        server_time: from_timestamp(value.server_timestamp),
    }
}

/// Standard base64 with padding. The engine brings an encoder; a second one would be a dependency.
pub(crate) fn base64(bytes: &[u8]) -> String {
    ua::ByteString::from(bytes).as_base64()
}

/// The reverse of [`base64`].
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    ua::ByteString::from_base64(text)?.value
}
