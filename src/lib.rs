#![doc = include_str!("../README.md")]

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "client")]
mod client;
pub mod da;
mod engine;
mod error;
pub mod guide;
pub mod history;
#[cfg(any(feature = "client", feature = "sim"))]
mod like;
mod reading;
#[cfg(any(feature = "client", feature = "sim"))]
mod security;
#[cfg(feature = "sim")]
pub mod sim;
mod status;
#[cfg(feature = "client")]
mod subscribe;
mod tag;
mod value;

#[cfg(feature = "client")]
pub use client::{
    AggregateName, Client, ClientBuilder, Endpoint, Entry, EntryKind, Event, FailBack, HistoryQuery,
    HistoryRange, Identity, IdentityKind, IntoUrls, IntoWrite, ListOptions, Patterns, Properties,
    PropertiesOptions, ReadOptions, Results, Server, ServerInfo, ServerKind, ServerLimits, ServerState,
    State, WriteOptions, endpoints, open, servers,
};
pub use error::{Error, Operation, Result};
pub use reading::{Reading, TimeRange};
#[cfg(any(feature = "client", feature = "sim"))]
pub use security::Security;
pub use status::{Quality, Status};
#[cfg(feature = "client")]
pub use subscribe::{
    Deadband, Delivery, Overflow, Refresh, SubscribeOptions, Subscription, SubscriptionStats, Watch,
};
#[cfg(feature = "client")]
pub use tag::{FoundBy, Location, NodeType};
pub use tag::{IntoTag, ParseTagError, Tag, TagKind};
pub use value::{
    Array, ArrayElement, ConvertError, ConvertReason, DataType, ExpandedNodeId, FromValue, Identifier,
    LocalizedText, NodeId, Opaque, QualifiedName, Structure, Value,
};
