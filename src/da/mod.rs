//! OPC DA's vocabulary, for item ids, qualities, types, properties, error codes, times and what else carries over from OPC
//! Classic.

mod access;
mod aliases;
mod coerce;
mod convention;
#[cfg(feature = "client")]
mod group;
mod hda_attribute;
mod hresult;
mod item_id;
mod item_ids;
mod property;
mod quality;
#[cfg(feature = "client")]
mod recognize;
mod server_state;
mod source;
mod time;
mod var_type;
mod vqt;
#[cfg(any(feature = "client", feature = "sim"))]
#[cfg_attr(not(feature = "client"), expect(dead_code, reason = "the simulator compares whole ids only"))]
pub(crate) mod wildcard;

pub use access::Access;
pub use aliases::Aliases;
pub use coerce::{CoerceError, coerce_lossy, coerce_lossy_to};
pub use convention::Convention;
#[cfg(feature = "client")]
pub(crate) use convention::{Candidate, Place};
#[cfg(feature = "client")]
pub use group::Group;
#[cfg(feature = "client")]
pub(crate) use group::Groups;
pub use hda_attribute::{HdaAttribute, HdaSource, ParseHdaAttributeError};
#[cfg(feature = "client")]
pub(crate) use hresult::BAD_QUALITIES;
pub use hresult::{HResult, Rules};
pub use item_id::ItemId;
pub use item_ids::ItemIds;
pub use property::PropertyId;
pub use quality::{HistoryQuality, Limit, MajorQuality, QualityWord};
#[cfg(feature = "client")]
pub use recognize::ItemIdsReport;
#[cfg(feature = "client")]
pub(crate) use recognize::{Recognized, recognize};
pub use server_state::ServerState;
pub use source::Source;
pub use time::{
    FileTime, HdaCalendar, HdaKeyword, HdaOffset, HdaTime, HdaUnit, ParseHdaTimeError, VariantDate,
};
pub use var_type::VarType;
pub use vqt::Vqt;
