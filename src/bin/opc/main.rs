//! `opc`: OPC UA on the command line.

mod args;
mod command;
mod connect;
mod duration;
mod exit;
mod help;
mod log;
mod output;
mod stop;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::Cli;
use self::exit::{Exit, Failure};

fn main() -> ExitCode {
    match Cli::try_parse_from(std::env::args_os()) {
        Ok(cli) => run(&cli).unwrap_or_else(Failure::report).into(),
        Err(error) => {
            // Help and version come here too, and go to stdout.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { Exit::Good.into() }
        }
    }
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    log::start(cli.global.verbose)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Start)?;
    let result = runtime.block_on(command::run(cli));
    // A host name that is still being looked up is not waited for.
    runtime.shutdown_background();
    result
}
