//! Reading the past: `HistoryRead` (Part 4, 5.11.3; Part 11, 6.5).

mod annotation;
mod events;
mod update;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::client::services::HistoryRead;
use opcua::client::{HistoryReadAction, UARequest};
use opcua::types as ua;
use opcua::types::{
    ByteString, HistoryData, HistoryEvent, HistoryModifiedData, HistoryReadResult, HistoryReadValueId,
    ModificationInfo, ReadAtTimeDetails, ReadEventDetails, ReadProcessedDetails, ReadRawModifiedDetails,
    TimestampsToReturn,
};

use crate::engine::{Sample, convert};
use crate::history::AggregateConfiguration;
use crate::status::code;
use crate::{NodeId, Status, Value};

pub(crate) use self::annotation::{Note, notes};
pub(crate) use self::events::Selected;
pub(crate) use self::update::{Edit, Edits};
use super::call::call;
use super::node::Aim;
use super::{Failure, Link};

/// What is wanted of every node of one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Past {
    /// What was recorded; `modified` is what it was before it was changed. One of the times may be missing.
    Raw {
        modified: bool,
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
        most: u32,
        bounds: bool,
    },
    At {
        times: Vec<DateTime<Utc>>,
        simple_bounds: bool,
    },
    /// `every` is a number of milliseconds.
    Processed {
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        every: f64,
        aggregate: NodeId,
        configuration: Option<AggregateConfiguration>,
    },
    /// Events, with these fields; the first is the time.
    Events {
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
        most: u32,
        select: Arc<[Selected]>,
    },
}

/// Where the server goes on with a node, as long as it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point(Vec<u8>);

impl Point {
    #[cfg(test)]
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Point {
        Point(bytes.into())
    }
}

/// Who changed a value, when and how, as the server tells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) time: Option<DateTime<Utc>>,
    /// `HistoryUpdateType` (Part 11, 6.9.1).
    pub(crate) kind: i32,
    pub(crate) user: Option<String>,
}

/// A value of the past, or an event: a sample without a value, and its fields.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) sample: Sample,
    pub(crate) extra: Option<Box<Extra>>,
}

/// What there is beside a value.
#[derive(Clone, Debug)]
pub(crate) enum Extra {
    Change(Change),
    Fields(Vec<Value>),
}

/// Some of the past of a node.
#[derive(Clone, Debug)]
pub(crate) struct PastPage {
    pub(crate) rows: Vec<Row>,
    pub(crate) next: Option<Point>,
}

impl Link {
    /// One page of the past of each node, in order: the first, or the one after a point. `server_times` asks for both times
    /// of each value, where the source's is enough for most.
    pub(crate) async fn past<T: Aim>(
        &self,
        past: Past,
        nodes: &[(T, Option<Point>)],
        server_times: bool,
    ) -> Result<Vec<Result<PastPage, Status>>, Failure> {
        let request = self.history_read(details(past, nodes.len()), nodes, server_times);
        let response = call("HistoryRead", nodes.len(), request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != nodes.len() {
            return Err(Failure::wrong_count(nodes.len(), results.len()));
        }
        Ok(results.into_iter().map(page).collect())
    }

    /// Tells the server that nobody will ask for the rest.
    pub(crate) async fn release_past<T: Aim>(
        &self,
        past: Past,
        nodes: &[(T, Option<Point>)],
    ) -> Result<(), Failure> {
        let request = self.history_read(details(past, nodes.len()), nodes, false);
        let request = request.release_continuation_points(true);
        call("HistoryRead", nodes.len(), request.send(self.session.channel())).await?;
        Ok(())
    }

    fn history_read<T: Aim>(
        &self,
        action: HistoryReadAction,
        nodes: &[(T, Option<Point>)],
        server_times: bool,
    ) -> HistoryRead {
        let nodes = nodes.iter().map(|(aim, point)| {
            let id = aim.target().request();
            HistoryReadValueId {
                node_id: id.node_id,
                index_range: id.index_range,
                data_encoding: ua::QualifiedName::null(),
                continuation_point: point
                    .as_ref()
                    .map_or_else(ByteString::null, |point| ByteString::from(point.0.clone())),
            }
        });
        HistoryRead::new(action, &self.session)
            .nodes_to_read(nodes.collect())
            .timestamps_to_return(if server_times {
                TimestampsToReturn::Both
            } else {
                TimestampsToReturn::Source
            })
            .timeout(self.timeout)
    }
}

fn details(past: Past, nodes: usize) -> HistoryReadAction {
    match past {
        Past::Raw { modified, start, end, most, bounds } => {
            HistoryReadAction::ReadRawModifiedDetails(ReadRawModifiedDetails {
                is_read_modified: modified,
                start_time: start.map_or_else(ua::DateTime::null, given_time),
                end_time: end.map_or_else(ua::DateTime::null, given_time),
                num_values_per_node: most,
                // "FALSE if isReadModified" (Part 11, 6.5.3.1).
                return_bounds: bounds && !modified,
            })
        }
        Past::At { times, simple_bounds } => HistoryReadAction::ReadAtTimeDetails(ReadAtTimeDetails {
            req_times: Some(times.into_iter().map(given_time).collect()),
            use_simple_bounds: simple_bounds,
        }),
        Past::Processed { start, end, every, aggregate, configuration } => {
            HistoryReadAction::ReadProcessedDetails(ReadProcessedDetails {
                start_time: given_time(start),
                end_time: given_time(end),
                processing_interval: every,
                // One for each node (Part 11, 6.5.4.2).
                aggregate_type: Some(vec![convert::to_node_id(aggregate); nodes]),
                aggregate_configuration: to_configuration(configuration),
            })
        }
        Past::Events { start, end, most, select } => HistoryReadAction::ReadEventDetails(ReadEventDetails {
            num_values_per_node: most,
            start_time: start.map_or_else(ua::DateTime::null, given_time),
            end_time: end.map_or_else(ua::DateTime::null, given_time),
            filter: events::filter(&select),
        }),
    }
}

fn to_configuration(configuration: Option<AggregateConfiguration>) -> ua::AggregateConfiguration {
    let values = configuration.unwrap_or_default();
    ua::AggregateConfiguration {
        use_server_capabilities_defaults: configuration.is_none(),
        treat_uncertain_as_bad: values.treat_uncertain_as_bad,
        percent_data_bad: values.percent_data_bad,
        percent_data_good: values.percent_data_good,
        use_sloped_extrapolation: values.use_sloped_extrapolation,
    }
}

/// A time that is given: the first of all times, 1601, would say that there is none.
fn given_time(time: DateTime<Utc>) -> ua::DateTime {
    let first = ua::DateTime::null().as_chrono() + TimeDelta::nanoseconds(100);
    convert::to_date_time(time.max(first))
}

fn page(result: HistoryReadResult) -> Result<PastPage, Status> {
    let status = convert::from_status(result.status_code);
    // Older servers call it bad that there is nothing (Part 11, 6.5.1 has `GoodNoData`).
    if status.is_bad() && status.code() != code::BAD_NO_DATA {
        return Err(status);
    }
    let point = result.continuation_point;
    let next = (!point.is_null_or_empty()).then(|| Point(point.value.unwrap_or_default()));
    Ok(PastPage { rows: rows(result.history_data)?, next })
}

fn rows(data: ua::ExtensionObject) -> Result<Vec<Row>, Status> {
    if data.is_null() {
        return Ok(Vec::new());
    }
    if data.inner_is::<HistoryModifiedData>() {
        let data = data.into_inner_as::<HistoryModifiedData>().ok_or(code::BAD_UNKNOWN_RESPONSE)?;
        let mut changes = data.modification_infos.unwrap_or_default().into_iter();
        let row = |value| Row {
            sample: convert::sample(value),
            extra: changes.next().map(|info| Box::new(Extra::Change(change(info)))),
        };
        return Ok(data.data_values.unwrap_or_default().into_iter().map(row).collect());
    }
    if data.inner_is::<HistoryEvent>() {
        let events = data.into_inner_as::<HistoryEvent>().ok_or(code::BAD_UNKNOWN_RESPONSE)?;
        return Ok(events.events.unwrap_or_default().into_iter().map(events::row).collect());
    }
    let data = data.into_inner_as::<HistoryData>().ok_or(code::BAD_UNKNOWN_RESPONSE)?;
    let row = |value| Row { sample: convert::sample(value), extra: None };
    Ok(data.data_values.unwrap_or_default().into_iter().map(row).collect())
}

#[expect(clippy::as_conversions, reason = "the enum is `repr(i32)` and numbered as in Part 11")]
fn change(info: ModificationInfo) -> Change {
    Change {
        time: convert::from_timestamp(Some(info.modification_time)),
        kind: info.update_type as i32,
        user: (!info.user_name.is_empty()).then(|| info.user_name.into()),
    }
}
