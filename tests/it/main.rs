//! Integration tests.

mod client_life;
mod client_open;
mod client_read;
mod client_reconnect;
mod client_subscribe;
mod client_write;
mod sim;
mod support;
