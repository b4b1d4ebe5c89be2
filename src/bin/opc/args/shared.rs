//! Options that several commands have.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::{Args, ValueEnum};
use openopc::da::Source;

use crate::duration;

/// The tags a command is for.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The tags; `-` takes them from stdin, as CSV
    #[arg(required_unless_present = "pipe", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// The same as `-`
    #[arg(long)]
    pub(crate) pipe: bool,
    /// Each tag with each of these texts behind its name
    #[arg(short, long, value_name = "TEXT,…", value_delimiter = ',')]
    pub(crate) append: Vec<String>,
}

/// How many items go into one request, and how fast one follows the other.
#[derive(Debug, Args)]
pub(crate) struct Pace {
    /// At most N items in one request; the server may want fewer
    #[arg(short = 'g', long, value_name = "N")]
    pub(crate) size: Option<NonZeroUsize>,
    /// Wait between requests: 50ms, 1s; a plain number is milliseconds
    #[arg(short = 'z', long, value_name = "TIME", value_parser = duration::any)]
    pub(crate) pause: Option<Duration>,
}

/// Over and over again.
#[derive(Debug, Args)]
pub(crate) struct Repeat {
    /// Again and again, every so many seconds, until Ctrl-C; also 500ms, 1m
    #[arg(short = 'L', long = "repeat", value_name = "SEC", value_parser = duration::seconds)]
    pub(crate) every: Option<Duration>,
    /// With --repeat: end after so many times
    #[arg(long = "times", value_name = "N", requires = "every")]
    pub(crate) times: Option<NonZeroU64>,
}

/// Where a read takes its values from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadFrom {
    /// What the server has at hand
    Cache,
    /// The device itself
    Device,
    /// The device first, then, with --repeat, what has come since
    #[default]
    Hybrid,
}

impl From<ReadFrom> for Source {
    fn from(from: ReadFrom) -> Source {
        match from {
            ReadFrom::Cache => Source::Cache,
            ReadFrom::Device => Source::Device,
            ReadFrom::Hybrid => Source::Hybrid,
        }
    }
}
