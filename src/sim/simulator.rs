//! [`Simulator`]: the running server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::builder::SimulatorBuilder;
use super::fault::{Fault, FaultGuard, When};
use super::gate::Traffic;
use super::log::{Logged, Request};
use super::node::Node;
use super::service::Service;
use super::space::Space;
use crate::engine::server::Server;
use crate::{DataType, Error, Reading, Result, Status, Tag, Value};

/// An OPC UA server on this computer, for tests and for trying things out. It is gone when this is dropped.
///
/// It runs on a thread of its own, so it serves whatever the program is doing, with or without an async runtime.
///
/// Items live in the namespace [`NAMESPACE`](super::NAMESPACE), which has the index 2, and their id is their string
/// identifier: `Random.Int4` is `ns=2;s=Random.Int4`.
///
/// ```
/// use openopc::sim::Simulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::start().await?;
/// println!("serving at {}", simulator.url());
///
/// // The numbers of OpenOPC's tutorial: a simulator starts its random numbers anew.
/// assert_eq!(simulator.get("Random.Int2")?.get::<i16>()?, 41);
/// assert_eq!(simulator.get("Random.Int4")?.get::<i32>()?, 18467);
/// simulator.stop().await
/// # }
/// ```
pub struct Simulator {
    space: Arc<Space>,
    server: Server,
    url: String,
}

impl Simulator {
    /// A free port on 127.0.0.1, the preset items, no security.
    ///
    /// # Errors
    /// [`Error::Sim`] where there is no port to be had.
    pub async fn start() -> Result<Simulator> {
        Simulator::builder().preset().start().await
    }

    /// A simulator of your own.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder::new()
    }

    pub(super) fn new(space: Arc<Space>, server: Server, url: String) -> Simulator {
        Simulator { space, server, url }
    }

    /// Where clients find it: `opc.tcp://127.0.0.1:` and the port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives an item a value and tells every subscription, whether clients may write the item or not. The value is
    /// converted exactly to the item's type, and the item's status stays as it is.
    ///
    /// An item with a signal is moved as by a write, see [`Item::signal`](super::Item::signal); its subscriptions see
    /// it at their next sample.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item, if the value does not fit, and if the item takes its values from
    /// somewhere else: `Random.*` and items with [`read_with`](super::Item::read_with).
    pub fn set(&self, item: &str, value: impl Into<Value>) -> Result<()> {
        self.set_value(item, value.into())
    }

    fn set_value(&self, item: &str, value: Value) -> Result<()> {
        let (index, node) = self.node(item)?;
        let fitted = if node.shape.data_type == DataType::Variant {
            Ok(value)
        } else {
            value.convert(node.shape.data_type).map_err(|error| Error::Sim(format!("set `{item}`: {error}")))
        }?;
        let text = fitted.type_text();
        let accepted = node.shape.accept(fitted).and_then(|value| node.set(&self.space, value));
        accepted.map_err(|status| Error::Sim(format!("set `{item}` to a {text}: {status}")))?;
        self.space.changed(index);
        Ok(())
    }

    /// Gives an item a status and tells every subscription. A bad status takes the value away from clients (Part 4,
    /// 7.11); a later good one brings it back.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn set_status(&self, item: &str, status: Status) -> Result<()> {
        let (index, node) = self.node(item)?;
        node.set_status(status, self.now());
        self.space.changed(index);
        Ok(())
    }

    /// What a client would read now. A `Random.*` item moves on by this, as by any read.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn get(&self, item: &str) -> Result<Reading> {
        let (_, node) = self.node(item)?;
        let now = self.now();
        let sample = node.sample(&self.space, now);
        let mut reading = Reading::new(Tag::item(item), sample.value);
        reading.status = sample.status;
        reading.source_time = Some(sample.source_time);
        reading.server_time = Some(now);
        Ok(reading)
    }

    fn node(&self, item: &str) -> Result<(u32, &Node)> {
        let index = self.space.by_id.get(item).copied();
        index
            .and_then(|index| Some((index, self.space.node(index)?)))
            .ok_or_else(|| Error::Sim(format!("there is no item `{item}`")))
    }

    /// The simulator's time, which its signals and the times of its values follow.
    pub fn now(&self) -> DateTime<Utc> {
        self.space.time.now()
    }

    /// Moves a manual clock on, and with it every signal: each subscription sees the samples it would have seen had
    /// the time passed by itself, in order, before this returns.
    ///
    /// # Errors
    /// [`Error::Sim`] unless the clock is [`Clock::Manual`](super::Clock::Manual), and where the time would go beyond
    /// what a date holds.
    pub fn advance(&self, by: Duration) -> Result<()> {
        if !self.space.time.is_manual() {
            return Err(Error::Sim("only a manual clock can be advanced".into()));
        }
        let to = TimeDelta::from_std(by).ok().and_then(|by| self.now().checked_add_signed(by));
        let to = to.ok_or_else(|| Error::Sim(format!("no clock goes {by:?} further")))?;
        match self.space.host() {
            Some(host) => host.advance(to),
            None => _ = self.space.time.set(to),
        }
        Ok(())
    }

    /// What clients have asked of nodes, oldest first: the newest 10,000 requests, with up to a million nodes together.
    /// Requests for sessions and subscriptions are only counted: see [`request_count`](Simulator::request_count).
    pub fn requests(&self) -> Vec<Request> {
        self.space.log(|log| log.iter().map(|entry| self.request(entry)).collect())
    }

    fn request(&self, entry: &super::log::Entry) -> Request {
        let text = |node: &Logged| match node {
            Logged::Item(item) => self.space.node(*item).map_or(String::new(), |node| node.id.to_string()),
            Logged::Other(text) => text.to_string(),
        };
        Request { service: entry.service, items: entry.nodes.iter().map(text).collect(), time: entry.time }
    }

    /// How often clients have asked for this service since the start or the last
    /// [`clear_requests`](Simulator::clear_requests), refused requests included.
    pub fn request_count(&self, service: Service) -> u64 {
        self.space.log(|log| log.counted(service))
    }

    /// Forgets the requests seen so far, and their number.
    pub fn clear_requests(&self) {
        self.space.log(super::log::Log::clear);
    }

    /// How often clients have read an item's value with the Read service.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn read_count(&self, item: &str) -> Result<u32> {
        Ok(self.node(item)?.1.state().reads)
    }

    /// How often clients have written an item's value, refused writes included.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn write_count(&self, item: &str) -> Result<u32> {
        Ok(self.node(item)?.1.state().writes)
    }

    /// Makes something go wrong for as long as the guard lives: see [`Fault`].
    pub fn inject(&self, fault: Fault) -> FaultGuard {
        self.inject_when(fault, When::always())
    }

    /// As [`inject`](Simulator::inject), but only for some calls, or for some time.
    pub fn inject_when(&self, fault: Fault, when: When) -> FaultGuard {
        let active = self.space.faults.make(fault, when, self.now());
        self.space.faults.add(&active);
        self.space.touch(|item| active.is_about(item));
        let space = Arc::downgrade(&self.space);
        let ended = Arc::clone(&active);
        FaultGuard::new(active, move || {
            if let Some(space) = space.upgrade() {
                space.faults.remove(ended.number);
                space.touch(|item| ended.is_about(item));
            }
        })
    }

    /// How often the program's own closures have panicked.
    pub fn panics(&self) -> u64 {
        self.space.panics()
    }

    /// The names of the clients that have a session now.
    pub fn clients(&self) -> Vec<String> {
        self.space.host().map(|host| host.clients()).unwrap_or_default()
    }

    /// How many connections there are and have been, and how many bytes went over them.
    pub fn traffic(&self) -> Traffic {
        self.server.traffic()
    }

    /// How many connections are open now.
    pub fn connections(&self) -> usize {
        self.traffic().open
    }

    /// Says goodbye to every client and waits until the port is free again.
    ///
    /// # Errors
    /// [`Error::Sim`] if the server had ended before, with the reason.
    pub async fn stop(mut self) -> Result<()> {
        self.server.stop().await.map_err(Error::Sim)
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("url", &self.url)
            .field("items", &self.space.nodes.len())
            .finish_non_exhaustive()
    }
}
