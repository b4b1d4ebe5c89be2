//! [`Wire`]: what faults do to one connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::sim::fault::{Active, Direction, Fault, Faults};

/// How a fault ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Close,
    Reset,
}

/// One connection's view of the faults.
pub(super) struct Wire {
    /// Counts from 1.
    number: u64,
    opened: Instant,
    faults: watch::Receiver<Vec<Arc<Active>>>,
    state: Mutex<State>,
    cut: Notify,
}

#[derive(Default)]
struct State {
    /// Whether a fault strikes this connection, by the number of the fault.
    struck: HashMap<u64, bool>,
    /// How many bytes have gone each way since a fault began, by its number.
    passed: HashMap<(u64, bool), u64>,
}

impl Wire {
    pub(super) fn new(number: u64, faults: &Faults) -> Wire {
        let faults = faults.network();
        Wire { number, opened: Instant::now(), faults, state: Mutex::default(), cut: Notify::new() }
    }

    /// Whether this new connection is to be refused.
    pub(super) fn is_refused(&self) -> bool {
        self.current().iter().any(|active| active.fault == Fault::Refuse && self.is_struck(active))
    }

    /// The faults in force.
    fn current(&self) -> Vec<Arc<Active>> {
        self.faults.borrow().iter().filter(|active| active.holds()).cloned().collect()
    }

    /// Asks each fault once.
    fn is_struck(&self, active: &Active) -> bool {
        // What a panicking holder left behind is a whole map.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state.struck.entry(active.number).or_insert_with(|| active.strikes_connection(self.number))
    }

    /// Resolves when a fault ends the connection.
    pub(super) async fn ended(&self) -> End {
        let mut faults = self.faults.clone();
        loop {
            let mut next: Option<Instant> = None;
            for active in faults.borrow_and_update().iter() {
                let end = match active.fault {
                    Fault::Drop => End::Close,
                    Fault::Reset => End::Reset,
                    _ => continue,
                };
                // What is opened afterwards stays.
                let Some(begins) = active.begins().filter(|begins| self.opened <= *begins) else { continue };
                if begins > Instant::now() {
                    next = Some(next.map_or(begins, |next| next.min(begins)));
                } else if active.holds() && self.is_struck(active) {
                    return end;
                }
            }
            tokio::select! {
                changed = faults.changed() => if changed.is_err() {
                    // The simulator is gone, and with it this connection soon.
                    std::future::pending::<()>().await;
                },
                () = wait_until(next) => {}
                () = self.cut.notified() => return End::Close,
            }
        }
    }

    /// So many bytes are to go `way`. Returns when they may; if the line is cut among or right behind them, how many
    /// come before the cut.
    pub(super) async fn pass(&self, way: Direction, count: usize) -> Option<usize> {
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        let mut cut: Option<u64> = None;
        for active in self.current() {
            match active.fault {
                Fault::Stall(direction) if direction.covers(way) && self.is_struck(&active) => {
                    active.over().await;
                }
                Fault::Delay(direction, span) if direction.covers(way) && self.is_struck(&active) => {
                    active.hold_up(span).await;
                }
                Fault::Throttle(direction, rate) if direction.covers(way) && self.is_struck(&active) => {
                    let micros = bytes.saturating_mul(1_000_000) / u64::from(rate.get());
                    active.hold_up(Duration::from_micros(micros)).await;
                }
                Fault::Cut(direction, after) if direction.covers(way) => {
                    let left = self.left(&active, way, after, bytes);
                    cut = [cut, left].into_iter().flatten().min();
                }
                _ => {}
            }
        }
        cut.map(|left| usize::try_from(left).unwrap_or(count))
    }

    /// How many of these bytes come before the cut, if it is now.
    fn left(&self, active: &Active, way: Direction, after: u64, bytes: u64) -> Option<u64> {
        let before = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let passed = state.passed.entry((active.number, way == Direction::ToServer)).or_default();
            let before = *passed;
            *passed = passed.saturating_add(bytes);
            before
        };
        // Struck is who is cut, not who only might have been.
        if before.saturating_add(bytes) < after || !self.is_struck(active) {
            return None;
        }
        Some(after.saturating_sub(before))
    }

    /// The last bytes before a cut are on their way: nothing follows.
    pub(super) async fn cut(&self) {
        self.cut.notify_one();
        std::future::pending::<()>().await;
    }
}

async fn wait_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
