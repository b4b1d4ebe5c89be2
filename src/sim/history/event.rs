//! [`EventRecord`]: something that happened.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::series::tick;
use crate::{NodeId, Value};

/// Something that happened, kept in the simulator's history of events: given to
/// [`Simulator::emit`](super::super::Simulator::emit) or
/// [`SimulatorBuilder::event`](super::super::SimulatorBuilder::event).
///
/// Clients read it from the Server object (`i=2253`) and from every folder that its source is below, and are told of it where
/// they monitor one of these. Its `EventId` is its number, from 1 in the order they were given, in eight bytes, the highest
/// first: the same in every run. In a [file](super::super::SimulatorBuilder::history_file) the numbers go on.
///
/// ```
/// use openopc::sim::{EventRecord, Item, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::builder()
///     .item(Item::new("Pump.Speed", 0.0))
///     .event(EventRecord::new("The pump was serviced").time("2020-01-01T06:00:00Z".parse().unwrap()))
///     .manual_clock()
///     .start()
///     .await?;
/// simulator.emit(EventRecord::new("The pump has failed").source("Pump.Speed").severity(900).field("Batch", 7))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "give it to `Simulator::emit`"]
pub struct EventRecord {
    pub(crate) message: String,
    pub(crate) source: Option<String>,
    pub(crate) severity: u16,
    pub(crate) time: Option<DateTime<Utc>>,
    pub(crate) event_type: NodeId,
    pub(crate) fields: Vec<(String, Value)>,
}

/// `BaseEventType` and `SystemEventType` (Part 5, 6.4.2 and 6.4.30).
const BASE: u32 = 2041;
const SYSTEM: u32 = 2130;

impl EventRecord {
    /// An event of the server itself, now, of severity 500 and of type `BaseEventType`.
    pub fn new(message: impl Into<String>) -> EventRecord {
        EventRecord {
            message: message.into(),
            source: None,
            severity: 500,
            time: None,
            event_type: NodeId::numeric(0, BASE),
            fields: Vec::new(),
        }
    }

    /// The server came back.
    pub(crate) fn restarted() -> EventRecord {
        EventRecord::new("The server was started again").event_type(NodeId::numeric(0, SYSTEM))
    }

    /// The item it is about: the field `SourceName` is its id, `SourceNode` its node.
    pub fn source(mut self, item: impl Into<String>) -> EventRecord {
        self.source = Some(item.into());
        self
    }

    /// How urgent it is, from 1 to 1,000 (Part 5, 6.4.2).
    pub fn severity(mut self, severity: u16) -> EventRecord {
        self.severity = severity;
        self
    }

    /// When it happened; without this the simulator's time when it is given.
    pub fn time(mut self, time: DateTime<Utc>) -> EventRecord {
        self.time = Some(time);
        self
    }

    /// Its type, which a filter may ask for.
    pub fn event_type(mut self, event_type: NodeId) -> EventRecord {
        self.event_type = event_type;
        self
    }

    /// A field of its own, asked for by this browse name in whatever namespace; those of a path by their names with `/`
    /// between them.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> EventRecord {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// What is wrong with it, if something is.
    pub(crate) fn fault(&self, has: impl FnOnce(&str) -> bool) -> Option<String> {
        let message = &self.message;
        if !(1..=1_000).contains(&self.severity) {
            return Some(format!("event `{message}`: severities go from 1 to 1,000, not {}", self.severity));
        }
        let source = self.source.as_deref()?;
        (!has(source)).then(|| format!("event `{message}`: there is no item `{source}`"))
    }
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) time: DateTime<Utc>,
    pub(crate) record: EventRecord,
}

impl Kept {
    /// With this number.
    pub(super) fn new(number: u64, time: DateTime<Utc>, record: &EventRecord) -> Kept {
        Kept { number, time: tick(time), record: record.clone() }
    }
}

/// So many are kept unless the program says otherwise, the newest.
pub(crate) const MOST_EVENTS: usize = 100_000;

/// Events in memory, by their times and numbers.
#[derive(Debug, Default)]
pub(super) struct Events {
    number: u64,
    all: BTreeMap<(DateTime<Utc>, u64), Kept>,
}

impl Events {
    pub(super) fn add(&mut self, record: &EventRecord, time: DateTime<Utc>, capacity: usize) -> Kept {
        self.number += 1;
        let kept = Kept::new(self.number, time, record);
        self.all.insert((kept.time, kept.number), kept.clone());
        while self.all.len() > capacity {
            self.all.pop_first();
        }
        kept
    }

    pub(super) fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Kept> {
        if from > to {
            return Vec::new();
        }
        self.all.range((from, 0)..=(to, u64::MAX)).map(|(_, kept)| kept.clone()).collect()
    }
}
