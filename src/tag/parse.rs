//! Text to [`Kind`]: the only place that knows how tags are written.

use std::fmt::Write as _;

use super::{Kind, Named, range};
use crate::value::{Identifier, Malformed, NodeId, QualifiedName, digits, parse_uri_id};

pub(super) const ITEM: &str = "item:";
pub(super) const RANGE: &str = "range=";

/// What the whole text says: the index range and the rest.
pub(super) fn parse(text: &str) -> Result<(Kind, Option<&str>), Malformed> {
    if text.is_empty() {
        return Err(Malformed::new(0, "a tag"));
    }
    let Some(rest) = text.strip_prefix(RANGE) else {
        return Ok((kind(text)?, None));
    };
    let offset = RANGE.len();
    let (indexes, tail) =
        rest.split_once(';').ok_or(Malformed::new(text.len(), "`;` and a tag after the index range"))?;
    range::check(indexes).map_err(|malformed| malformed.shifted(offset))?;
    let start = text.len() - tail.len();
    if tail.is_empty() {
        return Err(Malformed::new(start, "a tag after the index range"));
    }
    if tail.starts_with(RANGE) {
        return Err(Malformed::new(start, "only one index range"));
    }
    Ok((kind(tail).map_err(|malformed| malformed.shifted(start))?, Some(indexes)))
}

/// A tag's text with an index range in front.
pub(super) fn with_range(range: Option<&str>, body: &str) -> Box<str> {
    match range {
        None => body.into(),
        Some(range) => format!("{RANGE}{range};{body}").into(),
    }
}

/// The text without an index range.
fn kind(text: &str) -> Result<Kind, Malformed> {
    if let Some(item) = text.strip_prefix(ITEM) {
        return Ok(Kind::Item { length: item.len() });
    }
    if text.starts_with("svr=") {
        // An id of another server would be looked up on this one, and might even be found.
        return Err(Malformed::new(0, "a node of this server (`svr=` names another)"));
    }
    if text.starts_with("nsu=") {
        let (uri, identifier) = parse_uri_id(text)?;
        return Ok(Kind::NamespaceUri(Box::new(Named { uri, identifier })));
    }
    if text.starts_with("ns=") || is_identifier(text) {
        return NodeId::parse(text).map(|id| Kind::NodeId(Box::new(id)));
    }
    if let Some(path) = text.strip_prefix('/') {
        return path_segments(path)
            .map(|names| Kind::Path(names.into()))
            .map_err(|malformed| malformed.shifted(1));
    }
    Ok(Kind::Item { length: text.len() })
}

/// `i=`, `s=`, `g=` or `b=`
fn is_identifier(text: &str) -> bool {
    matches!(text.as_bytes(), [b'i' | b's' | b'g' | b'b', b'=', ..])
}

/// Whether an item id would be read as another kind of tag, so that it must be written with `item:`.
pub(super) fn needs_prefix(item: &str) -> bool {
    item.is_empty()
        || [ITEM, RANGE, "svr=", "nsu=", "ns=", "/"].iter().any(|prefix| item.starts_with(prefix))
        || is_identifier(item)
}

/// `2:Plant/2:Boiler` (Part 4, A.2). Every reserved character of a name is written with `&`: without it, a dot would
/// be a reference of another kind there, and nobody who writes `Random.Int4` means that.
fn path_segments(path: &str) -> Result<Vec<QualifiedName>, Malformed> {
    let mut segments = Vec::new();
    let mut names = PathParser { path, at: 0 };
    loop {
        let start = names.at;
        let namespace = names.index()?;
        let name = names.name()?;
        if name.is_empty() {
            return Err(Malformed::new(if namespace.is_some() { names.at } else { start }, "a browse name"));
        }
        segments.push(QualifiedName { namespace: namespace.unwrap_or(0), name });
        // A name ends at the end of the text or before a `/`.
        if names.take().is_none() {
            return Ok(segments);
        }
    }
}

struct PathParser<'a> {
    path: &'a str,
    at: usize,
}

impl PathParser<'_> {
    fn rest(&self) -> &str {
        self.path.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// `2:`, where a name begins so.
    fn index(&mut self) -> Result<Option<u16>, Malformed> {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        match rest.split_at_checked(length) {
            Some((index, tail)) if length > 0 && tail.starts_with(':') => {
                let index =
                    digits(index).ok_or(Malformed::new(self.at, "a namespace index from 0 to 65535"))?;
                self.at += length + 1;
                Ok(Some(index))
            }
            _ => Ok(None),
        }
    }

    /// Up to the next `/`, which is left where it is.
    fn name(&mut self) -> Result<String, Malformed> {
        let mut name = String::new();
        loop {
            let at = self.at;
            match self.take() {
                None => return Ok(name),
                Some('/') => {
                    self.at = at;
                    return Ok(name);
                }
                Some('&') => match self.take() {
                    Some(escaped) if is_reserved(escaped) => name.push(escaped),
                    _ => return Err(Malformed::new(self.at.min(at + 1), "one of `/.<>:#!&` after `&`")),
                },
                Some(other) if is_reserved(other) => return Err(Malformed::new(at, escape_hint(other))),
                Some(other) => name.push(other),
            }
        }
    }
}

fn is_reserved(c: char) -> bool {
    matches!(c, '/' | '.' | '<' | '>' | ':' | '#' | '!' | '&')
}

fn escape_hint(c: char) -> &'static str {
    match c {
        '.' => "`&.` for a dot in a browse name",
        ':' => "`&:` for a colon in a browse name",
        '<' => "`&<` for this character in a browse name",
        '>' => "`&>` for this character in a browse name",
        '#' => "`&#` for this character in a browse name",
        _ => "`&!` for this character in a browse name",
    }
}

/// The reverse of parsing a path.
pub(super) fn path_text(path: &[QualifiedName]) -> String {
    let mut text = String::new();
    if path.is_empty() {
        text.push('/');
    }
    for segment in path {
        text.push('/');
        if segment.namespace != 0 {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{}:", segment.namespace);
        }
        for c in segment.name.chars() {
            if is_reserved(c) {
                text.push('&');
            }
            text.push(c);
        }
    }
    text
}

/// The identifier of a tag by namespace URI, for those who build one from parts.
pub(super) fn uri_text(uri: &str, identifier: &Identifier) -> String {
    crate::value::uri_id_text(uri, identifier)
}
