//! [`Draft`]: what a Rust value is made of, before a node says of which types.

use std::fmt::Display;

use serde::ser::{self, Serialize, Serializer};

use super::{Array, ConvertError, ConvertReason, DataType, Value, handover};

/// A Rust value, taken apart by serde.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Draft {
    /// `None` or `()`: what is not to be written.
    Nothing,
    Value(Value),
    /// A variant without fields.
    Variant {
        index: u32,
        name: &'static str,
    },
    List(Vec<Draft>),
    Fields(Vec<(String, Draft)>),
}

impl Draft {
    /// # Errors
    /// [`ConvertError`] where the value has no form here, or its own `Serialize` fails.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Draft, ConvertError> {
        value.serialize(Drafter)
    }

    /// The value for a node or a field of a type, as near as the types of serde and OPC UA are: texts become what is
    /// written as text, variants of enums their name or their place. Numbers are left to [`Value::convert`].
    pub(crate) fn typed(self, to: Option<DataType>) -> Result<Value, ConvertError> {
        match self {
            Draft::Nothing => Ok(Value::Null),
            Draft::Value(Value::String(text)) => match to {
                Some(
                    to @ (DataType::DateTime
                    | DataType::Guid
                    | DataType::NodeId
                    | DataType::ExpandedNodeId
                    | DataType::StatusCode),
                ) => Value::parse(&text, to),
                _ => Ok(Value::String(text)),
            },
            Draft::Value(value) => Ok(value),
            Draft::Variant { name, .. } if matches!(to, Some(DataType::String | DataType::LocalizedText)) => {
                Ok(Value::from(name))
            }
            Draft::Variant { index, .. } => Ok(Value::UInt32(index)),
            Draft::List(items) => {
                let item = |(index, item): (usize, Draft)| item.typed(to).map_err(|error| error.at(index));
                list(items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?)
            }
            Draft::Fields(_) => Err(ConvertError::between(
                "a struct",
                to.map_or("a value", DataType::name),
                ConvertReason::WrongType,
                "",
            )),
        }
    }
}

/// Lists of equal length make a matrix.
fn list(values: Vec<Value>) -> Result<Value, ConvertError> {
    let Some(Value::Array(first)) = values.first() else { return Ok(Value::from(values)) };
    let (element, inner) = (first.element_type(), first.dimensions().to_vec());
    let alike = |value: &Value| matches!(value, Value::Array(row) if row.element_type() == element && row.dimensions() == inner);
    if first.is_empty() || !values.iter().all(alike) {
        return Ok(Value::from(values));
    }
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let rows = values.into_iter().filter_map(|value| match value {
        Value::Array(row) => Some(row.into_iter()),
        _ => None,
    });
    let flat = Array::new(element, rows.flatten().collect())?;
    flat.reshaped([count].into_iter().chain(inner).collect()).map(Value::Array)
}

impl ser::Error for ConvertError {
    fn custom<T: Display>(message: T) -> ConvertError {
        ConvertError::foreign(message.to_string())
    }
}

struct Drafter;

macro_rules! plain {
    ($($method:ident $ty:ty),* $(,)?) => {$(
        fn $method(self, v: $ty) -> Result<Draft, ConvertError> {
            Ok(Draft::Value(v.into()))
        }
    )*};
}

impl Serializer for Drafter {
    type Ok = Draft;
    type Error = ConvertError;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    plain! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_f32 f32,
        serialize_f64 f64, serialize_str &str,
    }

    fn serialize_char(self, v: char) -> Result<Draft, ConvertError> {
        Ok(Draft::Value(v.to_string().into()))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<Draft, ConvertError> {
        Ok(Draft::Value(Value::ByteString(v.to_vec())))
    }

    fn serialize_none(self) -> Result<Draft, ConvertError> {
        Ok(Draft::Nothing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Draft, ConvertError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Draft, ConvertError> {
        Ok(handover::take().map_or(Draft::Nothing, Draft::Value))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Draft, ConvertError> {
        Ok(Draft::Nothing)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<Draft, ConvertError> {
        Ok(Draft::Variant { index, name })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Draft, ConvertError> {
        if name == handover::VALUE {
            handover::want();
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Draft, ConvertError> {
        Ok(Draft::Fields(vec![(name.to_owned(), Draft::of(value)?)]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, ConvertError> {
        Ok(List { items: Vec::new(), variant: None })
    }

    fn serialize_tuple(self, _: usize) -> Result<List, ConvertError> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List, ConvertError> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<List, ConvertError> {
        Ok(List { items: Vec::new(), variant: Some(name) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, ConvertError> {
        Ok(Fields { done: Vec::new(), key: String::new(), variant: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, ConvertError> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Fields, ConvertError> {
        Ok(Fields { done: Vec::new(), key: String::new(), variant: Some(name) })
    }
}

struct List {
    items: Vec<Draft>,
    variant: Option<&'static str>,
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        self.items.push(Draft::of(value).map_err(|error| error.at(self.items.len()))?);
        Ok(())
    }

    fn finish(self) -> Draft {
        within(self.variant, Draft::List(self.items))
    }
}

/// A variant with fields is a struct with that one field, as in JSON.
fn within(variant: Option<&'static str>, draft: Draft) -> Draft {
    match variant {
        Some(name) => Draft::Fields(vec![(name.to_owned(), draft)]),
        None => draft,
    }
}

struct Fields {
    done: Vec<(String, Draft)>,
    key: String,
    variant: Option<&'static str>,
}

impl Fields {
    fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), ConvertError> {
        self.done.push((name.to_owned(), Draft::of(value).map_err(|error| error.in_field(name))?));
        Ok(())
    }

    fn finish(self) -> Draft {
        within(self.variant, Draft::Fields(self.done))
    }
}

macro_rules! lists {
    ($($name:ident $method:ident),*) => {$(
        impl ser::$name for List {
            type Ok = Draft;
            type Error = ConvertError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
                self.push(value)
            }

            fn end(self) -> Result<Draft, ConvertError> {
                Ok(self.finish())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
}

macro_rules! structs {
    ($($name:ident),*) => {$(
        impl ser::$name for Fields {
            type Ok = Draft;
            type Error = ConvertError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), ConvertError> {
                self.push(name, value)
            }

            fn end(self) -> Result<Draft, ConvertError> {
                Ok(self.finish())
            }
        }
    )*};
}

structs! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Fields {
    type Ok = Draft;
    type Error = ConvertError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ConvertError> {
        self.key = match Draft::of(key)? {
            Draft::Variant { name, .. } => name.to_owned(),
            Draft::Value(value) => value.to_string(),
            _ => return Err(ConvertError::foreign("a key that is no text")),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConvertError> {
        let key = std::mem::take(&mut self.key);
        self.push(&key, value)
    }

    fn end(self) -> Result<Draft, ConvertError> {
        Ok(self.finish())
    }
}
