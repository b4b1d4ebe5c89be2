//! [`Properties`]: what is known of one node.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::FixedOffset;

use crate::da::{Access, ItemId, PropertyId, QualityWord, VarType};
use crate::{Array, DataType, NodeId, QualifiedName, Reading, Status, Tag, Value};

/// The abstract number types, by their node ids (Part 3, 8.28; Part 8, A.4.3.2).
const NUMBERS: [(u32, VarType); 3] = [(26, VarType::R8), (27, VarType::I8), (28, VarType::UI8)];

/// What is known of one node: the properties of OPC DA by their numbers, and the same things by name.
///
/// What the node does not have, what was not asked for and what the server refuses is `None` or empty;
/// [`refusal`](Properties::refusal) tells which.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Properties {
    /// The tag as it was asked for.
    pub tag: Tag,
    /// The node it means on this server.
    pub node: NodeId,
    /// The item id: the tag's own, or the node id as text where the tag is not an item id.
    pub item_id: ItemId,
    /// The node has a value. One that has none is a branch.
    pub is_variable: bool,
    /// The value with its status and times.
    pub value: Option<Reading>,
    /// The built-in type that values are sent as; `None` also where they may be of several.
    pub data_type: Option<DataType>,
    /// The data type, which may be an enumeration or a structure of the server's own.
    pub data_type_id: Option<NodeId>,
    /// The attribute `ValueRank`: -1 is a single value, 1 an array (Part 3, 5.6.2).
    pub value_rank: Option<i32>,
    /// Whether the value can be read and written.
    pub access: Option<Access>,
    /// The shortest time between two samples; `None` where the server does not say.
    pub scan_rate: Option<Duration>,
    /// The server keeps the node's history.
    pub historizing: Option<bool>,
    /// The browse name.
    pub browse_name: Option<QualifiedName>,
    /// What people call it.
    pub display_name: Option<String>,
    /// A sentence about it.
    pub description: Option<String>,
    /// The unit of the value: `°C`.
    pub unit: Option<String>,
    /// The range that values normally keep to, low and high: `EURange`.
    pub range: Option<(f64, f64)>,
    /// The range that the instrument can measure, low and high: `InstrumentRange`.
    pub instrument_range: Option<(f64, f64)>,
    /// The values that have a name: those of `EnumStrings` or `EnumValues`, of the node itself or of its data type.
    pub states: Vec<(i64, String)>,
    /// What true means: `TrueState`.
    pub true_label: Option<String>,
    /// What false means: `FalseState`.
    pub false_label: Option<String>,
    /// The local time of the item.
    pub time_zone: Option<FixedOffset>,
    /// What else the node has as properties, by browse name, in the order of the server: `ValuePrecision`, `Definition`,
    /// and those of vendors. One that cannot be read has its status for a value.
    ///
    /// OPC DA would number them from 5000. Here they have no numbers: one that is the same tomorrow could not be made.
    pub other: Vec<(QualifiedName, Value)>,
    pub(super) analog: bool,
    pub(super) enumerated: bool,
    pub(super) asked: Option<Arc<BTreeSet<PropertyId>>>,
    pub(super) refused: Vec<(PropertyId, Status)>,
}

impl Properties {
    pub(super) fn new(tag: Tag, node: NodeId, asked: Option<Arc<BTreeSet<PropertyId>>>) -> Properties {
        let item_id = match tag.kind() {
            crate::TagKind::Item(id) => ItemId::new(id),
            _ => ItemId::new(node.to_string()),
        };
        Properties {
            tag,
            node,
            item_id,
            is_variable: false,
            value: None,
            data_type: None,
            data_type_id: None,
            value_rank: None,
            access: None,
            scan_rate: None,
            historizing: None,
            browse_name: None,
            display_name: None,
            description: None,
            unit: None,
            range: None,
            instrument_range: None,
            states: Vec::new(),
            true_label: None,
            false_label: None,
            time_zone: None,
            other: Vec::new(),
            analog: false,
            enumerated: false,
            asked,
            refused: Vec::new(),
        }
    }

    /// One property by its number. `None` where the node has no such property, or it was not asked for.
    ///
    /// The value is of the type that OPC DA gives the property: the data type is the number of a [`VarType`], the quality a
    /// quality word, the scan rate a `Float` in milliseconds. [`PropertyId::text`] prints it as OpenOPC did.
    pub fn get(&self, id: PropertyId) -> Option<Value> {
        let asked = self.asked.as_ref().is_none_or(|asked| asked.contains(&id));
        if !asked || self.refusal(id).is_some() {
            return None;
        }
        match id {
            PropertyId::ITEM_ID => Some(self.item_id.as_str().into()),
            PropertyId::DESCRIPTION => {
                let text = self.description.as_ref().filter(|text| !text.is_empty());
                text.or(self.display_name.as_ref()).map(|text| text.as_str().into())
            }
            PropertyId::UA_BROWSE_NAME => self.browse_name.as_ref().map(|name| name.to_string().into()),
            PropertyId::UA_DESCRIPTION => self.description.as_deref().map(Value::from),
            // Objects have nothing else (Part 8, A.4.2.3).
            _ if !self.is_variable => None,
            PropertyId::DATA_TYPE => self.var_type().map(|kind| kind.number().cast_signed().into()),
            PropertyId::VALUE => self.value.as_ref().map(|reading| reading.value.clone()),
            PropertyId::QUALITY => self
                .value
                .as_ref()
                .map(|reading| QualityWord::from(reading.status).bits().cast_signed().into()),
            PropertyId::TIMESTAMP => {
                self.value.as_ref().map(|reading| reading.time().map_or(Value::Null, Value::from))
            }
            PropertyId::ACCESS_RIGHTS => self.access.map(|access| i32::from(access.bits()).into()),
            PropertyId::SCAN_RATE => Some(Value::Float(milliseconds(self.scan_rate.unwrap_or_default()))),
            PropertyId::EU_TYPE => Some(self.eu_type().into()),
            PropertyId::EU_INFO => Some(self.eu_info()),
            PropertyId::EU_UNITS => self.unit.as_deref().map(Value::from),
            PropertyId::HIGH_EU => self.range.map(|(_, high)| high.into()),
            PropertyId::LOW_EU => self.range.map(|(low, _)| low.into()),
            PropertyId::HIGH_INSTRUMENT_RANGE => self.instrument_range.map(|(_, high)| high.into()),
            PropertyId::LOW_INSTRUMENT_RANGE => self.instrument_range.map(|(low, _)| low.into()),
            PropertyId::CONTACT_CLOSE_LABEL => self.true_label.as_deref().map(Value::from),
            PropertyId::CONTACT_OPEN_LABEL => self.false_label.as_deref().map(Value::from),
            PropertyId::TIME_ZONE => self.time_zone.map(|zone| (zone.local_minus_utc() / 60).into()),
            PropertyId::UA_BUILT_IN_TYPE => {
                let number = self.data_type.unwrap_or(DataType::Variant).id();
                i32::try_from(number).ok().map(Value::from)
            }
            PropertyId::UA_DATA_TYPE_ID => self.data_type_id.as_ref().map(|id| id.to_string().into()),
            PropertyId::UA_VALUE_RANK => self.value_rank.map(Value::from),
            _ => None,
        }
    }

    /// Every property that has a number and is there, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = (PropertyId, Value)> + '_ {
        PropertyId::ALL.iter().filter_map(|id| Some((*id, self.get(*id)?)))
    }

    /// Why a property that was asked for is not there, where the server has refused it. `None` where the node just has no
    /// such property.
    pub fn refusal(&self, id: PropertyId) -> Option<Status> {
        self.refused.iter().find(|(refused, _)| *refused == id).map(|(_, status)| *status)
    }

    /// A property of [`other`](Self::other) by the name alone, whatever its namespace. The first, where there are several.
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.other.iter().find(|(browse_name, _)| browse_name.name == name).map(|(_, value)| value)
    }

    /// The type as OPC DA has it; [`VarType::EMPTY`] where values may be of any.
    pub fn var_type(&self) -> Option<VarType> {
        let value = self.value.as_ref().map(|reading| &reading.value);
        let array = match self.value_rank? {
            -1 => false,
            // The rank leaves it open; the value, where there is one, does not.
            -2 | -3 => matches!(value, Some(Value::Array(_))),
            _ => true,
        };
        let kind = match self.data_type {
            Some(DataType::Variant) | None => {
                let id = self.data_type_id.as_ref()?;
                let known = NUMBERS.iter().find(|(number, _)| *id == NodeId::numeric(0, *number));
                match known {
                    Some((_, kind)) if array => kind.array(),
                    Some((_, kind)) => *kind,
                    None => VarType::of(DataType::Variant, array),
                }
            }
            Some(data_type) => VarType::of(data_type, array),
        };
        Some(kind)
    }

    /// Analog before enumerated, as in Part 8, A.3.1.3.
    fn eu_type(&self) -> i32 {
        match (self.analog, self.enumerated) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 0,
        }
    }

    fn eu_info(&self) -> Value {
        if self.states.is_empty() {
            return Value::Null;
        }
        let names = self.states.iter().map(|(_, name)| name.as_str().into()).collect();
        Array::new(DataType::String, names).map_or(Value::Null, Value::Array)
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "OPC DA gives the rate as `VT_R4`"
)]
fn milliseconds(span: Duration) -> f32 {
    (span.as_secs_f64() * 1e3) as f32
}
