//! [`ParseTagError`].

use std::fmt;

use crate::value::{Malformed, clip};

/// The text is not a tag, and neither is it an item id: it starts as something else.
///
/// Prints as ``invalid tag `ns=x;s=Pump`: expected a namespace index from 0 to 65535 at 3``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTagError {
    text: Box<str>,
    at: usize,
    expected: &'static str,
}

impl ParseTagError {
    pub(super) fn new(text: &str, Malformed { at, expected }: Malformed) -> ParseTagError {
        ParseTagError { text: text.into(), at, expected }
    }

    /// The text that was to be a tag.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at which it goes wrong.
    pub fn position(&self) -> usize {
        self.at
    }

    /// What would be right there.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for ParseTagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid tag `{}`: expected {} at {}", clip(&self.text), self.expected, self.at)
    }
}

impl std::error::Error for ParseTagError {}
