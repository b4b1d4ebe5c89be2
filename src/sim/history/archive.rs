//! [`Archive`]: the nodes that say how the past of an item is kept.

use super::super::check::Shape;
use super::series::Series;
use crate::DataType;

/// A node below an item whose past is kept (Part 11, 5.2.2 and 5.2.3; Part 13, 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Archive {
    /// What people wrote beside the values.
    Annotations,
    /// `HA Configuration`.
    Configuration,
    Stepped,
    ServerTimestamps,
    Start,
    OnlineStart,
    Capacity,
    /// `AggregateConfiguration`.
    Aggregates,
    TreatUncertainAsBad,
    PercentDataBad,
    PercentDataGood,
    UseSlopedExtrapolation,
}

/// How a node hangs below the one above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// `HasHistoricalConfiguration`.
    Configuration,
    Component,
    Property,
}

impl Archive {
    /// In browse order.
    pub(crate) const ALL: [Archive; 12] = [
        Archive::Annotations,
        Archive::Configuration,
        Archive::Stepped,
        Archive::ServerTimestamps,
        Archive::Start,
        Archive::OnlineStart,
        Archive::Capacity,
        Archive::Aggregates,
        Archive::TreatUncertainAsBad,
        Archive::PercentDataBad,
        Archive::PercentDataGood,
        Archive::UseSlopedExtrapolation,
    ];

    /// The browse name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Archive::Annotations => "Annotations",
            Archive::Configuration => "HA Configuration",
            Archive::Stepped => "Stepped",
            Archive::ServerTimestamps => "ServerTimestampSupported",
            Archive::Start => "StartOfArchive",
            Archive::OnlineStart => "StartOfOnlineArchive",
            Archive::Capacity => "MaxCountStoredValues",
            Archive::Aggregates => "AggregateConfiguration",
            Archive::TreatUncertainAsBad => "TreatUncertainAsBad",
            Archive::PercentDataBad => "PercentDataBad",
            Archive::PercentDataGood => "PercentDataGood",
            Archive::UseSlopedExtrapolation => "UseSlopedExtrapolation",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Archive> {
        Archive::ALL.into_iter().find(|archive| archive.name() == name)
    }

    /// What it hangs below; `None` is the item.
    pub(crate) const fn parent(self) -> Option<Archive> {
        match self {
            Archive::Annotations | Archive::Configuration => None,
            Archive::Stepped
            | Archive::ServerTimestamps
            | Archive::Start
            | Archive::OnlineStart
            | Archive::Capacity
            | Archive::Aggregates => Some(Archive::Configuration),
            Archive::TreatUncertainAsBad
            | Archive::PercentDataBad
            | Archive::PercentDataGood
            | Archive::UseSlopedExtrapolation => Some(Archive::Aggregates),
        }
    }

    /// What hangs below it, or below the item.
    pub(crate) fn below(parent: Option<Archive>) -> impl Iterator<Item = Archive> {
        Archive::ALL.into_iter().filter(move |archive| archive.parent() == parent)
    }

    pub(crate) const fn link(self) -> Link {
        match self {
            Archive::Configuration => Link::Configuration,
            Archive::Aggregates => Link::Component,
            _ => Link::Property,
        }
    }

    pub(crate) const fn is_object(self) -> bool {
        matches!(self, Archive::Configuration | Archive::Aggregates)
    }

    /// A past that is kept like this has this node.
    pub(crate) fn is_of(self, series: &Series) -> bool {
        match self {
            Archive::Capacity => series.capacity.is_some(),
            _ => true,
        }
    }

    /// The type of its value.
    pub(crate) const fn shape(self) -> Shape {
        let data_type = match self {
            Archive::Annotations => DataType::Structure,
            Archive::Configuration | Archive::Aggregates => DataType::Null,
            Archive::Stepped
            | Archive::ServerTimestamps
            | Archive::TreatUncertainAsBad
            | Archive::UseSlopedExtrapolation => DataType::Boolean,
            Archive::Start | Archive::OnlineStart => DataType::DateTime,
            Archive::Capacity => DataType::UInt32,
            Archive::PercentDataBad | Archive::PercentDataGood => DataType::Byte,
        };
        Shape { data_type, dimensions: 0 }
    }
}
