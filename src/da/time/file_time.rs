//! [`FileTime`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::{ConvertError, ConvertReason};

/// 1601-01-01 in seconds since 1970.
const EPOCH: i64 = -11_644_473_600;
const TICKS: i64 = 10_000_000;

/// Win32's `FILETIME`: steps of 100 ns since 1601-01-01 UTC, the time stamp of OPC DA. OPC UA's `DateTime` has the same
/// number (Part 6, 5.2.2.5), so that nothing is lost between both.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use openopc::da::FileTime;
///
/// let epoch: DateTime<Utc> = "1970-01-01T00:00:00.0000001Z".parse().unwrap();
/// assert_eq!(FileTime::from_time(epoch)?.ticks(), 116_444_736_000_000_001);
/// assert_eq!(FileTime::from_parts(0xD53E_8001, 0x019D_B1DE).time(), Some(epoch));
/// assert_eq!(FileTime::from_ticks(0).time(), None); // DA's and UA's way to say that there is no time
/// # Ok::<(), openopc::ConvertError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(u64);

impl FileTime {
    /// The time after this many steps of 100 ns since 1601-01-01.
    pub const fn from_ticks(ticks: u64) -> FileTime {
        FileTime(ticks)
    }

    /// From `dwLowDateTime` and `dwHighDateTime`.
    pub fn from_parts(low: u32, high: u32) -> FileTime {
        FileTime(u64::from(high) << 32 | u64::from(low))
    }

    /// Steps of 100 ns since 1601-01-01.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// `dwLowDateTime` and `dwHighDateTime`.
    pub fn parts(self) -> (u32, u32) {
        let half = |bits: u64| u32::try_from(bits & 0xFFFF_FFFF).unwrap_or_default();
        (half(self.0), half(self.0 >> 32))
    }

    /// The time, exactly. `None` for 0 and for numbers with the highest bit set, which Windows takes for negative: both say
    /// that there is no time.
    pub fn time(self) -> Option<DateTime<Utc>> {
        let ticks = i64::try_from(self.0).ok().filter(|ticks| *ticks != 0)?;
        let nanoseconds = u32::try_from(ticks % TICKS * 100).ok()?;
        DateTime::from_timestamp(EPOCH + ticks / TICKS, nanoseconds)
    }

    /// The time as a `FILETIME`, exactly.
    ///
    /// # Errors
    /// [`ConvertReason::OutOfRange`] unless it is after 1601-01-01 and before the year 30829,
    /// [`ConvertReason::Inexact`] where it is finer than 100 ns.
    pub fn from_time(time: DateTime<Utc>) -> Result<FileTime, ConvertError> {
        let error = |reason, detail: &str| {
            ConvertError::between("DateTime", "FILETIME", reason, format!("{time:?} {detail}"))
        };
        if !time.timestamp_subsec_nanos().is_multiple_of(100) {
            return Err(error(ConvertReason::Inexact, "is finer than 100 ns"));
        }
        match ticks(time) {
            Some(ticks) if ticks > 0 => Ok(FileTime(ticks.cast_unsigned())),
            _ => Err(error(ConvertReason::OutOfRange, "is outside the years 1601 to 30828")),
        }
    }

    /// The time as a `FILETIME`, as the Foundation's code does it: what is finer than 100 ns is cut off, a time before 1601
    /// becomes 0, one too late the last there is.
    pub fn from_time_lossy(time: DateTime<Utc>) -> FileTime {
        match ticks(time) {
            Some(ticks) => FileTime(u64::try_from(ticks).unwrap_or(0)),
            None if time.timestamp() < 0 => FileTime(0),
            None => FileTime(i64::MAX.cast_unsigned()),
        }
    }
}

/// Steps of 100 ns since 1601, rounded down.
fn ticks(time: DateTime<Utc>) -> Option<i64> {
    // A leap second has more than a second's nanoseconds.
    let nanoseconds = TimeDelta::nanoseconds(time.timestamp_subsec_nanos().into());
    let ticks = nanoseconds.num_nanoseconds()? / 100;
    time.timestamp().checked_sub(EPOCH)?.checked_mul(TICKS)?.checked_add(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn known_times() {
        for (ticks, text) in [
            (1, "1601-01-01T00:00:00.0000001Z"),
            (10_000_000, "1601-01-01T00:00:01Z"),
            (116_444_736_000_000_000, "1970-01-01T00:00:00Z"),
            (127_000_000_000_000_000, "2003-06-13T17:46:40Z"),
            (2_650_467_743_999_999_999, "9999-12-31T23:59:59.9999999Z"),
            (i64::MAX.cast_unsigned(), "+30828-09-14T02:48:05.4775807Z"),
        ] {
            assert_eq!(FileTime::from_ticks(ticks).time(), Some(time(text)), "{text}");
            assert_eq!(FileTime::from_time(time(text)).unwrap().ticks(), ticks, "{text}");
            let (low, high) = FileTime::from_ticks(ticks).parts();
            assert_eq!(FileTime::from_parts(low, high).ticks(), ticks);
        }
    }

    #[test]
    fn no_time_and_too_much() {
        for ticks in [0, 1 << 63, u64::MAX] {
            assert_eq!(FileTime::from_ticks(ticks).time(), None);
        }
        for (text, reason, lossy) in [
            ("1601-01-01T00:00:00Z", ConvertReason::OutOfRange, 0),
            ("1600-12-31T23:59:59Z", ConvertReason::OutOfRange, 0),
            ("2026-01-31T12:00:00.00000005Z", ConvertReason::Inexact, 134_143_344_000_000_000),
            ("+30828-09-14T02:48:06Z", ConvertReason::OutOfRange, i64::MAX.cast_unsigned()),
        ] {
            assert_eq!(FileTime::from_time(time(text)).unwrap_err().reason(), reason, "{text}");
            assert_eq!(FileTime::from_time_lossy(time(text)).ticks(), lossy, "{text}");
        }
        assert_eq!(FileTime::from_time_lossy(DateTime::<Utc>::MIN_UTC).ticks(), 0);
        assert_eq!(FileTime::from_time_lossy(DateTime::<Utc>::MAX_UTC).ticks(), i64::MAX.cast_unsigned());
    }

    proptest! {
        #[test]
        fn every_number_comes_back(ticks in 1..=i64::MAX.cast_unsigned()) {
            let time = FileTime::from_ticks(ticks).time().unwrap();
            prop_assert_eq!(FileTime::from_time(time).unwrap().ticks(), ticks);
            prop_assert_eq!(FileTime::from_time_lossy(time).ticks(), ticks);
        }
    }
}
