//! [`Row`]: a reading, or why there is none.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use openopc::{Error, Quality, Reading, Status, Tag, Value};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Record, Title, Tone};
use crate::exit::chain;

/// One tag's line of `read`, `watch` and whatever else gives readings.
pub(crate) struct Row<'a> {
    tag: &'a Tag,
    outcome: Result<&'a Reading, &'a Error>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(tag: &'a Tag, outcome: Result<&'a Reading, &'a Error>) -> Row<'a> {
        Row { tag, outcome }
    }

    fn status(&self) -> Option<Status> {
        match self.outcome {
            Ok(reading) => Some(reading.status),
            Err(error) => error.status(),
        }
    }
}

impl<'a> From<&'a Reading> for Row<'a> {
    fn from(reading: &'a Reading) -> Row<'a> {
        Row { tag: &reading.tag, outcome: Ok(reading) }
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tag", self.tag)?;
        match self.outcome {
            Ok(reading) => {
                map.serialize_entry("value", &reading.value)?;
                map.serialize_entry("type", &reading.value.type_text())?;
                map.serialize_entry("quality", &reading.quality().to_string())?;
                map.serialize_entry("status", &reading.status.name())?;
                map.serialize_entry("source_time", &reading.source_time.map(time_text))?;
                map.serialize_entry("server_time", &reading.server_time.map(time_text))?;
            }
            Err(error) => {
                if let Some(status) = error.status() {
                    map.serialize_entry("status", &status.name())?;
                }
                map.serialize_entry("error", &chain(error))?;
            }
        }
        map.end()
    }
}

impl Record for Row<'_> {
    const FIELDS: &'static [&'static str] =
        &["tag", "value", "type", "quality", "status", "source_time", "server_time", "error"];

    const TITLES: &'static [Title] = &[
        Title::Always("Tag"),
        Title::Always("Value"),
        Title::Always("Quality"),
        Title::Always("Time"),
        Title::IfAny("Status"),
        Title::IfAny("Error"),
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        let tag = Cow::Borrowed(self.tag.as_str());
        let status = self.status().map_or(Cow::Borrowed(""), Status::name);
        let none = || Cow::Borrowed("");
        match self.outcome {
            Ok(reading) => vec![
                tag,
                field(&reading.value),
                reading.value.type_text().into(),
                reading.quality().to_string().into(),
                status,
                reading.source_time.map(time_text).unwrap_or_default().into(),
                reading.server_time.map(time_text).unwrap_or_default().into(),
                none(),
            ],
            Err(error) => vec![tag, none(), none(), none(), status, none(), none(), chain(error).into()],
        }
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        let status = self.status().filter(|status| !is_plain(*status));
        let status = status.map(|status| status.to_string()).unwrap_or_default().into();
        let tag = Cow::Borrowed(self.tag.as_str());
        match self.outcome {
            Ok(reading) => vec![
                tag,
                field(&reading.value),
                reading.quality().to_string().into(),
                reading
                    .time()
                    .map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
                    .unwrap_or_default()
                    .into(),
                status,
                Cow::Borrowed(""),
            ],
            Err(error) => {
                let none = Cow::Borrowed("");
                // OpenOPC's word for an item without a reading.
                vec![tag, none.clone(), Cow::Borrowed("Error"), none, status, chain(error).into()]
            }
        }
    }

    fn name(&self) -> Cow<'_, str> {
        self.tag.as_str().into()
    }

    fn value(&self) -> Cow<'_, str> {
        self.outcome.map(|reading| field(&reading.value)).unwrap_or_default()
    }

    fn error(&self) -> Option<String> {
        match self.outcome {
            Ok(reading) if reading.status.is_good() => None,
            Ok(reading) => Some(format!("read `{}`: {}", self.tag, reading.status)),
            Err(error) => Some(chain(error)),
        }
    }

    fn tone(&self) -> Tone {
        match self.outcome.map(Reading::quality) {
            Ok(Quality::Good) => Tone::Good,
            Ok(Quality::Uncertain) => Tone::Uncertain,
            Ok(_) | Err(_) => Tone::Bad,
        }
    }
}

/// Good, and nothing more to it. The bits for overflow and limits count only where the info type says that they are set
/// (Part 4, 7.39.1).
fn is_plain(status: Status) -> bool {
    status.code() == Status::GOOD && status.bits() & 0x400 == 0
}

/// A value as plain text; nothing where there is none.
pub(crate) fn field(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => other.to_string().into(),
    }
}

/// RFC 3339 in UTC with all digits there are.
pub(crate) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
