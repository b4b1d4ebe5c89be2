//! [`Faults`]: all faults of a simulator, and what they do to items.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{Active, Fault, ItemFault, When};
use crate::sim::node::{Sample, bad};
use crate::sim::rand::mix;
use crate::{DataType, Value};

/// A fault that keeps an answer back, and how long.
pub(crate) type Late = (Arc<Active>, Duration);

/// The faults that have been injected and are not over.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    injected: AtomicU64,
    /// Those of items. Looked at for each value that leaves, so whether there are any is known beside the lock.
    items: RwLock<Vec<Arc<Active>>>,
    any: AtomicBool,
    /// Those of the network: every connection hears of a new one.
    network: watch::Sender<Vec<Arc<Active>>>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Faults {
        Faults {
            seed,
            injected: AtomicU64::new(0),
            items: RwLock::default(),
            any: AtomicBool::new(false),
            network: watch::Sender::default(),
        }
    }

    /// A fault that nobody is struck by yet.
    pub(crate) fn make(&self, fault: Fault, when: When, now: DateTime<Utc>) -> Arc<Active> {
        let number = self.injected.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Active::new(number, fault, when, self.seed ^ mix(number), now))
    }

    pub(crate) fn add(&self, active: &Arc<Active>) {
        if active.fault.is_network() {
            self.network.send_modify(|all| all.push(Arc::clone(active)));
        } else {
            self.change_items(|all| all.push(Arc::clone(active)));
        }
    }

    pub(crate) fn remove(&self, number: u64) {
        let others = |active: &Arc<Active>| active.number != number;
        self.network.send_if_modified(|all| {
            let before = all.len();
            all.retain(others);
            all.len() < before
        });
        self.change_items(|all| all.retain(others));
    }

    fn change_items(&self, change: impl FnOnce(&mut Vec<Arc<Active>>)) {
        // What a panicking holder left behind is a whole list.
        let mut all = self.items.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut all);
        self.any.store(!all.is_empty(), Ordering::Release);
    }

    pub(crate) fn network(&self) -> watch::Receiver<Vec<Arc<Active>>> {
        self.network.subscribe()
    }

    /// The faults of this item, oldest first.
    fn about(&self, item: &str, latency: bool) -> Vec<(Arc<Active>, ItemFault)> {
        if !self.any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let all = self.items.read().unwrap_or_else(PoisonError::into_inner);
        let about = all.iter().filter_map(|active| match active.fault {
            Fault::Item { fault, .. } => Some((active, fault)),
            _ => None,
        });
        about
            .filter(|(_, fault)| matches!(fault, ItemFault::Latency(_)) == latency)
            .filter(|(active, _)| active.is_about(item))
            .map(|(active, fault)| (Arc::clone(active), fault))
            .collect()
    }

    /// What becomes of a value on its way to clients.
    pub(crate) fn alter(&self, item: &str, mut sample: Sample, now: DateTime<Utc>) -> Sample {
        for (active, fault) in self.about(item, false) {
            if active.strikes_item(now) {
                sample = altered(sample, fault);
            }
        }
        sample
    }

    /// What keeps back the answer to a request for this item.
    pub(crate) fn latency(&self, item: &str, now: DateTime<Utc>) -> Vec<Late> {
        let mut delays = Vec::new();
        for (active, fault) in self.about(item, true) {
            if let ItemFault::Latency(span) = fault
                && active.strikes_item(now)
            {
                delays.push((active, span));
            }
        }
        delays
    }
}

fn altered(sample: Sample, fault: ItemFault) -> Sample {
    match fault {
        ItemFault::Status(status) if status.is_bad() => bad(status, sample.source_time, sample.version),
        ItemFault::Status(status) => Sample { status, ..sample },
        ItemFault::Null => Sample { value: Value::Null, ..sample },
        ItemFault::WrongType => Sample { value: mistyped(&sample.value), ..sample },
        ItemFault::OldTime(age) => {
            let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
            let source_time = sample.source_time.checked_sub_signed(age).unwrap_or(DateTime::<Utc>::MIN_UTC);
            Sample { source_time, ..sample }
        }
        ItemFault::Latency(_) => sample,
    }
}

fn mistyped(value: &Value) -> Value {
    let text = value.to_string();
    if value.data_type() == DataType::String {
        return Value::UInt32(u32::try_from(text.len()).unwrap_or(u32::MAX));
    }
    Value::String(text)
}
