//! `opc read`

use openopc::da::Group;
use openopc::{Client, ReadOptions, Reading, Tag};

use super::{Tally, next, pause, repeat};
use crate::args::{Global, Read, ReadFrom};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::input::Tags;
use crate::output::{About, Printer, Progress, Row, on_screen};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &Read) -> Result<Exit, Failure> {
    // Before signals are caught: standard input may take for ever.
    let mut tags = Tags::of(&args.tags, args.pipe, &args.append)?;
    if args.repeat.every.is_some() {
        tags.all().await?;
    } else {
        tags.ready().await?;
    }
    let mut stop = Stop::listen()?;
    let client = repeat::open(global, &args.repeat, &mut stop).await?;
    let about = About { title: "Values", server: client.url() };
    let mut printer = Printer::new(global, &about);
    let result = repeat::rounds(&args.repeat, &mut stop, async |stop| {
        let mut tally = Tally::of(tags.total().unwrap_or_default());
        let result = read(&client, &mut tags, args, stop, &mut printer, &mut tally).await;
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
    tags: &mut Tags,
    args: &Read,
    stop: &mut Stop,
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<(), Failure> {
    if let Some(group) = group(client, args) {
        // The first round defines the group, all others find it defined with the same tags.
        let tags = tags.all().await?;
        let results = stop.unless(group.read_many(tags)).await?;
        return print(tags, &results, printer, tally);
    }
    let mut options = ReadOptions::new().source(args.source.into());
    if let Some(size) = args.pace.size {
        options = options.chunk(size.get());
    }
    let wanted = !(on_screen() && printer.prints_at_once());
    let mut progress = Progress::new(tags.total(), "reading", wanted);
    let mut asked = 0;
    tags.rewind();
    loop {
        let chunk = next(tags, &args.pace, stop).await?;
        if chunk.is_empty() {
            return Ok(());
        }
        if asked > 0 {
            pause(&args.pace, stop).await?;
        }
        asked += chunk.len();
        tally.at_least(asked);
        let results = stop.unless(client.read_with(chunk, &options)).await?;
        print(chunk, &results, printer, tally)?;
        progress.advance(chunk.len());
        if !tags.ended() {
            printer.so_far()?;
        }
    }
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
