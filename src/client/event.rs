//! [`State`] and [`Event`]: what happens to the connection.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::Status;

/// How the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The first connection is being made.
    Connecting,
    /// The session works.
    Connected,
    /// The connection was lost; it is being made again.
    Reconnecting,
    /// Closed for good, by `close()`, by dropping the last handle, or because the reconnect attempts are used up.
    Closed,
}

/// What happened to the connection, in order. See [`ClientBuilder::on_event`](crate::ClientBuilder::on_event).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The session works. Namespaces and limits have been read, subscriptions taken up or made again.
    Connected {
        /// The server kept the session over the loss.
        resumed: bool,
    },
    /// The connection was lost. Subscriptions have told their callbacks.
    Disconnected {
        /// What the connection broke with.
        status: Status,
    },
    /// A new attempt is coming.
    Retrying {
        /// Counts from 1 since the loss.
        attempt: u32,
        /// When it comes.
        after: Duration,
    },
    /// An attempt failed.
    RetryFailed {
        /// What it failed with.
        status: Status,
    },
    /// Changes of subscribed tags between these two times were lost: the server no longer has them, or was not there to
    /// see them. The values of now follow. After a reconnect it comes before [`Connected`](Event::Connected).
    Gap {
        /// The server was last heard before the gap, by this machine's clock.
        first: DateTime<Utc>,
        /// It was heard again, or the subscription made anew.
        last: DateTime<Utc>,
    },
    /// The client is closed; the last event.
    Closed,
}
