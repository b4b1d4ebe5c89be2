//! The commands, one file each.

mod chunks;
mod config;
mod discover;
mod history;
mod import;
mod info;
mod list;
mod pair;
mod properties;
mod read;
mod repeat;
mod shell;
mod simulate;
mod watch;
mod write;

use std::num::NonZeroUsize;
use std::time::Instant;

use crate::args::{Cli, Command, Format, Global, Pace};
use crate::exit::{Exit, Failure};
use crate::output::{self, note};
use crate::stop::Stop;

/// How many items go into one call, so that there is something to print while the rest is under way.
const CHUNK: usize = 1000;

pub(crate) async fn run(cli: &Cli) -> Result<Exit, Failure> {
    output::check(&cli.global, matches!(cli.command, Command::History(_)))?;
    match &cli.command {
        Command::Read(args) => read::run(&cli.global, args).await,
        Command::Write(args) => write::run(&cli.global, args).await,
        Command::Watch(args) => watch::run(&cli.global, args).await,
        Command::History(args) => Box::pin(history::run(&cli.global, args)).await,
        Command::List(args) => list::run(&cli.global, args).await,
        Command::Properties(args) => Box::pin(properties::run(&cli.global, args)).await,
        Command::Import(args) => Box::pin(import::run(&cli.global, args)).await,
        Command::Servers(args) => discover::servers(&cli.global, args).await,
        Command::Endpoints(args) => discover::endpoints(&cli.global, args).await,
        Command::Info(repeat) => info::run(&cli.global, repeat).await,
        Command::Config => config::run(&cli.global),
        Command::Simulate(args) => simulate::run(args).await,
        Command::Completions(args) => shell::completions(args),
        Command::Man => shell::man(),
    }
}

impl Pace {
    /// How many items go into one call.
    fn chunk(&self) -> usize {
        self.size.map_or(CHUNK, NonZeroUsize::get)
    }
}

/// What `--pause` asks for, between two requests.
async fn pause(pace: &Pace, stop: &mut Stop) -> Result<(), Failure> {
    let Some(pause) = pace.pause else { return Ok(()) };
    let wait = async {
        tokio::time::sleep(pause).await;
        Ok::<(), Failure>(())
    };
    stop.unless(wait).await
}

/// How a command over many items goes.
struct Tally {
    started: Instant,
    wanted: usize,
    done: usize,
    all_good: bool,
}

impl Tally {
    fn of(wanted: usize) -> Tally {
        Tally { started: Instant::now(), wanted, done: 0, all_good: true }
    }

    /// So many were asked for by now, where it is not known how many there will be.
    fn at_least(&mut self, wanted: usize) {
        self.wanted = self.wanted.max(wanted);
    }

    /// One item was carried out; `good` as far as its quality goes.
    fn done(&mut self, good: bool) {
        self.done += 1;
        self.all_good &= good;
    }

    /// `Read 3 of 4 items (0.01 seconds)`, under tables only: programs do not want it, unless the work was `cut` short.
    fn footer(&self, global: &Global, verb: &str, cut: bool) {
        if cut || (global.format() == Format::Table && global.rotate.is_none()) {
            let seconds = self.started.elapsed().as_secs_f64();
            note(format_args!("{verb} {} of {} items ({seconds:.2} seconds)", self.done, self.wanted));
        }
    }

    /// Whether every item was carried out, however good it is.
    fn exit_of_items(&self) -> Exit {
        if self.done == self.wanted { Exit::Good } else { Exit::SomeFailed }
    }

    fn exit(&self) -> Exit {
        if self.all_good && self.done == self.wanted { Exit::Good } else { Exit::SomeFailed }
    }
}
