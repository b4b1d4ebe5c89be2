//! The gate: the socket that clients connect to.
//!
//! Each connection is passed on to the engine's server, which listens on a private port of the loopback interface.
//! On the way the gate turns away what is not OPC UA or could bring the process down, and puts right what the engine
//! gets wrong on the wire and leaves no other place to correct: see [`inward`] and [`outward`].

mod connection;
mod edit;
mod frame;
mod inward;
mod nesting;
mod outward;
mod walk;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use self::edit::NO_RANGE;
use super::space::Space;

/// What has passed through the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Connections that are open now.
    pub open: usize,
    /// Connections there have been, the open ones included.
    pub accepted: u64,
    /// Connections that were turned away because what came over them was not OPC UA or not safe to decode.
    pub refused: u64,
    /// Bytes from clients.
    pub received: u64,
    /// Bytes to clients.
    pub sent: u64,
}

/// The counters behind [`Traffic`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Counters {
    /// All connections have gone with their server.
    pub(crate) fn closed(&self) {
        self.open.store(0, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            open: self.open.load(Ordering::Relaxed),
            accepted: self.accepted.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
        }
    }
}

/// What the gate lets through.
#[derive(Clone)]
pub(crate) struct Rules {
    /// Who keeps the books.
    pub(crate) space: Arc<Space>,
    /// The largest message, all its chunks together, in bytes.
    pub(crate) message_size: usize,
    /// How deep `DiagnosticInfo`s may lie in each other before the engine's recursion runs out of stack.
    pub(crate) nesting: usize,
}

/// Passes connections on to `server`. Once `closing` is told, it accepts no more and ends with the last connection.
pub(crate) async fn run(
    listener: TcpListener,
    server: SocketAddr,
    rules: Rules,
    counters: Arc<Counters>,
    mut closing: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let number = counters.accepted.fetch_add(1, Ordering::Relaxed) + 1;
                    let counters = Arc::clone(&counters);
                    connections.spawn(connection::serve(client, server, rules.clone(), counters, number));
                }
                // Out of file descriptors, most likely: some will be free again soon.
                Err(error) => {
                    tracing::warn!(%error, "the simulator cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            // An error means that nobody is left to tell.
            _ = closing.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}
