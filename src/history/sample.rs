//! [`Sample`]: what a historian keeps of one item at one time.

use chrono::{DateTime, Utc};

use crate::{Status, Value};

/// One value of the past: the tag it belongs to is known by the series it is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When the value was taken at its source. A series has one sample for each time.
    pub time: DateTime<Utc>,
    /// The value; [`Value::Null`] where there is none.
    pub value: Value,
    /// How good it is, and where it comes from ([`Status::origin`]).
    pub status: Status,
}

impl Sample {
    /// A good one.
    pub fn new(time: DateTime<Utc>, value: impl Into<Value>) -> Sample {
        Sample { time, value: value.into(), status: Status::GOOD }
    }

    /// One that is not good, or not raw.
    pub fn with_status(time: DateTime<Utc>, value: impl Into<Value>, status: Status) -> Sample {
        Sample { time, value: value.into(), status }
    }
}
