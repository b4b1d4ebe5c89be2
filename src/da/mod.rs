//! OPC DA's vocabulary, for item ids, sources and what else carries over from OPC Classic.

#[cfg(feature = "client")]
mod group;
mod item_id;
mod item_ids;
mod source;

#[cfg(feature = "client")]
pub use group::Group;
#[cfg(feature = "client")]
pub(crate) use group::Groups;
pub use item_id::ItemId;
pub use item_ids::ItemIds;
pub use source::Source;
