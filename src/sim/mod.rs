//! An OPC UA server inside your program, with values you can predict.
//!
//! Start one in a test, give it items, and look at what your client made of them:
//!
//! ```
//! use std::time::Duration;
//!
//! use openopc::sim::{Item, Signal, Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openopc::Result<()> {
//! let level = Signal::Ramp { from: 0.0, to: 100.0, period: Duration::from_secs(100) };
//! let simulator = Simulator::builder()
//!     .item(Item::new("Tank.Level", 0.0).signal(level).unit("l"))
//!     .item(Item::new("Tank.Valve", false).writable())
//!     .manual_clock()
//!     .start()
//!     .await?;
//!
//! // Any OPC UA client can connect to `simulator.url()` now.
//! let before = simulator.get("Tank.Level")?.get::<f64>()?;
//! simulator.advance(Duration::from_secs(10))?;
//! assert_eq!(simulator.get("Tank.Level")?.get::<f64>()?, before + 10.0);
//! # Ok(())
//! # }
//! ```
//!
//! # Where items are
//!
//! Items live in the namespace [`NAMESPACE`], with their id as string identifier: `ns=2;s=Tank.Level`. The parts of an
//! id are the folders it is browsed under, below the Objects folder; an item can have items below it. Identifiers that
//! start with `~` are the simulator's own: folders are `~folder/Tank`, properties `~EURange/Tank.Level`.
//!
//! # Aliases
//!
//! [`SimulatorBuilder::alias`] gives an item another name, as OPC 10000-17 has it: an object `~alias/Old.Id` below
//! `Aliases/TagVariables` with an `AliasFor` reference to the item, which the method `FindAlias` finds.
//!
//! # The preset
//!
//! [`SimulatorBuilder::preset`] adds the items that OPC DA users know from the Matrikon simulation server, browsed
//! under `Simulation Items`, with their ids and types: `Random.Int4` is an `Int32`, `Real4` a `Float`, `Time` a
//! `DateTime`; `Money` is a `Double`, as OPC UA has no currency.
//!
//! | group | what the items do |
//! |---|---|
//! | `Bucket Brigade` | hold what was last written, at first 0, `""`, an empty array or 1899-12-30 |
//! | `Random` | a new value with each read and each sample: Microsoft's `rand()`, one sequence for all items in the order they are read. OpenOPC's tutorial shows its first numbers, 41, 18467, 6334, … |
//! | `Random.Qualities` | goes through the 15 statuses that OPC DA has qualities for; the value is the number of the status where it is not bad |
//! | `Read Error` | seem readable, but reading is answered with `BadNotReadable`; what is written is kept |
//! | `Write Error` | seem writable, but writing is answered with `BadNotWritable` |
//! | `Write Only` | can be written, but not read |
//! | `Saw-toothed Waves` | rise in 60 s and start anew |
//! | `Square Waves` | are low for 10 s and high for 10 s |
//! | `Triangle Waves` | rise in 30 s and fall in 30 s |
//! | `#MonitorACLFile` | true |
//! | `@ClientCount`, `@Clients` | how many clients have a session, and their names |
//!
//! The periods and bounds of the waves are this crate's own: `Int1`, `Real4` and `Real8` between -100 and 100, `Int2`
//! ±1,000, `Int4` ±100,000, `UInt1` 0 to 200, `UInt2` 0 to 2,000, `UInt4` 0 to 200,000, `Money` 0 to 1,000. A write
//! moves a wave, see [`Item::signal`].
//!
//! They have a past too, which costs nothing until it is asked for: waves and `Random` a value each second, from 40 days
//! before the start on, computed from seed, item and time (of `Random` it is not what was read: a read draws a number of its
//! own); `Bucket Brigade` what it held, the newest 10,000 values, of texts and arrays 1,000.
//!
//! # Writes
//!
//! A write must be of the item's exact type (`BadTypeMismatch`), single values and arrays told apart; bytes may come
//! as `ByteString` or as an array of `Byte`, and texts may be null. Items that hold values keep a status and a source
//! time that are written with them; others answer `BadWriteNotSupported` to a status and ignore a time. Parts of
//! arrays, matrices, texts and bytes can be read and written.
//!
//! # Subscriptions
//!
//! An item that holds a value is told of whenever its value or status changes; its sampling interval is revised to 0,
//! which in OPC UA means just that. An item whose value changes by itself is sampled at the interval the client asked
//! for, on a grid: every 100 ms at full tenths of a second. Many samples of one item with the same interval are one.
//! With a manual clock only [`Simulator::advance`] takes samples. If a client leaves the interval to the subscription
//! (-1), samples are taken every 100 ms and carry no source time.
//!
//! # History
//!
//! [`Item::historizing`] keeps the past of an item, [`Item::history`] says how: recorded as it happens, loaded, or computed
//! from a signal ([`History`]). Clients read it raw, at times and by all aggregates of Part 13, with what was modified and
//! annotated, and change it, unless it is computed or [`read_only`](History::read_only); [`Simulator::history`] reads it in
//! the program. A raw value with an annotation beside it has the bit `ExtraData`. Values are taken where they are made, so the server time of a value of the past is its source time. What a
//! [`Fault`] does to an item is done to what leaves the server, so the past does not have it; it outlives a
//! [`restart`](Simulator::restart). How many values come in one answer is [`Limits::history_values`].
//!
//! Below such an item are `Annotations` and `HA Configuration`, with `~Stepped/Tank.Level` and the like as identifiers.
//!
//! Events ([`EventRecord`]) are read from the Server object and from the folders their sources are below, and who monitors one
//! of these is told of them as they happen. A where clause of such a monitored item may compare numbers and types
//! (`OfType`), but one that compares texts or node ids lets nothing pass; reading the past knows them all.
//!
//! # Faults
//!
//! [`Simulator::inject`] makes something go wrong for as long as a guard lives: with connections, with single items,
//! with the server itself. See [`Fault`]; [`Simulator::crash`] and [`Simulator::restart`] are for a server that comes
//! back changed.
//!
//! # Security
//!
//! There is none, unless [`SimulatorBuilder::security`] and [`SimulatorBuilder::user`] say so: anyone who can connect can do
//! everything. It listens on this computer only, unless told otherwise.
//!
//! On signed and encrypted connections the simulator cannot look into messages before the engine does. So on those
//!
//! - [`Simulator::request_count`] does not count; [`Simulator::requests`] and the counts of single items hold;
//! - an index range that is none fails the whole request with `BadDecodingError`, not its one node;
//! - a monitored item without a filter is not told of changes of the status alone, where Part 4, 7.22.2 wants it to be;
//! - a client that means harm can bring down the program, see `SECURITY.md`.
//!
//! Faults of the network work on all connections.

mod alias;
mod build;
mod builder;
mod check;
mod clock;
mod config;
mod duration;
pub(crate) mod fault;
pub(crate) mod gate;
pub(crate) mod history;
mod item;
mod limits;
mod log;
mod node;
mod preset;
mod property;
mod rand;
mod range;
mod restart;
mod service;
mod signal;
mod simulator;
mod space;

pub use builder::SimulatorBuilder;
pub use clock::Clock;
pub use config::{Config, Finding, Place, Severity};
pub use duration::{ParseDurationError, parse_duration};
pub use fault::{Direction, Fault, FaultGuard, ItemFault, When};
pub use gate::Traffic;
pub use history::{EventRecord, History};
pub use item::Item;
pub use limits::Limits;
pub use log::Request;
pub use restart::Restart;
pub use service::Service;
pub use signal::Signal;
pub use simulator::Simulator;

pub(crate) use crate::status::code;
pub(crate) use check::Shape;
pub(crate) use log::Logged;
pub(crate) use node::{Change, Node, Sample};
pub(crate) use property::Property;
pub(crate) use range::IndexRange;
pub(crate) use restart::{Current, Plan};
pub(crate) use space::{Host, Key, Space};

/// The namespace of the simulator's items; its index is 2.
pub const NAMESPACE: &str = "urn:openopc:sim";
