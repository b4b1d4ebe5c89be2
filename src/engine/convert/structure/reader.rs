//! From bytes to fields.

use std::io::Cursor;
use std::sync::Arc;

use opcua::types as ua;
use opcua::types::{BinaryDecodable, ContextOwned, DecodingOptions, Variant};

use super::decode_at;
use crate::engine::convert::from_variant;
use crate::value::{Array, DataType, Definition, Field, Kind, Layout, NodeId, Slot, Structure, Types, Value};

/// Structures in structures: deeper than any real one, and far from the end of the stack.
const MAX_DEPTH: usize = 32;

/// A body, as far as it has been read.
pub(super) struct Reader<'a> {
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
    pub(super) fn new(bytes: &'a [u8], types: &'a Arc<Types>, unknown: &'a mut Vec<NodeId>) -> Reader<'a> {
        let left = bytes.len().saturating_mul(4).saturating_add(1000);
        Reader { bytes, at: 0, types, unknown, context: context(bytes.len()), left }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn read<T: BinaryDecodable>(&mut self) -> Option<T> {
        let mut cursor = Cursor::new(self.bytes.get(self.at..)?);
        let value = T::decode(&mut cursor, &self.context.context()).ok()?;
        self.at += usize::try_from(cursor.position()).ok()?;
        Some(value)
    }

    pub(super) fn structure(&mut self, definition: &Arc<Definition>, depth: usize) -> Option<Structure> {
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

    pub(super) fn built_in(&mut self, data_type: DataType) -> Option<Variant> {
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
