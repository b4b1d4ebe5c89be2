//! Guides, for those who come from elsewhere and for the simulator. Text only: there is nothing to call here.

#[doc = include_str!("from_openopc.md")]
pub mod from_openopc {}

#[doc = include_str!("from_opc_da.md")]
pub mod from_opc_da {}

#[cfg(feature = "sim")]
#[doc = include_str!("simulator.md")]
pub mod simulator {}
