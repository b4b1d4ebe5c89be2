//! How the command ends: exit codes, and what is said about a failure.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use openopc::Error;

use crate::output::note;

/// The exit codes, as `opc --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything worked, and every value is good.
    Good,
    /// Something did not.
    SomeFailed,
    /// The command line makes no sense. Nothing was written.
    Usage,
    /// No connection.
    NoConnection,
    /// Ended by Ctrl-C before it was done.
    Interrupted,
    /// Ended by SIGTERM before it was done.
    #[cfg(unix)]
    Terminated,
}

impl Exit {
    /// Something was wrong with what was asked for, not with the way there.
    pub(crate) fn may_be_mistyped(self) -> bool {
        matches!(self, Exit::SomeFailed | Exit::Usage)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Good => 0,
            Exit::SomeFailed => 1,
            Exit::Usage => 2,
            Exit::NoConnection => 3,
            // What a shell reports of a program that a signal ended.
            Exit::Interrupted => 130,
            #[cfg(unix)]
            Exit::Terminated => 143,
        })
    }
}

/// Why a command could not go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// The call to the server failed as a whole.
    Opc(Error),
    /// The simulator cannot have the address it was given.
    Listen(String, io::Error),
    /// The program itself could not start.
    Start(io::Error),
    /// The output could not be written.
    Output(io::Error),
    /// A signal asked for the end.
    Stopped(Exit),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Opc(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl Failure {
    /// Says what went wrong, and gives the exit code for it.
    pub(crate) fn report(self) -> Exit {
        match self {
            Failure::Usage(message) => {
                note(format_args!("error: {message}\n\nFor more information, try 'opc --help'."));
                Exit::Usage
            }
            Failure::Opc(error) => {
                note(format_args!("error: {}", chain(&error)));
                if let Some(hint) = hint(&error) {
                    note(format_args!("hint: {hint}"));
                }
                exit(&error)
            }
            Failure::Listen(address, error) => {
                note(format_args!("error: cannot listen on {address}: {error}"));
                if error.kind() == io::ErrorKind::AddrInUse {
                    note(format_args!(
                        "hint: something else has that port; `--listen 127.0.0.1:0` picks a free one"
                    ));
                }
                Exit::NoConnection
            }
            Failure::Start(error) => {
                note(format_args!("error: cannot start: {error}"));
                Exit::SomeFailed
            }
            // Whoever read the output has seen enough, as with `| head`.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Good,
            Failure::Output(error) => {
                note(format_args!("error: cannot write the output: {error}"));
                Exit::SomeFailed
            }
            Failure::Stopped(exit) => exit,
        }
    }
}

fn exit(error: &Error) -> Exit {
    match error {
        Error::Config(_) | Error::InvalidTag { .. } => Exit::Usage,
        Error::Security { .. } | Error::Sim(_) => Exit::NoConnection,
        _ if error.is_connection() => Exit::NoConnection,
        _ => Exit::SomeFailed,
    }
}

/// What may help.
fn hint(error: &Error) -> Option<&'static str> {
    match error {
        _ if error.is_timeout() => Some("`--timeout 30s` waits longer"),
        Error::Open { .. } | Error::Discovery { .. } => {
            Some("does the server run there, and may this computer reach it? `-v` tells more")
        }
        Error::Security { .. } => {
            Some("the server wants messages protected, which this command does not do yet")
        }
        _ => None,
    }
}

/// The error and everything behind it on one line.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Writing to a `String` cannot fail.
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}
