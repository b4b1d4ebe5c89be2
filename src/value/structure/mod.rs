//! [`Structure`]: a structure whose fields are known.

#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "only a client learns what structures are made of")
)]

#[cfg(feature = "client")]
mod apply;
mod de;
mod types;

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

#[cfg(feature = "client")]
pub(crate) use self::apply::{applied, has_fields};
pub(crate) use self::types::{Definition, Field, Kind, Layout, Types};
use super::{ConvertError, NodeId, Value};
use crate::engine::convert::structure as wire;

/// A structure: named fields in the order of their definition, which was read from the server (Part 3, 5.8.3
/// `DataTypeDefinition`).
///
/// A field that is a structure itself is a [`Value::Structure`] too, arrays of them included; an enumeration is its
/// number. An optional field that is not there, and the members of a union that were not chosen, are no fields of the
/// value, though they can be set.
///
/// What is read and written back unchanged is the same to the last byte; where fields were set, only they differ.
///
/// Prints as `{Low: 0, High: 100}`, and serializes as an object of its fields.
#[derive(Clone)]
pub struct Structure(Arc<Repr>);

#[derive(Clone)]
struct Repr {
    definition: Arc<Definition>,
    /// For the structures inside.
    types: Arc<Types>,
    /// One for each field of the definition.
    slots: Vec<Option<Slot>>,
}

/// A field that is there.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    /// As it is on the wire.
    pub(crate) bytes: Arc<[u8]>,
}

impl Structure {
    /// As it was decoded: one slot for each field of the definition.
    pub(crate) fn new(definition: Arc<Definition>, types: Arc<Types>, slots: Vec<Option<Slot>>) -> Structure {
        Structure(Arc::new(Repr { definition, types, slots }))
    }

    /// The name of its data type: `Range`.
    pub fn type_name(&self) -> &str {
        &self.0.definition.name
    }

    /// The id of its data type.
    pub fn type_id(&self) -> &NodeId {
        &self.0.definition.id
    }

    /// The id of its binary encoding.
    pub fn encoding_id(&self) -> &NodeId {
        &self.0.definition.encoding
    }

    /// The fields that are there, in the order of the definition.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let fields = self.0.definition.fields.iter().zip(&self.0.slots);
        fields.filter_map(|(field, slot)| Some((field.name.as_str(), &slot.as_ref()?.value)))
    }

    /// A field by its name, or one of a structure inside by its path: `Drum.Level`. `None` where it is not there.
    pub fn get(&self, field: &str) -> Option<&Value> {
        if let Some(index) = self.index(field) {
            return Some(&self.0.slots.get(index)?.as_ref()?.value);
        }
        let (outer, inner) = field.split_once('.')?;
        match self.get(outer)? {
            Value::Structure(structure) => structure.get(inner),
            _ => None,
        }
    }

    /// Sets a field, or one of a structure inside by its path, converted to the field's type exactly. [`Value::Null`]
    /// takes an optional field away. A member of a union takes the place of the one that was chosen.
    ///
    /// # Errors
    /// [`ConvertError`] where there is no such field, or the value does not fit it; the structure is as it was.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) -> Result<(), ConvertError> {
        self.set_value(field, value.into())
    }

    fn set_value(&mut self, name: &str, value: Value) -> Result<(), ConvertError> {
        if let Some(index) = self.index(name) {
            return self.set_at(index, value).map_err(|error| error.in_field(name));
        }
        let Some((outer, inner)) = name.split_once('.') else { return Err(ConvertError::missing(name)) };
        match self.get(outer) {
            Some(Value::Structure(structure)) => {
                let mut structure = structure.clone();
                structure.set_value(inner, value).map_err(|error| error.in_field(outer))?;
                self.set_value(outer, Value::Structure(structure))
            }
            _ => Err(ConvertError::missing(name)),
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.definition.fields.iter().position(|field| field.name == name)
    }

    fn set_at(&mut self, index: usize, value: Value) -> Result<(), ConvertError> {
        let Repr { definition, types, .. } = &*self.0;
        let Some(field) = definition.fields.get(index) else { return Ok(()) };
        let slot = if value == Value::Null && (field.optional || definition.layout == Layout::Union) {
            None
        } else {
            let (value, bytes) = wire::field(field, types, value)?;
            Some(Slot { value, bytes: bytes.into() })
        };
        let union = definition.layout == Layout::Union;
        let repr = Arc::make_mut(&mut self.0);
        for (other, place) in repr.slots.iter_mut().enumerate() {
            if other == index {
                place.clone_from(&slot);
            } else if union && slot.is_some() {
                *place = None;
            }
        }
        Ok(())
    }

    pub(crate) fn definition(&self) -> &Arc<Definition> {
        &self.0.definition
    }

    pub(crate) fn types(&self) -> &Arc<Types> {
        &self.0.types
    }

    pub(crate) fn slots(&self) -> &[Option<Slot>] {
        &self.0.slots
    }
}

/// The same data type and the same fields.
impl PartialEq for Structure {
    fn eq(&self, other: &Structure) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.type_id() == other.type_id() && self.fields().eq(other.fields()))
    }
}

impl fmt::Debug for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct(self.type_name());
        for (name, value) in self.fields() {
            debug.field(name, value);
        }
        debug.finish()
    }
}

impl fmt::Display for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.fields().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            write!(f, "{name}: ")?;
            super::display::element(f, value)?;
        }
        f.write_str("}")
    }
}

/// An object of its fields.
impl Serialize for Structure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields().count()))?;
        for (name, value) in self.fields() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
