//! CSV, one record at a time, so that a broken line spoils no other one.

use std::fmt;

use super::records::Records;

/// What one record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where it begins, from 1.
    pub(crate) number: u64,
    pub(crate) tag: String,
    pub(crate) value: Option<String>,
    /// What it says was wrong when it was read: such a value is not written back.
    pub(crate) unread: Option<&'static str>,
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
    quality: Option<usize>,
    error: Option<usize>,
    /// Which property of the tag the value is.
    id: Option<usize>,
}

impl Columns {
    /// OpenOPC's: the first is the item, the second the value.
    const PLAIN: Columns = Columns { tag: 0, value: 1, kind: None, quality: None, error: None, id: None };

    fn of(header: &[String]) -> Option<Columns> {
        let find = |name: &str| header.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
        let tag = find("tag")?;
        COLUMNS.iter().any(|name| find(name).is_some()).then(|| Columns {
            tag,
            value: find("value").unwrap_or(usize::MAX),
            kind: find("type"),
            quality: find("quality"),
            error: find("error"),
            id: find("id"),
        })
    }
}

/// From the bytes to what they say, as they come.
#[derive(Default)]
pub(crate) struct Parser {
    records: Records,
    /// Known with the first line.
    comma: Option<u8>,
    columns: Option<Columns>,
}

impl Parser {
    /// All records that these bytes complete, but the header and empty lines; those that are broken too.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Result<Line, Broken>> {
        self.records.push(bytes);
        self.lines(false)
    }

    /// What is left at the end.
    pub(crate) fn finish(&mut self) -> Vec<Result<Line, Broken>> {
        self.lines(true)
    }

    /// Whether the header is that of `opc properties -o csv`, whose values are of properties and not of tags.
    pub(crate) fn of_properties(&self) -> bool {
        self.columns.as_ref().is_some_and(|columns| columns.id.is_some())
    }

    /// The separator; nothing while the first line has no end.
    fn comma(&mut self, complete: bool) -> Option<u8> {
        if self.comma.is_none() {
            // Spreadsheets like to put one there.
            const MARK: &[u8] = b"\xEF\xBB\xBF";
            if self.records.first_line(complete)?.starts_with(MARK) {
                self.records.skip(MARK.len());
            }
            self.comma = self.records.first_line(complete).map(separator);
        }
        self.comma
    }

    fn lines(&mut self, complete: bool) -> Vec<Result<Line, Broken>> {
        let mut lines = Vec::new();
        let Some(comma) = self.comma(complete) else { return lines };
        while let Some((number, record)) = self.records.next(comma, complete) {
            let fields = record.map_err(str::to_owned).and_then(|record| fields(record, comma));
            let fields = match fields {
                Ok(fields) if fields.iter().all(String::is_empty) => continue,
                Ok(fields) => fields,
                Err(why) => {
                    self.columns.get_or_insert(Columns::PLAIN);
                    lines.push(Err(Broken { line: number, why }));
                    continue;
                }
            };
            if self.columns.is_none()
                && let Some(named) = Columns::of(&fields)
            {
                self.columns = Some(named);
                continue;
            }
            lines.push(line(number, &fields, self.columns.get_or_insert(Columns::PLAIN)));
        }
        lines
    }
}

fn line(number: u64, fields: &[String], columns: &Columns) -> Result<Line, Broken> {
    let field = |column: usize| fields.get(column).map(String::as_str);
    let tag = field(columns.tag).filter(|tag| !tag.is_empty());
    let tag = tag.ok_or_else(|| Broken { line: number, why: "there is no tag".to_owned() })?.to_owned();
    let value = field(columns.value).map(str::to_owned);
    let said = |column: Option<usize>| column.and_then(field).unwrap_or_default();
    let empty = value.as_deref().is_none_or(str::is_empty);
    let unread = if empty && (said(columns.kind) == "Null" || !said(columns.error).is_empty()) {
        Some("had no value")
    } else if said(columns.quality).trim().eq_ignore_ascii_case("Bad") {
        Some("had a value of bad quality")
    } else {
        None
    };
    Ok(Line { number, tag, value, unread })
}

/// A comma, unless the header says otherwise: spreadsheets in half of Europe write semicolons.
fn separator(first: &[u8]) -> u8 {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// In blocks of so many bytes.
    fn parse(bytes: &[u8], block: usize) -> Vec<Result<Line, Broken>> {
        let mut parser = Parser::default();
        let mut lines: Vec<_> = bytes.chunks(block).flat_map(|bytes| parser.push(bytes)).collect();
        lines.extend(parser.finish());
        lines
    }

    /// The same however the bytes come.
    fn told(text: &str) -> Vec<(u64, String)> {
        let lines = parse(text.as_bytes(), usize::MAX);
        for block in 1..=text.len() {
            assert_eq!(parse(text.as_bytes(), block), lines, "blocks of {block}");
        }
        lines
            .into_iter()
            .map(|line| match line {
                Ok(line) if line.unread.is_some() => (line.number, format!("{} unread", line.tag)),
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
        let bytes = parse(b"A,1\nB,\xFF\nC,3\n", usize::MAX);
        assert_eq!(bytes[1], Err(Broken { line: 2, why: "the text is not UTF-8".into() }));
        assert_eq!(bytes.len(), 3);
    }

    #[test]
    fn a_value_of_bad_quality_counts_as_unread() {
        let text = "tag,value,quality\nA,1,Good\nB,2,Bad\nC,3,Uncertain\nD,4, bad \n";
        assert_eq!(told(text), said(&[(2, "A=1"), (3, "B unread"), (4, "C=3"), (5, "D unread")]));
        // Without a header there is no such column.
        assert_eq!(told("A,1,Bad\n"), said(&[(1, "A=1")]));
    }

    #[test]
    fn a_record_is_there_with_its_line_end() {
        let mut parser = Parser::default();
        let mut push = |text: &str| -> Vec<String> {
            parser.push(text.as_bytes()).into_iter().map(|line| line.unwrap().tag).collect()
        };
        assert_eq!(push("tag,val"), Vec::<String>::new());
        assert_eq!(push("ue\nA,1\nB"), ["A"]);
        assert_eq!(push(",\"x\n"), Vec::<String>::new());
        assert_eq!(push("y\"\nC,3\n"), ["B", "C"]);
    }
}
