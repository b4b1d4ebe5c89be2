//! [`Heart`]: repeats values that did not change.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::subscribe::queue::Queue;

/// Beats until it is dropped.
pub(super) struct Heart(AbortHandle);

impl Heart {
    pub(super) fn start(queue: &Arc<Queue>, every: Duration) -> Heart {
        Heart(tokio::spawn(beat(Arc::downgrade(queue), every)).abort_handle())
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn beat(queue: Weak<Queue>, every: Duration) {
    let mut beats = tokio::time::interval(every.max(Duration::from_millis(10)));
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick comes at once, before there is anything to repeat.
    beats.tick().await;
    loop {
        beats.tick().await;
        match queue.upgrade() {
            Some(queue) if !queue.is_closed() => queue.push_again(true),
            _ => break,
        }
    }
}
