//! [`Batch`]: reads that run at the same time go out as one request.
//!
//! An idle client sends a read at once, on the caller's own task, and takes along those that other tasks are about to make.
//! While it is in flight, reads that arrive wait; when it returns they go out together, up to the server's limit. A request that stays out for [`PATIENCE`] no longer holds the
//! others up. Sixty-four single reads as one request cost little more than one read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::engine::Sample;
use crate::engine::client::Failure;
use crate::status::code;

/// How long reads wait behind a request that does not return.
const PATIENCE: Duration = Duration::from_millis(50);
/// How many requests may be out at once when the server is slow; PLCs allow only a few.
const MAX_IN_FLIGHT: usize = 8;

/// Where batched reads go: the server, or a stand-in in tests.
pub(crate) trait Wire: Send + Sync + 'static {
    type Item: Clone + Send + Sync + 'static;

    /// How many items one request takes.
    fn limit(&self) -> usize;

    /// Reads the items, cut to the limit, one sample each in order.
    fn read(
        &self,
        items: &[Self::Item],
        max_age: f64,
    ) -> impl Future<Output = Result<Vec<Sample>, Failure>> + Send;
}

pub(crate) struct Batch<W: Wire> {
    shared: Arc<Shared<W>>,
}

struct Shared<W: Wire> {
    wire: W,
    queue: Mutex<Queue<W::Item>>,
    runtime: Handle,
}

struct Queue<I> {
    in_flight: usize,
    waiting: VecDeque<Waiting<I>>,
}

/// How a read finds the client.
enum Entry<I> {
    /// Nothing is out: these items go now.
    Idle(Vec<I>),
    /// Something is out: the answer comes with the next request.
    Waiting(oneshot::Receiver<Result<Vec<Sample>, Failure>>),
}

struct Waiting<I> {
    items: Vec<I>,
    max_age: f64,
    reply: oneshot::Sender<Result<Vec<Sample>, Failure>>,
}

impl<W: Wire> Batch<W> {
    /// Merged requests run on `runtime`.
    pub(crate) fn new(wire: W, runtime: Handle) -> Batch<W> {
        let queue = Mutex::new(Queue { in_flight: 0, waiting: VecDeque::new() });
        Batch { shared: Arc::new(Shared { wire, queue, runtime }) }
    }

    /// One sample per item, in order. Dropping the future takes the read back without disturbing the others.
    pub(crate) async fn read(
        &self,
        items: Vec<W::Item>,
        max_age: f64,
        timeout: Duration,
    ) -> Result<Vec<Sample>, Failure> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let shared = &self.shared;
        let mut reply = match shared.enter(items, max_age) {
            Entry::Idle(items) => {
                let flight = Flight(shared);
                // Whoever else is ready to read comes along; where nobody is, this costs a microsecond.
                tokio::task::yield_now().await;
                match shared.join_waiting(items, max_age) {
                    Entry::Idle(items) => return shared.wire.read(&items, max_age).await,
                    Entry::Waiting(reply) => {
                        drop(flight);
                        reply
                    }
                }
            }
            Entry::Waiting(reply) => reply,
        };
        let start = Instant::now();
        if let Ok(answer) = tokio::time::timeout(PATIENCE.min(timeout), &mut reply).await {
            return answer.unwrap_or_else(|_| Err(gone()));
        }
        shared.go_around();
        match tokio::time::timeout_at(start + timeout, reply).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(gone())),
            Err(_) => Err(Failure { status: code::BAD_TIMEOUT, detail: String::new() }),
        }
    }
}

fn gone() -> Failure {
    Failure { status: code::BAD_SHUTDOWN, detail: "the runtime has ended".into() }
}

/// A request that is out. When it ends, however it ends, those who waited go out.
struct Flight<'a, W: Wire>(&'a Arc<Shared<W>>);

impl<W: Wire> Drop for Flight<'_, W> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.in_flight -= 1;
        self.0.launch(queue);
    }
}

impl<W: Wire> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, Queue<W::Item>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, items: Vec<W::Item>, max_age: f64) -> Entry<W::Item> {
        let mut queue = self.lock();
        if queue.in_flight == 0 {
            queue.in_flight = 1;
            return Entry::Idle(items);
        }
        let (reply, answer) = oneshot::channel();
        queue.waiting.push_back(Waiting { items, max_age, reply });
        Entry::Waiting(answer)
    }

    /// Lines up before those who have come meanwhile, if there are any: they go out together.
    fn join_waiting(&self, items: Vec<W::Item>, max_age: f64) -> Entry<W::Item> {
        let mut queue = self.lock();
        if queue.waiting.is_empty() {
            return Entry::Idle(items);
        }
        let (reply, answer) = oneshot::channel();
        queue.waiting.push_front(Waiting { items, max_age, reply });
        Entry::Waiting(answer)
    }

    /// The request ahead takes too long: the waiting ones go past it.
    fn go_around(self: &Arc<Self>) {
        let queue = self.lock();
        if queue.in_flight < MAX_IN_FLIGHT {
            self.launch(queue);
        }
    }

    /// Sends what waits, as much as fits one request.
    fn launch(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue<W::Item>>) {
        let group = queue.next_group(self.wire.limit());
        if group.is_empty() {
            return;
        }
        queue.in_flight += 1;
        drop(queue);
        let shared = self.clone();
        self.runtime.spawn(async move {
            let _flight = Flight(&shared);
            send(&shared.wire, group).await;
        });
    }
}

impl<I> Queue<I> {
    /// The first that waits and all behind it with the same age that fit beside it. Those whose caller has gone are
    /// dropped.
    fn next_group(&mut self, limit: usize) -> Vec<Waiting<I>> {
        self.waiting.retain(|waiting| !waiting.reply.is_closed());
        let Some(first) = self.waiting.pop_front() else { return Vec::new() };
        let (max_age, mut size) = (first.max_age, first.items.len());
        let mut group = vec![first];
        while let Some(next) = self.waiting.front() {
            // Equal ages come from the same constant.
            if next.max_age.to_bits() != max_age.to_bits() || size + next.items.len() > limit {
                break;
            }
            size += next.items.len();
            group.extend(self.waiting.pop_front());
        }
        group
    }
}

/// One request for all, and to each his own part of the answer.
async fn send<W: Wire>(wire: &W, group: Vec<Waiting<W::Item>>) {
    let max_age = group.first().map_or(0.0, |first| first.max_age);
    let items: Vec<W::Item> = group.iter().flat_map(|waiting| waiting.items.iter().cloned()).collect();
    match wire.read(&items, max_age).await {
        Ok(samples) if samples.len() == items.len() => {
            let mut samples = samples.into_iter();
            for waiting in group {
                let part = samples.by_ref().take(waiting.items.len()).collect();
                let _ = waiting.reply.send(Ok(part));
            }
        }
        Ok(samples) => {
            for waiting in group {
                let _ = waiting.reply.send(Err(Failure::wrong_count(items.len(), samples.len())));
            }
        }
        // One caller's item can make a server refuse the whole request; the others must not pay for it.
        Err(failure) if group.len() > 1 && !failure.is_disconnected() && !failure.is_timeout() => {
            for waiting in group {
                let answer = wire.read(&waiting.items, max_age).await;
                let _ = waiting.reply.send(answer);
            }
        }
        Err(failure) => {
            for waiting in group {
                let _ = waiting.reply.send(Err(failure.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
