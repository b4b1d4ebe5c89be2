//! [`ConvertError`]: why a value did not become what was asked for.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::{DataType, Value};

/// Why a value did not become what was asked for. Printed on one line:
/// `Double is not Int32: 1.5 has a fraction`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertError(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    from: Cow<'static, str>,
    to: Cow<'static, str>,
    reason: ConvertReason,
    detail: String,
    /// Innermost index last; filled from the inside out while the error travels up.
    path: Vec<usize>,
    /// `Drum.Levels[2]`: where in a structure; filled as `path` is.
    field: String,
}

/// The kind of a [`ConvertError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertReason {
    /// The types have nothing to do with each other: a `String` is not a number.
    WrongType,
    /// The number lies outside what the target can hold.
    OutOfRange,
    /// The target would have to round or cut something off.
    Inexact,
    /// There is no value.
    Null,
    /// There is no such field.
    Missing,
    /// An array of another length, or with other dimensions.
    Length {
        /// How many elements were needed.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// The text does not follow the rules of the target type.
    Syntax {
        /// The byte where it goes wrong.
        at: usize,
    },
}

impl ConvertError {
    /// An error for your own [`FromValue`](crate::FromValue): `value` is not a `T`.
    ///
    /// `detail` goes behind the colon of the message; it may be empty.
    pub fn new<T>(value: &Value, reason: ConvertReason, detail: impl Into<String>) -> ConvertError {
        ConvertError::between(value.type_text(), rust_name::<T>(), reason, detail)
    }

    pub(crate) fn between(
        from: impl Into<Cow<'static, str>>,
        to: impl Into<Cow<'static, str>>,
        reason: ConvertReason,
        detail: impl Into<String>,
    ) -> ConvertError {
        let (from, to, detail) = (from.into(), to.into(), detail.into());
        ConvertError(Box::new(Inner { from, to, reason, detail, path: Vec::new(), field: String::new() }))
    }

    /// `value` is of a type that is never a `T`, or is no value at all.
    pub(crate) fn wrong_type<T>(value: &Value) -> ConvertError {
        let reason = if value.is_null() { ConvertReason::Null } else { ConvertReason::WrongType };
        ConvertError::new::<T>(value, reason, "")
    }

    /// As [`wrong_type`](Self::wrong_type), for a built-in type.
    pub(crate) fn wrong_data_type(value: &Value, to: DataType) -> ConvertError {
        let reason = if value.is_null() { ConvertReason::Null } else { ConvertReason::WrongType };
        ConvertError::between(value.type_text(), to.name(), reason, "")
    }

    /// `text` is not how a `to` is written.
    pub(crate) fn syntax(
        text: &str,
        to: impl Into<Cow<'static, str>>,
        at: usize,
        expected: &str,
    ) -> ConvertError {
        let from = format!("`{}`", super::text::clip(text));
        let mut detail = format!("expected {expected}");
        // At the beginning it is all of the text that is wrong.
        if at > 0 {
            let before = text.get(..at).map_or(at, |before| before.chars().count());
            // Writing to a `String` cannot fail.
            let _ = write!(detail, " at character {}", before + 1);
        }
        ConvertError::between(from, to, ConvertReason::Syntax { at }, detail)
    }

    /// In the words of the type that was to be made.
    pub(crate) fn foreign(message: impl Into<String>) -> ConvertError {
        ConvertError::between("the value", "what was asked for", ConvertReason::WrongType, message)
    }

    /// There is no field of this name.
    pub(crate) fn missing(field: &str) -> ConvertError {
        ConvertError::between("nothing", "a field", ConvertReason::Missing, "").in_field(field)
    }

    /// The error happened inside the element with this index.
    #[must_use]
    pub(crate) fn at(mut self, index: usize) -> ConvertError {
        if self.0.field.is_empty() {
            self.0.path.insert(0, index);
        } else {
            self.0.field = format!("[{index}].{}", self.0.field).replace("].[", "][");
        }
        self
    }

    /// The error happened inside the field with this name.
    #[must_use]
    pub(crate) fn in_field(mut self, name: &str) -> ConvertError {
        let mut field = name.to_owned();
        for index in self.0.path.drain(..) {
            // Writing to a `String` cannot fail.
            let _ = write!(field, "[{index}]");
        }
        if !self.0.field.is_empty() {
            if !self.0.field.starts_with('[') {
                field.push('.');
            }
            field.push_str(&self.0.field);
        }
        self.0.field = field;
        self
    }

    /// The same error about another target: a write speaks of `Int32` where a read speaks of `i32`.
    #[must_use]
    pub(crate) fn renamed(mut self, to: impl Into<Cow<'static, str>>) -> ConvertError {
        self.0.to = to.into();
        self
    }

    /// What there was: a type such as `Double` or `Int32[4]`, or the text that was to be parsed, in backticks.
    pub fn from(&self) -> &str {
        &self.0.from
    }

    /// What was asked for: `i32`, `Vec<f64>`, or the OPC UA type on a write.
    pub fn to(&self) -> &str {
        &self.0.to
    }

    /// Why, for a program to match on.
    pub fn reason(&self) -> ConvertReason {
        self.0.reason
    }

    /// Where in a structure the value is that does not fit: `Drum.Levels[2]`; empty where the value is no structure.
    pub fn field(&self) -> &str {
        &self.0.field
    }

    /// Where in an array the value is that does not fit: one index per level, empty where the value is no array. Inside
    /// a structure [`field`](Self::field) tells it.
    pub fn path(&self) -> &[usize] {
        &self.0.path
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { from, to, reason, detail, path, field } = &*self.0;
        if !field.is_empty() {
            write!(f, "field `{field}`: ")?;
        }
        if *reason == ConvertReason::Missing {
            return f.write_str("there is none");
        }
        if !path.is_empty() {
            f.write_str("element ")?;
            for index in path {
                write!(f, "[{index}]")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{from} is not {to}")?;
        match reason {
            _ if !detail.is_empty() => write!(f, ": {detail}"),
            ConvertReason::Length { expected, got } => {
                write!(f, ": {got} elements where {expected} are needed")
            }
            ConvertReason::OutOfRange => f.write_str(": out of range"),
            ConvertReason::Inexact => f.write_str(": it would not be exact"),
            ConvertReason::Null
            | ConvertReason::Missing
            | ConvertReason::WrongType
            | ConvertReason::Syntax { .. } => Ok(()),
        }
    }
}

impl std::error::Error for ConvertError {}

/// The name of a Rust type without the modules it lives in: `Vec<f64>`.
pub(crate) fn rust_name<T>() -> String {
    let mut name = String::new();
    for part in type_name::<T>().split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        name.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_are_short() {
        assert_eq!(rust_name::<Vec<Option<String>>>(), "Vec<Option<String>>");
        assert_eq!(rust_name::<[u8; 16]>(), "[u8; 16]");
        assert_eq!(rust_name::<chrono::DateTime<chrono::Utc>>(), "DateTime<Utc>");
    }

    #[test]
    fn a_place_is_a_character_and_the_beginning_is_none() {
        let error = Value::parse("5.5", DataType::Int32).unwrap_err();
        assert_eq!(error.to_string(), "`5.5` is not Int32: expected an integer");
        assert_eq!(error.reason(), ConvertReason::Syntax { at: 0 });
        let error = ConvertError::syntax("°C x", "Unit", "°C ".len(), "a number");
        assert_eq!(error.to_string(), "`°C x` is not Unit: expected a number at character 4");
        assert_eq!(error.reason(), ConvertReason::Syntax { at: 4 });
    }

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<ConvertError>(), size_of::<usize>());
    }
}
