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

/// An attribute of a node, perhaps a part of its array. Kept for every tag in use, so it is no larger than need be.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    node: opcua::types::NodeId,
    attribute: Attribute,
    range: Option<Box<NumericRange>>,
}

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
        Target { node: convert::to_node_id(node.clone()), attribute: Attribute::Value, range: None }
    }

    /// A part of the value, or nothing where the text is no index range (Part 4, 7.27).
    pub(crate) fn range(node: &NodeId, range: &str) -> Option<Target> {
        let range = match range.parse::<NumericRange>().ok()? {
            NumericRange::None => None,
            range => Some(Box::new(range)),
        };
        Some(Target { range, ..Target::value(node) })
    }

    /// Another attribute of the same node.
    pub(crate) fn attribute(&self, attribute: Attribute) -> Target {
        Target { node: self.node.clone(), attribute, range: None }
    }

    pub(crate) fn node(&self) -> NodeId {
        convert::node_id(self.node.clone())
    }

    /// The range names one element of an array, so its value is a scalar to the user.
    pub(crate) fn is_element(&self) -> bool {
        match self.range.as_deref() {
            Some(NumericRange::Index(_)) => true,
            Some(NumericRange::MultipleRanges(ranges)) => {
                ranges.iter().all(|r| matches!(r, NumericRange::Index(_)))
            }
            None | Some(NumericRange::None | NumericRange::Range(..)) => false,
        }
    }

    /// How many elements the range can give, of a one-dimensional array.
    pub(crate) fn max_elements(&self) -> Option<usize> {
        match self.range.as_deref()? {
            NumericRange::Index(_) => Some(1),
            NumericRange::Range(low, high) => usize::try_from(high.checked_sub(*low)?).ok()?.checked_add(1),
            NumericRange::None | NumericRange::MultipleRanges(_) => None,
        }
    }

    pub(crate) fn has_range(&self) -> bool {
        self.range.is_some()
    }

    /// As a request names it.
    pub(super) fn request(&self) -> ReadValueId {
        ReadValueId {
            node_id: self.node.clone(),
            attribute_id: self.attribute.id(),
            index_range: self.range.as_deref().cloned().unwrap_or_default(),
            data_encoding: opcua::types::QualifiedName::null(),
        }
    }
}
