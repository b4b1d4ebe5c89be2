//! `opc`: OPC UA on the command line.

mod args;
mod command;
mod connect;
mod duration;
mod exit;
mod faults;
mod help;
mod input;
mod legacy;
mod log;
mod output;
mod stop;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::args::Cli;
use self::exit::{Exit, Failure};
use self::output::note;

fn main() -> ExitCode {
    let server = std::env::var("OPC_SERVER").is_ok_and(|server| !server.trim().is_empty());
    let line = match legacy::translate(std::env::args_os().collect(), &commands(), server) {
        Ok(line) => line,
        Err(message) => return Failure::Usage(message).report().into(),
    };
    for text in &line.notes {
        note(format_args!("{text}"));
    }
    let exit = match Cli::try_parse_from(line.arguments) {
        Ok(cli) => run(&cli).unwrap_or_else(Failure::report),
        Err(error) => {
            // Help and version come here too, and go to stdout.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Good }
        }
    };
    if let Some(tag) = line.taken_for_tag.filter(|_| exit.may_be_mistyped()) {
        note(format_args!("hint: `{tag}` is no command, so it was read as a tag"));
    }
    exit.into()
}

/// The commands and their other names.
fn commands() -> Vec<String> {
    let mut command = Cli::command();
    command.build();
    command
        .get_subcommands()
        .flat_map(|command| std::iter::once(command.get_name()).chain(command.get_all_aliases()))
        .map(str::to_owned)
        .collect()
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
