//! [`Past`]: what is known around a time, and the bounds that follow from it (Part 13, 3.1.8 and 3.1.9).

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::Quality;

use super::point::Point;
use super::spec::{Bounds, ProcessSpec};

/// The samples that came, of which some were taken: those are at or before the time that is looked at.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The last that is usable, of those taken.
    usable: Option<Point>,
    /// The usable one before it, where both are numbers.
    second: Option<(DateTime<Utc>, f64)>,
    /// When the first came that is not usable, since the last that is.
    unusable_since: Option<DateTime<Utc>>,
    /// The last one taken, where it is not usable.
    unusable: Option<Point>,
    /// When the first one is from, and the last one taken.
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    /// No bounds are asked for: only times are kept of those taken.
    boundless: bool,
    /// Those to come.
    coming: VecDeque<Point>,
    /// How many of those at the front are known not to be usable.
    searched: usize,
    /// No more will come.
    pub(super) over: bool,
}

impl Past {
    pub(super) fn new(bounds: Bounds) -> Past {
        Past { boundless: bounds == Bounds::None, ..Past::default() }
    }

    pub(super) fn come(&mut self, point: Point) {
        self.coming.push_back(point);
    }

    pub(super) fn next(&self) -> Option<&Point> {
        self.coming.front()
    }

    /// Moves the next one from those to come to those that were taken.
    pub(super) fn take_next(&mut self) {
        if let Some(point) = self.coming.pop_front() {
            self.searched = self.searched.saturating_sub(1);
            self.take(point);
        }
    }

    /// Takes one at once. Only where none is to come.
    pub(super) fn take(&mut self, point: Point) {
        self.first.get_or_insert(point.time);
        self.last = Some(point.time);
        if self.boundless {
            return;
        }
        if point.usable {
            self.unusable_since = None;
            self.unusable = None;
            let before = self.usable.replace(point);
            self.second = before.and_then(|point| Some((point.time, point.number?)));
        } else {
            self.unusable_since.get_or_insert(point.time);
            self.unusable = Some(point);
        }
    }

    /// When the data starts, as far as any came.
    pub(super) fn first(&self) -> Option<DateTime<Utc>> {
        self.first.or_else(|| Some(self.next()?.time))
    }

    /// When the data ends, once that is known: none is to come.
    pub(super) fn last(&self) -> Option<DateTime<Utc>> {
        self.last.filter(|_| self.over && self.coming.is_empty())
    }

    /// The last that was taken.
    fn previous(&self) -> Option<&Point> {
        self.unusable.as_ref().or(self.usable.as_ref())
    }

    /// More must come before anything beyond those taken is known.
    pub(super) fn waits(&self) -> bool {
        self.coming.is_empty() && !self.over
    }

    /// The bound at a time, for which all before it must have been taken; `None` until enough came.
    pub(super) fn bound(&mut self, time: DateTime<Utc>, spec: &ProcessSpec) -> Option<Point> {
        match spec.bounds() {
            Bounds::Interpolated => self.interpolated(time, spec),
            _ => {
                if self.waits() {
                    None
                } else {
                    Some(self.simple(time, spec))
                }
            }
        }
    }

    fn simple(&self, time: DateTime<Utc>, spec: &ProcessSpec) -> Point {
        let previous = self.previous();
        let at = previous.filter(|point| point.time == time);
        if let Some(point) = at.or_else(|| self.next().filter(|point| point.time == time)) {
            return if point.quality == Quality::Bad { Point::nothing(time) } else { point.clone() };
        }
        let (Some(before), Some(after)) = (previous, self.next()) else { return Point::nothing(time) };
        if before.quality == Quality::Bad || !(before.usable || spec.stepped) {
            return Point::nothing(time);
        }
        if spec.stepped || !before.slopes() {
            let bound = before.held_until(time, true, spec);
            return Point { usable: bound.usable && before.usable, ..bound };
        }
        match after.number.filter(|_| after.usable && after.slopes()) {
            Some(number) => {
                let good = after.quality == Quality::Good;
                Point::on_line(before, (after.time, number), time, good, spec)
            }
            None => Point { held: before.quality == Quality::Good, ..before.held_until(time, false, spec) },
        }
    }

    fn interpolated(&mut self, time: DateTime<Utc>, spec: &ProcessSpec) -> Option<Point> {
        if let Some(point) = self.usable.as_ref().filter(|point| point.time == time) {
            return Some(point.clone());
        }
        let at = self.coming.iter().take_while(|point| point.time == time);
        if let Some(point) = at.into_iter().find(|point| point.usable) {
            return Some(point.clone());
        }
        if self.waits() {
            return None;
        }
        let Some(before) = &self.usable else { return Some(Point::nothing(time)) };
        if !spec.slopes() || !before.slopes() {
            let interrupted = self.unusable_since.is_some_and(|since| since < time);
            let beyond = self.unusable_since.is_none() && self.coming.is_empty();
            return Some(before.held_until(time, !interrupted && !beyond, spec));
        }
        while self.coming.get(self.searched).is_some_and(|point| !point.usable) {
            self.searched += 1;
        }
        Some(match self.coming.get(self.searched) {
            Some(after) => match after.number.filter(|_| after.slopes()) {
                Some(number) => {
                    let adjacent = self.searched == 0 && self.unusable_since.is_none();
                    let good = adjacent && after.quality == Quality::Good;
                    Point::on_line(before, (after.time, number), time, good, spec)
                }
                None => before.held_until(time, false, spec),
            },
            None if !self.over => return None,
            None => match self.second.filter(|_| spec.configuration.use_sloped_extrapolation) {
                Some(second) => Point::on_line(before, second, time, false, spec),
                None => before.held_until(time, false, spec),
            },
        })
    }
}
