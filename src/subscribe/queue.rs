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
        let entry = Entry { tag: Some(tag.clone()), last: None, newest: None, told: false, noted: false };
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
            *entry = Entry { tag: None, last: None, newest: None, told: false, noted: false };
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
            let Some(entry) = state.tags.get(slot).filter(|entry| entry.tag.is_some()) else { continue };
            let sample = match &entry.last {
                // What is lost already is not lost again.
                Some(last) if last.status == status => continue,
                Some(last) => Sample { status, ..last.clone() },
                None => Sample::status(status),
            };
            state.push(slot, sample, self.limit);
        }
        self.wake(state);
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
            state.push(slot, last, self.limit);
            if let Some(entry) = state.tags.get_mut(slot) {
                entry.told = false;
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
    fn push(&mut self, slot: Slot, sample: Sample, limit: Option<Limit>) {
        if self.closed {
            return;
        }
        let end = self.gone + u64::try_from(self.waiting.len()).unwrap_or_default();
        let Some(entry) = self.tags.get_mut(slot) else { return };
        entry.told = true;
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
        if self.waiting.len() >= capacity {
            match overflow {
                Overflow::KeepLatest => {
                    let newest = entry
                        .newest
                        .and_then(|position| usize::try_from(position.checked_sub(self.gone)?).ok());
                    if let Some(place) = newest.and_then(|position| self.waiting.get_mut(position)) {
                        place.1 = sample;
                        self.stats.dropped += 1;
                        return;
                    }
                }
                Overflow::DropOldest => {
                    self.waiting.pop_front();
                    self.gone += 1;
                    self.stats.dropped += 1;
                    self.waiting.push_back((slot, sample));
                    return;
                }
                Overflow::DropNewest => {
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
            let (slot, sample) = self.waiting.pop_front()?;
            self.gone += 1;
            if let Some(tag) = self.tags.get(slot).and_then(|entry| entry.tag.clone()) {
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
mod tests {
    use super::*;
    use crate::Value;

    fn sample(n: i32) -> Sample {
        Sample { value: Value::Int32(n), ..Sample::status(Status::GOOD) }
    }

    fn drain(queue: &Queue) -> Vec<(String, Value)> {
        let mut readings = vec![];
        while let Ok(Some(reading)) = queue.wait(Some(Instant::now())) {
            readings.push((reading.tag.to_string(), reading.value));
        }
        readings
    }

    fn filled(capacity: usize, overflow: Overflow) -> Queue {
        let queue = Queue::new(capacity, overflow);
        let (a, b) = (queue.add(&Tag::item("a")).0, queue.add(&Tag::item("b")).0);
        queue.push_all([(a, sample(1)), (b, sample(2)), (a, sample(3)), (a, sample(4))].into_iter());
        queue
    }

    #[test]
    fn a_full_queue_keeps_the_newest_of_every_tag() {
        let queue = filled(1, Overflow::KeepLatest);
        assert_eq!(drain(&queue), [("a".into(), Value::Int32(4)), ("b".into(), Value::Int32(2))]);
        assert_eq!((queue.stats().delivered, queue.stats().dropped), (2, 2));
    }

    #[test]
    fn a_full_queue_drops_the_oldest_or_the_newest_when_told() {
        let queue = filled(2, Overflow::DropOldest);
        assert_eq!(drain(&queue), [("a".into(), Value::Int32(3)), ("a".into(), Value::Int32(4))]);
        let queue = filled(2, Overflow::DropNewest);
        assert_eq!(drain(&queue), [("a".into(), Value::Int32(1)), ("b".into(), Value::Int32(2))]);
        assert_eq!((queue.stats().delivered, queue.stats().dropped), (2, 2));
    }

    #[test]
    fn a_removed_tag_is_never_delivered_and_its_place_is_used_again() {
        let queue = filled(10, Overflow::KeepLatest);
        let slot = queue.remove(&Tag::item("a")).unwrap();
        assert_eq!(queue.add(&Tag::item("c")), (slot, true));
        queue.push(slot, sample(9));
        assert_eq!(drain(&queue), [("b".into(), Value::Int32(2)), ("c".into(), Value::Int32(9))]);
    }

    #[test]
    fn a_lost_connection_is_told_once_with_the_last_value() {
        let queue = filled(10, Overflow::KeepLatest);
        drain(&queue);
        let lost = Status::named("BadNoCommunication").unwrap();
        queue.push_lost(lost);
        queue.push_lost(lost);
        assert_eq!(drain(&queue), [("a".into(), Value::Int32(4)), ("b".into(), Value::Int32(2))]);
        assert_eq!(queue.last(&Tag::item("a")).unwrap().status, lost);
    }

    #[test]
    fn what_is_held_does_not_go_back_in_time() {
        let at =
            |n: i32| Sample { source_time: chrono::DateTime::from_timestamp(i64::from(n), 0), ..sample(n) };
        let (queue, tag) = (Queue::held(), Tag::item("a"));
        let slot = queue.add(&tag).0;
        let held = || queue.last(&tag).unwrap().value;
        queue.note(&tag, &at(5));
        queue.push(slot, at(4));
        assert_eq!(held(), Value::Int32(5), "it was on its way while 5 was read");
        queue.push(slot, at(3));
        assert_eq!(held(), Value::Int32(3), "the device's clock was set back");
        queue.push(slot, at(6));
        queue.note(&tag, &at(5));
        assert_eq!(held(), Value::Int32(6));
        // A server whose clock was set back is believed.
        queue.push(slot, at(1));
        assert_eq!(held(), Value::Int32(1));
        assert_eq!(queue.stats().queued, 0);
        // A refusal is no value.
        queue.push(slot, Sample::status(Status::named("BadNodeIdUnknown").unwrap()));
        queue.note(&tag, &at(0));
        assert_eq!(held(), Value::Int32(0));
    }

    #[test]
    fn the_heart_beats_for_silent_tags_only() {
        let queue = filled(10, Overflow::KeepLatest);
        queue.push_again(true);
        drain(&queue);
        let (slot, _) = queue.add(&Tag::item("a"));
        queue.push(slot, sample(5));
        queue.push_again(true);
        assert_eq!(drain(&queue), [("a".into(), Value::Int32(5)), ("b".into(), Value::Int32(2))]);
    }

    #[test]
    fn a_finished_queue_gives_out_what_waits_and_a_closed_one_does_not() {
        let queue = filled(10, Overflow::KeepLatest);
        queue.finish();
        assert!(matches!(queue.wait(None), Ok(Some(_))));
        queue.close();
        assert!(matches!(queue.wait(None), Ok(None)));
    }
}
