//! OpenOPC's command lines, told in ours: `opc -r A B -o csv` is `opc -o csv read A B`.
//!
//! What is no line of OpenOPC's is left as it is.

mod options;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use self::options::{Action, Given, Name, Parsed, parse};

/// A command line for clap.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) arguments: Vec<OsString>,
    /// What is said about it on stderr.
    pub(crate) notes: Vec<String>,
    /// The first tag, where there was no action and so nobody said that it is one.
    pub(crate) taken_for_tag: Option<String>,
}

impl Line {
    fn unchanged(arguments: Vec<OsString>) -> Line {
        Line { arguments, notes: Vec::new(), taken_for_tag: None }
    }
}

const SESSIONS: &str = "an OPC UA server has no gateway whose sessions could be listed

  opc read i=2277    is how many sessions the server itself has
  opc read i=3707    is who they are, where the server tells";

const NO_URL: &str = "named a DCOM host; an OPC UA server has a URL, which names both

  -s opc.tcp://HOST:4840      the server; so does the environment variable OPC_SERVER
  opc servers opc.tcp://HOST  which servers a host has";

/// Translates the arguments, the program's name first. `commands` are the names that make a line one of ours, and
/// `server` is whether the environment names a server.
pub(crate) fn translate(arguments: Vec<OsString>, commands: &[String], server: bool) -> Result<Line, String> {
    // Something that is no text is for clap to complain about.
    let Some(texts) = arguments.iter().skip(1).map(|text| text.to_str()).collect::<Option<Vec<_>>>() else {
        return Ok(Line::unchanged(arguments));
    };
    if texts == ["/?"] {
        return Ok(Line::unchanged(vec!["opc".into(), "--help".into()]));
    }
    if let [first @ ("-S" | "--sessions" | "list-clients"), ..] = texts.as_slice() {
        return Err(format!("{first}: {SESSIONS}"));
    }
    let given = match parse(&texts, commands) {
        Parsed::Old(given) => given,
        Parsed::Ours => return Ok(Line::unchanged(arguments)),
        Parsed::Mixed(tag) => {
            // Nothing but the word is missing.
            let mut read = arguments;
            read.insert(1, "read".into());
            return Ok(Line { taken_for_tag: like_a_command(&tag).then_some(tag), ..Line::unchanged(read) });
        }
    };
    if given.action.is_none() && given.items.is_empty() && !given.pipe {
        return Ok(Line::unchanged(arguments));
    }
    tell(given, server)
}

/// The same line in our words.
fn tell(mut given: Given, server: bool) -> Result<Line, String> {
    let action = given.action.unwrap_or(Action::Read);
    if action == Action::Sessions {
        return Err(format!("-S: {SESSIONS}"));
    }
    let server = server || given.value(Name::Server).is_some();
    let mut words: Vec<String> = Vec::new();
    let mut ignored = Vec::new();
    let mut hosts = Vec::new();
    for (name, value) in std::mem::take(&mut given.options) {
        match name {
            // The endpoint is all there is to say, and `-s` says it.
            Name::Mode | Name::Class | Name::GateHost | Name::GatePort => ignored.push(name.short()),
            Name::Host if action == Action::Servers => hosts.push(value),
            Name::Host if server => ignored.push(name.short()),
            Name::Host => return Err(format!("-h {value} {NO_URL}")),
            _ if !name.is_for(action) => ignored.push(name.short()),
            _ if name.takes_value() => words.push(format!("--{}={value}", name.long())),
            _ => words.push(format!("--{}", name.long())),
        }
    }
    let mut arguments = vec!["opc".to_owned(), action.command().to_owned()];
    if action == Action::Flat {
        arguments.push("--flat".to_owned());
    }
    arguments.append(&mut words);
    let taken_for_tag =
        given.items.first().filter(|_| given.action.is_none()).filter(|item| like_a_command(item)).cloned();
    let mut items = spaces(given.items, action);
    if action == Action::Servers {
        items = hosts.into_iter().map(|host| format!("opc.tcp://{host}")).collect();
    }
    if given.pipe {
        // OpenOPC does without its arguments where there is a pipe.
        items = vec!["-".to_owned()];
    }
    if !items.is_empty() {
        arguments.push("--".to_owned());
        arguments.extend(items);
    }
    let mut notes = Vec::new();
    if !ignored.is_empty() {
        notes.push(format!(
            "note: {} changes nothing here: {}",
            ignored.join(", "),
            "an OPC UA server is named by its URL alone, and not every option is for every action"
        ));
    }
    Ok(Line { arguments: arguments.into_iter().map(OsString::from).collect(), notes, taken_for_tag })
}

fn like_a_command(item: &str) -> bool {
    item.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// OpenOPC takes a `+` in an item's name for a space. Values keep theirs.
fn spaces(items: Vec<String>, action: Action) -> Vec<String> {
    let in_turn = action == Action::Write
        && items.len().is_multiple_of(2)
        && !items.iter().any(|item| item.contains('='));
    let spaced = |item: String| match item.split_once('=') {
        Some((tag, value)) if action == Action::Write => format!("{}={value}", tag.replace('+', " ")),
        _ => item.replace('+', " "),
    };
    items
        .into_iter()
        .enumerate()
        .map(|(at, item)| if in_turn && at % 2 == 1 { item } else { spaced(item) })
        .collect()
}
