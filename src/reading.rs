//! [`Reading`]: one value of one tag at one time, and [`TimeRange`].

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::value::handover;
use crate::{Error, FromValue, Operation, Quality, Result, Status, Tag, Value};

/// One value of one tag at one time: what `read`, `subscribe` and `history` all give.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// The tag as it was asked for.
    pub tag: Tag,
    /// The value; [`Value::Null`] where the server has none.
    pub value: Value,
    /// How good the value is.
    pub status: Status,
    /// When the value was taken at its source.
    pub source_time: Option<DateTime<Utc>>,
    /// When the server last knew the value to be true.
    pub server_time: Option<DateTime<Utc>>,
}

impl Reading {
    /// A good reading without times.
    pub fn new(tag: Tag, value: impl Into<Value>) -> Reading {
        Reading { tag, value: value.into(), status: Status::GOOD, source_time: None, server_time: None }
    }

    /// Good, uncertain or bad.
    pub fn quality(&self) -> Quality {
        self.status.quality()
    }

    /// The source time, else the server time.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.source_time.or(self.server_time)
    }

    /// The value as `T`.
    ///
    /// # Errors
    /// [`Error::Quality`] unless the quality is good, [`Error::Convert`] unless the conversion is exact.
    pub fn get<T: FromValue>(&self) -> Result<T> {
        if !self.status.is_good() {
            return Err(Error::Quality {
                operation: Operation::Read,
                tag: self.tag.clone(),
                quality: self.quality(),
                status: self.status,
            });
        }
        T::from_value(self.value.clone()).map_err(|source| Error::Convert {
            operation: Operation::Read,
            tag: self.tag.clone(),
            source,
        })
    }
}

/// From the tags of a server only, with [`Client::read_into`](crate::Client::read_into): no other format knows one.
impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reading, D::Error> {
        deserializer.deserialize_newtype_struct(handover::READING, Whole)
    }
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = Reading;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag that has a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Reading, E> {
        handover::take_reading().ok_or_else(|| E::invalid_type(de::Unexpected::Unit, &self))
    }
}

/// A span of time; `start` may be later than `end` where newest-first is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// Where it starts.
    pub start: DateTime<Utc>,
    /// Where it ends.
    pub end: DateTime<Utc>,
}

impl TimeRange {
    /// The `span` that ends now. A span beyond what a date can hold starts at the earliest date.
    pub fn last(span: Duration) -> TimeRange {
        let end = Utc::now();
        let start = TimeDelta::from_std(span)
            .ok()
            .and_then(|span| end.checked_sub_signed(span))
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        TimeRange { start, end }
    }
}

impl From<Range<DateTime<Utc>>> for TimeRange {
    fn from(range: Range<DateTime<Utc>>) -> TimeRange {
        TimeRange { start: range.start, end: range.end }
    }
}
