//! [`NodeType`]: what a node holds, and so what may be written to it.

use crate::{Array, ConvertError, ConvertReason, DataType, Value};

/// What a node holds, by its attributes `DataType` and `ValueRank` (Part 3, 5.6.2), and so what may be written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeType {
    /// The built-in type its values are sent as: `Int32` for an enumeration. `None` where the data type is abstract, so
    /// that the node takes several.
    pub data_type: Option<DataType>,
    /// The `ValueRank` attribute: -1 is a single value, 1 a plain array, 2 and more that many dimensions; 0 is an array
    /// of any dimensions, -2 anything, -3 a single value or a plain array.
    pub value_rank: i32,
}

/// `ValueRank`: a scalar and nothing else (Part 3, 5.6.2).
const SCALAR: i32 = -1;

impl NodeType {
    /// The value as this node takes it, or why it cannot be.
    ///
    /// `part` is `true` where only a part of the node's array is written: `element` then wraps a single value.
    pub(crate) fn fit(&self, value: Value, part: bool, element: bool) -> Result<Value, ConvertError> {
        let value = match self.data_type {
            Some(data_type) => value.convert(data_type)?,
            None => value,
        };
        let is_array = matches!(value, Value::Array(_));
        if part {
            // Part 4, 7.27: the value of a range is an array, also where the range is one element. Text and byte strings
            // are themselves ranges of characters and bytes.
            if element && !is_array && self.value_rank != SCALAR {
                return Ok(Value::Array(Array::new(value.data_type(), vec![value])?));
            }
            return Ok(value);
        }
        if matches!(value, Value::Null | Value::Opaque(_)) {
            return Ok(value);
        }
        let shape_fits = match self.value_rank {
            SCALAR => !is_array,
            // Any, and scalar or one dimension.
            -2 | -3 => true,
            // One or more dimensions, or that many.
            _ => is_array,
        };
        if shape_fits {
            return Ok(value);
        }
        let wanted = if is_array { "a scalar" } else { "an array" };
        Err(ConvertError::between(
            value.type_text(),
            wanted,
            ConvertReason::WrongType,
            "the node holds another shape",
        ))
    }
}
