//! The runtime of one blocking client, and the way into it from any thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, mpsc};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::client::Inner;
use crate::{Error, Operation, Result};

thread_local! {
    /// The blocking client whose worker this thread is; 0 for none.
    static WORKER_OF: Cell<u64> = const { Cell::new(0) };
}

/// A thread with a runtime, so that keep-alives, reconnects and deliveries go on between calls.
pub(super) struct Worker {
    id: u64,
    runtime: Handle,
    session: Arc<OnceLock<Arc<Inner>>>,
    /// Dropped with the worker.
    _wanted: oneshot::Sender<()>,
}

impl Worker {
    pub(super) fn start() -> Result<Worker> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let failed = |error| Error::Config(format!("cannot start a runtime: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let session = Arc::<OnceLock<Arc<Inner>>>::default();
        let (wanted, unwanted) = oneshot::channel::<()>();
        let kept = session.clone();
        let run = move || {
            WORKER_OF.set(id);
            runtime.block_on(async {
                let _ = unwanted.await;
                // The goodbye takes a moment, and whoever dropped the client must not wait for it. Without it the server
                // would keep the session until it times out.
                if let Some(session) = kept.get() {
                    session.closed().await;
                }
            });
        };
        std::thread::Builder::new().name("openopc-blocking".into()).spawn(run).map_err(failed)?;
        Ok(Worker { id, runtime: handle, session, _wanted: wanted })
    }

    /// The session that lives here: the thread ends after it.
    pub(super) fn keep(&self, session: &Arc<Inner>) {
        let _ = self.session.set(session.clone());
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
        if WORKER_OF.get() == self.id {
            return Err(Error::Reentrant { operation });
        }
        let (sender, answer) = mpsc::sync_channel(1);
        self.runtime.spawn(async move {
            // Nobody waits only if the calling thread is gone.
            let _ = sender.send(future.await);
        });
        answer.recv().unwrap_or(Err(Error::Closed { operation }))
    }
}
