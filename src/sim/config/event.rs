//! `[[event]]`

use toml::de::DeValue;

use super::finding::Sheet;
use super::section::{Entry, Section, text};
use super::value::value;
use crate::sim::EventRecord;
use crate::{DataType, Value};

/// Everything that happened before the start.
pub(super) fn events(
    sheet: &mut Sheet<'_>,
    entry: Entry<'_>,
    is_item: impl Fn(&str) -> bool,
) -> Vec<EventRecord> {
    let DeValue::Array(all) = entry.get_ref() else {
        sheet.error(entry.span(), "events stand below [[event]], each with its own");
        return Vec::new();
    };
    all.iter().filter_map(|entry| event(sheet, entry, &is_item)).collect()
}

fn event(sheet: &mut Sheet<'_>, entry: Entry<'_>, is_item: impl Fn(&str) -> bool) -> Option<EventRecord> {
    let mut section = Section::of(sheet, entry, "an event")?;
    let message = section.needed(sheet, "message").and_then(|entry| text(sheet, entry, "message"));
    let mut event = EventRecord::new(message.unwrap_or_default());
    if let Some((source, span)) = section.text(sheet, "source") {
        if !is_item(source) {
            sheet.error(span, format!("there is no item `{source}`"));
        }
        event = event.source(source);
    }
    if let Some(severity) = section.whole(sheet, "severity", (1, 1000)) {
        event = event.severity(severity);
    }
    if let Some(entry) = section.needed(sheet, "time")
        && let Some(Value::DateTime(time)) = value(sheet, entry, Some(DataType::DateTime))
    {
        event = event.time(time);
    }
    if let Some(entry) = section.get("fields")
        && let Some(fields) = Section::of(sheet, entry, "`fields`")
    {
        for (name, entry) in fields.table() {
            if let Some(value) = value(sheet, entry, None) {
                event = event.field(name.get_ref().to_string(), value);
            }
        }
    }
    section.finish(sheet);
    Some(event)
}
