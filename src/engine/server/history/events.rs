//! Events: those of the past (Part 11, 6.5.2), and how they are told.

use opcua::nodes::{Event, TypeTree};
use opcua::server::EventField;
use opcua::server::node_manager::HistoryNode;
use opcua::types as ua;
use opcua::types::{
    AttributeId, HistoryEvent, HistoryEventFieldList, LocalizedText, NodeId, NumericRange, ObjectId,
    QualifiedName, ReadEventDetails, SimpleAttributeOperand, Variant,
};

use super::super::attributes::View;
use super::filter::{Filter, Filtered};
use super::modified::{Next, list};
use super::point::{resumed, suspend};
use super::raw::Domain;
use super::{Reader, given, is_server, settle, status_of};
use crate::engine::convert;
use crate::sim::history::event::Kept;
use crate::sim::{Key, code};
use crate::{Status, Value};

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
        let Some(notifier) = Notifier::of(&self.view, node.node_id()) else {
            let known = self.view.key(node.node_id()).is_some() || self.standard.exists(node.node_id());
            return Err(if known {
                code::BAD_HISTORY_OPERATION_UNSUPPORTED
            } else {
                code::BAD_NODE_ID_UNKNOWN
            });
        };
        let select = details.filter.select_clauses.as_deref().unwrap_or_default();
        if select.is_empty() {
            return Err(code::BAD_EVENT_FILTER_INVALID);
        }
        let filter = Filter::new(&details.filter.where_clause)?;
        let next = if let Some(next) = resumed::<Next>(node)? {
            next
        } else {
            let (start, end) = (given(details.start_time), given(details.end_time));
            Next::new(Domain::of(start, end, details.num_values_per_node)?)
        };
        let store = self.view.space.historian.store();
        let all = list(next.domain, next.time, |from, to| store.events(from, to), |event| event.time)?;
        let heard = all.into_iter().filter(|event| notifier.tells(&self.view, event));
        let told: Vec<Told> = heard.map(|event| Told::new(&self.view, event)).collect();
        let wanted = told.into_iter().filter(|event| filter.passes(event, types)).collect();
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
}

/// Where events are told: the Server object, and folders.
pub(in super::super) enum Notifier {
    /// Of everything.
    Server,
    /// Of what is below it.
    Folder(Key),
}

impl Notifier {
    pub(in super::super) fn of(view: &View<'_>, id: &NodeId) -> Option<Notifier> {
        match view.key(id) {
            Some(key @ Key::Folder(_)) => Some(Notifier::Folder(key)),
            None if is_server(id) => Some(Notifier::Server),
            _ => None,
        }
    }

    pub(in super::super) fn tells(&self, view: &View<'_>, event: &Kept) -> bool {
        let source = || view.space.find(event.record.source.as_deref()?);
        match self {
            Notifier::Server => true,
            Notifier::Folder(folder) => source().is_some_and(|item| view.space.is_below(item, *folder)),
        }
    }
}

/// An event as filters and clients see it.
pub(in super::super) struct Told {
    kept: Kept,
    time: ua::DateTime,
    event_type: NodeId,
    source: NodeId,
}

impl Told {
    pub(in super::super) fn new(view: &View<'_>, kept: Kept) -> Told {
        let source = kept.record.source.as_deref();
        let key = source.and_then(|item| view.space.find(item));
        Told {
            time: convert::to_date_time(kept.time),
            event_type: convert::to_node_id(kept.record.event_type.clone()),
            source: key.map_or_else(|| ObjectId::Server.into(), |key| view.node_id(key)),
            kept,
        }
    }

    /// A field that an event does not have is null (Part 4, 7.22.3).
    fn selected(&self, clause: &SimpleAttributeOperand) -> Variant {
        let value = clause.attribute_id == VALUE && clause.index_range == NumericRange::None;
        if value { self.field_at(clause.browse_path.as_deref().unwrap_or_default()) } else { Variant::Empty }
    }

    fn field_at(&self, path: &[QualifiedName]) -> Variant {
        let record = &self.kept.record;
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
        field.map_or(Variant::Empty, |(_, value)| convert::to_variant(value.clone()))
    }
}

/// What the engine tells those who listen. It evaluates their where clauses itself, and finds neither texts nor node ids equal
/// (async-opcua-nodes 0.19.0, `events/evaluate.rs:338`): a filter that compares these hears of nothing.
impl Event for Told {
    fn get_field(
        &self,
        _: &NodeId,
        attribute: AttributeId,
        range: &NumericRange,
        path: &[QualifiedName],
    ) -> Variant {
        let value = attribute == AttributeId::Value && *range == NumericRange::None;
        if value { self.field_at(path) } else { Variant::Empty }
    }

    fn time(&self) -> &ua::DateTime {
        &self.time
    }

    fn event_type_id(&self) -> &NodeId {
        &self.event_type
    }
}

impl EventField for Told {
    fn get_value(&self, attribute: AttributeId, range: &NumericRange, path: &[QualifiedName]) -> Variant {
        self.get_field(&NodeId::null(), attribute, range, path)
    }
}

impl Filtered for Told {
    fn field(&self, clause: &SimpleAttributeOperand) -> Value {
        convert::from_variant(self.selected(clause))
    }

    fn is_of_type(&self, id: &Value, types: &dyn TypeTree) -> bool {
        let Value::NodeId(id) = id else { return false };
        let id = convert::to_node_id(id.clone());
        self.event_type == id || types.is_subtype_of(&self.event_type, &id)
    }
}

/// The attribute `Value`.
const VALUE: u32 = 13;
