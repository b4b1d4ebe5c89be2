//! OPC DA's vocabulary, for item ids, sources and what else carries over from OPC Classic.

mod aliases;
mod convention;
#[cfg(feature = "client")]
mod group;
mod item_id;
mod item_ids;
#[cfg(feature = "client")]
mod recognize;
mod source;

pub use aliases::Aliases;
pub use convention::Convention;
#[cfg(feature = "client")]
pub(crate) use convention::{Candidate, Place};
#[cfg(feature = "client")]
pub use group::Group;
#[cfg(feature = "client")]
pub(crate) use group::Groups;
pub use item_id::ItemId;
pub use item_ids::ItemIds;
#[cfg(feature = "client")]
pub use recognize::ItemIdsReport;
#[cfg(feature = "client")]
pub(crate) use recognize::{Recognized, recognize};
pub use source::Source;
