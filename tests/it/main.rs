//! Integration tests.

mod client_blocking;
mod client_life;
mod client_limits;
mod client_merge;
mod client_open;
mod client_read;
mod client_reconnect;
mod client_subscribe;
mod client_tags;
mod client_watch;
mod client_write;
mod sim;
mod support;
