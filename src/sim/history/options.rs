//! [`History`]: what is kept of an item's past.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::store::Annotation;
use crate::history::{AggregateConfiguration, Sample};

/// What is kept of an item's past, and how: given to [`Item::history`](super::super::Item::history).
///
/// A series has one sample for each time, in whole steps of 100 ns: of two values with the same source time the later
/// stays.
///
/// ```
/// use std::time::Duration;
///
/// use openopc::TimeRange;
/// use openopc::sim::{History, Item, Signal, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let wave = Signal::Sine { low: 0.0, high: 100.0, period: Duration::from_secs(60) };
/// let hour = Duration::from_secs(3600);
/// let simulator = Simulator::builder()
///     .item(Item::new("Tank.Level", 2.5).writable().historizing())
///     .item(Item::new("Wave", 0.0).signal(wave).history(History::computed(Duration::from_secs(1)).back(hour)))
///     .manual_clock()
///     .start()
///     .await?;
///
/// let before = simulator.now();
/// simulator.advance(Duration::from_secs(1))?;
/// simulator.set("Tank.Level", 3.0)?;
/// let levels = simulator.history("Tank.Level", TimeRange { start: before, end: simulator.now() })?;
/// assert_eq!(levels.len(), 2);
/// assert_eq!(simulator.history("Wave", TimeRange { start: before - hour, end: before })?.len(), 3601);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "give it to `Item::history`"]
pub struct History {
    pub(crate) kept: Kept,
    pub(crate) samples: Vec<Sample>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) capacity: Option<usize>,
    pub(crate) stepped: Option<bool>,
    pub(crate) configuration: AggregateConfiguration,
    pub(crate) read_only: bool,
}

/// Where the past comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    /// What the item has, as it changes; one that changes by itself is looked at this often.
    Recorded { every: Option<Duration> },
    /// What its signal was at each multiple of `every`, from `back` before the start on.
    Computed { every: Duration, back: Duration },
}

impl History {
    /// Every change is kept from now on: what clients write, what the program sets, and each change of status. An item
    /// whose value changes by itself (a signal, [`read_with`](super::super::Item::read_with)) is looked at
    /// [every](History::every) second, and kept where it is another than before.
    ///
    /// The value the item starts with is the first sample, unless there are [`samples`](History::samples).
    pub fn recorded() -> History {
        History {
            kept: Kept::Recorded { every: None },
            samples: Vec::new(),
            annotations: Vec::new(),
            capacity: None,
            stepped: None,
            configuration: AggregateConfiguration::default(),
            read_only: false,
        }
    }

    /// Nothing is kept: the past is computed from the item's [signal](super::super::Item::signal), a value at each full
    /// `every`, counted from 1970-01-01T00:00:00Z, from the simulator's start or some time [`back`](History::back).
    /// Clients cannot change it. What moves the signal, a write or [`Simulator::set`](super::super::Simulator::set), moves it
    /// from then on, not before; of more than 10,000 such moves the oldest are forgotten, with what was before them.
    pub fn computed(every: Duration) -> History {
        History { kept: Kept::Computed { every, back: Duration::ZERO }, ..History::recorded() }
    }

    /// How often an item that changes by itself is looked at, at each full multiple of this counted from
    /// 1970-01-01T00:00:00Z; at least 1 ms. Default one second; where there are [`samples`](History::samples), not at
    /// all unless this is given. For an item that holds its value this means nothing.
    pub fn every(mut self, span: Duration) -> History {
        match &mut self.kept {
            Kept::Recorded { every } => *every = Some(span),
            Kept::Computed { every, .. } => *every = span,
        }
        self
    }

    /// How long before the simulator's start a [computed](History::computed) past begins. For others this means nothing.
    pub fn back(mut self, span: Duration) -> History {
        if let Kept::Computed { back, .. } = &mut self.kept {
            *back = span;
        }
        self
    }

    /// Samples that are there from the start, in any order. The item's own first value is not added to them, and an item
    /// that was made without a value has the latest of them.
    pub fn samples(mut self, samples: impl IntoIterator<Item = Sample>) -> History {
        self.samples.extend(samples);
        self
    }

    /// What `user` wrote beside the value of this time.
    pub fn annotation(
        mut self,
        time: DateTime<Utc>,
        user: impl Into<String>,
        message: impl Into<String>,
    ) -> History {
        let (message, user) = (message.into(), user.into());
        self.annotations.push(Annotation { time, message, user, written: time });
        self
    }

    /// Only the newest of the samples are kept, this many, at least 1. Default: all.
    pub fn capacity(mut self, samples: usize) -> History {
        self.capacity = Some(samples);
        self
    }

    /// Between two samples the value stays as it was, instead of going there in a straight line (the property `Stepped`
    /// of Part 11, 5.2.3). Default: only where the values are no numbers.
    pub fn stepped(mut self, stepped: bool) -> History {
        self.stepped = Some(stepped);
        self
    }

    /// What counts as good when aggregates are calculated, unless a client says otherwise.
    pub fn configuration(mut self, configuration: AggregateConfiguration) -> History {
        self.configuration = configuration;
        self
    }

    /// Clients may read the past, but not change it.
    pub fn read_only(mut self) -> History {
        self.read_only = true;
        self
    }

    /// What is wrong with it for an item, if something is.
    pub(crate) fn fault(&self, has_signal: bool) -> Option<String> {
        let configuration = &self.configuration;
        if configuration.percent_data_bad > 100 || configuration.percent_data_good > 100 {
            return Some("the percentages of its aggregate configuration go from 0 to 100".into());
        }
        if !configuration.is_decided() {
            return Some("the percentages of its aggregate configuration are below 100 together".into());
        }
        if self.capacity == Some(0) {
            return Some("a history with a capacity of 0 keeps nothing".into());
        }
        match self.kept {
            Kept::Recorded { every: Some(every) } if every < SHORTEST => {
                Some(format!("its history looks every {every:?}, which is below {SHORTEST:?}"))
            }
            Kept::Computed { every, .. } if every < SHORTEST => {
                Some(format!("its history has a value every {every:?}, which is below {SHORTEST:?}"))
            }
            Kept::Computed { .. } if !has_signal => {
                Some("only the past of a signal can be computed: give it one, or record its history".into())
            }
            Kept::Computed { .. } if !self.samples.is_empty() || self.capacity.is_some() => {
                Some("a computed history keeps no samples: leave out `samples` and `capacity`".into())
            }
            Kept::Recorded { .. } | Kept::Computed { .. } => None,
        }
    }
}

/// No more often than this.
const SHORTEST: Duration = Duration::from_millis(1);
