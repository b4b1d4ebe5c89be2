//! The past of a signal, which nobody has to keep.

use chrono::{DateTime, Utc};

use super::store::Direction;
use crate::Status;
use crate::history::Sample;
use crate::sim::node::{Node, lock};

use super::series::{Series, Source};

/// What the program made of a signal, from a time on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) from: DateTime<Utc>,
    pub(crate) offset: f64,
    pub(crate) status: Status,
}

/// At most `limit` values from `from` on, none of them later than `now`.
pub(super) fn scan(
    series: &Series,
    node: &Node,
    seed: u64,
    now: DateTime<Utc>,
    (from, direction, limit): (DateTime<Utc>, Direction, usize),
) -> Vec<Sample> {
    let Source::Computed { every, since, turns } = &series.source else { return Vec::new() };
    let turns = lock(turns);
    let up_to = |time: DateTime<Utc>| time.timestamp_micros().div_euclid(*every);
    let from_on = |time: DateTime<Utc>| {
        // A time between two microseconds is after the earlier of them.
        let odd = i64::from(time.timestamp_subsec_nanos() % 1_000 != 0);
        -(-(time.timestamp_micros() + odd)).div_euclid(*every)
    };
    let (first, last) = (from_on(*since), up_to(now));
    let value = |step: i64| {
        let time = step.checked_mul(*every).and_then(DateTime::from_timestamp_micros)?;
        let turn = turns.get(..turns.partition_point(|turn| turn.from <= time)).and_then(<[Turn]>::last);
        let (offset, status) = turn.map_or((0.0, Status::GOOD), |turn| (turn.offset, turn.status));
        Some(node.was(time, seed, offset, status))
    };
    match direction {
        Direction::Forward => (from_on(from).max(first)..=last).map_while(value).take(limit).collect(),
        Direction::Backward => (first..=up_to(from).min(last)).rev().map_while(value).take(limit).collect(),
    }
}
