//! [`Historian`]: takes in what items become, in order and in batches.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::event::Events;
use super::memory::Memory;
use super::series::Series;
use super::store::Store;
use crate::Status;
use crate::history::Sample;
use crate::sim::node::lock;

/// The historian of a simulator. It outlives restarts of the server.
pub(crate) struct Historian {
    store: Arc<dyn Store>,
    /// Noted, in order, and not yet kept.
    pending: Mutex<Vec<(Arc<Series>, Sample)>>,
    /// One at a time, so that who has to wait for another's batch knows that it is kept.
    flushing: Mutex<()>,
    /// Something has been noted at some time: a simulator without history waits for nobody.
    used: AtomicBool,
    pub(crate) events: Events,
}

impl Historian {
    pub(crate) fn new(store: Arc<dyn Store>) -> Historian {
        Historian {
            store,
            pending: Mutex::default(),
            flushing: Mutex::default(),
            used: AtomicBool::new(false),
            events: Events::default(),
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// To be called where the state of the item is locked, so that the order is that of the changes.
    pub(super) fn note(&self, series: Arc<Series>, sample: Sample) {
        lock(&self.pending).push((series, sample));
        self.used.store(true, Ordering::Release);
    }

    /// Keeps what was noted, in one go. When this returns, everything noted before is kept, by whomever.
    pub(crate) fn flush(&self) -> Result<(), Status> {
        if !self.used.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one = lock(&self.flushing);
        let batch = std::mem::take(&mut *lock(&self.pending));
        if batch.is_empty() {
            return Ok(());
        }
        let samples: Vec<(&str, Sample)> =
            batch.iter().map(|(series, sample)| (&*series.id, sample.clone())).collect();
        let kept = self.store.record(&samples);
        let mut trimmed = HashSet::new();
        for (series, _) in &batch {
            if let Some(capacity) = series.capacity
                && trimmed.insert(&*series.id)
            {
                self.store.trim(&series.id, capacity)?;
            }
        }
        if let Err(status) = kept {
            tracing::error!(%status, values = batch.len(), "the historian cannot keep what it was told");
        }
        kept
    }
}

impl Default for Historian {
    fn default() -> Historian {
        Historian::new(Arc::new(Memory::default()))
    }
}

impl fmt::Debug for Historian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Historian").field("store", &self.store).finish_non_exhaustive()
    }
}
