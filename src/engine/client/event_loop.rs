//! The engine's event loop as a short list of events, and the pace of its reconnects.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_core::Stream;
use opcua::client::{Session, SessionActivity, SessionConnectMode, SessionPollResult, SubscriptionActivity};
use opcua::types::{MessageSecurityMode, StatusCode};
use tokio::sync::mpsc;

use crate::Status;

use super::connect::{Asked, Driven, Now, Other, ask_again};
use super::{ConnectError, Failure, Link};

/// What happens to a connection.
pub(crate) enum LinkEvent {
    /// The session works; `resumed` where it is the same one as before.
    Connected { resumed: bool },
    /// The connection is gone; the engine goes on to reconnect.
    Lost(Status),
    /// An attempt to connect failed; the detail says what it means and what to do, where that is known.
    Failed(Failure),
    /// The server has changed what it offers, its certificate for example. The next attempt is made with this session in the
    /// place of the old one, which is over.
    Renewed(Link),
    /// The server has no subscription to publish for.
    NothingToPublish,
    /// The next attempt, the `attempt`-th since the loss, comes `after` this time.
    Retrying { attempt: u32, after: Duration },
}

/// Something that goes on beside a connection, in the same task.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) type Events = Pin<Box<dyn Stream<Item = Result<SessionPollResult, StatusCode>> + Send>>;

/// Drives the connection: nothing happens on it unless [`next`](EventLoop::next) is polled.
pub(crate) struct EventLoop {
    driven: Driven,
    backoff: Arc<Backoff>,
    retries: mpsc::UnboundedReceiver<LinkEvent>,
    session: Arc<Session>,
    asked: Asked,
    /// There has been a session: whoever opens the first one knows what the server offers.
    established: bool,
    /// The server is to be asked what it offers now before the next attempt.
    ask_first: bool,
    /// It is being asked, because an attempt failed so or before there is one.
    asking: Option<(Option<Failure>, Asking)>,
    /// What follows the event before.
    next: Option<LinkEvent>,
    /// Keep-alives in a row that nobody answered.
    unanswered: u32,
    /// Hanging up on a server that is silent.
    hanging_up: Option<Task>,
}

type Asking = Pin<Box<dyn Future<Output = Result<Now, ConnectError>> + Send>>;

/// So many unanswered keep-alives in a row are a lost connection.
const MAX_UNANSWERED: u32 = 2;

impl EventLoop {
    pub(super) fn new(
        session: Arc<Session>,
        driven: Driven,
        backoff: Arc<Backoff>,
        retries: mpsc::UnboundedReceiver<LinkEvent>,
        asked: Asked,
    ) -> EventLoop {
        EventLoop {
            driven,
            backoff,
            retries,
            session,
            asked,
            established: false,
            ask_first: false,
            asking: None,
            next: None,
            unanswered: 0,
            hanging_up: None,
        }
    }

    /// The next event; `None` once the connection is closed for good. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<LinkEvent> {
        loop {
            if let Some(event) = self.next.take() {
                return Some(event);
            }
            if self.ask_first && self.asking.is_none() {
                if self.is_tired() {
                    tracing::error!("the attempts are used up");
                    return None;
                }
                let (asked, backoff) = (self.asked.clone(), self.backoff.clone());
                let asking: Asking = Box::pin(async move {
                    backoff.wait().await;
                    ask_again(&asked, &backoff).await
                });
                self.asking = Some((None, asking));
            }
            if let Some((_, asking)) = &mut self.asking {
                let now = tokio::select! {
                    biased;
                    Some(retry) = self.retries.recv() => return Some(retry),
                    now = asking => now,
                };
                match self.asking.take() {
                    Some((Some(failure), _)) => return Some(self.answered_after(failure, now)),
                    Some((None, _)) => match self.answered_before(now) {
                        Some(event) => return Some(event),
                        None => continue,
                    },
                    None => continue,
                }
            }
            let event = tokio::select! {
                biased;
                Some(retry) = self.retries.recv() => return Some(retry),
                event = std::future::poll_fn(|cx| self.driven.events.as_mut().poll_next(cx)) => event,
                () = progress(&mut self.hanging_up) => {
                    self.hanging_up = None;
                    continue;
                }
            };
            match event? {
                Ok(SessionPollResult::Reconnected(mode)) => {
                    (self.established, self.ask_first) = (true, false);
                    self.backoff.reset();
                    self.driven.nonce.keep();
                    return Some(LinkEvent::Connected {
                        resumed: matches!(mode, SessionConnectMode::ReactivatedSession(_)),
                    });
                }
                Ok(SessionPollResult::ConnectionLost(status)) => {
                    self.ask_first = self.is_secure();
                    return Some(LinkEvent::Lost(Status::from_bits(status.bits())));
                }
                Ok(SessionPollResult::ReconnectFailed(status)) => {
                    let mut failure = Failure::new(status, "");
                    failure.detail = self.asked.options.hint(failure.status);
                    self.ask_first = self.established && self.is_secure();
                    // Who is there and turns us away may have changed.
                    if self.ask_first || !self.established || !self.backoff.is_answered() {
                        return Some(LinkEvent::Failed(failure));
                    }
                    let (asked, backoff) = (self.asked.clone(), self.backoff.clone());
                    let asking: Asking = Box::pin(async move { ask_again(&asked, &backoff).await });
                    self.asking = Some((Some(failure), asking));
                }
                Ok(SessionPollResult::Subscription(SubscriptionActivity::PublishFailed(
                    StatusCode::BadNoSubscription,
                ))) => return Some(LinkEvent::NothingToPublish),
                Ok(SessionPollResult::SessionActivity(activity)) => self.keep_alive(&activity),
                // Messages and publishes come by the thousand; they have their own ways out.
                Ok(_) => {}
                // The attempts are used up, or the engine cannot go on.
                Err(status) => {
                    tracing::error!(%status, "the connection has ended for good");
                    return None;
                }
            }
        }
    }

    /// With security the server is asked before each attempt: one with another certificate cannot read what was meant for the
    /// old one, and some (asyncua 2.1) say nothing to it, for which the engine waits half a minute (async-opcua-client 0.19,
    /// `transport/channel.rs`).
    fn is_secure(&self) -> bool {
        self.asked.endpoint.security_mode != MessageSecurityMode::None
    }

    /// As many attempts have been made since the loss as there may be. The engine counts only its own.
    fn is_tired(&self) -> bool {
        // One is counted before the first, and the first is none again.
        self.asked.options.max_attempts.is_some_and(|most| self.backoff.attempts() > most.saturating_add(1))
    }

    /// An attempt failed so, and the server has been asked why that may be.
    fn answered_after(&mut self, failure: Failure, now: Result<Now, ConnectError>) -> LinkEvent {
        LinkEvent::Failed(match now {
            Ok(Now::Same) => failure,
            Ok(Now::Other(other)) => {
                self.backoff.hurry();
                let detail = self.renew(*other).detail;
                Failure { detail, ..failure }
            }
            Err(refusal) => {
                let refusal = refusal.into_failure(&self.asked.options);
                let away = refusal.is_disconnected() || refusal.is_timeout();
                if away { failure } else { refusal }
            }
        })
    }

    /// The server has been asked before an attempt, which is made if this is nothing.
    fn answered_before(&mut self, now: Result<Now, ConnectError>) -> Option<LinkEvent> {
        let failure = match now {
            Ok(Now::Same) => {
                self.ask_first = false;
                self.backoff.skip();
                return None;
            }
            Ok(Now::Other(other)) => {
                self.ask_first = false;
                self.backoff.skip();
                self.renew(*other)
            }
            Err(refusal) => refusal.into_failure(&self.asked.options),
        };
        Some(LinkEvent::Failed(failure))
    }

    /// Another session takes the place of the old one; why.
    fn renew(&mut self, other: Other) -> Failure {
        let Other { asked, link, driven } = other;
        let failure = if asked.endpoint.server_certificate == self.asked.endpoint.server_certificate {
            let detail = "the server now offers something else; going on with that";
            Failure::new(StatusCode::BadSecurityPolicyRejected, detail)
        } else {
            let detail = "the server has changed its certificate; going on with the new one";
            Failure::new(StatusCode::BadCertificateInvalid, detail)
        };
        self.asked = asked;
        self.driven = driven;
        self.session = link.session.clone();
        self.next = Some(LinkEvent::Renewed(link));
        failure
    }

    /// Counts keep-alives that were not answered. The engine's own count is switched off: it takes a server that answers
    /// that it is suspended, or hides its state, for one that does not answer (async-opcua-client 0.19,
    /// `session/event_loop.rs`), and would reconnect for ever.
    fn keep_alive(&mut self, activity: &SessionActivity) {
        match activity {
            SessionActivity::KeepAliveFailed(status) if Failure::new(*status, "").is_timeout() => {
                self.unanswered += 1;
                if self.unanswered >= MAX_UNANSWERED && self.hanging_up.is_none() {
                    self.unanswered = 0;
                    let session = self.session.clone();
                    // Closes the transport without waiting for an answer; the engine then reconnects.
                    self.hanging_up = Some(Box::pin(async move { session.channel().close_channel().await }));
                }
            }
            _ => self.unanswered = 0,
        }
    }
}

/// Moves a task on, if there is one.
pub(crate) async fn progress(task: &mut Option<Task>) {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// The pause before the `attempt`-th attempt: between half and all of `initial * 2^(attempt - 1)`, capped.
pub(crate) fn pause(initial: Duration, max: Duration, attempt: u32) -> Duration {
    let full = initial.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(max);
    // A fresh hasher's keys are random enough to spread clients.
    let random = RandomState::new().build_hasher().finish() % 1000;
    let share = u32::try_from(random).unwrap_or_default();
    full / 2 + full / 2 * share / 1000
}

/// How long to wait before each attempt: none before the first, then doubling up to a maximum, with jitter so that a
/// thousand clients of one server do not return in the same instant.
///
/// The engine's own back-off has no jitter (async-opcua-client 0.19, `retry.rs`), so it is set to next to nothing and
/// our connector waits instead.
pub(super) struct Backoff {
    initial: Duration,
    max: Duration,
    attempts: AtomicU32,
    /// Somebody answered the last attempt, whatever it was.
    answered: AtomicBool,
    /// The next attempt does not wait.
    at_once: AtomicBool,
    /// No attempt since the loss was without a wait.
    may_hurry: AtomicBool,
    events: mpsc::UnboundedSender<LinkEvent>,
}

impl Backoff {
    pub(super) fn new(initial: Duration, max: Duration, events: mpsc::UnboundedSender<LinkEvent>) -> Backoff {
        Backoff {
            initial,
            max,
            attempts: AtomicU32::new(0),
            answered: AtomicBool::new(false),
            at_once: AtomicBool::new(false),
            may_hurry: AtomicBool::new(true),
            events,
        }
    }

    pub(super) async fn wait(&self) {
        self.answered.store(false, Ordering::Relaxed);
        if self.at_once.swap(false, Ordering::Relaxed) {
            return;
        }
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        if attempt == 0 {
            return;
        }
        let after = pause(self.initial, self.max, attempt);
        // Nobody listens only when the client is gone.
        let _ = self.events.send(LinkEvent::Retrying { attempt, after });
        tokio::time::sleep(after).await;
    }

    fn reset(&self) {
        // The next attempt follows a loss, which has cost time already, but a server that accepts and drops at once
        // must not be hammered: the first retry waits the initial delay.
        self.attempts.store(1, Ordering::Relaxed);
        self.may_hurry.store(true, Ordering::Relaxed);
    }

    /// The next attempt has good reason to succeed, so it comes at once. Once after each loss: servers that offer something
    /// else each time are not hammered.
    fn hurry(&self) {
        let once = self.may_hurry.swap(false, Ordering::Relaxed);
        self.at_once.store(once, Ordering::Relaxed);
    }

    /// The next attempt has waited already.
    fn skip(&self) {
        self.at_once.store(true, Ordering::Relaxed);
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Somebody takes connections there.
    pub(super) fn answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum_and_vary() {
        let (initial, max) = (Duration::from_millis(500), Duration::from_secs(30));
        for (attempt, full) in [(1, 500), (2, 1000), (5, 8000), (7, 30_000), (4_000_000, 30_000)] {
            let full = Duration::from_millis(full);
            let delays: Vec<Duration> = (0..50).map(|_| pause(initial, max, attempt)).collect();
            assert!(delays.iter().all(|d| *d >= full / 2 && *d <= full), "attempt {attempt}: {delays:?}");
            assert!(delays.iter().any(|d| *d != delays[0]), "no jitter in attempt {attempt}");
        }
    }
}
