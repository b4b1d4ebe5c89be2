//! `TAG=VALUE`: which `=` is the one between them.

use openopc::Tag;

use crate::args::Write;
use crate::exit::Failure;
use crate::input::{self, Broken, STDIN};
use crate::output::note;

/// What is to be written where, the value still text.
#[derive(Debug, PartialEq)]
pub(super) struct Assignment {
    pub(super) tag: Tag,
    pub(super) text: String,
    /// Where on standard input it stands.
    pub(super) line: Option<u64>,
}

/// What the arguments say, or standard input. `left_out` counts what is not there to be written.
pub(super) fn gather(args: &Write, left_out: &mut usize) -> Result<Vec<Assignment>, Failure> {
    let from_stdin = args.pipe || args.values.iter().any(|value| value == STDIN);
    if !from_stdin {
        return parse(&args.values, args.pairs).map_err(Failure::Usage);
    }
    if args.values.iter().any(|value| value != STDIN) {
        return Err(Failure::Usage("either `-` or TAG=VALUE; standard input has its own tags".to_owned()));
    }
    let mut assignments = Vec::new();
    let mut wrong = Vec::new();
    let input::Lines { lines, of_properties } = input::lines()?;
    if of_properties {
        return Err(Failure::Usage(
            "standard input has the properties of tags, as `opc properties` prints them, not their values; nothing was \
             written"
                .to_owned(),
        ));
    }
    if lines.is_empty() {
        return Err(Failure::Usage("standard input has no TAG,VALUE".to_owned()));
    }
    for line in lines {
        match line.and_then(piped) {
            Ok(Some(assignment)) => assignments.push(assignment),
            Ok(None) => *left_out += 1,
            Err(broken) => wrong.push(broken.to_string()),
        }
    }
    if !wrong.is_empty() && !args.keep_going {
        return Err(Failure::Usage(format!(
            "{}\n\nNothing was written; --keep-going writes the rest.",
            wrong.join("\nerror: ")
        )));
    }
    for wrong in &wrong {
        note(format_args!("error: {wrong}"));
    }
    *left_out += wrong.len();
    Ok(assignments)
}

/// One line; `None` where it only says that there was no value to be read.
fn piped(line: input::Line) -> Result<Option<Assignment>, Broken> {
    let broken = |why: String| Broken { line: line.number, why };
    if let Some(why) = line.unread {
        note(format_args!("line {}: `{}` {why} when it was read, and gets none", line.number, line.tag));
        return Ok(None);
    }
    let tag = Tag::parse(&line.tag).map_err(|error| broken(error.to_string()))?;
    let text = line.value.ok_or_else(|| broken(format!("`{tag}` has no value, write TAG,VALUE")))?;
    Ok(Some(Assignment { tag, text, line: Some(line.number) }))
}

/// Reads the arguments: all `TAG=VALUE`, or TAG and VALUE in turn.
///
/// In turn where `pairs` says so, and where there is no other reading: no argument has a `=` that could be the one before
/// a value. OpenOPC has its arguments in turn.
pub(super) fn parse(arguments: &[String], pairs: bool) -> Result<Vec<Assignment>, String> {
    let in_turn =
        pairs || (arguments.len().is_multiple_of(2) && !arguments.iter().any(|argument| has_value(argument)));
    if !in_turn {
        return arguments.iter().map(|argument| split(argument)).collect();
    }
    arguments
        .chunks(2)
        .map(|pair| match pair {
            [tag, text] => {
                let tag = Tag::parse(tag).map_err(|error| error.to_string())?;
                Ok(Assignment { tag, text: text.clone(), line: None })
            }
            _ => Err(format!(
                "`{}` has no value behind it; --pairs takes TAG VALUE TAG VALUE …",
                pair.concat()
            )),
        })
        .collect()
}

/// Splits at the first `=` that leaves a tag before it and is not the tag's own, as in `ns=2;s=Pump=5`.
fn split(argument: &str) -> Result<Assignment, String> {
    let own = own_part(argument);
    let mut wrong = None;
    for (at, _) in argument.match_indices('=').filter(|(at, _)| *at >= own) {
        let (Some(tag), Some(text)) = (argument.get(..at), argument.get(at + 1..)) else { continue };
        match Tag::parse(tag) {
            Ok(tag) => return Ok(Assignment { tag, text: text.to_owned(), line: None }),
            // The first one is the likeliest to have been meant.
            Err(error) => _ = wrong.get_or_insert(error),
        }
    }
    match wrong {
        Some(error) => Err(error.to_string()),
        None => Err(format!("`{argument}` has no value, write TAG=VALUE")),
    }
}

fn has_value(argument: &str) -> bool {
    argument.get(own_part(argument)..).is_some_and(|rest| rest.contains('='))
}

/// How much of the text begins a tag that has `=` in it: `range=0:9;`, `ns=2;`, `nsu=…;`, `s=`, and what combines them.
fn own_part(argument: &str) -> usize {
    let mut rest = argument;
    for prefix in ["range=", "svr=", "ns=", "nsu="] {
        if rest.starts_with(prefix) {
            rest = rest.split_once(';').map_or("", |(_, behind)| behind);
        }
    }
    if let [b'i' | b's' | b'g' | b'b', b'=', ..] = rest.as_bytes() {
        rest = rest.get(2..).unwrap_or_default();
    }
    argument.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str], pairs: bool) -> Result<Vec<(String, String)>, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let assignments = parse(&arguments, pairs)?;
        Ok(assignments.into_iter().map(|Assignment { tag, text, .. }| (tag.to_string(), text)).collect())
    }

    #[test]
    fn the_tags_own_signs_stay_with_it() {
        for (argument, tag, text) in [
            ("Random.Int4=5", "Random.Int4", "5"),
            ("A=", "A", ""),
            ("A=b=c", "A", "b=c"),
            ("A= 5 ", "A", " 5 "),
            ("ns=2;s=X=5", "ns=2;s=X", "5"),
            ("ns=2;s=X=a=b", "ns=2;s=X", "a=b"),
            ("s=X=5", "s=X", "5"),
            ("i=2258=5", "i=2258", "5"),
            ("ns=1;i=7=-1.5e3", "ns=1;i=7", "-1.5e3"),
            ("nsu=urn:a=b;s=X=5", "nsu=urn:a=b;s=X", "5"),
            (
                "ns=3;g=72962b91-fa75-4ae6-8d28-b404dc7daf63=x",
                "ns=3;g=72962b91-fa75-4ae6-8d28-b404dc7daf63",
                "x",
            ),
            // The padding of base64 belongs to the id.
            ("ns=2;b=AQ===5", "ns=2;b=AQ==", "5"),
            ("ns=2;b=AQID=5", "ns=2;b=AQID", "5"),
            ("range=0:1;ns=2;s=X=[1, 2]", "range=0:1;ns=2;s=X", "[1, 2]"),
            ("range=3;X=5", "range=3;X", "5"),
            ("item:X=5", "item:X", "5"),
            ("/2:Plant/2:Level=5", "/2:Plant/2:Level", "5"),
            ("\"DB\".\"x\"=1", "\"DB\".\"x\"", "1"),
            ("[PLC]Motor.Speed=1", "[PLC]Motor.Speed", "1"),
        ] {
            assert_eq!(parsed(&[argument], false), Ok(vec![(tag.into(), text.into())]), "{argument}");
        }
    }

    #[test]
    fn tag_and_value_in_turn_only_where_nothing_else_is_meant() {
        let pair = |tag: &str, text: &str| (tag.to_owned(), text.to_owned());
        assert_eq!(parsed(&["A", "5"], false), Ok(vec![pair("A", "5")]));
        assert_eq!(
            parsed(&["A", "5", "ns=2;s=B", "6"], false),
            Ok(vec![pair("A", "5"), pair("ns=2;s=B", "6")])
        );
        assert_eq!(parsed(&["a=b", "c=d"], true), Ok(vec![pair("a=b", "c=d")]));
        assert_eq!(parsed(&["ns=2;s=a=b", "5"], true), Ok(vec![pair("ns=2;s=a=b", "5")]));
        assert_eq!(parsed(&["A", "B=6"], false), Err("`A` has no value, write TAG=VALUE".into()));
        assert_eq!(parsed(&["A=5", "B"], false), Err("`B` has no value, write TAG=VALUE".into()));
        assert!(parsed(&["A"], false).unwrap_err().contains("`A` has no value"));
        assert!(parsed(&["A", "1", "B"], true).unwrap_err().contains("`B` has no value"));
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for (argument, word) in [
            ("i=5", "no value"),
            ("ns=2;s=X", "no value"),
            ("range=0:1;X", "no value"),
            ("", "no value"),
            ("=5", "invalid tag"),
            ("ns=two;s=X=5", "invalid tag `ns=two;s=X`"),
            ("svr=1;ns=2;s=X=5", "invalid tag"),
            ("range=2;=5", "invalid tag"),
        ] {
            let message = parsed(&[argument], false).unwrap_err();
            assert!(message.contains(word), "{argument}: {message}");
        }
    }
}
