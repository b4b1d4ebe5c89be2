//! From options to a client: the first connection, which either comes about in time or fails for good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::da::ItemIds;
use crate::engine::client::{ConnectError, ConnectOptions, EventLoop, Failure, Link, LinkEvent, connect};
use crate::error::BoxError;
use crate::status::code;
use crate::tag::Resolver;
use crate::{Client, Error, Operation, Result};

use super::builder::EventCallback;
use super::limits::Limits;
use super::session::{CLOSE_TIMEOUT, Handle, learn, say_goodbye, start};

/// What the client itself was told, beside what the connection needs.
pub(super) struct Settings {
    pub(super) url: String,
    #[cfg_attr(not(feature = "sim"), expect(dead_code, reason = "only the feature `sim` has a simulator"))]
    pub(super) simulated: bool,
    pub(super) open_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) item_ids: ItemIds,
    pub(super) on_event: Option<EventCallback>,
}

/// `sim:` asks for the bundled simulator.
pub(super) fn wants_simulator(url: &str) -> Result<bool> {
    match url.strip_prefix("sim:") {
        None => Ok(false),
        #[cfg(not(feature = "sim"))]
        Some(_) => Err(Error::Config("`sim:` needs the feature `sim` of openopc".into())),
        #[cfg(feature = "sim")]
        Some("") => Ok(true),
        #[cfg(feature = "sim")]
        Some(rest) => Err(Error::Config(format!("`sim:` takes nothing behind it, got `{rest}`"))),
    }
}

/// The simulator of `sim:`, where there is one.
#[cfg(feature = "sim")]
pub(super) type Bundled = Option<crate::sim::Simulator>;
#[cfg(not(feature = "sim"))]
pub(super) type Bundled = ();

/// Starts the simulator where the URL asks for it, and goes on with its address.
#[cfg(feature = "sim")]
pub(super) async fn bundle(options: &mut ConnectOptions, settings: &Settings) -> Result<Bundled> {
    if !settings.simulated {
        return Ok(None);
    }
    let simulator = crate::sim::Simulator::start().await?;
    options.address = super::Address::parse(simulator.url()).map_err(Error::Config)?;
    Ok(Some(simulator))
}

#[cfg(not(feature = "sim"))]
#[expect(clippy::unused_async, reason = "as with a simulator")]
pub(super) async fn bundle(_: &mut ConnectOptions, _: &Settings) -> Result<Bundled> {
    Ok(())
}

/// Opens the session and starts the task that keeps it.
pub(super) async fn open(mut options: ConnectOptions, settings: Settings) -> Result<Client> {
    let bundled = bundle(&mut options, &settings).await?;
    let (url, after) = (settings.url.clone(), settings.open_timeout);
    // On a task of its own, which says goodbye where this one does not wait for it: a server would keep the session of a
    // client that gave up until it times out, and small ones have only few.
    let (reply, answer) = oneshot::channel();
    tokio::spawn(opening(options, settings, bundled, reply));
    let source: BoxError = match tokio::time::timeout(after, answer).await {
        Ok(Ok(result)) => return result,
        Ok(Err(_)) => "the runtime has ended".into(),
        Err(_) => Error::Timeout { operation: Operation::Open, after }.into(),
    };
    Err(Error::Open { url, source })
}

async fn opening(
    options: ConnectOptions,
    settings: Settings,
    bundled: Bundled,
    mut reply: oneshot::Sender<Result<Client>>,
) {
    let (url, timeout) = (settings.url.clone(), settings.request_timeout);
    let connected = tokio::select! {
        connected = connect(&options) => connected,
        () = reply.closed() => return,
    };
    let (link, mut event_loop) = match connected {
        Ok(connected) => connected,
        Err(error) => {
            let _ = reply.send(Err(connect_error(error, &url, &options)));
            return;
        }
    };
    let (limits, resolver) = (Arc::new(Limits::default()), Resolver::new(settings.item_ids.clone()));
    let mut up = false;
    let established = tokio::select! {
        established = establish(&link, &mut event_loop, &resolver, &limits, &mut up) => Some(established),
        () = reply.closed() => None,
    };
    match established {
        Some(Ok(())) => {
            let inner = start(link, event_loop, resolver, limits, settings);
            // Where nobody waits any more, this is the last handle.
            let _ = reply.send(Ok(Client::from_handle(Arc::new(Handle::new(inner, bundled)))));
        }
        Some(Err(failure)) => {
            let _ = reply.send(Err(open_failed(&url, &failure, timeout)));
            if up {
                say_goodbye(&link, &mut event_loop, timeout).await;
            }
        }
        None => {
            // The server may be making the session just now.
            let connecting = async { up || first_connection(&mut event_loop).await.is_ok() };
            if tokio::time::timeout(CLOSE_TIMEOUT, connecting).await.unwrap_or(false) {
                say_goodbye(&link, &mut event_loop, timeout).await;
            }
        }
    }
}

/// Connects for the first time, and learns what there is to know. `up` while there is a session.
async fn establish(
    link: &Link,
    event_loop: &mut EventLoop,
    resolver: &Resolver,
    limits: &Limits,
    up: &mut bool,
) -> Result<(), Failure> {
    first_connection(event_loop).await?;
    *up = true;
    // The connection moves only while its event loop is polled.
    tokio::select! {
        result = learn(link, resolver, limits) => result,
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
            Some(LinkEvent::Failed(status) | LinkEvent::Lost(status)) => {
                return Err(Failure { status, detail: ConnectError::hint(status).to_owned() });
            }
            Some(LinkEvent::Retrying { .. } | LinkEvent::NothingToPublish) => {}
            None => return Err(Failure { status: code::BAD_CONNECTION_CLOSED, detail: String::new() }),
        }
    }
}

/// Polls the connection until it breaks.
async fn broken(event_loop: &mut EventLoop) -> Failure {
    loop {
        let status = match event_loop.next().await {
            Some(LinkEvent::Lost(status) | LinkEvent::Failed(status)) => status,
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
