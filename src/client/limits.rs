//! [`Limits`]: what the server takes in one call, and how calls are cut to fit.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::engine::Sample;
use crate::engine::client::{Aim, Failure, Link, Target};
use crate::status::code;
use crate::{NodeId, Value};

/// What is sent in one call where the server names no limit: large enough to make round trips rare, small enough for
/// any message size limit.
const UNLIMITED: usize = 10_000;

/// A service with a limit of its own (Part 5, 6.3.11 `OperationLimitsType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Read,
    Write,
    Browse,
    Translate,
    MonitoredItems,
    Call,
    HistoryRead,
    HistoryReadEvents,
    HistoryUpdate,
}

/// The node that tells each limit, in the order of [`Limits::values`].
const NODES: [(Service, u32); 6] = [
    (Service::Read, 11_705),
    (Service::Write, 11_707),
    (Service::Browse, 11_710),
    (Service::Translate, 11_712),
    (Service::MonitoredItems, 11_714),
    (Service::Call, 11_709),
];

/// Those of history, asked for when history is first read: most programs never do.
const HISTORY_NODES: [(Service, u32); 3] =
    [(Service::HistoryRead, 12_165), (Service::HistoryReadEvents, 12_166), (Service::HistoryUpdate, 12_167)];

/// `MaxHistoryContinuationPoints` (Part 5, 6.3.2).
const HISTORY_POINTS: u32 = 2737;

/// `Server_ServerStatus_StartTime` (Part 5, 12.10): read with the limits, for it says whether the server was restarted.
const START_TIME: u32 = 2257;

/// How many items the server takes in one call of each service.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    started: Mutex<Option<DateTime<Utc>>>,
    read: AtomicUsize,
    write: AtomicUsize,
    browse: AtomicUsize,
    translate: AtomicUsize,
    monitored_items: AtomicUsize,
    call: AtomicUsize,
    history_read: AtomicUsize,
    history_read_events: AtomicUsize,
    history_update: AtomicUsize,
    history_points: AtomicUsize,
    /// The limits of history are known.
    history: AtomicBool,
}

impl Limits {
    /// Asks the server. A server that keeps its limits to itself has none as far as we know.
    pub(crate) async fn refresh(&self, link: &Link) -> Result<(), Failure> {
        let ids = NODES.iter().map(|(_, id)| *id).chain([START_TIME]);
        let targets: Vec<Target> = ids.map(|id| Target::value(&NodeId::numeric(0, id))).collect();
        *self.started() = None;
        self.history.store(false, Ordering::Relaxed);
        let samples = match link.read(&targets, 0.0).await {
            Ok(samples) => samples,
            // These few nodes are too many for this server: it is told one by one from here on.
            Err(failure) if failure.is_too_much() => {
                for (service, _) in NODES {
                    self.set(service, 1);
                }
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        *self.started() = match samples.get(NODES.len()) {
            Some(Sample { value: Value::DateTime(time), status, .. }) if status.is_good() => Some(*time),
            _ => None,
        };
        for ((service, _), sample) in NODES.iter().zip(samples) {
            self.set(*service, limit(&sample));
        }
        Ok(())
    }

    /// As [`refresh`](Self::refresh), of the limits of history; once, until the next refresh.
    pub(crate) async fn learn_history(&self, link: &Link) -> Result<(), Failure> {
        if self.history.load(Ordering::Relaxed) {
            return Ok(());
        }
        let ids = HISTORY_NODES.iter().map(|(_, id)| *id).chain([HISTORY_POINTS]);
        let targets: Vec<Target> = ids.map(|id| Target::value(&NodeId::numeric(0, id))).collect();
        let samples = read_each(link, self, &targets, 0.0).await?;
        for ((service, _), sample) in HISTORY_NODES.iter().zip(&samples) {
            self.set(*service, limit(sample));
        }
        let points = samples.get(HISTORY_NODES.len()).and_then(|sample| match sample.value {
            Value::UInt16(points) if sample.status.is_good() => Some(usize::from(points)),
            _ => None,
        });
        self.history_points.store(points.unwrap_or(0), Ordering::Relaxed);
        self.history.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// How many histories the server can go on with, at least one.
    pub(crate) fn history_points(&self) -> usize {
        match self.history_points.load(Ordering::Relaxed) {
            0 => UNLIMITED,
            points => points,
        }
    }

    /// When the server was started; `None` where it does not say.
    pub(crate) fn start_time(&self) -> Option<DateTime<Utc>> {
        *self.started()
    }

    fn started(&self) -> MutexGuard<'_, Option<DateTime<Utc>>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Items in one call, at least one.
    pub(crate) fn chunk(&self, service: Service) -> usize {
        match self.cell(service).load(Ordering::Relaxed) {
            0 => UNLIMITED,
            limit => limit.min(UNLIMITED),
        }
    }

    /// The server found `sent` items too many, whatever it advertises: half as many, or `None` when there is nothing left
    /// to halve. Remembered only where their number was the trouble; large values are a matter of one call.
    pub(crate) fn halve(&self, service: Service, sent: usize, failure: &Failure) -> Option<usize> {
        let half = sent / 2;
        if half == 0 {
            return None;
        }
        if failure.status.code() == code::BAD_TOO_MANY_OPERATIONS {
            self.set(service, half);
        }
        Some(half)
    }

    fn set(&self, service: Service, limit: usize) {
        self.cell(service).store(limit, Ordering::Relaxed);
    }

    fn cell(&self, service: Service) -> &AtomicUsize {
        match service {
            Service::Read => &self.read,
            Service::Write => &self.write,
            Service::Browse => &self.browse,
            Service::Translate => &self.translate,
            Service::MonitoredItems => &self.monitored_items,
            Service::Call => &self.call,
            Service::HistoryRead => &self.history_read,
            Service::HistoryReadEvents => &self.history_read_events,
            Service::HistoryUpdate => &self.history_update,
        }
    }
}

fn limit(sample: &Sample) -> usize {
    match sample.value {
        Value::UInt32(limit) if sample.status.is_good() => usize::try_from(limit).unwrap_or(UNLIMITED),
        _ => 0,
    }
}

/// Calls `call` with as many of `items` at a time as the server takes, smaller where it says that was too much, and
/// puts the results together in order.
pub(crate) async fn chunked<T, R, F>(
    limits: &Limits,
    service: Service,
    items: &[T],
    call: impl FnMut(Vec<T>) -> F,
) -> Result<Vec<R>, Failure>
where
    T: Clone,
    F: Future<Output = Result<Vec<R>, Failure>>,
{
    match chunked_until_failure(limits, service, items, call).await {
        (results, None) => Ok(results),
        (_, Some(failure)) => Err(failure),
    }
}

/// As [`chunked`], and where a call fails, what was done before it.
pub(crate) async fn chunked_until_failure<T, R, F>(
    limits: &Limits,
    service: Service,
    items: &[T],
    mut call: impl FnMut(Vec<T>) -> F,
) -> (Vec<R>, Option<Failure>)
where
    T: Clone,
    F: Future<Output = Result<Vec<R>, Failure>>,
{
    let mut results = Vec::with_capacity(items.len());
    let mut rest = items;
    let mut size = limits.chunk(service);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        match call(chunk.to_vec()).await {
            Ok(mut part) => {
                results.append(&mut part);
                rest = after;
                // Past what was too large, the pace picks up again.
                size = size.saturating_mul(2).min(limits.chunk(service));
            }
            Err(failure) if failure.is_too_much() => match limits.halve(service, chunk.len(), &failure) {
                Some(half) => size = half,
                None => return (results, Some(failure)),
            },
            Err(failure) => return (results, Some(failure)),
        }
    }
    (results, None)
}

/// Reads every target, in as few requests as the server takes. A value that is too much all by itself has its own error,
/// and its neighbours have none.
pub(crate) async fn read_each<T: Aim + Clone>(
    link: &Link,
    limits: &Limits,
    targets: &[T],
    max_age: f64,
) -> Result<Vec<Sample>, Failure> {
    let mut results = Vec::with_capacity(targets.len());
    while let Some(rest) = targets.get(results.len()..).filter(|rest| !rest.is_empty()) {
        let read = |part: Vec<T>| async move { link.read(&part, max_age).await };
        let (mut part, failure) = chunked_until_failure(limits, Service::Read, rest, read).await;
        results.append(&mut part);
        match failure {
            Some(failure) if failure.is_too_much() => results.push(Sample::status(failure.status)),
            Some(failure) => return Err(failure),
            None => {}
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    #[tokio::test]
    async fn calls_are_cut_to_the_limit_and_shrink_when_refused() {
        let limits = Limits::default();
        limits.set(Service::Read, 100);
        let items: Vec<usize> = (0..250).collect();
        let mut sizes = vec![];
        let results = chunked(&limits, Service::Read, &items, |part| {
            sizes.push(part.len());
            let refused = part.len() > 30;
            async move {
                if refused {
                    let status = Status::named("BadTooManyOperations").unwrap();
                    return Err(Failure { status, detail: String::new() });
                }
                Ok(part.into_iter().map(|n| n * 2).collect())
            }
        })
        .await
        .unwrap();
        assert_eq!(results, items.iter().map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(sizes.iter().take(4).copied().collect::<Vec<_>>(), [100, 50, 25, 25]);
        assert_eq!(limits.chunk(Service::Read), 25, "a limit on the number is remembered");
    }
}
