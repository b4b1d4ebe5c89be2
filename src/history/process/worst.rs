//! `WorstQuality` and `WorstQuality2` (Part 13, 5.4.3.35 and 5.4.3.36): a status as a value.

use crate::{Status, Value};

use super::fold::{Context, Fold, Place, Row};
use super::point::Point;

/// The first of the worst, and how many are as bad.
#[derive(Debug, Default)]
pub(super) struct Worst {
    worst: Option<Status>,
    number: usize,
}

impl Fold for Worst {
    fn take(&mut self, point: &Point, _place: Place) {
        let status = point.status.code();
        match self.worst {
            Some(worst) if worst.quality() < status.quality() => {}
            Some(worst) if worst.quality() == status.quality() => self.number += 1,
            _ => (self.worst, self.number) = (Some(status), 1),
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let Worst { worst, number } = std::mem::take(self);
        let Some(worst) = worst else { return Row::nothing(context.slot) };
        let several = number > 1 && !worst.is_good();
        // All that is good is told as `Good`.
        let value = if worst.is_good() { Status::GOOD } else { worst };
        let mut row = Row::calculated(context, Value::StatusCode(value), Status::GOOD);
        if several {
            row.status = row.status.with_multiple_values();
        }
        row
    }
}
