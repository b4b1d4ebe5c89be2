//! From [`Value`] to any type that serde can make: the fields of structs, maps, lists.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected,
    IntoDeserializer, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::display::time_text;
use super::text::guid_text;
use super::{Array, ConvertError, ConvertReason, FromValue, Value, handover};

impl Value {
    /// The value as any type that can be deserialized. Numbers are as exact as with [`get`](Self::get).
    ///
    /// Arrays become lists, matrices lists of lists. Times, `Guid`s, node ids, statuses and names become the types that
    /// serde reads from their text, `DateTime<Utc>` among them; bytes what it reads from bytes or a list of `u8`. A
    /// number or a text is a variant of an enum without fields, by place or by name. Null is `None` or `()`.
    ///
    /// ```
    /// use openopc::Value;
    ///
    /// #[derive(serde::Deserialize, Debug, PartialEq)]
    /// enum Mode { Off, Manual, Automatic }
    ///
    /// assert_eq!(Value::Int32(2).deserialize_into::<Mode>()?, Mode::Automatic);
    /// assert_eq!(Value::from(vec![1, 2]).deserialize_into::<(u8, f64)>()?, (1, 2.0));
    /// assert!(Value::Double(1.5).deserialize_into::<i32>().is_err());
    /// # Ok::<(), openopc::ConvertError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConvertError`] where the value is not exactly a `T`.
    pub fn deserialize_into<T: DeserializeOwned>(self) -> Result<T, ConvertError> {
        T::deserialize(self)
    }
}

impl de::Error for ConvertError {
    fn custom<T: std::fmt::Display>(message: T) -> ConvertError {
        ConvertError::foreign(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> ConvertError {
        ConvertError::between(found.to_string(), expected.to_string(), ConvertReason::WrongType, "")
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> ConvertError {
        ConvertError::between(found.to_string(), expected.to_string(), ConvertReason::OutOfRange, "")
    }

    fn invalid_length(got: usize, expected: &dyn Expected) -> ConvertError {
        let detail = format!("{got} elements");
        ConvertError::between("a list", expected.to_string(), ConvertReason::WrongType, detail)
    }

    fn missing_field(field: &'static str) -> ConvertError {
        ConvertError::missing(field)
    }
}

/// The text that stands for a value of a type that serde knows by its text only.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) | Value::XmlElement(text) => text.clone(),
        Value::LocalizedText(localized) => localized.text.clone(),
        Value::DateTime(time) => time_text(time),
        Value::Guid(guid) => guid_text(guid),
        Value::NodeId(id) => id.to_string(),
        Value::ExpandedNodeId(id) => id.to_string(),
        Value::StatusCode(status) => status.name().into_owned(),
        Value::QualifiedName(name) => name.to_string(),
        _ => return None,
    })
}

macro_rules! exact {
    ($($method:ident $visit:ident $ty:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
            visitor.$visit(<$ty>::from_value(self)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value {
    type Error = ConvertError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self {
            Value::Boolean(v) => visitor.visit_bool(v),
            Value::SByte(v) => visitor.visit_i8(v),
            Value::Byte(v) => visitor.visit_u8(v),
            Value::Int16(v) => visitor.visit_i16(v),
            Value::UInt16(v) => visitor.visit_u16(v),
            Value::Int32(v) => visitor.visit_i32(v),
            Value::UInt32(v) => visitor.visit_u32(v),
            Value::Int64(v) => visitor.visit_i64(v),
            Value::UInt64(v) => visitor.visit_u64(v),
            Value::Float(v) => visitor.visit_f32(v),
            Value::Double(v) => visitor.visit_f64(v),
            Value::ByteString(bytes) => visitor.visit_byte_buf(bytes),
            Value::Array(array) => list(array, visitor),
            Value::Structure(structure) => structure.visit_fields(visitor),
            other if other.is_null() => visitor.visit_unit(),
            Value::Opaque(opaque) => {
                let (id, body) = opaque.parts();
                let parts = [("type", id), ("body", body)];
                visitor.visit_map(MapDeserializer::new(parts.into_iter()))
            }
            other => visitor.visit_string(text(&other).unwrap_or_default()),
        }
    }

    exact! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match text(&self) {
            Some(text) => visitor.visit_string(text),
            None => Err(ConvertError::wrong_type::<String>(&self)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self {
            Value::ByteString(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.into_iter())),
            Value::Guid(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.into_iter())),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ConvertError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        if name == handover::VALUE {
            handover::put(self);
            return visitor.visit_unit();
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        match self {
            Value::Structure(structure) => structure.visit_member(visitor),
            other => visitor.visit_enum(Variant(other)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct map struct identifier
    }
}

impl IntoDeserializer<'_, ConvertError> for Value {
    type Deserializer = Value;

    fn into_deserializer(self) -> Value {
        self
    }
}

/// A plain array value by value, a matrix row by row. An error has the index of its element.
fn list<'de, V: Visitor<'de>>(array: Array, visitor: V) -> Result<V::Value, ConvertError> {
    let rows: Option<Vec<Value>> = array.rows().map(|rows| rows.map(Value::Array).collect());
    let values: Box<dyn Iterator<Item = Value>> = match rows {
        Some(rows) => Box::new(rows.into_iter()),
        None => array.into_iter(),
    };
    let mut list = List { values, index: 0 };
    let result = visitor.visit_seq(&mut list)?;
    match list.values.count() {
        0 => Ok(result),
        rest => {
            let reason = ConvertReason::Length { expected: list.index, got: list.index + rest };
            Err(ConvertError::between("an array", "a list", reason, ""))
        }
    }
}

struct List {
    values: Box<dyn Iterator<Item = Value>>,
    index: usize,
}

impl<'de> de::SeqAccess<'de> for &mut List {
    type Error = ConvertError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ConvertError> {
        let Some(value) = self.values.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(value).map(Some).map_err(|error| error.at(index))
    }
}

/// A variant without fields: by its place or by its name.
struct Variant(Value);

impl<'de> EnumAccess<'de> for Variant {
    type Error = ConvertError;
    type Variant = Unit;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Unit), ConvertError> {
        let Variant(value) = self;
        let variant = match u64::from_value(value.clone()) {
            Ok(place) => seed.deserialize(IntoDeserializer::<ConvertError>::into_deserializer(place))?,
            Err(error) => match text(&value) {
                Some(name) => seed.deserialize(IntoDeserializer::<ConvertError>::into_deserializer(name))?,
                None => return Err(error.renamed("the variant of an enum")),
            },
        };
        Ok((variant, Unit))
    }
}

struct Unit;

impl<'de> VariantAccess<'de> for Unit {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<(), ConvertError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, ConvertError> {
        Err(de::Error::custom("a variant with fields"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, ConvertError> {
        Err(de::Error::custom("a variant with fields"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ConvertError> {
        Err(de::Error::custom("a variant with fields"))
    }
}

/// A value is taken as it is from the tags of a server; from any other format it is what that format says: a number, a
/// text, a list.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_newtype_struct(handover::VALUE, Whole)
    }
}

struct Whole;

macro_rules! plain {
    ($($method:ident $ty:ty),* $(,)?) => {$(
        fn $method<E: de::Error>(self, v: $ty) -> Result<Value, E> {
            Ok(v.into())
        }
    )*};
}

impl<'de> Visitor<'de> for Whole {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(handover::take().unwrap_or_default())
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    plain! {
        visit_bool bool, visit_i8 i8, visit_i16 i16, visit_i32 i32, visit_i64 i64,
        visit_u8 u8, visit_u16 u16, visit_u32 u32, visit_f32 f32, visit_f64 f64,
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
        // One type for the integers of a list, as far as there is one that holds them.
        Ok(i64::try_from(v).map_or(Value::UInt64(v), Value::Int64))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<Value, E> {
        Ok(Value::ByteString(v.to_vec()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values: Vec<Value> = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }
}
