//! The attributes of our nodes (Part 3, 5.5 and 5.6).

use chrono::{DateTime, Utc};
use opcua::server::address_space::{AccessLevel, EventNotifier};
use opcua::server::node_manager::{NodeMetadata, ParsedReadValueId};
use opcua::types as ua;
use opcua::types::{
    AttributeId, DataEncoding, DataTypeId, DataValue, EUInformation, ExpandedNodeId, ExtensionObject,
    LocalizedText, NodeClass, NodeId, NumericRange, ObjectTypeId, QualifiedName, Range, StatusCode,
    TimestampsToReturn, VariableTypeId, Variant, WriteMask,
};

use crate::engine::convert;
use crate::sim::history::Archive;
use crate::sim::{IndexRange, Key, Node, Property, Sample, Shape, Space, code};
use crate::{DataType, Status, Value};

/// Our nodes as the engine sees them.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) space: &'a Space,
    pub(super) namespace: u16,
}

/// The shape of what has no value.
const NOTHING: Shape = Shape { data_type: DataType::Null, dimensions: 0 };

/// The namespace of the units the standard recommends.
const UNECE: &str = "http://www.opcfoundation.org/UA/units/un/cefact";

impl<'a> View<'a> {
    /// The node of ours with this id.
    pub(super) fn key(&self, id: &NodeId) -> Option<Key> {
        match &id.identifier {
            ua::Identifier::String(text) if id.namespace == self.namespace => self.space.find(text.as_ref()),
            _ => None,
        }
    }

    pub(super) fn node_id(&self, key: Key) -> NodeId {
        NodeId::new(self.namespace, self.space.id(key))
    }

    fn node(&self, item: u32) -> Option<&'a Node> {
        self.space.node(item)
    }

    pub(super) fn browse_name(&self, key: Key) -> QualifiedName {
        match key {
            Key::Folder(folder) => QualifiedName::new(
                self.namespace,
                self.space.folder(folder).map_or("", |folder| folder.browse_name()),
            ),
            Key::Item(item) => {
                QualifiedName::new(self.namespace, self.node(item).map_or("", Node::browse_name))
            }
            Key::Property(_, property) => QualifiedName::new(0, property.name()),
            Key::Archive(_, archive) => QualifiedName::new(0, archive.name()),
            Key::Alias(_) => QualifiedName::new(self.namespace, self.space.name(key)),
        }
    }

    pub(super) fn type_definition(&self, key: Key) -> NodeId {
        match key {
            Key::Folder(_) => ObjectTypeId::FolderType.into(),
            Key::Alias(_) => ObjectTypeId::AliasNameType.into(),
            Key::Archive(_, Archive::Configuration) => ObjectTypeId::HistoricalDataConfigurationType.into(),
            Key::Archive(_, Archive::Aggregates) => ObjectTypeId::AggregateConfigurationType.into(),
            Key::Property(..) | Key::Archive(..) => VariableTypeId::PropertyType.into(),
            Key::Item(item) => {
                let details = self.node(item).and_then(|node| node.details.as_deref());
                match details {
                    Some(details) if details.range.is_some() => VariableTypeId::AnalogItemType.into(),
                    Some(details) if details.unit.is_some() => VariableTypeId::AnalogUnitType.into(),
                    Some(details) if details.instrument_range.is_some() => {
                        VariableTypeId::BaseAnalogType.into()
                    }
                    Some(details) if details.labels.is_some() => VariableTypeId::TwoStateDiscreteType.into(),
                    Some(details) if !details.states.is_empty() => {
                        VariableTypeId::MultiStateDiscreteType.into()
                    }
                    _ => VariableTypeId::BaseDataVariableType.into(),
                }
            }
        }
    }

    /// What a browse says about a node.
    pub(super) fn metadata(&self, key: Key) -> NodeMetadata {
        let browse_name = self.browse_name(key);
        NodeMetadata {
            node_id: self.node_id(key).into(),
            type_definition: ExpandedNodeId::new(self.type_definition(key)),
            display_name: LocalizedText::new("", browse_name.name.as_ref()),
            browse_name,
            node_class: class(key),
        }
    }

    fn shape(&self, key: Key) -> Shape {
        match key {
            Key::Item(item) => self.node(item).map_or(NOTHING, |node| node.shape),
            Key::Property(_, property) => property.shape(),
            Key::Archive(_, archive) => archive.shape(),
            Key::Folder(_) | Key::Alias(_) => NOTHING,
        }
    }

    /// What the Read service answers.
    pub(super) fn read(
        &self,
        key: Key,
        read: &ParsedReadValueId,
        stamps: TimestampsToReturn,
        now: DateTime<Utc>,
    ) -> DataValue {
        if read.attribute_id == AttributeId::Value {
            return self.read_value(key, read, stamps, now);
        }
        let result = if read.index_range.has_range() {
            Err(StatusCode::BadIndexRangeDataMismatch)
        } else if matches!(read.data_encoding, DataEncoding::Binary) {
            self.attribute(key, read.attribute_id).ok_or(StatusCode::BadAttributeIdInvalid)
        } else {
            Err(StatusCode::BadDataEncodingInvalid)
        };
        let stamp = matches!(stamps, TimestampsToReturn::Server | TimestampsToReturn::Both);
        let (value, status) = match result {
            Ok(value) => (Some(value), StatusCode::Good),
            Err(status) => (None, status),
        };
        DataValue {
            value,
            status: Some(status),
            server_timestamp: stamp.then(|| convert::to_date_time(now)),
            ..DataValue::default()
        }
    }

    fn read_value(
        &self,
        key: Key,
        read: &ParsedReadValueId,
        stamps: TimestampsToReturn,
        now: DateTime<Utc>,
    ) -> DataValue {
        let sample = match key {
            Key::Item(item) => match self.node(item) {
                Some(node) if node.readable => {
                    {
                        let mut state = node.state();
                        state.reads = state.reads.saturating_add(1);
                    }
                    self.space.served(node, now)
                }
                _ => return failed(code::BAD_NOT_READABLE, stamps, now),
            },
            _ if is_object(key) => return failed(code::BAD_ATTRIBUTE_ID_INVALID, stamps, now),
            // It has a past only.
            Key::Archive(_, Archive::Annotations) => return failed(code::BAD_NOT_READABLE, stamps, now),
            key => {
                let found = match key {
                    Key::Property(item, property) => self.property(item, property),
                    Key::Archive(item, archive) => self.archived(item, archive),
                    _ => None,
                };
                let mut value = DataValue::value_only(found.unwrap_or_default());
                value.status = Some(StatusCode::Good);
                if read.index_range.has_range() {
                    return failed(code::BAD_INDEX_RANGE_INVALID, stamps, now);
                }
                return stamped(value, stamps, Some(now), now);
            }
        };
        if !matches!(read.data_encoding, DataEncoding::Binary) {
            return failed(code::BAD_DATA_ENCODING_UNSUPPORTED, stamps, now);
        }
        self.data_value(key, sample, &read.index_range, stamps, now)
    }

    /// A sample of an item on its way to a client.
    pub(super) fn data_value(
        &self,
        key: Key,
        mut sample: Sample,
        range: &NumericRange,
        stamps: TimestampsToReturn,
        now: DateTime<Utc>,
    ) -> DataValue {
        if let Some(range) = index_range(range)
            && !sample.status.is_bad()
        {
            match range.of(&sample.value) {
                Ok(part) => sample.value = part,
                Err(status) => return failed(status, stamps, now),
            }
        }
        let value = (!sample.status.is_bad()).then(|| match sample.value {
            Value::Null => convert::to_variant(convert::null(self.shape(key).data_type)),
            value => convert::to_variant(value),
        });
        let value =
            DataValue { value, status: Some(convert::to_status(sample.status)), ..DataValue::default() };
        stamped(value, stamps, Some(sample.source_time), now)
    }

    fn property(&self, item: u32, property: Property) -> Option<Variant> {
        let details = self.node(item)?.details.as_deref()?;
        let text = |text: &str| LocalizedText::new("", text);
        let range = |(low, high)| Variant::from(ExtensionObject::from_message(Range { low, high }));
        Some(match property {
            Property::Range => range(details.range?),
            Property::InstrumentRange => range(details.instrument_range?),
            Property::Unit => {
                let display_name = text(details.unit.as_deref()?);
                let description = display_name.clone();
                // -1: the unit is given by its text alone (Part 8, 5.6.4.3).
                let unit_id = -1;
                Variant::from(ExtensionObject::from_message(EUInformation {
                    namespace_uri: UNECE.into(),
                    unit_id,
                    display_name,
                    description,
                }))
            }
            Property::States => {
                Variant::from(details.states.iter().map(|state| text(state)).collect::<Vec<_>>())
            }
            Property::TrueState => Variant::from(text(&details.labels.as_ref()?.0)),
            Property::FalseState => Variant::from(text(&details.labels.as_ref()?.1)),
        })
    }

    fn archived(&self, item: u32, archive: Archive) -> Option<Variant> {
        let past = self.space.past(item)?;
        let configuration = past.series.configuration;
        Some(match archive {
            Archive::Annotations | Archive::Configuration | Archive::Aggregates => return None,
            Archive::Stepped => Variant::from(past.series.stepped),
            Archive::ServerTimestamps => Variant::from(true),
            // Without a sample there is no start yet.
            Archive::Start | Archive::OnlineStart => {
                Variant::from(past.start().map_or_else(ua::DateTime::null, convert::to_date_time))
            }
            Archive::Capacity => Variant::from(u32::try_from(past.series.capacity?).unwrap_or(u32::MAX)),
            Archive::TreatUncertainAsBad => Variant::from(configuration.treat_uncertain_as_bad),
            Archive::PercentDataBad => Variant::from(configuration.percent_data_bad),
            Archive::PercentDataGood => Variant::from(configuration.percent_data_good),
            Archive::UseSlopedExtrapolation => Variant::from(configuration.use_sloped_extrapolation),
        })
    }

    fn attribute(&self, key: Key, attribute: AttributeId) -> Option<Variant> {
        let shared = match attribute {
            AttributeId::NodeId => Some(Variant::from(self.node_id(key))),
            AttributeId::NodeClass => Some(Variant::from(if is_object(key) { OBJECT } else { VARIABLE })),
            AttributeId::BrowseName => Some(Variant::from(self.browse_name(key))),
            AttributeId::DisplayName => {
                Some(Variant::from(LocalizedText::new("", self.browse_name(key).name.as_ref())))
            }
            AttributeId::Description => self.description(key).map(|text| LocalizedText::new("", text).into()),
            AttributeId::WriteMask | AttributeId::UserWriteMask => {
                Some(Variant::from(WriteMask::empty().bits()))
            }
            _ => None,
        };
        if shared.is_some() {
            return shared;
        }
        let shape = self.shape(key);
        match (attribute, key) {
            (AttributeId::EventNotifier, Key::Folder(_)) => {
                Some(Variant::from((EventNotifier::SUBSCRIBE_TO_EVENTS | EventNotifier::HISTORY_READ).bits()))
            }
            (AttributeId::EventNotifier, _) if is_object(key) => {
                Some(Variant::from(EventNotifier::empty().bits()))
            }
            _ if is_object(key) => None,
            (AttributeId::DataType, _) => Some(Variant::from(match key {
                Key::Property(_, Property::Range | Property::InstrumentRange) => {
                    NodeId::from(DataTypeId::Range)
                }
                Key::Property(_, Property::Unit) => NodeId::from(DataTypeId::EUInformation),
                Key::Archive(_, Archive::Annotations) => NodeId::from(DataTypeId::Annotation),
                Key::Archive(_, Archive::Start | Archive::OnlineStart) => NodeId::from(DataTypeId::UtcTime),
                _ => NodeId::new(0, shape.data_type.id()),
            })),
            (AttributeId::ValueRank, _) => Some(Variant::from(rank(shape))),
            (AttributeId::ArrayDimensions, _) if shape.dimensions > 0 => {
                Some(Variant::from(vec![0u32; shape.dimensions]))
            }
            (AttributeId::AccessLevel | AttributeId::UserAccessLevel, _) => {
                Some(Variant::from(self.access(key).bits()))
            }
            (AttributeId::AccessLevelEx, _) => Some(Variant::from(u32::from(self.access(key).bits()))),
            (AttributeId::MinimumSamplingInterval, _) => Some(Variant::from(self.scan_rate(key))),
            (AttributeId::Historizing, _) => Some(Variant::from(self.historizing(key))),
            _ => None,
        }
    }

    /// What it becomes is kept for later. A past that is computed needs nobody to keep it, and is there all the same.
    fn historizing(&self, key: Key) -> bool {
        matches!(key, Key::Item(item) if self.space.past(item).is_some())
    }

    fn description(&self, key: Key) -> Option<&'a str> {
        let Key::Item(item) = key else { return None };
        self.node(item)?.details.as_deref()?.description.as_deref()
    }

    /// In milliseconds; 0 where an item changes when it likes.
    fn scan_rate(&self, key: Key) -> f64 {
        let Key::Item(item) = key else { return 0.0 };
        let details = self.node(item).and_then(|node| node.details.as_deref());
        details.and_then(|details| details.scan_rate).map_or(0.0, |rate| rate.as_secs_f64() * 1e3)
    }

    /// What may be done with the past of an item.
    fn past_access(&self, item: u32) -> AccessLevel {
        let mut access = AccessLevel::empty();
        if let Some(past) = self.space.past(item) {
            access.set(AccessLevel::HISTORY_READ, true);
            access.set(AccessLevel::HISTORY_WRITE, past.series.writable);
        }
        access
    }

    fn access(&self, key: Key) -> AccessLevel {
        let item = match key {
            Key::Item(item) => item,
            Key::Archive(item, Archive::Annotations) => return self.past_access(item),
            _ => return AccessLevel::CURRENT_READ,
        };
        let mut access = self.past_access(item);
        if let Some(node) = self.node(item) {
            access.set(AccessLevel::CURRENT_READ, node.readable);
            access.set(AccessLevel::CURRENT_WRITE, node.writable);
            access.set(AccessLevel::STATUS_WRITE | AccessLevel::TIMESTAMP_WRITE, node.takes_status());
        }
        access
    }
}

/// The numbers of the node classes (Part 3, 8.29).
const OBJECT: i32 = 1;
const VARIABLE: i32 = 2;

fn class(key: Key) -> NodeClass {
    if is_object(key) { NodeClass::Object } else { NodeClass::Variable }
}

fn is_object(key: Key) -> bool {
    match key {
        Key::Folder(_) | Key::Alias(_) => true,
        Key::Archive(_, archive) => archive.is_object(),
        Key::Item(_) | Key::Property(..) => false,
    }
}

/// -1 for single values, the number of dimensions for arrays, -2 where anything goes (Part 3, 5.6.2).
fn rank(shape: Shape) -> i32 {
    match shape {
        Shape { data_type: DataType::Variant, dimensions: 0 } => -2,
        Shape { dimensions: 0, .. } => -1,
        Shape { dimensions, .. } => i32::try_from(dimensions).unwrap_or(i32::MAX),
    }
}

/// The engine's range as ours; `None` where it is the whole value.
pub(super) fn index_range(range: &NumericRange) -> Option<IndexRange> {
    let one = |range: &NumericRange| match *range {
        NumericRange::Index(index) => Some((index, index)),
        NumericRange::Range(first, last) => Some((first, last)),
        NumericRange::None | NumericRange::MultipleRanges(_) => None,
    };
    match range {
        NumericRange::None => None,
        NumericRange::MultipleRanges(ranges) => Some(IndexRange::new(ranges.iter().filter_map(one))),
        range => Some(IndexRange::new(one(range))),
    }
}

/// A value as ours: what a client wrote, or what the engine holds.
pub(super) fn value(value: Option<Variant>) -> Value {
    value.map_or(Value::Null, convert::from_variant)
}

/// A refusal has no value and no source.
pub(super) fn failed(status: Status, stamps: TimestampsToReturn, now: DateTime<Utc>) -> DataValue {
    let value = DataValue { value: None, status: Some(convert::to_status(status)), ..DataValue::default() };
    stamped(value, stamps, None, now)
}

/// Only the times that were asked for.
pub(super) fn stamped(
    mut value: DataValue,
    stamps: TimestampsToReturn,
    source: Option<DateTime<Utc>>,
    server: DateTime<Utc>,
) -> DataValue {
    let (want_source, want_server) = match stamps {
        TimestampsToReturn::Source => (true, false),
        TimestampsToReturn::Server => (false, true),
        TimestampsToReturn::Both => (true, true),
        TimestampsToReturn::Neither | TimestampsToReturn::Invalid => (false, false),
    };
    value.source_timestamp = source.filter(|_| want_source).map(convert::to_date_time);
    value.server_timestamp = want_server.then(|| convert::to_date_time(server));
    value
}
