//! [`Target`]: an attribute of a node, ready to be put in a request.

use opcua::types::{NumericRange, ReadValueId};

use crate::NodeId;
use crate::engine::convert;

/// The attributes the facade reads, by their ids (Part 6, Annex A.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    NodeClass,
    BrowseName,
    DisplayName,
    Description,
    IsAbstract,
    DataTypeDefinition,
    Value,
    DataType,
    ValueRank,
    UserAccessLevel,
    AccessLevel,
    MinimumSamplingInterval,
    Historizing,
}

impl Attribute {
    const fn id(self) -> u32 {
        match self {
            Attribute::NodeClass => 2,
            Attribute::BrowseName => 3,
            Attribute::DisplayName => 4,
            Attribute::Description => 5,
            Attribute::IsAbstract => 8,
            Attribute::DataTypeDefinition => 23,
            Attribute::Value => 13,
            Attribute::DataType => 14,
            Attribute::ValueRank => 15,
            Attribute::UserAccessLevel => 18,
            Attribute::AccessLevel => 17,
            Attribute::MinimumSamplingInterval => 19,
            Attribute::Historizing => 20,
        }
    }
}

/// An attribute of a node, perhaps a part of its array. Built once per tag.
#[derive(Clone, Debug)]
pub(crate) struct Target(ReadValueId);

/// What a request can be made for: a target, or something that has one.
pub(crate) trait Aim {
    fn target(&self) -> &Target;
}

impl Aim for Target {
    fn target(&self) -> &Target {
        self
    }
}

impl Target {
    /// The whole value.
    pub(crate) fn value(node: &NodeId) -> Target {
        Target::new(convert::to_node_id(node.clone()), Attribute::Value, NumericRange::None)
    }

    /// A part of the value, or nothing where the text is no index range (Part 4, 7.27).
    pub(crate) fn range(node: &NodeId, range: &str) -> Option<Target> {
        let range = range.parse::<NumericRange>().ok()?;
        Some(Target::new(convert::to_node_id(node.clone()), Attribute::Value, range))
    }

    /// Another attribute of the same node.
    pub(crate) fn attribute(&self, attribute: Attribute) -> Target {
        Target::new(self.0.node_id.clone(), attribute, NumericRange::None)
    }

    pub(crate) fn node(&self) -> NodeId {
        convert::node_id(self.0.node_id.clone())
    }

    /// The range names one element of an array, so its value is a scalar to the user.
    pub(crate) fn is_element(&self) -> bool {
        match &self.0.index_range {
            NumericRange::Index(_) => true,
            NumericRange::MultipleRanges(ranges) => {
                ranges.iter().all(|r| matches!(r, NumericRange::Index(_)))
            }
            NumericRange::None | NumericRange::Range(..) => false,
        }
    }

    /// How many elements the range can give, of a one-dimensional array.
    pub(crate) fn max_elements(&self) -> Option<usize> {
        match self.0.index_range {
            NumericRange::Index(_) => Some(1),
            NumericRange::Range(low, high) => usize::try_from(high.checked_sub(low)?).ok()?.checked_add(1),
            NumericRange::None | NumericRange::MultipleRanges(_) => None,
        }
    }

    pub(crate) fn has_range(&self) -> bool {
        !matches!(self.0.index_range, NumericRange::None)
    }

    fn new(node_id: opcua::types::NodeId, attribute: Attribute, index_range: NumericRange) -> Target {
        Target(ReadValueId {
            node_id,
            attribute_id: attribute.id(),
            index_range,
            data_encoding: opcua::types::QualifiedName::null(),
        })
    }

    pub(super) fn request(&self) -> &ReadValueId {
        &self.0
    }
}
