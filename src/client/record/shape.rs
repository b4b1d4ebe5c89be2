//! [`Shape`]: which tags a Rust type names, found by having it deserialize values that mean nothing.

use serde::de::value::SeqDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Deeper than anybody nests structs; ends a type that contains itself.
const MAX_DEPTH: usize = 16;
/// How many fields are looked at in all; ends a type that contains itself several times.
const MAX_FIELDS: usize = 10_000;

/// What a type wants to find at a branch.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Shape {
    /// Not known: everything that there is.
    #[default]
    Unknown,
    /// One value.
    Leaf,
    /// Tags with these names.
    Struct(Vec<(&'static str, Shape)>),
}

impl Shape {
    /// As far as it can be told: the looking ends at the first field that takes nothing meaningless.
    pub(crate) fn of<T: DeserializeOwned>() -> Shape {
        let mut shape = Shape::Unknown;
        let mut left = MAX_FIELDS;
        let _ = T::deserialize(Probe { shape: &mut shape, depth: 0, left: &mut left });
        shape
    }
}

/// There was nothing to look for in the first place.
#[derive(Debug)]
struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: std::fmt::Display>(_: T) -> Stop {
        Stop
    }
}

struct Probe<'a> {
    shape: &'a mut Shape,
    depth: usize,
    left: &'a mut usize,
}

macro_rules! leaves {
    ($($method:ident $visit:ident $value:expr),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            *self.shape = Shape::Leaf;
            visitor.$visit($value)
        }
    )*};
}

/// A text that is a time as well, which is what most types want that take no other text.
const TEXT: &str = "2000-01-01T00:00:00Z";

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    leaves! {
        deserialize_bool visit_bool false,
        deserialize_i8 visit_i8 0,
        deserialize_i16 visit_i16 0,
        deserialize_i32 visit_i32 0,
        deserialize_i64 visit_i64 0,
        deserialize_i128 visit_i128 0,
        deserialize_u8 visit_u8 0,
        deserialize_u16 visit_u16 0,
        deserialize_u32 visit_u32 0,
        deserialize_u64 visit_u64 0,
        deserialize_u128 visit_u128 0,
        deserialize_f32 visit_f32 0.0,
        deserialize_f64 visit_f64 0.0,
        deserialize_char visit_char '0',
        deserialize_str visit_str TEXT,
        deserialize_string visit_str TEXT,
        deserialize_bytes visit_bytes &[],
        deserialize_byte_buf visit_bytes &[],
        deserialize_identifier visit_str TEXT,
    }

    /// Whatever there is; for `flatten`, whose fields are not told, as well.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<((), ())>()))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<()>()))
    }

    /// An array, or several branches: as with a sequence, only what is there can tell which.
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(Stop);
        }
        visitor.visit_seq(Elements { rest: len, depth: self.depth + 1, left: self.left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.depth >= MAX_DEPTH || *self.left == 0 {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if name == crate::value::handover::READING {
            *self.shape = Shape::Leaf;
            crate::value::handover::put_reading(crate::Reading::new(crate::Tag::numeric(0, 0), 0));
            return visitor.visit_unit();
        }
        if name == crate::value::handover::VALUE {
            *self.shape = Shape::Leaf;
            return visitor.visit_unit();
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(Stop);
        }
        *self.shape = Shape::Struct(fields.iter().map(|name| (*name, Shape::Unknown)).collect());
        let Shape::Struct(fields) = self.shape else { return Err(Stop) };
        visitor.visit_map(Fields {
            rest: fields.iter_mut(),
            value: None,
            depth: self.depth + 1,
            left: self.left,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        *self.shape = Shape::Leaf;
        visitor.visit_enum(IntoDeserializer::<Stop>::into_deserializer(*variants.first().ok_or(Stop)?))
    }

    forward_to_deserialize_any! { unit unit_struct ignored_any }
}

struct Fields<'a> {
    rest: std::slice::IterMut<'a, (&'static str, Shape)>,
    value: Option<&'a mut Shape>,
    depth: usize,
    left: &'a mut usize,
}

impl<'de> de::MapAccess<'de> for Fields<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some((name, shape)) = self.rest.next() else { return Ok(None) };
        *self.left = self.left.checked_sub(1).ok_or(Stop)?;
        self.value = Some(shape);
        seed.deserialize(IntoDeserializer::<Stop>::into_deserializer(*name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let shape = self.value.take().ok_or(Stop)?;
        seed.deserialize(Probe { shape, depth: self.depth, left: self.left })
    }
}

/// So many values, whose own shapes nobody wants to know.
struct Elements<'a> {
    rest: usize,
    depth: usize,
    left: &'a mut usize,
}

impl<'de> de::SeqAccess<'de> for Elements<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        let Some(rest) = self.rest.checked_sub(1) else { return Ok(None) };
        self.rest = rest;
        *self.left = self.left.checked_sub(1).ok_or(Stop)?;
        let shape = &mut Shape::Unknown;
        seed.deserialize(Probe { shape, depth: self.depth, left: self.left }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::{DateTime, Utc};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Drum {
        #[serde(rename = "Level")]
        level: f64,
        time: DateTime<Utc>,
        mode: Mode,
        rest: HashMap<String, f64>,
        reading: crate::Reading,
        inner: Option<Inner>,
        #[serde(skip)]
        ours: u8,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Inner {
        tags: Vec<u8>,
    }

    #[derive(Deserialize)]
    enum Mode {
        Off,
    }

    #[test]
    fn a_struct_names_its_tags() {
        let inner = Shape::Struct(vec![("tags", Shape::Unknown)]);
        let fields = vec![
            ("Level", Shape::Leaf),
            ("time", Shape::Leaf),
            ("mode", Shape::Leaf),
            ("rest", Shape::Unknown),
            ("reading", Shape::Leaf),
            ("inner", inner),
        ];
        assert_eq!(Shape::of::<Drum>(), Shape::Struct(fields));
        assert_eq!(Shape::of::<HashMap<String, Drum>>(), Shape::Unknown);
        assert!(matches!(Mode::Off, Mode::Off));
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Fixed {
        array: [f64; 2],
        pair: (i32, Inner),
        point: Point,
        big: i128,
        bigger: u128,
        last: bool,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Point(f64, f64);

    #[test]
    fn arrays_and_wide_integers_do_not_hide_what_follows() {
        let fields = vec![
            ("array", Shape::Unknown),
            ("pair", Shape::Unknown),
            ("point", Shape::Unknown),
            ("big", Shape::Leaf),
            ("bigger", Shape::Leaf),
            ("last", Shape::Leaf),
        ];
        assert_eq!(Shape::of::<Fixed>(), Shape::Struct(fields));
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Endless {
        left: Option<Box<Endless>>,
        right: Option<Box<Endless>>,
    }

    #[test]
    fn a_type_that_contains_itself_ends() {
        assert!(matches!(Shape::of::<Endless>(), Shape::Struct(fields) if fields.len() == 2));
    }
}
