//! Completions and the manual page.

use super::process::opc;

const COMMANDS: [&str; 12] = [
    "read",
    "write",
    "watch",
    "list",
    "properties",
    "servers",
    "endpoints",
    "info",
    "config",
    "simulate",
    "completions",
    "man",
];

#[test]
fn every_shell_knows_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = opc(["completions", shell]).expect(0);
        for name in COMMANDS {
            assert!(done.stdout.contains(name), "{shell} does not know {name}");
        }
        assert!(done.stdout.contains("repeat") && done.stderr.is_empty(), "{shell}");
    }
    opc(["completions", "tcsh"]).expect(2);
}

#[test]
fn the_manual_has_every_command_and_what_its_help_says() {
    let page = opc(["man"]).expect(0).stdout;
    assert!(page.contains(".TH opc 1"), "{page}");
    for name in COMMANDS {
        assert!(page.contains(&format!(".SH \"OPC {}\"", name.to_uppercase())), "{name}");
    }
    assert!(page.contains("Exit codes") && page.contains("keep\\-going"), "{page}");
}
