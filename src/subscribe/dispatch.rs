//! The thread that runs a subscription's callback.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, ThreadId};

use tokio::sync::watch;

use crate::{Error, Reading, Result};

use super::queue::{Queue, Taken};

/// A running callback thread.
pub(crate) struct Dispatcher {
    thread: ThreadId,
    /// Closed once the callback will never be called again.
    done: watch::Receiver<()>,
}

impl Dispatcher {
    /// Calls `callback` with every reading of the queue until it is closed.
    ///
    /// A thread rather than a task: the callback may block, and may use the blocking client.
    pub(crate) fn start(
        queue: Arc<Queue>,
        mut callback: Box<dyn FnMut(Reading) + Send>,
    ) -> Result<Dispatcher> {
        let (alive, done) = watch::channel(());
        let run = move || {
            let mut taken = Taken::default();
            while let Some((slot, reading)) = queue.take(&mut taken) {
                if catch_unwind(AssertUnwindSafe(|| callback(reading))).is_err() {
                    queue.count_panic();
                    // None where it was removed meanwhile.
                    let tag = queue.tag(slot).map(tracing::field::display);
                    tracing::error!(tag, "a subscription callback panicked; the next reading goes on");
                }
            }
            // What the callback owns may panic as well when it goes; the thread ends either way.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(callback)));
            drop(alive);
        };
        let handle = thread::Builder::new()
            .name("openopc-callback".into())
            .spawn(run)
            .map_err(|error| Error::Config(format!("cannot start a callback thread: {error}")))?;
        Ok(Dispatcher { thread: handle.thread().id(), done })
    }

    /// This is the callback's own thread.
    pub(crate) fn is_current(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Resolves once the callback will never be called again; at once inside the callback itself, which cannot wait for
    /// its own end.
    pub(crate) async fn finished(&mut self) {
        if !self.is_current() {
            while self.done.changed().await.is_ok() {}
        }
    }
}
