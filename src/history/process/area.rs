//! `TimeAverage`, `TimeAverage2`, `Total` and `Total2` (Part 13, 5.4.3.6 to 5.4.3.9).

use crate::status::code;
use crate::{Quality, Status};

use super::fold::{Context, Fold, Place, Row};
use super::grid::nanoseconds;
use super::point::{Point, real};
use super::quality::Shares;
use super::region::{Region, Regions};
use super::sum::Sum;

/// The area below the values.
#[derive(Debug)]
pub(super) struct Area {
    regions: Regions,
    interpolated: bool,
    total: bool,
    sum: Sum,
    shares: Shares,
    invalid: bool,
}

impl Area {
    pub(super) fn interpolated(total: bool) -> Area {
        Area::new(Regions::skipping(), true, total)
    }

    pub(super) fn simple(stepped: bool, total: bool) -> Area {
        Area::new(Regions::new(stepped), false, total)
    }

    fn new(regions: Regions, interpolated: bool, total: bool) -> Area {
        let (sum, shares) = (Sum::default(), Shares::default());
        Area { regions, interpolated, total, sum, shares, invalid: false }
    }

    fn add(&mut self, region: Region) {
        self.shares.add(region.quality, region.nanoseconds);
        if region.quality == Quality::Bad {
            return;
        }
        match (region.from, region.to) {
            (Some(from), Some(to)) => self.sum.add((from / 2.0 + to / 2.0) * real(region.nanoseconds)),
            _ if region.nanoseconds > 0 => self.invalid = true,
            _ => {}
        }
    }

    fn status(&self, context: &Context<'_>, shares: Shares) -> Status {
        if self.interpolated {
            return match shares.uncertain + shares.bad {
                0 => Status::GOOD,
                _ => code::UNCERTAIN_DATA_SUB_NORMAL,
            };
        }
        match shares.by_time(context.configuration) {
            // The example data has no bad row where a value was calculated from good data, however little.
            status if status.is_bad() && shares.good > 0 => code::UNCERTAIN_DATA_SUB_NORMAL,
            status => status,
        }
    }
}

impl Fold for Area {
    fn take(&mut self, point: &Point, place: Place) {
        let region = match place {
            Place::Late { data_ends } => self.regions.last(point, data_ends),
            _ => self.regions.next(point),
        };
        if let Some(region) = region {
            self.add(region);
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let area = std::mem::take(&mut self.sum).value();
        let shares = std::mem::take(&mut self.shares);
        if std::mem::take(&mut self.invalid) {
            return Row::invalid(context.slot);
        }
        let covered = shares.good + shares.uncertain;
        if covered == 0 {
            return Row::nothing(context.slot);
        }
        let average = area / real(covered);
        // Part 13, 5.4.3.8: the average times the interval, not times the time that the average is of.
        let seconds = real(nanoseconds(context.slot.length())) / 1e9;
        let number = if self.total { average * seconds } else { average };
        Row::number(context, number, self.status(context, shares))
    }
}
