//! Against stacks nobody here wrote: asyncua (Python), node-opcua (JavaScript) and open62541 (C).
//!
//! Each is a server for our client and a client for our simulator. `tests/interop/peers/install.sh` installs them; where
//! they are not installed these tests say so and pass, except in CI (`CI` is set), where a missing peer fails.

mod client;
mod peers;
mod simulator;
