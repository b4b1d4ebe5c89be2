//! [`Wanted`]: what has to be asked of a server for some of the properties, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::QualifiedName;
use crate::da::PropertyId;
use crate::engine::client::Attribute;

/// The properties of OPC UA that OPC DA has numbers for, by their browse names in namespace 0 (Part 8, 5.3.2 and 5.6; Part
/// 3, 5.6.2).
pub(super) const EU_RANGE: &str = "EURange";
pub(super) const INSTRUMENT_RANGE: &str = "InstrumentRange";
pub(super) const ENGINEERING_UNITS: &str = "EngineeringUnits";
pub(super) const ENUM_STRINGS: &str = "EnumStrings";
pub(super) const ENUM_VALUES: &str = "EnumValues";
pub(super) const TRUE_STATE: &str = "TrueState";
pub(super) const FALSE_STATE: &str = "FalseState";
pub(super) const TIME_ZONE: &str = "TimeZone";
pub(super) const LOCAL_TIME: &str = "LocalTime";

/// Where a numbered property comes from: attributes of the node, and the values of properties below it (Part 8, A.4.2.3).
struct Source {
    id: PropertyId,
    attributes: &'static [Attribute],
    properties: &'static [&'static str],
}

const fn source(
    id: PropertyId,
    attributes: &'static [Attribute],
    properties: &'static [&'static str],
) -> Source {
    Source { id, attributes, properties }
}

const SOURCES: [Source; 23] = {
    use Attribute::{
        AccessLevel, BrowseName, DataType, Description, DisplayName, MinimumSamplingInterval, Value,
        ValueRank,
    };
    [
        source(PropertyId::ITEM_ID, &[], &[]),
        source(PropertyId::DATA_TYPE, &[DataType, ValueRank], &[]),
        source(PropertyId::VALUE, &[Value], &[]),
        source(PropertyId::QUALITY, &[Value], &[]),
        source(PropertyId::TIMESTAMP, &[Value], &[]),
        source(PropertyId::ACCESS_RIGHTS, &[AccessLevel], &[]),
        source(PropertyId::SCAN_RATE, &[MinimumSamplingInterval], &[]),
        // Whether they are there says it all; a type that is an enumeration has names of its own.
        source(PropertyId::EU_TYPE, &[DataType, ValueRank], &[]),
        source(PropertyId::EU_INFO, &[DataType, ValueRank], &[ENUM_STRINGS, ENUM_VALUES]),
        source(PropertyId::EU_UNITS, &[], &[ENGINEERING_UNITS]),
        source(PropertyId::DESCRIPTION, &[Description, DisplayName], &[]),
        source(PropertyId::HIGH_EU, &[], &[EU_RANGE]),
        source(PropertyId::LOW_EU, &[], &[EU_RANGE]),
        source(PropertyId::HIGH_INSTRUMENT_RANGE, &[], &[INSTRUMENT_RANGE]),
        source(PropertyId::LOW_INSTRUMENT_RANGE, &[], &[INSTRUMENT_RANGE]),
        source(PropertyId::CONTACT_CLOSE_LABEL, &[], &[TRUE_STATE]),
        source(PropertyId::CONTACT_OPEN_LABEL, &[], &[FALSE_STATE]),
        source(PropertyId::TIME_ZONE, &[], &[TIME_ZONE, LOCAL_TIME]),
        source(PropertyId::UA_BUILT_IN_TYPE, &[DataType, ValueRank], &[]),
        source(PropertyId::UA_DATA_TYPE_ID, &[DataType], &[]),
        source(PropertyId::UA_VALUE_RANK, &[ValueRank], &[]),
        source(PropertyId::UA_BROWSE_NAME, &[BrowseName], &[]),
        source(PropertyId::UA_DESCRIPTION, &[Description], &[]),
    ]
};

/// What is asked of each node.
#[derive(Debug)]
pub(super) struct Wanted {
    ids: Option<Arc<BTreeSet<PropertyId>>>,
    /// The node class first: it tells whether there is a node, and what of.
    attributes: Vec<Attribute>,
}

impl Wanted {
    /// `None` is everything there is.
    pub(super) fn new(ids: Option<Arc<BTreeSet<PropertyId>>>) -> Wanted {
        let mut attributes = vec![Attribute::NodeClass];
        for source in &SOURCES {
            if asks(ids.as_deref(), source.id) {
                for attribute in source.attributes {
                    if !attributes.contains(attribute) {
                        attributes.push(*attribute);
                    }
                }
            }
        }
        if ids.is_none() {
            attributes.push(Attribute::Historizing);
        }
        Wanted { ids, attributes }
    }

    pub(super) fn ids(&self) -> Option<Arc<BTreeSet<PropertyId>>> {
        self.ids.clone()
    }

    pub(super) fn asks(&self, id: PropertyId) -> bool {
        asks(self.ids.as_deref(), id)
    }

    pub(super) fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The built-in type behind the data type is needed.
    pub(super) fn wants_type(&self) -> bool {
        self.asks(PropertyId::DATA_TYPE)
            || self.asks(PropertyId::UA_BUILT_IN_TYPE)
            || self.wants_enumeration()
    }

    /// It is needed whether the values have names.
    pub(super) fn wants_enumeration(&self) -> bool {
        self.asks(PropertyId::EU_TYPE) || self.asks(PropertyId::EU_INFO)
    }

    /// It is needed what properties a node has.
    pub(super) fn wants_listing(&self) -> bool {
        self.asks(PropertyId::EU_TYPE)
            || SOURCES.iter().any(|source| !source.properties.is_empty() && self.asks(source.id))
    }

    /// The value of the property with this name is needed.
    pub(super) fn reads(&self, name: &QualifiedName) -> bool {
        self.ids.is_none()
            || SOURCES.iter().any(|source| {
                self.asks(source.id) && source.properties.iter().any(|property| is(name, property))
            })
    }
}

fn asks(ids: Option<&BTreeSet<PropertyId>>, id: PropertyId) -> bool {
    ids.is_none_or(|ids| ids.contains(&id))
}

/// The property of the standard with this name, not one of a vendor's that is called alike.
pub(super) fn is(name: &QualifiedName, property: &str) -> bool {
    name.namespace == 0 && name.name == property
}

/// The property names the values of an enumeration.
pub(super) fn names_values(name: &QualifiedName) -> bool {
    is(name, ENUM_STRINGS) || is(name, ENUM_VALUES)
}

/// The property has a number, so it is not one of the others.
pub(super) fn is_numbered(name: &QualifiedName) -> bool {
    SOURCES.iter().any(|source| source.properties.iter().any(|property| is(name, property)))
}

/// The numbered properties that are made from properties below the node.
pub(super) fn below_the_node() -> impl Iterator<Item = (PropertyId, &'static [&'static str])> {
    let below = |source: &&Source| !source.properties.is_empty() || source.id == PropertyId::EU_TYPE;
    SOURCES.iter().filter(below).map(|source| (source.id, source.properties))
}

/// The attributes that a numbered property is made from; the first is the one it cannot do without.
pub(super) fn attributes_of(id: PropertyId) -> &'static [Attribute] {
    SOURCES.iter().find(|source| source.id == id).map_or(&[], |source| source.attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(ids: &[PropertyId]) -> Wanted {
        Wanted::new(Some(Arc::new(ids.iter().copied().collect())))
    }

    #[test]
    fn nothing_is_asked_that_is_not_needed() {
        let one = some(&[PropertyId::DATA_TYPE]);
        assert_eq!(one.attributes(), [Attribute::NodeClass, Attribute::DataType, Attribute::ValueRank]);
        assert!(!one.wants_listing() && one.wants_type());
        let unit = some(&[PropertyId::EU_UNITS]);
        assert_eq!(unit.attributes(), [Attribute::NodeClass]);
        assert!(unit.wants_listing() && !unit.wants_type());
        assert!(unit.reads(&QualifiedName::new(0, "EngineeringUnits")));
        assert!(!unit.reads(&QualifiedName::new(0, "EURange")));
        assert!(!unit.reads(&QualifiedName::new(2, "EngineeringUnits")), "a vendor's");
        let all = Wanted::new(None);
        assert_eq!(all.attributes().len(), 10);
        assert!(all.reads(&QualifiedName::new(2, "Whatever")));
    }
}
