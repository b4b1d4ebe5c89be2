//! The arguments of the commands that look around.

use clap::{Args, ValueEnum};
use openopc::EntryKind;
use openopc::da::{Access, PropertyId};

use super::{Pace, Repeat, Which};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct List {
    /// What to list: names with wildcards, separated by dots; `-` takes them from stdin [default: *]
    #[arg(value_name = "PATTERN")]
    pub(crate) patterns: Vec<String>,
    /// The same as `-`
    #[arg(long)]
    pub(crate) pipe: bool,
    /// All leaves that match and all below what matches
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Look through the whole tree; a pattern is for the whole item id
    #[arg(short = 'f', long)]
    pub(crate) flat: bool,
    /// Only branches, or only leaves
    #[arg(long, value_name = "KIND", value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Only leaves that can be read, written, or both
    #[arg(long, value_name = "RIGHTS", value_enum)]
    pub(crate) access: Option<Rights>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Also what the standard puts beside the server's items
    #[arg(long)]
    pub(crate) standard: bool,
    /// Tell upper and lower case apart
    #[arg(long)]
    pub(crate) case_sensitive: bool,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Branch,
    Leaf,
}

impl From<Kind> for EntryKind {
    fn from(kind: Kind) -> EntryKind {
        match kind {
            Kind::Branch => EntryKind::Branch,
            Kind::Leaf => EntryKind::Leaf,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rights {
    Read,
    Write,
    /// Reading and writing
    Both,
}

impl From<Rights> for Access {
    fn from(rights: Rights) -> Access {
        match rights {
            Rights::Read => Access::READ,
            Rights::Write => Access::WRITE,
            Rights::Both => Access::READ_WRITE,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Properties {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Only these, by OPC DA's numbers or names
    #[arg(short = 'y', long = "id", value_name = "ID,…", value_delimiter = ',')]
    pub(crate) ids: Vec<PropertyId>,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

#[derive(Debug, Args)]
pub(crate) struct Discover {
    #[arg(value_name = "URL")]
    #[arg(
        help = "Whom to ask: opc.tcp://HOST[:PORT], or the name of a host [default: the server of --server]"
    )]
    pub(crate) urls: Vec<String>,
}
