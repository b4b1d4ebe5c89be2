//! [`Roaming`]: looks for another server, while the present one is lost and while another may be the better one.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::State;
use crate::client::attempt::{Found, Wanted, attempt};
use crate::client::session::Inner;
use crate::engine::client::{ConnectOptions, pause};

use super::{FailBack, Place, Rank, service_level, survey};

/// A server that was waited for is looked at this often at least.
const SELDOM: Duration = Duration::from_secs(30);

/// Of another server, only how well it is.
const LEVEL: Wanted = Wanted { learn: None, level: true };

type Search = Pin<Box<dyn Future<Output = Option<Found>> + Send>>;

/// What goes on beside the connection where there are several servers: nothing, with only one.
pub(in crate::client) struct Roaming {
    inner: Arc<Inner>,
    search: Option<Search>,
    /// Moves in quick succession.
    moves: u32,
    /// The last one.
    moved: Instant,
}

impl Roaming {
    pub(in crate::client) fn new(inner: Arc<Inner>) -> Roaming {
        Roaming { inner, search: None, moves: 0, moved: Instant::now() }
    }

    fn begin(&mut self, search: impl Future<Output = Option<Found>> + Send + 'static) {
        self.search = (self.inner.servers().places().len() > 1).then(|| -> Search { Box::pin(search) });
    }

    /// The connection is lost: others are tried, while the present server is as well.
    pub(in crate::client) fn lost(&mut self) {
        let moves = self.recent_moves();
        self.begin(seek(self.inner.clone(), moves));
    }

    /// The session works, and all that belongs to it: there may be a better one.
    pub(in crate::client) fn settled(&mut self) {
        let moves = self.recent_moves();
        self.begin(watch(self.inner.clone(), moves));
    }

    /// Sessions that were about to be opened are closed.
    pub(in crate::client) fn stop(&mut self) {
        self.search = None;
    }

    /// Another server is sought for one that is lost.
    pub(in crate::client) fn is_seeking(&self) -> bool {
        self.search.is_some() && self.inner.state() == State::Reconnecting
    }

    /// A server to move to; `None` where there is none, and there are to be no more attempts. Cancel-safe.
    pub(in crate::client) async fn next(&mut self) -> Option<Found> {
        match &mut self.search {
            Some(search) => {
                let found = search.await;
                self.search = None;
                found
            }
            None => std::future::pending().await,
        }
    }

    /// A move, or an attempt at one.
    pub(in crate::client) fn moved(&mut self) {
        self.moves = self.recent_moves().saturating_add(1);
        self.moved = Instant::now();
    }

    /// Who has stayed long enough begins anew: so servers that take turns at being the better one, or accept and drop, are
    /// followed ever more slowly.
    fn recent_moves(&self) -> u32 {
        let longest =
            options(self.inner.servers().places()).map_or(Duration::ZERO, |options| options.max_delay);
        if self.moved.elapsed() > longest { 0 } else { self.moves }
    }
}

/// They differ in nothing but their address.
fn options(places: &[Place]) -> Option<&ConnectOptions> {
    places.first().map(|place| &place.options)
}

/// Tries the other servers in turn until one is there, backing off as the attempts at the present one do.
async fn seek(inner: Arc<Inner>, moves: u32) -> Option<Found> {
    let servers = inner.servers();
    let options = options(servers.places())?;
    // The present one may have kept the session, which loses nothing: it has a start.
    sleep(options.initial_delay).await;
    let mut attempt: u32 = 1;
    loop {
        sleep(pause(options.initial_delay, options.max_delay, moves.saturating_add(attempt))).await;
        let others = (0..servers.places().len()).filter(|index| *index != servers.at());
        let (found, refused) = survey(servers.places(), others, Rank::LEAST, &LEVEL).await;
        for server in refused {
            inner.tell(server.event());
        }
        if found.is_some() {
            return found;
        }
        if options.max_attempts.is_some_and(|most| attempt >= most) {
            return None;
        }
        attempt = attempt.saturating_add(1);
    }
}

/// Looks at the present server, and at the others where that is called for; the one to move to.
async fn watch(inner: Arc<Inner>, moves: u32) -> Option<Found> {
    let servers = inner.servers();
    let options = options(servers.places())?;
    let every = options.keep_alive;
    let mut pace =
        Pace { initial: options.initial_delay, max: options.max_delay, attempt: moves, not_before: None };
    pace.wait_from(Instant::now());
    let mut back = Back::new(&inner);
    loop {
        let looked = Instant::now();
        // Where the connection is the trouble, its loss ends this.
        if let Ok(level) = service_level(&inner.link()).await {
            let rank = Rank::of(level);
            if rank < Rank::HEALTHY && pace.is_due() {
                let others = (0..servers.places().len()).filter(|index| *index != servers.at());
                let (found, refused) = survey(servers.places(), others, rank.above(), &LEVEL).await;
                for server in refused {
                    tracing::debug!(url = %server.url, reason = %server.reason(), "no better server");
                }
                if let Some(found) = found {
                    // It may have recovered meanwhile.
                    let now = service_level(&inner.link()).await.map_or(Rank::LEAST, Rank::of);
                    if found.rank() > now {
                        return Some(found);
                    }
                }
                pace.again();
            } else if rank == Rank::HEALTHY {
                pace.rest();
            }
            if let Some(found) = back.look(&inner, rank, &pace).await {
                return Some(found);
            }
        }
        sleep_until(looked + every).await;
    }
}

/// When others may be looked at again.
struct Pace {
    initial: Duration,
    max: Duration,
    attempt: u32,
    not_before: Option<Instant>,
}

impl Pace {
    fn wait_from(&mut self, now: Instant) {
        self.not_before = (self.attempt > 0).then(|| now + pause(self.initial, self.max, self.attempt));
    }

    fn again(&mut self) {
        self.attempt = self.attempt.saturating_add(1);
        self.wait_from(Instant::now());
    }

    fn rest(&mut self) {
        if self.is_due() {
            self.attempt = 0;
        }
    }

    fn is_due(&self) -> bool {
        self.not_before.is_none_or(|then| Instant::now() >= then)
    }
}

/// The way back to a server that comes earlier in the list.
struct Back {
    /// For how long it must have been there; `None` where nobody goes back.
    after: Option<Duration>,
    every: Duration,
    next: Instant,
    /// Since when each of the earlier servers has been there, and well enough.
    since: Vec<Option<Instant>>,
}

impl Back {
    fn new(inner: &Inner) -> Back {
        let after = match inner.fail_back() {
            FailBack::Never => None,
            FailBack::After(after) => Some(after),
        };
        let keep_alive = options(inner.servers().places()).map_or(SELDOM, |options| options.keep_alive);
        let every = after.map_or(SELDOM, |after| (after / 4).min(SELDOM).max(keep_alive));
        Back { after, every, next: Instant::now(), since: vec![None; inner.servers().at()] }
    }

    /// The first of the earlier servers that has been there for long enough, and is as well as the present one.
    async fn look(&mut self, inner: &Inner, present: Rank, pace: &Pace) -> Option<Found> {
        let after = self.after?;
        if Instant::now() < self.next {
            return None;
        }
        for (index, since) in self.since.iter_mut().enumerate() {
            let asked = Instant::now();
            match attempt(index, inner.servers().places().get(index)?, LEVEL).await {
                Ok(found) if found.rank() >= present => {
                    // From look to look: that one takes long says nothing of how long the server has been there.
                    let since = *since.get_or_insert(asked);
                    if asked.duration_since(since) >= after && pace.is_due() {
                        return Some(found);
                    }
                }
                // Its word must hold from here on.
                Ok(_) => *since = None,
                Err(error) => {
                    tracing::debug!(%error, "not back yet");
                    *since = None;
                }
            }
        }
        self.next = Instant::now() + self.every;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn others_are_asked_ever_more_seldom_until_there_was_peace() {
        let (initial, max) = (Duration::from_millis(500), Duration::from_secs(30));
        let mut pace = Pace { initial, max, attempt: 0, not_before: None };
        pace.wait_from(Instant::now());
        assert!(pace.is_due(), "the first time at once");
        for full in [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].map(Duration::from_millis) {
            pace.again();
            // Between half and all of it.
            tokio::time::advance(full / 4).await;
            pace.rest();
            assert!(!pace.is_due(), "a moment of health is not peace");
            tokio::time::advance(full * 3 / 4).await;
            assert!(pace.is_due());
        }
        pace.rest();
        pace.again();
        tokio::time::advance(initial).await;
        assert!(pace.is_due(), "anew");
    }

    /// So many moves came before, so the first look at others waits as well.
    #[tokio::test(start_paused = true)]
    async fn moves_in_quick_succession_slow_down() {
        let (initial, max) = (Duration::from_millis(500), Duration::from_secs(30));
        let mut pace = Pace { initial, max, attempt: 3, not_before: None };
        pace.wait_from(Instant::now());
        tokio::time::advance(Duration::from_millis(999)).await;
        assert!(!pace.is_due());
        tokio::time::advance(Duration::from_millis(1001)).await;
        assert!(pace.is_due());
    }
}
