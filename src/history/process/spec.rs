//! [`ProcessSpec`]: what is to be calculated, over which intervals, and what must be fed for it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::history::{Aggregate, AggregateConfiguration, Sample};
use crate::status::code;
use crate::{Status, TimeRange, Value};

use super::grid::Grid;

/// One aggregate over the intervals of a range: what `ReadProcessedDetails` asks for one node (Part 11, 6.5.4).
///
/// ```
/// use std::time::Duration;
/// use openopc::TimeRange;
/// use openopc::history::{Aggregate, ProcessSpec};
///
/// let spec = ProcessSpec {
///     stepped: true,
///     ..ProcessSpec::new(Aggregate::Average, TimeRange::last(Duration::from_secs(3600)), Duration::from_secs(60))
/// };
/// assert_eq!(spec.before(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessSpec {
    /// What is calculated.
    pub aggregate: Aggregate,
    /// What counts as good.
    pub configuration: AggregateConfiguration,
    /// Between two samples the value is the earlier one (`Stepped` of Part 11, 5.2.3), else it lies on a line between
    /// both. Values that are no numbers are always held.
    pub stepped: bool,
    /// From when to when: the start belongs to it, the end does not. An end before the start gives the rows from late
    /// to early, and intervals that are counted from the start too.
    pub range: TimeRange,
    /// How long each interval is; the last one may be shorter. Zero, or more than the range, is one interval over all.
    pub interval: Duration,
}

impl ProcessSpec {
    /// With the standard's configuration, and lines between samples.
    pub fn new(aggregate: Aggregate, range: impl Into<TimeRange>, interval: Duration) -> ProcessSpec {
        ProcessSpec {
            aggregate,
            configuration: AggregateConfiguration::default(),
            stepped: false,
            range: range.into(),
            interval,
        }
    }

    /// How many samples that [count](ProcessSpec::counts) must be known from before the range, as far as there are
    /// any: 1, or 2 where the slope of the last two may go on beyond the data.
    ///
    /// Fetch backwards from [`earliest`](ProcessSpec::earliest) until so many that count are found or the data
    /// begins, and feed *all* that was met on the way, whatever its status: also data that does not count says where
    /// the data begins, and what lies between.
    pub fn before(&self) -> usize {
        let sloped = self.configuration.use_sloped_extrapolation && self.slopes();
        if self.bounds() == Bounds::Interpolated && sloped { 2 } else { 1 }
    }

    /// How many samples that [count](ProcessSpec::counts) must be known at or after the end of the range, as far as
    /// there are any: always 1. Fetch on from [`latest`](ProcessSpec::latest) until one is found or the data ends, and
    /// feed *all* that was met on the way. Without one the data is taken to end with the last sample that was fed.
    pub fn after(&self) -> usize {
        1
    }

    /// Whether a sample is one of those that [`before`](ProcessSpec::before) and [`after`](ProcessSpec::after) count:
    /// it is good, or uncertain where that is not treated as bad.
    pub fn counts(&self, sample: &Sample) -> bool {
        self.usable(sample.status)
    }

    /// The earlier end of the range: samples before it are those of [`before`](ProcessSpec::before).
    pub fn earliest(&self) -> DateTime<Utc> {
        self.range.start.min(self.range.end)
    }

    /// The later end of the range: samples at and after it are those of [`after`](ProcessSpec::after).
    pub fn latest(&self) -> DateTime<Utc> {
        self.range.start.max(self.range.end)
    }

    /// How many rows it gives.
    ///
    /// # Errors
    /// As [`check`](ProcessSpec::check).
    pub fn rows(&self) -> Result<u64, ProcessError> {
        self.check()?;
        Ok(Grid::new(self.range, self.interval).len())
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    /// [`ProcessError::EmptyRange`] where the range ends when it starts (Part 13, 5.4.2.2),
    /// [`ProcessError::Percent`] where a percentage is beyond 100, [`ProcessError::Percentages`] where the two leave it open
    /// what is good.
    pub fn check(&self) -> Result<(), ProcessError> {
        if self.range.start == self.range.end {
            return Err(ProcessError::EmptyRange { at: self.range.start });
        }
        let AggregateConfiguration { percent_data_bad, percent_data_good, .. } = self.configuration;
        for (name, percent) in
            [("percent_data_bad", percent_data_bad), ("percent_data_good", percent_data_good)]
        {
            if percent > 100 {
                return Err(ProcessError::Percent { name, percent });
            }
        }
        if !self.configuration.is_decided() {
            return Err(ProcessError::Percentages { good: percent_data_good, bad: percent_data_bad });
        }
        Ok(())
    }

    pub(super) fn usable(&self, status: Status) -> bool {
        status.is_good() || !(status.is_bad() || self.configuration.treat_uncertain_as_bad)
    }

    pub(super) fn reverse(&self) -> bool {
        self.range.end < self.range.start
    }

    /// Lines are drawn between samples: always by the aggregates of Part 13, 5.4.3.6 and 5.4.3.8.
    pub(super) fn slopes(&self) -> bool {
        !self.stepped || matches!(self.aggregate, Aggregate::TimeAverage | Aggregate::Total)
    }

    pub(super) fn bounds(&self) -> Bounds {
        use Aggregate as A;
        match self.aggregate {
            A::Interpolative | A::TimeAverage | A::Total => Bounds::Interpolated,
            A::TimeAverage2
            | A::Total2
            | A::Minimum2
            | A::Maximum2
            | A::MinimumActualTime2
            | A::MaximumActualTime2
            | A::Range2
            | A::DurationInStateZero
            | A::DurationInStateNonZero
            | A::StartBound
            | A::EndBound
            | A::DeltaBounds
            | A::DurationGood
            | A::DurationBad
            | A::PercentGood
            | A::PercentBad
            | A::WorstQuality2 => Bounds::Simple,
            _ => Bounds::None,
        }
    }

    /// It calculates with the values, which must be numbers (Part 13, Table 13), and not with NaN or infinities.
    pub(super) fn calculates(&self) -> bool {
        use Aggregate as A;
        !matches!(
            self.aggregate,
            A::Interpolative
                | A::AnnotationCount
                | A::Count
                | A::NumberOfTransitions
                | A::Start
                | A::End
                | A::StartBound
                | A::EndBound
                | A::DurationGood
                | A::DurationBad
                | A::PercentGood
                | A::PercentBad
                | A::WorstQuality
                | A::WorstQuality2
        )
    }

    /// The value is of a kind that it calculates with: states are for the two that tell how long one lasted.
    pub(super) fn takes(&self, value: &Value) -> bool {
        let states =
            matches!(self.aggregate, Aggregate::DurationInStateZero | Aggregate::DurationInStateNonZero);
        states || !self.calculates() || !matches!(value, Value::Boolean(_))
    }

    /// The bit is told where an interval is not complete. Of all tables of the standard's examples only those of these
    /// two never have it.
    pub(super) fn tells_partial(&self) -> bool {
        !matches!(self.aggregate, Aggregate::Interpolative | Aggregate::Average)
    }
}

/// How the values at the ends of an interval are found (Part 13, 3.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bounds {
    /// They are not needed.
    None,
    /// From the nearest samples, whatever these are (3.1.9).
    Simple,
    /// From the nearest samples that count (3.1.8).
    Interpolated,
}

/// What cannot be calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The range ends when it starts.
    #[error(
        "nothing lies between {at} and the same time: give a range with an end that differs from its start"
    )]
    EmptyRange {
        /// When.
        at: DateTime<Utc>,
    },
    /// A percentage is beyond 100.
    #[error("{name} is {percent}: give a percentage from 0 to 100")]
    Percent {
        /// Which field of [`AggregateConfiguration`].
        name: &'static str,
        /// What it is.
        percent: u8,
    },
    /// The same data would be good and bad (Part 13, 4.2.1.2).
    #[error(
        "percent_data_good is {good} and percent_data_bad {bad}: together they must be at least 100, or the same data would be \
         both"
    )]
    Percentages {
        /// From how many percent of good data on a row is good.
        good: u8,
        /// From how many percent of bad data on a row is bad.
        bad: u8,
    },
    /// Samples must be fed from early to late, whatever the direction of the range.
    #[error("a sample of {time} came after one of {last}: feed samples from early to late")]
    Order {
        /// When the sample is from.
        time: DateTime<Utc>,
        /// When the one before it is from.
        last: DateTime<Utc>,
    },
}

impl ProcessError {
    /// The status a server answers with: `BadInvalidArgument` or, for percentages (Part 13, 4.2.1.2),
    /// `BadAggregateInvalidInputs`.
    pub fn status(&self) -> Status {
        match self {
            ProcessError::EmptyRange { .. } | ProcessError::Order { .. } => code::BAD_INVALID_ARGUMENT,
            ProcessError::Percent { .. } | ProcessError::Percentages { .. } => {
                code::BAD_AGGREGATE_INVALID_INPUTS
            }
        }
    }
}
