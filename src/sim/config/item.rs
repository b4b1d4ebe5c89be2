//! `[[item]]`

use std::ops::Range;

use super::finding::Sheet;
use super::history::history;
use super::section::{Section, text, unknown};
use super::signal::signal;
use super::value::value;
use crate::sim::{Item, Signal, build};
use crate::{DataType, Value};

/// The types that values in a configuration can have.
const TYPES: &[&str] = &[
    "Boolean",
    "SByte",
    "Byte",
    "Int16",
    "UInt16",
    "Int32",
    "UInt32",
    "Int64",
    "UInt64",
    "Float",
    "Double",
    "String",
    "DateTime",
    "Guid",
    "ByteString",
    "XmlElement",
    "NodeId",
    "ExpandedNodeId",
    "StatusCode",
    "QualifiedName",
    "LocalizedText",
    "Variant",
];

/// An item as it is read, its table aside.
pub(super) struct Read {
    pub(super) item: Item,
    /// How many samples come from a file.
    pub(super) samples: usize,
    pub(super) has_history: bool,
}

pub(super) fn item(sheet: &mut Sheet<'_>, mut section: Section<'_>) -> Option<Read> {
    let errors = sheet.findings.len();
    let id_entry = section.needed(sheet, "id");
    let (id, id_span) = match id_entry {
        Some(entry) => (text(sheet, entry, "id"), entry.span()),
        None => (None, section.span.clone()),
    };
    if let Some(what) = id.and_then(build::id_fault) {
        sheet.error(id_span.clone(), what);
    }
    let id = id.unwrap_or_default().to_owned();
    let data_type = data_type(sheet, &mut section);
    let value_entry = section.get("value");
    let initial = value_entry.map_or(Some(Value::Null), |entry| value(sheet, entry, data_type));
    let signal_entry = section.get("signal");
    // A signal of numbers on an item that does not say its type is the type of its value.
    let value_type = initial.as_ref().filter(|value| **value != Value::Null).map(Value::data_type);
    let known = data_type.or(value_type);
    let signal = signal_entry.map(|entry| signal(sheet, entry, &id, known));
    let history_entry = section.get("history");
    let past = history_entry.map(|entry| history(sheet, entry, known, initial.as_ref()));

    let mut item = Item::new(id.clone(), initial.clone().unwrap_or_default());
    if let Some(data_type) = data_type {
        item = item.data_type(data_type);
    }
    item = access(sheet, &mut section, item);
    item = details(sheet, &mut section, item, signal.as_ref().and_then(Option::as_ref), initial.as_ref());
    let writable = item.writable;
    let mut samples = 0;
    if let Some(Some(signal)) = signal.clone() {
        item = item.signal(signal);
    }
    if let Some(Some(read)) = past {
        samples = read.samples.len();
        item = item.history(read);
    }
    section.finish(sheet);
    if sheet.findings.iter().skip(errors).any(|finding| finding.severity == super::Severity::Error) {
        // What else there is to say would be said of half an item.
        return None;
    }
    if let Some(what) = build::fault(&item) {
        sheet.error(history_or(history_entry.map(toml::Spanned::span), &what, &id_span), what);
        return None;
    }
    if value_entry.is_none() && signal_entry.is_none() && samples == 0 {
        let until = if writable { "until it is written" } else { "for ever, as nobody may write it" };
        sheet.warn(id_span.clone(), format!("`{id}` has no value and no signal: it reads as null {until}"));
    }
    if value_entry.is_some() && signal_entry.is_some() {
        sheet.warn(id_span.clone(), format!("`{id}` follows its signal: its value is never seen"));
    }
    Some(Read { item, samples, has_history: is_kept(history_entry) })
}

/// `history = false` is none.
fn is_kept(entry: Option<super::section::Entry<'_>>) -> bool {
    entry.is_some_and(|entry| entry.get_ref().as_bool() != Some(false))
}

/// What is said of a history is about that key, if it is there.
fn history_or(history: Option<Range<usize>>, what: &str, id: &Range<usize>) -> Range<usize> {
    history.filter(|_| what.contains("history") || what.contains("past")).unwrap_or_else(|| id.clone())
}

fn data_type(sheet: &mut Sheet<'_>, section: &mut Section<'_>) -> Option<DataType> {
    let (name, span) = section.text(sheet, "type")?;
    match name.parse::<DataType>() {
        Ok(data_type) if TYPES.contains(&data_type.name()) => Some(data_type),
        _ => {
            sheet.error(span, unknown("type", name, "an item", TYPES));
            None
        }
    }
}

fn access(sheet: &mut Sheet<'_>, section: &mut Section<'_>, item: Item) -> Item {
    let writable = section.flag(sheet, "writable");
    let Some((access, span)) = section.text(sheet, "access") else {
        return if writable == Some(true) { item.writable() } else { item };
    };
    if writable.is_some() {
        sheet.error(span, "either `access` or `writable`: both say who may do what");
        return item;
    }
    match access {
        "read" => item,
        "read-write" => item.writable(),
        "write" => item.write_only(),
        _ => {
            sheet.error(span, unknown("access", access, "an item", &["read", "read-write", "write"]));
            item
        }
    }
}

fn details(
    sheet: &mut Sheet<'_>,
    section: &mut Section<'_>,
    mut item: Item,
    signal: Option<&Signal>,
    initial: Option<&Value>,
) -> Item {
    if let Some((unit, _)) = section.text(sheet, "unit") {
        item = item.unit(unit);
    }
    if let Some((description, _)) = section.text(sheet, "description") {
        item = item.description(description);
    }
    if let Some((low, high, span)) = section.range(sheet, "range") {
        item = item.range(low, high);
        outside(sheet, (low, high), span, signal, initial);
    }
    if let Some((low, high, _)) = section.range(sheet, "instrument_range") {
        item = item.instrument_range(low, high);
    }
    if let Some(states) = section.texts(sheet, "states") {
        item = item.states(states);
    }
    if let Some(entry) = section.get("labels")
        && let Some(mut labels) = Section::of(sheet, entry, "`labels`")
    {
        let on = labels.needed(sheet, "true").and_then(|entry| text(sheet, entry, "true"));
        let off = labels.needed(sheet, "false").and_then(|entry| text(sheet, entry, "false"));
        labels.finish(sheet);
        if let (Some(on), Some(off)) = (on, off) {
            item = item.labels(on, off);
        }
    }
    if let Some(rate) = section.duration(sheet, "scan_rate") {
        item = item.scan_rate(rate);
    }
    item
}

/// Values outside the range are served all the same, but perhaps are not meant.
fn outside(
    sheet: &mut Sheet<'_>,
    (low, high): (f64, f64),
    span: Range<usize>,
    signal: Option<&Signal>,
    initial: Option<&Value>,
) {
    let inside = |number: f64| (low..=high).contains(&number);
    if let Some((from, to)) = signal.and_then(Signal::span)
        && !(inside(from) && inside(to))
    {
        sheet.warn(span, format!("the signal goes from {from} to {to}, outside the range {low} to {high}"));
    } else if let Some(number) = initial.and_then(Value::to_f64_lossy)
        && signal.is_none()
        && !inside(number)
    {
        sheet.warn(span, format!("the value {number} is outside the range {low} to {high}"));
    }
}
