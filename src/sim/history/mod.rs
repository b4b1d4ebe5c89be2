//! The simulator's historian: what items were, as long as it is wanted to be known.

mod archive;
mod computed;
pub(crate) mod csv;
pub(crate) mod event;
mod historian;
mod memory;
mod options;
mod past;
#[cfg(feature = "redb")]
mod redb;
mod rounds;
mod series;
pub(crate) mod store;

pub use event::EventRecord;
pub use options::History;

pub(crate) use archive::{Archive, Link};
pub(crate) use computed::Turn;
pub(crate) use historian::Historian;
pub(crate) use memory::Memory;
pub(crate) use past::{Past, TICK};
#[cfg(feature = "redb")]
pub(crate) use redb::RedbStore;
pub(crate) use rounds::Rounds;
pub(crate) use series::{Series, tick};
