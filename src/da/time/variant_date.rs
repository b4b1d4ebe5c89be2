//! [`VariantDate`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::{ConvertError, ConvertReason};

/// 1899-12-30 in seconds since 1970.
const EPOCH: i64 = -2_209_161_600;
const DAY: f64 = 86_400_000.0;
const DAY_MILLISECONDS: i64 = 86_400_000;

/// 0100-01-01 and the day after 9999-12-31: what COM takes for a date.
const FIRST: f64 = -657_434.0;
const END: f64 = 2_958_466.0;

/// COM's `VT_DATE`: days since 1899-12-30 as a `Double`, as spreadsheets have them.
///
/// The part before the point is the day, the part behind it the time of that day, and it counts forwards also where the day
/// is negative: -1.25 is 06:00 on 1899-12-29. COM does not say which time zone is meant; here it is UTC, as everywhere in
/// OPC. Times are rounded to the millisecond, which is what a `Double` can hold in every year of the range.
///
/// ```
/// use openopc::da::VariantDate;
///
/// let time = VariantDate::new(46_053.5).time()?;
/// assert_eq!(time.to_rfc3339(), "2026-01-31T12:00:00+00:00");
/// assert_eq!(VariantDate::from_time(time)?.days(), 46_053.5);
/// assert_eq!(VariantDate::new(-1.25).time()?.to_rfc3339(), "1899-12-29T06:00:00+00:00");
/// # Ok::<(), openopc::ConvertError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariantDate(f64);

impl VariantDate {
    /// The date with this number.
    pub const fn new(days: f64) -> VariantDate {
        VariantDate(days)
    }

    /// Days since 1899-12-30, and the time of day behind the point.
    pub const fn days(self) -> f64 {
        self.0
    }

    /// The time, to the nearest millisecond.
    ///
    /// # Errors
    /// [`ConvertReason::OutOfRange`] outside the years 100 to 9999, and for NaN.
    pub fn time(self) -> Result<DateTime<Utc>, ConvertError> {
        self.milliseconds().and_then(|ms| time_after(ms).filter(|time| in_range(*time))).ok_or_else(|| {
            let detail = format!("{} is outside the years 100 to 9999", self.0);
            ConvertError::between("VT_DATE", "DateTime", ConvertReason::OutOfRange, detail)
        })
    }

    /// Milliseconds since 1899-12-30.
    fn milliseconds(self) -> Option<i64> {
        // The time of the first day counts forwards from it too: -657434.75 is the last number.
        if !(self.0 > FIRST - 1.0 && self.0 < END) {
            return None;
        }
        let days = whole(self.0.trunc())?;
        let time = whole((self.0.fract().abs() * DAY).round())?;
        days.checked_mul(DAY_MILLISECONDS)?.checked_add(time)
    }

    /// The time as a date, exactly.
    ///
    /// # Errors
    /// [`ConvertReason::OutOfRange`] outside the years 100 to 9999, [`ConvertReason::Inexact`] where it is finer than a
    /// millisecond.
    pub fn from_time(time: DateTime<Utc>) -> Result<VariantDate, ConvertError> {
        if !time.timestamp_subsec_nanos().is_multiple_of(1_000_000) {
            let detail = format!("{time:?} is finer than a millisecond");
            return Err(ConvertError::between("DateTime", "VT_DATE", ConvertReason::Inexact, detail));
        }
        VariantDate::from_time_lossy(time)
    }

    /// The time as a date, rounded to the nearest millisecond.
    ///
    /// # Errors
    /// [`ConvertReason::OutOfRange`] outside the years 100 to 9999.
    pub fn from_time_lossy(time: DateTime<Utc>) -> Result<VariantDate, ConvertError> {
        let rounded = time.checked_add_signed(TimeDelta::microseconds(500)).filter(|time| in_range(*time));
        let Some(rounded) = rounded else {
            let detail = format!("{time:?} is outside the years 100 to 9999");
            return Err(ConvertError::between("DateTime", "VT_DATE", ConvertReason::OutOfRange, detail));
        };
        let milliseconds = rounded.timestamp_millis() - EPOCH * 1000;
        let days = float(milliseconds.div_euclid(DAY_MILLISECONDS));
        let time = float(milliseconds.rem_euclid(DAY_MILLISECONDS)) / DAY;
        Ok(VariantDate(if days < 0.0 { days - time } else { days + time }))
    }
}

fn time_after(milliseconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(milliseconds.checked_add(EPOCH * 1000)?)
}

/// 0100-01-01 to 9999-12-31.
fn in_range(time: DateTime<Utc>) -> bool {
    (-59_011_459_200..253_402_300_800).contains(&time.timestamp())
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "integral and below 2^53")]
fn whole(v: f64) -> Option<i64> {
    (v.abs() < 9_007_199_254_740_992.0).then_some(v as i64)
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "days and milliseconds, below 2^53")]
fn float(v: i64) -> f64 {
    v as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn known_dates() {
        for (days, text) in [
            (0.0, "1899-12-30T00:00:00Z"),
            (0.25, "1899-12-30T06:00:00Z"),
            (1.0, "1899-12-31T00:00:00Z"),
            (2.0, "1900-01-01T00:00:00Z"),
            (-1.0, "1899-12-29T00:00:00Z"),
            (-1.25, "1899-12-29T06:00:00Z"),
            (-1.75, "1899-12-29T18:00:00Z"),
            (25_569.0, "1970-01-01T00:00:00Z"),
            (35_065.5, "1996-01-01T12:00:00Z"),
            (46_053.5, "2026-01-31T12:00:00Z"),
            (-657_434.0, "0100-01-01T00:00:00Z"),
            (-657_434.75, "0100-01-01T18:00:00Z"),
            (2_958_465.75, "9999-12-31T18:00:00Z"),
        ] {
            assert_eq!(VariantDate::new(days).time().unwrap(), time(text), "{days}");
            assert_eq!(
                VariantDate::from_time(time(text)).unwrap().days().to_bits(),
                days.to_bits(),
                "{text}"
            );
        }
        // The first day has two numbers for each time.
        assert_eq!(VariantDate::new(-0.25).time().unwrap(), time("1899-12-30T06:00:00Z"));
    }

    #[test]
    fn the_range_ends_at_both_ends() {
        for days in [-657_435.0, -1e300, 2_958_466.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let error = VariantDate::new(days).time().unwrap_err();
            assert_eq!(error.reason(), ConvertReason::OutOfRange, "{days}");
        }
        // Rounds up to the year 10000.
        assert!(VariantDate::new(2_958_465.999_999_999_9).time().is_err());
        for text in ["0099-12-31T23:59:59Z", "+10000-01-01T00:00:00Z"] {
            let error = VariantDate::from_time(time(text)).unwrap_err();
            assert_eq!(error.reason(), ConvertReason::OutOfRange, "{text}");
        }
        assert!(VariantDate::from_time_lossy(DateTime::<Utc>::MAX_UTC).is_err());
        assert!(VariantDate::from_time_lossy(DateTime::<Utc>::MIN_UTC).is_err());
    }

    #[test]
    fn what_is_finer_is_rounded_where_it_says_so() {
        let fine = time("2026-01-31T11:59:59.9995Z");
        assert_eq!(VariantDate::from_time(fine).unwrap_err().reason(), ConvertReason::Inexact);
        assert_eq!(VariantDate::from_time_lossy(fine).unwrap().days().to_bits(), 46_053.5f64.to_bits());
        // Rounds up into the next day, forwards also before 1899.
        let before = VariantDate::new(-2.999_999_999_999).time().unwrap();
        assert_eq!(before, time("1899-12-29T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn every_millisecond_comes_back(ms in -59_011_459_200_000i64..253_402_300_800_000) {
            let time = DateTime::from_timestamp_millis(ms).unwrap();
            prop_assert_eq!(VariantDate::from_time(time).unwrap().time().unwrap(), time);
        }

        #[test]
        fn no_number_panics(bits: u64) {
            if let Ok(time) = VariantDate::new(f64::from_bits(bits)).time() {
                prop_assert_eq!(VariantDate::from_time(time).unwrap().time().unwrap(), time);
            }
        }
    }
}
