//! OPC DA's vocabulary, for item ids, qualities, types, properties, error codes, times and what else carries over from OPC
//! Classic.

mod access;
mod coerce;
#[cfg(feature = "client")]
mod group;
mod hresult;
mod item_id;
mod item_ids;
mod property;
mod quality;
mod server_state;
mod source;
mod time;
mod var_type;
mod vqt;
#[cfg(feature = "client")]
pub(crate) mod wildcard;

pub use access::Access;
pub use coerce::{CoerceError, coerce_lossy, coerce_lossy_to};
#[cfg(feature = "client")]
pub use group::Group;
#[cfg(feature = "client")]
pub(crate) use group::Groups;
#[cfg(feature = "client")]
pub(crate) use hresult::BAD_QUALITIES;
pub use hresult::{HResult, Rules};
pub use item_id::ItemId;
pub use item_ids::ItemIds;
pub use property::PropertyId;
pub use quality::{HistoryQuality, Limit, MajorQuality, QualityWord};
pub use server_state::ServerState;
pub use source::Source;
pub use time::{
    FileTime, HdaCalendar, HdaKeyword, HdaOffset, HdaTime, HdaUnit, ParseHdaTimeError, VariantDate,
};
pub use var_type::VarType;
pub use vqt::Vqt;
