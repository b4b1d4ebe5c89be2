//! [`Watchdog`]: notices that a server has stopped telling.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::engine::client::Messages;

use super::task::Command;

/// How often a silent server is looked at again.
const LOOK: Duration = Duration::from_millis(250);

/// Watches until it is dropped.
pub(super) struct Watchdog(AbortHandle);

impl Watchdog {
    /// Tells when nothing has come for one and a half keep-alive periods, and when something has after that.
    pub(super) fn start(
        messages: &Arc<Messages>,
        keep_alive: Duration,
        rate: Duration,
        commands: mpsc::WeakUnboundedSender<Command>,
    ) -> Watchdog {
        let limit = keep_alive.saturating_add(keep_alive / 2).max(Duration::from_secs(1));
        Watchdog(tokio::spawn(watch(Arc::downgrade(messages), limit, rate, commands)).abort_handle())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(
    messages: Weak<Messages>,
    limit: Duration,
    rate: Duration,
    commands: mpsc::WeakUnboundedSender<Command>,
) {
    let mut told = false;
    loop {
        let Some(silence) = messages.upgrade().map(|messages| messages.silence()) else { return };
        let silent = silence >= limit;
        if silent != told {
            told = silent;
            let Some(commands) = commands.upgrade() else { return };
            let _ = commands.send(if silent { Command::Silent { rate } } else { Command::Spoke { rate } });
        }
        tokio::time::sleep(if silent { LOOK } else { limit.saturating_sub(silence) }).await;
    }
}

/// After a reconnect, asks for messages until the first one comes by itself: a server may still answer requests of the old
/// connection, into the void, as async-opcua does (0.19, `subscriptions/session_subscriptions.rs`).
pub(super) fn probe(
    messages: &Arc<Messages>,
    every: Duration,
    rate: Duration,
    commands: mpsc::WeakUnboundedSender<Command>,
) {
    let messages = Arc::downgrade(messages);
    tokio::spawn(async move {
        let mut pause = every.clamp(Duration::from_millis(20), Duration::from_secs(1));
        loop {
            tokio::time::sleep(pause).await;
            let (Some(messages), Some(commands)) = (messages.upgrade(), commands.upgrade()) else { return };
            if messages.has_spoken() {
                return;
            }
            let _ = commands.send(Command::Probe { rate });
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    });
}
