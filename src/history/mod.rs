//! The past: what a historian keeps, and what it calculates from it (OPC UA Part 11 and Part 13).
//!
//! Reading it from a server is [`Client::history`](crate::Client)'s; this module has the words both sides share, and the
//! arithmetic, which needs neither.

mod aggregate;
mod configuration;
mod origin;
mod process;
mod sample;

pub use aggregate::{Aggregate, ParseAggregateError};
pub use configuration::AggregateConfiguration;
pub use origin::Origin;
pub use process::{Process, ProcessError, ProcessSpec, Rows, aggregate};
pub use sample::Sample;

#[cfg(feature = "client")]
pub use crate::client::{
    Annotation, Capabilities, Change, Compute, Configuration, EventQuery, Modified, Occurrence,
    OfferedAggregate,
};
