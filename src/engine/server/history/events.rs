//! Events of the past (Part 11, 6.5.2).

use opcua::nodes::{Event, ParsedContentFilter, TypeTree};
use opcua::server::node_manager::HistoryNode;
use opcua::types as ua;
use opcua::types::event_field::EventField;
use opcua::types::{
    AttributeId, FilterOperator, HistoryEvent, HistoryEventFieldList, LocalizedText, NodeId, NumericRange,
    ObjectId, QualifiedName, ReadEventDetails, SimpleAttributeOperand, Variant,
};

use super::modified::{Next, list};
use super::point::{resumed, suspend};
use super::raw::Domain;
use super::{Reader, given, is_server, settle, status_of};
use crate::Status;
use crate::engine::convert;
use crate::sim::code;
use crate::sim::history::event::Kept;

impl Reader<'_> {
    pub(in super::super) fn events(
        &self,
        details: &ReadEventDetails,
        types: &dyn TypeTree,
        node: &mut HistoryNode,
    ) {
        let result = self.events_of(details, types, node);
        settle(node, result);
    }

    fn events_of(
        &self,
        details: &ReadEventDetails,
        types: &dyn TypeTree,
        node: &mut HistoryNode,
    ) -> Result<(), Status> {
        if !is_server(node.node_id()) {
            let known = self.view.key(node.node_id()).is_some() || self.standard.exists(node.node_id());
            return Err(if known {
                code::BAD_HISTORY_OPERATION_UNSUPPORTED
            } else {
                code::BAD_NODE_ID_UNKNOWN
            });
        }
        let select = details.filter.select_clauses.as_deref().unwrap_or_default();
        if select.is_empty() {
            return Err(code::BAD_EVENT_FILTER_INVALID);
        }
        let unsupported = [FilterOperator::InView, FilterOperator::RelatedTo];
        let (_, filter) =
            ParsedContentFilter::parse(details.filter.where_clause.clone(), types, false, &unsupported);
        let filter = filter.map_err(convert::from_status)?;
        let next = match resumed::<Next>(node)? {
            Some(next) => next,
            None => {
                let (start, end) = (given(details.start_time), given(details.end_time));
                Next::new(Domain::of(start, end, details.num_values_per_node)?)
            }
        };
        let events = &self.view.space.historian.events;
        let all = list(next.domain, next.time, |from, to| Ok(events.between(from, to)), |event| event.time)?;
        let told: Vec<Told> = all.into_iter().map(|event| self.told(event)).collect();
        let wanted = told.into_iter().filter(|event| filter.evaluate(event as &dyn Event, types)).collect();
        let (page, next) = next.page(wanted, self.events, |event| event.kept.time);
        let status = status_of(&page);
        let fields = |event: &Told| HistoryEventFieldList {
            event_fields: Some(select.iter().map(|clause| event.selected(clause)).collect()),
        };
        node.set_result(HistoryEvent { events: Some(page.iter().map(fields).collect()) });
        node.set_status(status);
        if let Some(next) = next {
            suspend(node, next);
        }
        Ok(())
    }

    fn told(&self, kept: Kept) -> Told {
        let source = kept.record.source.as_deref();
        let key = source.and_then(|item| self.view.space.find(item));
        Told {
            time: convert::to_date_time(kept.time),
            event_type: convert::to_node_id(kept.record.event_type.clone()),
            source: key.map_or_else(|| ObjectId::Server.into(), |key| self.view.node_id(key)),
            kept,
        }
    }
}

/// An event as the engine's filters see it.
struct Told {
    kept: Kept,
    time: ua::DateTime,
    event_type: NodeId,
    source: NodeId,
}

impl Told {
    fn selected(&self, clause: &SimpleAttributeOperand) -> Variant {
        let path = clause.browse_path.as_deref().unwrap_or_default();
        let Ok(attribute) = AttributeId::from_u32(clause.attribute_id) else { return Variant::Empty };
        self.get_value(attribute, &clause.index_range, path)
    }
}

impl EventField for Told {
    fn get_value(&self, attribute: AttributeId, range: &NumericRange, path: &[QualifiedName]) -> Variant {
        let record = &self.kept.record;
        let (AttributeId::Value, NumericRange::None) = (attribute, range) else { return Variant::Empty };
        if let [field] = path
            && field.namespace_index == 0
        {
            let standard = match field.name.as_ref() {
                "EventId" => {
                    Some(Variant::from(ua::ByteString::from(self.kept.number.to_be_bytes().to_vec())))
                }
                "EventType" => Some(Variant::from(self.event_type.clone())),
                "SourceNode" => Some(Variant::from(self.source.clone())),
                "SourceName" => Some(Variant::from(record.source.as_deref().unwrap_or("Server"))),
                "Time" | "ReceiveTime" => Some(Variant::from(self.time)),
                "Message" => Some(Variant::from(LocalizedText::new("", &record.message))),
                "Severity" => Some(Variant::from(record.severity)),
                _ => None,
            };
            if let Some(value) = standard {
                return value;
            }
        }
        let name: Vec<&str> = path.iter().map(|name| name.name.as_ref()).collect();
        let name = name.join("/");
        let field = record.fields.iter().find(|(field, _)| *field == name);
        // A field that an event does not have is null (Part 4, 7.22.3).
        field.map_or(Variant::Empty, |(_, value)| convert::to_variant(value.clone()))
    }
}

impl Event for Told {
    fn get_field(
        &self,
        _type_definition: &NodeId,
        attribute: AttributeId,
        range: &NumericRange,
        path: &[QualifiedName],
    ) -> Variant {
        self.get_value(attribute, range, path)
    }

    fn time(&self) -> &ua::DateTime {
        &self.time
    }

    fn event_type_id(&self) -> &NodeId {
        &self.event_type
    }
}
