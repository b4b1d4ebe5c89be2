//! `opc completions` and `opc man`: made from the arguments themselves.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use crate::args::{Cli, Completions};
use crate::exit::{Exit, Failure};

pub(super) fn completions(args: &Completions) -> Result<Exit, Failure> {
    // Into memory: the generator panics when it cannot write.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "opc", &mut text);
    print(&text)
}

/// One page: the command, then each of its commands.
pub(super) fn man() -> Result<Exit, Failure> {
    let mut text = Vec::new();
    let mut command = Cli::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render(&mut text)?;
    for command in command.get_subcommands() {
        let name = command.get_name().to_uppercase();
        let page = clap_mangen::Man::new(command.clone());
        writeln!(text, ".SH \"OPC {name}\"")?;
        page.render_description_section(&mut text)?;
        page.render_synopsis_section(&mut text)?;
        page.render_options_section(&mut text)?;
        page.render_extra_section(&mut text)?;
    }
    print(&text)
}

fn print(text: &[u8]) -> Result<Exit, Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()?;
    Ok(Exit::Good)
}
