//! Values as text for people.

use std::fmt::{self, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};

use super::text::guid_text;
use super::{Array, Value};
use crate::engine::convert::base64;

/// RFC 3339 in UTC, with as many digits as there are.
pub(super) fn time_text(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The shortest text that reads back as the same number; very large and very small ones with an exponent.
pub(super) fn float_text(v: f64) -> String {
    shortest(v, v)
}

/// `shown` is printed, so that a `Float` of 0.1 does not show the digits its `f64` has.
fn shortest<T: fmt::Display + fmt::LowerExp>(shown: T, wide: f64) -> String {
    let magnitude = wide.abs();
    if wide.is_nan() {
        "NaN".into()
    } else if wide.is_infinite() {
        if wide > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else if wide != 0.0 && !(1e-5..1e16).contains(&magnitude) {
        format!("{shown:e}")
    } else {
        format!("{shown}")
    }
}

/// To the right, as numbers are.
fn pad_float(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    match text.strip_prefix('-') {
        Some(magnitude) => f.pad_integral(false, "", magnitude),
        None => f.pad_integral(true, "", text),
    }
}

/// Plain text: numbers and strings as they are, times in RFC 3339, bytes in base64, a status by its name,
/// arrays in brackets with texts in quotes. Width and precision work as usual: `{value:.2}`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.pad("null"),
            Value::Boolean(v) => v.fmt(f),
            Value::SByte(v) => v.fmt(f),
            Value::Byte(v) => v.fmt(f),
            Value::Int16(v) => v.fmt(f),
            Value::UInt16(v) => v.fmt(f),
            Value::Int32(v) => v.fmt(f),
            Value::UInt32(v) => v.fmt(f),
            Value::Int64(v) => v.fmt(f),
            Value::UInt64(v) => v.fmt(f),
            Value::Float(v) if f.precision().is_some() && v.is_finite() => v.fmt(f),
            Value::Double(v) if f.precision().is_some() && v.is_finite() => v.fmt(f),
            Value::Float(v) => pad_float(f, &shortest(v, f64::from(*v))),
            Value::Double(v) => pad_float(f, &float_text(*v)),
            Value::String(text) | Value::XmlElement(text) => f.pad(text),
            Value::DateTime(time) => f.pad(&time_text(time)),
            Value::Guid(guid) => f.pad(&guid_text(guid)),
            Value::ByteString(bytes) => f.pad(&base64(bytes)),
            Value::NodeId(id) => f.pad(&id.to_string()),
            Value::ExpandedNodeId(id) => f.pad(&id.to_string()),
            Value::StatusCode(status) => f.pad(&status.name()),
            Value::QualifiedName(name) => f.pad(&name.to_string()),
            Value::LocalizedText(text) => f.pad(&text.text),
            Value::Array(array) => array.fmt(f),
            Value::Structure(structure) => f.pad(&structure.to_string()),
            Value::Opaque(opaque) => f.pad(&opaque.to_string()),
        }
    }
}

/// In quotes, as [`Value::parse_array`] reads it.
fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        f.write_char(c)?;
    }
    f.write_str("\"")
}

/// A value among others: texts are in quotes.
pub(super) fn element(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) | Value::XmlElement(text) => quote(f, text),
        Value::LocalizedText(text) => quote(f, &text.text),
        Value::ByteString(bytes) => quote(f, &base64(bytes)),
        Value::QualifiedName(name) => quote(f, &name.to_string()),
        Value::NodeId(id) => quote(f, &id.to_string()),
        Value::ExpandedNodeId(id) => quote(f, &id.to_string()),
        other => fmt::Display::fmt(other, f),
    }
}

/// `[1, 2, 3]`, a matrix row by row.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        if let Some(rows) = self.rows() {
            for (index, row) in rows.enumerate() {
                f.write_str(if index == 0 { "" } else { ", " })?;
                row.fmt(f)?;
            }
        } else {
            for (index, value) in self.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { ", " })?;
                element(f, &value)?;
            }
        }
        f.write_str("]")
    }
}
