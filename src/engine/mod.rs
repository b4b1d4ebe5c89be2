//! The only room that imports the engine (`async-opcua`, library name `opcua`). Everything else speaks our own types
//! and the small interface below, so that either side of the engine can be replaced without the rest noticing.

#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "conversions go both ways; a build without the client uses some")
)]

#[cfg(feature = "client")]
pub(crate) mod client;
pub(crate) mod convert;
#[cfg(feature = "sim")]
pub(crate) mod server;

use chrono::{DateTime, Utc};

use crate::{Reading, Status, Tag, Value};

/// A value with its quality and times, not yet tied to a tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) value: Value,
    pub(crate) status: Status,
    pub(crate) source_time: Option<DateTime<Utc>>,
    pub(crate) server_time: Option<DateTime<Utc>>,
}

impl Sample {
    /// No value, only a status.
    pub(crate) fn status(status: Status) -> Sample {
        Sample { value: Value::Null, status, source_time: None, server_time: None }
    }

    /// The status says how good a value is, not that there is none to be had (Part 8, Table A.65).
    #[cfg(feature = "client")]
    pub(crate) fn gives_value(&self) -> bool {
        gives_value(self.status)
    }

    pub(crate) fn into_reading(self, tag: Tag) -> Reading {
        Reading {
            tag,
            value: self.value,
            status: self.status,
            source_time: self.source_time,
            server_time: self.server_time,
        }
    }
}

/// See [`Sample::gives_value`].
#[cfg(feature = "client")]
pub(crate) fn gives_value(status: Status) -> bool {
    !status.is_bad() || crate::da::BAD_QUALITIES.contains(&status.code())
}
