//! [`Error`]: the one error type of this crate.

use std::fmt;
use std::time::Duration;

use crate::{ConvertError, ParseTagError, Quality, Status, Tag};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Which verb was running. Printed in every message, matchable by callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `open`
    Open,
    /// `read`, `read_many`, `read_as`, `read_with`
    Read,
    /// `read_into`
    ReadInto,
    /// `write`, `write_many`
    Write,
    /// `write_from`
    WriteFrom,
    /// `subscribe`, `subscribe_with`, `watch`, and what is done to a subscription
    Subscribe,
    /// `list`
    List,
    /// `properties`
    Properties,
    /// `history`, `history_many` and whatever else reads the past
    History,
    /// `history_insert` and whatever else changes the past
    HistoryUpdate,
    /// `info`
    Info,
    /// `ping`
    Ping,
    /// `servers`
    Servers,
    /// `endpoints`
    Endpoints,
    /// `resolve`
    Resolve,
    /// `close`
    Close,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Operation::Open => "open",
            Operation::Read => "read",
            Operation::ReadInto => "read_into",
            Operation::Write => "write",
            Operation::WriteFrom => "write_from",
            Operation::Subscribe => "subscribe",
            Operation::List => "list",
            Operation::Properties => "properties",
            Operation::History => "history",
            Operation::HistoryUpdate => "history_update",
            Operation::Info => "info",
            Operation::Ping => "ping",
            Operation::Servers => "servers",
            Operation::Endpoints => "endpoints",
            Operation::Resolve => "resolve",
            Operation::Close => "close",
        })
    }
}

/// The one error type of this crate.
///
/// A message never repeats its [`source`](std::error::Error::source): print the chain to see everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a tag. Nothing was sent.
    #[error("{operation}: {error}")]
    InvalidTag {
        /// The verb that was given the text.
        operation: Operation,
        /// What is wrong with the text, and where.
        error: ParseTagError,
    },
    /// The builder was given something that cannot work. Nothing was sent.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// No session could be opened before the open timeout.
    #[error("cannot open {url}")]
    Open {
        /// The URL as given.
        url: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The server offers no endpoint with the wanted security.
    #[error("{url} offers no endpoint with security {wanted} (it offers {offered})")]
    Security {
        /// The URL as given.
        url: String,
        /// What was asked for.
        wanted: String,
        /// What the server has.
        offered: String,
    },
    /// The server could not be asked what there is. No session was wanted.
    #[error("{operation} failed: cannot ask {url}")]
    Discovery {
        /// The verb that was running.
        operation: Operation,
        /// The URL as given.
        url: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The session is down and the call was not (or may not have been) carried out.
    #[error("{operation} failed: not connected to {url}")]
    Disconnected {
        /// The verb that was running.
        operation: Operation,
        /// The server.
        url: String,
    },
    /// No answer within the request timeout. A write that timed out may have been carried out.
    #[error("{operation} timed out after {after:?}")]
    Timeout {
        /// The verb that was running.
        operation: Operation,
        /// The timeout that passed.
        after: Duration,
    },
    /// The server refused the whole call.
    #[error("{operation} failed: {status}")]
    Service {
        /// The verb that was running.
        operation: Operation,
        /// The server's answer.
        status: Status,
        /// More, where the engine knows more.
        #[source]
        source: Option<BoxError>,
    },
    /// The server refused this one item; the rest of the call may have succeeded.
    #[error("{operation} `{tag}`: {status}")]
    Item {
        /// The verb that was running.
        operation: Operation,
        /// The item.
        tag: Tag,
        /// The server's answer.
        status: Status,
    },
    /// The tag names nothing, or more than one thing, on this server.
    #[error("{operation} `{tag}`: {}", resolve_message(.candidates))]
    Resolve {
        /// The verb that was running.
        operation: Operation,
        /// The tag as given.
        tag: Tag,
        /// Every node the tag could mean; empty where it means none.
        candidates: Vec<Tag>,
    },
    /// The question makes no sense, such as a range of times that cannot be read. Nothing was sent.
    #[error("{operation} failed: {reason}")]
    Query {
        /// The verb that was asked.
        operation: Operation,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The server does not calculate this aggregate.
    #[error("{operation} `{tag}`: the server does not have the aggregate {aggregate} ({})", offered_message(.offered))]
    Aggregate {
        /// The verb that was running.
        operation: Operation,
        /// The item.
        tag: Tag,
        /// What was asked for.
        aggregate: String,
        /// The server's answer.
        status: Status,
        /// What the server has, by name; empty where it does not tell.
        offered: Vec<String>,
    },
    /// The server always has more to give, and never gives more: it would go on for ever.
    #[error(
        "{operation} `{tag}`: the server promises more again and again, and gives nothing new ({pages} pages)"
    )]
    Endless {
        /// The verb that was running.
        operation: Operation,
        /// The item.
        tag: Tag,
        /// How many pages in a row had nothing new.
        pages: u32,
    },
    /// The address space goes deeper than any plant's: perhaps the server makes it up as one goes.
    #[error("{operation} `{tag}`: more than {levels} levels deep")]
    TooDeep {
        /// The verb that was running.
        operation: Operation,
        /// The first node that was not looked below.
        tag: Tag,
        /// How many levels were looked at.
        levels: usize,
    },
    /// A group cannot do what was asked of it. Nothing was sent.
    #[error("{operation} failed: the group `{name}` {reason}")]
    Group {
        /// The verb that was running.
        operation: Operation,
        /// The name of the group.
        name: String,
        /// Why, as the rest of a sentence.
        reason: &'static str,
    },
    /// A value whose quality does not allow using it: found by a typed read, or given to a write as the reading that it
    /// should write back.
    #[error("{operation} `{tag}`: the value is {quality} ({status})")]
    Quality {
        /// The verb that was running.
        operation: Operation,
        /// The tag that was read.
        tag: Tag,
        /// The quality found.
        quality: Quality,
        /// The status it came from.
        status: Status,
    },
    /// A value does not fit the Rust type asked for, or the node's data type on a write. Nothing was sent.
    #[error("{operation} `{tag}`: the value does not fit")]
    Convert {
        /// The verb that was running.
        operation: Operation,
        /// The tag read or written.
        tag: Tag,
        /// What does not fit what.
        #[source]
        source: ConvertError,
    },
    /// The server refused some fields of a struct that was written; it took the others.
    #[error("{operation} `{tag}`: {} of {} fields were not written", .failed.len(), .failed.len() + .written.len())]
    Fields {
        /// The verb that was running.
        operation: Operation,
        /// The branch.
        tag: Tag,
        /// What was written.
        written: Vec<Tag>,
        /// What was not, and why: one error that names its tag for each.
        failed: Vec<Error>,
    },
    /// The client was closed, by `close()` or because the last handle was dropped.
    #[error("{operation} failed: the client is closed")]
    Closed {
        /// The verb that was called.
        operation: Operation,
    },
    /// A blocking call was made where it would wait for itself: on the client's own runtime thread
    /// (inside `on_event`).
    #[error(
        "blocking {operation} called from the client's own event callback, where it would wait for itself"
    )]
    Reentrant {
        /// The verb that was called.
        operation: Operation,
    },
    /// The simulator could not start or was told something impossible.
    #[cfg(feature = "sim")]
    #[error("simulator: {0}")]
    Sim(String),
}

fn resolve_message(candidates: &[Tag]) -> String {
    if candidates.is_empty() {
        return "no such node on this server".into();
    }
    let shown: Vec<String> = candidates.iter().take(8).map(|tag| format!("`{tag}`")).collect();
    let more = if candidates.len() > shown.len() { ", …" } else { "" };
    format!("matches {} nodes, name one of them: {}{more}", candidates.len(), shown.join(", "))
}

fn offered_message(offered: &[String]) -> String {
    if offered.is_empty() { "it names none".into() } else { format!("it has {}", offered.join(", ")) }
}

impl Error {
    /// The same error as another verb has it, of the tag that this verb was given.
    #[cfg(feature = "client")]
    pub(crate) fn of(mut self, verb: Operation, name: Option<&Tag>) -> Error {
        match &mut self {
            Error::InvalidTag { operation, .. }
            | Error::Disconnected { operation, .. }
            | Error::Timeout { operation, .. }
            | Error::Service { operation, .. }
            | Error::Item { operation, .. }
            | Error::Resolve { operation, .. }
            | Error::Quality { operation, .. }
            | Error::Convert { operation, .. }
            | Error::Fields { operation, .. }
            | Error::Query { operation, .. }
            | Error::Aggregate { operation, .. }
            | Error::Endless { operation, .. }
            | Error::Closed { operation }
            | Error::Reentrant { operation } => *operation = verb,
            _ => {}
        }
        if let Some(name) = name {
            match &mut self {
                Error::Item { tag, .. }
                | Error::Resolve { tag, .. }
                | Error::Aggregate { tag, .. }
                | Error::Endless { tag, .. }
                | Error::Quality { tag, .. }
                | Error::Convert { tag, .. }
                | Error::Fields { tag, .. } => *tag = name.clone(),
                _ => {}
            }
        }
        self
    }

    /// The verb that was running, where the error knows it.
    pub fn operation(&self) -> Option<Operation> {
        match self {
            Error::InvalidTag { operation, .. }
            | Error::Discovery { operation, .. }
            | Error::Disconnected { operation, .. }
            | Error::Timeout { operation, .. }
            | Error::Service { operation, .. }
            | Error::Item { operation, .. }
            | Error::Resolve { operation, .. }
            | Error::Query { operation, .. }
            | Error::Aggregate { operation, .. }
            | Error::Endless { operation, .. }
            | Error::TooDeep { operation, .. }
            | Error::Group { operation, .. }
            | Error::Quality { operation, .. }
            | Error::Convert { operation, .. }
            | Error::Fields { operation, .. }
            | Error::Closed { operation }
            | Error::Reentrant { operation } => Some(*operation),
            Error::Open { .. } | Error::Security { .. } => Some(Operation::Open),
            Error::Config(_) => None,
            #[cfg(feature = "sim")]
            Error::Sim(_) => None,
        }
    }

    /// The tag this error is about, where it is about one.
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Error::Item { tag, .. }
            | Error::Resolve { tag, .. }
            | Error::Aggregate { tag, .. }
            | Error::Endless { tag, .. }
            | Error::TooDeep { tag, .. }
            | Error::Quality { tag, .. }
            | Error::Convert { tag, .. }
            | Error::Fields { tag, .. } => Some(tag),
            _ => None,
        }
    }

    /// The OPC UA status the server gave, if one is behind this error.
    pub fn status(&self) -> Option<Status> {
        match self {
            Error::Service { status, .. }
            | Error::Item { status, .. }
            | Error::Aggregate { status, .. }
            | Error::Quality { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The request timeout or the open timeout passed.
    pub fn is_timeout(&self) -> bool {
        match self {
            Error::Timeout { .. } => true,
            Error::Open { source, .. } | Error::Discovery { source, .. } => {
                source.downcast_ref::<Error>().is_some_and(Error::is_timeout)
            }
            _ => false,
        }
    }

    /// The connection is the problem: `Open`, `Discovery`, `Disconnected`, or a status of the connection, channel or session family.
    pub fn is_connection(&self) -> bool {
        match self {
            Error::Open { .. } | Error::Discovery { .. } | Error::Disconnected { .. } => true,
            // Of the whole call only: `BadNotConnected` of one tag is a dead device behind a server that is well.
            Error::Service { status, .. } => {
                let name = status.name();
                [
                    "BadConnection",
                    "BadSession",
                    "BadSecureChannel",
                    "BadNotConnected",
                    "BadServerHalted",
                    "BadShutdown",
                ]
                .iter()
                .any(|family| name.starts_with(family))
            }
            _ => false,
        }
    }

    /// Trying the same call again may succeed. Never true for a write that may have landed.
    pub fn is_retryable(&self) -> bool {
        if matches!(
            self.operation(),
            Some(Operation::Write | Operation::WriteFrom | Operation::HistoryUpdate)
        ) {
            return false;
        }
        matches!(self, Error::Timeout { .. }) || self.is_connection()
    }
}
