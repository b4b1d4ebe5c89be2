//! [`Polls`]: tags that are read, and one that is written, beside the subscriptions.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use openopc::{Client, Error, Tag};

/// What came of reads and writes. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Counts>);

#[derive(Default)]
struct Counts {
    values: AtomicU64,
    failures: AtomicU64,
    wrong: AtomicU64,
}

impl Tally {
    /// So many were not what they had to be.
    pub(crate) fn wrong(&self) -> u64 {
        self.0.wrong.load(Ordering::Relaxed)
    }

    pub(crate) fn note_wrong(&self, what: fmt::Arguments<'_>) {
        println!("FAULT: {what}");
        self.0.wrong.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { values, failures, .. } = &*self.0;
        let (values, failures) = (values.load(Ordering::Relaxed), failures.load(Ordering::Relaxed));
        write!(f, "{values} values read, {failures} not, {} wrong", self.wrong())
    }
}

/// Reads and writes of one client, one after the other.
pub(crate) struct Polls {
    client: Client,
    tally: Tally,
    last: HashMap<Tag, i64>,
    written: i64,
}

impl Polls {
    pub(crate) fn new(client: Client, tally: Tally) -> Polls {
        Polls { client, tally, last: HashMap::new(), written: 0 }
    }

    /// What is read may be bad, or nothing at all, but never older than what was read before.
    pub(crate) async fn read(&mut self, tags: Vec<String>) {
        let count = u64::try_from(tags.len()).unwrap_or_default();
        let readings = self.client.read_many(tags).await.unwrap_or_default();
        let mut values = 0;
        for reading in readings.into_iter().flatten() {
            let Ok(value) = reading.get::<i64>() else { continue };
            values += 1;
            let last = self.last.insert(reading.tag.clone(), value);
            if let Some(last) = last.filter(|last| *last > value) {
                self.tally.note_wrong(format_args!("{} was read as {value} after {last}", reading.tag));
            }
        }
        self.tally.0.values.fetch_add(values, Ordering::Relaxed);
        self.tally.0.failures.fetch_add(count - values, Ordering::Relaxed);
    }

    /// What was written is there, and one that may have landed says so.
    pub(crate) async fn write(&mut self, tag: &str) {
        self.written += 1;
        let written = self.written;
        match self.client.write(tag, written).await {
            Ok(()) => match self.client.read_as::<i64>(tag).await {
                Ok(value) if value < written => {
                    self.tally.note_wrong(format_args!("a write of {written} left {value}"));
                }
                _ => {}
            },
            Err(error @ (Error::Disconnected { .. } | Error::Timeout { .. })) if error.is_retryable() => {
                self.tally.note_wrong(format_args!("a write that may have landed is retryable: {error}"));
            }
            Err(_) => {}
        }
    }
}
