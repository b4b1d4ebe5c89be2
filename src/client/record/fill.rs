//! From a [`Tree`] of readings to any type that serde can make.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor,
};

use crate::value::handover;
use crate::{ConvertError, ConvertReason, Error, Operation, Reading, Result, Tag, Value};

use super::tree::{Node, Place, Tree, missing};

const OPERATION: Operation = Operation::ReadInto;

impl Tree {
    /// The type, filled from what was read.
    pub(crate) fn fill<T: DeserializeOwned>(&self) -> Result<T> {
        let root = At { tree: self, place: 0 };
        root.named(T::deserialize(root)).map_err(|fault| match fault {
            Fault::Told(error) => *error,
            // Not reached: the root has a name.
            Fault::Convert(source) => {
                Error::Convert { operation: OPERATION, tag: Tag::numeric(0, 0), source }
            }
            Fault::Missing(field) => {
                Error::Resolve { operation: OPERATION, tag: Tag::item(field), candidates: Vec::new() }
            }
        })
    }
}

/// What went wrong, before and after it is known with which tag.
#[derive(Debug)]
enum Fault {
    Told(Box<Error>),
    Convert(ConvertError),
    Missing(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Told(error) => error.fmt(f),
            Fault::Convert(error) => error.fmt(f),
            Fault::Missing(field) => write!(f, "there is no `{field}`"),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: std::fmt::Display>(message: T) -> Fault {
        Fault::Convert(de::Error::custom(message))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Fault {
        Fault::Convert(de::Error::invalid_type(found, expected))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Fault {
        Fault::Convert(de::Error::invalid_value(found, expected))
    }

    fn missing_field(field: &'static str) -> Fault {
        Fault::Missing(field)
    }
}

/// A node of the tree, to be deserialized.
#[derive(Clone, Copy)]
struct At<'a> {
    tree: &'a Tree,
    place: Place,
}

impl<'a> At<'a> {
    fn node(self) -> Result<&'a Node, Fault> {
        self.tree.node(self.place).ok_or_else(|| de::Error::custom("no such node"))
    }

    /// With the tag in the error.
    fn named<T>(self, result: Result<T, Fault>) -> Result<T, Fault> {
        result.map_err(|fault| {
            let Ok(node) = self.node() else { return fault };
            let (operation, tag) = (OPERATION, node.label.clone());
            Fault::Told(Box::new(match fault {
                Fault::Told(error) => return Fault::Told(error),
                Fault::Convert(source) => Error::Convert { operation, tag, source },
                Fault::Missing(field) => match node.refused {
                    Some(status) => Error::Item { operation, tag, status },
                    None => Error::Resolve { operation, tag: missing(&tag, field), candidates: Vec::new() },
                },
            }))
        })
    }

    /// An error where the name means several tags.
    fn one(self) -> Result<&'a Node, Fault> {
        let node = self.node()?;
        if node.twins.is_empty() {
            return Ok(node);
        }
        let candidates = [&node.id].into_iter().chain(&node.twins).cloned().map(Tag::node).collect();
        let error = Error::Resolve { operation: OPERATION, tag: node.label.clone(), candidates };
        Err(Fault::Told(Box::new(error)))
    }

    /// The reading of a tag, whatever its quality.
    fn reading(self) -> Result<Reading, Fault> {
        let node = self.one()?;
        if let Some(reading) = node.reading().take() {
            return reading.map_err(|error| Fault::Told(Box::new(error)));
        }
        let error = ConvertError::between("a branch", "a value", ConvertReason::WrongType, "");
        self.named(Err(Fault::Convert(error)))
    }

    /// The value of a tag, if it is good.
    fn value(self) -> Result<Value, Fault> {
        let reading = self.reading()?;
        if reading.status.is_good() {
            return Ok(reading.value);
        }
        Err(Fault::Told(Box::new(Error::Quality {
            operation: OPERATION,
            tag: self.node()?.label.clone(),
            quality: reading.quality(),
            status: reading.status,
        })))
    }

    fn leaf<T>(self, make: impl FnOnce(Value) -> Result<T, ConvertError>) -> Result<T, Fault> {
        let value = self.value()?;
        self.named(make(value).map_err(Fault::Convert))
    }

    /// The value has to be asked, not what is below it.
    fn is_leaf(self) -> Result<bool, Fault> {
        let node = self.one()?;
        Ok(node.children.is_empty() && node.reading().is_some())
    }

    /// Its value is a structure, and not all that is wanted is below it.
    fn has_structure(self, fields: &[&str]) -> Result<bool, Fault> {
        let node = self.one()?;
        let reading = node.reading();
        let is_structure = matches!(&*reading, Some(Ok(Reading { value: Value::Structure(_), .. })));
        Ok(is_structure && fields.iter().any(|field| self.tree.child(self.place, field).is_none()))
    }

    /// Good and without a value.
    fn is_null(self) -> Result<bool, Fault> {
        let node = self.one()?;
        let reading = node.reading();
        let null = |reading: &Reading| reading.status.is_good() && reading.value.is_null();
        Ok(node.children.is_empty() && matches!(&*reading, Some(Ok(reading)) if null(reading)))
    }
}

macro_rules! leaves {
    ($($method:ident),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.leaf(|value| value.$method(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Fault;

    leaves! {
        deserialize_bool, deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64, deserialize_i128,
        deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64, deserialize_u128, deserialize_f32,
        deserialize_f64, deserialize_char, deserialize_str, deserialize_string, deserialize_bytes,
        deserialize_byte_buf, deserialize_unit, deserialize_identifier,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_leaf()? {
            return self.leaf(|value| value.deserialize_any(visitor));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.leaf(|value| value.deserialize_unit_struct(name, visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name {
            handover::VALUE => self.leaf(|value| value.deserialize_newtype_struct(name, visitor)),
            handover::READING => {
                handover::put_reading(self.reading()?);
                visitor.visit_unit()
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_leaf()? {
            return self.leaf(|value| value.deserialize_seq(visitor));
        }
        visitor.visit_seq(Children::new(self, None)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        if self.is_leaf()? {
            return self.leaf(|value| value.deserialize_tuple(len, visitor));
        }
        visitor.visit_seq(Children::new(self, None)?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_leaf()? {
            return self.leaf(|value| value.deserialize_map(visitor));
        }
        visitor.visit_map(Children::new(self, None)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.is_leaf()? || self.has_structure(fields)? {
            return self.leaf(|value| value.deserialize_struct(name, fields, visitor));
        }
        visitor.visit_map(Children::new(self, Some(fields))?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.leaf(|value| value.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// The children of a node, in the order the server gave.
struct Children<'a> {
    tree: &'a Tree,
    places: Vec<Place>,
    value: Option<Place>,
}

impl<'a> Children<'a> {
    fn new(At { tree, place }: At<'a>, names: Option<&[&str]>) -> Result<Children<'a>, Fault> {
        let node = At { tree, place }.node()?;
        if let (Some(status), true) = (node.refused, names.is_none()) {
            let error = Error::Item { operation: OPERATION, tag: node.label.clone(), status };
            return Err(Fault::Told(Box::new(error)));
        }
        let wanted = |place: &&Place| {
            let name = tree.node(**place).map_or("", |node| node.name.as_str());
            names.is_none_or(|names| names.contains(&name))
        };
        let places = node.children.iter().filter(wanted).rev().copied().collect();
        Ok(Children { tree, places, value: None })
    }
}

impl<'de> de::MapAccess<'de> for Children<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(place) = self.places.pop() else { return Ok(None) };
        self.value = Some(place);
        let name = At { tree: self.tree, place }.node()?.name.as_str();
        seed.deserialize(IntoDeserializer::<Fault>::into_deserializer(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let at = At { tree: self.tree, place: self.value.take().unwrap_or_default() };
        at.named(seed.deserialize(at))
    }
}

impl<'de> de::SeqAccess<'de> for Children<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(place) = self.places.pop() else { return Ok(None) };
        let at = At { tree: self.tree, place };
        at.named(seed.deserialize(at)).map(Some)
    }
}
