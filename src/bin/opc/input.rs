//! Tags, or tags and values, from standard input as CSV: what `opc list`, `opc read -o csv` and spreadsheets give.

mod csv;
mod list;

use std::io::{self, Read as _};

use openopc::Tag;

pub(crate) use self::csv::{Broken, Line, parse};
pub(crate) use self::list::{List, Named};
use crate::exit::Failure;

/// What stands for standard input among the arguments.
pub(crate) const STDIN: &str = "-";

/// All of standard input.
pub(crate) fn lines() -> Result<Vec<Result<Line, Broken>>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Usage(format!("cannot read standard input: {error}")))?;
    Ok(parse(&bytes))
}

/// The tags of a command: its arguments, with what stdin has in place of `-`, each with every text of `append`.
pub(crate) fn tags(arguments: &[String], pipe: bool, append: &[String]) -> Result<Vec<Tag>, Failure> {
    let mut names: Vec<(Option<u64>, String)> = Vec::new();
    let mut piped = false;
    for argument in arguments.iter().map(String::as_str).chain(pipe.then_some(STDIN)) {
        if argument != STDIN {
            names.push((None, argument.to_owned()));
        } else if !piped {
            // It can be read only once.
            piped = true;
            for line in lines()? {
                let line = line.map_err(|broken| Failure::Usage(broken.to_string()))?;
                names.push((Some(line.number), line.tag));
            }
        }
    }
    if names.is_empty() {
        return Err(Failure::Usage("no tags: standard input is empty".to_owned()));
    }
    if !append.is_empty() {
        names = names
            .into_iter()
            .flat_map(|(line, name)| append.iter().map(move |text| (line, format!("{name}{text}"))))
            .collect();
    }
    names.into_iter().map(|(line, name)| tag(&name, line)).collect::<Result<_, _>>().map_err(Failure::Usage)
}

/// A tag, or what is wrong with it and on which line.
pub(crate) fn tag(text: &str, line: Option<u64>) -> Result<Tag, String> {
    Tag::parse(text).map_err(|error| match line {
        Some(line) => Broken { line, why: error.to_string() }.to_string(),
        None => error.to_string(),
    })
}
