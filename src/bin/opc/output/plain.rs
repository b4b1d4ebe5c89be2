//! `values` and `pairs`: a line for each record and nothing around it.

use std::io::{self, Write};

use super::{Record, note};

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain {
    /// The value as it is: for `$(…)` in a shell.
    Values,
    /// The name and the value, quoted as csv is: for `opc write -`.
    Pairs,
}

impl Plain {
    /// What went wrong stands behind the value where it is asked for, and else goes to stderr.
    pub(super) fn line<R: Record>(self, out: &mut impl Write, record: &R, errors: bool) -> io::Result<()> {
        let error = record.error();
        match self {
            Plain::Values => out.write_all(record.value().as_bytes())?,
            Plain::Pairs => write!(out, "{},{}", quoted(&record.name()), quoted(&record.value()))?,
        }
        match error {
            Some(error) if errors => write!(out, ",{}", quoted(&error))?,
            Some(error) => note(format_args!("error: {error}")),
            None if errors => out.write_all(b",")?,
            None => {}
        }
        out.write_all(b"\n")
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
