//! Tags, or tags and values, from standard input as CSV: what `opc list`, `opc read -o csv` and spreadsheets give.

mod csv;
mod list;
mod records;
mod tags;

use std::io::{self, Read as _};

use openopc::Tag;

use self::csv::Parser;
pub(crate) use self::csv::{Broken, Line};
pub(crate) use self::list::{List, Named};
pub(crate) use self::tags::Tags;
use crate::exit::Failure;

/// What stands for standard input among the arguments.
pub(crate) const STDIN: &str = "-";

/// All of standard input.
pub(crate) struct Lines {
    pub(crate) lines: Vec<Result<Line, Broken>>,
    /// The values are of the tags' properties, not of the tags.
    pub(crate) of_properties: bool,
}

/// Reads standard input to its end.
pub(crate) fn lines() -> Result<Lines, Failure> {
    let mut parser = Parser::default();
    let mut lines = Vec::new();
    blocks(|bytes| {
        lines.extend(parser.push(bytes));
        true
    })
    .map_err(unreadable)?;
    lines.extend(parser.finish());
    Ok(Lines { lines, of_properties: parser.of_properties() })
}

/// Hands on what comes until its end, or until nobody wants more.
fn blocks(mut wanted: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut block = vec![0; 1 << 16];
    let mut stdin = io::stdin().lock();
    loop {
        match stdin.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(length) if wanted(block.get(..length).unwrap_or_default()) => {}
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unreadable(error: io::Error) -> Failure {
    Failure::Usage(format!("cannot read standard input: {error}"))
}

/// A tag, or what is wrong with it and on which line.
fn tag(text: &str, line: Option<u64>) -> Result<Tag, String> {
    Tag::parse(text).map_err(|error| match line {
        Some(line) => Broken { line, why: error.to_string() }.to_string(),
        None => error.to_string(),
    })
}
