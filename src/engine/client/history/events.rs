//! Events of the past: which fields are wanted, and what comes (Part 11, 6.5.2; Part 4, 7.22.3).

use opcua::types::{EventFilter, HistoryEventFieldList, SimpleAttributeOperand};

use super::{Extra, Row};
use crate::engine::{Sample, convert};
use crate::{NodeId, QualifiedName, Status, Value};

/// `Value` (Part 6, Annex A.1).
const VALUE: u32 = 13;

/// A field of an event: a path below the type that has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selected {
    pub(crate) of: NodeId,
    pub(crate) path: Vec<QualifiedName>,
}

pub(super) fn filter(select: &[Selected]) -> EventFilter {
    let clauses = select.iter().map(|field| SimpleAttributeOperand {
        type_definition_id: convert::to_node_id(field.of.clone()),
        browse_path: Some(field.path.iter().cloned().map(convert::to_qualified_name).collect()),
        attribute_id: VALUE,
        index_range: opcua::types::NumericRange::None,
    });
    EventFilter { select_clauses: Some(clauses.collect()), ..EventFilter::default() }
}

/// The first field is the time of the event.
pub(super) fn row(event: HistoryEventFieldList) -> Row {
    let fields = event.event_fields.unwrap_or_default();
    let fields: Vec<Value> = fields.into_iter().map(convert::from_variant).collect();
    let source_time = match fields.first() {
        Some(Value::DateTime(time)) => Some(*time),
        _ => None,
    };
    let sample = Sample { source_time, ..Sample::status(Status::GOOD) };
    Row { sample, extra: Some(Box::new(Extra::Fields(fields))) }
}
