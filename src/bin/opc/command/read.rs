//! `opc read`

use openopc::da::Group;
use openopc::{Client, ReadOptions, Reading, Tag};

use super::{Tally, pause, repeat};
use crate::args::{Global, Read, ReadFrom};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{About, Printer, Progress, Row, on_screen};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &Read) -> Result<Exit, Failure> {
    // Before signals are caught: standard input may take for ever.
    let tags = input::tags(&args.tags, args.pipe, &args.append)?;
    let mut stop = Stop::listen()?;
    let client = repeat::open(global, &args.repeat, &mut stop).await?;
    let about = About { title: "Values", server: client.url() };
    let mut printer = Printer::new(global, &about);
    let result = repeat::rounds(&args.repeat, &mut stop, async |stop| {
        let mut tally = Tally::of(tags.len());
        let result = read(&client, &tags, args, stop, &mut printer, &mut tally).await;
        // Whatever happened, what was read is printed.
        let shown = printer.round();
        if args.repeat.every.is_none() {
            tally.footer(global, "Read", result.is_err());
        }
        shown?;
        // Quality alone does not end a log with a failure.
        result.map(|()| if args.repeat.every.is_some() { tally.exit_of_items() } else { tally.exit() })
    })
    .await;
    let finished = printer.finish();
    connect::close(&client, &mut stop).await;
    finished?;
    result
}

/// One round.
async fn read(
    client: &Client,
    tags: &[Tag],
    args: &Read,
    stop: &mut Stop,
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<(), Failure> {
    if let Some(group) = group(client, args) {
        // The first round defines the group, all others find it defined with the same tags.
        let results = stop.unless(group.read_many(tags)).await?;
        return print(tags, &results, printer, tally);
    }
    let mut options = ReadOptions::new().source(args.source.into());
    if let Some(size) = args.pace.size {
        options = options.chunk(size.get());
    }
    let mut progress = Progress::of(tags.len(), "reading", !(on_screen() && printer.prints_at_once()));
    let mut chunks = tags.chunks(args.pace.chunk()).peekable();
    while let Some(tags) = chunks.next() {
        let results = stop.unless(client.read_with(tags, &options)).await?;
        print(tags, &results, printer, tally)?;
        progress.advance(tags.len());
        if chunks.peek().is_some() {
            pause(&args.pace, stop).await?;
        }
    }
    Ok(())
}

/// What is read again and again comes from a group's cache, as in OpenOPC, unless the device itself is asked for.
fn group(client: &Client, args: &Read) -> Option<Group> {
    let every = args.repeat.every.filter(|_| args.source != ReadFrom::Device)?;
    let mut group = client.group("opc").update_rate(args.update.unwrap_or(every)).source(args.source.into());
    if let Some(size) = args.pace.size {
        group = group.chunk(size.get());
    }
    if let Some(pause) = args.pace.pause {
        group = group.pause(pause);
    }
    Some(group)
}

fn print(
    tags: &[Tag],
    results: &[openopc::Result<Reading>],
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<(), Failure> {
    for (tag, result) in tags.iter().zip(results) {
        if let Ok(reading) = result {
            tally.done(reading.status.is_good());
        }
        printer.print(&Row::new(tag, result.as_ref()))?;
    }
    Ok(printer.flush()?)
}
