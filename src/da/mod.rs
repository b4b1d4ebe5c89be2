//! OPC DA's vocabulary, for item ids, sources, properties and what else carries over from OPC Classic.

mod access;
mod aliases;
mod convention;
#[cfg(feature = "client")]
mod group;
mod item_id;
mod item_ids;
mod property;
mod quality;
#[cfg(feature = "client")]
mod recognize;
mod source;
mod var_type;
#[cfg(feature = "client")]
pub(crate) mod wildcard;

pub use access::Access;
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
pub use property::PropertyId;
#[cfg(feature = "client")]
pub(crate) use quality::quality_word;
#[cfg(feature = "client")]
pub use recognize::ItemIdsReport;
#[cfg(feature = "client")]
pub(crate) use recognize::{Recognized, recognize};
pub use source::Source;
pub use var_type::VarType;
