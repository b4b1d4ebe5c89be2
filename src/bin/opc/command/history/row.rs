//! [`PastRow`]: a value of the past, what it was calculated from, and how it was changed.

use std::borrow::Cow;

use openopc::history::{Change, Modified};
use openopc::{Error, Reading, Status, Tag};
use serde::Serialize;

use crate::output::{Record, Row, Title, Tone, time_text};

/// What a page has in it.
pub(super) trait Past {
    const MODIFIED: bool;

    fn reading(&self) -> &Reading;

    fn change(&self) -> Option<&Modified>;
}

impl Past for Reading {
    const MODIFIED: bool = false;

    fn reading(&self) -> &Reading {
        self
    }

    fn change(&self) -> Option<&Modified> {
        None
    }
}

impl Past for Modified {
    const MODIFIED: bool = true;

    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn change(&self) -> Option<&Modified> {
        Some(self)
    }
}

/// One line: of a value, or of a tag that has none because of an error.
#[derive(Serialize)]
pub(super) struct PastRow<'a, T: Past> {
    #[serde(flatten)]
    row: Row<'a>,
    #[serde(flatten)]
    bits: Option<Bits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modification: Option<Modification<'a>>,
    #[serde(skip)]
    past: Option<&'a T>,
}

/// The historian's bits.
#[derive(Serialize)]
struct Bits {
    history: String,
    partial: bool,
    multiple_values: bool,
}

#[derive(Serialize)]
struct Modification<'a> {
    change: &'static str,
    time: Option<String>,
    user: Option<&'a str>,
}

impl<'a, T: Past> PastRow<'a, T> {
    pub(super) fn of(past: &'a T) -> PastRow<'a, T> {
        let reading = past.reading();
        let modification = past.change().map(|modified| Modification {
            change: change(modified.change),
            time: modified.time.map(time_text),
            user: modified.user.as_deref(),
        });
        PastRow { row: Row::from(reading), bits: Some(bits(reading.status)), modification, past: Some(past) }
    }

    pub(super) fn failed(tag: &'a Tag, error: &'a Error) -> PastRow<'a, T> {
        PastRow { row: Row::new(tag, Err(error)), bits: None, modification: None, past: None }
    }

    fn status(&self) -> Option<Status> {
        self.past.map(|past| past.reading().status)
    }

    /// Change, time and user.
    fn modification(&self) -> [Cow<'_, str>; 3] {
        match &self.modification {
            None => [const { Cow::Borrowed("") }; 3],
            Some(Modification { change, time, user }) => {
                let text = |text: Option<&str>| Cow::Owned(text.unwrap_or_default().to_owned());
                [Cow::Borrowed(*change), text(time.as_deref()), text(*user)]
            }
        }
    }
}

fn bits(status: Status) -> Bits {
    Bits {
        history: status.origin().to_string(),
        partial: status.is_partial(),
        multiple_values: status.has_multiple_values(),
    }
}

fn change(change: Change) -> &'static str {
    match change {
        Change::Insert => "Insert",
        Change::Replace => "Replace",
        Change::Update => "Update",
        Change::Delete => "Delete",
        _ => "Unknown",
    }
}

/// Those in the middle are there where it is about what was changed.
macro_rules! columns {
    ($modified:expr; $($first:expr),+; $($change:expr),+; $($last:expr),+) => {
        if $modified { &[$($first,)+ $($change,)+ $($last),+] } else { &[$($first,)+ $($last),+] }
    };
}

impl<T: Past> Record for PastRow<'_, T> {
    const FIELDS: &'static [&'static str] = columns![
        T::MODIFIED;
        "tag", "value", "type", "quality", "status", "source_time", "server_time", "history", "partial", "multiple_values";
        "change", "change_time", "user";
        "error"
    ];

    const TITLES: &'static [Title] = columns![
        T::MODIFIED;
        Title::Always("Tag"), Title::Always("Value"), Title::Always("Quality"), Title::Always("Time"), Title::Always("History");
        Title::Always("Change"), Title::Always("Changed"), Title::Always("User");
        Title::IfAny("Status"), Title::IfAny("Error")
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        let mut fields = self.row.fields();
        let error = fields.pop().unwrap_or_default();
        let text = |yes: bool| Cow::Borrowed(if yes { "true" } else { "false" });
        match &self.bits {
            Some(bits) => {
                fields.extend([bits.history.as_str().into(), text(bits.partial), text(bits.multiple_values)]);
            }
            None => fields.extend([const { Cow::Borrowed("") }; 3]),
        }
        if T::MODIFIED {
            fields.extend(self.modification());
        }
        fields.push(error);
        fields
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        let mut cells = self.row.cells();
        let error = cells.pop().unwrap_or_default();
        let status = cells.pop().unwrap_or_default();
        // The bits have a column of their own.
        let status = match self.status() {
            Some(status) if status.code() == Status::GOOD => Cow::Borrowed(""),
            Some(status) => status.name(),
            None => status,
        };
        cells.push(self.bits.as_ref().map(words).unwrap_or_default().into());
        if T::MODIFIED {
            cells.extend(self.modification());
        }
        cells.extend([status, error]);
        cells
    }

    fn name(&self) -> Cow<'_, str> {
        self.row.name()
    }

    fn value(&self) -> Cow<'_, str> {
        self.row.value()
    }

    /// That a value was bad once is no failure: it is what was recorded.
    fn error(&self) -> Option<String> {
        if self.past.is_some() { None } else { self.row.error() }
    }

    fn tone(&self) -> Tone {
        self.row.tone()
    }
}

fn words(bits: &Bits) -> String {
    let mut words = bits.history.clone();
    for (yes, word) in [(bits.partial, ", partial"), (bits.multiple_values, ", several")] {
        if yes {
            words.push_str(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use openopc::history::Origin;

    use super::*;

    #[test]
    fn the_bits_are_told_and_the_status_without_them() {
        let mut reading = Reading::new(Tag::parse("A").unwrap(), 1.5);
        reading.status = Status::GOOD.with_origin(Origin::Calculated).with_partial().with_multiple_values();
        let row = PastRow::of(&reading);
        assert_eq!(
            serde_json::to_string(&row).unwrap(),
            r#"{"tag":"A","value":1.5,"type":"Double","quality":"Good","status":"Good","source_time":null,"server_time":null,"history":"Calculated","partial":true,"multiple_values":true}"#
        );
        assert_eq!(row.fields().len(), PastRow::<Reading>::FIELDS.len());
        assert_eq!(row.cells().len(), PastRow::<Reading>::TITLES.len());
        assert_eq!(row.cells()[4..], ["Calculated, partial, several", "", ""]);
    }

    #[test]
    fn an_error_has_every_column_and_no_bits() {
        let tag = Tag::parse("A").unwrap();
        let status = Status::named("BadHistoryOperationUnsupported").unwrap();
        let error = Error::Item { operation: openopc::Operation::History, tag: tag.clone(), status };
        let row = PastRow::<Modified>::failed(&tag, &error);
        assert_eq!(row.fields().len(), PastRow::<Modified>::FIELDS.len());
        assert_eq!(row.cells().len(), PastRow::<Modified>::TITLES.len());
        let json = serde_json::to_string(&row).unwrap();
        assert!(json.contains("BadHistoryOperationUnsupported") && !json.contains("partial"), "{json}");
    }
}
