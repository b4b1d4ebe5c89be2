//! The status codes the simulator answers with.

pub(crate) use crate::status::code::*;
