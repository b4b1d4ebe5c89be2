//! Aligned columns, for people.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Title;

/// A column is never padded to more than this, so that one long value does not push all others off the screen. Longer
/// cells are printed whole.
const WIDEST: usize = 48;

/// Between columns.
const GAP: usize = 2;

pub(super) struct Table {
    titles: &'static [Title],
    widths: Vec<usize>,
    /// Rows that wait until all widths are known; `None` where rows are printed as they come.
    waiting: Option<Vec<Vec<String>>>,
    least: Vec<usize>,
    /// No column is left out for being empty.
    all_columns: bool,
    begun: bool,
}

impl Table {
    /// All rows at the end; those that come after it, as they come.
    pub(super) fn whole(all_columns: bool) -> Table {
        Table { waiting: Some(Vec::new()), all_columns, ..Table::live(Vec::new()) }
    }

    /// Each row as it comes. `least` says how wide the first columns are from the beginning.
    pub(super) fn live(least: Vec<usize>) -> Table {
        Table { titles: &[], widths: Vec::new(), waiting: None, least, all_columns: false, begun: false }
    }

    pub(super) fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Prints a row, or keeps it. Without titles there is no head.
    pub(super) fn row(
        &mut self,
        out: &mut impl Write,
        titles: &'static [Title],
        cells: &[Cow<'_, str>],
    ) -> io::Result<()> {
        let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        let begins = !std::mem::replace(&mut self.begun, true);
        if begins {
            self.titles = titles;
            self.widths = titles.iter().map(Title::width).collect();
            for (width, least) in self.widths.iter_mut().zip(&self.least) {
                *width = (*width).max((*least).min(WIDEST));
            }
        }
        if self.widths.len() < cells.len() {
            self.widths.resize(cells.len(), 0);
        }
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.width().min(WIDEST));
        }
        if let Some(waiting) = &mut self.waiting {
            waiting.push(cells);
            return Ok(());
        }
        if begins {
            self.head(out, |title| matches!(title, Title::Always(_)))?;
        }
        write_row(out, cells.iter().map(String::as_str).zip(self.widths.iter().copied()))
    }

    /// Prints the rows that waited.
    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some(rows) = self.waiting.take().filter(|rows| !rows.is_empty()) else { return Ok(()) };
        let shown: Vec<bool> = (0..self.widths.len())
            .map(|column| {
                self.all_columns
                    || !matches!(self.titles.get(column), Some(Title::IfAny(_)))
                    || rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
            })
            .collect();
        let mut columns = shown.iter();
        self.head(out, |_| columns.next() == Some(&true))?;
        for row in &rows {
            let cells = row.iter().zip(&self.widths).zip(&shown).filter(|(_, shown)| **shown);
            write_row(out, cells.map(|((cell, width), _)| (cell.as_str(), *width)))?;
        }
        Ok(())
    }

    fn head(&self, out: &mut impl Write, mut shown: impl FnMut(&Title) -> bool) -> io::Result<()> {
        if self.titles.is_empty() {
            return Ok(());
        }
        let columns = self.titles.iter().zip(&self.widths).filter(|(title, _)| shown(title));
        write_row(out, columns.map(|(title, width)| (title.text(), *width)))
    }
}

impl Title {
    pub(super) const fn text(&self) -> &'static str {
        match self {
            Title::Always(text) | Title::IfAny(text) => text,
        }
    }

    fn width(&self) -> usize {
        self.text().width()
    }
}

/// Pads every cell that has another one behind it.
fn write_row<'a>(out: &mut impl Write, cells: impl Iterator<Item = (&'a str, usize)>) -> io::Result<()> {
    let mut pending = 0;
    for (cell, width) in cells {
        if !cell.is_empty() {
            write!(out, "{:pending$}{cell}", "")?;
            pending = 0;
        }
        pending += width.saturating_sub(cell.width()) + GAP;
    }
    out.write_all(b"\n")
}

/// A server's text must not move the cursor: line ends, escape codes and the like are shown as escapes.
pub(crate) fn plain(cell: &str) -> String {
    if !cell.contains(char::is_control) {
        return cell.to_owned();
    }
    let mut text = String::with_capacity(cell.len() + 8);
    for c in cell.chars() {
        if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLES: &[Title] = &[Title::Always("Tag"), Title::Always("Value"), Title::IfAny("Error")];

    fn table(mut table: Table, rows: &[[&str; 3]]) -> String {
        let mut out = Vec::new();
        for row in rows {
            table.row(&mut out, TITLES, &row.map(Cow::Borrowed)).unwrap();
        }
        table.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_align_in_any_script() {
        let rows = [["Boiler", "21.5", ""], ["温度", "é", ""], ["e\u{301}", "🌡", ""]];
        assert_eq!(
            table(Table::whole(false), &rows),
            "Tag     Value\nBoiler  21.5\n温度    é\ne\u{301}       🌡\n"
        );
    }

    #[test]
    fn empty_columns_are_left_out_and_the_others_kept() {
        assert_eq!(table(Table::whole(false), &[["A", "1", ""]]), "Tag  Value\nA    1\n");
        let rows = [["A", "1", ""], ["B", "", "no such node"]];
        assert_eq!(
            table(Table::whole(false), &rows),
            "Tag  Value  Error\nA    1\nB           no such node\n"
        );
        assert_eq!(table(Table::whole(false), &[]), "");
    }

    #[test]
    fn all_columns_or_no_head_where_that_is_asked_for() {
        assert_eq!(table(Table::whole(true), &[["A", "1", ""]]), "Tag  Value  Error\nA    1\n");
        let mut rotated = Table::whole(false);
        let mut out = Vec::new();
        for row in [vec!["1", "22"], vec!["333", "4"], vec!["5"]] {
            let cells: Vec<Cow<'_, str>> = row.into_iter().map(Cow::Borrowed).collect();
            rotated.row(&mut out, &[], &cells).unwrap();
        }
        rotated.finish(&mut out).unwrap();
        rotated.row(&mut out, &[], &["6".into(), "7".into()]).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), "1    22\n333  4\n5\n6    7\n");
    }

    #[test]
    fn one_long_cell_does_not_move_the_others() {
        let long = "x".repeat(100);
        let text = table(Table::whole(false), &[["A", &long, "e"], ["B", "1", "e"]]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], format!("A    {long}  e"));
        assert_eq!(lines[2], format!("B    1{:1$}  e", "", WIDEST - 1));
    }

    #[test]
    fn live_rows_come_at_once_and_widen() {
        let mut live = Table::live(vec!["Boiler".len()]);
        let mut out = Vec::new();
        live.row(&mut out, TITLES, &["A", "1", ""].map(Cow::Borrowed)).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), "Tag     Value\nA       1\n");
        out.clear();
        live.row(&mut out, TITLES, &["A", "1000000", "e"].map(Cow::Borrowed)).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), "A       1000000  e\n");
    }

    #[test]
    fn a_servers_text_cannot_move_the_cursor() {
        assert_eq!(plain("a\nb\t\u{1b}[2J\u{9b}"), "a\\nb\\t\\u{1b}[2J\\u{9b}");
    }
}
