//! Raw values (Part 11, 6.5.3.2).

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::server::node_manager::HistoryNode;
use opcua::types::{HistoryData, ReadRawModifiedDetails};

use super::point::{resumed, suspend};
use super::value::weight;
use super::{Reader, Target, given, settle, status_of};
use crate::history::Sample;
use crate::sim::code;
use crate::sim::history::store::Direction;
use crate::sim::history::{Past, TICK};
use crate::{Status, Value};

impl Reader<'_> {
    pub(in super::super) fn raw_or_modified(&self, details: &ReadRawModifiedDetails, node: &mut HistoryNode) {
        let result = match self.open(node) {
            Err(status) => Err(status),
            Ok((Target::Annotations(past), _)) => self.annotations(details, past, node),
            Ok((Target::Item(past), frame)) if details.is_read_modified => {
                self.modified(details, past, &frame, node)
            }
            Ok((Target::Item(past), frame)) => self.raw(details, past, &frame, node),
        };
        settle(node, result);
    }

    fn raw(
        &self,
        details: &ReadRawModifiedDetails,
        past: Past<'_>,
        frame: &super::value::Frame,
        node: &mut HistoryNode,
    ) -> Result<(), Status> {
        let mut way = match resumed::<Way>(node)? {
            Some(way) => way,
            None => Way::new(Domain::new(details)?, details.return_bounds),
        };
        let mut samples = way.page(past, self.page, self.bytes)?;
        annotated(past, &mut samples)?;
        let status = status_of(&samples);
        let values = samples.into_iter().map(|sample| frame.value(sample)).collect();
        node.set_result(HistoryData { data_values: Some(values) });
        node.set_status(status);
        if way.stage != Stage::Over {
            suspend(node, way);
        }
        Ok(())
    }
}

/// Marks the samples that somebody wrote something beside (Part 11, 5.1.2 and 6.5.7): the bit `ExtraData`.
fn annotated(past: Past<'_>, samples: &mut [Sample]) -> Result<(), Status> {
    let times = || samples.iter().map(|sample| sample.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(()) };
    let annotations: HashSet<_> = past.annotations(first, last)?.iter().map(|one| one.time).collect();
    if annotations.is_empty() {
        return Ok(());
    }
    for sample in samples.iter_mut().filter(|sample| annotations.contains(&sample.time)) {
        // A bound that there is not has no value that anything could be written beside.
        if sample.status != code::BAD_BOUND_NOT_FOUND {
            sample.status = sample.status.with_extra_data();
        }
    }
    Ok(())
}

/// Which samples are asked for, and in which order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Domain {
    pub(super) direction: Direction,
    pub(super) start: DateTime<Utc>,
    pub(super) end: Option<DateTime<Utc>>,
    /// At most so many in one answer.
    pub(super) page: Option<usize>,
    /// At most so many in all.
    pub(super) left: Option<usize>,
}

impl Domain {
    /// Two of start, end and count are needed; with an end before the start, or an end alone, time flows backwards.
    pub(super) fn new(details: &ReadRawModifiedDetails) -> Result<Domain, Status> {
        Domain::of(given(details.start_time), given(details.end_time), details.num_values_per_node)
    }

    pub(super) fn of(
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
        count: u32,
    ) -> Result<Domain, Status> {
        let count = usize::try_from(count).ok().filter(|count| *count > 0);
        let (direction, start, end, page, left) = match (start, end) {
            (Some(start), Some(end)) if end < start => (Direction::Backward, start, Some(end), count, None),
            (Some(start), Some(end)) => (Direction::Forward, start, Some(end), count, None),
            (Some(start), None) if count.is_some() => (Direction::Forward, start, None, None, count),
            (None, Some(end)) if count.is_some() => (Direction::Backward, end, None, None, count),
            _ => return Err(code::BAD_HISTORY_OPERATION_INVALID),
        };
        Ok(Domain { direction, start, end, page, left })
    }

    /// The start belongs to it, the end does not, unless they are the same.
    pub(super) fn holds(&self, time: DateTime<Utc>) -> bool {
        match (self.direction, self.end) {
            (_, None) => true,
            (Direction::Forward, Some(end)) => time < end || (time == end && self.start == end),
            (Direction::Backward, Some(end)) => time > end,
        }
    }

    /// The earliest and the latest time that it may hold.
    pub(super) fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        match self.direction {
            Direction::Forward => (self.start, self.end.unwrap_or(DateTime::<Utc>::MAX_UTC)),
            Direction::Backward => (self.end.unwrap_or(DateTime::<Utc>::MIN_UTC), self.start),
        }
    }

    /// How many go into one answer, where the server gives no more than `most`.
    pub(super) fn most(&self, most: usize) -> usize {
        most.min(self.page.unwrap_or(usize::MAX)).min(self.left.unwrap_or(usize::MAX))
    }

    /// So many have been given; whether this was all that were asked for.
    pub(super) fn given(&mut self, count: usize) -> bool {
        self.left = self.left.map(|left| left.saturating_sub(count));
        self.left == Some(0)
    }
}

/// The way through the samples of one node, with where it has got to.
#[derive(Debug)]
struct Way {
    domain: Domain,
    bounds: bool,
    stage: Stage,
    /// The time of the value told last.
    last: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// At the bound at the start.
    Start,
    /// At the first sample from this time on.
    From(DateTime<Utc>),
    /// At the bound at the end.
    End,
    Over,
}

/// How far from the last value a bound is said to be missing where no time was asked for (Part 11, Table 1).
const BEYOND: TimeDelta = TimeDelta::seconds(1);

impl Way {
    fn new(domain: Domain, bounds: bool) -> Way {
        let stage = if bounds { Stage::Start } else { Stage::From(domain.start) };
        Way { domain, bounds, stage, last: None }
    }

    /// The next samples. It costs what they cost, wherever they are.
    fn page(&mut self, past: Past<'_>, most: usize, bytes: usize) -> Result<Vec<Sample>, Status> {
        let most = self.domain.most(most);
        // One more tells whether there is one more.
        let mut found: Vec<(Stage, Sample)> = Vec::new();
        while self.stage != Stage::Over && found.len() <= most {
            self.step(past, most + 1 - found.len(), &mut found)?;
        }
        let mut room = bytes;
        let fits = found.iter().take(most).take_while(|(_, sample)| {
            let needed = weight(sample);
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        });
        // One value at least, or it would never end.
        let count = fits.count().max(1);
        if let Some((stage, _)) = found.get(count) {
            self.stage = *stage;
        }
        found.truncate(count);
        self.last = found.last().map(|(_, sample)| sample.time).or(self.last);
        if self.domain.given(found.len()) {
            self.stage = Stage::Over;
        }
        Ok(found.into_iter().map(|(_, sample)| sample).collect())
    }

    /// Adds what is at the place it has got to, and goes on.
    fn step(&mut self, past: Past<'_>, want: usize, found: &mut Vec<(Stage, Sample)>) -> Result<(), Status> {
        let Domain { direction, start, end, .. } = self.domain;
        match self.stage {
            Stage::Start => {
                let bound = past.scan(start, opposite(direction), 1)?.pop();
                self.stage = beyond(start, direction).map_or(Stage::End, Stage::From);
                found.push((Stage::Start, bound.unwrap_or_else(|| missing(start))));
            }
            Stage::From(time) => {
                let samples = past.scan(time, direction, want)?;
                let whole = samples.len() >= want;
                let last = samples.last().map(|sample| sample.time);
                let inside = samples.into_iter().take_while(|sample| self.domain.holds(sample.time));
                found.extend(inside.map(|sample| (Stage::From(sample.time), sample)));
                let next = last.filter(|last| whole && self.domain.holds(*last));
                let next = next.and_then(|last| beyond(last, direction));
                self.stage = next.map_or(Stage::End, Stage::From);
            }
            Stage::End => {
                self.stage = Stage::Over;
                if !self.bounds {
                    return Ok(());
                }
                let Some(end) = end else {
                    let last = found.last().map(|(_, sample)| sample.time).or(self.last).unwrap_or(start);
                    let step = if direction == Direction::Forward { BEYOND } else { -BEYOND };
                    let time = last.checked_add_signed(step).unwrap_or(last);
                    found.push((Stage::End, missing(time)));
                    return Ok(());
                };
                let bound = past.scan(end, direction, 1)?.pop();
                // Where start and end are the same, a sample right there is both bounds.
                if start == end && bound.as_ref().is_some_and(|bound| bound.time == end) {
                    return Ok(());
                }
                found.push((Stage::End, bound.unwrap_or_else(|| missing(end))));
            }
            Stage::Over => {}
        }
        Ok(())
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Forward => Direction::Backward,
        Direction::Backward => Direction::Forward,
    }
}

/// The first time that is not this one any more.
fn beyond(time: DateTime<Utc>, direction: Direction) -> Option<DateTime<Utc>> {
    match direction {
        Direction::Forward => time.checked_add_signed(TICK),
        Direction::Backward => time.checked_sub_signed(TICK),
    }
}

/// There is no bound at this time (Part 11, 4.4).
fn missing(time: DateTime<Utc>) -> Sample {
    Sample { time, value: Value::Null, status: code::BAD_BOUND_NOT_FOUND }
}
