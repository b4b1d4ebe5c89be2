//! [`Simulator`]: the running server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::builder::SimulatorBuilder;
use super::fault::{Fault, FaultGuard, When};
use super::gate::Traffic;
use super::history::EventRecord;
use super::log::{Logged, Request};
use super::node::Node;
use super::restart::{Current, Restart};
use super::service::Service;
use super::space::Space;
use crate::engine::server::Server;
use crate::history::Sample;
use crate::{DataType, Error, Reading, Result, Status, Tag, TimeRange, Value};

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
    current: Arc<Current>,
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

    pub(super) fn new(current: Arc<Current>, server: Server, url: String) -> Simulator {
        Simulator { current, server, url }
    }

    fn space(&self) -> Arc<Space> {
        self.current.get()
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
        let space = self.current.hold();
        let (index, node) = find(&space, item)?;
        let fitted = if node.shape.data_type == DataType::Variant {
            Ok(value)
        } else {
            value.convert(node.shape.data_type).map_err(|error| Error::Sim(format!("set `{item}`: {error}")))
        }?;
        let text = fitted.type_text();
        let accepted = node.shape.accept(fitted).and_then(|value| node.set(&space, value));
        accepted.map_err(|status| Error::Sim(format!("set `{item}` to a {text}: {status}")))?;
        space.changed(index);
        kept(&space, item)
    }

    /// Gives an item a status and tells every subscription. A bad status takes the value away from clients (Part 4,
    /// 7.11); a later good one brings it back.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn set_status(&self, item: &str, status: Status) -> Result<()> {
        let space = self.current.hold();
        let (index, node) = find(&space, item)?;
        node.set_status(status, self.now());
        space.changed(index);
        kept(&space, item)
    }

    /// The past of an item, as it is kept or computed: every sample from the start of the range to its end, both
    /// included, in the order of time; the other way round where the start is the later.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item, if it has no [history](super::Item::history), and where the store of the
    /// past cannot be read.
    pub fn history(&self, item: &str, range: impl Into<TimeRange>) -> Result<Vec<Sample>> {
        self.past(item, range.into())
    }

    fn past(&self, item: &str, range: TimeRange) -> Result<Vec<Sample>> {
        let space = self.space();
        let (index, _) = find(&space, item)?;
        let past = space.past(index);
        let past =
            past.ok_or_else(|| Error::Sim(format!("the past of `{item}` is not kept: see `Item::history`")))?;
        let (from, to) = (range.start.min(range.end), range.start.max(range.end));
        let mut samples =
            past.all(from, to).map_err(|status| Error::Sim(format!("the past of `{item}`: {status}")))?;
        if range.start > range.end {
            samples.reverse();
        }
        Ok(samples)
    }

    /// What a client would read now. A `Random.*` item moves on by this, as by any read.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn get(&self, item: &str) -> Result<Reading> {
        let space = self.space();
        let (_, node) = find(&space, item)?;
        let now = self.now();
        let sample = node.sample(&space, now);
        let mut reading = Reading::new(Tag::item(item), sample.value);
        reading.status = sample.status;
        reading.source_time = Some(sample.source_time);
        reading.server_time = Some(now);
        Ok(reading)
    }

    /// What the server says of how well it can do its work: its `ServiceLevel` (`i=2267`), by which clients of redundant
    /// servers choose (Part 4, 6.6.2.4.2). 0 is maintenance, 1 no data, 2 to 199 degraded, 200 to 255 healthy; at first it is
    /// 255, and a restart keeps it. Subscriptions are told. It changes nothing else: the values are as good as before.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use openopc::{Client, Event, sim::Simulator};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> openopc::Result<()> {
    /// let (first, second) = (Simulator::start().await?, Simulator::start().await?);
    /// let (send, mut events) = tokio::sync::mpsc::unbounded_channel();
    /// let opc = Client::builder([first.url(), second.url()])
    ///     .keep_alive(Duration::from_millis(50))
    ///     .on_event(move |event| _ = send.send(event))
    ///     .open()
    ///     .await?;
    ///
    /// first.set_service_level(100);
    /// while !matches!(events.recv().await, Some(Event::Moved { .. })) {}
    /// assert_eq!(opc.url(), second.url());
    /// # opc.close().await
    /// # }
    /// ```
    pub fn set_service_level(&self, level: u8) {
        let space = self.space();
        space.service_level.store(level, Ordering::Relaxed);
        if let Some(host) = space.host() {
            host.service_level(level);
        }
    }

    /// Adds something that happens to the history of events, which clients read from the Server object and from the folders
    /// its source is below, and tells those that monitor one of these. Restarts are there by themselves. The newest 100,000 are
    /// kept, or [what the builder says](SimulatorBuilder::event_capacity).
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no item of its source, if its severity is out of range, and where the historian cannot keep
    /// it.
    #[expect(clippy::needless_pass_by_value, reason = "what happens, happens once: it is given away")]
    pub fn emit(&self, event: EventRecord) -> Result<()> {
        self.space().happened(&event).map_err(Error::Sim)
    }

    /// The simulator's time, which its signals and the times of its values follow.
    pub fn now(&self) -> DateTime<Utc> {
        self.space().time.now()
    }

    /// Moves a manual clock on, and with it every signal: each subscription sees the samples it would have seen had
    /// the time passed by itself, in order, before this returns.
    ///
    /// # Errors
    /// [`Error::Sim`] unless the clock is [`Clock::Manual`](super::Clock::Manual), and where the time would go beyond
    /// what a date holds.
    pub fn advance(&self, by: Duration) -> Result<()> {
        if !self.space().time.is_manual() {
            return Err(Error::Sim("only a manual clock can be advanced".into()));
        }
        let to = TimeDelta::from_std(by).ok().and_then(|by| self.now().checked_add_signed(by));
        let to = to.ok_or_else(|| Error::Sim(format!("no clock goes {by:?} further")))?;
        match self.space().host() {
            Some(host) => host.advance(to),
            None => _ = self.space().time.set(to),
        }
        Ok(())
    }

    /// What clients have asked of nodes, oldest first: the newest 10,000 requests, with up to a million nodes together.
    /// Requests for sessions and subscriptions are only counted: see [`request_count`](Simulator::request_count).
    pub fn requests(&self) -> Vec<Request> {
        let space = self.space();
        space.log(|log| log.iter().map(|entry| request(&space, entry)).collect())
    }

    /// How often clients have asked for this service since the start or the last
    /// [`clear_requests`](Simulator::clear_requests), refused requests included. Requests on signed and encrypted connections
    /// are not counted.
    pub fn request_count(&self, service: Service) -> u64 {
        self.space().log(|log| log.counted(service))
    }

    /// Forgets the requests seen so far, and their number.
    pub fn clear_requests(&self) {
        self.space().log(super::log::Log::clear);
    }

    /// How often clients have read an item's value with the Read service.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn read_count(&self, item: &str) -> Result<u32> {
        Ok(find(&self.space(), item)?.1.state().reads)
    }

    /// How often clients have written an item's value, refused writes included.
    ///
    /// # Errors
    /// [`Error::Sim`] if there is no such item.
    pub fn write_count(&self, item: &str) -> Result<u32> {
        Ok(find(&self.space(), item)?.1.state().writes)
    }

    /// Makes something go wrong for as long as the guard lives: see [`Fault`].
    pub fn inject(&self, fault: Fault) -> FaultGuard {
        self.inject_when(fault, When::always())
    }

    /// As [`inject`](Simulator::inject), but only for some calls, or for some time.
    pub fn inject_when(&self, fault: Fault, when: When) -> FaultGuard {
        let space = self.space();
        let (faults, crash) = (Arc::clone(&space.faults), fault == Fault::Crash);
        let active = faults.make(fault, when, self.now());
        let struck = Arc::clone(&active);
        if crash {
            let revive = self.server.revival(Restart::new().plan());
            self.server.crash(Box::new(move || struck.strike()));
            return FaultGuard::new(active, revive);
        }
        faults.add(&active);
        space.touch(|item| active.is_about(item));
        let current = Arc::downgrade(&self.current);
        FaultGuard::new(active, move || {
            faults.remove(struck.number);
            if let Some(current) = current.upgrade() {
                current.get().touch(|item| struck.is_about(item));
            }
        })
    }

    /// The server is gone as if it had been killed: no goodbye, sessions and subscriptions forgotten, and nobody
    /// listens on its port until [`restart`](Simulator::restart). What is asked of the simulator itself works on.
    ///
    /// # Errors
    /// [`Error::Sim`] if the server had ended before.
    pub async fn crash(&self) -> Result<()> {
        let (send, done) = tokio::sync::oneshot::channel();
        self.server.crash(Box::new(move || _ = send.send(())));
        done.await.map_err(|_| ended())
    }

    /// Starts the server again where it was: after a [`crash`](Simulator::crash), or with one if it runs. When this
    /// returns, clients can connect.
    ///
    /// # Errors
    /// [`Error::Sim`] if its port has been taken meanwhile, if a new item contradicts itself or another one, and if
    /// the server had ended before. The server is down then, and can be started again.
    pub async fn restart(&self, restart: Restart) -> Result<()> {
        let (send, done) = tokio::sync::oneshot::channel();
        self.server.restart(restart.plan(), Box::new(move |result| _ = send.send(result)));
        done.await.map_err(|_| ended())?.map_err(Error::Sim)
    }

    /// How often the program's own closures have panicked.
    pub fn panics(&self) -> u64 {
        self.space().panics()
    }

    /// The names of the clients that have a session now.
    pub fn clients(&self) -> Vec<String> {
        self.space().host().map(|host| host.clients()).unwrap_or_default()
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

impl Drop for Simulator {
    fn drop(&mut self) {
        // The server is still about to say goodbye, and the file of the past is to be free now.
        self.space().historian.close();
    }
}

fn find<'a>(space: &'a Space, item: &str) -> Result<(u32, &'a Node)> {
    let index = space.by_id.get(item).copied();
    index
        .and_then(|index| Some((index, space.node(index)?)))
        .ok_or_else(|| Error::Sim(format!("there is no item `{item}`")))
}

/// What an item has become is kept, if its past is.
fn kept(space: &Space, item: &str) -> Result<()> {
    let unkept = |status| Error::Sim(format!("`{item}` is set, but the historian cannot keep it: {status}"));
    space.historian.flush().map_err(unkept)
}

fn request(space: &Space, entry: &super::log::Entry) -> Request {
    let text = |node: &Logged| match node {
        Logged::Item(item) => space.node(*item).map_or(String::new(), |node| node.id.to_string()),
        Logged::Other(text) => text.to_string(),
    };
    Request { service: entry.service, items: entry.nodes.iter().map(text).collect(), time: entry.time }
}

fn ended() -> Error {
    Error::Sim("its server has ended".into())
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("url", &self.url)
            .field("items", &self.space().nodes.len())
            .finish_non_exhaustive()
    }
}
