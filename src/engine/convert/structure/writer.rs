//! From fields to bytes.

use std::sync::Arc;

use opcua::types as ua;
use opcua::types::{BinaryEncodable as _, ContextOwned, Variant};

#[cfg(feature = "client")]
use super::Reader;
#[cfg(feature = "client")]
use crate::engine::convert::from_variant;
use crate::engine::convert::{null_of, to_variant};
use crate::value::{
    Array, ConvertError, ConvertReason, DataType, Field, Kind, Layout, Structure, Types, Value,
};

/// The fields of a structure in the binary encoding.
pub(crate) fn body(structure: &Structure) -> Vec<u8> {
    let (definition, slots) = (structure.definition(), structure.slots());
    let mut bytes = Vec::new();
    match definition.layout {
        Layout::Plain => {}
        Layout::Optional => {
            let optional = definition.fields.iter().zip(slots).filter(|(field, _)| field.optional);
            let mask = optional.enumerate().fold(0u32, |mask, (bit, (_, slot))| {
                if slot.is_some() {
                    mask | 1u32.checked_shl(u32::try_from(bit).unwrap_or(32)).unwrap_or(0)
                } else {
                    mask
                }
            });
            bytes.extend(mask.to_le_bytes());
        }
        Layout::Union => {
            let member = slots.iter().position(Option::is_some).map_or(0, |index| index + 1);
            bytes.extend(u32::try_from(member).unwrap_or(0).to_le_bytes());
        }
    }
    for slot in slots.iter().flatten() {
        bytes.extend_from_slice(&slot.bytes);
    }
    bytes
}

/// A value as a field takes it, and its bytes.
pub(crate) fn field(
    field: &Field,
    types: &Arc<Types>,
    value: Value,
) -> Result<(Value, Vec<u8>), ConvertError> {
    let mut bytes = Vec::new();
    if field.rank == 0 {
        let value = fitted(&field.kind, types, value)?;
        encode(&value, &field.kind, &mut bytes)?;
        return Ok((value, bytes));
    }
    let data_type = field.kind.data_type();
    let array = match value {
        Value::Null => {
            bytes.extend((-1i32).to_le_bytes());
            return Ok((Value::Null, bytes));
        }
        // The bytes of a list of numbers.
        Value::ByteString(list) if data_type == DataType::Byte => Array::from(list),
        other => match other.convert(data_type)? {
            Value::Array(array) => array,
            other => {
                return Err(ConvertError::between(
                    other.type_text(),
                    "an array",
                    ConvertReason::WrongType,
                    "",
                ));
            }
        },
    };
    let rank = array.dimensions().len();
    if rank != field.rank {
        let to = format!("an array of {} dimensions", field.rank);
        return Err(ConvertError::between(array.type_text(), to, ConvertReason::WrongType, ""));
    }
    let length = |length: usize| i32::try_from(length).unwrap_or(i32::MAX).to_le_bytes();
    if rank > 1 {
        bytes.extend(length(rank));
        for dimension in array.dimensions() {
            bytes.extend(dimension.to_le_bytes());
        }
    } else {
        bytes.extend(length(array.len()));
    }
    let (element, dimensions) = (array.element_type(), array.dimensions().to_vec());
    let mut values = Vec::with_capacity(array.len());
    for (index, value) in array.into_iter().enumerate() {
        let value = fitted(&field.kind, types, value).map_err(|error| error.at(index))?;
        encode(&value, &field.kind, &mut bytes).map_err(|error| error.at(index))?;
        values.push(value);
    }
    let array = Array::new(element, values)?;
    let array = if rank > 1 { array.reshaped(dimensions)? } else { array };
    Ok((Value::Array(array), bytes))
}

/// The single value that a field of this kind holds.
fn fitted(kind: &Kind, types: &Arc<Types>, value: Value) -> Result<Value, ConvertError> {
    match kind {
        Kind::BuiltIn(DataType::Variant) => Ok(value),
        Kind::BuiltIn(data_type) if value == Value::Null && null_of(*data_type) != Variant::Empty => {
            Ok(value)
        }
        Kind::BuiltIn(DataType::DataValue) if value == Value::Null => Ok(value),
        Kind::BuiltIn(data_type) => match value.convert(*data_type)? {
            Value::Array(array) => {
                Err(ConvertError::between(array.type_text(), data_type.name(), ConvertReason::WrongType, ""))
            }
            value => Ok(value),
        },
        Kind::Structure(id) => {
            let to =
                || types.definition(id).map_or_else(|| id.to_string(), |definition| definition.name.clone());
            match value {
                Value::Structure(structure) if structure.type_id() == id => Ok(Value::Structure(structure)),
                Value::Structure(other) => {
                    let from = other.type_name().to_owned();
                    Err(ConvertError::between(from, to(), ConvertReason::WrongType, ""))
                }
                other => Err(ConvertError::between(other.type_text(), to(), ConvertReason::WrongType, "")),
            }
        }
    }
}

fn encode(value: &Value, kind: &Kind, bytes: &mut Vec<u8>) -> Result<(), ConvertError> {
    let owned = ContextOwned::default();
    let result = match (kind, value) {
        (Kind::Structure(_), Value::Structure(structure)) => {
            bytes.extend(body(structure));
            return Ok(());
        }
        (Kind::BuiltIn(DataType::Variant), value) => {
            to_variant(value.clone()).encode(bytes, &owned.context())
        }
        (Kind::BuiltIn(DataType::DataValue), Value::Null) => {
            ua::DataValue::null().encode(bytes, &owned.context())
        }
        (kind, Value::Null) => null_of(kind.data_type()).encode_value(bytes, &owned.context()),
        (_, value) => to_variant(value.clone()).encode_value(bytes, &owned.context()),
    };
    result.map_err(|error| {
        let (from, to) = (value.type_text(), kind.data_type().name());
        ConvertError::between(from, to, ConvertReason::WrongType, error.to_string())
    })
}

/// The value of a field that nobody has set.
#[cfg(feature = "client")]
pub(crate) fn zero(data_type: DataType) -> Value {
    let zeros = [0u8; 32];
    match data_type {
        DataType::DataValue | DataType::Variant => Value::Null,
        _ if null_of(data_type) != Variant::Empty => Value::Null,
        _ => {
            let (types, mut unknown) = (Arc::default(), Vec::new());
            let zero = Reader::new(&zeros, &types, &mut unknown).built_in(data_type);
            zero.map_or(Value::Null, from_variant)
        }
    }
}
