//! [`QualifiedName`] and [`LocalizedText`].

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::text::digits;

/// A name in a namespace, as browse names are (Part 3, 8.3).
///
/// ```
/// use openopc::QualifiedName;
///
/// let name = QualifiedName::new(2, "Boiler");
/// assert_eq!(name.to_string(), "2:Boiler");
/// assert_eq!("2:Boiler".parse::<QualifiedName>(), Ok(name));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// The index of the namespace.
    pub namespace: u16,
    /// The name.
    pub name: String,
}

impl QualifiedName {
    /// The name in this namespace.
    pub fn new(namespace: u16, name: impl Into<String>) -> QualifiedName {
        QualifiedName { namespace, name: name.into() }
    }

    /// A leading index, where the text has one.
    pub(crate) fn split_index(text: &str) -> (Option<u16>, &str) {
        match text.split_once(':') {
            Some((index, name)) if !index.is_empty() => match digits(index) {
                Some(index) => (Some(index), name),
                None => (None, text),
            },
            _ => (None, text),
        }
    }
}

/// `2:Boiler`; no prefix for namespace 0, unless the name itself would read as one.
impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace != 0 || QualifiedName::split_index(&self.name).0.is_some() {
            write!(f, "{}:", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// Every text is a qualified name: without an index it is one of namespace 0.
impl FromStr for QualifiedName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<QualifiedName, Infallible> {
        let (namespace, name) = QualifiedName::split_index(text);
        Ok(QualifiedName::new(namespace.unwrap_or(0), name))
    }
}

/// A text in a language (Part 3, 8.5).
///
/// OPC UA knows a null text beside an empty one, but its binary encoding as the engine writes it does not:
/// an empty text or locale is left out. Both are empty here.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalizedText {
    /// The language, such as `en-GB`.
    pub locale: Option<String>,
    /// The text.
    pub text: String,
}

impl LocalizedText {
    /// The text without a language.
    pub fn new(text: impl Into<String>) -> LocalizedText {
        LocalizedText { locale: None, text: text.into() }
    }

    /// The text in a language.
    pub fn with_locale(locale: impl Into<String>, text: impl Into<String>) -> LocalizedText {
        LocalizedText { locale: Some(locale.into()), text: text.into() }
    }
}

/// The text.
impl fmt::Display for LocalizedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl From<&str> for LocalizedText {
    fn from(text: &str) -> LocalizedText {
        LocalizedText::new(text)
    }
}

impl From<String> for LocalizedText {
    fn from(text: String) -> LocalizedText {
        LocalizedText::new(text)
    }
}
