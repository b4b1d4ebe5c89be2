//! Integration tests.

mod client_life;
mod client_open;
mod client_read;
mod client_write;
mod sim;
mod support;
