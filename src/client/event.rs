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
    /// The connection was lost; it is being made again. Or the client is on its way to another server.
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
        /// In words, with what somebody has to do where that is known: a certificate that is not trusted, and the file to
        /// move; a user who is refused; security that the server no longer offers.
        reason: String,
    },
    /// Of several servers, this one could not be opened: at the start, or as one to move to. Another one is used or tried.
    Unavailable {
        /// Its URL, as given.
        url: String,
        /// What it failed with, in words.
        reason: String,
    },
    /// The client has gone from one of its servers to another one. The old one was lost, which
    /// [`Disconnected`](Event::Disconnected) has told before; or it has been left for a better one, without that word, but
    /// subscriptions have told their callbacks. What is lost meanwhile is a [`Gap`](Event::Gap), and
    /// [`Connected`](Event::Connected) comes when everything is there again.
    Moved {
        /// The URL of the old server, as given.
        from: String,
        /// The URL of the new server, as given.
        to: String,
        /// What the new one says of how well it is, from 0 to 255; `None` where it does not.
        service_level: Option<u8>,
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
