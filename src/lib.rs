//! OPC UA in a handful of calls.

mod engine;
mod error;
mod reading;
mod status;
mod tag;
mod value;

pub mod da;
#[cfg(feature = "sim")]
pub mod sim;

pub use error::{Error, Operation, Result};
pub use reading::{Reading, TimeRange};
pub use status::{Quality, Status};
pub use tag::{IntoTag, ParseTagError, Tag, TagKind};
pub use value::{
    Array, ArrayElement, ConvertError, ConvertReason, DataType, ExpandedNodeId, FromValue, Identifier,
    LocalizedText, NodeId, Opaque, QualifiedName, Value,
};
