//! The engine's types and ours, both ways.

use opcua::types::StatusCode;

/// The standard name of a status code without info bits.
pub(crate) fn status_name(bits: u32) -> Option<&'static str> {
    let _ = StatusCode::from(bits);
    None
}

/// The bits of the status code with this name.
pub(crate) fn status_named(name: &str) -> Option<u32> {
    let _ = name;
    None
}
