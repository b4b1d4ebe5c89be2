//! What a carrier does to lose nothing: takes up what the server kept, asks for what is missing, hears silence.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::engine::client::{Failure, Gap, is_gone};
use crate::status::code;
use crate::subscribe::Delivery;
use crate::tag::Resolved;

use super::super::task::Command;
use super::super::watchdog::probe;
use super::Carrier;

/// Between two attempts to get messages that are missing.
const REPAIR_AGAIN: Duration = Duration::from_secs(1);

/// For so long beyond two publishing intervals, messages may tell what was read.
const LATE: Duration = Duration::from_secs(30);

impl Carrier {
    /// When the server was started that the subscription was made on.
    pub(in super::super) fn started(&self) -> Option<DateTime<Utc>> {
        self.there.as_ref()?.started
    }

    /// Asks for what the server sent while nobody listened; `false` where it no longer has all of it.
    pub(in super::super) async fn resume(&mut self) -> bool {
        match self.catch_up(true).await {
            Ok(None) => true,
            Ok(Some(_)) => false,
            Err(failure) if is_gone(failure.status) => false,
            Err(_) => {
                self.repair_later();
                true
            }
        }
    }

    /// The server handed the subscription over to a new session, and sends the newest values of all its items behind what it
    /// still had to tell (`sendInitialValues`, Part 4, 5.14.7): async-opcua's (0.19, `subscriptions/subscription.rs`) tells
    /// those twice that were among it.
    pub(in super::super) fn was_transferred(&self) {
        for item in self.loads.values().flat_map(|load| load.items.values()) {
            self.routes.expect_again(item.handle, self.patience());
        }
    }

    /// Goes on with what the server kept.
    pub(in super::super) async fn settle(&mut self) {
        let orphans = std::mem::take(&mut self.orphans);
        self.delete_ids(orphans).await;
        self.tell_return().await;
        self.make().await;
        let Some(there) = &self.there else { return };
        there.messages.listen();
        self.link.publish();
        probe(&there.messages, self.granted, self.rate, self.commands.clone());
    }

    /// Messages are missing, or may be: asks for them, and makes everything anew where the server no longer has them.
    pub(in super::super) async fn repair(&mut self, beyond: bool) {
        match self.catch_up(beyond).await {
            Ok(Some(gap)) if !gap.first || self.routes.believes_first_missed() => {
                self.gap.get_or_insert(gap.from);
                self.restore().await;
            }
            Err(failure) if is_gone(failure.status) => self.restore().await,
            Err(_) => self.repair_later(),
            Ok(_) => {}
        }
    }

    /// A server that did not answer in time may do so later: until it has, all that comes waits for what is missing. Where
    /// the connection is the trouble, its loss ends this, and its return begins it again.
    fn repair_later(&self) {
        self.later(REPAIR_AGAIN, Command::Repair { rate: self.rate });
    }

    /// What the server still sent to the old connection, nothing on the new one tells of.
    pub(in super::super) async fn probe(&mut self) {
        if self.there.as_ref().is_some_and(|there| !there.messages.has_spoken()) {
            self.repair(true).await;
        }
    }

    async fn catch_up(&self, beyond: bool) -> Result<Option<Gap>, Failure> {
        let Some(there) = &self.there else { return Ok(None) };
        self.link.catch_up(there.id, &there.messages, beyond).await
    }

    /// Looks whether the server still has the subscription. That it has none may be old news: the answer to a request from
    /// before this one was made.
    pub(in super::super) async fn check(&mut self) {
        if let Some(id) = self.id()
            && matches!(self.link.is_alive(id).await, Ok(false))
        {
            self.restore().await;
        }
    }

    /// The server has long been silent. A server that answers has stopped publishing; one that does not is hung up on.
    pub(in super::super) async fn silent(&mut self) {
        let Some(id) = self.id() else { return };
        for load in self.loads.values() {
            load.feed.queue.push_lost(code::BAD_NO_COMMUNICATION);
        }
        match self.link.is_alive(id).await {
            Ok(_) => self.restore().await,
            Err(failure) if failure.is_timeout() => self.link.hang_up().await,
            Err(_) => {}
        }
    }

    /// Tells the values of tags that were lost and have not changed since.
    pub(in super::super) async fn tell_return(&mut self) {
        let mut open = Vec::new();
        for load in self.loads.values() {
            let every = matches!(load.feed.options.delivery, Delivery::Every { .. });
            for item in load.items.values().filter(|item| item.id.is_some()) {
                if !load.feed.queue.is_open(item.slot) {
                    self.expect_known(item.handle);
                } else if every {
                    // What is read may be newer than changes that are still to be told.
                    load.feed.queue.push_returned(item.slot);
                    self.expect_known(item.handle);
                } else if let Some(node) = self.routes.node(item.handle) {
                    open.push((item.handle, node));
                }
            }
        }
        self.read_open(open).await;
    }

    /// Reads values that would be long in coming.
    pub(super) async fn read_open(&self, items: Vec<(u32, Arc<Resolved>)>) {
        if items.is_empty() {
            return;
        }
        let nodes = items.iter().map(|(_, node)| node.clone()).collect();
        match self.inner.batch(nodes, 0.0).await {
            // The client has moved meanwhile, and may have asked another server: everything is made again there.
            Ok(_) if !Arc::ptr_eq(&self.inner.link(), &self.link) => {}
            Ok(samples) => {
                for ((handle, _), sample) in items.iter().zip(samples) {
                    self.routes.found(*handle, sample);
                    self.expect_known(*handle);
                }
            }
            Err(failure) => {
                tracing::debug!(status = %failure.status, "first values could not be read");
                for (handle, _) in items {
                    self.routes.returned(handle);
                }
            }
        }
    }

    fn expect_known(&self, handle: u32) {
        self.routes.expect_known(handle, self.patience());
    }

    /// How long messages may take that tell what is known.
    fn patience(&self) -> Duration {
        self.granted.saturating_mul(2).saturating_add(LATE)
    }
}
