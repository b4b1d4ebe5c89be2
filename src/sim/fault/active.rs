//! [`Active`]: a fault that has been injected.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Fault, When};
use crate::da::wildcard::Wildcard;

/// A fault and what came of it.
#[derive(Debug)]
pub(crate) struct Active {
    /// From 1, in the order they were injected.
    pub(crate) number: u64,
    pub(crate) fault: Fault,
    when: When,
    pattern: Option<Wildcard>,
    seed: u64,
    /// In real time, and in the simulator's.
    began: Instant,
    began_inside: DateTime<Utc>,
    counts: watch::Sender<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    calls: u64,
    pub(super) fired: u64,
    over: bool,
}

impl Active {
    pub(super) fn new(number: u64, fault: Fault, when: When, seed: u64, now: DateTime<Utc>) -> Active {
        let pattern = match &fault {
            Fault::Item { items, .. } => Some(Wildcard::new(items, true)),
            _ => None,
        };
        let (began, began_inside) = (Instant::now(), now);
        let counts = watch::Sender::default();
        Active { number, fault, when, pattern, seed, began, began_inside, counts }
    }

    /// Whether it is about the item with this id.
    pub(crate) fn is_about(&self, item: &str) -> bool {
        match (&self.fault, &self.pattern) {
            // An id may well have brackets in it.
            (Fault::Item { items, .. }, Some(pattern)) => items == item || pattern.matches(item),
            _ => false,
        }
    }

    /// A value of an item is on its way: whether this is to strike it.
    pub(super) fn strikes_item(&self, now: DateTime<Utc>) -> bool {
        let since = now.signed_duration_since(self.began_inside).to_std().unwrap_or_default();
        self.when.holds(since) && self.call()
    }

    /// Whether this is to strike the connection with this number; asked once for each.
    pub(crate) fn strikes_connection(&self, number: u64) -> bool {
        self.when.is_for(number) && self.call()
    }

    /// It has happened, whatever its rule says.
    pub(crate) fn strike(&self) {
        self.counts.send_modify(|counts| counts.fired += 1);
    }

    fn call(&self) -> bool {
        self.counts.send_if_modified(|counts| {
            counts.calls += 1;
            let strikes = !counts.over && self.when.strikes(counts.calls, counts.fired, self.seed);
            counts.fired += u64::from(strikes);
            strikes
        })
    }

    /// In force, by the real time.
    pub(crate) fn holds(&self) -> bool {
        self.when.holds(self.began.elapsed()) && !self.is_over()
    }

    /// When it begins, in real time; `None` is never.
    pub(crate) fn begins(&self) -> Option<Instant> {
        self.began.checked_add(self.when.begins())
    }

    pub(crate) fn end(&self) {
        self.counts.send_modify(|counts| counts.over = true);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.counts.borrow().over
    }

    pub(crate) fn fired(&self) -> u64 {
        self.counts.borrow().fired
    }

    pub(crate) async fn wait_fired(&self, times: u64) {
        let mut counts = self.counts.subscribe();
        // The sender lives in `self`, so waiting ends only with the number.
        let _ = counts.wait_for(|counts| counts.fired >= times).await;
    }

    /// Resolves when it is over: its guard is gone, or its time.
    pub(crate) async fn over(&self) {
        let mut counts = self.counts.subscribe();
        let dropped = counts.wait_for(|counts| counts.over);
        match self.when.ends().and_then(|end| self.began.checked_add(end)) {
            Some(end) => _ = tokio::time::timeout_at(end, dropped).await,
            None => _ = dropped.await,
        }
    }

    /// Waits this long, but not beyond its end.
    pub(crate) async fn hold_up(&self, span: Duration) {
        let _ = tokio::time::timeout(span, self.over()).await;
    }
}
