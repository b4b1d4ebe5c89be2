//! [`Historian`]: takes in what items become, in order and in batches.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use super::event::{EventRecord, Kept, MOST_EVENTS};
use super::memory::Memory;
use super::series::{Series, tick};
use super::store::Store;
use crate::Status;
use crate::history::Sample;
use crate::sim::node::lock;
use crate::status::code;

/// More are not held back while the store cannot keep them.
const MOST_PENDING: usize = 100_000;

/// The historian of a simulator. It outlives restarts of the server.
pub(crate) struct Historian {
    store: Arc<dyn Store>,
    /// Noted, in order, and not yet kept.
    pending: Mutex<Vec<(Arc<Series>, Sample)>>,
    /// One at a time, so that who has to wait for another's batch knows that it is kept.
    flushing: Mutex<()>,
    /// Something has been noted at some time: a simulator without history waits for nobody.
    used: AtomicBool,
    /// So many events are kept.
    event_capacity: usize,
}

impl Historian {
    pub(crate) fn new(store: Arc<dyn Store>, event_capacity: usize) -> Historian {
        Historian {
            event_capacity,
            store,
            pending: Mutex::default(),
            flushing: Mutex::default(),
            used: AtomicBool::new(false),
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Keeps an event, which happens now unless it says when.
    pub(crate) fn happened(&self, event: &EventRecord, now: DateTime<Utc>) -> Result<Kept, Status> {
        let kept = self.store.happen(event, event.time.unwrap_or(now), self.event_capacity);
        kept.inspect_err(|status| tracing::error!(%status, "the historian cannot keep an event"))
    }

    /// Keeps an event that is given at each start, unless it is there from the last one.
    pub(crate) fn happened_before(&self, event: &EventRecord, now: DateTime<Utc>) -> Result<(), Status> {
        if let Some(time) = event.time.map(tick) {
            // A kept one has its time beside it.
            let event = EventRecord { time: None, ..event.clone() };
            let there = self.store.events(time, time)?;
            if there.into_iter().any(|kept| EventRecord { time: None, ..kept.record } == event) {
                return Ok(());
            }
        }
        self.happened(event, now).map(|_| ())
    }

    /// To be called where the state of the item is locked, so that the order is that of the changes.
    pub(super) fn note(&self, series: Arc<Series>, sample: Sample) {
        lock(&self.pending).push((series, sample));
        self.used.store(true, Ordering::Release);
    }

    /// Keeps what was noted, in one go, by whomever: of many threads that write one does the work of all that wait. When this
    /// returns `Ok`, everything noted before is kept. What cannot be kept now is tried again the next time.
    pub(crate) fn flush(&self) -> Result<(), Status> {
        if !self.used.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one = lock(&self.flushing);
        let batch = std::mem::take(&mut *lock(&self.pending));
        if batch.is_empty() {
            return Ok(());
        }
        let kept = self.record(&batch);
        if let Err(status) = kept {
            if status != code::BAD_SHUTDOWN {
                tracing::error!(%status, values = batch.len(), "the historian cannot keep what it was told");
                self.put_back(batch);
            }
            return Err(status);
        }
        let mut trimmed = HashSet::new();
        for (series, _) in &batch {
            if let Some(capacity) = series.capacity
                && trimmed.insert(&*series.id)
            {
                self.store.trim(&series.id, capacity)?;
            }
        }
        kept
    }

    fn record(&self, batch: &[(Arc<Series>, Sample)]) -> Result<(), Status> {
        let samples: Vec<(&str, Sample)> =
            batch.iter().map(|(series, sample)| (&*series.id, sample.clone())).collect();
        self.store.record(&samples)
    }

    /// What was not kept comes before what is noted since, the newest of it: a full disk must not fill the memory too.
    fn put_back(&self, mut batch: Vec<(Arc<Series>, Sample)>) {
        let mut pending = lock(&self.pending);
        batch.append(&mut pending);
        if let Some(surplus) = batch.len().checked_sub(MOST_PENDING).filter(|surplus| *surplus > 0) {
            tracing::error!(values = surplus, "the historian has lost what it could not keep for too long");
            batch.drain(..surplus);
        }
        *pending = batch;
    }

    /// Keeps what was noted, and lets go of the store.
    pub(crate) fn close(&self) {
        // Whoever wrote it was not told that it is kept.
        let _ = self.flush();
        self.store.close();
    }
}

impl Default for Historian {
    fn default() -> Historian {
        Historian::new(Arc::new(Memory::default()), MOST_EVENTS)
    }
}

impl fmt::Debug for Historian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Historian").field("store", &self.store).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::History;
    use super::super::store::{Annotation, Change, Direction, Modified};
    use super::*;
    use crate::DataType;

    /// A store that can be told to fail, and how often it was asked to record.
    #[derive(Debug, Default)]
    struct Moody {
        memory: Memory,
        fails: AtomicBool,
        records: std::sync::atomic::AtomicUsize,
    }

    impl Store for Moody {
        fn scan(
            &self,
            s: &str,
            from: DateTime<Utc>,
            d: Direction,
            limit: usize,
        ) -> Result<Vec<Sample>, Status> {
            self.memory.scan(s, from, d, limit)
        }
        fn modified(&self, s: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Modified>, Status> {
            self.memory.modified(s, from, to)
        }
        fn record(&self, samples: &[(&str, Sample)]) -> Result<(), Status> {
            self.records.fetch_add(1, Ordering::Relaxed);
            if self.fails.load(Ordering::Relaxed) {
                return Err(code::BAD_RESOURCE_UNAVAILABLE);
            }
            self.memory.record(samples)
        }
        fn change(
            &self,
            s: &str,
            all: Vec<Change>,
            user: &str,
            now: DateTime<Utc>,
        ) -> Result<Vec<Status>, Status> {
            self.memory.change(s, all, user, now)
        }
        fn delete(
            &self,
            s: &str,
            from: DateTime<Utc>,
            to: DateTime<Utc>,
            user: &str,
            now: DateTime<Utc>,
        ) -> Result<usize, Status> {
            self.memory.delete(s, from, to, user, now)
        }
        fn annotations(
            &self,
            s: &str,
            from: DateTime<Utc>,
            to: DateTime<Utc>,
        ) -> Result<Vec<Annotation>, Status> {
            self.memory.annotations(s, from, to)
        }
        fn forget(&self, s: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<usize, Status> {
            self.memory.forget(s, from, to)
        }
        fn annotate(&self, s: &str, annotations: Vec<Annotation>) -> Result<(), Status> {
            self.memory.annotate(s, annotations)
        }
        fn erase(&self, s: &str, annotations: &[Annotation]) -> Result<Vec<bool>, Status> {
            self.memory.erase(s, annotations)
        }
        fn trim(&self, s: &str, capacity: usize) -> Result<(), Status> {
            self.memory.trim(s, capacity)
        }
        fn happen(&self, event: &EventRecord, time: DateTime<Utc>, capacity: usize) -> Result<Kept, Status> {
            self.memory.happen(event, time, capacity)
        }
        fn events(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Kept>, Status> {
            self.memory.events(from, to)
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn series(historian: &Arc<Historian>) -> Arc<Series> {
        let history = History::recorded();
        let made = Series::new("A".into(), history, DataType::Int64, false, Arc::clone(historian), at(0));
        Arc::new(made.unwrap())
    }

    fn times(historian: &Historian) -> Vec<i64> {
        let kept = historian.store().scan("A", at(0), Direction::Forward, usize::MAX).unwrap();
        kept.iter().map(|sample| sample.time.timestamp()).collect()
    }

    #[test]
    fn what_could_not_be_kept_is_kept_the_next_time() {
        let store = Arc::<Moody>::default();
        let historian = Arc::new(Historian::new(store.clone(), MOST_EVENTS));
        let series = series(&historian);
        store.fails.store(true, Ordering::Relaxed);
        historian.note(Arc::clone(&series), Sample::new(at(1), 1_i64));
        assert_eq!(historian.flush(), Err(code::BAD_RESOURCE_UNAVAILABLE));
        historian.note(Arc::clone(&series), Sample::new(at(2), 2_i64));
        // Nobody is told that a value is kept because another's batch took it along and failed.
        assert_eq!(historian.flush(), Err(code::BAD_RESOURCE_UNAVAILABLE));
        assert_eq!(historian.flush(), Err(code::BAD_RESOURCE_UNAVAILABLE));
        store.fails.store(false, Ordering::Relaxed);
        historian.flush().unwrap();
        assert_eq!(times(&historian), [1, 2]);
    }

    #[test]
    fn what_cannot_be_kept_for_too_long_does_not_fill_the_memory() {
        let store = Arc::<Moody>::default();
        let historian = Arc::new(Historian::new(store.clone(), MOST_EVENTS));
        let series = series(&historian);
        store.fails.store(true, Ordering::Relaxed);
        let most = i64::try_from(MOST_PENDING).unwrap();
        for second in 0..most + 7 {
            historian.note(Arc::clone(&series), Sample::new(at(second), second));
        }
        historian.flush().unwrap_err();
        store.fails.store(false, Ordering::Relaxed);
        historian.flush().unwrap();
        assert_eq!(times(&historian), (7..most + 7).collect::<Vec<_>>());
    }

    #[test]
    fn many_writers_are_kept_in_few_batches() {
        let store = Arc::<Moody>::default();
        let historian = Arc::new(Historian::new(store.clone(), MOST_EVENTS));
        let series = series(&historian);
        {
            // As if a batch took its time: everybody notes, and waits.
            let busy = lock(&historian.flushing);
            std::thread::scope(|scope| {
                let writers: Vec<_> = (0..8)
                    .map(|second| {
                        let (historian, series) = (&historian, Arc::clone(&series));
                        historian.note(series, Sample::new(at(second), second));
                        scope.spawn(|| historian.flush().unwrap())
                    })
                    .collect();
                drop(busy);
                writers.into_iter().for_each(|writer| writer.join().unwrap());
            });
        }
        assert_eq!(times(&historian), (0..8).collect::<Vec<_>>());
        assert_eq!(store.records.load(Ordering::Relaxed), 1);
    }
}
