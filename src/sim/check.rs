//! Whether a written value is of the item's type (Part 4, 5.11.4).

use super::code;
use crate::{Array, DataType, Status, Value};

/// The type of an item: the built-in type of its values and how many dimensions they have; 0 for single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) data_type: DataType,
    pub(crate) dimensions: usize,
}

impl Shape {
    pub(crate) fn of(value: &Value) -> Shape {
        Shape { data_type: value.data_type(), dimensions: value.dimensions().len() }
    }

    /// The value as the item will hold it: unchanged, or a `ByteString` as the array of `Byte` that it is for OPC UA,
    /// and the reverse.
    pub(crate) fn accept(self, value: Value) -> Result<Value, Status> {
        if self.data_type == DataType::Variant && self.dimensions == 0 {
            return Ok(value);
        }
        match (value, self.data_type, self.dimensions) {
            (Value::Null, data_type, 0) if nullable(data_type) => Ok(Value::Null),
            (Value::ByteString(bytes), DataType::Byte, 1) => Ok(Value::from(bytes)),
            (Value::Array(bytes), DataType::ByteString, 0) if bytes.element_type() == DataType::Byte => {
                Value::Array(bytes).convert(DataType::ByteString).map_err(|_| code::BAD_TYPE_MISMATCH)
            }
            (Value::Array(array), data_type, dimensions)
                if array.element_type() == data_type && fits(&array, dimensions) =>
            {
                Ok(Value::Array(array))
            }
            (Value::Array(_), ..) => Err(code::BAD_TYPE_MISMATCH),
            (value, data_type, 0) if value.data_type() == data_type => Ok(value),
            _ => Err(code::BAD_TYPE_MISMATCH),
        }
    }
}

/// An empty array has one dimension on the wire, whatever it had before.
fn fits(array: &Array, dimensions: usize) -> bool {
    array.dimensions().len() == dimensions || (array.is_empty() && dimensions > 0)
}

/// A value of this type may be null; a number may not.
fn nullable(data_type: DataType) -> bool {
    matches!(
        data_type,
        DataType::Null
            | DataType::String
            | DataType::ByteString
            | DataType::XmlElement
            | DataType::QualifiedName
            | DataType::LocalizedText
            | DataType::Structure
            | DataType::Variant
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn shape(data_type: DataType, dimensions: usize) -> Shape {
        Shape { data_type, dimensions }
    }

    #[test]
    fn only_the_exact_type_is_accepted() {
        let values = [
            Value::Boolean(true),
            Value::SByte(1),
            Value::Byte(1),
            Value::Int16(1),
            Value::UInt16(1),
            Value::Int32(1),
            Value::UInt32(1),
            Value::Int64(1),
            Value::UInt64(1),
            Value::Float(1.0),
            Value::Double(1.0),
            "1".into(),
        ];
        for value in &values {
            for other in &values {
                let accepted = Shape::of(value).accept(other.clone());
                if value.data_type() == other.data_type() {
                    assert_eq!(accepted, Ok(other.clone()));
                } else {
                    assert_eq!(accepted, Err(code::BAD_TYPE_MISMATCH), "{value:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn arrays_and_single_values_are_told_apart() {
        let plain = Value::from(vec![1, 2]);
        assert_eq!(shape(DataType::Int32, 0).accept(plain.clone()), Err(code::BAD_TYPE_MISMATCH));
        assert_eq!(shape(DataType::Int32, 1).accept(Value::Int32(1)), Err(code::BAD_TYPE_MISMATCH));
        assert_eq!(shape(DataType::Int32, 2).accept(plain.clone()), Err(code::BAD_TYPE_MISMATCH));
        assert_eq!(shape(DataType::Int32, 1).accept(plain.clone()), Ok(plain));
        let empty = Value::from(Vec::<i32>::new());
        assert_eq!(shape(DataType::Int32, 2).accept(empty.clone()), Ok(empty));
    }

    #[test]
    fn null_and_bytes_follow_the_standard() {
        assert_eq!(shape(DataType::String, 0).accept(Value::Null), Ok(Value::Null));
        assert_eq!(shape(DataType::Double, 0).accept(Value::Null), Err(code::BAD_TYPE_MISMATCH));
        let (bytes, text) = (Value::from(vec![1u8, 2]), Value::ByteString(vec![1, 2]));
        assert_eq!(shape(DataType::Byte, 1).accept(text.clone()), Ok(bytes.clone()));
        assert_eq!(shape(DataType::ByteString, 0).accept(bytes), Ok(text));
        assert_eq!(shape(DataType::Variant, 0).accept(Value::Int32(1)), Ok(Value::Int32(1)));
    }
}
