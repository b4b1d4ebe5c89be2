//! The commands, one file each.

mod info;
mod read;
mod simulate;
mod watch;
mod write;

use std::time::Instant;

use crate::args::{Cli, Command, Format, Global};
use crate::exit::{Exit, Failure};
use crate::output::note;

/// How many items go into one call, so that there is something to print while the rest is under way.
const CHUNK: usize = 1000;

pub(crate) async fn run(cli: &Cli) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Read(args) => read::run(&cli.global, args).await,
        Command::Write(args) => write::run(&cli.global, args).await,
        Command::Watch(args) => watch::run(&cli.global, args).await,
        Command::Info => info::run(&cli.global).await,
        Command::Simulate(args) => simulate::run(args).await,
    }
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

    /// One item was carried out; `good` as far as its quality goes.
    fn done(&mut self, good: bool) {
        self.done += 1;
        self.all_good &= good;
    }

    /// `Read 3 of 4 items (0.01 seconds)`, under tables only: programs do not want it.
    fn footer(&self, global: &Global, verb: &str) {
        if global.output == Format::Table {
            let seconds = self.started.elapsed().as_secs_f64();
            note(format_args!("{verb} {} of {} items ({seconds:.2} seconds)", self.done, self.wanted));
        }
    }

    fn exit(&self) -> Exit {
        if self.all_good && self.done == self.wanted { Exit::Good } else { Exit::SomeFailed }
    }
}
