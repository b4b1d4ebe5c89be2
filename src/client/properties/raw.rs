//! [`Answer`]: what the server said about one node, and what it means.

use std::time::Duration;

use chrono::FixedOffset;

use crate::da::{Access, PropertyId};
use crate::engine::Sample;
use crate::engine::client::{Attribute, Reference};
use crate::engine::convert::property as structure;
use crate::engine::gives_value;
use crate::status::code;
use crate::tag::Resolved;
use crate::{FromValue, LocalizedText, NodeId, QualifiedName, Status, Value};

use super::Properties;
use super::wanted::{self, Wanted, attributes_of, below_the_node, is, names_values};

/// The properties below one node, or why they cannot be told.
pub(super) type Listing = Result<Vec<Reference>, Status>;

/// A property below a node, with its value where that was needed.
pub(super) type Found = (QualifiedName, Option<Sample>);

/// What the server said about one node.
pub(super) struct Answer {
    pub(super) node: NodeId,
    pub(super) samples: Vec<(Attribute, Sample)>,
    pub(super) listing: Listing,
    /// What is in `listing`.
    pub(super) found: Vec<Found>,
    /// What names the values of the node's data type.
    pub(super) of_type: Option<Found>,
}

impl Answer {
    pub(super) fn sample(&self, attribute: Attribute) -> Option<&Sample> {
        self.samples.iter().find(|(other, _)| *other == attribute).map(|(_, sample)| sample)
    }

    pub(super) fn sample_mut(&mut self, attribute: Attribute) -> Option<&mut Sample> {
        self.samples.iter_mut().find(|(other, _)| *other == attribute).map(|(_, sample)| sample)
    }

    fn get<T: FromValue>(&self, attribute: Attribute) -> Option<T> {
        let sample = self.sample(attribute).filter(|sample| !sample.status.is_bad())?;
        sample.value.clone().get().ok()
    }

    pub(super) fn data_type(&self) -> Option<&NodeId> {
        match &self.sample(Attribute::DataType)?.value {
            Value::NodeId(id) => Some(id),
            _ => None,
        }
    }

    /// The node itself names its values.
    pub(super) fn has_names(&self) -> bool {
        self.listing.iter().flatten().any(|reference| names_values(&reference.name))
    }

    /// What was asked for and is not there because the server says no.
    pub(super) fn refused(&self, wanted: &Wanted, is_variable: bool) -> Vec<(PropertyId, Status)> {
        let mut refused = Vec::new();
        for id in PropertyId::ALL.iter().copied().filter(|id| wanted.asks(*id)) {
            let Some(first) = attributes_of(id).first() else { continue };
            let status = self.sample(*first).map_or(code::BAD_UNKNOWN_RESPONSE, |sample| sample.status);
            // A node without the attribute has no such property.
            let missing = status.code() == code::BAD_ATTRIBUTE_ID_INVALID;
            let there = match id {
                PropertyId::VALUE => gives_value(status),
                // Of a value that is refused, the first two say that it is; what the others need is below the node.
                PropertyId::QUALITY | PropertyId::TIMESTAMP | PropertyId::EU_TYPE | PropertyId::EU_INFO => {
                    true
                }
                PropertyId::DESCRIPTION => self.get::<LocalizedText>(Attribute::DisplayName).is_some(),
                _ => !status.is_bad(),
            };
            if !there && !(missing && (!is_variable || id != PropertyId::VALUE)) {
                refused.push((id, status));
            }
        }
        for (id, names) in below_the_node().filter(|(id, _)| wanted.asks(*id) && is_variable) {
            let named = |(name, _): &&Found| names.iter().any(|property| is(name, property));
            let bad = |sample: &Sample| sample.status.is_bad().then_some(sample.status);
            let status = match &self.listing {
                Err(status) => Some(*status),
                Ok(_) => self.found.iter().find(named).and_then(|(_, sample)| bad(sample.as_ref()?)),
            };
            refused.extend(status.map(|status| (id, status)));
        }
        refused
    }

    /// Puts everything into its place.
    pub(super) fn fill(mut self, properties: &mut Properties, resolved: &Resolved) {
        properties.data_type_id = self.data_type().cloned();
        if properties.data_type_id.is_some() {
            properties.data_type = resolved.node_type.get().and_then(|known| known.data_type);
        }
        properties.value_rank = self.get(Attribute::ValueRank);
        properties.access = self.get(Attribute::AccessLevel).map(Access::from_bits);
        properties.scan_rate = self.get(Attribute::MinimumSamplingInterval).and_then(span);
        properties.historizing = self.get(Attribute::Historizing);
        properties.browse_name = self.get(Attribute::BrowseName);
        properties.display_name = self.get(Attribute::DisplayName).filter(|text: &String| !text.is_empty());
        properties.description = self.get(Attribute::Description).filter(|text: &String| !text.is_empty());
        if properties.is_variable
            && let Some(sample) = self.sample_mut(Attribute::Value)
        {
            let sample = std::mem::replace(sample, Sample::status(Status::GOOD));
            properties.value = Some(sample.into_reading(properties.tag.clone()));
        }
        for found in self.found.into_iter().chain(self.of_type) {
            place(properties, found);
        }
    }
}

/// Milliseconds; -1 is "I do not know" (Part 3, 5.6.2).
fn span(milliseconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(milliseconds / 1e3).ok()
}

fn place(properties: &mut Properties, (name, sample): Found) {
    properties.analog |= is(&name, wanted::EU_RANGE);
    properties.enumerated |= names_values(&name);
    let Some(sample) = sample else { return };
    let value = if sample.status.is_bad() { Value::StatusCode(sample.status) } else { sample.value };
    if wanted::is_numbered(&name) && (understood(properties, &name, &value) || sample.status.is_bad()) {
        return;
    }
    // Also what is called as the standard wants it and holds something else.
    if properties.asked.is_none() {
        properties.other.push((name, value));
    }
}

/// A property with a number, taken for what it is; `false` where it is not what the standard says.
fn understood(properties: &mut Properties, name: &QualifiedName, value: &Value) -> bool {
    let text = || value.clone().get::<String>().ok();
    match name.name.as_str() {
        wanted::EU_RANGE => put(&mut properties.range, structure::range(value)),
        wanted::INSTRUMENT_RANGE => put(&mut properties.instrument_range, structure::range(value)),
        wanted::ENGINEERING_UNITS => put(&mut properties.unit, structure::unit(value)),
        wanted::TRUE_STATE => put(&mut properties.true_label, text()),
        wanted::FALSE_STATE => put(&mut properties.false_label, text()),
        wanted::TIME_ZONE | wanted::LOCAL_TIME => {
            let zone = structure::minutes(value);
            put(
                &mut properties.time_zone,
                zone.and_then(|minutes| FixedOffset::east_opt(i32::from(minutes) * 60)),
            )
        }
        // `EnumValues` has the numbers as well, so where there are both it is the one.
        wanted::ENUM_VALUES => {
            properties.states = structure::enumeration(value);
            matches!(value, Value::Array(_))
        }
        _ => {
            if properties.states.is_empty() {
                properties.states = structure::enumeration(value);
            }
            matches!(value, Value::Array(_))
        }
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let there = value.is_some();
    if there {
        *place = value;
    }
    there
}
