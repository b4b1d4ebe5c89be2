//! [`Inlet`]: a queue that is being put into.

use std::sync::MutexGuard;

use crate::engine::Sample;

use super::{Entry, Queue, Slot, State};

/// Holds the queue's lock for as long as it lives, then wakes the reader: once for however many readings.
pub(crate) struct Inlet<'a> {
    queue: &'a Queue,
    /// `None` only while it is dropped.
    state: Option<MutexGuard<'a, State>>,
}

impl Queue {
    pub(crate) fn open(&self) -> Inlet<'_> {
        Inlet { queue: self, state: Some(self.lock()) }
    }
}

impl Inlet<'_> {
    pub(crate) fn is_of(&self, queue: &Queue) -> bool {
        std::ptr::eq(self.queue, queue)
    }

    /// Whether there still is a tag in a place.
    pub(crate) fn has(&self, slot: Slot) -> bool {
        self.state.as_ref().and_then(|state| state.entries.get(slot)).is_some_and(Entry::is_used)
    }

    /// One reading for one tag.
    pub(crate) fn push(&mut self, slot: Slot, sample: Sample) {
        if let Some(state) = &mut self.state {
            state.push(slot, sample, self.queue);
        }
    }

    /// The reader knows at least as much: the same was told last, or something newer. That a lost tag has its value again
    /// is news; what it had before that value is none.
    pub(crate) fn knows(&self, slot: Slot, sample: &Sample) -> bool {
        self.state.as_ref().is_some_and(|state| state.knows(slot, sample))
    }

    /// What the reader was told last of a tag that is not lost.
    pub(crate) fn told(&self, slot: Slot) -> Option<&Sample> {
        self.state.as_ref()?.told(slot)
    }
}

impl Drop for Inlet<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            self.queue.wake(state);
        }
    }
}
