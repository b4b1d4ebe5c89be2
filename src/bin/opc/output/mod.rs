//! Data on stdout, everything else on stderr.

pub(crate) mod chart;
mod csv;
mod held;
mod html;
mod json;
mod pipe;
mod plain;
pub(crate) mod plot;
mod progress;
mod reading;
mod rotate;
pub(crate) mod svg;
mod table;

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use serde::Serialize;

pub(crate) use self::held::{Hold, Stderr};
use self::html::Page;
pub(crate) use self::pipe::reader_gone;
use self::plain::Plain;
pub(crate) use self::plain::quoted;
pub(crate) use self::progress::{Progress, note};
pub(crate) use self::reading::{Row, field, time_text};
use self::rotate::Rotated;
use self::table::Table;
pub(crate) use self::table::plain;
use crate::args::{Format, Global};
use crate::exit::Failure;

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

    /// What the values are of.
    fn name(&self) -> Cow<'_, str>;

    /// What is left where only one thing is asked for.
    fn value(&self) -> Cow<'_, str>;

    /// What went wrong, in words.
    fn error(&self) -> Option<String> {
        None
    }

    /// How a page colours it.
    fn tone(&self) -> Tone {
        Tone::Plain
    }
}

/// How good something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Uncertain,
    Bad,
}

/// The head of a table's column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Title {
    Always(&'static str),
    /// Left out where all cells are empty.
    IfAny(&'static str),
}

/// What is printed, and from where: the head of a page.
#[derive(Clone, Debug)]
pub(crate) struct About<'a> {
    pub(crate) title: &'a str,
    pub(crate) server: &'a str,
}

/// Prints records in the format asked for.
pub(crate) struct Printer {
    style: Style,
    rotated: Option<Rotated>,
    errors: bool,
}

enum Style {
    Table(Table, Out),
    Plain(Plain, Out),
    Csv(Box<csv::Csv>),
    Html(Box<Page>, Out),
    Json(Out),
}

impl Printer {
    /// For a known number of records, which a table waits for so that it knows how wide its columns are.
    pub(crate) fn new(global: &Global, about: &About<'_>) -> Printer {
        Printer::with(global, global.format(), about, Table::whole(global.errors))
    }

    /// For records that come one by one. `widths` are what is known of the first columns of a table.
    pub(crate) fn live(global: &Global, about: &About<'_>, widths: Vec<usize>) -> Printer {
        Printer::with(global, global.format(), about, Table::live(widths))
    }

    fn with(global: &Global, format: Format, about: &About<'_>, table: Table) -> Printer {
        let out = BufWriter::new(io::stdout());
        let style = match format {
            Format::Table => Style::Table(table, out),
            Format::Values => Style::Plain(Plain::values(on_screen()), out),
            Format::Pairs => Style::Plain(Plain::pairs(on_screen()), out),
            Format::Csv => Style::Csv(Box::new(csv::Csv::new(out))),
            Format::Html => Style::Html(Box::new(Page::new(about)), out),
            // A picture is drawn by who has the data for one; everybody else is refused before.
            Format::Json | Format::Svg => Style::Json(out),
        };
        Printer { style, rotated: global.rotate.map(Rotated::new), errors: global.errors }
    }

    /// Whether lines come while the work is under way, rather than at its end.
    pub(crate) fn prints_at_once(&self) -> bool {
        !matches!(&self.style, Style::Table(table, _) if table.waits())
    }

    pub(crate) fn print<R: Record>(&mut self, record: &R) -> io::Result<()> {
        if let Some(rotated) = &mut self.rotated {
            if let Some(error) = record.error() {
                note(format_args!("error: {error}"));
            }
            return match rotated.push(record.value().into_owned()) {
                Some(values) => self.values(&values),
                None => Ok(()),
            };
        }
        match &mut self.style {
            Style::Table(table, out) => table.row(out, R::TITLES, &record.cells()),
            Style::Plain(plain, out) => plain.line(out, record, self.errors),
            Style::Csv(csv) => csv.row(R::FIELDS, &record.fields()),
            Style::Html(page, out) => page.row(out, R::TITLES, &record.cells(), record.tone()),
            Style::Json(out) => json::line(out, record),
        }
    }

    /// A row of values and nothing else.
    fn values(&mut self, values: &[String]) -> io::Result<()> {
        let cells: Vec<Cow<'_, str>> = values.iter().map(|value| Cow::Borrowed(value.as_str())).collect();
        match &mut self.style {
            Style::Table(table, out) => table.row(out, &[], &cells),
            Style::Csv(csv) => csv.row(&[], &cells),
            Style::Html(page, out) => page.row(out, &[], &cells, Tone::Plain),
            // Refused before.
            Style::Plain(..) | Style::Json(_) => Ok(()),
        }
    }

    /// Prints one thing as a single object, where the format has such; `false` where it has not.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> io::Result<bool> {
        match &mut self.style {
            Style::Json(out) => json::line(out, object).map(|()| true),
            _ => Ok(false),
        }
    }

    /// What was printed so far reaches the reader, a table that waits too; more comes later.
    pub(crate) fn so_far(&mut self) -> io::Result<()> {
        if let Style::Table(table, out) = &mut self.style {
            table.finish(out)?;
        }
        self.flush()
    }

    /// What was printed so far reaches the reader, except for a table that waits.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.style {
            Style::Table(_, out) | Style::Plain(_, out) | Style::Html(_, out) | Style::Json(out) => {
                out.flush()
            }
            Style::Csv(csv) => csv.flush(),
        }
    }

    /// One round of many is complete.
    pub(crate) fn round(&mut self) -> io::Result<()> {
        if let Some(values) = self.rotated.as_mut().and_then(Rotated::rest) {
            self.values(&values)?;
        }
        self.so_far()
    }

    /// No more records come.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.round()?;
        if let Style::Html(page, out) = &mut self.style {
            page.finish(out)?;
        }
        self.flush()
    }
}

/// Refuses what cannot be printed. Only a `trend` can be drawn.
pub(crate) fn check(global: &Global, trend: bool) -> Result<(), Failure> {
    match global.format() {
        Format::Svg if !trend => {
            Err(Failure::Usage("svg is a picture of a trend, which only `opc history` draws".to_owned()))
        }
        format @ (Format::Values | Format::Pairs | Format::Json | Format::Svg) if global.rotate.is_some() => {
            let format = format!("{format:?}").to_lowercase();
            Err(Failure::Usage(format!(
                "--rotate is for tables, csv and html; {format} has no rows of values"
            )))
        }
        _ => Ok(()),
    }
}

/// Whether somebody looks at stdout.
pub(crate) fn on_screen() -> bool {
    io::stdout().is_terminal()
}

/// One line of text as data.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
