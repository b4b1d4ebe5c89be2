//! The past of a signal, which nobody has to keep.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use super::store::Direction;
use crate::Status;
use crate::history::Sample;
use crate::sim::node::{Node, lock};

use super::series::{Series, Source};

/// So often a signal can have been moved: what was before the oldest of these is forgotten.
const MOST: usize = 10_000;

/// What writes and the program made of a signal, from a time on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) from: DateTime<Utc>,
    pub(crate) offset: f64,
    pub(crate) status: Status,
}

/// Since when there is a past, and how the signal was moved.
#[derive(Debug)]
pub(super) struct Course {
    since: DateTime<Utc>,
    turns: VecDeque<Turn>,
}

impl Course {
    pub(super) fn new(since: DateTime<Utc>) -> Course {
        Course { since, turns: VecDeque::new() }
    }

    pub(super) fn add(&mut self, turn: Turn, every: i64) {
        // Of those between two values of the past only the last is ever seen.
        let step = |time: DateTime<Utc>| time.timestamp_micros().div_euclid(every);
        if self.turns.back().is_some_and(|last| step(last.from) == step(turn.from) && last.from < turn.from) {
            self.turns.pop_back();
        }
        self.turns.push_back(turn);
        if self.turns.len() > MOST {
            self.turns.pop_front();
            self.since = self.turns.front().map_or(self.since, |oldest| oldest.from);
        }
    }

    /// How far it had been moved by then, and its status.
    fn at(&self, time: DateTime<Utc>) -> (f64, Status) {
        let before = self.turns.partition_point(|turn| turn.from <= time);
        let turn = before.checked_sub(1).and_then(|last| self.turns.get(last));
        turn.map_or((0.0, Status::GOOD), |turn| (turn.offset, turn.status))
    }
}

/// At most `limit` values from `from` on, none of them later than `now`.
pub(super) fn scan(
    series: &Series,
    node: &Node,
    seed: u64,
    now: DateTime<Utc>,
    (from, direction, limit): (DateTime<Utc>, Direction, usize),
) -> Vec<Sample> {
    let Source::Computed { every, course } = &series.source else { return Vec::new() };
    let course = lock(course);
    let up_to = |time: DateTime<Utc>| time.timestamp_micros().div_euclid(*every);
    let from_on = |time: DateTime<Utc>| {
        // A time between two microseconds is after the earlier of them.
        let odd = i64::from(!time.timestamp_subsec_nanos().is_multiple_of(1_000));
        -(-(time.timestamp_micros() + odd)).div_euclid(*every)
    };
    let (first, last) = (from_on(course.since), up_to(now));
    let value = |step: i64| {
        let time = step.checked_mul(*every).and_then(DateTime::from_timestamp_micros)?;
        let (offset, status) = course.at(time);
        Some(node.was(time, seed, offset, status))
    };
    match direction {
        Direction::Forward => (from_on(from).max(first)..=last).map_while(value).take(limit).collect(),
        Direction::Backward => (first..=up_to(from).min(last)).rev().map_while(value).take(limit).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn moved(second: i64) -> Turn {
        Turn { from: at(second), offset: 1.0, status: Status::GOOD }
    }

    #[test]
    fn what_was_before_the_oldest_move_kept_is_forgotten() {
        let mut course = Course::new(at(0));
        let most = i64::try_from(MOST).unwrap();
        for second in 1..=most {
            course.add(moved(second), 1_000_000);
        }
        assert_eq!((course.turns.len(), course.since, course.at(at(0)).0), (MOST, at(0), 0.0));
        course.add(moved(most + 1), 1_000_000);
        assert_eq!((course.turns.len(), course.since), (MOST, at(2)));
        // Between two values of the past only the last is kept.
        let late = DateTime::from_timestamp_millis(most * 1_000 + 1_500).unwrap();
        course.add(Turn { from: late, offset: 2.0, status: Status::GOOD }, 1_000_000);
        assert_eq!((course.turns.len(), course.at(late).0), (MOST, 2.0));
    }
}
