//! `values` and `pairs`: a line for each record and nothing around it.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Record, note, plain};

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    /// The name and the value, quoted as csv is: for `opc write -`. Otherwise the value as it is: for `$(…)` in a shell.
    pairs: bool,
    /// A server's text must not move the cursor; what is no screen gets the text itself.
    screen: bool,
}

impl Plain {
    pub(super) fn values(screen: bool) -> Plain {
        Plain { pairs: false, screen }
    }

    pub(super) fn pairs(screen: bool) -> Plain {
        Plain { pairs: true, screen }
    }

    /// What went wrong stands behind the value where it is asked for, and else goes to stderr.
    pub(super) fn line<R: Record>(self, out: &mut impl Write, record: &R, errors: bool) -> io::Result<()> {
        let error = record.error();
        let value = self.shown(record.value());
        if self.pairs {
            write!(out, "{},{}", quoted(&self.shown(record.name())), quoted(&value))?;
        } else {
            out.write_all(value.as_bytes())?;
        }
        match error {
            Some(error) if errors => write!(out, ",{}", quoted(&self.shown(error.into())))?,
            Some(error) => note(format_args!("error: {error}")),
            None if errors => out.write_all(b",")?,
            None => {}
        }
        out.write_all(b"\n")
    }

    fn shown(self, text: Cow<'_, str>) -> Cow<'_, str> {
        if self.screen { plain(&text).into() } else { text }
    }
}

/// A field of csv.
pub(crate) fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use openopc::{Status, Tag};

    use super::*;
    use crate::output::Row;

    #[test]
    fn a_servers_text_cannot_move_the_cursor_and_is_whole_elsewhere() {
        let tag = Tag::parse("A,\u{1b}").unwrap();
        let error = openopc::Error::Item {
            operation: openopc::Operation::Read,
            tag: tag.clone(),
            status: Status::named("BadNodeIdUnknown").unwrap(),
        };
        let line = |plain: Plain| {
            let mut out = Vec::new();
            plain.line(&mut out, &Row::new(&tag, Err(&error)), true).unwrap();
            String::from_utf8(out).unwrap()
        };
        let shown = line(Plain::pairs(true));
        assert!(shown.starts_with("\"A,\\u{1b}\",,"), "{shown}");
        assert!(!shown.trim_end().contains(char::is_control), "{shown}");
        assert!(line(Plain::pairs(false)).starts_with("\"A,\u{1b}\",,"));
        assert_eq!(Plain::values(true).shown("a\nb\u{1b}[2J".into()), "a\\nb\\u{1b}[2J");
        assert_eq!(Plain::values(false).shown("a\nb\u{1b}[2J".into()), "a\nb\u{1b}[2J");
    }
}
