//! `Average` (Part 13, 5.4.3.5).

use crate::{Quality, Value};

use super::fold::{Context, Fold, Place, Row};
use super::point::Point;
use super::point::real;
use super::quality::Shares;
use super::sum::Sum;

#[derive(Debug, Default)]
pub(super) struct Average {
    sum: Sum,
    shares: Shares,
    invalid: bool,
}

impl Fold for Average {
    fn take(&mut self, point: &Point, _place: Place) {
        self.shares.add(point.quality, 1);
        match point.number {
            Some(number) if point.quality == Quality::Good => self.sum.add(number),
            None if point.usable => self.invalid = true,
            _ => {}
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let Average { sum, shares, invalid } = std::mem::take(self);
        if invalid {
            return Row::invalid(context.slot);
        }
        if shares.good == 0 {
            return Row::nothing(context.slot);
        }
        match shares.by_count(context.configuration) {
            status if status.is_bad() => Row::new(context.slot.start(), Value::Null, status),
            status => Row::number(context, sum.value() / real(shares.good), status),
        }
    }
}
