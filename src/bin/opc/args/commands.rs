//! The arguments of each command.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::Shell;
use openopc::{DataType, Security};

use super::{Pace, ReadFrom, Repeat, Which};
use crate::duration;

#[derive(Debug, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Where the values come from
    #[arg(short = 'c', long, value_name = "SOURCE", value_enum, default_value_t)]
    pub(crate) source: ReadFrom,
    /// With --repeat: how often the cache is brought up to date [default: the time of --repeat]
    #[arg(short, long, value_name = "TIME", value_parser = duration::any)]
    pub(crate) update: Option<Duration>,
    /// OpenOPC's kinds of reading; OPC UA has one, so both are the same
    #[arg(short = 'F', long, value_name = "FUNCTION", value_enum)]
    pub(crate) function: Option<Function>,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// OpenOPC's kinds of reading.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Function {
    Sync,
    Async,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// What to write where; `-` takes it from stdin, as CSV
    #[arg(required_unless_present = "pipe", value_name = "TAG=VALUE", allow_negative_numbers = true)]
    pub(crate) values: Vec<String>,
    /// The same as `-`
    #[arg(long)]
    pub(crate) pipe: bool,
    /// The arguments are TAG VALUE TAG VALUE …, for tags and values with `=` in them
    #[arg(long)]
    pub(crate) pairs: bool,
    /// Read the values as this type, such as Int16, instead of the node's own
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) data_type: Option<DataType>,
    /// Write what can be written, though something else cannot
    #[arg(long)]
    pub(crate) keep_going: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The shortest time between two values of one tag: 500ms, 1s; a plain number is milliseconds; 0 is as fast as the
    /// server can
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration::any)]
    pub(crate) refresh: Duration,
    /// End after this many readings
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<NonZeroU64>,
    /// End after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration::some)]
    pub(crate) span: Option<Duration>,
    /// In a terminal, too, a line for each change instead of the live table
    #[arg(long)]
    pub(crate) lines: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4840")]
    pub(crate) listen: String,
    /// Serve what this TOML file describes, instead of the preset: see below
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Only look whether the file of --config is right, the CSV files that it names, and that of --faults
    #[arg(long, requires = "config")]
    pub(crate) check: bool,
    /// What random values start from, whatever --config says [default: what it says, else 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// This many writable Int32 items more: Mass.0, Mass.1, …
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=1_000_000))]
    pub(crate) items: i32,
    /// Which message security is offered: none, sign, sign-and-encrypt, or best for all of them [default: what --config
    /// says, else none]
    #[arg(long, value_name = "MODE", value_parser = str::parse::<Security>)]
    pub(crate) security: Option<Security>,
    /// A user who may log in; anonymous users are refused then, unless --config allows them
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = user)]
    pub(crate) users: Vec<(String, String)>,
    /// Let go wrong what this file says, when it says so: see below
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

/// A user and the password.
fn user(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), password.to_owned())),
        _ => Err("write NAME:PASSWORD".into()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}
