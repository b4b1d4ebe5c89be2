//! The simulator's historian: what items were, as long as it is wanted to be known.
#![allow(dead_code, reason = "the historian comes with the next commits")]

#[cfg(feature = "redb")]
mod redb;
pub(crate) mod store;
