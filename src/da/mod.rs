//! OPC DA's vocabulary, for item ids, sources and what else carries over from OPC Classic.

mod access;
mod item_id;
mod item_ids;
mod source;
#[cfg(feature = "client")]
pub(crate) mod wildcard;

pub use access::Access;
pub use item_id::ItemId;
pub use item_ids::ItemIds;
pub use source::Source;
