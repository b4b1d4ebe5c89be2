//! [`Regions`]: an interval cut at its samples (Part 13, 5.4.3.2).

use chrono::{DateTime, Utc};

use crate::Quality;

use super::grid::{RESOLUTION, nanoseconds};
use super::point::Point;

/// The time from one point to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) nanoseconds: i128,
    pub(super) quality: Quality,
    /// The numbers at both ends, where they are some.
    pub(super) from: Option<f64>,
    pub(super) to: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    time: DateTime<Utc>,
    number: Option<f64>,
    quality: Quality,
    usable: bool,
}

impl Open {
    fn at(point: &Point) -> Open {
        Open { time: point.time, number: point.number, quality: point.quality, usable: point.usable }
    }
}

/// Cuts an interval into regions: fed with its start bound, the samples within, and its end bound.
#[derive(Debug)]
pub(super) struct Regions {
    stepped: bool,
    /// Samples that are not usable are left out, and the lines go past them.
    skips: bool,
    open: Option<Open>,
}

impl Regions {
    pub(super) fn new(stepped: bool) -> Regions {
        Regions { stepped, skips: false, open: None }
    }

    /// Those of a time average with interpolated bounds.
    pub(super) fn skipping() -> Regions {
        Regions { stepped: false, skips: true, open: None }
    }

    /// The region that ends at a point: the start bound, or a sample.
    pub(super) fn next(&mut self, point: &Point) -> Option<Region> {
        if let Some(open) = self.open.as_mut().filter(|_| self.skips && !point.usable) {
            spoil(open);
            return None;
        }
        let region = self.open.map(|open| self.close(open, point));
        let mut open = Open::at(point);
        // Uncertain data that is treated as bad is bad from here on. A bound that is uncertain for want of a good value
        // after it still holds a good one.
        if !self.skips && open.quality == Quality::Uncertain && !point.usable && !point.held {
            open.quality = Quality::Bad;
        }
        self.open = Some(open);
        region
    }

    /// The region that ends at the end bound. Where the data ends in it, it is one unit long.
    pub(super) fn last(&mut self, point: &Point, data_ends: bool) -> Option<Region> {
        let mut open = self.open.take()?;
        if self.skips && !point.usable {
            spoil(&mut open);
        }
        let mut region = self.close(open, point);
        if self.skips && point.quality != Quality::Bad {
            region.to = point.number;
        }
        if !self.skips && data_ends && open.usable {
            region.nanoseconds = region.nanoseconds.min(nanoseconds(RESOLUTION));
        }
        Some(region)
    }

    fn close(&self, mut open: Open, point: &Point) -> Region {
        let mut to = open.number;
        if !self.stepped {
            if !point.usable || point.quality != Quality::Good {
                spoil(&mut open);
            }
            if point.usable {
                to = point.number;
            }
        }
        let nanoseconds = nanoseconds(point.time - open.time);
        Region { nanoseconds, quality: open.quality, from: open.number, to }
    }
}

fn spoil(open: &mut Open) {
    open.quality = open.quality.min(Quality::Uncertain);
}
