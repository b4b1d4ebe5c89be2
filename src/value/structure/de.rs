//! From a [`Structure`] to any type that serde can make.

use serde::Deserializer as _;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};

use super::{Structure, Value};
use crate::ConvertError;

impl Structure {
    /// The structure as any type that can be deserialized: a struct with a field for each of those that are wanted, a
    /// map; a union as an enum whose variants are its members. Conversions are exact, as in
    /// [`Value::deserialize_into`].
    ///
    /// # Errors
    /// [`ConvertError`], with the [field](ConvertError::field) that is missing or does not fit.
    pub fn deserialize_into<T: DeserializeOwned>(&self) -> Result<T, ConvertError> {
        Value::Structure(self.clone()).deserialize_into()
    }

    fn owned(&self) -> std::vec::IntoIter<(String, Value)> {
        let fields = self.fields().map(|(name, value)| (name.to_owned(), value.clone()));
        fields.collect::<Vec<_>>().into_iter()
    }

    /// Its fields, one after the other.
    pub(crate) fn visit_fields<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_map(Fields { fields: self.owned(), next: None })
    }

    /// The member of a union that was chosen.
    pub(crate) fn visit_member<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, ConvertError> {
        match self.owned().next() {
            Some((name, value)) => visitor.visit_enum(Member { name, value }),
            None => Err(de::Error::custom("a union without a member")),
        }
    }
}

struct Fields {
    fields: std::vec::IntoIter<(String, Value)>,
    next: Option<(String, Value)>,
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = ConvertError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ConvertError> {
        self.next = self.fields.next();
        let Some((name, _)) = &self.next else { return Ok(None) };
        seed.deserialize(IntoDeserializer::<ConvertError>::into_deserializer(name.as_str())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ConvertError> {
        let (name, value) = self.next.take().unwrap_or_default();
        seed.deserialize(value).map_err(|error| error.in_field(&name))
    }
}

struct Member {
    name: String,
    value: Value,
}

impl<'de> EnumAccess<'de> for Member {
    type Error = ConvertError;
    type Variant = Member;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Member), ConvertError> {
        let name = IntoDeserializer::<ConvertError>::into_deserializer(self.name.as_str());
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Member {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<(), ConvertError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ConvertError> {
        seed.deserialize(self.value).map_err(|error| error.in_field(&self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, ConvertError> {
        self.value.deserialize_tuple(len, visitor).map_err(|error| error.in_field(&self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.value.deserialize_struct("", fields, visitor).map_err(|error| error.in_field(&self.name))
    }
}
