//! [`Fold`]: what every aggregate is, and which is which.

use chrono::{DateTime, Utc};

use crate::history::{Aggregate as A, AggregateConfiguration, Origin};
use crate::status::code;
use crate::{Status, Value};

use super::area::Area;
use super::average::Average;
use super::count::{AnnotationCount, Count, Transitions};
use super::duration::{Durations, StateDuration, Wanted};
use super::ends::{BoundOf, Delta, DeltaBounds, Edge, End};
use super::extreme::{Extremes, ExtremesWithBounds, Which};
use super::grid::Slot;
use super::point::Point;
use super::spec::ProcessSpec;
use super::spread::Spread;
use super::worst::Worst;

/// Where in an interval a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the early bound.
    Early,
    /// It is a sample: of those with bounds only between these.
    Within,
    /// It is the late bound. Where the data ends before it, what is left is one unit long.
    Late { data_ends: bool },
}

/// What is known of an interval beside its points.
pub(super) struct Context<'a> {
    pub(super) slot: &'a Slot,
    pub(super) configuration: AggregateConfiguration,
    pub(super) annotations: usize,
}

/// The value of an interval.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) time: DateTime<Utc>,
    pub(super) value: Value,
    pub(super) status: Status,
}

impl Row {
    pub(super) fn new(time: DateTime<Utc>, value: impl Into<Value>, status: Status) -> Row {
        Row { time, value: value.into(), status }
    }

    pub(super) fn calculated(context: &Context<'_>, value: impl Into<Value>, status: Status) -> Row {
        Row::new(context.slot.start(), value, status.with_origin(Origin::Calculated))
    }

    /// Of a number, which may have become too large.
    pub(super) fn number(context: &Context<'_>, number: f64, status: Status) -> Row {
        if number.is_finite() { Row::calculated(context, number, status) } else { Row::invalid(context.slot) }
    }

    pub(super) fn nothing(slot: &Slot) -> Row {
        Row::new(slot.start(), Value::Null, code::BAD_NO_DATA)
    }

    /// Part 13, 5.3.2: what is there cannot be calculated with.
    pub(super) fn invalid(slot: &Slot) -> Row {
        Row::new(slot.start(), Value::Null, code::BAD_AGGREGATE_INVALID_INPUTS)
    }
}

/// An aggregate: fed with the points of an interval from early to late, then asked for its row, then with the next.
pub(super) trait Fold: Send {
    fn take(&mut self, point: &Point, place: Place);

    /// A sample that lies before the first interval.
    fn take_before(&mut self, _point: &Point) {}

    /// The row, and a new start.
    fn row(&mut self, context: &Context<'_>) -> Row;
}

pub(super) fn fold(spec: &ProcessSpec) -> Box<dyn Fold> {
    let stepped = spec.stepped;
    match spec.aggregate {
        A::Average => Box::<Average>::default(),
        A::TimeAverage => Box::new(Area::interpolated(false)),
        A::Total => Box::new(Area::interpolated(true)),
        A::TimeAverage2 => Box::new(Area::simple(stepped, false)),
        A::Total2 => Box::new(Area::simple(stepped, true)),
        A::Minimum => Box::new(Extremes::new(Which::Minimum, false)),
        A::Maximum => Box::new(Extremes::new(Which::Maximum, false)),
        A::MinimumActualTime => Box::new(Extremes::new(Which::Minimum, true)),
        A::MaximumActualTime => Box::new(Extremes::new(Which::Maximum, true)),
        A::Range => Box::new(Extremes::new(Which::Range, false)),
        A::Minimum2 => Box::new(ExtremesWithBounds::new(Which::Minimum, false, spec)),
        A::Maximum2 => Box::new(ExtremesWithBounds::new(Which::Maximum, false, spec)),
        A::MinimumActualTime2 => Box::new(ExtremesWithBounds::new(Which::Minimum, true, spec)),
        A::MaximumActualTime2 => Box::new(ExtremesWithBounds::new(Which::Maximum, true, spec)),
        A::Range2 => Box::new(ExtremesWithBounds::new(Which::Range, false, spec)),
        A::AnnotationCount => Box::new(AnnotationCount),
        A::Count => Box::<Count>::default(),
        A::NumberOfTransitions => Box::<Transitions>::default(),
        A::DurationInStateZero => Box::new(StateDuration::new(true)),
        A::DurationInStateNonZero => Box::new(StateDuration::new(false)),
        A::Start => Box::new(End::new(Edge::Start)),
        A::End => Box::new(End::new(Edge::End)),
        A::Delta => Box::<Delta>::default(),
        A::Interpolative | A::StartBound => Box::new(BoundOf::new(Edge::Start, spec)),
        A::EndBound => Box::new(BoundOf::new(Edge::End, spec)),
        A::DeltaBounds => Box::new(DeltaBounds::new(spec)),
        A::DurationGood => Box::new(Durations::new(Wanted::Good, false)),
        A::DurationBad => Box::new(Durations::new(Wanted::Bad, false)),
        A::PercentGood => Box::new(Durations::new(Wanted::Good, true)),
        A::PercentBad => Box::new(Durations::new(Wanted::Bad, true)),
        A::WorstQuality | A::WorstQuality2 => Box::<Worst>::default(),
        A::StandardDeviationSample => Box::new(Spread::new(true, true)),
        A::StandardDeviationPopulation => Box::new(Spread::new(false, true)),
        A::VarianceSample => Box::new(Spread::new(true, false)),
        A::VariancePopulation => Box::new(Spread::new(false, false)),
    }
}
