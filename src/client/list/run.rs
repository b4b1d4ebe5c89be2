//! The walk with its server: asks, waits for connections that are lost, and gives entries away.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::engine::client::{Failure, Page, PageResult};
use crate::{Client, Error, Result, State};

use super::rules::Rules;
use super::spaces::Spaces;
use super::walk::{Ask, Walk};
use super::{Entry, ListOptions, OPERATION, Patterns};
use crate::client::limits::Service;
use crate::client::results::{Outlet, Unwanted};

/// How many entries are made ready at a time.
const CHUNK: usize = 2_000;

/// Before a call is tried again that failed for no reason the session knows of.
const PAUSE: Duration = Duration::from_millis(100);

/// A listing under way.
pub(super) struct Run {
    pub(super) client: Client,
    pub(super) options: ListOptions,
    pub(super) spaces: Spaces,
    /// How many entries may still be given.
    left: usize,
    /// The namespaces have been read anew, so it may be another session.
    renewed: bool,
    /// Since when nothing has worked.
    trouble: Option<Instant>,
}

/// Why a listing ends before the end.
pub(super) enum Stop {
    Unwanted,
    Enough,
    Failed(Error),
}

impl From<Unwanted> for Stop {
    fn from(_: Unwanted) -> Stop {
        Stop::Unwanted
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

pub(super) async fn run(
    client: Client,
    patterns: Patterns,
    options: ListOptions,
    outlet: Outlet<Entry>,
) -> Result<(), Unwanted> {
    let left = options.limit.unwrap_or(usize::MAX);
    let mut run = Run { client, options, spaces: Spaces::default(), left, renewed: false, trouble: None };
    let mut patterns = patterns.0.into_iter();
    let Some(first) = patterns.next() else { return Ok(()) };
    let mut walk = Walk::new(Rules::new(&first, &run.options), run.options.limit);
    let stop = loop {
        match run.pattern(&mut walk, &outlet).await {
            Ok(()) => match patterns.next() {
                Some(pattern) => walk.restart(Rules::new(&pattern, &run.options)),
                None => break None,
            },
            Err(stop) => break Some(stop),
        }
    };
    let end = match stop {
        None | Some(Stop::Enough) => Ok(()),
        Some(Stop::Unwanted) => Err(Unwanted),
        Some(Stop::Failed(error)) => outlet.put(vec![Err(error)]).await,
    };
    run.release(&mut walk).await;
    end
}

impl Run {
    async fn pattern(&mut self, walk: &mut Walk, outlet: &Outlet<Entry>) -> Result<(), Stop> {
        self.client.inner().check_connected(OPERATION)?;
        loop {
            outlet.wanted().await?;
            if self.left == 0 {
                return Err(Stop::Enough);
            }
            let found = walk.ready(CHUNK);
            if !found.is_empty() {
                let mut entries = self.finish(found).await?;
                self.left -= cut(&mut entries, self.left);
                outlet.put(entries).await?;
                continue;
            }
            self.connected().await?;
            if std::mem::take(&mut self.renewed) {
                // Continuation points are the session's, and another session may have others of the same name.
                walk.begin_again();
            }
            let limit = self.client.inner().limits().chunk(Service::Browse);
            match walk.ask(limit) {
                Some(ask) => self.ask(walk, ask).await?,
                None => return Ok(()),
            }
        }
    }

    /// One request. Whatever comes of it, the walk knows.
    async fn ask(&mut self, walk: &mut Walk, ask: Ask) -> Result<(), Stop> {
        let (sent, answer) = self.send(ask).await;
        let inner = self.client.inner().clone();
        match answer {
            // The server has been away: it may mean other nodes than we did.
            Ok(_) if !self.is_same() => walk.unanswered(),
            Ok(pages) => {
                self.trouble = None;
                let pages = pages.into_iter().map(|page| self.page_in(page)).collect();
                walk.answered(pages);
            }
            Err(failure) if failure.is_too_much() => {
                inner.limits().halve(Service::Browse, sent, &failure);
                if !walk.less() {
                    return Err(inner.error(OPERATION, failure).into());
                }
            }
            Err(failure) if failure.is_timeout() => {
                // Perhaps it was more than the server can do in the time.
                walk.less();
                self.wait(failure).await?;
            }
            Err(failure) => {
                walk.unanswered();
                self.wait(failure).await?;
            }
        }
        Ok(())
    }

    /// How many operations the request had, and the answer.
    async fn send(&self, ask: Ask) -> (usize, Result<Vec<PageResult>, Failure>) {
        let link = self.client.inner().link();
        match ask {
            Ask::Next(points) => (points.len(), link.next_pages(points).await),
            Ask::Browse { nodes, most } => {
                let there: Vec<_> = nodes.iter().map(|node| self.spaces.node_out(node)).collect();
                let known: Vec<_> = there.iter().flatten().cloned().collect();
                let most = u32::try_from(most).unwrap_or(u32::MAX);
                let sent = known.len();
                let answer =
                    if known.is_empty() { Ok(Vec::new()) } else { link.browse_pages(known, most).await };
                (sent, answer.map(|answer| spread(&there, answer)))
            }
        }
    }

    /// Nothing has happened to the connection since [`connected`](Self::connected): what was sent and what has come mean
    /// the same nodes.
    pub(super) fn is_same(&self) -> bool {
        let inner = self.client.inner();
        inner.state() == State::Connected && self.spaces.is(&inner.resolver().namespaces())
    }

    fn page_in(&mut self, page: PageResult) -> PageResult {
        let Page { children, next } = page?;
        Ok(Page { children: children.into_iter().map(|child| self.spaces.child_in(child)).collect(), next })
    }

    /// Waits until the session works, and then takes its namespaces as they are.
    pub(super) async fn connected(&mut self) -> Result<(), Stop> {
        let inner = self.client.inner().clone();
        if inner.state() == State::Reconnecting {
            let since = *self.trouble.get_or_insert_with(Instant::now);
            let left = self.options.patience.saturating_sub(since.elapsed());
            // Whoever waits too long is told so below.
            let _ = timeout(left, inner.not_reconnecting()).await;
        }
        inner.check_connected(OPERATION)?;
        self.renewed |= self.spaces.renew(inner.resolver().namespaces());
        Ok(())
    }

    /// After a call that failed: `Ok` where it is to be tried again.
    pub(super) async fn wait(&mut self, failure: Failure) -> Result<(), Stop> {
        let inner = self.client.inner().clone();
        let passing =
            failure.is_disconnected() || failure.is_timeout() || inner.state() == State::Reconnecting;
        let since = *self.trouble.get_or_insert_with(Instant::now);
        if !passing || inner.state() == State::Closed || since.elapsed() >= self.options.patience {
            return Err(inner.error(OPERATION, failure).into());
        }
        // The session hears of a lost connection a moment later than the call that it ended.
        sleep(PAUSE).await;
        Ok(())
    }

    /// What has worked ends the trouble.
    pub(super) fn works(&mut self) {
        self.trouble = None;
    }

    /// Places the server keeps for us, which nobody needs any more.
    async fn release(&self, walk: &mut Walk) {
        let points = walk.abandon();
        let inner = self.client.inner();
        if inner.state() != State::Connected {
            return;
        }
        for points in points.chunks(inner.limits().chunk(Service::Browse)) {
            if let Err(failure) = inner.link().release_pages(points.to_vec()).await {
                tracing::debug!(status = %failure.status, "continuation points not released");
            }
        }
    }
}

/// Ends with the `most`-th entry, however many errors are among them, for what is cut off is not found again; the number
/// of entries.
fn cut(entries: &mut Vec<Result<Entry>>, most: usize) -> usize {
    let mut count = 0;
    entries.retain(|entry| {
        let keep = count < most;
        count += usize::from(keep && entry.is_ok());
        keep
    });
    count
}

/// The answers where they belong; nodes whose namespace is gone were not asked for.
fn spread(there: &[Option<crate::NodeId>], answer: Vec<PageResult>) -> Vec<PageResult> {
    let mut answer = answer.into_iter();
    let gone = crate::status::code::BAD_NODE_ID_UNKNOWN;
    there.iter().map(|node| node.as_ref().and_then(|_| answer.next()).unwrap_or(Err(gone))).collect()
}
