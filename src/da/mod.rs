//! OPC DA's vocabulary, for item ids, sources, properties and what else carries over from OPC Classic.

mod access;
#[cfg(feature = "client")]
mod group;
mod item_id;
mod item_ids;
mod property;
mod quality;
mod source;
mod var_type;
#[cfg(feature = "client")]
pub(crate) mod wildcard;

pub use access::Access;
#[cfg(feature = "client")]
pub use group::Group;
#[cfg(feature = "client")]
pub(crate) use group::Groups;
pub use item_id::ItemId;
pub use item_ids::ItemIds;
pub use property::PropertyId;
#[cfg(feature = "client")]
pub(crate) use quality::quality_word;
pub use source::Source;
pub use var_type::VarType;
