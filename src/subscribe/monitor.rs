//! [`Monitor`]: the subscriptions of one client, and the few on the server that carry them.
//!
//! Servers allow few subscriptions, so all of ours with one refresh rate share one of theirs. A task of its own talks to
//! the server, one thing after the other; notifications do not pass through it but go straight to the queues.

mod carrier;
mod heart;
mod making;
mod routes;
mod task;
mod watchdog;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::client::Inner;
use crate::engine::Sample;
use crate::engine::client::Link;
use crate::status::code;
use crate::{Error, Operation, Result, Status, Tag};

use super::queue::Queue;
use super::{Refresh, SubscribeOptions};
use task::Command;

/// One subscription of the user's: what was asked for, and where readings go.
pub(crate) struct Feed {
    id: u64,
    options: SubscribeOptions,
    pub(crate) queue: Arc<Queue>,
    granted: Mutex<Refresh>,
    rejected: Mutex<HashMap<Tag, Status>>,
}

impl Feed {
    pub(crate) fn new(options: SubscribeOptions) -> Feed {
        let queue = Queue::new(options.capacity, options.overflow);
        Feed::with(options, queue)
    }

    /// Nobody reads it: only the newest value of every tag is kept.
    pub(crate) fn held(options: SubscribeOptions) -> Feed {
        Feed::with(options, Queue::held())
    }

    fn with(options: SubscribeOptions, queue: Queue) -> Feed {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Feed {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            queue: Arc::new(queue),
            granted: Mutex::new(options.refresh),
            rejected: Mutex::default(),
            options,
        }
    }

    pub(crate) fn options(&self) -> &SubscribeOptions {
        &self.options
    }

    pub(crate) fn granted(&self) -> Refresh {
        *lock(&self.granted)
    }

    pub(crate) fn rejected(&self) -> Vec<(Tag, Status)> {
        let mut rejected: Vec<(Tag, Status)> =
            lock(&self.rejected).iter().map(|(tag, status)| (tag.clone(), *status)).collect();
        rejected.sort_unstable_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        rejected
    }

    fn reject(&self, tag: &Tag, status: Status) {
        lock(&self.rejected).insert(tag.clone(), status);
    }

    fn accept(&self, tag: &Tag) {
        lock(&self.rejected).remove(tag);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The way to the task, and to the queues without it.
pub(crate) struct Monitor {
    commands: mpsc::UnboundedSender<Command>,
    feeds: Arc<Mutex<HashMap<u64, Arc<Feed>>>>,
}

impl Monitor {
    /// Starts the task; it ends with [`close`](Monitor::close).
    pub(crate) fn start(inner: &Arc<Inner>) -> Monitor {
        let (commands, inbox) = mpsc::unbounded_channel();
        let feeds = Arc::new(Mutex::new(HashMap::new()));
        // Not on the caller's runtime, which may end before the session does.
        inner.runtime().spawn(task::run(inner.clone(), commands.downgrade(), inbox));
        Monitor { commands, feeds }
    }

    /// Adds tags to a subscription, which begins with its first ones.
    pub(crate) async fn add(&self, feed: &Arc<Feed>, tags: Vec<Tag>) -> Result<()> {
        lock(&self.feeds).insert(feed.id, feed.clone());
        let (reply, answer) = oneshot::channel();
        self.send(Command::Add { feed: feed.clone(), tags, reply });
        answer.await.unwrap_or(Err(Error::Closed { operation: Operation::Subscribe }))
    }

    pub(crate) async fn remove(&self, feed: &Arc<Feed>, tags: Vec<Tag>) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Remove { feed: feed.clone(), tags, reply });
        answer.await.map_err(|_| Error::Closed { operation: Operation::Subscribe })
    }

    /// Ends a subscription; resolves when the server was told.
    pub(crate) async fn end(&self, feed: &Arc<Feed>) {
        lock(&self.feeds).remove(&feed.id);
        let (reply, answer) = oneshot::channel();
        self.send(Command::End { feed: feed.id, reply: Some(reply) });
        // No answer means that the client is closed and the server has forgotten everything.
        let _ = answer.await;
    }

    /// Ends a subscription without waiting.
    pub(crate) fn end_later(&self, feed: &Arc<Feed>) {
        lock(&self.feeds).remove(&feed.id);
        self.send(Command::End { feed: feed.id, reply: None });
    }

    /// The last value that a subscription holds for a tag, the newest where several do.
    pub(crate) fn last(&self, tag: &Tag) -> Option<Sample> {
        let feeds: Vec<Arc<Feed>> = lock(&self.feeds).values().cloned().collect();
        let samples = feeds.iter().filter_map(|feed| feed.queue.last(tag));
        samples.max_by_key(|sample| sample.server_time.or(sample.source_time))
    }

    /// The connection is gone: every tag of every subscription says so.
    pub(crate) fn lost(&self) {
        let feeds: Vec<Arc<Feed>> = lock(&self.feeds).values().cloned().collect();
        for feed in feeds {
            // A quality, not an error (Part 8, Table A.65).
            feed.queue.push_lost(code::BAD_NO_COMMUNICATION);
        }
        self.send(Command::Lost);
    }

    /// The server says it has no subscription at all: those that should be there are made again.
    pub(crate) fn check(&self) {
        self.send(Command::Check);
    }

    /// The connection is back: takes up on the server what it kept, and makes the rest anew. Lined up by the call, not by the first poll.
    pub(crate) fn restore(&self, link: Arc<Link>, resumed: bool) -> impl Future<Output = ()> + use<> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Restore { link, resumed, reply });
        async move {
            let _ = answer.await;
        }
    }

    /// The client is closed: what waits is still delivered, then the callbacks end.
    pub(crate) fn close(&self) {
        for (_, feed) in lock(&self.feeds).drain() {
            feed.queue.finish();
        }
        self.send(Command::Close);
    }

    fn send(&self, command: Command) {
        // Fails only once the task has ended with the client; whoever waits sees its reply dropped.
        let _ = self.commands.send(command);
    }
}
