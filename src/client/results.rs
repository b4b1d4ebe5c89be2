//! [`Results`]: what the streaming verbs give, result by result.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::{Client, Error, Operation, Result};

/// The results of a streaming verb, one by one as they come.
///
/// Nothing is sent before the first result is asked for. After that the next chunk is under way while this one is looked
/// at, never more: memory stays small however many results there are, and whoever stops early, by dropping this, stops the
/// work behind it after that chunk.
///
/// An error of one item is that item's result, and the others follow. An error of the whole call is the last result.
///
/// With the feature `stream`, a `futures_core::Stream`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let opc = openopc::open("sim:").await?;
/// let mut results = opc.read_stream(["Random.Int2", "Random.Int4"], &Default::default());
/// while let Some(reading) = results.next().await {
///     println!("{} of {:?}: {}", results.done(), results.total(), reading?.value);
/// }
/// # opc.close().await
/// # }
/// ```
#[must_use = "nothing is sent until the results are asked for"]
pub struct Results<T> {
    operation: Operation,
    work: Work<T>,
    ready: VecDeque<Result<T>>,
    done: usize,
    total: Option<usize>,
}

/// The work behind the results.
enum Work<T> {
    Waiting(Box<dyn FnOnce() -> mpsc::Receiver<Chunk<T>> + Send>),
    Running(mpsc::Receiver<Chunk<T>>),
    Over,
}

enum Chunk<T> {
    Some(Vec<Result<T>>),
    /// Told apart from a work that was cut off.
    End,
}

/// Where the work puts its results.
pub(crate) struct Outlet<T>(mpsc::Sender<Chunk<T>>);

/// Nobody wants the results any more.
pub(crate) struct Unwanted;

impl<T> Outlet<T> {
    /// Waits until the chunk before the last one has been taken: the next chunk may be made.
    pub(crate) async fn wanted(&self) -> Result<(), Unwanted> {
        self.0.reserve().await.map(drop).map_err(|_| Unwanted)
    }

    /// Gives these results to whoever asks.
    pub(crate) async fn put(&self, results: Vec<Result<T>>) -> Result<(), Unwanted> {
        if results.is_empty() {
            return if self.0.is_closed() { Err(Unwanted) } else { Ok(()) };
        }
        self.0.send(Chunk::Some(results)).await.map_err(|_| Unwanted)
    }
}

impl<T: Send + 'static> Results<T> {
    /// The results of `work`, which is begun on the session's runtime once somebody asks, and keeps the session open until
    /// it is done. It ends early when [`Outlet`] says that nobody wants more. `total` is how many results will come, as far
    /// as that is known.
    pub(crate) fn of<F, Fut>(
        client: &Client,
        operation: Operation,
        total: Option<usize>,
        work: F,
    ) -> Results<T>
    where
        F: FnOnce(Client, Outlet<T>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), Unwanted>> + Send + 'static,
    {
        let client = client.clone();
        let start = move || {
            let (sender, chunks) = mpsc::channel(1);
            let runtime = client.inner().runtime().clone();
            runtime.spawn(async move {
                let end = sender.clone();
                if work(client, Outlet(sender)).await.is_ok() {
                    let _ = end.send(Chunk::End).await;
                }
            });
            chunks
        };
        Results { operation, work: Work::Waiting(Box::new(start)), ready: VecDeque::new(), done: 0, total }
    }
}

/// What a call for some of the items gave.
pub(crate) struct Called<T> {
    pub(crate) results: Vec<Result<T>>,
    /// No more calls.
    pub(crate) over: bool,
}

impl<T> From<Vec<Result<T>>> for Called<T> {
    fn from(results: Vec<Result<T>>) -> Called<T> {
        Called { results, over: false }
    }
}

/// Where items come from, and how they are cut.
pub(crate) struct Chunks<I> {
    pub(crate) items: Box<dyn Iterator<Item = I> + Send>,
    /// `None` for as many as is usual.
    pub(crate) size: Option<usize>,
    /// Between two chunks.
    pub(crate) pause: Duration,
}

/// How many items a streaming verb takes at a time, where nothing else is said.
const CHUNK: usize = 1000;

impl<T: Send + 'static> Results<T> {
    /// The results of calls for some of the items at a time. A call that fails is the last.
    pub(crate) fn in_chunks<I, F, Fut>(
        client: &Client,
        operation: Operation,
        chunks: Chunks<I>,
        call: F,
    ) -> Results<T>
    where
        I: Send + 'static,
        F: Fn(Client, Vec<I>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Called<T>>> + Send + 'static,
    {
        let Chunks { mut items, size, pause } = chunks;
        let (least, most) = items.size_hint();
        let total = most.filter(|most| *most == least);
        let size = size.unwrap_or(CHUNK);
        Results::of(client, operation, total, move |client, outlet| async move {
            let mut first = true;
            loop {
                outlet.wanted().await?;
                // It may wait, and may even be fed by another verb of a blocking client.
                let taking = tokio::task::spawn_blocking(move || {
                    let chunk: Vec<I> = items.by_ref().take(size).collect();
                    (items, chunk)
                });
                let chunk: Vec<I>;
                (items, chunk) = match taking.await {
                    Ok(taken) => taken,
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        // The runtime ends, and the results with it.
                        Err(_) => return Err(Unwanted),
                    },
                };
                if chunk.is_empty() {
                    return Ok(());
                }
                if !std::mem::take(&mut first) && !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                match call(client.clone(), chunk).await {
                    Ok(Called { results, over: false }) => outlet.put(results).await?,
                    Ok(Called { results, over: true }) => return outlet.put(results).await,
                    Err(error) => return outlet.put(vec![Err(error)]).await,
                }
            }
        })
    }
}

impl<T> Results<T> {
    /// The next result; `None` after the last. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// How many results were given out.
    pub fn done(&self) -> usize {
        self.done
    }

    /// How many there will be, where that is known beforehand.
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        while self.ready.is_empty() {
            match std::task::ready!(self.poll_chunk(cx)) {
                Some(chunk) => self.ready = chunk.into(),
                None => return Poll::Ready(None),
            }
        }
        self.done += 1;
        Poll::Ready(self.ready.pop_front())
    }

    /// All that have come at once, for callers to whom each wait is dear.
    pub(crate) async fn next_chunk(&mut self) -> Option<Vec<Result<T>>> {
        let chunk = poll_fn(|cx| self.poll_chunk(cx)).await?;
        self.done += chunk.len();
        Some(chunk)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Result<T>>>> {
        if let Work::Waiting(_) = self.work
            && let Work::Waiting(start) = std::mem::replace(&mut self.work, Work::Over)
        {
            self.work = Work::Running(start());
        }
        let Work::Running(chunks) = &mut self.work else { return Poll::Ready(None) };
        match std::task::ready!(chunks.poll_recv(cx)) {
            Some(Chunk::Some(results)) => Poll::Ready(Some(results)),
            Some(Chunk::End) => {
                self.work = Work::Over;
                Poll::Ready(None)
            }
            // The runtime ended under it.
            None => {
                self.work = Work::Over;
                Poll::Ready(Some(vec![Err(Error::Closed { operation: self.operation })]))
            }
        }
    }
}

#[cfg(feature = "stream")]
impl<T> futures_core::Stream for Results<T>
where
    Self: Unpin,
{
    type Item = Result<T>;

    fn poll_next(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.get_mut().poll(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // A call that fails ends the stream early.
        (self.ready.len(), self.total.map(|total| total.saturating_sub(self.done)))
    }
}

impl<T> fmt::Debug for Results<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("operation", &self.operation)
            .field("done", &self.done)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
