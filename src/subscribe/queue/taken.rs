//! [`Taken`]: readings that the callback's thread has taken out of its queue, several at a time.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::{Reading, Tag};

use super::{Limit, Queue, Slot, State};

/// At most so many are taken at a time.
const MOST: usize = 64;

/// A small queue is still as small as it was asked to be: at most this part of it is taken at a time.
const PART: usize = 16;

/// What was taken and not yet given out. The queue still counts it as waiting, and takes it back where it must.
#[derive(Default)]
pub(crate) struct Taken {
    readings: VecDeque<(Slot, Reading)>,
    /// How often something had been taken back when these were taken.
    recalls: u64,
}

/// What the reader and the queue tell each other without the lock. On cache lines of its own: the reader writes here for
/// every reading, while the other side writes the rest of the queue.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Ahead {
    left: AtomicUsize,
    recalls: AtomicU64,
}

impl Ahead {
    /// How many readings are taken and not yet given out.
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Acquire)
    }

    /// Whether a queue is full in which this many wait.
    pub(super) fn fills(&self, waiting: usize, capacity: usize) -> bool {
        waiting >= capacity || (waiting + MOST > capacity && waiting + self.left() >= capacity)
    }

    /// The reader is to look for what it must no longer give out.
    pub(super) fn recall(&self) {
        self.recalls.fetch_add(1, Ordering::AcqRel);
    }

    fn set(&self, left: usize) {
        self.left.store(left, Ordering::Release);
    }
}

impl Limit {
    fn most_taken(self) -> usize {
        (self.capacity / PART).clamp(1, MOST)
    }
}

impl State {
    /// Looks at the tags of the first readings that wait. Of many thousand tags none is in the processor's cache, and it
    /// fetches several at once faster than one after the other, as counting their users would have it.
    fn fetch(&self, readings: usize) {
        for (slot, _) in self.waiting.iter().take(readings) {
            black_box(self.tags.get(*slot).and_then(|tag| tag.as_ref()).map(Tag::range));
        }
    }
}

impl Queue {
    /// Waits for the next reading, with the place of its tag; `None` once the queue is closed.
    ///
    /// For the one thread that runs the callback: it locks the queue once for many readings, so that it is seldom in the way
    /// of those to come.
    pub(crate) fn take(&self, taken: &mut Taken) -> Option<(Slot, Reading)> {
        loop {
            if self.ahead.recalls.load(Ordering::Acquire) != taken.recalls {
                self.give_back(taken);
            }
            if let Some(next) = taken.readings.pop_front() {
                self.ahead.set(taken.readings.len());
                return Some(next);
            }
            let most = self.limit.map_or(1, Limit::most_taken);
            let mut state = self.lock();
            while state.waiting.is_empty() {
                if state.closed {
                    return None;
                }
                state = self.sleep(state);
            }
            state.recalled.clear();
            state.fetch(most);
            taken.recalls = self.ahead.recalls.load(Ordering::Acquire);
            taken.readings.extend(std::iter::from_fn(|| state.pop(self.limit)).take(most));
            if state.waiting.is_empty() {
                // The next ones go where these were, which is still in the processor's cache.
                state.waiting.clear();
            }
            let next = taken.readings.pop_front();
            self.ahead.set(taken.readings.len());
            if next.is_some() {
                return next;
            }
        }
    }

    /// What was taken of tags that were taken out since, and all of it once nothing more is to be given out.
    fn give_back(&self, taken: &mut Taken) {
        let mut state = self.lock();
        taken.recalls = self.ahead.recalls.load(Ordering::Acquire);
        let State { recalled, emptied, stats, .. } = &mut *state;
        recalled.sort_unstable();
        let before = taken.readings.len();
        taken.readings.retain(|(slot, _)| !*emptied && recalled.binary_search(slot).is_err());
        recalled.clear();
        let back = u64::try_from(before - taken.readings.len()).unwrap_or_default();
        stats.delivered = stats.delivered.saturating_sub(back);
        self.ahead.set(taken.readings.len());
    }
}
