//! [`Clock`]: how fast the simulator's time passes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// How the time that signals depend on passes.
///
/// Publishing, sessions and the server's own `CurrentTime` keep to the real time whatever the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Clock {
    /// The computer's clock.
    #[default]
    Real,
    /// Starts at the real time and runs this many times as fast; the factor must be finite and above 0.
    Scaled(f64),
    /// Starts at 2020-01-01T00:00:00Z and stands still but for [`Simulator::advance`](super::Simulator::advance).
    Manual,
    /// As `Manual`, from another time. Times before 1601 or after 9999 are moved to those bounds (Part 6, 5.2.2.5).
    ManualFrom(DateTime<Utc>),
}

/// 2020-01-01T00:00:00Z in seconds: where a manual clock starts, on the minute, hour and day.
const MANUAL_START: i64 = 1_577_836_800;

/// A clock that has started.
#[derive(Debug)]
pub(crate) enum Time {
    Real,
    Scaled { wall: Instant, start: DateTime<Utc>, factor: f64 },
    Manual(Mutex<DateTime<Utc>>),
}

impl Time {
    pub(crate) fn start(clock: Clock) -> Time {
        match clock {
            Clock::Real => Time::Real,
            Clock::Scaled(factor) => Time::Scaled { wall: Instant::now(), start: Utc::now(), factor },
            Clock::Manual => {
                Time::Manual(Mutex::new(DateTime::from_timestamp(MANUAL_START, 0).unwrap_or_default()))
            }
            Clock::ManualFrom(time) => Time::Manual(Mutex::new(within_bounds(time))),
        }
    }

    /// The simulator's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        match self {
            Time::Real => Utc::now(),
            Time::Scaled { wall, start, factor } => {
                let passed = TimeDelta::from_std(scale(wall.elapsed(), *factor)).unwrap_or(TimeDelta::MAX);
                start.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC)
            }
            Time::Manual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// How many simulated seconds pass in a real one; 0 for a manual clock.
    pub(crate) fn factor(&self) -> f64 {
        match self {
            Time::Real => 1.0,
            Time::Scaled { factor, .. } => *factor,
            Time::Manual(_) => 0.0,
        }
    }

    /// How long to wait, in real time, until it is `then`. `None` with a manual clock: waiting would not help.
    pub(crate) fn until(&self, then: DateTime<Utc>) -> Option<Duration> {
        let left = then.signed_duration_since(self.now()).to_std().unwrap_or_default();
        match self {
            Time::Real => Some(left),
            Time::Scaled { factor, .. } => Some(scale(left, factor.recip())),
            Time::Manual(_) => None,
        }
    }

    /// Sets a manual clock; `false` with any other.
    pub(crate) fn set(&self, time: DateTime<Utc>) -> bool {
        let Time::Manual(now) = self else { return false };
        *now.lock().unwrap_or_else(PoisonError::into_inner) = time;
        true
    }

    pub(crate) fn is_manual(&self) -> bool {
        matches!(self, Time::Manual(_))
    }
}

/// What an OPC UA `DateTime` can say.
fn within_bounds(time: DateTime<Utc>) -> DateTime<Utc> {
    let (first, last) =
        (DateTime::from_timestamp(-11_644_473_600, 0), DateTime::from_timestamp(253_402_300_799, 0));
    match (first, last) {
        (Some(first), Some(last)) => time.clamp(first, last),
        _ => time,
    }
}

/// `span * factor`, at most what a `Duration` holds.
fn scale(span: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let time = Time::start(Clock::Manual);
        assert_eq!(time.now().to_rfc3339(), "2020-01-01T00:00:00+00:00");
        assert!(time.set(time.now() + TimeDelta::seconds(3)));
        assert_eq!(time.now().to_rfc3339(), "2020-01-01T00:00:03+00:00");
        assert_eq!(time.until(time.now() + TimeDelta::seconds(3)), None);
    }

    #[test]
    fn a_manual_clock_starts_when_it_is_told() {
        let start = "2007-06-24T15:56:11Z".parse().unwrap();
        assert_eq!(Time::start(Clock::ManualFrom(start)).now(), start);
        let first = Time::start(Clock::ManualFrom(DateTime::<Utc>::MIN_UTC)).now();
        assert_eq!(first.to_rfc3339(), "1601-01-01T00:00:00+00:00");
    }

    #[test]
    fn a_scaled_clock_waits_the_scaled_time() {
        let time = Time::start(Clock::Scaled(100.0));
        let wait = time.until(time.now() + TimeDelta::seconds(100)).unwrap();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(900), "{wait:?}");
        assert!(!time.set(Utc::now()));
    }
}
