//! [`Property`]: what an item tells about itself beside its value.

use super::check::Shape;
use super::node::Details;
use crate::DataType;

/// A property of an item, by its browse name in the standard (Part 8, 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    Range,
    Unit,
    InstrumentRange,
    States,
    TrueState,
    FalseState,
}

impl Property {
    /// In browse order.
    pub(crate) const ALL: [Property; 6] = [
        Property::Range,
        Property::Unit,
        Property::InstrumentRange,
        Property::States,
        Property::TrueState,
        Property::FalseState,
    ];

    /// The browse name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Property::Range => "EURange",
            Property::Unit => "EngineeringUnits",
            Property::InstrumentRange => "InstrumentRange",
            Property::States => "EnumStrings",
            Property::TrueState => "TrueState",
            Property::FalseState => "FalseState",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Property> {
        Property::ALL.into_iter().find(|property| property.name() == name)
    }

    /// An item with these details has this property.
    pub(crate) fn is_in(self, details: &Details) -> bool {
        match self {
            Property::Range => details.range.is_some(),
            Property::Unit => details.unit.is_some(),
            Property::InstrumentRange => details.instrument_range.is_some(),
            Property::States => !details.states.is_empty(),
            Property::TrueState | Property::FalseState => details.labels.is_some(),
        }
    }

    /// The type of its value.
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Property::Range | Property::Unit | Property::InstrumentRange => {
                Shape { data_type: DataType::Structure, dimensions: 0 }
            }
            Property::States => Shape { data_type: DataType::LocalizedText, dimensions: 1 },
            Property::TrueState | Property::FalseState => {
                Shape { data_type: DataType::LocalizedText, dimensions: 0 }
            }
        }
    }
}
