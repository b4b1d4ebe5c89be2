//! `history_events`: what happened.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::client::Results;
use crate::engine::client::{Extra, Row, Selected};
use crate::{Client, IntoTag, NodeId, QualifiedName, Result, Tag, TagKind, Value};

use super::query::PATIENCE;
use super::question::{Asked, Question, senseless};
use super::run::{Maker, run};
use super::{HistoryRange, OPERATION};

/// `BaseEventType` (Part 5, 6.4.2).
const BASE_EVENT: u32 = 2041;

/// What is asked of every event, in this order (Part 5, 6.4.2).
const FIELDS: [&str; 6] = ["Time", "SourceName", "Message", "Severity", "EventType", "EventId"];

/// How many events are asked for at a time.
const PAGE: u32 = 1_000;

/// What is asked of the events of the past.
///
/// ```
/// use openopc::history::EventQuery;
///
/// let _ = EventQuery::new("DAY..NOW").field("SourceNode").field("2:Batch");
/// let _ = EventQuery::new("..NOW").count(20); // the newest twenty
/// ```
#[derive(Clone, Debug)]
pub struct EventQuery {
    range: HistoryRange,
    count: Option<usize>,
    fields: Vec<(NodeId, String)>,
    page: u32,
    patience: Duration,
}

impl EventQuery {
    /// The events from one time to another.
    pub fn new(range: impl Into<HistoryRange>) -> EventQuery {
        EventQuery { range: range.into(), count: None, fields: Vec::new(), page: PAGE, patience: PATIENCE }
    }

    /// At most this many events, the first of the range. With it, one of the range's two times is enough.
    #[must_use]
    pub fn count(mut self, events: usize) -> Self {
        self.count = Some(events);
        self
    }

    /// One more field of each event, by its path: `SourceNode`, or `2:Batch/2:Number` of another namespace. See
    /// [`Occurrence::fields`].
    #[must_use]
    pub fn field(self, path: impl Into<String>) -> Self {
        self.field_of(NodeId::numeric(0, BASE_EVENT), path)
    }

    /// As [`field`](Self::field), of events of this type: some servers want to know where a field is declared.
    #[must_use]
    pub fn field_of(mut self, event_type: NodeId, path: impl Into<String>) -> Self {
        self.fields.push((event_type, path.into()));
        self
    }

    /// How many events to ask for at a time, at least 1. Default 1,000.
    #[must_use]
    pub fn page(mut self, events: usize) -> Self {
        self.page = u32::try_from(events).unwrap_or(u32::MAX).max(1);
        self
    }

    fn question(&self) -> Result<Question> {
        let (start, end) = self.range.resolve(Utc::now()).map_err(senseless)?;
        if self.count.is_none() && (start.is_none() || end.is_none()) {
            return Err(senseless("say from when to when, or how many events"));
        }
        if self.count == Some(0) {
            return Err(senseless("a count of 0 asks for nothing"));
        }
        let standard = FIELDS.iter().map(|name| {
            let name = QualifiedName { namespace: 0, name: (*name).to_owned() };
            Ok(Selected { of: NodeId::numeric(0, BASE_EVENT), path: vec![name] })
        });
        let own = self.fields.iter().map(|(of, path)| match Tag::parse(format!("/{path}")) {
            Ok(tag) => match tag.kind() {
                TagKind::Path(path) => Ok(Selected { of: of.clone(), path: path.to_vec() }),
                _ => Err(senseless(format!("`{path}` is no field of an event"))),
            },
            Err(error) => Err(senseless(format!("`{path}` is no field of an event: {error}"))),
        });
        Ok(Question {
            asked: Asked::Events { start, end, select: standard.chain(own).collect::<Result<Arc<[_]>>>()? },
            count: self.count,
            bounds: false,
            page: self.page,
            server_times: false,
            patience: self.patience,
            undecoded: true,
        })
    }
}

/// An event of the past, with the fields that every event has (Part 5, 6.4.2).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Occurrence {
    /// The object it was asked of, as that was named.
    pub tag: Tag,
    /// When it happened.
    pub time: Option<DateTime<Utc>>,
    /// The name of what it happened to.
    pub source_name: Option<String>,
    /// What happened.
    pub message: Option<String>,
    /// How urgent it is, from 1 to 1000.
    pub severity: Option<u16>,
    /// What kind of event it is.
    pub event_type: Option<NodeId>,
    /// By which the server knows it.
    pub event_id: Option<Vec<u8>>,
    /// What else was asked for, in the order it was: [`Value::Null`] where this event has no such field.
    pub fields: Vec<Value>,
}

impl Client {
    /// The events that the server has kept of an object that notifies of them, such as the server itself, `i=2253`.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::history::EventQuery;
    ///
    /// let opc = openopc::open("opc.tcp://localhost:4840").await?;
    /// for event in opc.history_events("i=2253", &EventQuery::new("DAY..NOW")).await? {
    ///     println!("{:?} {:?}: {:?}", event.time, event.source_name, event.message);
    /// }
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`history`](Self::history).
    pub async fn history_events(&self, tag: impl IntoTag, query: &EventQuery) -> Result<Vec<Occurrence>> {
        let mut results = self.history_events_pages([tag], query);
        let mut events = Vec::new();
        while let Some(page) = results.next().await {
            events.append(&mut page?);
        }
        Ok(events)
    }

    /// As [`history_events`](Self::history_events), of many objects and page by page, as
    /// [`history_pages`](Self::history_pages). After a lost connection events go on after the last that was given, as raw
    /// values do: by its time, in the order of which servers tell of events.
    ///
    /// # Errors
    /// Those of [`history_pages`](Self::history_pages).
    pub fn history_events_pages<I>(&self, tags: I, query: &EventQuery) -> Results<Vec<Occurrence>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = tags.into_iter().map(IntoTag::into_tag).collect();
        let query = query.clone();
        Results::of(self, OPERATION, None, move |client, outlet| async move {
            let question = client.inner().check_open(OPERATION).and_then(|()| query.question());
            let maker = Maker { row: occurrence, piece: |piece| piece.rows };
            run(client, tags, question, outlet, maker).await
        })
    }
}

fn occurrence(row: Row, tag: &Tag) -> Occurrence {
    let fields = match row.extra.map(|extra| *extra) {
        Some(Extra::Fields(fields)) => fields,
        _ => Vec::new(),
    };
    let mut fields = fields.into_iter();
    let mut next = || fields.next().unwrap_or_default();
    Occurrence {
        tag: tag.clone(),
        time: next().get().ok(),
        source_name: next().get().ok(),
        message: match next() {
            Value::LocalizedText(text) => Some(text.text),
            Value::String(text) => Some(text),
            _ => None,
        },
        severity: next().get().ok(),
        event_type: match next() {
            Value::NodeId(id) => Some(id),
            _ => None,
        },
        event_id: match next() {
            Value::ByteString(bytes) => Some(bytes),
            _ => None,
        },
        fields: fields.collect(),
    }
}
