//! Integration tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "in a test a panic is an answer"
)]

mod peer;
mod sim;
mod sim_browse;
mod sim_build;
mod sim_scale;
mod sim_subscribe;
mod sim_values;
mod sim_wire;
