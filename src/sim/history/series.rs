//! [`Series`]: the past of one item, and how it is kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::computed::{Course, Turn};
use super::historian::Historian;
use super::options::{History, Kept};
use super::store::Direction;
use crate::history::{AggregateConfiguration, Sample};
use crate::sim::node::lock;
use crate::{DataType, Status, Value};

/// How often an item that changes by itself is looked at unless its history says otherwise.
const DEFAULT_EVERY: Duration = Duration::from_secs(1);

/// The past of one item, and how it is kept. It outlives restarts of the server.
#[derive(Debug)]
pub(crate) struct Series {
    /// The id of the item.
    pub(crate) id: Arc<str>,
    pub(super) source: Source,
    pub(crate) stepped: bool,
    pub(crate) configuration: AggregateConfiguration,
    pub(crate) capacity: Option<usize>,
    /// Clients may change it.
    pub(crate) writable: bool,
    pub(super) historian: Arc<Historian>,
    /// What was kept last, before the start too.
    last: Mutex<Option<(Value, Status)>>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// In microseconds, where the item is looked at.
    Recorded { every: Option<i64> },
    /// Microseconds between values, and how the signal was moved.
    Computed { every: i64, course: Mutex<Course> },
}

impl Series {
    /// Takes in what is given of the past.
    pub(crate) fn new(
        id: Arc<str>,
        history: History,
        data_type: DataType,
        live: bool,
        historian: Arc<Historian>,
        now: DateTime<Utc>,
    ) -> Result<Series, Status> {
        let loaded = !history.samples.is_empty();
        let source = match history.kept {
            Kept::Recorded { every } => {
                let every = every.or((!loaded).then_some(DEFAULT_EVERY));
                Source::Recorded { every: every.filter(|_| live).map(micros) }
            }
            Kept::Computed { every, back } => {
                let back = TimeDelta::from_std(back).ok();
                let since = back.and_then(|back| now.checked_sub_signed(back));
                let since = since.unwrap_or(DateTime::<Utc>::MIN_UTC);
                Source::Computed { every: micros(every), course: Mutex::new(Course::new(since)) }
            }
        };
        let series = Series {
            id,
            source,
            stepped: history.stepped.unwrap_or(!data_type.is_number()),
            configuration: history.configuration,
            capacity: history.capacity,
            writable: !history.read_only && matches!(history.kept, Kept::Recorded { .. }),
            historian,
            last: Mutex::default(),
        };
        let store = series.historian.store();
        let samples: Vec<_> =
            history.samples.into_iter().map(|sample| (&*series.id, exact(sample))).collect();
        if loaded {
            store.record(&samples)?;
        }
        drop(samples);
        if !history.annotations.is_empty() {
            store.annotate(&series.id, history.annotations)?;
        }
        if let Some(capacity) = series.capacity {
            store.trim(&series.id, capacity)?;
        }
        *lock(&series.last) = series.latest()?.map(|sample| (sample.value, sample.status));
        Ok(series)
    }

    /// The latest sample that is kept.
    pub(crate) fn latest(&self) -> Result<Option<Sample>, Status> {
        if self.is_computed() {
            return Ok(None);
        }
        let latest = self.historian.store().scan(&self.id, DateTime::<Utc>::MAX_UTC, Direction::Backward, 1);
        latest.map(|found| found.into_iter().next())
    }

    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.source, Source::Computed { .. })
    }

    /// In microseconds: how often to look at the item, if it is to be looked at.
    pub(crate) fn every(&self) -> Option<i64> {
        match self.source {
            Source::Recorded { every } => every,
            Source::Computed { .. } => None,
        }
    }

    /// A value that the item has taken. It is kept with the next [`Historian::flush`].
    pub(crate) fn note(self: &Arc<Series>, sample: Sample) {
        if !self.is_computed() {
            self.historian.note(Arc::clone(self), exact(sample));
        }
    }

    /// What the item has when it is looked at, or when it starts: noted where it is another than the last.
    pub(crate) fn look(self: &Arc<Series>, sample: Sample) {
        let mut last = lock(&self.last);
        let same = last.as_ref().is_some_and(|(value, status)| {
            // Not a number is not even equal to itself, but it is no change either.
            *status == sample.status && (*value == sample.value || both_nan(value, &sample.value))
        });
        if !same {
            *last = Some((sample.value.clone(), sample.status));
            drop(last);
            self.note(sample);
        }
    }

    /// The signal of the item is moved, or has another status, from now on.
    pub(crate) fn turn(&self, turn: Turn) {
        if let Source::Computed { every, course } = &self.source {
            lock(course).add(turn, *every);
        }
    }
}

fn both_nan(a: &Value, b: &Value) -> bool {
    let nan = |value: &Value| match value {
        Value::Double(number) => number.is_nan(),
        Value::Float(number) => number.is_nan(),
        _ => false,
    };
    a.data_type() == b.data_type() && nan(a) && nan(b)
}

fn micros(span: Duration) -> i64 {
    // Longer than a thousand years is for ever.
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX).clamp(1, 1 << 55)
}

/// At a time that OPC UA can say, and without a value where it is bad and null.
fn exact(sample: Sample) -> Sample {
    Sample { time: tick(sample.time), ..sample }
}

/// The time in whole steps of 100 ns.
pub(crate) fn tick(time: DateTime<Utc>) -> DateTime<Utc> {
    let odd = time.timestamp_subsec_nanos() % 100;
    time.checked_sub_signed(TimeDelta::nanoseconds(odd.into())).unwrap_or(time)
}
