//! [`Value::parse`]: from text, for command lines and configuration files.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::number::{Exact, Number};
use super::text::{Malformed, parse_guid};
use super::{Array, ConvertError, ConvertReason, DataType, ExpandedNodeId, LocalizedText, NodeId, Value};
use crate::Status;
use crate::engine::convert::from_base64;

impl Value {
    /// Reads a value of a known type from text: what `Display` prints, and a little more.
    ///
    /// `Boolean` is `true`, `false`, `1` or `0`; integers may be hexadecimal (`0xFF`); a `DateTime` is RFC 3339 with
    /// any offset; a `StatusCode` is a name or a number; a `ByteString` is base64. A `String` is taken as it is.
    ///
    /// ```
    /// use openopc::{DataType, Value};
    ///
    /// assert_eq!(Value::parse("0x10", DataType::UInt16)?, Value::UInt16(16));
    /// assert_eq!(Value::parse(" as is ", DataType::String)?, Value::from(" as is "));
    /// let error = Value::parse("256", DataType::Byte).unwrap_err();
    /// assert_eq!(error.to_string(), "`256` is not Byte: 256 is outside 0..=255");
    /// # Ok::<(), openopc::ConvertError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConvertError`] where the text is not a value of that type, or values of that type have no text form.
    pub fn parse(text: &str, data_type: DataType) -> Result<Value, ConvertError> {
        let syntax = |at, expected| ConvertError::syntax(text, data_type.name(), at, expected);
        let trimmed = text.trim();
        match data_type {
            DataType::Null if matches!(trimmed, "" | "null") => Ok(Value::Null),
            DataType::Null => Err(syntax(0, "`null`")),
            DataType::Boolean => match trimmed {
                "1" => Ok(Value::Boolean(true)),
                "0" => Ok(Value::Boolean(false)),
                _ if trimmed.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
                _ if trimmed.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
                _ => Err(syntax(0, "`true` or `false`")),
            },
            DataType::SByte => integer(text, data_type).map(Value::SByte),
            DataType::Byte => integer(text, data_type).map(Value::Byte),
            DataType::Int16 => integer(text, data_type).map(Value::Int16),
            DataType::UInt16 => integer(text, data_type).map(Value::UInt16),
            DataType::Int32 => integer(text, data_type).map(Value::Int32),
            DataType::UInt32 => integer(text, data_type).map(Value::UInt32),
            DataType::Int64 => integer(text, data_type).map(Value::Int64),
            DataType::UInt64 => integer(text, data_type).map(Value::UInt64),
            DataType::Float => trimmed.parse().map(Value::Float).map_err(|_| syntax(0, "a number")),
            DataType::Double => trimmed.parse().map(Value::Double).map_err(|_| syntax(0, "a number")),
            DataType::String => Ok(Value::from(text)),
            DataType::XmlElement => Ok(Value::XmlElement(text.to_owned())),
            DataType::LocalizedText => Ok(LocalizedText::new(text).into()),
            DataType::QualifiedName => Value::from(text).convert(DataType::QualifiedName),
            DataType::DateTime => match DateTime::parse_from_rfc3339(trimmed) {
                Ok(time) => Value::DateTime(time.with_timezone(&Utc)).convert(DataType::DateTime),
                Err(_) => Err(syntax(0, "a time such as `2026-01-31T12:00:00Z`")),
            },
            DataType::Guid => parse_guid(trimmed)
                .map(Value::Guid)
                .map_err(|Malformed { at, expected }| syntax(at, expected)),
            DataType::ByteString => {
                from_base64(trimmed).map(Value::ByteString).ok_or_else(|| syntax(0, "base64"))
            }
            DataType::NodeId => node_id::<NodeId>(text).map(Value::NodeId),
            DataType::ExpandedNodeId => node_id::<ExpandedNodeId>(text).map(Value::from),
            DataType::StatusCode => match Status::named(trimmed) {
                Some(status) => Ok(Value::StatusCode(status)),
                None => match integer(text, DataType::UInt32) {
                    Ok(bits) => Ok(Value::StatusCode(Status::from_bits(bits))),
                    Err(_) => Err(syntax(0, "the name of a status such as `BadOutOfService`, or its number")),
                },
            },
            DataType::Structure | DataType::DataValue | DataType::Variant | DataType::DiagnosticInfo => {
                let from = format!("`{}`", super::clip(text));
                let detail = "values of this type cannot be written as text";
                Err(ConvertError::between(from, data_type.name(), ConvertReason::WrongType, detail))
            }
        }
    }

    /// Reads an array from text: `[1, 2, 3]`, a matrix as `[[1, 2], [3, 4]]`. Elements that hold commas, brackets or
    /// spaces at an end stand in double quotes, with `\"` and `\\`; `null` is a null element of a text array.
    ///
    /// ```
    /// use openopc::{DataType, Value};
    ///
    /// assert_eq!(Value::parse_array("[1, 2]", DataType::Int16)?, Value::from(vec![1i16, 2]));
    /// assert_eq!(Value::parse_array(r#"[a, "b, c"]"#, DataType::String)?, Value::from(vec!["a", "b, c"]));
    /// assert_eq!(Value::parse_array("[]", DataType::Double)?, Value::from(Vec::<f64>::new()));
    /// # Ok::<(), openopc::ConvertError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConvertError`] where the text is not an array, rows differ in length, or an element is not an `element`.
    pub fn parse_array(text: &str, element: DataType) -> Result<Value, ConvertError> {
        let syntax =
            |Malformed { at, expected }| ConvertError::syntax(text, format!("{element}[]"), at, expected);
        let mut list = ListParser { text, at: 0, elements: Vec::new(), dimensions: Vec::new(), leaves: None };
        list.list(0).and_then(|()| list.end()).map_err(syntax)?;
        let ListParser { elements, dimensions, .. } = list;
        let parsed = elements.into_iter().enumerate().map(|(index, word)| match word {
            Word::Bare(text) if text == "null" && element.has_null() => Ok(Value::Null),
            Word::Bare(text) | Word::Quoted(text) => {
                Value::parse(&text, element).map_err(|error| error.at(index))
            }
        });
        let array = Array::new(element, parsed.collect::<Result<_, _>>()?)?;
        if dimensions.len() > 1 {
            array.reshaped(dimensions).map(Value::Array)
        } else {
            Ok(Value::Array(array))
        }
    }
}

/// Spaces behind a text identifier are part of it, behind others they are none.
fn node_id<T: FromStr>(text: &str) -> Result<T, T::Err> {
    text.trim_start().parse().or_else(|_| text.trim().parse())
}

/// Decimal, or hexadecimal with `0x`; a sign may stand before either.
fn integer<T: Exact>(text: &str, data_type: DataType) -> Result<T, ConvertError> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = hexadecimal.map_or((digits, 10), |digits| (digits, 16));
    // A second sign would be taken by `from_str_radix`.
    let unsigned = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    let magnitude = i128::from_str_radix(digits, radix).ok().filter(|_| unsigned);
    let Some(magnitude) = magnitude else {
        return Err(ConvertError::syntax(text, data_type.name(), 0, "an integer"));
    };
    T::exact(Number::Integer(if negative { -magnitude } else { magnitude })).map_err(|(reason, detail)| {
        ConvertError::between(format!("`{}`", super::clip(text)), data_type.name(), reason, detail)
    })
}

enum Word {
    Bare(String),
    Quoted(String),
}

/// Nested lists of words, flattened, with the dimensions found on the way.
struct ListParser<'a> {
    text: &'a str,
    at: usize,
    elements: Vec<Word>,
    dimensions: Vec<u32>,
    /// How deep the elements lie: all of them, or it is no matrix.
    leaves: Option<usize>,
}

impl ListParser<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.take();
        }
    }

    fn expect(&mut self, wanted: char, expected: &'static str) -> Result<(), Malformed> {
        self.spaces();
        let at = self.at;
        if self.take() == Some(wanted) { Ok(()) } else { Err(Malformed::new(at, expected)) }
    }

    fn end(&mut self) -> Result<(), Malformed> {
        self.spaces();
        if self.peek().is_none() { Ok(()) } else { Err(Malformed::new(self.at, "the end of the text")) }
    }

    fn list(&mut self, depth: usize) -> Result<(), Malformed> {
        // Deeper than any dimension of a real array, and far from the end of the stack.
        if depth == 16 {
            return Err(Malformed::new(self.at, "at most 16 dimensions"));
        }
        self.expect('[', "`[`")?;
        let start = self.at;
        let mut count = 0u32;
        self.spaces();
        while self.peek() != Some(']') {
            if count > 0 {
                self.expect(',', "`,` or `]`")?;
                self.spaces();
            }
            if self.peek() == Some('[') {
                self.list(depth + 1)?;
            } else if *self.leaves.get_or_insert(depth) == depth {
                let word = self.word()?;
                self.elements.push(word);
            } else {
                return Err(Malformed::new(self.at, "as many brackets as in the other rows"));
            }
            count += 1;
            self.spaces();
        }
        self.expect(']', "`]`")?;
        // Inner lists end first, so the slots of the outer ones are made on the way.
        if self.dimensions.len() <= depth {
            self.dimensions.resize(depth + 1, 0);
        }
        match self.dimensions.get_mut(depth) {
            Some(0) | None => {}
            Some(length) if *length == count => return Ok(()),
            Some(_) => return Err(Malformed::new(start, "rows of the same length")),
        }
        if let Some(length) = self.dimensions.get_mut(depth) {
            *length = count;
        }
        Ok(())
    }

    fn word(&mut self) -> Result<Word, Malformed> {
        if self.peek() != Some('"') {
            let start = self.at;
            while self.peek().is_some_and(|c| !matches!(c, ',' | '[' | ']' | '"')) {
                self.take();
            }
            let word = self.text.get(start..self.at).unwrap_or_default().trim();
            return if word.is_empty() {
                Err(Malformed::new(start, "an element"))
            } else {
                Ok(Word::Bare(word.to_owned()))
            };
        }
        let start = self.at;
        self.take();
        let mut word = String::new();
        loop {
            match self.take() {
                Some('"') => return Ok(Word::Quoted(word)),
                Some('\\') => word.extend(self.take()),
                Some(other) => word.push(other),
                None => return Err(Malformed::new(start, "a closing `\"`")),
            }
        }
    }
}
