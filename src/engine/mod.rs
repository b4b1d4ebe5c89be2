//! The only room that imports the engine (`async-opcua`, library name `opcua`). Everything else speaks our own types.

pub(crate) mod convert;
#[cfg(feature = "sim")]
pub(crate) mod server;
