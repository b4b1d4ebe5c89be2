//! [`Route`]: what becomes of the values of one tag of one subscription.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crate::Value;
use crate::engine::Sample;
use crate::subscribe::Delivery;
use crate::subscribe::queue::{Inlet, Queue, Slot};
use crate::tag::Resolved;

/// While the server is asked what a structure is made of, at most this many values of a tag wait for its answer.
const MAX_HELD: usize = 1000;

/// One tag of one subscription. There may be a hundred thousand of them, and every value of a tag looks at one.
pub(in super::super) struct Route {
    pub(super) queue: Arc<Queue>,
    pub(super) slot: Slot,
    pub(super) resolved: Arc<Resolved>,
    held: Cell<Option<Box<Held>>>,
    again: Cell<Option<Box<Again>>>,
    /// Until then what comes may be older than a value that was read, or the same. In seconds of [`clock`]; 0 is never.
    known: Cell<u32>,
    /// What came since a structure that nobody knows yet is held: in order, until the server has told of it.
    pub(super) holds: Cell<bool>,
    /// What was replaced by something newer is not lost.
    newest_only: bool,
    /// Values before the next one were lost.
    pub(super) lossy: Cell<bool>,
}

/// Apart, so that a route is no larger for what hardly any has.
#[derive(Default)]
struct Held {
    samples: VecDeque<Sample>,
}

/// The server may send the newest value again, behind others and itself. Apart, as most have none.
struct Again {
    /// In seconds of [`clock`].
    until: u32,
    /// What came last since.
    last: Option<Sample>,
}

impl Route {
    pub(in super::super) fn new(
        queue: Arc<Queue>,
        slot: Slot,
        resolved: Arc<Resolved>,
        delivery: Delivery,
        lossy: bool,
    ) -> Route {
        let newest_only = delivery == Delivery::Latest;
        Route {
            queue,
            slot,
            resolved,
            held: Cell::new(None),
            again: Cell::new(None),
            known: Cell::new(0),
            holds: Cell::new(false),
            newest_only,
            lossy: Cell::new(lossy && !newest_only),
        }
    }

    /// Tells the reader of a sample, unless it knows as much.
    pub(super) fn tell(&self, mut sample: Sample, inlet: &mut Inlet<'_>) {
        if self.newest_only && sample.status.overflowed() {
            // A queue of one has none (Part 4, 5.13.1.5), but there are servers that say so.
            sample.status = sample.status.without_overflow();
        }
        if self.known.get() > 0 {
            if !self.lossy.get() && clock() < self.known.get() && inlet.knows(self.slot, &sample) {
                return;
            }
            self.known.set(0);
        }
        if self.is_again(&sample, inlet) {
            return;
        }
        inlet.push(self.slot, self.cut(sample));
    }

    /// For this long its values may be ones that are known.
    pub(super) fn expect_known(&self, patience: Duration) {
        self.known.set(clock_in(patience));
    }

    /// For this long the newest value may come once more.
    pub(super) fn expect_again(&self, patience: Duration) {
        self.again.set(Some(Box::new(Again { until: clock_in(patience), last: None })));
    }

    /// It is the value before it, sent again.
    fn is_again(&self, sample: &Sample, inlet: &Inlet<'_>) -> bool {
        let Some(mut again) = self.again.take() else { return false };
        let last = again.last.as_ref().or_else(|| inlet.told(self.slot));
        if self.lossy.get() || clock() > again.until {
            return false;
        }
        if last.is_some_and(|last| repeats(sample, last)) {
            return true;
        }
        again.last = Some(sample.clone());
        self.again.set(Some(again));
        false
    }

    /// As for reads: the part that the tag asked for.
    pub(super) fn cut(&self, mut sample: Sample) -> Sample {
        if self.lossy.replace(false) {
            sample.status = sample.status.with_overflow();
        }
        match self.resolved.cut(sample.value) {
            Ok(value) => Sample { value, ..sample },
            Err(status) => Sample { value: Value::Null, status, ..sample },
        }
    }

    pub(super) fn hold(&self, sample: Sample) {
        let mut held = self.held.take().unwrap_or_default();
        if held.samples.len() == MAX_HELD {
            held.samples.pop_front();
            self.lossy.set(true);
        }
        held.samples.push_back(sample);
        self.held.set(Some(held));
        self.holds.set(true);
    }

    /// What is held.
    pub(super) fn held(&self) -> Vec<Sample> {
        let held = self.held.take();
        let samples = held.iter().flat_map(|held| held.samples.iter().cloned()).collect();
        self.held.set(held);
        samples
    }

    /// Holds nothing any more; `None` where it did not.
    pub(super) fn release(&self) -> Option<VecDeque<Sample>> {
        self.holds.set(false);
        self.held.take().map(|held| held.samples)
    }
}

/// The same value of the same moment.
fn repeats(sample: &Sample, last: &Sample) -> bool {
    sample.source_time.is_some()
        && sample.source_time == last.source_time
        && sample.status == last.status
        && sample.value == last.value
}

/// What the [`clock`] will be after this time; what is less than a second is one.
fn clock_in(time: Duration) -> u32 {
    let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    clock().saturating_add(seconds)
}

/// Seconds, from 1.
fn clock() -> u32 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u32::try_from(START.elapsed().as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}
