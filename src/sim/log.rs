//! [`Request`]: what clients asked of the simulator.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use super::service::Service;

/// One request as the simulator saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The service that was called.
    pub service: Service,
    /// The nodes it was called for, in the order of the request: the id of an item, and the node id of anything else.
    pub items: Vec<String>,
    /// When it arrived, in real time.
    pub time: DateTime<Utc>,
}

/// A node in the log: kept as it came, turned to text when somebody asks.
#[derive(Clone, Debug)]
pub(crate) enum Logged {
    Item(u32),
    Other(Box<str>),
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) service: Service,
    pub(crate) nodes: Vec<Logged>,
    pub(crate) time: DateTime<Utc>,
}

/// How many requests are kept, and how many nodes in all of them together.
const REQUESTS: usize = 10_000;
const NODES: usize = 1_000_000;

/// The newest requests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    nodes: usize,
    /// How often each service was asked for, those requests included that are not kept.
    counts: BTreeMap<Service, u64>,
}

impl Log {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.nodes += entry.nodes.len();
        self.entries.push_back(entry);
        while self.entries.len() > REQUESTS || (self.nodes > NODES && self.entries.len() > 1) {
            if let Some(old) = self.entries.pop_front() {
                self.nodes -= old.nodes.len();
            }
        }
    }

    pub(crate) fn count(&mut self, service: Service) {
        *self.counts.entry(service).or_default() += 1;
    }

    pub(crate) fn counted(&self, service: Service) -> u64 {
        self.counts.get(&service).copied().unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Turns the numbers of items to their ids, before the numbers mean something else.
    pub(crate) fn name(&mut self, id: impl Fn(u32) -> Box<str>) {
        for node in self.entries.iter_mut().flat_map(|entry| &mut entry.nodes) {
            if let Logged::Item(item) = node {
                *node = Logged::Other(id(*item));
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Log::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_newest() {
        let mut log = Log::default();
        let entry = |len: usize| Entry {
            service: Service::Read,
            nodes: vec![Logged::Item(0); len],
            time: Utc::now(),
        };
        for _ in 0..REQUESTS + 5 {
            log.push(entry(1));
        }
        assert_eq!(log.iter().count(), REQUESTS);
        log.push(entry(NODES));
        assert_eq!(log.iter().count(), 1);
        assert_eq!(log.nodes, NODES);
    }
}
