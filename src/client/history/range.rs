//! [`HistoryRange`]: from when to when, which may depend on what time it is.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeTo};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::TimeRange;
use crate::da::{HdaTime, ParseHdaTimeError};

/// From when to when: times, or HDA's texts that are other times every day. `start` may be later than `end`: the newest
/// comes first then. One of the two may be missing where it is said how many values are wanted.
///
/// As text, two times of [`HdaTime`] with `..` between them; a time alone goes on until now. What is no time is told by
/// [`parse`](str::parse) at once, and by the call where the text was given to it.
///
/// ```
/// use std::time::Duration;
/// use chrono::{DateTime, Utc};
/// use openopc::da::HdaTime;
/// use openopc::{HistoryRange, TimeRange};
///
/// let start: DateTime<Utc> = "2026-03-31T14:30:00Z".parse().unwrap();
/// let _ = HistoryRange::from(start..start + Duration::from_secs(60));
/// let _ = HistoryRange::from(TimeRange::last(Duration::from_secs(3600)));
/// let _ = HistoryRange::last(Duration::from_secs(3600)); // that ends when it is asked
/// assert_eq!("now-1d".parse::<HistoryRange>().unwrap().to_string(), "NOW-1D..NOW");
/// assert_eq!("DAY-1D .. DAY".parse::<HistoryRange>().unwrap().to_string(), "DAY-1D..DAY"); // yesterday
/// assert_eq!("..NOW".parse::<HistoryRange>().unwrap(), HistoryRange::until(HdaTime::NOW));
/// assert!("yesterday".parse::<HistoryRange>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRange(Result<Span, ParseHdaTimeError>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    start: Option<Edge>,
    end: Option<Edge>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Edge {
    At(HdaTime),
    /// So long before now.
    Ago(Duration),
}

impl HistoryRange {
    fn of(start: Option<Edge>, end: Option<Edge>) -> HistoryRange {
        HistoryRange(Ok(Span { start, end }))
    }

    /// From one time to another.
    pub fn new(start: impl Into<HdaTime>, end: impl Into<HdaTime>) -> HistoryRange {
        HistoryRange::of(Some(Edge::At(start.into())), Some(Edge::At(end.into())))
    }

    /// From this time on, as many as are wanted: see [`HistoryQuery::count`](crate::HistoryQuery::count).
    pub fn since(start: impl Into<HdaTime>) -> HistoryRange {
        HistoryRange::of(Some(Edge::At(start.into())), None)
    }

    /// From this time back, newest first, as many as are wanted: see
    /// [`HistoryQuery::count`](crate::HistoryQuery::count).
    pub fn until(end: impl Into<HdaTime>) -> HistoryRange {
        HistoryRange::of(None, Some(Edge::At(end.into())))
    }

    /// The `span` that ends at the moment it is asked for, on the clock that the query takes. [`TimeRange::last`] ends when it
    /// is made.
    pub fn last(span: Duration) -> HistoryRange {
        HistoryRange::of(Some(Edge::Ago(span)), Some(Edge::Ago(Duration::ZERO)))
    }

    /// It is another range with every `now`.
    pub fn is_relative(&self) -> bool {
        let relative = |edge: &Option<Edge>| match edge {
            Some(Edge::At(time)) => time.is_relative(),
            Some(Edge::Ago(_)) => true,
            None => false,
        };
        self.0.as_ref().is_ok_and(|span| relative(&span.start) || relative(&span.end))
    }

    /// The times it means at this moment, or what is wrong with them.
    pub(super) fn resolve(&self, now: DateTime<Utc>) -> Result<Times, String> {
        let span = self.0.as_ref().map_err(ToString::to_string)?;
        let time = |edge: &Option<Edge>| edge.as_ref().map(|edge| edge.resolve(now)).transpose();
        Ok((time(&span.start)?, time(&span.end)?))
    }
}

/// Start and end, where they are given.
pub(super) type Times = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl Edge {
    fn resolve(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
        match self {
            Edge::At(time) => time.resolve(now).map_err(|error| error.to_string()),
            // Longer than time has been: from its beginning.
            Edge::Ago(span) => Ok(TimeDelta::from_std(*span)
                .ok()
                .and_then(|span| now.checked_sub_signed(span))
                .unwrap_or(DateTime::<Utc>::MIN_UTC)),
        }
    }
}

impl From<TimeRange> for HistoryRange {
    fn from(range: TimeRange) -> HistoryRange {
        HistoryRange::new(range.start, range.end)
    }
}

impl From<Range<DateTime<Utc>>> for HistoryRange {
    fn from(range: Range<DateTime<Utc>>) -> HistoryRange {
        HistoryRange::new(range.start, range.end)
    }
}

impl From<RangeFrom<DateTime<Utc>>> for HistoryRange {
    fn from(range: RangeFrom<DateTime<Utc>>) -> HistoryRange {
        HistoryRange::since(range.start)
    }
}

impl From<RangeTo<DateTime<Utc>>> for HistoryRange {
    fn from(range: RangeTo<DateTime<Utc>>) -> HistoryRange {
        HistoryRange::until(range.end)
    }
}

/// What is no range is told by the call that gets it.
impl From<&str> for HistoryRange {
    fn from(text: &str) -> HistoryRange {
        text.parse().unwrap_or_else(|error| HistoryRange(Err(error)))
    }
}

/// As from `&str`.
impl From<String> for HistoryRange {
    fn from(text: String) -> HistoryRange {
        text.as_str().into()
    }
}

impl FromStr for HistoryRange {
    type Err = ParseHdaTimeError;

    fn from_str(text: &str) -> Result<HistoryRange, ParseHdaTimeError> {
        let edge = |text: &str| HdaTime::parse(text.trim()).map(Edge::At);
        let Some((start, end)) = text.split_once("..") else {
            return Ok(HistoryRange::of(Some(edge(text)?), Some(Edge::At(HdaTime::NOW))));
        };
        let side = |text: &str| if text.trim().is_empty() { Ok(None) } else { edge(text).map(Some) };
        match (side(start)?, side(end)?) {
            // No time at all: said as of a time that is missing.
            (None, None) => edge("").map(|_| HistoryRange::of(None, None)),
            (start, end) => Ok(HistoryRange::of(start, end)),
        }
    }
}

/// As it is parsed; a span is told as the time it goes back.
impl fmt::Display for HistoryRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |edge: &Option<Edge>| match edge {
            None => String::new(),
            Some(Edge::At(time)) => time.to_string(),
            Some(Edge::Ago(span)) if span.is_zero() => HdaTime::NOW.to_string(),
            Some(Edge::Ago(span)) => format!("NOW-{span:?}"),
        };
        match &self.0 {
            Ok(span) => f.pad(&format!("{}..{}", text(&span.start), text(&span.end))),
            Err(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_means_its_times() {
        let now = at("2026-03-31T14:30:00Z");
        let times = |text: &str| text.parse::<HistoryRange>().unwrap().resolve(now).unwrap();
        let (one, two) = (at("2026-03-30T14:30:00Z"), at("2026-03-31T14:30:00Z"));
        assert_eq!(times("NOW-1D"), (Some(one), Some(two)));
        assert_eq!(times("NOW - 1D .. NOW"), (Some(one), Some(two)));
        assert_eq!(times("NOW..NOW-1D"), (Some(two), Some(one)));
        assert_eq!(times("2026-03-30 14:30.."), (Some(one), None));
        assert_eq!(times("..2026-03-30T14:30:00.0Z"), (None, Some(one)));
        assert_eq!(times("2026-03-30 14:30:00.0..NOW"), (Some(one), Some(two)));
        assert_eq!(HistoryRange::from(one..two).resolve(now), Ok((Some(one), Some(two))));
        assert_eq!(HistoryRange::from(one..).resolve(now), Ok((Some(one), None)));
        assert_eq!(HistoryRange::from(..two).resolve(now), Ok((None, Some(two))));
        let day = HistoryRange::last(Duration::from_secs(86_400));
        assert_eq!(day.resolve(now), Ok((Some(one), Some(two))));
        assert!(day.is_relative() && !HistoryRange::from(one..two).is_relative());
        assert_eq!(HistoryRange::last(Duration::MAX).resolve(now).unwrap().0, Some(DateTime::<Utc>::MIN_UTC));
    }

    #[test]
    fn what_is_no_range_is_told_at_once_or_by_the_call() {
        for text in ["", "..", "soon", "NOW..soon", "NOW-1X..NOW"] {
            let error = text.parse::<HistoryRange>().unwrap_err();
            let kept = HistoryRange::from(text);
            assert_eq!(kept.resolve(Utc::now()).unwrap_err(), error.to_string());
            assert!(!kept.is_relative());
        }
    }
}
