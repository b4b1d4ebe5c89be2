//! [`When`]: which of the things a fault could strike it does strike.

use std::time::Duration;

use crate::sim::rand::mix;

/// Which calls a [`Fault`](super::Fault) strikes: all of them, unless something here says otherwise. All that is said
/// must hold.
///
/// For items a **call** is one value of one item on its way to clients: each read of it, each sample and each change
/// that subscriptions are told, and for [`Latency`](super::ItemFault::Latency) each read and write of it. For the
/// network it is a connection: it is decided once for each whether it is struck.
///
/// ```
/// use std::num::NonZeroU64;
///
/// use openopc::sim::{Fault, Item, ItemFault, Simulator, When};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::builder().item(Item::new("Level", 7)).start().await?;
/// let client = openopc::open(simulator.url()).await?;
///
/// let second = When::always().nth(NonZeroU64::new(2).unwrap());
/// let fault = simulator.inject_when(Fault::item("Level", ItemFault::Null), second);
/// let values = [client.read("Level").await?, client.read("Level").await?, client.read("Level").await?];
/// assert_eq!(values.map(|reading| reading.value.to_string()), ["7", "null", "7"]);
/// assert_eq!(fault.fired(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "give it to `Simulator::inject_when`"]
pub struct When {
    nth: Option<u64>,
    every: Option<u64>,
    probability: Option<f64>,
    times: Option<u64>,
    connection: Option<u64>,
    after: Duration,
    lasting: Option<Duration>,
}

impl When {
    /// Every call.
    pub fn always() -> When {
        When::default()
    }

    /// The n-th call alone, counted from 1 since the fault was injected.
    pub fn nth(mut self, n: std::num::NonZeroU64) -> When {
        self.nth = Some(n.get());
        self
    }

    /// Each n-th call: with 3 the third, the sixth and so on.
    pub fn every(mut self, n: std::num::NonZeroU64) -> When {
        self.every = Some(n.get());
        self
    }

    /// Each call with this probability, 0 to 1. It depends on the simulator's seed, on how many faults were injected
    /// before, and on the number of the call: the same program sees the same faults each time.
    pub fn probability(mut self, probability: f64) -> When {
        self.probability = Some(probability);
        self
    }

    /// No more than so many calls.
    pub fn times(mut self, times: u64) -> When {
        self.times = Some(times);
        self
    }

    /// Only what goes over the connection with this number, counted from 1 since the simulator started: the newest one
    /// has the number [`Traffic::accepted`](crate::sim::Traffic::accepted). Faults of items do not care.
    pub fn connection(mut self, number: u64) -> When {
        self.connection = Some(number);
        self
    }

    /// Not before so much time has passed since it was injected: the simulator's time for items, real time for the
    /// network.
    pub fn after(mut self, wait: Duration) -> When {
        self.after = wait;
        self
    }

    /// No longer than this, counted from its beginning.
    pub fn lasting(mut self, span: Duration) -> When {
        self.lasting = Some(span);
        self
    }

    /// Whether the call with this number, from 1, is struck when `fired` were before.
    pub(super) fn strikes(&self, call: u64, fired: u64, seed: u64) -> bool {
        self.nth.is_none_or(|n| call == n)
            && self.every.is_none_or(|n| call.is_multiple_of(n))
            && self.times.is_none_or(|times| fired < times)
            && self.probability.is_none_or(|probability| chance(seed, call) < probability)
    }

    pub(super) fn is_for(&self, connection: u64) -> bool {
        self.connection.is_none_or(|number| number == connection)
    }

    pub(super) fn begins(&self) -> Duration {
        self.after
    }

    /// When it is over; `None` is never.
    pub(super) fn ends(&self) -> Option<Duration> {
        Some(self.after.saturating_add(self.lasting?))
    }

    /// Whether it is in force so long after it was injected.
    pub(super) fn holds(&self, since: Duration) -> bool {
        since >= self.after && self.ends().is_none_or(|end| since < end)
    }
}

/// A number from 0 to 1 that is different for each call.
fn chance(seed: u64, call: u64) -> f64 {
    // 32 bits are all that a `f64` is made of without loss by `From`, and more than enough.
    let high = u32::try_from(mix(seed ^ mix(call)) >> 32).unwrap_or_default();
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(when: &When, calls: u64, seed: u64) -> Vec<u64> {
        let mut fired = 0;
        let mut strikes = |call: &u64| {
            let strikes = when.strikes(*call, fired, seed);
            fired += u64::from(strikes);
            strikes
        };
        (1..=calls).filter(|call| strikes(call)).collect()
    }

    #[test]
    fn calls_are_counted_from_one() {
        let n = |n| std::num::NonZeroU64::new(n).unwrap();
        assert_eq!(struck(&When::always(), 3, 0), [1, 2, 3]);
        assert_eq!(struck(&When::always().nth(n(2)), 5, 0), [2]);
        assert_eq!(struck(&When::always().every(n(3)), 10, 0), [3, 6, 9]);
        assert_eq!(struck(&When::always().every(n(3)).times(2), 100, 0), [3, 6]);
        assert!(struck(&When::always().times(0), 9, 0).is_empty());
    }

    #[test]
    fn chance_comes_from_the_seed() {
        let often = When::always().probability(0.25);
        let first = struck(&often, 10_000, 7);
        assert_eq!(first, struck(&often, 10_000, 7));
        assert_ne!(first, struck(&often, 10_000, 8));
        assert!((2_300..2_700).contains(&first.len()), "{}", first.len());
        assert!(struck(&When::always().probability(0.0), 1_000, 7).is_empty());
        assert_eq!(struck(&When::always().probability(1.0), 1_000, 7).len(), 1_000);
    }

    #[test]
    fn a_window_has_a_beginning_and_an_end() {
        let second = Duration::from_secs(1);
        let when = When::always().after(second).lasting(second);
        assert!(!when.holds(Duration::ZERO) && when.holds(second) && !when.holds(2 * second));
        assert!(When::always().holds(Duration::MAX));
    }
}
