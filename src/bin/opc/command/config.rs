//! `opc config`

use super::pair::Pair;
use crate::args::Global;
use crate::connect::{NAME, TIMEOUT, servers};
use crate::exit::{Exit, Failure};
use crate::output::{About, Printer};

/// Prints what the options and the environment amount to. Nothing is connected to.
pub(super) fn run(global: &Global) -> Result<Exit, Failure> {
    let mut printer = Printer::new(global, &About { title: "Configuration", server: "" });
    let servers = match &global.server {
        Some(_) => servers(global)?,
        None => Vec::new(),
    };
    let format = format!("{:?}", global.format()).to_lowercase();
    let aliases = global.aliases.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    let log = std::env::var("OPC_LOG").unwrap_or_default();
    for pair in [
        Pair::new("server", servers.join("; ")),
        Pair::new("name", global.name.as_deref().unwrap_or(NAME)),
        Pair::new("timeout", format!("{:?}", global.timeout.unwrap_or(TIMEOUT))),
        Pair::new("aliases", aliases),
        Pair::new("output", format),
        Pair::new("log", log),
    ] {
        printer.print(&pair)?;
    }
    printer.finish()?;
    Ok(Exit::Good)
}
