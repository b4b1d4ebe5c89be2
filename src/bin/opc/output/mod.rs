//! Data on stdout, everything else on stderr.

mod csv;
mod json;
mod pipe;
mod reading;
mod table;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufWriter, Stdout, Write as _};

use serde::Serialize;

pub(crate) use self::pipe::reader_gone;
pub(crate) use self::reading::{Row, field, time_text};
use self::table::Table;
use crate::args::Format;

/// The one way to stdout.
pub(crate) type Out = BufWriter<Stdout>;

/// One line of output. Its `Serialize` is what JSON shows.
pub(crate) trait Record: Serialize {
    /// The header of csv.
    const FIELDS: &'static [&'static str];
    /// The header of a table.
    const TITLES: &'static [Title];

    /// One per field.
    fn fields(&self) -> Vec<Cow<'_, str>>;

    /// One per title.
    fn cells(&self) -> Vec<Cow<'_, str>>;
}

/// The head of a table's column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Title {
    Always(&'static str),
    /// Left out where all cells are empty.
    IfAny(&'static str),
}

/// Prints records in the format asked for.
pub(crate) struct Printer(Style);

enum Style {
    Table(Table, Out),
    Csv(Box<csv::Csv>),
    Json(Out),
}

impl Printer {
    /// For a known number of records, which a table waits for so that it knows how wide its columns are.
    pub(crate) fn new(format: Format) -> Printer {
        Printer::with(format, Table::whole())
    }

    /// For records that come one by one. `widths` are what is known of the first columns of a table.
    pub(crate) fn live(format: Format, widths: Vec<usize>) -> Printer {
        Printer::with(format, Table::live(widths))
    }

    fn with(format: Format, table: Table) -> Printer {
        let out = BufWriter::new(io::stdout());
        Printer(match format {
            Format::Table => Style::Table(table, out),
            Format::Csv => Style::Csv(Box::new(csv::Csv::new(out))),
            Format::Json => Style::Json(out),
        })
    }

    pub(crate) fn print<R: Record>(&mut self, record: &R) -> io::Result<()> {
        match &mut self.0 {
            Style::Table(table, out) => table.row(out, R::TITLES, &record.cells()),
            Style::Csv(csv) => csv.row(R::FIELDS, &record.fields()),
            Style::Json(out) => json::line(out, record),
        }
    }

    /// Prints one thing as a single object, where the format has such; `false` where it has not.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> io::Result<bool> {
        match &mut self.0 {
            Style::Json(out) => json::line(out, object).map(|()| true),
            Style::Table(..) | Style::Csv(_) => Ok(false),
        }
    }

    /// What was printed so far reaches the reader.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Style::Table(_, out) | Style::Json(out) => out.flush(),
            Style::Csv(csv) => csv.flush(),
        }
    }

    /// No more records come.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if let Style::Table(table, out) = &mut self.0 {
            table.finish(out)?;
        }
        self.flush()
    }
}

/// One line of text as data.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Something beside the data, on stderr. If nobody can see it, nobody can be told.
pub(crate) fn note(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}
