//! The arguments. The comments on the fields are the help.

mod browse;
mod commands;
mod history;
mod import;
mod shared;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::browse::{Discover, List, Properties};
pub(crate) use self::commands::{Completions, Read, Simulate, Watch, Write};
pub(crate) use self::history::History;
pub(crate) use self::import::{Form, Import};
pub(crate) use self::shared::{Pace, ReadFrom, Repeat, Which};
use crate::{duration, help};

/// Reads, writes and watches the values of OPC UA servers
#[derive(Debug, Parser)]
#[command(name = "opc", version, after_help = help::OPC_SHORT, after_long_help = help::OPC)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes, before or after its name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    #[arg(
        help = "The server: opc.tcp://HOST[:PORT][/PATH], or `sim:` for the bundled simulator. Of several, with `;` \
                  between them, the first that answers; the others stand in when it is lost"
    )]
    #[arg(short, long, global = true, value_name = "URL", env = "OPC_SERVER", hide_env_values = true)]
    pub(crate) server: Option<String>,
    /// How the data is printed [default: table; of a list, values]
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum, hide_default_value = true)]
    pub(crate) output: Option<Format>,
    /// Print the values alone, N in a row
    #[arg(short = 'x', long, global = true, value_name = "N")]
    pub(crate) rotate: Option<NonZeroUsize>,
    /// Always print what went wrong: tables keep the columns for it, values and pairs have it behind them
    #[arg(short, long, global = true)]
    pub(crate) errors: bool,
    /// How long opening and every request may take: 500ms, 5s, 1m; a plain number is milliseconds [default: 10s]
    #[arg(short, long, global = true, value_name = "TIME", env = "OPC_TIMEOUT", hide_env_values = true, value_parser = duration::some)]
    pub(crate) timeout: Option<Duration>,
    /// What the server is told about who calls [default: opc]
    #[arg(short, long, global = true, value_name = "NAME", env = "OPC_CLIENT", hide_env_values = true)]
    pub(crate) name: Option<String>,
    /// Other names for tags: a file of `opc import`, TOML or CSV
    #[arg(long, global = true, value_name = "FILE", env = "OPC_ALIASES", hide_env_values = true)]
    pub(crate) aliases: Option<PathBuf>,
    /// Tell on stderr what happens; twice for the protocol too. The environment variable `OPC_LOG` takes a filter, such
    /// as openopc=trace
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Global {
    pub(crate) fn format(&self) -> Format {
        self.output.unwrap_or_default()
    }
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for people
    #[default]
    Table,
    /// The values alone, one a line
    Values,
    /// TAG,VALUE, as `write -` takes them
    Pairs,
    /// Comma-separated, with a header row
    Csv,
    /// A page to look at and to pass on
    Html,
    /// One JSON object a line
    Json,
    /// A picture of a trend, of `opc history`
    Svg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the current values of tags
    #[command(after_help = help::READ)]
    Read(Read),
    /// Write values to tags
    #[command(after_help = help::WRITE)]
    Write(Write),
    /// Show values as they change
    #[command(after_help = help::WATCH)]
    Watch(Watch),
    /// Print what values were: recorded ones, or what the server calculates from them
    #[command(after_help = help::HISTORY)]
    History(History),
    /// List what is on the server
    #[command(after_help = help::LIST, visible_alias = "list-tags")]
    List(List),
    /// Print what the server knows about tags
    #[command(after_help = help::PROPERTIES)]
    Properties(Properties),
    /// Find the tags of an OPC DA list on the server, and write down where they are
    #[command(after_help = help::IMPORT)]
    Import(Import),
    /// List the servers that one knows of
    #[command(after_help = help::SERVERS, visible_alias = "list-servers")]
    Servers(Discover),
    /// List the ways to connect to a server
    #[command(after_help = help::ENDPOINTS)]
    Endpoints(Discover),
    /// Print what the server says about itself
    #[command(after_help = help::INFO, visible_alias = "server-info")]
    Info(Repeat),
    /// Print what the options and the environment amount to
    #[command(after_help = help::CONFIG, visible_alias = "list-config")]
    Config,
    /// Run the bundled simulation server
    #[command(after_help = help::SIMULATE)]
    Simulate(Simulate),
    /// Print what lets a shell complete commands and options
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Print the manual page
    #[command(after_help = help::MAN)]
    Man,
}
