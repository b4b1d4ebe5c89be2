//! The runtime of one blocking client, and the way into it from any thread.

use std::cell::Cell;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

use crate::{Error, Operation, Result};

thread_local! {
    /// This thread is the worker of a blocking client.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// A runtime with one worker, so that keep-alives, reconnects and deliveries go on between calls.
#[derive(Debug)]
pub(super) struct Worker {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Worker {
    pub(super) fn start() -> Result<Worker> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("openopc-blocking")
            .on_thread_start(|| IS_WORKER.set(true))
            .enable_all()
            .build()
            .map_err(|error| Error::Config(format!("cannot start a runtime: {error}")))?;
        Ok(Worker { runtime: Some(runtime) })
    }

    /// Runs `future` on the worker and waits for it here.
    ///
    /// A channel rather than `block_on`: this works on any thread, inside another runtime's tasks as well. Only the worker
    /// itself cannot wait for itself.
    pub(super) fn run<T, F>(&self, operation: Operation, future: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        if IS_WORKER.get() {
            return Err(Error::Reentrant { operation });
        }
        let Some(runtime) = &self.runtime else { return Err(Error::Closed { operation }) };
        let (sender, answer) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            // Nobody waits only if the calling thread is gone.
            let _ = sender.send(future.await);
        });
        answer.recv().unwrap_or(Err(Error::Closed { operation }))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting here would block, and panic inside another runtime.
            runtime.shutdown_background();
        }
    }
}
