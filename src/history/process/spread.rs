//! `StandardDeviationSample` and its three kin (Part 13, 5.4.3.37 to 5.4.3.40).

use crate::{Quality, Status};

use super::fold::{Context, Fold, Place, Row};
use super::point::{Point, real};

/// Welford's way to a variance, which does not take the difference of large numbers.
#[derive(Debug)]
pub(super) struct Spread {
    sample: bool,
    root: bool,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    number: i128,
    mean: f64,
    squares: f64,
    invalid: bool,
}

impl Spread {
    pub(super) fn new(sample: bool, root: bool) -> Spread {
        Spread { sample, root, seen: Seen::default() }
    }
}

impl Fold for Spread {
    fn take(&mut self, point: &Point, _place: Place) {
        let seen = &mut self.seen;
        match point.number {
            Some(number) if point.quality == Quality::Good => {
                seen.number += 1;
                let before = number - seen.mean;
                seen.mean += before / real(seen.number);
                seen.squares += before * (number - seen.mean);
            }
            None if point.usable => seen.invalid = true,
            _ => {}
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let Seen { number, squares, invalid, .. } = std::mem::take(&mut self.seen);
        if invalid {
            return Row::invalid(context.slot);
        }
        let divisor = match (number, self.sample) {
            (0, _) => return Row::nothing(context.slot),
            // One value does not differ from itself.
            (1, _) => 1,
            (_, true) => number - 1,
            (_, false) => number,
        };
        let variance = squares / real(divisor);
        Row::number(context, if self.root { variance.sqrt() } else { variance }, Status::GOOD)
    }
}
