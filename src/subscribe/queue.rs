//! [`Queue`]: the bounded queue between the connection and one reader.

mod inlet;
mod taken;

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
#[cfg(any(feature = "blocking", test))]
use std::time::Instant;

use crate::engine::Sample;
use crate::{Reading, Status, Tag};

use super::Overflow;
use taken::Ahead;

pub(crate) use inlet::Inlet;
pub(crate) use taken::Taken;

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
    ahead: Ahead,
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
    /// `None` once a tag was removed; its place is used again. Apart from `entries`, which the reader need not look at.
    tags: Vec<Option<Tag>>,
    entries: Vec<Entry>,
    index: HashMap<Tag, Slot>,
    free: Vec<Slot>,
    waiting: VecDeque<(Slot, Sample)>,
    /// The position of the first that waits. Positions count from 1 and stay true while readings leave at the front.
    first: u64,
    /// Tags that were removed since the reader last took something.
    recalled: Vec<Slot>,
    waker: Option<Waker>,
    /// How many threads wait for a reading.
    sleeping: usize,
    closed: bool,
    /// Closed, and nothing more is given out.
    emptied: bool,
    stats: SubscriptionStats,
}

#[derive(Default)]
struct Entry {
    last: Option<Sample>,
    /// The position of this tag's newest waiting reading; 0 is none.
    newest: u64,
    /// The status of `last` before the tag was lost.
    before: Option<Status>,
    /// A reading that told of lost values was dropped: who is to tell it instead.
    debt: Option<Debt>,
    place: Place,
    /// Told since the heart last beat.
    told: bool,
    /// `last` was read, not told.
    noted: bool,
    /// `last` says that the tag was lost.
    lost: bool,
}

impl Entry {
    fn is_used(&self) -> bool {
        self.place == Place::Used
    }
}

/// Whether there is a tag in a place.
#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Free,
    Used,
}

#[derive(Clone, Copy, PartialEq)]
enum Debt {
    /// The next reading that is given out.
    Given,
    /// The next one that comes: those that wait are older.
    Coming,
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
            entries: Vec::new(),
            index: HashMap::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            first: 1,
            recalled: Vec::new(),
            waker: None,
            sleeping: 0,
            closed: false,
            emptied: false,
            stats: SubscriptionStats::default(),
        };
        Queue { state: Mutex::new(state), ready: Condvar::new(), ahead: Ahead::default(), limit }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for so many more tags.
    pub(crate) fn reserve(&self, tags: usize) {
        let mut state = self.lock();
        state.tags.reserve(tags);
        state.entries.reserve(tags);
        state.index.reserve(tags);
    }

    /// The place of a tag and whether it is new.
    pub(crate) fn add(&self, tag: &Tag) -> (Slot, bool) {
        let mut state = self.lock();
        if let Some(slot) = state.index.get(tag) {
            return (*slot, false);
        }
        let slot = state.free.pop().unwrap_or(state.tags.len());
        let entry = Entry { place: Place::Used, ..Entry::default() };
        let state = &mut *state;
        if let (Some(place), Some(old)) = (state.tags.get_mut(slot), state.entries.get_mut(slot)) {
            (*place, *old) = (Some(tag.clone()), entry);
        } else {
            state.tags.push(Some(tag.clone()));
            state.entries.push(entry);
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
        let state = &mut *state;
        if let (Some(place), Some(entry)) = (state.tags.get_mut(slot), state.entries.get_mut(slot)) {
            (*place, *entry) = (None, Entry::default());
        }
        state.free.push(slot);
        if self.ahead.left() > 0 {
            state.recalled.push(slot);
            self.ahead.recall();
        }
        Some(slot)
    }

    pub(crate) fn tags(&self) -> Vec<Tag> {
        self.lock().tags.iter().flatten().cloned().collect()
    }

    /// The tag in a place.
    pub(crate) fn tag(&self, slot: Slot) -> Option<Tag> {
        self.lock().tags.get(slot).cloned().flatten()
    }

    pub(crate) fn last(&self, tag: &Tag) -> Option<Sample> {
        let state = self.lock();
        state.entries.get(*state.index.get(tag)?)?.last.clone()
    }

    /// A value that was read meanwhile, so that what is held never goes back in time.
    pub(crate) fn note(&self, tag: &Tag, sample: &Sample) {
        let mut state = self.lock();
        let Some(slot) = state.index.get(tag).copied() else { return };
        let Some(entry) = state.entries.get_mut(slot) else { return };
        let replaces = |last: &Sample| is_older(last, sample) || !last.gives_value();
        if entry.last.as_ref().is_none_or(replaces) {
            entry.last = Some(sample.clone());
            entry.noted = true;
            (entry.lost, entry.before) = (false, None);
        }
    }

    /// One reading for one tag.
    pub(crate) fn push(&self, slot: Slot, sample: Sample) {
        self.open().push(slot, sample);
    }

    /// The connection is gone: every tag says so once, with the value it had last.
    pub(crate) fn push_lost(&self, status: Status) {
        let mut state = self.lock();
        for slot in 0..state.tags.len() {
            state.push_lost(slot, status, self);
        }
        self.wake(state);
    }

    /// As [`push_lost`](Queue::push_lost), for some of the tags.
    pub(crate) fn push_lost_of(&self, tags: &[Tag], status: Status) {
        let mut state = self.lock();
        for tag in tags {
            if let Some(slot) = state.index.get(tag).copied() {
                state.push_lost(slot, status, self);
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
            state.push(slot, sample, self);
        }
        self.wake(state);
    }

    /// A tag that was lost has the value again that it had before, where nothing newer has come.
    pub(crate) fn push_returned(&self, slot: Slot) {
        let mut state = self.lock();
        let before = state
            .entries
            .get_mut(slot)
            .and_then(|entry| entry.before.take().map(|status| (status, entry.last.clone())));
        if let Some((status, Some(last))) = before {
            state.push(slot, Sample { status, ..last }, self);
        }
        self.wake(state);
    }

    /// The last reading of every tag once more; of those only that were silent since the last time, if `silent`.
    pub(crate) fn push_again(&self, silent: bool) {
        let mut state = self.lock();
        for slot in 0..state.tags.len() {
            let Some(entry) = state.entries.get_mut(slot) else { continue };
            let told = std::mem::replace(&mut entry.told, false);
            if silent && told {
                continue;
            }
            let Some(last) = entry.last.clone() else { continue };
            let before = (entry.lost, entry.before);
            state.push(slot, last, self);
            if let Some(entry) = state.entries.get_mut(slot) {
                entry.told = false;
                (entry.lost, entry.before) = before;
            }
        }
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let (waker, sleeping) = (state.waker.take(), state.sleeping > 0);
        drop(state);
        // To wake nobody is a call of the system all the same.
        if sleeping {
            self.ready.notify_one();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// No more readings come, and none of those that wait are given out.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        (state.closed, state.emptied) = (true, true);
        state.waiting.clear();
        self.ahead.recall();
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
    #[cfg(any(feature = "blocking", test))]
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Result<Option<Reading>, ()> {
        let mut state = self.lock();
        loop {
            if let Some((_, reading)) = state.pop(self.limit) {
                return Ok(Some(reading));
            }
            if state.closed {
                return Ok(None);
            }
            state = match deadline {
                None => self.sleep(state),
                Some(deadline) => {
                    let Some(left) = deadline.checked_duration_since(Instant::now()) else { return Err(()) };
                    state.sleeping += 1;
                    let woken = self.ready.wait_timeout(state, left);
                    let mut state = woken.unwrap_or_else(PoisonError::into_inner).0;
                    state.sleeping -= 1;
                    state
                }
            };
        }
    }

    /// Until somebody wakes this thread.
    fn sleep<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.sleeping += 1;
        let mut state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.sleeping -= 1;
        state
    }

    /// The next reading, for a task.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Option<Reading>> {
        let mut state = self.lock();
        if let Some((_, reading)) = state.pop(self.limit) {
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
        // What the callback's thread has taken is given out one by one.
        let left = self.ahead.left();
        let delivered = state.stats.delivered.saturating_sub(u64::try_from(left).unwrap_or_default());
        SubscriptionStats { queued: state.waiting.len() + left, delivered, ..state.stats }
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
        self.entries.get(slot).is_some_and(|entry| entry.is_used() && (entry.lost || entry.last.is_none()))
    }

    fn knows(&self, slot: Slot, sample: &Sample) -> bool {
        let Some(entry) = self.entries.get(slot) else { return false };
        let same = |last: &Sample| {
            last.status == sample.status
                && last.source_time == sample.source_time
                && last.value == sample.value
        };
        entry.last.as_ref().is_some_and(|last| is_older(sample, last) || (!entry.lost && same(last)))
    }

    fn told(&self, slot: Slot) -> Option<&Sample> {
        self.entries.get(slot).filter(|entry| !entry.lost)?.last.as_ref()
    }

    fn push_lost(&mut self, slot: Slot, status: Status, queue: &Queue) {
        let Some(entry) = self.entries.get(slot).filter(|entry| entry.is_used()) else { return };
        let (sample, before) = match &entry.last {
            // What is lost already is not lost again.
            Some(last) if last.status == status => return,
            Some(last) if entry.lost => (Sample { status, ..last.clone() }, entry.before),
            Some(last) => (Sample { status, ..last.clone() }, Some(last.status)),
            None => (Sample::status(status), None),
        };
        self.push(slot, sample, queue);
        if let Some(entry) = self.entries.get_mut(slot) {
            (entry.lost, entry.before) = (true, before);
        }
    }

    fn push(&mut self, slot: Slot, mut sample: Sample, queue: &Queue) {
        if self.closed {
            return;
        }
        let end = self.first + u64::try_from(self.waiting.len()).unwrap_or_default();
        // A tag that was removed while this was on its way has none.
        let Some(entry) = self.entries.get_mut(slot).filter(|entry| entry.is_used()) else { return };
        entry.told = true;
        (entry.lost, entry.before) = (false, None);
        let Some(Limit { capacity, overflow }) = queue.limit else {
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
        if queue.ahead.fills(self.waiting.len(), capacity) {
            match overflow {
                Overflow::KeepLatest => {
                    let newest =
                        entry.newest.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
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
                        && let Some(entry) = self.entries.get_mut(slot)
                    {
                        entry.debt = Some(Debt::Given);
                    }
                    self.first += 1;
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
        entry.newest = end;
        self.waiting.push_back((slot, sample));
    }

    fn pop(&mut self, limit: Option<Limit>) -> Option<(Slot, Reading)> {
        loop {
            let (slot, mut sample) = self.waiting.pop_front()?;
            self.first += 1;
            let Some(Some(tag)) = self.tags.get(slot) else { continue };
            // Nobody else is in debt here, and the entry is better left to the other side.
            if limit.is_some_and(|limit| limit.overflow == Overflow::DropOldest)
                && let Some(entry) = self.entries.get_mut(slot)
                && entry.debt.take_if(|debt| *debt == Debt::Given).is_some()
            {
                sample.status = sample.status.with_overflow();
            }
            self.stats.delivered += 1;
            return Some((slot, sample.into_reading(tag.clone())));
        }
    }

    /// Positions anew after readings were taken from the middle.
    fn recount(&mut self) {
        self.first = 1;
        for entry in &mut self.entries {
            entry.newest = 0;
        }
        for (position, (slot, _)) in (1..).zip(&self.waiting) {
            if let Some(entry) = self.entries.get_mut(*slot) {
                entry.newest = position;
            }
        }
    }
}

#[cfg(test)]
mod tests;
