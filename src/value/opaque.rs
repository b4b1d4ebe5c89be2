//! [`Opaque`]: the one place where a value of the engine shows through.

use std::fmt;

use opcua::types::Variant;

use super::{DataType, ExpandedNodeId, Structure, Value};
use crate::engine::convert;

/// A value without a natural Rust type: a structure, a `DataValue` or `Variant` inside a value, a `DiagnosticInfo`,
/// or something no standard type can be. It survives a read followed by a write unchanged.
///
/// Prints, and serializes, as `null` where it is null, else as `{"type": …, "body": …}` with the id of the binary
/// encoding and the encoded fields in base64.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque(Box<Variant>);

impl Opaque {
    pub(crate) fn new(variant: Variant) -> Opaque {
        Opaque(Box::new(variant))
    }

    /// The built-in type.
    pub fn data_type(&self) -> DataType {
        convert::variant_type(&self.0)
    }

    /// An empty structure, or the null of another type: see [`Value::convert`].
    pub fn is_null(&self) -> bool {
        convert::is_null(&self.0)
    }

    /// The id of the structure's binary encoding, where it is a structure.
    pub fn type_id(&self) -> Option<ExpandedNodeId> {
        convert::structure_type(&self.0)
    }

    /// The value in OPC UA's binary encoding: the fields of a structure, else the whole value with its type.
    ///
    /// `None` where it cannot be encoded.
    pub fn body(&self) -> Option<Vec<u8>> {
        convert::binary_body(&self.0)
    }

    /// The engine's own value, for programs that use the engine beside this crate. Not covered by semver.
    pub fn variant(&self) -> &Variant {
        &self.0
    }

    /// As [`variant`](Opaque::variant), by value.
    pub fn into_variant(self) -> Variant {
        *self.0
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() {
            return f.write_str("null");
        }
        let (id, body) = self.parts();
        write!(f, "{{\"type\":\"{id}\",\"body\":\"{body}\"}}")
    }
}

impl Opaque {
    /// What is printed and serialized.
    pub(super) fn parts(&self) -> (String, String) {
        let id = self.type_id().map_or_else(|| self.data_type().name().to_owned(), |id| id.to_string());
        (id, convert::base64(&self.body().unwrap_or_default()))
    }
}

/// As it is on the wire.
impl From<Structure> for Opaque {
    fn from(structure: Structure) -> Opaque {
        Opaque::new(convert::to_variant(Value::Structure(structure)))
    }
}

/// For programs that use the engine beside this crate. Not covered by semver.
impl From<Variant> for Value {
    fn from(variant: Variant) -> Value {
        convert::from_variant(variant)
    }
}

/// For programs that use the engine beside this crate. Not covered by semver.
impl From<Value> for Variant {
    fn from(value: Value) -> Variant {
        convert::to_variant(value)
    }
}
