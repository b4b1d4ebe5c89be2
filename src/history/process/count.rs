//! `AnnotationCount`, `Count` and `NumberOfTransitions` (Part 13, 5.4.3.20, 5.4.3.21 and 5.4.3.24).

use crate::{Status, Value};

use super::fold::{Context, Fold, Place, Row};
use super::point::Point;
use super::quality::Shares;

/// An `Int32`, as Part 13, Table 13 has it.
fn count(number: i128) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn counted(context: &Context<'_>, number: i128, shares: Shares) -> Row {
    match shares.by_count(context.configuration) {
        status if status.is_bad() => Row::new(context.slot.start(), Value::Null, status),
        status => Row::calculated(context, count(number), status),
    }
}

#[derive(Debug)]
pub(super) struct AnnotationCount;

impl Fold for AnnotationCount {
    fn take(&mut self, _point: &Point, _place: Place) {}

    fn row(&mut self, context: &Context<'_>) -> Row {
        let annotations = i32::try_from(context.annotations).unwrap_or(i32::MAX);
        Row::calculated(context, annotations, Status::GOOD)
    }
}

#[derive(Debug, Default)]
pub(super) struct Count {
    shares: Shares,
}

impl Fold for Count {
    fn take(&mut self, point: &Point, _place: Place) {
        self.shares.add(point.quality, 1);
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let shares = std::mem::take(&mut self.shares);
        counted(context, shares.good, shares)
    }
}

/// How often a value is another than the one before, which may lie before the interval. The first of all is one.
#[derive(Debug, Default)]
pub(super) struct Transitions {
    last: Option<Value>,
    number: i128,
    shares: Shares,
}

impl Fold for Transitions {
    fn take(&mut self, point: &Point, _place: Place) {
        self.shares.add(point.quality, 1);
        if point.usable && !self.last.as_ref().is_some_and(|last| same(last, &point.value)) {
            self.number += 1;
            self.last = Some(point.value.clone());
        }
    }

    fn take_before(&mut self, point: &Point) {
        if point.usable {
            self.last = Some(point.value.clone());
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let (number, shares) = (std::mem::take(&mut self.number), std::mem::take(&mut self.shares));
        counted(context, number, shares)
    }
}

/// Unlike in arithmetic, NaN is NaN here.
fn same(value: &Value, other: &Value) -> bool {
    let nan = |value: &Value| value.to_f64_lossy().is_some_and(f64::is_nan);
    value == other || (nan(value) && nan(other))
}
