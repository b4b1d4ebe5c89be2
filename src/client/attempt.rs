//! [`Found`]: a session with one server, which either comes about in time or fails for good, and is closed where nobody takes
//! it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::da::ItemIds;
use crate::engine::client::{ConnectError, ConnectOptions, EventLoop, Failure, Link, LinkEvent, connect};
use crate::error::BoxError;
use crate::status::code;
use crate::tag::Resolver;
use crate::{Error, Operation, Result};

use super::limits::Limits;
use super::redundancy::{Place, Rank, service_level};
use super::session::{CLOSE_TIMEOUT, learn, say_goodbye};

/// What is wanted of a server beside its session.
#[derive(Clone)]
pub(super) struct Wanted {
    /// What there is to know of it, with this rule for item ids.
    pub(super) learn: Option<ItemIds>,
    /// Its `ServiceLevel`.
    pub(super) level: bool,
}

/// What there is to know of a server: its namespaces, its limits.
pub(super) struct Learnt {
    pub(super) resolver: Resolver,
    pub(super) limits: Arc<Limits>,
}

/// A session that was taken over. Its event loop has to be polled from here on.
pub(super) struct Taken {
    pub(super) link: Arc<Link>,
    pub(super) event_loop: EventLoop,
    /// Nothing, where nothing was wanted.
    pub(super) learnt: Learnt,
}

/// A session with a server. A task of its own keeps it until it is taken; dropped, it is closed.
pub(super) struct Found {
    /// The place of its server in the list.
    pub(super) index: usize,
    /// What the server says of itself; `None` where it does not, or was not asked.
    pub(super) level: Option<u8>,
    offer: Offer,
}

struct Offer {
    link: Arc<Link>,
    learnt: Learnt,
    accept: oneshot::Sender<oneshot::Sender<EventLoop>>,
}

impl Found {
    pub(super) fn rank(&self) -> Rank {
        Rank::of(self.level)
    }

    /// Takes the session over; `None` where its connection broke meanwhile.
    pub(super) async fn take(self) -> Option<Taken> {
        let Offer { link, learnt, accept } = self.offer;
        let (give, given) = oneshot::channel();
        accept.send(give).ok()?;
        Some(Taken { link, event_loop: given.await.ok()?, learnt })
    }
}

/// A session with this server, within its open timeout.
///
/// On a task of its own, which says goodbye where nobody waits any more: a server would keep the session of a client that
/// gave up until it times out, and small ones have only few.
pub(super) async fn attempt(index: usize, place: &Place, wanted: Wanted) -> Result<Found> {
    let (reply, answer) = oneshot::channel();
    let after = place.options.connect_timeout;
    tokio::spawn(make(place.clone(), wanted, reply));
    let source: BoxError = match tokio::time::timeout(after, answer).await {
        Ok(Ok(made)) => return made.map(|(level, offer)| Found { index, level, offer }),
        Ok(Err(_)) => "the runtime has ended".into(),
        Err(_) => Error::Timeout { operation: Operation::Open, after }.into(),
    };
    Err(Error::Open { url: place.url.clone(), source })
}

type Reply = oneshot::Sender<Result<(Option<u8>, Offer)>>;

async fn make(place: Place, wanted: Wanted, mut reply: Reply) {
    let Place { url, options } = &place;
    let timeout = options.request_timeout;
    let patience = timeout.min(CLOSE_TIMEOUT);
    let connected = tokio::select! {
        connected = connect(options) => connected,
        () = reply.closed() => return,
    };
    let (link, mut event_loop) = match connected {
        Ok((link, event_loop)) => (Arc::new(link), event_loop),
        Err(error) => {
            let _ = reply.send(Err(connect_error(error, url, options)));
            return;
        }
    };
    let rule = wanted.learn.clone().unwrap_or(ItemIds::Auto);
    let learnt = Learnt { resolver: Resolver::new(rule), limits: Arc::default() };
    let mut up = false;
    let established = tokio::select! {
        established = establish(&link, &mut event_loop, &wanted, &learnt, &mut up) => Some(established),
        () = reply.closed() => None,
    };
    match established {
        Some(Ok(level)) => {
            let (accept, accepted) = oneshot::channel();
            // Where nobody waits any more, the offer is dropped here.
            let _ = reply.send(Ok((level, Offer { link: link.clone(), learnt, accept })));
            keep(&link, event_loop, accepted, patience).await;
        }
        Some(Err(failure)) => {
            let _ = reply.send(Err(open_failed(url, &failure, timeout)));
            if up {
                say_goodbye(&link, &mut event_loop, patience).await;
            }
        }
        None => {
            // The server may be making the session just now.
            let connecting = async { up || first_connection(&mut event_loop).await.is_ok() };
            if tokio::time::timeout(CLOSE_TIMEOUT, connecting).await.unwrap_or(false) {
                say_goodbye(&link, &mut event_loop, patience).await;
            }
        }
    }
}

/// Keeps the session until it is taken, closed or broken.
async fn keep(
    link: &Link,
    mut event_loop: EventLoop,
    accepted: oneshot::Receiver<oneshot::Sender<EventLoop>>,
    patience: Duration,
) {
    let taken = tokio::select! {
        taken = accepted => taken,
        _ = broken(&mut event_loop) => return,
    };
    let mut left = match taken {
        Ok(give) => match give.send(event_loop) {
            Ok(()) => return,
            Err(event_loop) => event_loop,
        },
        Err(_) => event_loop,
    };
    say_goodbye(link, &mut left, patience).await;
}

/// Connects for the first time, and learns what is wanted. `up` while there is a session.
async fn establish(
    link: &Link,
    event_loop: &mut EventLoop,
    wanted: &Wanted,
    learnt: &Learnt,
    up: &mut bool,
) -> Result<Option<u8>, Failure> {
    first_connection(event_loop).await?;
    *up = true;
    let look = async {
        if wanted.learn.is_some() {
            learn(link, &learnt.resolver, &learnt.limits).await?;
        }
        if wanted.level { service_level(link).await } else { Ok(None) }
    };
    // The connection moves only while its event loop is polled.
    tokio::select! {
        result = look => result,
        failure = broken(event_loop) => {
            *up = false;
            Err(failure)
        }
    }
}

/// Unlike later, one failure is final: whoever opens wants to know.
async fn first_connection(event_loop: &mut EventLoop) -> Result<(), Failure> {
    loop {
        match event_loop.next().await {
            Some(LinkEvent::Connected { .. }) => return Ok(()),
            Some(LinkEvent::Failed(failure)) => return Err(failure),
            Some(LinkEvent::Lost(status)) => return Err(Failure { status, detail: String::new() }),
            Some(LinkEvent::Retrying { .. } | LinkEvent::Renewed(_) | LinkEvent::NothingToPublish) => {}
            None => return Err(Failure { status: code::BAD_CONNECTION_CLOSED, detail: String::new() }),
        }
    }
}

/// Polls the connection until it breaks.
async fn broken(event_loop: &mut EventLoop) -> Failure {
    loop {
        let status = match event_loop.next().await {
            Some(LinkEvent::Lost(status)) => status,
            Some(LinkEvent::Failed(failure)) => return failure,
            Some(_) => continue,
            None => code::BAD_CONNECTION_CLOSED,
        };
        return Failure { status, detail: String::new() };
    }
}

fn open_failed(url: &str, failure: &Failure, timeout: Duration) -> Error {
    if failure.is_timeout() {
        let source = Error::Timeout { operation: Operation::Open, after: timeout };
        return Error::Open { url: url.to_owned(), source: source.into() };
    }
    let text = if failure.detail.is_empty() {
        failure.status.to_string()
    } else {
        format!("{} ({})", failure.detail, failure.status)
    };
    Error::Open { url: url.to_owned(), source: text.into() }
}

fn connect_error(error: ConnectError, url: &str, options: &ConnectOptions) -> Error {
    match error {
        ConnectError::Failed(failure) => open_failed(url, &failure, options.connect_timeout),
        ConnectError::NoEndpoint(offered) => Error::Security {
            url: url.to_owned(),
            wanted: options.security.to_string(),
            offered: if offered.is_empty() { "nothing".into() } else { offered.join(", ") },
        },
        ConnectError::Refused(why) => Error::Config(why),
    }
}
