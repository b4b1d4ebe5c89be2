//! [`Finding`]: what is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration works, but perhaps not as it was meant.
    Warning,
    /// The configuration cannot be used.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// Something about a configuration that its author should know.
///
/// Prints as `plant.toml:7:10: error: …`; with `{:#}` the line itself is below it, and marks below what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is in: the configuration, or a CSV file that it names.
    pub file: PathBuf,
    /// Where in the file; `None` where it is about the file as a whole.
    pub place: Option<Place>,
    /// What it is.
    pub message: String,
}

/// A place in a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1 on.
    pub line: usize,
    /// The character in the line, from 1 on.
    pub column: usize,
    /// How many characters it is about, at least 1; none beyond the end of the line.
    pub width: usize,
    /// The line itself.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, severity, message) = (self.file.display(), self.severity, &self.message);
        let Some(Place { line, column, width, text }) = &self.place else {
            return write!(f, "{file}: {severity}: {message}");
        };
        write!(f, "{file}:{line}:{column}: {severity}: {message}")?;
        if f.alternate() && !text.is_empty() {
            let before: String =
                text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let gutter = line.to_string();
            write!(f, "\n {gutter} | {text}\n {:1$} | {before}{2}", "", gutter.len(), "^".repeat(*width))?;
        }
        Ok(())
    }
}

/// The text of the configuration, and what was found in it so far.
pub(super) struct Sheet<'a> {
    pub(super) file: &'a Path,
    /// What paths in it are relative to.
    pub(super) base: &'a Path,
    pub(super) text: &'a str,
    pub(super) findings: Vec<Finding>,
}

impl Sheet<'_> {
    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.find(Severity::Error, span, message.into());
    }

    pub(super) fn warn(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.find(Severity::Warning, span, message.into());
    }

    fn find(&mut self, severity: Severity, span: Range<usize>, message: String) {
        let place = Some(self.place(span));
        self.findings.push(Finding { severity, file: self.file.to_owned(), place, message });
    }

    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The line that a byte is in.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    fn place(&self, span: Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let text = rest.lines().next().unwrap_or_default();
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let end = span.end.saturating_sub(start).min(text.len());
        let marked = text.get(span.start.saturating_sub(start)..end).unwrap_or_default();
        Place {
            line: self.line(span.start),
            column,
            width: marked.chars().count().max(1),
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_marked_below_its_line() {
        let text = "a = 1\nänd = \"x\" # note\n";
        let path = Path::new("plant.toml");
        let mut sheet = Sheet { file: path, base: path, text, findings: Vec::new() };
        let start = text.find('"').unwrap();
        sheet.error(start..start + 3, "no good");
        sheet.warn(0..text.len(), "all of it");
        let shown: Vec<String> = sheet.findings.iter().map(|finding| format!("{finding:#}")).collect();
        assert_eq!(
            shown,
            [
                "plant.toml:2:7: error: no good\n 2 | änd = \"x\" # note\n   |       ^^^",
                "plant.toml:1:1: warning: all of it\n 1 | a = 1\n   | ^^^^^"
            ]
        );
        assert_eq!(sheet.findings[0].to_string(), "plant.toml:2:7: error: no good");
    }
}
