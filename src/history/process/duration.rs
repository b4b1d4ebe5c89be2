//! `DurationInStateZero`, `DurationInStateNonZero`, `DurationGood`, `DurationBad`, `PercentGood` and `PercentBad`
//! (Part 13, 5.4.3.22, 5.4.3.23 and 5.4.3.31 to 5.4.3.34). Durations are in milliseconds.

use crate::{Quality, Status};

use super::fold::{Context, Fold, Place, Row};
use super::point::{Point, real};
use super::quality::Shares;
use super::region::{Region, Regions};

fn milliseconds(nanoseconds: i128) -> f64 {
    real(nanoseconds) / 1e6
}

fn region(regions: &mut Regions, point: &Point, place: Place) -> Option<Region> {
    match place {
        Place::Late { data_ends } => regions.last(point, data_ends),
        _ => regions.next(point),
    }
}

#[derive(Debug)]
pub(super) struct StateDuration {
    zero: bool,
    /// A state lasts until the next sample, whatever lies between values.
    regions: Regions,
    nanoseconds: i128,
    shares: Shares,
    invalid: bool,
}

impl StateDuration {
    pub(super) fn new(zero: bool) -> StateDuration {
        let (regions, shares) = (Regions::new(true), Shares::default());
        StateDuration { zero, regions, nanoseconds: 0, shares, invalid: false }
    }
}

impl Fold for StateDuration {
    fn take(&mut self, point: &Point, place: Place) {
        let Some(region) = region(&mut self.regions, point, place) else { return };
        self.shares.add(region.quality, region.nanoseconds);
        match region.from {
            _ if region.quality != Quality::Good => {}
            Some(number) if (number == 0.0) == self.zero => self.nanoseconds += region.nanoseconds,
            Some(_) => {}
            None => self.invalid = true,
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let nanoseconds = std::mem::take(&mut self.nanoseconds);
        let shares = std::mem::take(&mut self.shares);
        if std::mem::take(&mut self.invalid) {
            return Row::invalid(context.slot);
        }
        Row::calculated(context, milliseconds(nanoseconds), shares.by_time(context.configuration))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Good,
    Bad,
}

#[derive(Debug)]
pub(super) struct Durations {
    wanted: Wanted,
    percent: bool,
    regions: Regions,
    shares: Shares,
}

impl Durations {
    pub(super) fn new(wanted: Wanted, percent: bool) -> Durations {
        Durations { wanted, percent, regions: Regions::new(true), shares: Shares::default() }
    }
}

impl Fold for Durations {
    fn take(&mut self, point: &Point, place: Place) {
        if let Some(region) = region(&mut self.regions, point, place) {
            self.shares.add(region.quality, region.nanoseconds);
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let shares = std::mem::take(&mut self.shares);
        let (good, bad) = shares.good_and_bad(context.configuration);
        let wanted = if self.wanted == Wanted::Good { good } else { bad };
        let number = if self.percent {
            real(wanted) / real(shares.all().max(1)) * 100.0
        } else {
            milliseconds(wanted)
        };
        Row::calculated(context, number, Status::GOOD)
    }
}
