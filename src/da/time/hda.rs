//! [`HdaTime`]: times as OPC HDA writes them, and what they mean.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    Timelike, Utc, Weekday,
};

use super::ParseHdaTimeError;
use crate::{ConvertError, ConvertReason, DataType, Value};

/// A time as OPC HDA writes it: a keyword with offsets, `NOW-1H15M`, or a date (Part 11, A.1).
///
/// A keyword is `NOW`, or the start of the current `SECOND`, `MINUTE`, `HOUR`, `DAY`, `WEEK`, `MONTH` or `YEAR`; `S`,
/// `M`, `H`, `D`, `W`, `MO` and `Y` stand for these, and are the units of the offsets. `M` is a minute, `MO` a month. An
/// offset without a sign has that of the one before it. Upper and lower case, and white space between the parts, make no
/// difference. Offsets count one after the other; a step of months or years that leads to a day that the month does not have
/// leads to its last day.
///
/// A date is RFC 3339, or what most people write: `2026-01-31`, `2026-01-31 12:00`, `2026-01-31 12:00:00.5`, with `Z` or
/// an offset such as `+01:00` behind it or without.
///
/// Keywords count on the clock they are resolved with; OPC UA wants times in UTC, so HDA's rule that it is the server's
/// clock holds where the server's time is given.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use openopc::da::HdaTime;
///
/// let now: DateTime<Utc> = "2026-03-31T14:30:00Z".parse().unwrap();
/// let at = |text: &str| HdaTime::parse(text).unwrap().resolve(now).unwrap().to_rfc3339();
/// assert_eq!(at("NOW-1H15M"), "2026-03-31T13:15:00+00:00");
/// assert_eq!(at("DAY -1D+7H30M"), "2026-03-30T07:30:00+00:00"); // yesterday, half past seven
/// assert_eq!(at("MONTH-1D+5H"), "2026-02-28T05:00:00+00:00");
/// assert_eq!(at("now - 1mo"), "2026-02-28T14:30:00+00:00"); // there is no 31 February
/// assert_eq!(at("2026-01-31 12:00"), "2026-01-31T12:00:00+00:00");
///
/// let error = HdaTime::parse("NOW-1X").unwrap_err();
/// assert_eq!(error.to_string(), "invalid time `NOW-1X`: expected a unit: S, M, H, D, W, MO or Y at 5");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HdaTime(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// With an offset to UTC.
    Absolute(DateTime<Utc>),
    /// Without: the calendar's.
    Local(NaiveDateTime),
    Relative {
        keyword: HdaKeyword,
        offsets: Vec<HdaOffset>,
    },
}

macro_rules! units {
    ($($(#[doc = $doc:literal])* $name:ident $long:literal $short:literal;)*) => {
        /// Where an [`HdaTime`] starts to count.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HdaKeyword {
            /// This moment.
            Now,
            /// The start of the current one.
            Start(HdaUnit),
        }

        /// A unit of an [`HdaOffset`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HdaUnit { $($(#[doc = $doc])* $name,)* }

        impl HdaUnit {
            /// Every unit, from the shortest to the longest.
            pub const ALL: &'static [HdaUnit] = &[$(HdaUnit::$name),*];

            /// `MO`: the unit of an offset.
            pub const fn short(self) -> &'static str {
                match self { $(HdaUnit::$name => $short,)* }
            }

            /// `MONTH`: the keyword for the start of the current one.
            pub const fn long(self) -> &'static str {
                match self { $(HdaUnit::$name => $long,)* }
            }
        }
    };
}

units! {
    /// A second.
    Second "SECOND" "S";
    /// A minute.
    Minute "MINUTE" "M";
    /// An hour.
    Hour "HOUR" "H";
    /// A day of 24 hours.
    Day "DAY" "D";
    /// Seven days.
    Week "WEEK" "W";
    /// A month of the calendar.
    Month "MONTH" "MO";
    /// A year of the calendar.
    Year "YEAR" "Y";
}

/// How far an [`HdaTime`] goes from its keyword, in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HdaOffset {
    /// How many; negative is back.
    pub count: i64,
    /// Of what.
    pub unit: HdaUnit,
}

/// What days and weeks are, for [`HdaTime::resolve_in`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HdaCalendar {
    week_start: Weekday,
    offset: FixedOffset,
}

impl Default for HdaCalendar {
    fn default() -> HdaCalendar {
        HdaCalendar { week_start: Weekday::Sun, offset: Utc.fix() }
    }
}

impl HdaCalendar {
    /// UTC, and weeks that start on Sunday.
    pub fn new() -> HdaCalendar {
        HdaCalendar::default()
    }

    /// The day that weeks start on. Default Sunday; HDA leaves it open.
    pub fn week_start(mut self, day: Weekday) -> Self {
        self.week_start = day;
        self
    }

    /// The offset from UTC at whose midnight days start, and that dates without an offset have. Default UTC. A plant that
    /// changes its clocks has two of them.
    pub fn offset(mut self, offset: FixedOffset) -> Self {
        self.offset = offset;
        self
    }
}

impl HdaTime {
    /// This moment.
    pub const NOW: HdaTime = HdaTime(Kind::Relative { keyword: HdaKeyword::Now, offsets: Vec::new() });

    /// A keyword and offsets, which count one after the other.
    pub fn relative(keyword: HdaKeyword, offsets: impl IntoIterator<Item = HdaOffset>) -> HdaTime {
        HdaTime(Kind::Relative { keyword, offsets: offsets.into_iter().collect() })
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`ParseHdaTimeError`], which points at the character.
    pub fn parse(text: &str) -> Result<HdaTime, ParseHdaTimeError> {
        super::parse::hda_time(text)
    }

    /// It has a keyword: it is another time with every `now`.
    pub fn is_relative(&self) -> bool {
        matches!(self.0, Kind::Relative { .. })
    }

    /// The time it means at this moment, with days of UTC and weeks that start on Sunday.
    ///
    /// # Errors
    /// [`ConvertError`] where it leads out of the years 1601 to 9999.
    pub fn resolve(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, ConvertError> {
        self.resolve_in(HdaCalendar::new(), now)
    }

    /// The time it means at this moment, in this calendar.
    ///
    /// ```
    /// use chrono::{DateTime, FixedOffset, Utc, Weekday};
    /// use openopc::da::{HdaCalendar, HdaTime};
    ///
    /// let now: DateTime<Utc> = "2026-01-31T23:30:00Z".parse().unwrap(); // a Saturday
    /// let berlin = HdaCalendar::new().offset(FixedOffset::east_opt(3600).unwrap()).week_start(Weekday::Mon);
    /// let at = |text: &str| HdaTime::parse(text).unwrap().resolve_in(berlin, now).unwrap().to_rfc3339();
    /// assert_eq!(at("DAY"), "2026-01-31T23:00:00+00:00"); // Sunday already
    /// assert_eq!(at("WEEK"), "2026-01-25T23:00:00+00:00");
    /// ```
    ///
    /// # Errors
    /// [`ConvertError`] where it leads out of the years 1601 to 9999.
    pub fn resolve_in(
        &self,
        calendar: HdaCalendar,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, ConvertError> {
        let time = match &self.0 {
            Kind::Absolute(time) => Some(*time),
            Kind::Local(time) => utc(*time, calendar),
            Kind::Relative { keyword, offsets } => now
                .naive_utc()
                .checked_add_offset(calendar.offset)
                .and_then(|local| start(local, *keyword, calendar.week_start))
                .and_then(|local| offsets.iter().try_fold(local, |time, offset| offset.add(time)))
                .and_then(|local| utc(local, calendar)),
        };
        // The years that OPC UA has.
        time.filter(|time| Value::DateTime(*time).convert(DataType::DateTime).is_ok()).ok_or_else(|| {
            let detail = "it leads out of the years 1601 to 9999";
            ConvertError::between(format!("`{self}`"), "DateTime", ConvertReason::OutOfRange, detail)
        })
    }
}

fn utc(local: NaiveDateTime, calendar: HdaCalendar) -> Option<DateTime<Utc>> {
    Some(local.checked_sub_offset(calendar.offset)?.and_utc())
}

/// The start of the period that `time` lies in.
fn start(time: NaiveDateTime, keyword: HdaKeyword, week_start: Weekday) -> Option<NaiveDateTime> {
    let HdaKeyword::Start(unit) = keyword else { return Some(time) };
    let date = time.date();
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    match unit {
        HdaUnit::Second => time.with_nanosecond(0),
        HdaUnit::Minute => time.with_nanosecond(0)?.with_second(0),
        HdaUnit::Hour => time.with_nanosecond(0)?.with_second(0)?.with_minute(0),
        HdaUnit::Day => Some(midnight(date)),
        HdaUnit::Week => {
            let past = date.weekday().days_since(week_start);
            date.checked_sub_days(Days::new(past.into())).map(midnight)
        }
        HdaUnit::Month => date.with_day(1).map(midnight),
        HdaUnit::Year => date.with_ordinal(1).map(midnight),
    }
}

impl HdaOffset {
    fn add(&self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        let span = match self.unit {
            HdaUnit::Second => TimeDelta::try_seconds(self.count),
            HdaUnit::Minute => TimeDelta::try_minutes(self.count),
            HdaUnit::Hour => TimeDelta::try_hours(self.count),
            HdaUnit::Day => TimeDelta::try_days(self.count),
            HdaUnit::Week => TimeDelta::try_weeks(self.count),
            HdaUnit::Month => return months(time, self.count),
            HdaUnit::Year => return months(time, self.count.checked_mul(12)?),
        };
        time.checked_add_signed(span?)
    }
}

/// A day that the month does not have becomes its last one: chrono's rule is HDA's.
fn months(time: NaiveDateTime, count: i64) -> Option<NaiveDateTime> {
    let months = Months::new(u32::try_from(count.unsigned_abs()).ok()?);
    if count < 0 { time.checked_sub_months(months) } else { time.checked_add_months(months) }
}

/// Reads back what it prints from the year 0 to 9999.
impl From<DateTime<Utc>> for HdaTime {
    fn from(time: DateTime<Utc>) -> HdaTime {
        HdaTime(Kind::Absolute(time))
    }
}

/// As it is parsed, with the long keyword and a sign where it changes: `DAY-1D+7H30M`; dates in RFC 3339, without `Z`
/// where they have no offset. Reads back as the same time.
impl fmt::Display for HdaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.0 {
            Kind::Absolute(time) => format!("{time:?}"),
            Kind::Local(time) => format!("{time:?}"),
            Kind::Relative { keyword, offsets } => relative_text(*keyword, offsets),
        };
        f.pad(&text)
    }
}

fn relative_text(keyword: HdaKeyword, offsets: &[HdaOffset]) -> String {
    let mut text = keyword.to_string();
    let mut last = None;
    for HdaOffset { count, unit } in offsets {
        let sign = if *count < 0 { '-' } else { '+' };
        if last != Some(sign) {
            text.push(sign);
            last = Some(sign);
        }
        text.push_str(&count.unsigned_abs().to_string());
        text.push_str(unit.short());
    }
    text
}

/// `NOW`, `DAY`
impl fmt::Display for HdaKeyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            HdaKeyword::Now => "NOW",
            HdaKeyword::Start(unit) => unit.long(),
        })
    }
}

/// [`HdaTime::parse`].
impl FromStr for HdaTime {
    type Err = ParseHdaTimeError;

    fn from_str(text: &str) -> Result<HdaTime, ParseHdaTimeError> {
        HdaTime::parse(text)
    }
}

#[cfg(test)]
mod tests;
