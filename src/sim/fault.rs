//! [`Fault`]: what can be made to go wrong, on demand.

mod active;
mod guard;
mod registry;
mod when;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::Status;

pub use guard::FaultGuard;
pub use when::When;

pub(crate) use active::Active;
pub(crate) use registry::{Faults, Late};

/// Something that goes wrong with a [`Simulator`](super::Simulator) for as long as its [`FaultGuard`] lives.
///
/// [`Simulator::inject`](super::Simulator::inject) makes it happen; [`When`] says to what and how often.
///
/// Faults inside the protocol, such as sessions that are forgotten, are yet to come; the list may grow.
///
/// What happens to the **network** happens in front of the server, as it would on a real line: the server does not
/// know of it.
///
/// ```
/// use openopc::Event;
/// use openopc::sim::{Fault, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::start().await?;
/// let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
/// let client = openopc::Client::builder(simulator.url())
///     .on_event(move |event| _ = sender.send(event))
///     .open()
///     .await?;
/// assert!(matches!(events.recv().await, Some(Event::Connected { .. })));
///
/// let reset = simulator.inject(Fault::Reset);
/// assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
/// assert_eq!(reset.fired(), 1);
/// # Ok(())
/// # }
/// ```
///
/// What happens to **items** is seen by clients only: [`Simulator::get`](super::Simulator::get) still says what the
/// item has. A subscription on an item that holds its value is told when the fault begins and when it ends.
///
/// ```
/// use openopc::sim::{Fault, Item, ItemFault, Simulator};
/// use openopc::{Quality, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::builder().item(Item::new("Tank.Level", 7.5)).start().await?;
/// let client = openopc::open(simulator.url()).await?;
///
/// let status = Status::named("BadSensorFailure").unwrap();
/// let broken = simulator.inject(Fault::item("Tank.*", ItemFault::Status(status)));
/// assert_eq!(client.read("Tank.Level").await?.quality(), Quality::Bad);
/// assert_eq!(broken.fired(), 1);
///
/// drop(broken);
/// assert_eq!(client.read("Tank.Level").await?.quality(), Quality::Good);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Every connection that is open when the fault begins is closed, without a word of OPC UA. It happens once: a
    /// client can connect again at once.
    Drop,
    /// As [`Drop`](Fault::Drop), but with a reset (RST): what was on its way to the client is lost.
    Reset,
    /// New connections are reset as soon as they are made, as many a firewall does; those that are open stay.
    Refuse,
    /// Bytes are kept back until the fault ends, and go on then. The connection stays open: a line that is half dead.
    Stall(Direction),
    /// Bytes go on this much later. What comes while others wait goes on with them or waits as long again.
    Delay(Direction, Duration),
    /// This many bytes go on in a second.
    Throttle(Direction, NonZeroU32),
    /// A connection is closed when this many bytes have gone over it since the fault began, in the middle of a message
    /// where that is so. Each connection and each way is counted by itself.
    Cut(Direction, u64),
    /// The server is gone as if it had been killed, and comes back on its port when the guard is dropped, all items as
    /// they were; it takes a moment to be back. It happens at once, whatever [`When`] says. To have something changed
    /// meanwhile, see [`Simulator::restart`](super::Simulator::restart).
    Crash,
    /// Something is wrong with items.
    Item {
        /// Whose id is this or matches it: `*` is any characters, `?` one, `[a-c]` one of these, `[!x]` one that is
        /// not. Upper and lower case are told apart.
        items: String,
        /// What is wrong.
        fault: ItemFault,
    },
}

impl Fault {
    /// [`Fault::Item`]
    pub fn item(items: impl Into<String>, fault: ItemFault) -> Fault {
        Fault::Item { items: items.into(), fault }
    }

    pub(super) fn is_network(&self) -> bool {
        !matches!(self, Fault::Item { .. })
    }
}

/// The way that bytes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// From clients to the server.
    ToServer,
    /// From the server to clients.
    ToClient,
    /// Either way.
    #[default]
    Both,
}

impl Direction {
    /// Whether what goes `way` is meant.
    pub(crate) fn covers(self, way: Direction) -> bool {
        self == Direction::Both || self == way
    }
}

/// What is wrong with an item. Writes are carried out all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemFault {
    /// It has this status; a bad one takes its value away (Part 4, 7.11).
    Status(Status),
    /// Its value is null, its status stays.
    Null,
    /// Its value is of another type than the item: the value as a text, or, where it is a text, the number of its
    /// bytes as a `UInt32`.
    WrongType,
    /// Its source time is this much older. Subscriptions to an item whose value changes by itself may not hear of
    /// what is older than the value before it.
    OldTime(Duration),
    /// The answer to a read of its value or to a write comes this much later. Subscriptions are not late.
    Latency(Duration),
}
