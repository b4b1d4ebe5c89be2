//! `opc import`

mod look;
mod nearest;
mod row;
mod save;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use indicatif::HumanCount;
use openopc::{Client, FoundBy};

use self::look::{Outcome, look};
use crate::args::{Form, Global, Import};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::input::{List, Named, STDIN};
use crate::output::{About, Printer, note};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &Import) -> Result<Exit, Failure> {
    // Before signals are caught: standard input may take for ever.
    let list = list(args)?;
    if let Some(file) = &args.save {
        save::check(file)?;
    }
    let mut stop = Stop::listen()?;
    let client = connect::open(global, &mut stop).await?;
    let result = import(global, args, &list, &client, &mut stop).await;
    connect::close(&client, &mut stop).await;
    result
}

fn list(args: &Import) -> Result<List, Failure> {
    let stdin = args.file == Path::new(STDIN);
    let mut bytes = Vec::new();
    let read = if stdin {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(&args.file).map(|all| bytes = all)
    };
    let name = if stdin { "standard input".to_owned() } else { args.file.display().to_string() };
    read.map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    let list = List::parse(&bytes, args.format, args.id_column, &args.prefix)
        .map_err(|broken| Failure::Usage(format!("{name}, line {}: {}", broken.line, broken.why)))?;
    if list.items.is_empty() {
        return Err(Failure::Usage(format!("{name} has no item ids")));
    }
    Ok(list)
}

async fn import(
    global: &Global,
    args: &Import,
    list: &List,
    client: &Client,
    stop: &mut Stop,
) -> Result<Exit, Failure> {
    let mut outcomes = Vec::with_capacity(list.items.len());
    let looked = look(client, &list.items, stop, &mut outcomes).await;
    let looked = match looked {
        Ok(()) => nearest::suggest(client, args.candidates, &list.items, &mut outcomes, stop).await,
        failure => failure,
    };
    if let Err(failure) = looked {
        let written = if args.save.is_some() { "; nothing was written" } else { "" };
        let (placed, done, all) = (placed(&outcomes), outcomes.len(), list.items.len());
        let counts = [placed, done, all].map(count);
        let [placed, done, all] = &counts;
        note(format_args!("looked up {done} of {all}, {placed} of them placed{written}"));
        return Err(failure);
    }
    // Before anything is printed: whoever reads that may go.
    let needed = save::save(global, args, &list.items, &outcomes)?;
    let mut printer = Printer::new(global, &About { title: "Import", server: client.url() });
    let rows = list.items.iter().zip(&outcomes);
    for (item, outcome) in rows.filter(|(_, outcome)| !args.left_over || !outcome.is_placed()) {
        printer.print(&row::Row { item, outcome })?;
    }
    printer.finish()?;
    summary(args, list, &outcomes, needed);
    let all = placed(&outcomes) == outcomes.len();
    Ok(if all { Exit::Good } else { Exit::SomeFailed })
}

fn placed(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| outcome.is_placed()).count()
}

/// `18,000`
fn count(number: usize) -> HumanCount {
    HumanCount(u64::try_from(number).unwrap_or(u64::MAX))
}

/// `17,950 of 18,000 placed (17,000 by identifier, 950 by browse names); 40 not found, 10 ambiguous`
fn summary(args: &Import, list: &List, outcomes: &[Outcome], needed: usize) {
    let mut how: BTreeMap<FoundBy, usize> = BTreeMap::new();
    let (mut missing, mut ambiguous) = (0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Placed(location) => *how.entry(location.found_by).or_default() += 1,
            Outcome::Several(_) => ambiguous += 1,
            Outcome::Nothing { .. } => missing += 1,
        }
    }
    let mut text = format!("{} of {} placed", count(placed(outcomes)), count(outcomes.len()));
    if !how.is_empty() {
        let parts: Vec<String> = how.iter().map(|(how, n)| format!("{} by {how}", count(*n))).collect();
        text = format!("{text} ({})", parts.join(", "));
    }
    let rest = [(missing, "not found"), (ambiguous, "ambiguous"), (list.repeated, "repeated")];
    let rest: Vec<String> = rest
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", count(number)))
        .collect();
    if !rest.is_empty() {
        text = format!("{text}; {}", rest.join(", "));
    }
    note(format_args!("{text}"));
    let plural = if needed == 1 { "alias" } else { "aliases" };
    match &args.save {
        Some(file) if args.dry_run => {
            note(format_args!("would write {} {plural} to {}", count(needed), file.display()));
        }
        Some(file) => note(format_args!("wrote {} {plural} to {}", count(needed), file.display())),
        None if needed > 0 => {
            note(format_args!("{} of them need an alias: `--save aliases.toml` writes them", count(needed)));
        }
        None => {}
    }
    if let Some((prefix, number)) = nearest::prefix(&list.items, outcomes) {
        note(format_args!(
            "hint: {} of those not found are there with `{prefix}` in front: --prefix {prefix}{}",
            count(number),
            args.prefix
        ));
    } else if list.form == Form::Kepware && args.prefix.is_empty() && missing * 2 > outcomes.len() {
        note(format_args!(
            "hint: a tag export has no channel and no device in it: --prefix Channel1.Device1. puts them in front"
        ));
    }
}

/// What an item is looked for by.
fn wanted(item: &Named) -> &str {
    item.target.as_deref().filter(|_| !item.scaled).unwrap_or(&item.id)
}
