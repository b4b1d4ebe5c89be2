//! What is told on stderr beside errors: the library's warnings, more with `-v`, anything with `OPC_LOG`.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::exit::Failure;
use crate::output::Stderr;

/// The filter that `OPC_LOG` asks for, if it does.
pub(crate) fn wanted() -> Option<String> {
    std::env::var("OPC_LOG").ok().filter(|filter| !filter.trim().is_empty())
}

pub(crate) fn start(verbose: u8) -> Result<(), Failure> {
    let filter = match (wanted(), verbose) {
        (Some(filter), _) => filter,
        // The engine's own words only on request: it warns of what the library has dealt with, and of certificates that
        // nobody asked for.
        (_, 0) => "off,openopc=warn".to_owned(),
        (_, 1) => "off,openopc=debug".to_owned(),
        (_, _) => "debug,openopc=trace".to_owned(),
    };
    let filter = EnvFilter::try_new(&filter)
        .map_err(|error| Failure::Usage(format!("`{filter}` in OPC_LOG is not a log filter: {error}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Stderr)
        .with_ansi(io::stderr().is_terminal())
        // A stderr that is closed is no reason to panic.
        .log_internal_errors(false)
        .init();
    Ok(())
}
