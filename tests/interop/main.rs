//! Against stacks nobody here wrote: asyncua (Python), node-opcua (JavaScript) and open62541 (C).
//!
//! Each is a server for our client and a client for our simulator. `tests/interop/peers/install.sh` installs them; where
//! they are not installed these tests say so and pass, except in CI (`CI` is set), where a missing peer fails.

// The lints then know helpers for what they are: parts of tests.
#![cfg(test)]
#![allow(
    clippy::float_cmp,
    clippy::approx_constant,
    clippy::print_stdout,
    reason = "what was read must be equal to the last bit, and a run shows what was tried"
)]

mod cli;
mod client;
mod history;
mod history_server;
mod import;
mod list;
mod peers;
mod properties;
mod redundancy;
mod resume;
mod security;
mod simulator;
mod structures;
mod support;
