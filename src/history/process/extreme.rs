//! `Minimum`, `Maximum`, `Range` and their kin (Part 13, 5.4.3.10 to 5.4.3.19).

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use crate::history::Origin;
use crate::status::code;
use crate::value::number::Number;
use crate::{Quality, Status, Value};

use super::fold::{Context, Fold, Place, Row};
use super::point::{Point, like};
use super::quality::Shares;
use super::region::Regions;
use super::spec::ProcessSpec;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Minimum,
    Maximum,
    Range,
}

/// The smallest or the largest of the points so far.
#[derive(Debug)]
struct Extreme {
    time: DateTime<Utc>,
    value: Value,
    number: f64,
    status: Status,
    /// Others are as small or as large.
    several: bool,
}

fn update(extreme: &mut Option<Extreme>, point: &Point, number: f64, wanted: Ordering) {
    let order = extreme.as_ref().map_or(wanted, |old| compare(&point.value, number, &old.value, old.number));
    if order == wanted {
        let Point { time, status, .. } = *point;
        *extreme = Some(Extreme { time, value: point.value.clone(), number, status, several: false });
    } else if order == Ordering::Equal
        && let Some(old) = extreme
    {
        old.several = true;
    }
}

/// Integers of 64 bits are more exact than an `f64`.
fn compare(value: &Value, number: f64, other: &Value, than: f64) -> Ordering {
    match number.partial_cmp(&than).unwrap_or(Ordering::Equal) {
        Ordering::Equal => match (Number::of(value), Number::of(other)) {
            (Some(Number::Integer(value)), Some(Number::Integer(other))) => value.cmp(&other),
            _ => Ordering::Equal,
        },
        order => order,
    }
}

#[derive(Debug, Default)]
struct Both {
    smallest: Option<Extreme>,
    largest: Option<Extreme>,
}

impl Both {
    fn take(&mut self, point: &Point, number: f64) {
        update(&mut self.smallest, point, number, Ordering::Less);
        update(&mut self.largest, point, number, Ordering::Greater);
    }

    fn range(&self) -> Option<(f64, &Value)> {
        let (smallest, largest) = (self.smallest.as_ref()?, self.largest.as_ref()?);
        Some((largest.number - smallest.number, &smallest.value))
    }

    fn chosen(self, which: Which) -> Option<Extreme> {
        if which == Which::Maximum { self.largest } else { self.smallest }
    }
}

/// `Minimum`, `Maximum`, with or without their own times, and `Range`: of the good samples.
#[derive(Debug)]
pub(super) struct Extremes {
    which: Which,
    actual_time: bool,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    good: Both,
    uncertain: Both,
    not_usable: bool,
    invalid: bool,
}

impl Extremes {
    pub(super) fn new(which: Which, actual_time: bool) -> Extremes {
        Extremes { which, actual_time, seen: Seen::default() }
    }
}

impl Fold for Extremes {
    fn take(&mut self, point: &Point, _place: Place) {
        let seen = &mut self.seen;
        match point.number {
            _ if !point.usable => seen.not_usable = true,
            None => seen.invalid = true,
            Some(number) if point.quality == Quality::Good => seen.good.take(point, number),
            Some(number) => seen.uncertain.take(point, number),
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let Seen { good, uncertain, not_usable, invalid } = std::mem::take(&mut self.seen);
        if invalid {
            return Row::invalid(context.slot);
        }
        let Some((range, of)) = good.range() else { return Row::nothing(context.slot) };
        // An uncertain value beyond the good ones makes these uncertain.
        let beyond = |good: &Option<Extreme>, other: &Option<Extreme>, wanted| match (good, other) {
            (Some(good), Some(other)) => {
                compare(&other.value, other.number, &good.value, good.number) == wanted
            }
            _ => false,
        };
        let below =
            self.which != Which::Maximum && beyond(&good.smallest, &uncertain.smallest, Ordering::Less);
        let above =
            self.which != Which::Minimum && beyond(&good.largest, &uncertain.largest, Ordering::Greater);
        let status =
            if not_usable || below || above { code::UNCERTAIN_DATA_SUB_NORMAL } else { Status::GOOD };
        if self.which == Which::Range {
            return in_type(context, range, of, status);
        }
        match good.chosen(self.which) {
            Some(extreme) => told(context, extreme, status, self.actual_time),
            None => Row::nothing(context.slot),
        }
    }
}

/// `Minimum2`, `Maximum2`, with or without their own times, and `Range2`: the bounds counted.
#[derive(Debug)]
pub(super) struct ExtremesWithBounds {
    which: Which,
    actual_time: bool,
    stepped: bool,
    /// The late bound lies beyond the interval: the value does not go there where it is held.
    without_late: bool,
    seen: SeenWithBounds,
    regions: Regions,
}

#[derive(Debug, Default)]
struct SeenWithBounds {
    both: Both,
    shares: Shares,
    invalid: bool,
}

impl ExtremesWithBounds {
    pub(super) fn new(which: Which, actual_time: bool, spec: &ProcessSpec) -> ExtremesWithBounds {
        ExtremesWithBounds {
            which,
            actual_time,
            stepped: spec.stepped,
            without_late: spec.stepped && !spec.reverse(),
            seen: SeenWithBounds::default(),
            regions: Regions::new(spec.stepped),
        }
    }
}

impl Fold for ExtremesWithBounds {
    fn take(&mut self, point: &Point, place: Place) {
        let region = match place {
            Place::Late { data_ends } => self.regions.last(point, data_ends),
            _ => self.regions.next(point),
        };
        if let Some(region) = region {
            self.seen.shares.add(region.quality, region.nanoseconds);
        }
        if self.without_late && matches!(place, Place::Late { .. }) {
            return;
        }
        match point.number {
            Some(number) if point.usable => self.seen.both.take(point, number),
            None if point.usable => self.seen.invalid = true,
            _ => {}
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let SeenWithBounds { both, shares, invalid } = std::mem::take(&mut self.seen);
        if invalid {
            return Row::invalid(context.slot);
        }
        let Some((range, of)) = both.range() else { return Row::nothing(context.slot) };
        let status = shares.by_time(context.configuration);
        if status.is_bad() {
            return Row::new(context.slot.start(), Value::Null, status);
        }
        if self.which == Which::Range {
            return in_type(context, range, of, status);
        }
        let Some(mut extreme) = both.chosen(self.which) else { return Row::nothing(context.slot) };
        let status = status.with_origin(extreme.status.origin());
        if self.actual_time && extreme.time == context.slot.end() && !self.stepped {
            // The end does not belong to the interval: the value of its bound is told for the time just before.
            extreme.time = context.slot.effective_end();
            return told(context, extreme, status.with_origin(Origin::Interpolated), true);
        }
        told(context, extreme, status, self.actual_time)
    }
}

fn in_type(context: &Context<'_>, number: f64, of: &Value, status: Status) -> Row {
    if number.is_finite() {
        Row::calculated(context, like(number, of), status)
    } else {
        Row::invalid(context.slot)
    }
}

/// Calculated is what is told for another time than its own.
fn told(context: &Context<'_>, extreme: Extreme, status: Status, actual_time: bool) -> Row {
    let start = context.slot.start();
    let moved = !actual_time && extreme.time != start && status.origin() == Origin::Raw;
    let status = if moved { status.with_origin(Origin::Calculated) } else { status };
    let status = if extreme.several { status.with_multiple_values() } else { status };
    Row::new(if actual_time { extreme.time } else { start }, extreme.value, status)
}
