//! Values as JSON: for people and pipes, so without OPC UA's own type tags.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::display::{float_text, time_text};
use super::text::guid_text;
use super::{Array, Value, handover};
use crate::engine::convert::base64;

/// Integers as numbers, 64-bit ones too; NaN and infinities as `"NaN"`, `"Infinity"` and `"-Infinity"`; times in
/// RFC 3339; a `Guid` with hyphens; bytes in base64; a `LocalizedText` as its text; a `QualifiedName` as `1:name`; a
/// `NodeId` as its text; a `StatusCode` as its name; a matrix as nested arrays; a structure as an
/// object of its fields, or as `{"type": id, "body": base64}` where they are not known.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Other serializers pass over the name of a newtype.
        serializer.serialize_newtype_struct(handover::VALUE, &Plain(self))
    }
}

struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if handover::wanted() {
            handover::put(self.0.clone());
            return serializer.serialize_unit();
        }
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Boolean(v) => serializer.serialize_bool(*v),
            Value::SByte(v) => serializer.serialize_i8(*v),
            Value::Byte(v) => serializer.serialize_u8(*v),
            Value::Int16(v) => serializer.serialize_i16(*v),
            Value::UInt16(v) => serializer.serialize_u16(*v),
            Value::Int32(v) => serializer.serialize_i32(*v),
            Value::UInt32(v) => serializer.serialize_u32(*v),
            Value::Int64(v) => serializer.serialize_i64(*v),
            Value::UInt64(v) => serializer.serialize_u64(*v),
            // The `f64` with the same digits: 0.1 stays 0.1 whatever the serializer makes of an `f32`.
            Value::Float(v) if v.is_finite() => {
                serializer.serialize_f64(v.to_string().parse().unwrap_or_else(|_| f64::from(*v)))
            }
            Value::Float(v) => serializer.serialize_str(&float_text(f64::from(*v))),
            Value::Double(v) if v.is_finite() => serializer.serialize_f64(*v),
            Value::Double(v) => serializer.serialize_str(&float_text(*v)),
            Value::String(text) | Value::XmlElement(text) => serializer.serialize_str(text),
            Value::DateTime(time) => serializer.serialize_str(&time_text(time)),
            Value::Guid(guid) => serializer.serialize_str(&guid_text(guid)),
            Value::ByteString(bytes) => serializer.serialize_str(&base64(bytes)),
            Value::NodeId(id) => serializer.collect_str(id),
            Value::ExpandedNodeId(id) => serializer.collect_str(id),
            Value::StatusCode(status) => serializer.serialize_str(&status.name()),
            Value::QualifiedName(name) => serializer.collect_str(name),
            Value::LocalizedText(text) => serializer.serialize_str(&text.text),
            Value::Array(array) => array.serialize(serializer),
            Value::Structure(structure) => structure.serialize(serializer),
            Value::Opaque(opaque) if opaque.is_null() => serializer.serialize_unit(),
            Value::Opaque(opaque) => {
                let (id, body) = opaque.parts();
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", &id)?;
                map.serialize_entry("body", &body)?;
                map.end()
            }
        }
    }
}

/// An array of its elements; a matrix as nested arrays.
impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(rows) = self.rows() {
            return serializer.collect_seq(rows);
        }
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for value in self.iter() {
            seq.serialize_element(&value)?;
        }
        seq.end()
    }
}
