//! How often to look, how often to tell, and what to do when the reader is slow.

use std::time::Duration;

use crate::{Error, Result};

/// How often to look and how often to tell.
///
/// A `Duration` turns into one: `opc.subscribe(tags, Duration::from_millis(500), …)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refresh {
    publishing: Duration,
    sampling: Option<Duration>,
}

impl Refresh {
    /// The shortest time between two deliveries of one tag; the server looks as often as it tells.
    pub const fn every(interval: Duration) -> Refresh {
        Refresh { publishing: interval, sampling: None }
    }

    /// As fast as the server allows (a DA update rate of 0).
    pub const fn fastest() -> Refresh {
        Refresh { publishing: Duration::ZERO, sampling: Some(Duration::ZERO) }
    }

    /// How often the server looks at the value, where that is not how often it tells: shorter with
    /// [`Delivery::Every`] to miss nothing in between.
    #[must_use]
    pub const fn sampling(mut self, interval: Duration) -> Refresh {
        self.sampling = Some(interval);
        self
    }

    /// How often the server tells (the publishing interval).
    pub const fn publishing_interval(self) -> Duration {
        self.publishing
    }

    /// How often the server looks (the sampling interval); `None` stands for the publishing interval.
    pub const fn sampling_interval(self) -> Option<Duration> {
        self.sampling
    }

    pub(crate) const fn granted(publishing: Duration, sampling: Option<Duration>) -> Refresh {
        Refresh { publishing, sampling }
    }
}

impl From<Duration> for Refresh {
    fn from(interval: Duration) -> Refresh {
        Refresh::every(interval)
    }
}

/// Choices for a subscription.
///
/// ```
/// use openopc::{Delivery, Refresh, SubscribeOptions};
/// use std::time::Duration;
///
/// let options = SubscribeOptions::new(Refresh::every(Duration::from_secs(1)).sampling(Duration::from_millis(100)))
///     .delivery(Delivery::Every { queue: 10 });
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SubscribeOptions {
    pub(crate) refresh: Refresh,
    pub(crate) delivery: Delivery,
    pub(crate) deadband: Option<Deadband>,
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
    pub(crate) heartbeat: bool,
}

impl SubscribeOptions {
    /// The newest value on every change, at most once per `refresh`.
    pub fn new(refresh: impl Into<Refresh>) -> Self {
        SubscribeOptions {
            refresh: refresh.into(),
            delivery: Delivery::Latest,
            deadband: None,
            capacity: 1024,
            overflow: Overflow::KeepLatest,
            heartbeat: false,
        }
    }

    /// How often to tell and to look.
    #[must_use]
    pub fn refresh(mut self, refresh: impl Into<Refresh>) -> Self {
        self.refresh = refresh.into();
        self
    }

    /// The newest value or every sample. Default [`Delivery::Latest`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Smaller changes are not told. Default none.
    #[must_use]
    pub fn deadband(mut self, deadband: Deadband) -> Self {
        self.deadband = Some(deadband);
        self
    }

    /// How many readings may wait for a slow callback, at least 1. Default 1,024.
    #[must_use]
    pub fn capacity(mut self, readings: usize) -> Self {
        self.capacity = readings.max(1);
        self
    }

    /// What to drop when the callback is slower than the data. Default [`Overflow::KeepLatest`].
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Repeat the last value every `refresh` even when nothing changed. Default `false`.
    #[must_use]
    pub fn heartbeat(mut self, yes: bool) -> Self {
        self.heartbeat = yes;
        self
    }

    /// What no server could do is refused before anything is sent.
    pub(crate) fn check(&self) -> Result<()> {
        let bad = match self.deadband {
            Some(Deadband::Percent(percent) | Deadband::Analog(percent))
                if !(0.0..=100.0).contains(&percent) =>
            {
                Some(format!("a deadband of {percent} percent; it must be from 0 to 100"))
            }
            Some(Deadband::Absolute(value)) if !(value >= 0.0 && value.is_finite()) => {
                Some(format!("a deadband of {value}; it must be 0 or more"))
            }
            _ => None,
        };
        bad.map_or(Ok(()), |what| Err(Error::Config(what)))
    }
}

impl From<Refresh> for SubscribeOptions {
    fn from(refresh: Refresh) -> Self {
        SubscribeOptions::new(refresh)
    }
}

impl From<Duration> for SubscribeOptions {
    fn from(interval: Duration) -> Self {
        SubscribeOptions::new(interval)
    }
}

/// Which values are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// The newest value, as OPC DA does.
    Latest,
    /// Every sample the server took, up to `queue` of them per refresh; what does not fit is lost in the server, which
    /// says so ([`Status::overflowed`](crate::Status::overflowed)).
    Every {
        /// The size of the server's queue for each tag.
        queue: u32,
    },
}

/// A change that is too small to tell (Part 4, 7.22.2). Numbers only; changes of the status are always told.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Deadband {
    /// In the value's own unit, 0 or more.
    Absolute(f64),
    /// Percent of the tag's engineering-unit range (Part 8, 7.2), from 0 to 100. A tag without such a range is refused by
    /// the server.
    Percent(f64),
    /// As `Percent`, where the tag has such a range; a tag without one has no deadband. An OPC DA group's (Part 8, A.4.6).
    Analog(f64),
}

/// What to drop when the callback is slower than the data. Every dropped reading is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// Older readings of the same tag; the newest of every tag is kept, so at most `capacity` plus one per tag wait.
    KeepLatest,
    /// The oldest reading of all.
    DropOldest,
    /// The new reading.
    DropNewest,
}
