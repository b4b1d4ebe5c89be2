//! An OPC UA server inside your program, with values you can predict.

mod build;
mod builder;
mod check;
mod clock;
pub(crate) mod code;
pub(crate) mod gate;
mod item;
mod limits;
mod log;
mod node;
mod preset;
mod rand;
mod range;
mod signal;
mod simulator;
mod space;

pub use builder::SimulatorBuilder;
pub use clock::Clock;
pub use gate::Traffic;
pub use item::Item;
pub use limits::Limits;
pub use log::{Request, Service};
pub use signal::Signal;
pub use simulator::Simulator;

pub(crate) use check::Shape;
pub(crate) use log::Logged;
pub(crate) use node::{Change, Node, Sample};
pub(crate) use range::IndexRange;
pub(crate) use space::{Host, Key, Space};

/// The namespace of the simulator's items; its index is 2.
pub const NAMESPACE: &str = "urn:openopc:sim";
