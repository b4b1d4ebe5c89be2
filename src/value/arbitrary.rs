//! Values of every kind, for property tests here and in the engine's conversions.

use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Array, DataType, ExpandedNodeId, Identifier, LocalizedText, NodeId, QualifiedName, Value};
use crate::Status;

/// Every time OPC UA can hold, in its steps of 100 ns.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (-11_644_473_600i64..253_402_300_799, 0u32..10_000_000)
        .prop_map(|(seconds, ticks)| DateTime::from_timestamp(seconds, ticks * 100).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{1,8}",
        Just(String::new()),
        Just("null".into()),
        Just("1:a, [\"\\".into())
    ]
}

pub(crate) fn identifier() -> impl Strategy<Value = Identifier> {
    prop_oneof![
        any::<u32>().prop_map(Identifier::Numeric),
        text().prop_map(Identifier::String),
        any::<[u8; 16]>().prop_map(Identifier::Guid),
        vec(any::<u8>(), 0..9).prop_map(Identifier::Opaque),
    ]
}

pub(crate) fn node_id() -> impl Strategy<Value = NodeId> {
    (prop_oneof![Just(0), any::<u16>()], identifier())
        .prop_map(|(namespace, identifier)| NodeId { namespace, identifier })
}

/// Without a null text, a URI where there is one (the engine's wire form has no empty one), a namespace index where
/// there is none.
fn expanded_node_id() -> impl Strategy<Value = ExpandedNodeId> {
    let uri = prop_oneof!["[a-z:;%]{1,9}".prop_map(Some), Just(None)];
    (prop_oneof![Just(0), any::<u32>()], uri, node_id()).prop_map(
        |(server_index, namespace_uri, mut node)| {
            if namespace_uri.is_some() {
                node.namespace = 0;
            }
            ExpandedNodeId { server_index, namespace_uri, node }
        },
    )
}

pub(crate) fn qualified_name() -> impl Strategy<Value = QualifiedName> {
    (prop_oneof![Just(0), any::<u16>()], text())
        .prop_map(|(namespace, name)| QualifiedName { namespace, name })
}

/// Any number; floats without NaN, which equals nothing.
pub(crate) fn number() -> impl Strategy<Value = Value> {
    let float = |v: f32| if v.is_nan() { 0.1 } else { v };
    let double = |v: f64| if v.is_nan() { 0.1 } else { v };
    prop_oneof![
        any::<i8>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f32>().prop_map(move |v| Value::Float(float(v))),
        any::<u32>().prop_map(move |bits| Value::Float(float(f32::from_bits(bits)))),
        any::<i32>().prop_map(|v| Value::Double(v.into())),
        any::<f32>().prop_map(move |v| Value::Double(float(v).into())),
        any::<f64>().prop_map(move |v| Value::Double(double(v))),
        any::<u64>().prop_map(move |bits| Value::Double(double(f64::from_bits(bits)))),
    ]
}

/// A value that is no array, of every type that has one of its own.
pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => number(),
        1 => any::<bool>().prop_map(Value::from),
        1 => text().prop_map(Value::from),
        1 => time().prop_map(Value::from),
        1 => any::<[u8; 16]>().prop_map(Value::Guid),
        1 => vec(any::<u8>(), 0..9).prop_map(Value::ByteString),
        1 => text().prop_map(Value::XmlElement),
        1 => node_id().prop_map(Value::from),
        1 => expanded_node_id().prop_map(Value::from),
        1 => any::<u32>().prop_map(|bits| Value::StatusCode(Status::from_bits(bits))),
        1 => qualified_name().prop_map(Value::from),
        1 => (proptest::option::of("[a-z]{2}"), text())
            .prop_map(|(locale, text)| LocalizedText { locale, text }.into()),
    ]
}

/// Plain arrays, matrices and empty arrays of one type, with nulls where the type has them, and of `Variant`.
pub(crate) fn array() -> impl Strategy<Value = Array> {
    let shaped = |array: Array, columns: u32| {
        let len = u32::try_from(array.len()).unwrap();
        if columns > 0 && len > 0 && len % columns == 0 {
            Array::matrix([len / columns, columns], array).unwrap()
        } else {
            array
        }
    };
    // A scalar says the type; the others are converted where they can be, else it is repeated.
    let typed = (scalar(), vec(scalar(), 0..9), any::<bool>(), 0u32..4)
        .prop_map(move |(first, rest, nulls, columns)| {
            let element = first.data_type();
            let mut values: Vec<Value> = rest
                .into_iter()
                .map(|value| match value.convert(element) {
                    // A `ByteString` is an array of `Byte`.
                    Ok(Value::Array(_)) | Err(_) => first.clone(),
                    Ok(value) => value,
                })
                .collect();
            if nulls && element.has_null() {
                values.push(Value::Null);
            }
            shaped(Array::new(element, values).unwrap(), columns)
        })
        .boxed();
    let element = prop_oneof![Just(Value::Null), scalar(), typed.clone().prop_map(Value::from)];
    let mixed = (vec(element, 0..6), 0u32..4)
        .prop_map(move |(values, columns)| shaped(Array::new(DataType::Variant, values).unwrap(), columns));
    prop_oneof![4 => typed, 1 => mixed]
}

/// Everything but `Opaque`.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 8 => scalar(), 6 => array().prop_map(Value::from)]
}
