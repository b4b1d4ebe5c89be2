//! The past of an item as CSV: `time,value,status`, a row for each sample.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::History;
use crate::engine::convert::status_name;
use crate::history::Sample;
use crate::sim::check::Shape;
use crate::{DataType, Error, Result, Status, Value};

/// More is said of no file: by then it is clear that it is another kind of file.
const MOST_FAULTS: usize = 20;
/// No row is longer, so a quote that nobody closed does not take in the rest of the file.
const LONGEST: usize = 16 * 1024 * 1024;

impl History {
    /// The samples of a CSV file: a `time`, a `value` and a `status` in each row, for an item with single values of this
    /// type. The item's own first value is not added to them, and an item that was made without a value has the latest.
    ///
    /// - A header row is not needed. With one the columns may be in any order, and the file may be what
    ///   `opc history TAG -o csv` printed of one tag: its time is the `source_time`, and columns that are not named here are
    ///   left out.
    /// - The time is RFC 3339 with any offset, in steps of 100 ns, from 1601 to 9999. Rows may be in any order, but no
    ///   time may be there twice.
    /// - The value is what [`Value::parse`] takes. An empty one is null; an empty text is `""`.
    /// - The status is a name (`Good`, `BadNoData`) or a number (`0x80AB0000`). Without one it is `Good`.
    /// - Fields with commas, quotes or line breaks stand in double quotes, a quote in them twice. Empty lines and those
    ///   that begin with `#` are left out.
    ///
    /// ```
    /// use openopc::DataType;
    /// use openopc::sim::{History, Item};
    ///
    /// # let path = std::env::temp_dir().join(format!("openopc-doc-{}.csv", std::process::id()));
    /// std::fs::write(&path, "time,value,status\n2005-07-01T12:00:10Z,20.5,Good\n2005-07-01T12:00:20Z,,BadNoData\n")?;
    /// let item = Item::new("Boiler.Temperature", None::<f64>)
    ///     .data_type(DataType::Double)
    ///     .history(History::csv(&path, DataType::Double)?);
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] where the file cannot be read, with every line that is wrong and why.
    pub fn csv(path: impl AsRef<Path>, data_type: DataType) -> Result<History> {
        let path = path.as_ref();
        let cannot = |error| Error::Config(format!("cannot read {}: {error}", path.display()));
        let file = File::open(path).map_err(cannot)?;
        match read(BufReader::new(file), Shape { data_type, dimensions: 0 }) {
            Ok(read) => Ok(History::recorded().samples(read.samples)),
            Err(faults) => {
                let lines =
                    faults.iter().map(|fault| format!("{}:{}: {}", path.display(), fault.line, fault.what));
                Err(Error::Config(lines.collect::<Vec<_>>().join("\n")))
            }
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) what: String,
    /// The line itself.
    pub(crate) text: String,
}

/// What a file holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    /// In the order of time.
    pub(crate) samples: Vec<Sample>,
    /// The first line with a time before the one above it.
    pub(crate) unordered: Option<Fault>,
}

/// Reads the rows, a line at a time.
pub(crate) fn read(input: impl BufRead, shape: Shape) -> Result<Read, Vec<Fault>> {
    let mut lines = Lines { input, line: 0, next: 1 };
    let mut rows = Rows::new(shape);
    let (mut samples, mut places) = (Vec::<Sample>::new(), Vec::<usize>::new());
    let (mut faults, mut unordered, mut first) = (Vec::new(), None, true);
    let mut text = String::new();
    loop {
        let fault = |line, what: String, text: &str| Fault { line, what, text: text.trim_end().to_owned() };
        match lines.next(&mut text) {
            Ok(true) => {}
            Ok(false) => break,
            Err(what) => {
                faults.push(fault(lines.line, what, ""));
                break;
            }
        }
        let line = lines.line;
        if first && let Some(separator) = foreign_separator(&text) {
            // Every line would be wrong in the same way.
            faults.push(fault(line, format!("columns are separated by commas, not by {separator}"), &text));
            break;
        }
        match fields(text.trim_end_matches(['\n', '\r'])).and_then(|fields| rows.row(&fields, first)) {
            Ok(Some(sample)) => {
                let before = samples.last().zip(places.last());
                match before {
                    Some((last, place)) if last.time == sample.time => {
                        faults.push(fault(line, twice(sample.time, *place), &text));
                    }
                    Some((last, _)) if last.time > sample.time && unordered.is_none() => {
                        unordered = Some(fault(line, "the rows are not in the order of time".into(), &text));
                    }
                    _ => {}
                }
                samples.push(sample);
                places.push(line);
            }
            Ok(None) => {}
            Err(what) => faults.push(fault(line, what, &text)),
        }
        first = false;
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if unordered.is_some() && faults.is_empty() {
        samples = sorted(samples, places, &mut faults);
    }
    if faults.is_empty() { Ok(Read { samples, unordered }) } else { Err(faults) }
}

fn twice(time: DateTime<Utc>, line: usize) -> String {
    let time = time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    format!("the time {time} is in line {line} already; a series has one value for each time")
}

fn sorted(samples: Vec<Sample>, places: Vec<usize>, faults: &mut Vec<Fault>) -> Vec<Sample> {
    let mut all: Vec<(Sample, usize)> = samples.into_iter().zip(places).collect();
    all.sort_by_key(|(sample, line)| (sample.time, *line));
    for pair in all.windows(2) {
        let [(one, above), (other, line)] = pair else { continue };
        if one.time == other.time && faults.len() < MOST_FAULTS {
            faults.push(Fault { line: *line, what: twice(one.time, *above), text: String::new() });
        }
    }
    all.into_iter().map(|(sample, _)| sample).collect()
}

/// Counts lines, and puts those together that a quote reaches over.
struct Lines<R> {
    input: R,
    /// Where the last row began, and where the next one will.
    line: usize,
    next: usize,
}

impl<R: BufRead> Lines<R> {
    /// The next row that is not empty; false where there is none.
    fn next(&mut self, text: &mut String) -> Result<bool, String> {
        loop {
            text.clear();
            self.line = self.next;
            if !self.more(text)? {
                return Ok(false);
            }
            if self.line == 1 && text.starts_with('\u{feff}') {
                // What Windows programs put in front of UTF-8.
                text.remove(0);
            }
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            while text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
                if text.len() > LONGEST || !self.more(text)? {
                    return Err("a quote that does not end".into());
                }
            }
            return Ok(true);
        }
    }

    fn more(&mut self, text: &mut String) -> Result<bool, String> {
        let read = self.input.read_line(text).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => "this is no text in UTF-8".to_owned(),
            _ => format!("cannot read on: {error}"),
        })?;
        self.next += 1;
        Ok(read > 0)
    }
}

/// What stands between the columns of a row, where it is no comma.
fn foreign_separator(text: &str) -> Option<&'static str> {
    match text.chars().find(|c| [',', ';', '\t', '"'].contains(c)) {
        Some(';') => Some("semicolons"),
        Some('\t') => Some("tabs"),
        _ => None,
    }
}

/// A field, and whether it stood in quotes.
type Field<'a> = (Cow<'a, str>, bool);

fn fields(text: &str) -> Result<Vec<Field<'_>>, String> {
    if !text.contains('"') {
        return Ok(text.split(',').map(|field| (Cow::Borrowed(field.trim()), false)).collect());
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let start = rest.trim_start();
        let after = if let Some(quoted) = start.strip_prefix('"') {
            let (field, after) = quoted_field(quoted)?;
            fields.push((Cow::Owned(field), true));
            after.trim_start()
        } else {
            let (field, after) = start.split_at(start.find(',').unwrap_or(start.len()));
            if field.contains('"') {
                return Err(
                    "a quote inside a field: put the field in quotes, and write the quote twice".into()
                );
            }
            fields.push((Cow::Borrowed(field.trim_end()), false));
            after
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => return Err("behind a closing quote comes a comma or the end of the line".into()),
        }
    }
}

/// The text up to the closing quote, and what is behind it.
fn quoted_field(text: &str) -> Result<(String, &str), String> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let (part, after) = rest.split_once('"').ok_or("a quote that does not end")?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Ok((field, after)),
        }
    }
}

/// Where the columns are.
#[derive(Clone, Copy)]
struct Columns {
    time: usize,
    value: usize,
    status: Option<usize>,
    /// Of an export: the tag, the type of the value, and why there is none.
    tag: Option<usize>,
    data_type: Option<usize>,
    error: Option<usize>,
    count: usize,
}

impl Default for Columns {
    fn default() -> Columns {
        Columns { time: 0, value: 1, status: Some(2), tag: None, data_type: None, error: None, count: 3 }
    }
}

struct Rows {
    shape: Shape,
    columns: Columns,
    /// The last status: most rows have the same as the one above.
    status: (String, Status),
    /// The tag of an export.
    tag: Option<String>,
}

impl Rows {
    fn new(shape: Shape) -> Rows {
        Rows { shape, columns: Columns::default(), status: ("Good".into(), Status::GOOD), tag: None }
    }

    /// The sample of a row; none where it is the header.
    fn row(&mut self, fields: &[Field<'_>], first: bool) -> Result<Option<Sample>, String> {
        if first && let Some(columns) = header(fields)? {
            self.columns = columns;
            return Ok(None);
        }
        let columns = self.columns;
        // A row may end before a status that is good.
        let least = columns.time.max(columns.value) + 1;
        if fields.len() < least || fields.len() > columns.count {
            let count = fields.len();
            let plural = if count == 1 { "" } else { "s" };
            return Err(format!(
                "{count} column{plural} where there are `time`, `value` and, if it is not Good, `status`"
            ));
        }
        let field = |at: usize| fields.get(at).map_or((Cow::Borrowed(""), false), Field::clone);
        let named = |at: Option<usize>| at.map(|at| field(at).0).filter(|text| !text.is_empty());
        if let Some(why) = named(columns.error) {
            return Err(format!("this is no value, but why there is none: {why}"));
        }
        if let Some(tag) = named(columns.tag) {
            match &self.tag {
                Some(other) if *other != tag => {
                    return Err(format!(
                        "a file is the past of one item: this is of `{tag}`, not of `{other}`"
                    ));
                }
                _ => self.tag = Some(tag.into_owned()),
            }
        }
        let time = time(&field(columns.time).0)?;
        let (text, quoted) = field(columns.value);
        // An export says whether nothing is an empty text or null.
        let empty = quoted || named(columns.data_type).is_some_and(|name| name != "Null");
        let value = self.value(&text, empty).map_err(|error| format!("value: {error}"))?;
        let status = match columns.status.map(field) {
            Some((text, _)) if !text.is_empty() => self.status(&text)?,
            _ => Status::GOOD,
        };
        Ok(Some(Sample { time, value, status }))
    }

    fn value(&self, text: &str, quoted: bool) -> Result<Value, crate::ConvertError> {
        if text.is_empty() && !quoted {
            return Ok(Value::Null);
        }
        if self.shape.dimensions > 0 {
            Value::parse_array(text, self.shape.data_type)
        } else {
            Value::parse(text, self.shape.data_type)
        }
    }

    fn status(&mut self, text: &str) -> Result<Status, String> {
        if self.status.0 != text {
            let Ok(Value::StatusCode(status)) = Value::parse(text, DataType::StatusCode) else {
                let near =
                    nearest_status(text).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
                return Err(format!(
                    "status: `{text}` is no status{near}: write a name such as BadNoData, or a number"
                ));
            };
            self.status = (text.to_owned(), status);
        }
        Ok(self.status.1)
    }
}

/// The name of a status that is written almost like this.
fn nearest_status(text: &str) -> Option<String> {
    let plain = |name: &str| name.to_lowercase().replace(['_', ' '], "");
    let wanted = plain(text);
    let names = (0..=0xFFFF_u32).filter_map(|code| status_name(code << 16));
    let near = names.map(|name| (strsim::osa_distance(&wanted, &plain(name)), name));
    let near = near.filter(|(distance, _)| *distance <= (wanted.len() / 4).min(3));
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name.to_owned())
}

/// What else `opc history -o csv` prints of a value.
const EXPORTED: [&str; 8] =
    ["tag", "type", "quality", "server_time", "history", "partial", "multiple_values", "error"];

/// The columns by their names, if these are names.
fn header(fields: &[Field<'_>]) -> Result<Option<Columns>, String> {
    let names: Vec<String> = fields.iter().map(|(name, _)| name.to_lowercase()).collect();
    let find = |name: &str| names.iter().position(|other| other == name);
    let Some(time) = find("time").or_else(|| find("source_time")) else {
        return match fields.first() {
            // No time begins with a letter.
            Some((first, _)) if first.starts_with(char::is_alphabetic) => Err(format!(
                "there is no column `time`: a header has `time`, `value` and `status`, and this begins with `{first}`"
            )),
            _ => Ok(None),
        };
    };
    // Without the status a quality would be lost.
    let exported =
        |name: &str| EXPORTED.contains(&name) && find("source_time").is_some() && find("status").is_some();
    let known = |name: &str| ["time", "source_time", "value", "status"].contains(&name) || exported(name);
    if let Some(((odd, _), _)) = fields.iter().zip(&names).find(|(_, name)| !known(name)) {
        return Err(format!("there is no column `{odd}`: there are `time`, `value` and `status`"));
    }
    let value = find("value").ok_or("there is no column `value`")?;
    let twice = |(at, name): (usize, &String)| find(name) != Some(at);
    if names.iter().enumerate().any(twice) || (find("time").is_some() && find("source_time").is_some()) {
        return Err("a column is there twice".into());
    }
    let (status, count) = (find("status"), names.len());
    let (tag, data_type, error) = (find("tag"), find("type"), find("error"));
    Ok(Some(Columns { time, value, status, tag, data_type, error, count }))
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| {
        let local = text.replacen(' ', "T", 1).parse::<chrono::NaiveDateTime>();
        if local.is_ok() {
            return format!(
                "time: `{text}` has no zone: add `Z` if it is in UTC, else an offset such as `+02:00`"
            );
        }
        format!("time: `{text}` is no time such as 2005-07-01T12:00:10Z or 2005-07-01T14:00:10.5+02:00")
    })?;
    if time.timestamp_subsec_nanos() % 100 != 0 {
        return Err(format!("time: `{text}` is finer than the steps of 100 ns that OPC UA has"));
    }
    match Value::DateTime(time.with_timezone(&Utc)).convert(DataType::DateTime) {
        Ok(Value::DateTime(time)) => Ok(time),
        _ => Err(format!("time: `{text}` is outside the years 1601 to 9999 that OPC UA has")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBLE: Shape = Shape { data_type: DataType::Double, dimensions: 0 };

    fn all(text: &str, data_type: DataType) -> Vec<Sample> {
        read(text.as_bytes(), Shape { data_type, dimensions: 0 }).unwrap().samples
    }

    fn fault(text: &str) -> (usize, String) {
        let mut faults = read(text.as_bytes(), DOUBLE).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        let fault = faults.remove(0);
        (fault.line, fault.what)
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn rows_become_samples() {
        let no_data = Status::named("BadNoData").unwrap();
        let expected = [
            Sample::with_status(at("2005-07-01T12:00:00Z"), Value::Null, no_data),
            Sample::new(at("2005-07-01T12:00:10Z"), 10.0),
            Sample::with_status(at("2005-07-01T12:00:20.5Z"), -2.5, Status::from_bits(0x4095_0000)),
            Sample::new(at("2005-07-01T12:00:30Z"), 3e9),
        ];
        let rows = "2005-07-01T12:00:00Z,,BadNoData\n2005-07-01T14:00:10+02:00,10\n\
                    2005-07-01T12:00:20.500Z, -2.5 ,UncertainDataSubNormal\r\n\n# a note\n2005-07-01T12:00:30Z,\"3e9\",";
        assert_eq!(all(rows, DataType::Double)[..2], expected[..2]);
        let rows = rows.replace("UncertainDataSubNormal", "0x40950000");
        assert_eq!(all(&rows, DataType::Double), expected);
        assert_eq!(all(&format!("\u{feff}Time,Value,Status\n{rows}"), DataType::Double), expected);
        let swapped = "status,time,value\n,2005-07-01T12:00:10Z,10\n";
        assert_eq!(all(swapped, DataType::Double), expected[1..2]);
    }

    #[test]
    fn texts_are_quoted_where_they_need_it() {
        let rows = "2005-07-01T12:00:00Z,\"a, \"\"b\"\"\nc\"\n2005-07-01T12:00:01Z,plain\n2005-07-01T12:00:02Z,\"\"\n\
                    2005-07-01T12:00:03Z,\n";
        let values: Vec<Value> = all(rows, DataType::String).into_iter().map(|sample| sample.value).collect();
        assert_eq!(values, ["a, \"b\"\nc".into(), "plain".into(), "".into(), Value::Null]);
        let shape = Shape { data_type: DataType::Int32, dimensions: 1 };
        let rows = read("2005-07-01T12:00:00Z,\"[1, 2]\"".as_bytes(), shape).unwrap().samples;
        assert_eq!(rows[0].value, Value::from(vec![1, 2]));
    }

    #[test]
    fn every_way_to_write_a_time_is_one_of_rfc_3339() {
        for text in [
            "2005-07-01T12:00:00.5Z",
            "2005-07-01t12:00:00.500z",
            "2005-07-01 12:00:00.5000000Z",
            "2005-07-01T14:00:00.5+02:00",
            "2005-07-01T06:30:00.5-05:30",
        ] {
            let samples = all(&format!("{text},1\n"), DataType::Double);
            assert_eq!(samples, [Sample::new(at("2005-07-01T12:00:00.5Z"), 1.0)], "{text}");
        }
    }

    #[test]
    fn what_the_command_exports_is_read() {
        let header =
            "tag,value,type,quality,status,source_time,server_time,history,partial,multiple_values,error\n";
        let row = |tag, value, kind, status, error| {
            format!("{tag},{value},{kind},Good,{status},2005-07-01T12:00:00Z,,Raw,false,false,{error}\n")
        };
        let one = |row: String, data_type| all(&format!("{header}{row}"), data_type).remove(0);
        assert_eq!(one(row("A", "1.5", "Double", "Good", ""), DataType::Double).value, Value::Double(1.5));
        assert_eq!(one(row("A", "", "String", "Good", ""), DataType::String).value, Value::from(""));
        let none = one(row("A", "", "Null", "BadNoData", ""), DataType::String);
        assert_eq!((none.value, none.status.name().as_ref()), (Value::Null, "BadNoData"));
        let failed = row("A", "", "", "", "there is no such tag");
        assert_eq!(
            fault(&format!("{header}{failed}")).1,
            "this is no value, but why there is none: there is no such tag"
        );
        let two =
            format!("{header}{}{}", row("A", "1", "Double", "Good", ""), row("B", "1", "Double", "Good", ""));
        assert_eq!(fault(&two), (3, "a file is the past of one item: this is of `B`, not of `A`".into()));
    }

    #[test]
    fn rows_out_of_order_are_sorted_and_told() {
        let read = read("2005-01-01T00:00:02Z,2\n2005-01-01T00:00:01Z,1\n".as_bytes(), DOUBLE).unwrap();
        assert_eq!(read.unordered.unwrap().line, 2);
        assert_eq!(read.samples[0].value, Value::Double(1.0));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (text, line, word) in [
            ("time,value\n2005-01-01T00:00:00Z,1\n2005-01-01T00:00:00Z,2\n", 3, "in line 2 already"),
            (
                "2005-01-01T00:00:01Z,1\n2005-01-01T00:00:00Z,2\n\n2005-01-01T00:00:01Z,2",
                4,
                "in line 1 already",
            ),
            ("# note\n\n2005-01-01T00:00:00,1", 3, "has no zone: add `Z`"),
            ("2005-01-01 00:00:00.5,1", 1, "has no zone: add `Z`"),
            ("2005-13-01T00:00:00Z,1", 1, "is no time such as"),
            ("2005-01-01T00:00:00+0200,1", 1, "is no time such as"),
            ("1120219200,1", 1, "is no time such as"),
            ("Timestamp,Value,Quality\n", 1, "no column `time`: a header has"),
            ("time;value;status\n2005-01-01T00:00:00Z;3,5;Good\n", 1, "commas, not by semicolons"),
            ("2005-01-01T00:00:00Z\t1\n2005-01-01T00:00:01Z\t1\n", 1, "commas, not by tabs"),
            ("time,value,quality,status\n", 1, "no column `quality`"),
            ("2005-01-01T00:00:00Z,1,bad_NoData", 1, "did you mean `BadNoData`?"),
            ("2005-01-01T00:00:00Z,1,good", 1, "did you mean `Good`?"),
            ("2005-01-01T00:00:00Z,one", 1, "`one` is not Double"),
            ("2005-01-01T00:00:00Z,1,Goodish", 1, "`Goodish` is no status"),
            ("2005-01-01T00:00:00Z", 1, "1 column where"),
            ("2005-01-01T00:00:00Z,1,Good,5", 1, "4 columns"),
            ("1500-01-01T00:00:00Z,1", 1, "1601 to 9999"),
            ("2005-01-01T00:00:00.00000001Z,1", 1, "100 ns"),
            ("time,value,quality\n", 1, "no column `quality`"),
            ("time,status\n", 1, "no column `value`"),
            ("time,value,value\n", 1, "twice"),
            ("2005-01-01T00:00:00Z,1\n2005-01-01T00:00:01Z,\"1\n2\n3\n", 2, "quote that does not end"),
            ("2005-01-01T00:00:00Z,1\"\"2", 1, "a quote inside"),
            ("2005-01-01T00:00:00Z,\"1\" 2", 1, "closing quote"),
        ] {
            let (where_, what) = fault(text);
            assert!(where_ == line && what.contains(word), "{text}: {where_}: {what}");
        }
        let (line, what) =
            fault(std::str::from_utf8(b"2005-01-01T00:00:00Z,1\n").unwrap().repeat(2).as_str());
        assert!(line == 2 && what.contains("already"));
        let broken: &[u8] = b"2005-01-01T00:00:00Z,1\n\xff\xfe,2\n";
        assert_eq!(read(broken, DOUBLE).unwrap_err()[0].line, 2);
    }

    #[test]
    fn another_kind_of_file_is_not_told_line_by_line() {
        let faults = read("nonsense\n".repeat(100).as_bytes(), DOUBLE).unwrap_err();
        assert_eq!(faults.len(), MOST_FAULTS);
    }
}
