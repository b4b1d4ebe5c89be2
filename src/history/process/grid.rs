//! [`Grid`]: the intervals of a range, from early to late (Part 13, 5.4.2.2).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::TimeRange;

/// An interval. A forward one has its early end and not its late one, a reverse one its late end and not its early one:
/// the start belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) early: DateTime<Utc>,
    pub(super) late: DateTime<Utc>,
    pub(super) reverse: bool,
    /// It is shorter than the others.
    pub(super) cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    Inside,
    After,
}

impl Slot {
    pub(super) fn side(&self, time: DateTime<Utc>) -> Side {
        let (before, after) = if self.reverse {
            (time <= self.early, time > self.late)
        } else {
            (time < self.early, time >= self.late)
        };
        match (before, after) {
            (true, _) => Side::Before,
            (_, true) => Side::After,
            _ => Side::Inside,
        }
    }

    /// Neither end.
    pub(super) fn is_within(&self, time: DateTime<Utc>) -> bool {
        self.early < time && time < self.late
    }

    /// Where it starts as time flows in the range: the time of its row.
    pub(super) fn start(&self) -> DateTime<Utc> {
        if self.reverse { self.late } else { self.early }
    }

    /// Where it ends as time flows in the range.
    pub(super) fn end(&self) -> DateTime<Utc> {
        if self.reverse { self.early } else { self.late }
    }

    pub(super) fn length(&self) -> TimeDelta {
        self.late - self.early
    }

    /// The last time that belongs to it: one unit of the resolution from its end (Part 13, 3.1.3).
    pub(super) fn effective_end(&self) -> DateTime<Utc> {
        let unit = if self.length() > RESOLUTION { RESOLUTION } else { TimeDelta::zero() };
        if self.reverse { self.early + unit } else { self.late - unit }
    }
}

/// The unit of time where the standard leaves it to the server (Part 13, 5.4.2.4): that of its example data.
pub(super) const RESOLUTION: TimeDelta = TimeDelta::milliseconds(1);

/// The intervals that are still to come, from early to late.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    at: DateTime<Utc>,
    end: DateTime<Utc>,
    interval: TimeDelta,
    /// What the first one is shortened to.
    first: Option<TimeDelta>,
    reverse: bool,
}

impl Grid {
    pub(super) fn new(range: TimeRange, interval: Duration) -> Grid {
        let reverse = range.end < range.start;
        let (at, end) = if reverse { (range.end, range.start) } else { (range.start, range.end) };
        let whole = end - at;
        let interval = TimeDelta::from_std(interval).unwrap_or(whole).min(whole);
        let interval = if interval.is_zero() { whole } else { interval };
        // Intervals are counted from the start: in reverse it is the earliest that has the rest.
        let rest = rest(whole, interval);
        let first = (reverse && !rest.is_zero()).then_some(rest);
        Grid { at, end, interval, first, reverse }
    }

    /// How many are to come.
    pub(super) fn len(&self) -> u64 {
        let whole = nanoseconds(self.end - self.at);
        let interval = nanoseconds(self.interval).max(1);
        u64::try_from((whole + interval - 1) / interval).unwrap_or(u64::MAX)
    }
}

impl Iterator for Grid {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        if self.at >= self.end {
            return None;
        }
        let (early, reverse) = (self.at, self.reverse);
        let length = self.first.take().unwrap_or(self.interval).min(self.end - early);
        self.at = early + length;
        Some(Slot { early, late: self.at, reverse, cut: length < self.interval })
    }
}

fn rest(whole: TimeDelta, interval: TimeDelta) -> TimeDelta {
    let rest = nanoseconds(whole) % nanoseconds(interval).max(1);
    let (seconds, rest) = (rest / 1_000_000_000, rest % 1_000_000_000);
    match (i64::try_from(seconds), i64::try_from(rest)) {
        (Ok(seconds), Ok(rest)) => {
            TimeDelta::try_seconds(seconds).unwrap_or_default() + TimeDelta::nanoseconds(rest)
        }
        _ => TimeDelta::zero(),
    }
}

/// A span as a whole number; any span that dates can have fits.
pub(super) fn nanoseconds(span: TimeDelta) -> i128 {
    i128::from(span.num_seconds()) * 1_000_000_000 + i128::from(span.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn slots(from: i64, to: i64, interval: u64) -> Vec<(i64, i64, bool)> {
        let grid = Grid::new(TimeRange { start: at(from), end: at(to) }, Duration::from_secs(interval));
        assert_eq!(Ok(grid.len()), grid.clone().count().try_into());
        grid.map(|slot| (slot.early.timestamp(), slot.late.timestamp(), slot.cut)).collect()
    }

    #[test]
    fn intervals_are_those_of_the_standard() {
        assert_eq!(slots(0, 10, 5), [(0, 5, false), (5, 10, false)]);
        assert_eq!(slots(0, 11, 5), [(0, 5, false), (5, 10, false), (10, 11, true)]);
        assert_eq!(slots(0, 10, 0), [(0, 10, false)]);
        assert_eq!(slots(0, 10, 20), [(0, 10, false)]);
        assert_eq!(slots(11, 0, 5), [(0, 1, true), (1, 6, false), (6, 11, false)]);
        assert_eq!(slots(10, 0, 0), [(0, 10, false)]);
    }

    #[test]
    fn the_start_belongs_to_an_interval_and_the_end_does_not() {
        let forward = Slot { early: at(0), late: at(5), reverse: false, cut: false };
        assert_eq!(
            [-1, 0, 4, 5].map(|t| forward.side(at(t))),
            [Side::Before, Side::Inside, Side::Inside, Side::After]
        );
        let reverse = Slot { reverse: true, ..forward };
        assert_eq!(
            [0, 1, 5, 6].map(|t| reverse.side(at(t))),
            [Side::Before, Side::Inside, Side::Inside, Side::After]
        );
    }

    #[test]
    fn the_longest_range_in_the_shortest_intervals_is_counted() {
        let range = TimeRange { start: DateTime::<Utc>::MIN_UTC, end: DateTime::<Utc>::MAX_UTC };
        assert_eq!(Grid::new(range, Duration::from_nanos(1)).len(), u64::MAX);
        assert_eq!(Grid::new(range, Duration::MAX).len(), 1);
    }
}
