//! [`Question`]: a query with its times settled, and the requests it becomes.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::engine::client::{Past, Selected, Target};
use crate::history::AggregateConfiguration;
use crate::{Client, Error, NodeId, Operation, Result, Value};

use super::query::Kind;
use super::range::Times;
use super::series::Series;
use super::{HistoryQuery, OPERATION};

/// `Server_ServerStatus_CurrentTime` (Part 5, 12.10).
const CURRENT_TIME: u32 = 2258;

/// Before everything: the second day of OPC UA's time. What is closer to its beginning is no time at all to servers whose
/// clocks are coarser.
pub(super) const FIRST: DateTime<Utc> = match DateTime::from_timestamp(-11_644_387_200, 0) {
    Some(time) => time,
    None => DateTime::<Utc>::MIN_UTC,
};

/// What is asked of every tag.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) count: Option<usize>,
    pub(super) bounds: bool,
    pub(super) page: u32,
    pub(super) server_times: bool,
    pub(super) patience: Duration,
    /// Structures stay as they came.
    pub(super) undecoded: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Asked {
    Raw {
        modified: bool,
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
    },
    At {
        times: Arc<[DateTime<Utc>]>,
        simple_bounds: bool,
    },
    Processed {
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        every: Duration,
        aggregate: NodeId,
        /// What it is called.
        name: String,
        configuration: Option<AggregateConfiguration>,
    },
    Events {
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
        select: Arc<[Selected]>,
    },
}

/// An error of a query that makes no sense.
pub(super) fn senseless(reason: impl Into<String>) -> Error {
    Error::Query { operation: OPERATION, reason: reason.into() }
}

impl Question {
    /// The question about raw values, or those at times. Aggregates are the caller's, who knows the nodes of these.
    pub(super) async fn of(client: &Client, query: &HistoryQuery, modified: bool) -> Result<Question> {
        query.check().map_err(senseless)?;
        let now = query.now(client).await?;
        let asked = match &query.kind {
            Kind::Raw(range) => {
                let (start, end) = range.resolve(now).map_err(senseless)?;
                if query.count.is_none() && (start.is_none() || end.is_none()) {
                    return Err(senseless("say from when to when, or how many values"));
                }
                Asked::Raw { modified, start, end }
            }
            _ if modified => return Err(senseless("only raw values are modified")),
            Kind::At(times) => {
                let times = times.iter().map(|time| time.resolve(now));
                let times = times.collect::<Result<Vec<_>, _>>().map_err(|e| senseless(e.to_string()))?;
                Asked::At { times: times.into(), simple_bounds: query.simple_bounds }
            }
            Kind::Aggregate { range, aggregate, every } => {
                let (Some(start), Some(end)) = range.resolve(now).map_err(senseless)? else {
                    return Err(senseless("an aggregate needs both a start and an end"));
                };
                let (aggregate, name) = client.inner().aggregate_node(aggregate).await?;
                let (every, configuration) = (*every, query.configuration);
                Asked::Processed { start, end, every, aggregate, name, configuration }
            }
        };
        Ok(Question {
            asked,
            count: query.count,
            bounds: query.bounds,
            page: query.page,
            server_times: query.server_times,
            patience: query.patience,
            undecoded: query.undecoded,
        })
    }

    /// What is sent for a tag that is at this place.
    pub(super) fn past(&self, series: &Series) -> Past {
        match &self.asked {
            Asked::Raw { modified, start, end } => {
                let (start, end) = times(*start, *end, series);
                Past::Raw { modified: *modified, start, end, most: series.most, bounds: self.bounds }
            }
            Asked::At { times, simple_bounds } => {
                let rest = times.get(series.chunk..).unwrap_or_default();
                let most = usize::try_from(series.most).unwrap_or(usize::MAX);
                let times = rest.get(..most).unwrap_or(rest).to_vec();
                Past::At { times, simple_bounds: *simple_bounds }
            }
            Asked::Processed { start, end, every, aggregate, configuration, .. } => {
                let every = if every.is_zero() { span(*start, *end) } else { *every };
                Past::Processed {
                    start: series.from.unwrap_or(*start),
                    end: self.part_end(series).unwrap_or(*end),
                    every: every.as_secs_f64() * 1000.0,
                    aggregate: aggregate.clone(),
                    configuration: *configuration,
                }
            }
            Asked::Events { start, end, select } => {
                let (start, end) = times(*start, *end, series);
                Past::Events { start, end, most: series.most, select: select.clone() }
            }
        }
    }

    /// After a loss of the server's place, what was given says where to go on.
    pub(super) fn is_resumable(&self) -> bool {
        !matches!(self.asked, Asked::Processed { .. })
    }

    /// How many intervals an aggregate is asked for, where it is.
    pub(super) fn intervals(&self) -> Option<u32> {
        let Asked::Processed { start, end, every, .. } = &self.asked else { return None };
        if every.is_zero() {
            return Some(1);
        }
        let count = span(*start, *end).as_nanos().div_ceil(every.as_nanos());
        Some(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Where the part of an aggregate's range ends that a tag is at, if not at the end of the range. It ends where an
    /// interval does, so that all are the same as in one.
    pub(super) fn part_end(&self, series: &Series) -> Option<DateTime<Utc>> {
        let Asked::Processed { start, end, every, .. } = &self.asked else { return None };
        let part = every.checked_mul(series.cap).filter(|part| !part.is_zero())?;
        let (part, from) = (TimeDelta::from_std(part).ok()?, series.from.unwrap_or(*start));
        let part = if self.is_backward() { -part } else { part };
        from.checked_add_signed(part).filter(|part_end| self.is_beyond(*end, *part_end))
    }

    /// Values come in the order of their times.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.asked, Asked::Raw { modified: false, .. })
    }

    /// `a` comes after `b` in the order that was asked for.
    pub(super) fn is_beyond(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
        if self.is_backward() { a < b } else { a > b }
    }

    fn is_backward(&self) -> bool {
        match &self.asked {
            Asked::Raw { start: None, .. } | Asked::Events { start: None, .. } => true,
            Asked::Raw { start: Some(start), end: Some(end), .. }
            | Asked::Events { start: Some(start), end: Some(end), .. }
            | Asked::Processed { start, end, .. } => start > end,
            Asked::Raw { .. } | Asked::Events { .. } | Asked::At { .. } => false,
        }
    }

    /// Where the newest up to a time are asked for, that time.
    pub(super) fn end_alone(&self) -> Option<DateTime<Utc>> {
        match self.asked {
            Asked::Raw { start: None, end, .. } | Asked::Events { start: None, end, .. } => end,
            _ => None,
        }
    }

    /// There may be more after a value or an event of this time, or at it.
    pub(super) fn goes_on_after(&self, time: DateTime<Utc>) -> bool {
        match &self.asked {
            Asked::Raw { start: Some(_), end: Some(end), .. }
            | Asked::Events { start: Some(_), end: Some(end), .. } => !self.is_beyond(time, *end),
            Asked::Raw { .. } | Asked::Events { .. } => true,
            Asked::At { .. } | Asked::Processed { .. } => false,
        }
    }
}

/// The times that are sent for a tag that is at this place.
fn times(start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>, series: &Series) -> Times {
    match start {
        Some(_) => (series.from.or(start), end),
        None if series.both_times => (series.from.or(end), Some(FIRST)),
        None => (None, series.from.or(end)),
    }
}

fn span(start: DateTime<Utc>, end: DateTime<Utc>) -> Duration {
    let span: TimeDelta = if start < end { end - start } else { start - end };
    span.to_std().unwrap_or_default()
}

impl HistoryQuery {
    /// The moment that relative times count from.
    async fn now(&self, client: &Client) -> Result<DateTime<Utc>> {
        if !self.server_clock || !self.is_relative() {
            return Ok(Utc::now());
        }
        let inner = client.inner();
        let target = Target::value(&NodeId::numeric(0, CURRENT_TIME));
        let samples = inner.link().read(&[target], 0.0).await;
        let samples = samples.map_err(|failure| inner.error(Operation::History, failure))?;
        match samples.into_iter().next() {
            Some(sample) => match sample.value {
                Value::DateTime(now) if !sample.status.is_bad() => Ok(now),
                _ => Err(Error::Item {
                    operation: OPERATION,
                    tag: crate::Tag::numeric(0, CURRENT_TIME),
                    status: sample.status,
                }),
            },
            None => Err(senseless("the server does not tell its time")),
        }
    }

    fn is_relative(&self) -> bool {
        match &self.kind {
            Kind::Raw(range) | Kind::Aggregate { range, .. } => range.is_relative(),
            Kind::At(times) => times.iter().any(crate::da::HdaTime::is_relative),
        }
    }
}
