//! [`Rounds`]: who is to be looked at when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use crate::history::Sample;
use crate::sim::node::{Node, lock};
use crate::sim::space::Space;

/// More rounds than these behind, the oldest are left out: a computer that slept does not make up for the night.
const MOST_BEHIND: i64 = 1_000;

/// The items that change by themselves and have their past recorded, by how often they are looked at.
#[derive(Debug)]
pub(crate) struct Rounds(Mutex<BTreeMap<i64, Round>>);

#[derive(Debug)]
struct Round {
    due: DateTime<Utc>,
    items: Arc<[u32]>,
}

impl Rounds {
    /// The rounds of the items of this space: each begins at once and goes on at the full multiples of its interval.
    pub(crate) fn new(space: &Space) -> Rounds {
        let mut items: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (index, node) in (0u32..).zip(&space.nodes) {
            if let Some(every) = node.history.as_ref().and_then(|series| series.every()) {
                items.entry(every).or_default().push(index);
            }
        }
        let due = space.time.now();
        let round = |(every, items): (i64, Vec<u32>)| (every, Round { due, items: items.into() });
        Rounds(Mutex::new(items.into_iter().map(round).collect()))
    }

    /// When the next one begins.
    pub(crate) fn due(&self) -> Option<DateTime<Utc>> {
        lock(&self.0).values().map(|round| round.due).min()
    }

    /// Goes every round that begins up to now, in order.
    pub(crate) fn go(&self, space: &Space, now: DateTime<Utc>) {
        let mut gone = false;
        while let Some((due, items)) = self.next(now) {
            for node in items.iter().filter_map(|item| space.node(*item)) {
                look(space, node, due);
            }
            gone = true;
        }
        if gone {
            // The historian tells what it could not keep; there is nobody here to be told.
            let _ = space.historian.flush();
        }
    }

    fn next(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Arc<[u32]>)> {
        let mut rounds = lock(&self.0);
        let (every, round) = rounds.iter_mut().min_by_key(|(_, round)| round.due)?;
        if round.due > now {
            return None;
        }
        let behind = now.signed_duration_since(round.due).num_microseconds().unwrap_or(i64::MAX) / every;
        let due = if behind > MOST_BEHIND { now } else { round.due };
        // Closures of the program are called in a round, so it is taken out first.
        let next = due.timestamp_micros().div_euclid(*every).saturating_add(1).checked_mul(*every);
        round.due = next.and_then(DateTime::from_timestamp_micros).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Some((due, Arc::clone(&round.items)))
    }
}

fn look(space: &Space, node: &Node, time: DateTime<Utc>) {
    let Some(series) = &node.history else { return };
    let sample = node.sample(space, time);
    series.look(Sample { time: sample.source_time, value: sample.value, status: sample.status });
}
