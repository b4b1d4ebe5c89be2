//! CSV, one record at a time, so that a broken line spoils no other one.

use std::fmt;

/// What one record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where it begins, from 1.
    pub(crate) number: u64,
    pub(crate) tag: String,
    pub(crate) value: Option<String>,
    /// It says that there was no value when it was read.
    pub(crate) unread: bool,
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) line: u64,
    pub(crate) why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of standard input: {}", self.line, self.why)
    }
}

/// The columns that `read` and `list` print beside `tag`; one of them makes the first record a header.
const COLUMNS: [&str; 11] = [
    "value",
    "type",
    "quality",
    "status",
    "source_time",
    "server_time",
    "error",
    "item_id",
    "path",
    "name",
    "kind",
];

/// Which field is what.
struct Columns {
    tag: usize,
    value: usize,
    kind: Option<usize>,
    error: Option<usize>,
}

impl Columns {
    /// OpenOPC's: the first is the item, the second the value.
    const PLAIN: Columns = Columns { tag: 0, value: 1, kind: None, error: None };

    fn of(header: &[String]) -> Option<Columns> {
        let find = |name: &str| header.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
        let tag = find("tag")?;
        COLUMNS.iter().any(|name| find(name).is_some()).then(|| Columns {
            tag,
            value: find("value").unwrap_or(usize::MAX),
            kind: find("type"),
            error: find("error"),
        })
    }
}

/// All records but the header and empty lines, those that are broken too.
pub(crate) fn parse(bytes: &[u8]) -> Vec<Result<Line, Broken>> {
    // Spreadsheets like to put one there.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let comma = separator(bytes);
    let mut columns = None;
    let mut lines = Vec::new();
    for (number, record) in Records::new(bytes, comma) {
        let fields =
            record.and_then(|record| fields(record, comma)).map_err(|why| Broken { line: number, why });
        let fields = match fields {
            Ok(fields) if fields.iter().all(String::is_empty) => continue,
            Ok(fields) => fields,
            Err(broken) => {
                columns.get_or_insert(Columns::PLAIN);
                lines.push(Err(broken));
                continue;
            }
        };
        if columns.is_none()
            && let Some(named) = Columns::of(&fields)
        {
            columns = Some(named);
            continue;
        }
        let columns = columns.get_or_insert(Columns::PLAIN);
        lines.push(line(number, &fields, columns));
    }
    lines
}

fn line(number: u64, fields: &[String], columns: &Columns) -> Result<Line, Broken> {
    let field = |column: usize| fields.get(column).map(String::as_str);
    let tag = field(columns.tag).filter(|tag| !tag.is_empty());
    let tag = tag.ok_or_else(|| Broken { line: number, why: "there is no tag".to_owned() })?.to_owned();
    let value = field(columns.value).map(str::to_owned);
    let said = |column: Option<usize>| column.and_then(field).unwrap_or_default();
    let empty = value.as_deref().is_none_or(str::is_empty);
    let unread = empty && (said(columns.kind) == "Null" || !said(columns.error).is_empty());
    Ok(Line { number, tag, value, unread })
}

/// A comma, unless the header says otherwise: spreadsheets in half of Europe write semicolons.
fn separator(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let is_header = |comma: &u8| fields(first, *comma).is_ok_and(|fields| Columns::of(&fields).is_some());
    [b',', b';', b'\t'].into_iter().find(is_header).unwrap_or(b',')
}

/// The fields of one record that is known to be well quoted.
pub(super) fn fields(record: &[u8], comma: u8) -> Result<Vec<String>, String> {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let mut reader = ::csv::ReaderBuilder::new()
        // The one that ended the record is gone, and any other is text.
        .terminator(::csv::Terminator::Any(b'\n'))
        .has_headers(false)
        .flexible(true)
        .delimiter(comma)
        .buffer_capacity(record.len().max(1))
        .from_reader(record);
    let mut fields = ::csv::ByteRecord::new();
    reader.read_byte_record(&mut fields).map_err(|error| error.to_string())?;
    fields
        .iter()
        .map(|field| String::from_utf8(field.to_vec()).map_err(|_| "the text is not UTF-8".to_owned()))
        .collect()
}

/// Cuts CSV into records (RFC 4180). After one that is broken, the next line is the next record.
pub(super) struct Records<'a> {
    rest: &'a [u8],
    line: u64,
    comma: u8,
}

impl<'a> Records<'a> {
    pub(super) fn new(rest: &'a [u8], comma: u8) -> Records<'a> {
        Records { rest, line: 1, comma }
    }

    /// Takes so many bytes away, and counts their line ends.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (record, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        for _ in record.split(|byte| *byte == b'\n').skip(1) {
            self.line += 1;
        }
        record
    }

    fn first_line(&self) -> usize {
        self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of them, or the first of two that stand for one.
    Quote,
}

impl<'a> Iterator for Records<'a> {
    type Item = (u64, Result<&'a [u8], String>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let mut at = At::FieldStart;
        let mut wrong = None;
        let mut length = self.rest.len();
        for (index, byte) in self.rest.iter().copied().enumerate() {
            at = match (at, byte) {
                (At::Quoted, b'"') | (At::Quote, b'\r') => At::Quote,
                (At::Quoted, _) | (At::FieldStart | At::Quote, b'"') => At::Quoted,
                (_, b'\n') => {
                    length = index + 1;
                    break;
                }
                (_, byte) if byte == self.comma => At::FieldStart,
                (At::Quote, _) => {
                    wrong = Some("a quote is not closed, or there is text behind it");
                    break;
                }
                (At::FieldStart | At::Plain, _) => At::Plain,
            };
        }
        if at == At::Quoted {
            wrong = Some("a quote is not closed");
        }
        match wrong {
            Some(why) => {
                let end = self.first_line();
                self.take(end);
                Some((line, Err(why.to_owned())))
            }
            None => Some((line, Ok(self.take(length)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(u64, String)> {
        parse(text.as_bytes())
            .into_iter()
            .map(|line| match line {
                Ok(line) if line.unread => (line.number, format!("{} unread", line.tag)),
                Ok(line) => (line.number, format!("{}={}", line.tag, line.value.unwrap_or_default())),
                Err(broken) => (broken.line, format!("! {}", broken.why)),
            })
            .collect()
    }

    fn said(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn openopcs_form_has_no_header() {
        assert_eq!(told("A,1\nB,2,more\n"), said(&[(1, "A=1"), (2, "B=2")]));
        assert_eq!(told("A\nB\n\nC"), said(&[(1, "A="), (2, "B="), (4, "C=")]));
        assert_eq!(told("tag\n"), said(&[(1, "tag=")]), "an item may be called so");
        assert_eq!(told(""), []);
    }

    #[test]
    fn a_header_says_which_column_is_what() {
        let text =
            "\u{FEFF}tag,value,type,error\r\nA,\"1,5\",String,\r\nB,,Null,\r\nC,,,gone\r\nD,,String,\r\n";
        assert_eq!(told(text), said(&[(2, "A=1,5"), (3, "B unread"), (4, "C unread"), (5, "D=")]));
        assert_eq!(told("Value;note;TAG\n5;x;A"), said(&[(2, "A=5")]), "moved, and with semicolons");
        assert_eq!(told("tag,item_id\nns=2;s=A,A\n"), said(&[(2, "ns=2;s=A=")]));
    }

    #[test]
    fn quotes_keep_commas_quotes_and_line_ends() {
        let text = "A,\"x,\"\"y\"\"\r\nz\"\r\n\"B, b\",5\" pipe\n温度,°C\n";
        assert_eq!(told(text), said(&[(1, "A=x,\"y\"\r\nz"), (3, "B, b=5\" pipe"), (4, "温度=°C")]));
    }

    #[test]
    fn a_broken_line_spoils_no_other() {
        let text = "A,1\nB,\"2\nC,3\n\"D\"d,4\nE,5\n,6\n";
        assert_eq!(
            told(text),
            said(&[
                (1, "A=1"),
                (2, "! a quote is not closed, or there is text behind it"),
                (3, "C=3"),
                (4, "! a quote is not closed, or there is text behind it"),
                (5, "E=5"),
                (6, "! there is no tag"),
            ])
        );
        assert_eq!(told("A,1\nB,\"2\nC,3"), said(&[(1, "A=1"), (2, "! a quote is not closed"), (3, "C=3")]));
        let bytes = parse(b"A,1\nB,\xFF\nC,3\n");
        assert_eq!(bytes[1], Err(Broken { line: 2, why: "the text is not UTF-8".into() }));
        assert_eq!(bytes.len(), 3);
    }
}
