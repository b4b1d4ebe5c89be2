//! Structures by their definitions, to and from the binary encoding (Part 6, 5.2.6 to 5.2.8).

use std::io::Cursor;
use std::sync::Arc;

use opcua::types as ua;
use opcua::types::type_loader::{ByteStringBody, XmlBody};
use opcua::types::{
    BinaryDecodable, BinaryEncodable as _, ContextOwned, DecodingOptions, ExtensionObject, Variant,
};

use super::{binary_body, from_variant, null_of, to_node_id, to_variant};
use crate::value::{
    Array, ConvertError, ConvertReason, DataType, Definition, Field, Kind, Layout, NodeId, Slot, Structure,
    Types, Value,
};

/// Structures in structures: deeper than any real one, and far from the end of the stack.
const MAX_DEPTH: usize = 32;

/// The value may be, or hold, a structure that has not been decoded. Asked for every value that is read.
pub(crate) fn is_encoded(value: &Value) -> bool {
    match value {
        Value::Opaque(opaque) => opaque.data_type() == DataType::Structure && !opaque.is_null(),
        Value::Array(array) => {
            matches!(array.element_type(), DataType::Structure | DataType::Variant) && {
                array.iter().any(|value| is_encoded(&value))
            }
        }
        _ => false,
    }
}

/// The value with every structure decoded whose definition is known; the encodings of the others go to `unknown`.
/// What does not fit its definition stays as it was.
pub(crate) fn decode(value: Value, types: &Arc<Types>, unknown: &mut Vec<NodeId>) -> Value {
    decode_at(value, types, unknown, 0)
}

fn decode_at(value: Value, types: &Arc<Types>, unknown: &mut Vec<NodeId>, depth: usize) -> Value {
    match value {
        Value::Opaque(opaque) if opaque.data_type() == DataType::Structure => {
            let mut known = |object: &ExtensionObject| {
                if object.is_null() || object.inner_as::<XmlBody>().is_some() {
                    return None;
                }
                let encoding = super::from_node_id(object.binary_type_id().node_id).ok()?;
                let Some(definition) = types.encoded(&encoding) else {
                    unknown.push(encoding);
                    return None;
                };
                let body = binary_body(opaque.variant())?;
                let mut reader = Reader::new(&body, types, unknown);
                let structure = reader.structure(definition, depth)?;
                // More than the definition knows of: it is not the right one.
                reader.is_at_end().then_some(structure)
            };
            match opaque.variant() {
                Variant::ExtensionObject(object) => {
                    known(object).map_or(Value::Opaque(opaque.clone()), Value::Structure)
                }
                _ => Value::Opaque(opaque),
            }
        }
        Value::Array(array) if is_encoded(&Value::Array(array.clone())) => {
            let (element, dimensions) = (array.element_type(), array.dimensions().to_vec());
            let values = array.iter().map(|value| decode_at(value, types, unknown, depth)).collect();
            let decoded = Array::new(element, values);
            let shaped = if dimensions.len() > 1 {
                decoded.and_then(|decoded| decoded.reshaped(dimensions))
            } else {
                decoded
            };
            // Of the same length and type as before.
            Value::Array(shaped.unwrap_or(array))
        }
        other => other,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    types: &'a Arc<Types>,
    unknown: &'a mut Vec<NodeId>,
    context: ContextOwned,
    /// How many values may still come: fields without bytes could be without end.
    left: usize,
}

/// A context that leaves the limits to the length of the body, which has arrived already.
fn context(length: usize) -> ContextOwned {
    let options = DecodingOptions {
        max_string_length: length,
        max_byte_string_length: length,
        max_array_length: length,
        ..DecodingOptions::default()
    };
    ContextOwned::new_default(ua::NamespaceMap::new(), options)
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], types: &'a Arc<Types>, unknown: &'a mut Vec<NodeId>) -> Reader<'a> {
        let left = bytes.len().saturating_mul(4).saturating_add(1000);
        Reader { bytes, at: 0, types, unknown, context: context(bytes.len()), left }
    }

    fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn read<T: BinaryDecodable>(&mut self) -> Option<T> {
        let mut cursor = Cursor::new(self.bytes.get(self.at..)?);
        let value = T::decode(&mut cursor, &self.context.context()).ok()?;
        self.at += usize::try_from(cursor.position()).ok()?;
        Some(value)
    }

    fn structure(&mut self, definition: &Arc<Definition>, depth: usize) -> Option<Structure> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut there: Vec<bool> = vec![true; definition.fields.len()];
        match definition.layout {
            Layout::Plain => {}
            Layout::Optional => {
                let mut mask = self.read::<u32>()?;
                for (field, there) in
                    definition.fields.iter().zip(&mut there).filter(|(field, _)| field.optional)
                {
                    let _ = field;
                    *there = mask & 1 == 1;
                    mask >>= 1;
                }
                // Bits of fields that the definition does not have.
                if mask != 0 {
                    return None;
                }
            }
            Layout::Union => {
                let member = usize::try_from(self.read::<u32>()?).ok()?;
                if member > there.len() {
                    return None;
                }
                for (index, there) in there.iter_mut().enumerate() {
                    *there = index + 1 == member;
                }
            }
        }
        let mut slots = Vec::with_capacity(there.len());
        for (field, there) in definition.fields.iter().zip(there) {
            slots.push(if there { Some(self.slot(field, depth)?) } else { None });
        }
        Some(Structure::new(definition.clone(), self.types.clone(), slots))
    }

    fn slot(&mut self, field: &Field, depth: usize) -> Option<Slot> {
        let start = self.at;
        let value = match field.rank {
            0 => self.value(&field.kind, depth)?,
            1 => match self.read::<i32>()? {
                length if length < 0 => Value::Null,
                length => Value::Array(self.elements(&field.kind, usize::try_from(length).ok()?, depth)?),
            },
            rank => {
                let dimensions: Option<Vec<i32>> = self.read()?;
                let dimensions = dimensions.unwrap_or_default();
                if dimensions.iter().all(|dimension| *dimension <= 0) {
                    Value::Null
                } else {
                    let dimensions: Vec<u32> =
                        dimensions.into_iter().map(u32::try_from).collect::<Result<_, _>>().ok()?;
                    let length = dimensions.iter().try_fold(1usize, |length, dimension| {
                        length.checked_mul(usize::try_from(*dimension).ok()?)
                    })?;
                    let array = self.elements(&field.kind, length, depth)?;
                    Value::Array(if rank == dimensions.len() {
                        array.reshaped(dimensions).ok()?
                    } else {
                        return None;
                    })
                }
            }
        };
        Some(Slot { value, bytes: self.bytes.get(start..self.at)?.into() })
    }

    fn elements(&mut self, kind: &Kind, length: usize, depth: usize) -> Option<Array> {
        // Every element takes at least a byte, or there would be no limit to them.
        if length > self.bytes.len().checked_sub(self.at)? {
            return None;
        }
        let values = (0..length).map(|_| self.value(kind, depth)).collect::<Option<Vec<Value>>>()?;
        Array::new(kind.data_type(), values).ok()
    }

    fn value(&mut self, kind: &Kind, depth: usize) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        match kind {
            Kind::Structure(id) => {
                let types = self.types;
                self.structure(types.definition(id)?, depth + 1).map(Value::Structure)
            }
            Kind::BuiltIn(data_type) => {
                let variant = self.built_in(*data_type)?;
                Some(decode_at(from_variant(variant), self.types, self.unknown, depth + 1))
            }
        }
    }

    fn built_in(&mut self, data_type: DataType) -> Option<Variant> {
        Some(match data_type {
            DataType::Boolean => self.read::<bool>()?.into(),
            DataType::SByte => self.read::<i8>()?.into(),
            DataType::Byte => self.read::<u8>()?.into(),
            DataType::Int16 => self.read::<i16>()?.into(),
            DataType::UInt16 => self.read::<u16>()?.into(),
            DataType::Int32 => self.read::<i32>()?.into(),
            DataType::UInt32 => self.read::<u32>()?.into(),
            DataType::Int64 => self.read::<i64>()?.into(),
            DataType::UInt64 => self.read::<u64>()?.into(),
            DataType::Float => self.read::<f32>()?.into(),
            DataType::Double => self.read::<f64>()?.into(),
            DataType::String => self.read::<ua::UAString>()?.into(),
            DataType::DateTime => self.read::<ua::DateTime>()?.into(),
            DataType::Guid => self.read::<ua::Guid>()?.into(),
            DataType::ByteString => self.read::<ua::ByteString>()?.into(),
            DataType::XmlElement => Variant::XmlElement(self.read()?),
            DataType::NodeId => self.read::<ua::NodeId>()?.into(),
            DataType::ExpandedNodeId => self.read::<ua::ExpandedNodeId>()?.into(),
            DataType::StatusCode => self.read::<ua::StatusCode>()?.into(),
            DataType::QualifiedName => self.read::<ua::QualifiedName>()?.into(),
            DataType::LocalizedText => self.read::<ua::LocalizedText>()?.into(),
            DataType::Structure => Variant::ExtensionObject(self.read()?),
            DataType::DataValue => Variant::DataValue(Box::new(self.read()?)),
            DataType::Variant => self.read::<Variant>()?,
            // The engine's decoder of these can be made to use up the stack.
            DataType::DiagnosticInfo | DataType::Null => return None,
        })
    }
}

/// A structure as the engine sends it.
pub(super) fn to_engine(structure: &Structure) -> Variant {
    let encoding = to_node_id(structure.encoding_id().clone());
    let body = ByteStringBody::new(body(structure).into(), encoding);
    Variant::ExtensionObject(ExtensionObject::new(body))
}

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
