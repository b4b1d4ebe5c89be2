//! The facade against the raw engine: same process, same simulator, both kinds of runtime.
//!
//! `cargo bench` measures; each group has a `raw` and a `facade` line for the same work, and only their ratio means
//! anything. `cargo test --benches` runs each once.

#![expect(
    missing_docs,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "criterion's macros make undocumented items; a bench may panic, and its figures are rounded anyway"
)]

mod aggregates;
mod history_store;
mod import;
mod list;
mod read;
mod resolve;
mod start;
mod subscribe;
mod support;
mod write;

use criterion::{criterion_group, criterion_main};

criterion_group! {
    name = benches;
    config = support::config();
    targets = aggregates::benches, read::benches, write::benches, resolve::benches, import::benches, list::benches, subscribe::benches, start::benches, history_store::benches
}
criterion_main!(benches);
