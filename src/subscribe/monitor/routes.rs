//! [`Routes`]: from the handle in a notification to the queue of a subscription.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::Value;
use crate::engine::Sample;
use crate::engine::client::{Notice, Sink};
use crate::subscribe::queue::{Queue, Slot};
use crate::tag::Resolved;

use super::lock;
use super::task::Command;

/// Where the notifications of one server subscription go.
pub(super) struct Routes {
    by_handle: Mutex<HashMap<u32, Route>>,
    /// Tells the task that the server has ended the subscription.
    ended: mpsc::WeakUnboundedSender<Command>,
    rate: Duration,
    /// The task has been asked to make the subscription again and has not done so yet.
    asked: AtomicBool,
    /// How often the very first message was missing.
    first_missed: AtomicU32,
}

/// More often than this, and the server does not count as the standard says: its first message is not missing at all.
const MAX_FIRST_MISSED: u32 = 5;

/// One tag of one subscription.
pub(super) struct Route {
    pub(super) queue: Arc<Queue>,
    pub(super) slot: Slot,
    pub(super) resolved: Arc<Resolved>,
    /// Values before the next one were lost.
    pub(super) lossy: Cell<bool>,
}

impl Routes {
    pub(super) fn new(rate: Duration, ended: mpsc::WeakUnboundedSender<Command>) -> Routes {
        Routes {
            by_handle: Mutex::default(),
            ended,
            rate,
            asked: AtomicBool::new(false),
            first_missed: AtomicU32::new(0),
        }
    }

    pub(super) fn insert(&self, handle: u32, route: Route) {
        lock(&self.by_handle).insert(handle, route);
    }

    pub(super) fn remove(&self, handles: impl Iterator<Item = u32>) {
        let mut by_handle = lock(&self.by_handle);
        for handle in handles {
            by_handle.remove(&handle);
        }
    }

    pub(super) fn clear(&self) {
        lock(&self.by_handle).clear();
        self.asked.store(false, Ordering::SeqCst);
    }

    /// Has the subscription made again.
    fn again(&self) {
        if self.asked.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some(commands) = self.ended.upgrade() {
            let _ = commands.send(Command::Again { rate: self.rate });
        }
    }

    fn deliver(&self, values: Vec<(u32, Sample)>) {
        let by_handle = lock(&self.by_handle);
        let mut values = values.into_iter().filter_map(|(handle, sample)| {
            // A tag that was taken out while its last value was on the way.
            by_handle.get(&handle).map(|route| (route, sample))
        });
        let Some((first, sample)) = values.next() else { return };
        // Values of one subscription mostly come together; its queue is locked once for all of them.
        let mut queue = &first.queue;
        let mut run = vec![(first.slot, cut(first, sample))];
        for (route, sample) in values {
            if !Arc::ptr_eq(queue, &route.queue) {
                queue.push_all(run.drain(..));
                queue = &route.queue;
            }
            run.push((route.slot, cut(route, sample)));
        }
        queue.push_all(run.into_iter());
    }
}

/// As for reads: the part that the tag asked for.
fn cut(route: &Route, mut sample: Sample) -> Sample {
    if route.lossy.replace(false) {
        sample.status = sample.status.with_overflow();
    }
    match route.resolved.cut(sample.value) {
        Ok(value) => Sample { value, ..sample },
        Err(status) => Sample { value: Value::Null, status, ..sample },
    }
}

impl Sink for Routes {
    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Data(values) => self.deliver(values),
            Notice::Status(status) if status.is_bad() => self.again(),
            Notice::Gap { first } => {
                if !first || self.first_missed.fetch_add(1, Ordering::SeqCst) < MAX_FIRST_MISSED {
                    tracing::debug!("messages of a subscription are missing");
                    self.again();
                }
            }
            Notice::Status(_) => {}
        }
    }
}
