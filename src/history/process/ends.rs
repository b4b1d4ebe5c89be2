//! `Start`, `End`, `Delta`, and the bounds themselves: `Interpolative`, `StartBound`, `EndBound` and `DeltaBounds`
//! (Part 13, 5.4.3.4 and 5.4.3.25 to 5.4.3.30).

use crate::history::Aggregate;
use crate::history::Origin;
use crate::status::code;
use crate::{Quality, Status, Value};

use super::fold::{Context, Fold, Place, Row};
use super::point::{Point, like};
use super::spec::ProcessSpec;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

/// `Start` and `End`: the earliest and the latest sample, whatever it is and in whatever direction time flows.
#[derive(Debug)]
pub(super) struct End {
    edge: Edge,
    point: Option<Point>,
}

impl End {
    pub(super) fn new(edge: Edge) -> End {
        End { edge, point: None }
    }
}

impl Fold for End {
    fn take(&mut self, point: &Point, _place: Place) {
        if self.edge == Edge::End || self.point.is_none() {
            self.point = Some(point.clone());
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        match self.point.take() {
            Some(Point { time, value, status, .. }) => Row::new(time, value, status),
            None => Row::nothing(context.slot),
        }
    }
}

/// `Delta`: the latest good value less the earliest.
#[derive(Debug, Default)]
pub(super) struct Delta {
    first: Option<(f64, Value)>,
    last: Option<f64>,
    /// What is not good came before the first, or after the last.
    skipped: bool,
    skipped_since: bool,
    invalid: bool,
}

impl Fold for Delta {
    fn take(&mut self, point: &Point, _place: Place) {
        match point.number {
            Some(number) if point.quality == Quality::Good => {
                self.first.get_or_insert_with(|| (number, point.value.clone()));
                self.last = Some(number);
                self.skipped_since = false;
            }
            None if point.usable => self.invalid = true,
            _ if self.first.is_none() => self.skipped = true,
            _ => self.skipped_since = true,
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let Delta { first, last, skipped, skipped_since, invalid } = std::mem::take(self);
        let (Some((first, of)), Some(last), false) = (first, last, invalid) else {
            return if invalid { Row::invalid(context.slot) } else { Row::nothing(context.slot) };
        };
        let status = if skipped || skipped_since { code::UNCERTAIN_DATA_SUB_NORMAL } else { Status::GOOD };
        difference(context, first, last, &of, status)
    }
}

fn difference(context: &Context<'_>, first: f64, last: f64, of: &Value, status: Status) -> Row {
    match last - first {
        delta if delta.is_finite() => Row::calculated(context, like(delta, of), status),
        _ => Row::invalid(context.slot),
    }
}

/// One of the bounds: `Interpolative`, `StartBound`, `EndBound`.
#[derive(Debug)]
pub(super) struct BoundOf {
    /// It is told as it is, however bad.
    interpolative: bool,
    edge: Edge,
    early: bool,
    bound: Option<Point>,
}

impl BoundOf {
    pub(super) fn new(edge: Edge, spec: &ProcessSpec) -> BoundOf {
        let interpolative = spec.aggregate == Aggregate::Interpolative;
        BoundOf { interpolative, edge, early: (edge == Edge::Start) != spec.reverse(), bound: None }
    }
}

impl Fold for BoundOf {
    fn take(&mut self, point: &Point, place: Place) {
        let wanted = match place {
            Place::Early => self.early,
            Place::Late { .. } => !self.early,
            Place::Within => false,
        };
        if wanted {
            self.bound = Some(point.clone());
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let Some(Point { value, status, usable, .. }) = self.bound.take() else {
            return Row::nothing(context.slot);
        };
        if !usable && !self.interpolative {
            return Row::nothing(context.slot);
        }
        let calculated = self.edge == Edge::End;
        let status = if calculated { status.with_origin(Origin::Calculated) } else { status };
        Row::new(context.slot.start(), value, status)
    }
}

/// `DeltaBounds`: the end bound less the start bound.
#[derive(Debug)]
pub(super) struct DeltaBounds {
    reverse: bool,
    early: Option<Point>,
    late: Option<Point>,
}

impl DeltaBounds {
    pub(super) fn new(spec: &ProcessSpec) -> DeltaBounds {
        DeltaBounds { reverse: spec.reverse(), early: None, late: None }
    }
}

impl Fold for DeltaBounds {
    fn take(&mut self, point: &Point, place: Place) {
        match place {
            Place::Early => self.early = Some(point.clone()),
            Place::Late { .. } => self.late = Some(point.clone()),
            Place::Within => {}
        }
    }

    fn row(&mut self, context: &Context<'_>) -> Row {
        let usable = |bound: Option<Point>| bound.filter(|bound| bound.usable);
        let (Some(early), Some(late)) = (usable(self.early.take()), usable(self.late.take())) else {
            return Row::nothing(context.slot);
        };
        let (start, end) = if self.reverse { (late, early) } else { (early, late) };
        let (Some(first), Some(last)) = (start.number, end.number) else {
            return Row::invalid(context.slot);
        };
        let status = match start.quality.min(end.quality) {
            Quality::Good => Status::GOOD,
            _ => code::UNCERTAIN_DATA_SUB_NORMAL,
        };
        difference(context, first, last, &start.value, status)
    }
}
