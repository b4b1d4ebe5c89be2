//! Tags a chunk at a time, as they come: what `read` and `properties` do.

use std::io;

use openopc::Tag;

use super::{Tally, pause};
use crate::args::{Pace, Repeat, Which};
use crate::exit::Failure;
use crate::input::Tags;
use crate::output::{Printer, Progress, on_screen, reader_gone};
use crate::stop::Stop;

/// What a round over many tags works with.
pub(super) struct Round<'a> {
    pub(super) stop: &'a mut Stop,
    pub(super) printer: &'a mut Printer,
    pub(super) tally: &'a mut Tally,
}

/// The tags: the first of them, or all where they are taken more than once. Before signals are caught: standard input may
/// take for ever.
pub(super) async fn tags(which: &Which, repeat: &Repeat) -> Result<Tags, Failure> {
    let mut tags = Tags::of(which)?;
    if repeat.every.is_some() {
        tags.all().await?;
    } else {
        tags.ready().await?;
    }
    Ok(tags)
}

/// Gives each chunk of the tags to `carry`, which prints what it finds. `doing` is the progress bar's word.
pub(super) async fn each(
    tags: &mut Tags,
    pace: &Pace,
    doing: &'static str,
    round: &mut Round<'_>,
    mut carry: impl AsyncFnMut(&[Tag], &mut Round<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let wanted = !(on_screen() && round.printer.prints_at_once());
    let mut progress = Progress::new(tags.total(), doing, wanted);
    let mut asked = 0;
    tags.rewind();
    loop {
        let chunk = next(tags, pace, round.stop).await?;
        if chunk.is_empty() {
            return Ok(());
        }
        if asked > 0 {
            pause(pace, round.stop).await?;
        }
        asked += chunk.len();
        round.tally.at_least(asked);
        carry(chunk, round).await?;
        progress.advance(chunk.len());
        if !tags.ended() {
            round.printer.so_far()?;
        }
    }
}

/// The next tags, unless the user or the reader of the output has seen enough.
async fn next<'a>(tags: &'a mut Tags, pace: &Pace, stop: &mut Stop) -> Result<&'a [Tag], Failure> {
    tokio::select! {
        biased;
        tags = stop.unless(tags.next(pace.chunk())) => tags,
        () = reader_gone() => Err(Failure::Output(io::ErrorKind::BrokenPipe.into())),
    }
}
