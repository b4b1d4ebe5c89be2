//! [`Queue`]: the bounded queue between the connection and one reader.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::engine::Sample;
use crate::{Reading, Status, Tag};

use super::Overflow;

/// What happened to the readings of a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionStats {
    /// Readings given to the callback or the watch.
    pub delivered: u64,
    /// Readings dropped because the callback was slower than the data.
    pub dropped: u64,
    /// Readings that wait now.
    pub queued: usize,
    /// Callbacks that panicked. The readings they were given count as delivered.
    pub panics: u64,
}

/// A tag of one subscription, by its place in it.
pub(crate) type Slot = usize;

/// The bounded queue between the connection, which must never wait, and one reader, who may.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    /// `None` where nothing waits, because nobody reads.
    limit: Option<Limit>,
}

/// How many readings may wait, and which give way.
#[derive(Clone, Copy)]
struct Limit {
    capacity: usize,
    overflow: Overflow,
}

struct State {
    tags: Vec<Entry>,
    index: HashMap<Tag, Slot>,
    free: Vec<Slot>,
    waiting: VecDeque<(Slot, Sample)>,
    /// How many readings have left `waiting` at the front, so that positions stay true.
    gone: u64,
    waker: Option<Waker>,
    closed: bool,
    stats: SubscriptionStats,
}

struct Entry {
    /// `None` once the tag was removed; its place is used again.
    tag: Option<Tag>,
    last: Option<Sample>,
    /// The position of this tag's newest waiting reading.
    newest: Option<u64>,
    /// Told since the heart last beat.
    told: bool,
    /// `last` was read, not told.
    noted: bool,
    /// `last` says that the tag was lost.
    lost: bool,
    /// The status of `last` before the tag was lost.
    before: Option<Status>,
    /// A reading that told of lost values was dropped: who is to tell it instead.
    debt: Option<Debt>,
}

#[derive(Clone, Copy, PartialEq)]
enum Debt {
    /// The next reading that is given out.
    Given,
    /// The next one that comes: those that wait are older.
    Coming,
}

impl Entry {
    fn new(tag: Option<Tag>) -> Entry {
        Entry {
            tag,
            last: None,
            newest: None,
            told: false,
            noted: false,
            lost: false,
            before: None,
            debt: None,
        }
    }
}

impl Queue {
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Queue {
        Queue::with(Some(Limit { capacity, overflow }))
    }

    /// A queue that nobody reads: it knows the newest value of every tag.
    pub(crate) fn held() -> Queue {
        Queue::with(None)
    }

    fn with(limit: Option<Limit>) -> Queue {
        let state = State {
            tags: Vec::new(),
            index: HashMap::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            gone: 0,
            waker: None,
            closed: false,
            stats: SubscriptionStats::default(),
        };
        Queue { state: Mutex::new(state), ready: Condvar::new(), limit }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a tag and whether it is new.
    pub(crate) fn add(&self, tag: &Tag) -> (Slot, bool) {
        let mut state = self.lock();
        if let Some(slot) = state.index.get(tag) {
            return (*slot, false);
        }
        let entry = Entry::new(Some(tag.clone()));
        let slot = state.free.pop().unwrap_or(state.tags.len());
        match state.tags.get_mut(slot) {
            Some(place) => *place = entry,
            None => state.tags.push(entry),
        }
        state.index.insert(tag.clone(), slot);
        (slot, true)
    }

    /// Takes a tag out, and its waiting readings with it.
    pub(crate) fn remove(&self, tag: &Tag) -> Option<Slot> {
        let mut state = self.lock();
        let slot = state.index.remove(tag)?;
        let before = state.waiting.len();
        state.waiting.retain(|(other, _)| *other != slot);
        if state.waiting.len() != before {
            state.recount();
        }
        if let Some(entry) = state.tags.get_mut(slot) {
            *entry = Entry::new(None);
        }
        state.free.push(slot);
        Some(slot)
    }

    pub(crate) fn tags(&self) -> Vec<Tag> {
        self.lock().tags.iter().filter_map(|entry| entry.tag.clone()).collect()
    }

    pub(crate) fn last(&self, tag: &Tag) -> Option<Sample> {
        let state = self.lock();
        state.tags.get(*state.index.get(tag)?)?.last.clone()
    }

    /// A value that was read meanwhile, so that what is held never goes back in time.
    pub(crate) fn note(&self, tag: &Tag, sample: &Sample) {
        let mut state = self.lock();
        let Some(slot) = state.index.get(tag).copied() else { return };
        let Some(entry) = state.tags.get_mut(slot) else { return };
        let replaces = |last: &Sample| is_older(last, sample) || !last.gives_value();
        if entry.last.as_ref().is_none_or(replaces) {
            entry.last = Some(sample.clone());
            entry.noted = true;
            (entry.lost, entry.before) = (false, None);
        }
    }

    /// One reading for one tag.
    pub(crate) fn push(&self, slot: Slot, sample: Sample) {
        self.push_all(std::iter::once((slot, sample)));
    }

    /// Readings in the order they came.
    pub(crate) fn push_all(&self, samples: impl Iterator<Item = (Slot, Sample)>) {
        let mut state = self.lock();
        for (slot, sample) in samples {
            state.push(slot, sample, self.limit);
        }
        self.wake(state);
    }

    /// The connection is gone: every tag says so once, with the value it had last.
    pub(crate) fn push_lost(&self, status: Status) {
        let mut state = self.lock();
        for slot in 0..state.tags.len() {
            state.push_lost(slot, status, self.limit);
        }
        self.wake(state);
    }

    /// As [`push_lost`](Queue::push_lost), for some of the tags.
    pub(crate) fn push_lost_of(&self, tags: &[Tag], status: Status) {
        let mut state = self.lock();
        for tag in tags {
            if let Some(slot) = state.index.get(tag).copied() {
                state.push_lost(slot, status, self.limit);
            }
        }
        self.wake(state);
    }

    /// Nothing is known of this tag now: it has no value yet, or was lost and has not returned.
    pub(crate) fn is_open(&self, slot: Slot) -> bool {
        self.lock().is_open(slot)
    }

    /// A value that was asked for, where none has come by itself meanwhile.
    pub(crate) fn push_found(&self, slot: Slot, sample: Sample) {
        let mut state = self.lock();
        if state.is_open(slot) {
            state.push(slot, sample, self.limit);
        }
        self.wake(state);
    }

    /// A tag that was lost has the value again that it had before, where nothing newer has come.
    pub(crate) fn push_returned(&self, slot: Slot) {
        let mut state = self.lock();
        let before = state
            .tags
            .get_mut(slot)
            .and_then(|entry| entry.before.take().map(|status| (status, entry.last.clone())));
        if let Some((status, Some(last))) = before {
            state.push(slot, Sample { status, ..last }, self.limit);
        }
        self.wake(state);
    }

    /// The reader knows at least as much: the same was told last, or something newer. That a lost tag has its value again
    /// is news; what it had before that value is none.
    pub(crate) fn knows(&self, slot: Slot, sample: &Sample) -> bool {
        let state = self.lock();
        let Some(entry) = state.tags.get(slot) else { return false };
        let same = |last: &Sample| {
            last.status == sample.status
                && last.source_time == sample.source_time
                && last.value == sample.value
        };
        entry.last.as_ref().is_some_and(|last| is_older(sample, last) || (!entry.lost && same(last)))
    }

    /// What the reader was told last of a tag that is not lost.
    pub(crate) fn told(&self, slot: Slot) -> Option<Sample> {
        self.lock().tags.get(slot).filter(|entry| !entry.lost)?.last.clone()
    }

    /// The last reading of every tag once more; of those only that were silent since the last time, if `silent`.
    pub(crate) fn push_again(&self, silent: bool) {
        let mut state = self.lock();
        for slot in 0..state.tags.len() {
            let Some(entry) = state.tags.get_mut(slot) else { continue };
            let told = std::mem::replace(&mut entry.told, false);
            if silent && told {
                continue;
            }
            let Some(last) = entry.last.clone() else { continue };
            let before = (entry.lost, entry.before);
            state.push(slot, last, self.limit);
            if let Some(entry) = state.tags.get_mut(slot) {
                entry.told = false;
                (entry.lost, entry.before) = before;
            }
        }
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let waker = state.waker.take();
        drop(state);
        self.ready.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// No more readings come, and none of those that wait are given out.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        self.wake(state);
        self.ready.notify_all();
    }

    /// No more readings come; those that wait are still given out.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake(state);
        self.ready.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits for the next reading on this thread: until `deadline`, or for ever. `Err` where the deadline passed.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Result<Option<Reading>, ()> {
        let mut state = self.lock();
        loop {
            if let Some(reading) = state.pop() {
                return Ok(Some(reading));
            }
            if state.closed {
                return Ok(None);
            }
            state = match deadline {
                None => self.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let Some(left) = deadline.checked_duration_since(Instant::now()) else { return Err(()) };
                    self.ready.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The next reading, for a task.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Option<Reading>> {
        let mut state = self.lock();
        if let Some(reading) = state.pop() {
            return Poll::Ready(Some(reading));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn stats(&self) -> SubscriptionStats {
        let state = self.lock();
        SubscriptionStats { queued: state.waiting.len(), ..state.stats }
    }

    pub(crate) fn count_panic(&self) {
        self.lock().stats.panics += 1;
    }
}

/// Both have a source time, and the first one's is earlier.
fn is_older(sample: &Sample, other: &Sample) -> bool {
    matches!((sample.source_time, other.source_time), (Some(time), Some(other)) if time < other)
}

impl State {
    fn is_open(&self, slot: Slot) -> bool {
        self.tags.get(slot).is_some_and(|entry| entry.tag.is_some() && (entry.lost || entry.last.is_none()))
    }

    fn push_lost(&mut self, slot: Slot, status: Status, limit: Option<Limit>) {
        let Some(entry) = self.tags.get(slot).filter(|entry| entry.tag.is_some()) else { return };
        let (sample, before) = match &entry.last {
            // What is lost already is not lost again.
            Some(last) if last.status == status => return,
            Some(last) if entry.lost => (Sample { status, ..last.clone() }, entry.before),
            Some(last) => (Sample { status, ..last.clone() }, Some(last.status)),
            None => (Sample::status(status), None),
        };
        self.push(slot, sample, limit);
        if let Some(entry) = self.tags.get_mut(slot) {
            (entry.lost, entry.before) = (true, before);
        }
    }

    fn push(&mut self, slot: Slot, mut sample: Sample, limit: Option<Limit>) {
        if self.closed {
            return;
        }
        let end = self.gone + u64::try_from(self.waiting.len()).unwrap_or_default();
        let Some(entry) = self.tags.get_mut(slot) else { return };
        entry.told = true;
        (entry.lost, entry.before) = (false, None);
        let Some(Limit { capacity, overflow }) = limit else {
            // A change that was on its way while a newer value was read. The next one will be newer still.
            let late = entry.noted && entry.last.as_ref().is_some_and(|last| is_older(&sample, last));
            // Only one can have been on its way: a clock that was set back is believed from the second on.
            entry.noted = false;
            if !late {
                entry.last = Some(sample);
            }
            return;
        };
        entry.last = Some(sample.clone());
        if entry.debt.take_if(|debt| *debt == Debt::Coming).is_some() {
            sample.status = sample.status.with_overflow();
        }
        if self.waiting.len() >= capacity {
            match overflow {
                Overflow::KeepLatest => {
                    let newest = entry
                        .newest
                        .and_then(|position| usize::try_from(position.checked_sub(self.gone)?).ok());
                    if let Some(place) = newest.and_then(|position| self.waiting.get_mut(position)) {
                        let old = std::mem::replace(&mut place.1, sample);
                        if old.status.overflowed() {
                            place.1.status = place.1.status.with_overflow();
                        }
                        self.stats.dropped += 1;
                        return;
                    }
                }
                Overflow::DropOldest => {
                    if let Some((slot, old)) = self.waiting.pop_front()
                        && old.status.overflowed()
                        && let Some(entry) = self.tags.get_mut(slot)
                    {
                        entry.debt = Some(Debt::Given);
                    }
                    self.gone += 1;
                    self.stats.dropped += 1;
                    self.waiting.push_back((slot, sample));
                    return;
                }
                Overflow::DropNewest => {
                    if sample.status.overflowed() {
                        entry.debt = Some(Debt::Coming);
                    }
                    self.stats.dropped += 1;
                    return;
                }
            }
        }
        entry.newest = Some(end);
        self.waiting.push_back((slot, sample));
    }

    fn pop(&mut self) -> Option<Reading> {
        loop {
            let (slot, mut sample) = self.waiting.pop_front()?;
            self.gone += 1;
            let Some(entry) = self.tags.get_mut(slot) else { continue };
            if let Some(tag) = entry.tag.clone() {
                if entry.debt.take_if(|debt| *debt == Debt::Given).is_some() {
                    sample.status = sample.status.with_overflow();
                }
                self.stats.delivered += 1;
                return Some(sample.into_reading(tag));
            }
        }
    }

    /// Positions anew after readings were taken from the middle.
    fn recount(&mut self) {
        self.gone = 0;
        for entry in &mut self.tags {
            entry.newest = None;
        }
        for (position, (slot, _)) in (0..).zip(&self.waiting) {
            if let Some(entry) = self.tags.get_mut(*slot) {
                entry.newest = Some(position);
            }
        }
    }
}

#[cfg(test)]
mod tests;
