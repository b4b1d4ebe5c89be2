//! `opc read`

use openopc::da::Group;
use openopc::{Client, ReadOptions, Reading, Tag};

use super::chunks::{self, Round};
use super::{Tally, repeat};
use crate::args::{Global, Read, ReadFrom};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::input::Tags;
use crate::output::{About, Printer, Row};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &Read) -> Result<Exit, Failure> {
    let mut tags = chunks::tags(&args.which, &args.repeat).await?;
    let mut stop = Stop::listen()?;
    let client = repeat::open(global, &args.repeat, &mut stop).await?;
    let about = About { title: "Values", server: client.url() };
    let mut printer = Printer::new(global, &about);
    let result = repeat::rounds(&args.repeat, &mut stop, async |stop| {
        let mut tally = Tally::of(tags.total().unwrap_or_default());
        let mut round = Round { stop, printer: &mut printer, tally: &mut tally };
        let result = read(&client, &mut tags, args, &mut round).await;
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
async fn read(client: &Client, tags: &mut Tags, args: &Read, round: &mut Round<'_>) -> Result<(), Failure> {
    if let Some(group) = group(client, args) {
        // The first round defines the group, all others find it defined with the same tags.
        let tags = tags.all().await?;
        let results = round.stop.unless(group.read_many(tags)).await?;
        return print(tags, &results, round);
    }
    let mut options = ReadOptions::new().source(args.source.into());
    if let Some(size) = args.pace.size {
        options = options.chunk(size.get());
    }
    chunks::each(tags, &args.pace, "reading", round, async |chunk, round| {
        let results = round.stop.unless(client.read_with(chunk, &options)).await?;
        print(chunk, &results, round)
    })
    .await
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

fn print(tags: &[Tag], results: &[openopc::Result<Reading>], round: &mut Round<'_>) -> Result<(), Failure> {
    for (tag, result) in tags.iter().zip(results) {
        if let Ok(reading) = result {
            round.tally.done(reading.status.is_good());
        }
        round.printer.print(&Row::new(tag, result.as_ref()))?;
    }
    Ok(round.printer.flush()?)
}
