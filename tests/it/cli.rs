//! The command `opc`, run as a program.

mod ends;
mod output;
mod process;
mod watch;
mod write;
