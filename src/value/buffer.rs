//! The elements of an [`Array`](super::Array): numbers in one typed buffer each, everything else as values.

use std::ops::Range;

use super::{DataType, Value};

/// Calls `$callback!` with the types that have a buffer of their own: OPC UA's name and Rust's.
macro_rules! typed {
    ($callback:ident) => {
        $callback! {
            Boolean bool, SByte i8, Byte u8, Int16 i16, UInt16 u16, Int32 i32, UInt32 u32, Int64 i64, UInt64 u64,
            Float f32, Double f64
        }
    };
}
pub(crate) use typed;

macro_rules! buffer {
    ($($name:ident $ty:ty),*) => {
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Buffer {
            $($name(Vec<$ty>),)*
            Other(DataType, Vec<Value>),
        }

        impl Buffer {
            pub(crate) fn len(&self) -> usize {
                match self {
                    $(Buffer::$name(values) => values.len(),)*
                    Buffer::Other(_, values) => values.len(),
                }
            }

            pub(crate) fn element_type(&self) -> DataType {
                match self {
                    $(Buffer::$name(_) => DataType::$name,)*
                    Buffer::Other(data_type, _) => *data_type,
                }
            }

            pub(crate) fn get(&self, index: usize) -> Option<Value> {
                match self {
                    $(Buffer::$name(values) => values.get(index).copied().map(Value::$name),)*
                    Buffer::Other(_, values) => values.get(index).cloned(),
                }
            }

            /// A copy of these elements; empty where the range reaches past the end.
            pub(crate) fn slice(&self, range: Range<usize>) -> Buffer {
                match self {
                    $(Buffer::$name(values) => Buffer::$name(values.get(range).unwrap_or_default().to_vec()),)*
                    Buffer::Other(data_type, values) => {
                        Buffer::Other(*data_type, values.get(range).unwrap_or_default().to_vec())
                    }
                }
            }

            pub(crate) fn into_values(self) -> Box<dyn Iterator<Item = Value>> {
                match self {
                    $(Buffer::$name(values) => Box::new(values.into_iter().map(Value::$name)),)*
                    Buffer::Other(_, values) => Box::new(values.into_iter()),
                }
            }

            /// The buffer for values that all are of `data_type` already.
            ///
            /// `Err` has the index of the first one that is not.
            pub(crate) fn of(data_type: DataType, values: Vec<Value>) -> Result<Buffer, (usize, Value)> {
                match data_type {
                    $(DataType::$name => {
                        let element = |(index, value)| match value {
                            Value::$name(v) => Ok(v),
                            other => Err((index, other)),
                        };
                        values.into_iter().enumerate().map(element).collect::<Result<_, _>>().map(Buffer::$name)
                    })*
                    _ => {
                        for (index, value) in values.iter().enumerate() {
                            if !fits(data_type, value) {
                                return Err((index, value.clone()));
                            }
                        }
                        Ok(Buffer::Other(data_type, values))
                    }
                }
            }
        }
    };
}

typed!(buffer);

/// `value` may be an element of an array of `data_type`.
fn fits(data_type: DataType, value: &Value) -> bool {
    match value {
        _ if data_type == DataType::Variant => true,
        Value::Null => data_type.has_null(),
        Value::Array(_) => false,
        _ => value.data_type() == data_type,
    }
}
