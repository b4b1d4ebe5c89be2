//! Samples as values on the wire.

use opcua::types::{DataValue, TimestampsToReturn, Variant};

use super::super::attributes::stamped;
use crate::engine::convert;
use crate::history::Sample;
use crate::sim::IndexRange;
use crate::{DataType, Value};

/// How the values of one node are told.
pub(super) struct Frame {
    pub(super) stamps: TimestampsToReturn,
    pub(super) range: Option<IndexRange>,
    pub(super) data_type: DataType,
}

impl Frame {
    /// A sample of the item.
    pub(super) fn value(&self, sample: Sample) -> DataValue {
        let Sample { time, mut value, mut status } = sample;
        if let Some(range) = &self.range
            && !status.is_bad()
        {
            match range.of(&value) {
                Ok(part) => value = part,
                Err(refusal) => (value, status) = (Value::Null, refusal),
            }
        }
        let value = match value {
            Value::Null if status.is_bad() => Variant::Empty,
            Value::Null => convert::to_variant(convert::null(self.data_type)),
            value => convert::to_variant(value),
        };
        let value = Some(value).filter(|value| !matches!(value, Variant::Empty));
        let value = DataValue { value, status: Some(convert::to_status(status)), ..DataValue::default() };
        // Values are taken where they are made, so both times are one.
        stamped(value, self.stamps, Some(time), time)
    }
}

/// About how many bytes a sample has on the wire.
pub(super) fn weight(sample: &Sample) -> usize {
    32 + bytes(&sample.value)
}

fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) | Value::XmlElement(text) => text.len(),
        Value::ByteString(bytes) => bytes.len(),
        Value::Array(array) if array.element_type().is_number() => array.len().saturating_mul(8),
        Value::Array(array) => array.iter().map(|element| 16 + bytes(&element)).sum(),
        Value::LocalizedText(_) | Value::Structure(_) | Value::Opaque(_) | Value::QualifiedName(_) => 256,
        _ => 8,
    }
}
