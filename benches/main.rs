//! The facade against the raw engine: same process, same simulator, both kinds of runtime.
//!
//! `cargo bench` measures; each group has a `raw` and a `facade` line for the same work, and only their ratio means
//! anything. `cargo test --benches` runs each once.

#![expect(
    missing_docs,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "criterion's macros make undocumented items; a bench may panic, and its figures are rounded anyway"
)]

mod aggregates;
mod history;
mod history_store;
mod import;
mod list;
mod read;
mod resolve;
mod start;
mod subscribe;
mod support;
mod write;

use criterion::criterion_group;

criterion_group! {
    name = benches;
    config = support::config();
    targets = aggregates::benches, read::benches, write::benches, resolve::benches, import::benches, list::benches, start::benches, history_store::benches
}

fn main() {
    if let Ok(role) = std::env::var(support::ROLE) {
        let words: Vec<&str> = role.split(' ').collect();
        return match words[0] {
            "history" => history::play(&words[1..]),
            _ => subscribe::play(&words[1..]),
        };
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As criterion does: a word is what to run, `--test` is once.
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter.as_str()));
    let quick = arguments.iter().any(|argument| argument == "--test");
    if is_wanted(subscribe::NAME) {
        subscribe::benches(quick);
    }
    if is_wanted(history::NAME) {
        history::benches(quick);
    }
    benches();
    criterion::Criterion::default().configure_from_args().final_summary();
}
