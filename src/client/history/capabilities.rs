//! `history_capabilities`, `history_configuration`: what the server can do with the past.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::Inner;
use crate::client::limits::{Service, chunked, read_each};
use crate::engine::Sample;
use crate::engine::client::{Failure, Reference, Target};
use crate::history::{Aggregate, AggregateConfiguration};
use crate::status::code;
use crate::{Client, Error, FromValue, IntoTag, NodeId, ParseTagError, QualifiedName, Result, Tag};

use super::OPERATION;

/// `HistoryServerCapabilities` has these properties, with these numbers (Part 11, 5.4.2; Part 6, Annex A.3).
const CAPABILITIES: [u32; 15] = [
    11_193, 11_242, 11_273, 11_274, 11_196, 11_197, 11_198, 11_199, 11_200, 11_275, 11_281, 11_282, 11_283,
    11_502, 19_091,
];

/// The folders that aggregates are listed in: that of `HistoryServerCapabilities`, else that of `ServerCapabilities`.
const AGGREGATE_FOLDERS: [u32; 2] = [11_201, 2997];

/// The object of a variable that says how its history is kept (Part 11, 5.2.3).
const CONFIGURATION: &str = "HA Configuration";

/// What a server can do with the past, as it says itself (Part 11, 5.4.2). `None` is what it does not say.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Capabilities {
    /// It keeps values.
    pub data: Option<bool>,
    /// It keeps events.
    pub events: Option<bool>,
    /// How many values it gives at a time; 0 is any number.
    pub max_values: Option<u32>,
    /// How many events it gives at a time; 0 is any number.
    pub max_events: Option<u32>,
    /// Values can be inserted.
    pub insert: Option<bool>,
    /// Values can be replaced.
    pub replace: Option<bool>,
    /// Values can be inserted or replaced, whichever it is.
    pub update: Option<bool>,
    /// Ranges of values can be deleted.
    pub delete_raw: Option<bool>,
    /// Values can be deleted by their times.
    pub delete_at: Option<bool>,
    /// Annotations can be written.
    pub insert_annotation: Option<bool>,
    /// Events can be inserted.
    pub insert_event: Option<bool>,
    /// Events can be replaced.
    pub replace_event: Option<bool>,
    /// Events can be inserted or replaced, whichever it is.
    pub update_event: Option<bool>,
    /// Events can be deleted.
    pub delete_event: Option<bool>,
    /// It keeps the server's time beside the source's.
    pub server_times: Option<bool>,
    /// What it calculates; empty where it does not say.
    pub aggregates: Vec<OfferedAggregate>,
}

/// An aggregate that a server calculates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferedAggregate {
    /// As the server names it.
    pub name: String,
    /// Its node, by which it is asked for.
    pub node: NodeId,
    /// Which of the standard's it is; `None` where it is the server's own.
    pub standard: Option<Aggregate>,
}

/// How a server keeps the history of a tag: its `HA Configuration` (Part 11, 5.2.2). `None` is what it does not say.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Configuration {
    /// Values hold until the next one, rather than lying on a line to it.
    pub stepped: Option<bool>,
    /// How aggregates treat data that is not good.
    pub aggregates: Option<AggregateConfiguration>,
    /// How the values are calculated, in words of the vendor's.
    pub definition: Option<String>,
    /// The oldest time there may be values of.
    pub start_of_archive: Option<DateTime<Utc>>,
    /// The oldest time there are values of that come at once.
    pub start_of_online_archive: Option<DateTime<Utc>>,
    /// The longest time between two values, however little changes.
    pub max_time_interval: Option<Duration>,
    /// The shortest time between two values.
    pub min_time_interval: Option<Duration>,
    /// How much a value must change to be kept; what of, the server's `ExceptionDeviationFormat` says.
    pub exception_deviation: Option<f64>,
}

impl Client {
    /// What the server can do with the past, as it says itself.
    ///
    /// # Errors
    /// [`Error::Disconnected`], [`Error::Timeout`], [`Error::Service`], [`Error::Closed`].
    pub async fn history_capabilities(&self) -> Result<Capabilities> {
        let inner = self.inner();
        inner.check_connected(OPERATION)?;
        let told = Box::pin(inner.capabilities()).await;
        told.map_err(|failure| inner.error(OPERATION, failure))
    }

    /// How the server keeps the history of a tag, as it says itself.
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`], [`Error::Item`] for this tag; [`Error::Disconnected`],
    /// [`Error::Timeout`], [`Error::Service`], [`Error::Closed`] for the call.
    pub async fn history_configuration(&self, tag: impl IntoTag) -> Result<Configuration> {
        configuration(self.inner(), tag.into_tag()).await
    }
}

pub(super) async fn configuration(inner: &Inner, tag: Result<Tag, ParseTagError>) -> Result<Configuration> {
    inner.check_open(OPERATION)?;
    let tag = tag.map_err(|error| Error::InvalidTag { operation: OPERATION, error })?;
    inner.check_connected(OPERATION)?;
    let missing = || Error::Resolve { operation: OPERATION, tag: tag.clone(), candidates: Vec::new() };
    let node = Box::pin(inner.resolve(OPERATION, &[&tag])).await?.pop().unwrap_or_else(|| Err(missing()))?;
    let told = Box::pin(inner.configuration_of(node.target.node())).await;
    told.map_err(|failure| inner.error(OPERATION, failure))
}

impl Inner {
    async fn capabilities(&self) -> Result<Capabilities, Failure> {
        let targets = CAPABILITIES.map(|id| Target::value(&NodeId::numeric(0, id)));
        let samples = read_each(&self.link(), self.limits(), &targets, 0.0).await?;
        let mut samples = samples.into_iter();
        let mut capabilities = Capabilities {
            data: told(samples.next()),
            events: told(samples.next()),
            max_values: told(samples.next()),
            max_events: told(samples.next()),
            insert: told(samples.next()),
            replace: told(samples.next()),
            update: told(samples.next()),
            delete_raw: told(samples.next()),
            delete_at: told(samples.next()),
            insert_annotation: told(samples.next()),
            insert_event: told(samples.next()),
            replace_event: told(samples.next()),
            update_event: told(samples.next()),
            delete_event: told(samples.next()),
            server_times: told(samples.next()),
            aggregates: Vec::new(),
        };
        capabilities.aggregates = self.offered().await?;
        Ok(capabilities)
    }

    /// The aggregates of the first folder that has any.
    pub(super) async fn offered(&self) -> Result<Vec<OfferedAggregate>, Failure> {
        for folder in AGGREGATE_FOLDERS {
            let offered = |reference: Reference| OfferedAggregate {
                standard: Aggregate::of_node(&reference.node),
                name: reference.name.name,
                node: reference.node,
            };
            let mut found: Vec<_> =
                self.below(NodeId::numeric(0, folder)).await?.into_iter().map(offered).collect();
            // Servers list them in any order, and people look for a name.
            found.sort_by(|one, other| one.name.cmp(&other.name));
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// How the history of a node is kept.
    pub(super) async fn configuration_of(&self, node: NodeId) -> Result<Configuration, Failure> {
        let found = self.below(node).await?;
        let Some(configuration) = found.into_iter().find(|reference| is(reference, CONFIGURATION)) else {
            return Ok(Configuration::default());
        };
        let mut parts = self.below(configuration.node).await?;
        let aggregates = parts.iter().find(|part| is(part, "AggregateConfiguration")).cloned();
        let has_aggregates = aggregates.is_some();
        if let Some(aggregates) = aggregates {
            parts.extend(self.below(aggregates.node).await?);
        }
        let targets: Vec<Target> = parts.iter().map(|part| Target::value(&part.node)).collect();
        let samples = read_each(&self.link(), self.limits(), &targets, 0.0).await?;
        let parts = Parts(parts.into_iter().zip(samples).collect());
        let defaults = AggregateConfiguration::default();
        Ok(Configuration {
            stepped: parts.get("Stepped"),
            aggregates: has_aggregates.then(|| AggregateConfiguration {
                treat_uncertain_as_bad: parts
                    .get("TreatUncertainAsBad")
                    .unwrap_or(defaults.treat_uncertain_as_bad),
                percent_data_bad: parts.get("PercentDataBad").unwrap_or(defaults.percent_data_bad),
                percent_data_good: parts.get("PercentDataGood").unwrap_or(defaults.percent_data_good),
                use_sloped_extrapolation: parts
                    .get("UseSlopedExtrapolation")
                    .unwrap_or(defaults.use_sloped_extrapolation),
            }),
            definition: parts.get("Definition"),
            start_of_archive: parts.get("StartOfArchive"),
            start_of_online_archive: parts.get("StartOfOnlineArchive"),
            max_time_interval: parts.span("MaxTimeInterval"),
            min_time_interval: parts.span("MinTimeInterval"),
            exception_deviation: parts.get("ExceptionDeviation"),
        })
    }

    /// What is below a node; nothing where the server does not let it be browsed.
    async fn below(&self, node: NodeId) -> Result<Vec<Reference>, Failure> {
        let list = |part: Vec<NodeId>| async move { self.link().children(&part).await };
        match chunked(self.limits(), Service::Browse, &[node], list).await {
            Ok(listings) => Ok(listings.into_iter().flatten().flatten().collect()),
            Err(failure) if failure.is_disconnected() || failure.is_timeout() => Err(failure),
            Err(_) => Ok(Vec::new()),
        }
    }
}

/// The server does not do it, whatever is the matter with the tag.
pub(super) fn is_unsupported(error: &Error) -> bool {
    let unsupported = [
        code::BAD_AGGREGATE_NOT_SUPPORTED,
        code::BAD_HISTORY_OPERATION_UNSUPPORTED,
        code::BAD_NOT_IMPLEMENTED,
        code::BAD_SERVICE_UNSUPPORTED,
    ];
    error.status().is_some_and(|status| unsupported.contains(&status.code()))
}

/// A refusal of an aggregate that the server does not have, told with what it has.
pub(super) fn explain(error: Error, aggregate: &NodeId, name: &str, offered: &[OfferedAggregate]) -> Error {
    let is_unsupported = is_unsupported(&error);
    match error {
        Error::Item { operation, tag, status } if is_unsupported => {
            let has = offered.iter().any(|offered| offered.node == *aggregate);
            if has && status.code() != code::BAD_AGGREGATE_NOT_SUPPORTED {
                return Error::Item { operation, tag, status };
            }
            let offered = offered.iter().map(|offered| offered.name.clone()).collect();
            Error::Aggregate { operation, tag, aggregate: name.to_owned(), status, offered }
        }
        _ => error,
    }
}

fn is(reference: &Reference, name: &str) -> bool {
    reference.name == QualifiedName { namespace: 0, name: name.to_owned() }
}

/// What the server says.
fn told<T: FromValue>(sample: Option<Sample>) -> Option<T> {
    sample.filter(|sample| sample.status.is_good()).and_then(|sample| sample.value.get().ok())
}

/// Nodes of the standard's, and their values.
struct Parts(Vec<(Reference, Sample)>);

impl Parts {
    fn get<T: FromValue>(&self, name: &str) -> Option<T> {
        let (_, sample) = self.0.iter().find(|(reference, _)| is(reference, name))?;
        told(Some(sample.clone()))
    }

    /// A `Duration` of the standard's, in milliseconds (Part 3, 8.13).
    fn span(&self, name: &str) -> Option<Duration> {
        let milliseconds: f64 = self.get(name)?;
        Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
    }
}
