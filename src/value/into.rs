//! From Rust types to [`Value`].

use chrono::{DateTime, TimeZone, Utc};

use super::{
    Array, Buffer, DataType, ExpandedNodeId, LocalizedText, NodeId, Opaque, QualifiedName, Structure, Value,
    typed,
};
use crate::Status;

macro_rules! scalars {
    ($($name:ident $ty:ty),*) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Value {
                Value::$name(value)
            }
        }
    )*};
}

typed!(scalars);
scalars! {
    String String, NodeId NodeId, StatusCode Status, QualifiedName QualifiedName, Array Array, Structure Structure, Opaque Opaque
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::String(text.clone())
    }
}

impl<Tz: TimeZone> From<DateTime<Tz>> for Value {
    fn from(time: DateTime<Tz>) -> Value {
        Value::DateTime(time.to_utc())
    }
}

impl From<ExpandedNodeId> for Value {
    fn from(id: ExpandedNodeId) -> Value {
        Value::ExpandedNodeId(Box::new(id))
    }
}

impl From<LocalizedText> for Value {
    fn from(text: LocalizedText) -> Value {
        Value::LocalizedText(Box::new(text))
    }
}

/// `None` is [`Value::Null`].
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Rust types that can be the elements of an [`Array`]: every type with `Into<Value>` of a known OPC UA type.
///
/// `Vec<T>` is one itself: equally long rows make a matrix, rows of different lengths an array of `Variant`.
///
/// Sealed: the list may grow, but only here.
pub trait ArrayElement: Into<Value> + sealed::Sealed {
    #[doc(hidden)]
    fn array(values: Vec<Self>) -> Array;

    #[doc(hidden)]
    fn slice(array: &Array) -> Option<&[Self]> {
        let _ = array;
        None
    }
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! typed_elements {
    ($($name:ident $ty:ty),*) => {$(
        impl sealed::Sealed for $ty {}
        impl ArrayElement for $ty {
            fn array(values: Vec<$ty>) -> Array {
                Array::plain(Buffer::$name(values))
            }

            fn slice(array: &Array) -> Option<&[$ty]> {
                match array.buffer() {
                    Buffer::$name(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}

macro_rules! value_elements {
    ($($name:ident $ty:ty),*) => {$(
        impl sealed::Sealed for $ty {}
        impl ArrayElement for $ty {
            fn array(values: Vec<$ty>) -> Array {
                Array::plain(Buffer::Other(DataType::$name, values.into_iter().map(Value::from).collect()))
            }
        }
    )*};
}

typed!(typed_elements);
value_elements! {
    String String, String &str, String &String, String Option<String>, String Option<&str>, DateTime DateTime<Utc>,
    NodeId NodeId, ExpandedNodeId ExpandedNodeId, StatusCode Status, QualifiedName QualifiedName,
    LocalizedText LocalizedText
}

impl sealed::Sealed for Value {}

/// Values of one type make an array of it, nulls among them where that type has a null; all else makes an array of
/// `Variant`.
impl ArrayElement for Value {
    fn array(values: Vec<Value>) -> Array {
        let mut types = values.iter().filter(|value| **value != Value::Null).map(|value| match value {
            Value::Array(_) => DataType::Variant,
            _ => value.data_type(),
        });
        let nulls = values.contains(&Value::Null);
        let element = match types.next() {
            Some(first) if types.all(|other| other == first) && (!nulls || first.has_null()) => first,
            _ => DataType::Variant,
        };
        let buffer = Buffer::of(element, values);
        // `Err` cannot be: the values were just looked at.
        Array::plain(buffer.unwrap_or_else(|(_, value)| Buffer::Other(DataType::Variant, vec![value])))
    }
}

impl<T: ArrayElement> sealed::Sealed for Vec<T> {}

impl<T: ArrayElement> ArrayElement for Vec<T> {
    fn array(rows: Vec<Vec<T>>) -> Array {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let Some(width) = rows.first().map(Vec::len) else {
            return T::array(Vec::new());
        };
        if width == 0 || rows.iter().any(|row| row.len() != width) {
            return Array::plain(Buffer::Other(
                DataType::Variant,
                rows.into_iter().map(Value::from).collect(),
            ));
        }
        let flat = T::array(rows.into_iter().flatten().collect());
        let inner = flat.dimensions().iter().skip(1).copied();
        let dimensions = [count, u32::try_from(width).unwrap_or(u32::MAX)].into_iter().chain(inner).collect();
        // The rows are equally long, so the dimensions fit; should they not, a plain array has lost nothing.
        flat.clone().reshaped(dimensions).unwrap_or(flat)
    }
}

impl<T: ArrayElement> From<Vec<T>> for Array {
    fn from(values: Vec<T>) -> Array {
        T::array(values)
    }
}

impl<T: ArrayElement> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Value {
        Value::Array(T::array(values))
    }
}

impl<T: ArrayElement, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Value {
        Value::Array(T::array(values.into()))
    }
}

impl<T: ArrayElement + Clone> From<&[T]> for Value {
    fn from(values: &[T]) -> Value {
        Value::Array(T::array(values.to_vec()))
    }
}
