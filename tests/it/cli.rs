//! The command `opc`, run as a program.

mod browse;
mod ends;
mod faults;
mod history;
mod import;
mod legacy;
mod output;
mod process;
mod repeat;
mod shell;
mod simulate;
mod stdin;
mod watch;
mod write;
