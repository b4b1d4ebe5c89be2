//! Aliases as DA tools export them.

use ::csv::{QuoteStyle, ReaderBuilder, StringRecord, Terminator, Trim, WriterBuilder};

use super::Aliases;
use super::file::{Fault, Reading};

/// What the columns of a header are called, in lower case and without spaces: the first, and the second.
const FIRST: &[&str] =
    &["alias", "aliasname", "aliasgroup", "name", "tag", "tagname", "item", "old", "oldid"];
const SECOND: &[&str] = &[
    "itemid",
    "item",
    "itempath",
    "path",
    "tag",
    "address",
    "nodeid",
    "node",
    "target",
    "new",
    "newid",
    "aliasname",
];

/// The columns of a Matrikon record.
const GROUP: usize = 0;
const NAME: usize = 1;
const PATH: usize = 2;
const SCALING: usize = 7;

pub(super) fn parse(text: &str) -> Result<Aliases, Fault> {
    // What Windows programs put in front of UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut reading = Reading::default();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut first = true;
    for record in reader.records() {
        let record = record.map_err(|error| Fault { line: None, what: error.to_string() })?;
        let line = lines.of(&record);
        if record.iter().any(|field| field.contains(['\n', '\r'])) {
            return Err(Fault::at(line, "a quote that does not end in this line"));
        }
        if record.iter().all(str::is_empty) || (first && is_header(&record)) {
            first = false;
            continue;
        }
        first = false;
        let field = |index: usize| record.get(index).unwrap_or_default();
        if record.len() == 2 {
            reading.add(field(0), field(1), line)?;
        } else if is_matrikon(&record) {
            let (group, name) = (field(GROUP), field(NAME));
            if name.is_empty() {
                return Err(Fault::at(line, "an alias without a name"));
            }
            let alias = format!("{group}.{name}");
            if field(SCALING) == "0" {
                reading.add(&alias, field(PATH), line)?;
            } else {
                reading.skipped.push(format!("line {line}: `{alias}` is scaled"));
            }
        } else {
            let what = format!(
                "{} columns; an alias has 2, or the 8 and more of a Matrikon export, with numbers from the fourth on",
                record.len()
            );
            return Err(Fault::at(line, what));
        }
    }
    Ok(reading.finish())
}

/// Counts lines. The `csv` crate's own number is that of the line where it began to look for the record, empty lines and
/// comments before it included.
struct Lines<'a> {
    text: &'a str,
    /// How far has been counted, and the line there.
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, record: &StringRecord) -> usize {
        let from = record.position().and_then(|position| usize::try_from(position.byte()).ok());
        let mut start = from.unwrap_or(self.at);
        while let Some(rest) = self.text.get(start..) {
            if rest.starts_with(['\r', '\n']) {
                start += 1;
            } else if let (true, Some(end)) = (rest.starts_with('#'), rest.find('\n')) {
                start += end + 1;
            } else {
                break;
            }
        }
        let passed = self.text.get(self.at..start).unwrap_or_default();
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.at = start;
        self.line
    }
}

fn is_header(record: &StringRecord) -> bool {
    let is = |index: usize, names: &[&str]| {
        let field = record.get(index).unwrap_or_default().to_lowercase().replace([' ', '_', '-'], "");
        names.contains(&field.as_str())
    };
    is(0, FIRST) && is(1, SECOND)
}

/// `"Group","Name","Path",<type>,<read-only>,<poll>,<rate>,<scaling>` and the scaling's parameters.
fn is_matrikon(record: &StringRecord) -> bool {
    let number = |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    record.len() > SCALING && record.iter().skip(PATH + 1).take(SCALING - PATH).all(number)
}

/// Two columns and a header.
pub(super) fn text(aliases: &Aliases) -> Result<String, Fault> {
    let fault = |what: String| Fault { line: None, what };
    let mut writer = WriterBuilder::new()
        // Everything in quotes: an alias may start with `#`.
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    writer.write_record(["alias", "item id"]).map_err(|error| fault(error.to_string()))?;
    for (alias, tag) in aliases.iter() {
        for text in [alias, tag.as_str()] {
            if text.is_empty() || text.trim() != text || text.contains(['\n', '\r']) {
                return Err(fault(format!("the alias {alias:?} of `{tag}` cannot be written as CSV")));
            }
        }
        writer.write_record([alias, tag.as_str()]).map_err(|error| fault(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| fault(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| fault(error.to_string()))
}
