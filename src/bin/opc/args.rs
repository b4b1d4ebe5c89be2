//! The arguments. The comments on the fields are the help.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use openopc::{DataType, Tag};

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
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    #[arg(help = "The server: opc.tcp://HOST[:PORT][/PATH], or `sim:` for the bundled simulator")]
    #[arg(short, long, global = true, value_name = "URL", env = "OPC_SERVER", hide_env_values = true)]
    pub(crate) server: Option<String>,
    /// How the data is printed
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: Format,
    /// How long opening and every request may take: 500ms, 5s, 1m; a plain number is milliseconds [default: 10s]
    #[arg(short, long, global = true, value_name = "TIME", env = "OPC_TIMEOUT", hide_env_values = true, value_parser = duration::some)]
    pub(crate) timeout: Option<Duration>,
    /// Tell on stderr what happens; twice for the protocol too. The environment variable `OPC_LOG` takes a filter, such
    /// as openopc=trace
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for people
    #[default]
    Table,
    /// Comma-separated, with a header row
    Csv,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the current values of tags
    #[command(after_help = help::READ)]
    Read(Read),
    /// Write values to tags
    #[command(after_help = help::WRITE)]
    Write(Write),
    /// Print values as they change
    #[command(after_help = help::WATCH)]
    Watch(Watch),
    /// Print what the server says about itself
    #[command(after_help = help::INFO)]
    Info,
    /// Run the bundled simulation server
    #[command(after_help = help::SIMULATE)]
    Simulate(Simulate),
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The tags
    #[arg(required = true, value_name = "TAG", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
}

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// What to write where
    #[arg(required = true, value_name = "TAG=VALUE", allow_negative_numbers = true)]
    pub(crate) values: Vec<String>,
    /// The arguments are TAG VALUE TAG VALUE …, for tags and values with `=` in them
    #[arg(long)]
    pub(crate) pairs: bool,
    /// Read the values as this type, such as Int16, instead of the node's own
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) data_type: Option<DataType>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The tags
    #[arg(required = true, value_name = "TAG", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
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
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4840")]
    pub(crate) listen: String,
    /// What random values start from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// This many writable Int32 items more: Mass.0, Mass.1, …
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=1_000_000))]
    pub(crate) items: i32,
}

fn tag(text: &str) -> Result<Tag, openopc::ParseTagError> {
    Tag::parse(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        for line in [
            "opc -s sim: -o json -t 250 read A B",
            "opc read -s sim: A B -o json --timeout 250ms",
            "opc -o json read A -s sim: B --timeout=0.25s",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.global.server.as_deref(), Some("sim:"), "{line}");
            assert_eq!(cli.global.output, Format::Json, "{line}");
            assert_eq!(cli.global.timeout, Some(Duration::from_millis(250)), "{line}");
            let Command::Read(read) = cli.command else { panic!("{line}") };
            assert_eq!(read.tags, [Tag::item("A"), Tag::item("B")], "{line}");
        }
    }
}
