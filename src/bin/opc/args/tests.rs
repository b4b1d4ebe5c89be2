//! The arguments fit together.

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
        assert_eq!(cli.global.output, Some(Format::Json), "{line}");
        assert_eq!(cli.global.timeout, Some(Duration::from_millis(250)), "{line}");
        let Command::Read(read) = cli.command else { panic!("{line}") };
        assert_eq!(read.which.tags, ["A", "B"], "{line}");
    }
}
