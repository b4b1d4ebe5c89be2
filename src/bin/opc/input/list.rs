//! Lists of item ids: one a line, or what DA tools export.

mod header;
mod text;

use std::collections::HashMap;
use std::num::NonZeroUsize;

use self::header::{Columns, is_matrikon};
use super::Broken;
use super::csv::{Records, fields};
use crate::args::Form;

/// One item id of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) line: u64,
    /// What programs call it.
    pub(crate) id: String,
    /// What it stands for, where the list says so.
    pub(crate) target: Option<String>,
    /// Its value is not that of `target`.
    pub(crate) scaled: bool,
}

/// What a list says.
#[derive(Debug)]
pub(crate) struct List {
    /// None of them twice.
    pub(crate) items: Vec<Named>,
    pub(crate) repeated: usize,
    pub(crate) form: Form,
}

/// The columns of a Matrikon record.
const GROUP: usize = 0;
const NAME: usize = 1;
const PATH: usize = 2;
const SCALING: usize = 7;

impl List {
    /// Reads a list; what it is, if nobody says, is told by its first line.
    pub(crate) fn parse(
        bytes: &[u8],
        form: Option<Form>,
        column: Option<NonZeroUsize>,
        prefix: &str,
    ) -> Result<List, Broken> {
        let bytes = &text::utf8(bytes)?[..];
        let (comma, header) = header::of(bytes, column);
        let form = form.unwrap_or_else(|| guess(bytes, header.as_ref(), column));
        let mut reading = Reading { prefix, seen: HashMap::new(), items: Vec::new(), repeated: 0 };
        match form {
            Form::Ids => ids(bytes, &mut reading)?,
            Form::Matrikon => matrikon(bytes, &mut reading)?,
            Form::Csv | Form::Kepware => {
                let named = header.is_some();
                let columns = header.unwrap_or_else(|| Columns::plain(column));
                let mut lines = records(bytes, comma).skip(usize::from(named));
                lines.try_for_each(|record| columns.read(record?, &mut reading))?;
            }
        }
        Ok(List { items: reading.items, repeated: reading.repeated, form })
    }
}

/// What a list looks like.
fn guess(bytes: &[u8], header: Option<&Columns>, column: Option<NonZeroUsize>) -> Form {
    let first =
        || records(bytes, b',').find(|record| record.as_ref().map_or(true, |(_, fields)| !comment(fields)));
    match header {
        Some(columns) if columns.is_kepware() => Form::Kepware,
        Some(_) => Form::Csv,
        None if matches!(first(), Some(Ok((_, fields))) if is_matrikon(&fields)) => Form::Matrikon,
        None if column.is_some() => Form::Csv,
        None => Form::Ids,
    }
}

fn comment(fields: &[String]) -> bool {
    fields.first().is_some_and(|field| field.starts_with("# "))
}

/// All records but empty ones, with their lines.
fn records(bytes: &[u8], comma: u8) -> impl Iterator<Item = Result<(u64, Vec<String>), Broken>> {
    let records = Records::new(bytes, comma).map(move |(line, record)| {
        let fields = record.and_then(|record| fields(record, comma)).map_err(|why| Broken { line, why })?;
        Ok((line, fields.iter().map(|field| field.trim().to_owned()).collect::<Vec<_>>()))
    });
    records.filter(|record| !matches!(record, Ok((_, fields)) if fields.iter().all(String::is_empty)))
}

/// Item ids have commas and quotes of their own, `[PLC]Speeds[10],L5` and `"DB"."x"`: a line is the id, unless it is one
/// field in quotes, as `opc list` writes it.
fn ids(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), Broken> {
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let broken = |why: &str| Broken { line: number, why: why.to_owned() };
        let text = std::str::from_utf8(line).map_err(|_| broken("the text is not UTF-8"))?.trim();
        if text.is_empty() || text.starts_with("# ") {
            continue;
        }
        let mut quoted = None;
        if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
            quoted = match records(text.as_bytes(), b',').next() {
                Some(Ok((_, fields))) if fields.len() == 1 => fields.into_iter().next(),
                _ => None,
            };
        }
        reading.add(number, quoted.as_deref().unwrap_or(text), None, false)?;
    }
    Ok(())
}

fn matrikon(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), Broken> {
    for record in records(bytes, b',') {
        let (line, fields) = record?;
        if fields.first().is_some_and(|field| field.starts_with('#')) {
            continue;
        }
        let field = |column: usize| fields.get(column).map(String::as_str).unwrap_or_default();
        if !is_matrikon(&fields) {
            let why = "not an alias of a Matrikon export, which has 8 columns and more, with numbers from the fourth on";
            return Err(Broken { line, why: why.to_owned() });
        }
        if field(NAME).is_empty() {
            return Err(Broken { line, why: "there is no name".to_owned() });
        }
        let alias = format!("{}.{}", field(GROUP), field(NAME));
        let target = Some(field(PATH)).filter(|path| !path.is_empty());
        reading.add(line, &alias, target, field(SCALING) != "0")?;
    }
    Ok(())
}

/// Item ids as they come.
struct Reading<'a> {
    prefix: &'a str,
    /// Where each is among the items.
    seen: HashMap<String, usize>,
    items: Vec<Named>,
    repeated: usize,
}

impl Reading<'_> {
    fn add(&mut self, line: u64, id: &str, target: Option<&str>, scaled: bool) -> Result<(), Broken> {
        let id = format!("{}{id}", self.prefix);
        let target = target.filter(|target| *target != id).map(str::to_owned);
        if let Some(first) = self.seen.get(&id).and_then(|index| self.items.get(*index)) {
            if first.target == target {
                self.repeated += 1;
                return Ok(());
            }
            let other = |target: &Option<String>| target.clone().unwrap_or_else(|| id.clone());
            let why = format!(
                "`{id}` is `{}` here, but `{}` in line {}",
                other(&target),
                other(&first.target),
                first.line
            );
            return Err(Broken { line, why });
        }
        self.seen.insert(id.clone(), self.items.len());
        self.items.push(Named { line, id, target, scaled });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
