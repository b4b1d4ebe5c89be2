//! The arguments of `import`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The list; `-` is stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write the aliases that are needed into this file
    #[arg(long, value_name = "ALIASES")]
    pub(crate) save: Option<PathBuf>,
    /// With --save: ids that are found as they are, too
    #[arg(long, requires = "save")]
    pub(crate) all: bool,
    /// Do everything but write the file
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What the list is [default: what it looks like]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) format: Option<Form>,
    /// Of CSV: which column has the item ids, counted from 1
    #[arg(long, value_name = "N")]
    pub(crate) id_column: Option<NonZeroUsize>,
    /// Put this in front of each id, such as `Channel1.Device1.` before the tags of an export
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// Of an id that is not there: name at most so many that are like it
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) candidates: usize,
    /// Print only what was not placed
    #[arg(long)]
    pub(crate) left_over: bool,
}

/// What a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// One item id a line
    Ids,
    /// Comma-separated, or with semicolons or tabs
    Csv,
    /// The aliases of a Matrikon server
    Matrikon,
    /// A tag export of KEPServerEX
    Kepware,
}
