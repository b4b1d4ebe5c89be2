//! [`HdaTime`] from text.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::hda::{HdaKeyword, HdaOffset, HdaTime, HdaUnit, Kind};
use crate::value::{Malformed, clip};

/// The text is not a time.
///
/// Prints as ``invalid time `NOW-1X`: expected a unit: S, M, H, D, W, MO or Y at 5``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseHdaTimeError {
    text: Box<str>,
    at: usize,
    expected: &'static str,
}

impl ParseHdaTimeError {
    /// The text that was to be a time.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at which it goes wrong.
    pub fn position(&self) -> usize {
        self.at
    }

    /// What would be right there.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for ParseHdaTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid time `{}`: expected {} at {}", clip(&self.text), self.expected, self.at)
    }
}

impl std::error::Error for ParseHdaTimeError {}

const UNIT: &str = "a unit: S, M, H, D, W, MO or Y";

pub(super) fn hda_time(text: &str) -> Result<HdaTime, ParseHdaTimeError> {
    parse(text).map(HdaTime).map_err(|Malformed { at, expected }| ParseHdaTimeError {
        text: text.into(),
        at,
        expected,
    })
}

/// A date, as [`HdaTime`] takes it; without an offset it is UTC. `None` where it is no date, or no time that is.
pub(crate) fn absolute(text: &str) -> Option<DateTime<Utc>> {
    match parse(text) {
        Ok(Kind::Absolute(time)) => Some(time),
        Ok(Kind::Local(time)) => Some(time.and_utc()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<Kind, Malformed> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.spaces();
    let kind = match cursor.peek() {
        Some(c) if c.is_ascii_digit() => date_time(&mut cursor)?,
        _ => relative(&mut cursor)?,
    };
    cursor.spaces();
    if cursor.peek().is_some() {
        return Err(cursor.expected("the end of the text"));
    }
    Ok(kind)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn expected(&self, expected: &'static str) -> Malformed {
        Malformed::new(self.at, expected)
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = self.peek().filter(|c| wanted(*c))?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn run(&mut self, wanted: impl Fn(char) -> bool + Copy) -> &'a str {
        let start = self.at;
        while self.take(wanted).is_some() {}
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn spaces(&mut self) -> bool {
        !self.run(char::is_whitespace).is_empty()
    }

    /// Exactly this many decimal digits, with a value in this range.
    fn number(
        &mut self,
        digits: usize,
        range: std::ops::RangeInclusive<u32>,
        expected: &'static str,
    ) -> Result<u32, Malformed> {
        let start = self.at;
        let run = self.run(|c| c.is_ascii_digit());
        match run.parse() {
            Ok(number) if run.len() == digits && range.contains(&number) => Ok(number),
            _ => Err(Malformed::new(start, expected)),
        }
    }
}

fn relative(cursor: &mut Cursor<'_>) -> Result<Kind, Malformed> {
    let start = cursor.at;
    let word = cursor.run(char::is_alphabetic);
    let keyword = if word.eq_ignore_ascii_case("NOW") {
        HdaKeyword::Now
    } else {
        let unit = HdaUnit::ALL
            .iter()
            .find(|unit| unit.long().eq_ignore_ascii_case(word) || unit.short().eq_ignore_ascii_case(word));
        HdaKeyword::Start(*unit.ok_or_else(|| {
            Malformed::new(
                start,
                "a date, or NOW, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR with offsets such as -1H15M",
            )
        })?)
    };
    let mut offsets = Vec::new();
    let mut negative = false;
    loop {
        cursor.spaces();
        if cursor.peek().is_none() {
            return Ok(Kind::Relative { keyword, offsets });
        }
        let sign = cursor.take(|c| matches!(c, '+' | '-'));
        negative = sign.map_or(negative, |sign| sign == '-');
        cursor.spaces();
        let start = cursor.at;
        let digits = cursor.run(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(cursor.expected(if sign.is_some() { "a number" } else { "`+`, `-` or a number" }));
        }
        let count = digits.parse::<u32>().map_err(|_| Malformed::new(start, "a number up to 4294967295"))?;
        cursor.spaces();
        let start = cursor.at;
        let word = cursor.run(char::is_alphabetic);
        let unit = HdaUnit::ALL.iter().find(|unit| unit.short().eq_ignore_ascii_case(word));
        let unit = *unit.ok_or(Malformed::new(start, UNIT))?;
        let count = i64::from(count);
        offsets.push(HdaOffset { count: if negative { -count } else { count }, unit });
    }
}

fn date_time(cursor: &mut Cursor<'_>) -> Result<Kind, Malformed> {
    let start = cursor.at;
    let year = cursor.number(4, 0..=9999, "a year of four digits")?;
    separator(cursor, '-')?;
    let month = cursor.number(2, 1..=12, "a month from 01 to 12")?;
    separator(cursor, '-')?;
    let day_at = cursor.at;
    let day = cursor.number(2, 1..=31, "a day from 01 to 31")?;
    let date = i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    let date = date.ok_or(Malformed::new(day_at, "a day that the month has"))?;
    let spaced = cursor.spaces();
    let letter = !spaced && cursor.take(|c| matches!(c, 'T' | 't')).is_some();
    let timed = letter || spaced && cursor.peek().is_some_and(|c| c.is_ascii_digit());
    let time = if timed { time_of_day(cursor)? } else { NaiveTime::MIN };
    let local = date.and_time(time);
    cursor.spaces();
    // `2026-01-31Z` is no date that anybody writes.
    let offset = if timed { offset(cursor)? } else { None };
    match offset {
        None => Ok(Kind::Local(local)),
        Some(offset) => local
            .checked_sub_signed(offset)
            .map(|time| Kind::Absolute(time.and_utc()))
            .ok_or(Malformed::new(start, "a time that there is")),
    }
}

fn separator(cursor: &mut Cursor<'_>, wanted: char) -> Result<(), Malformed> {
    let expected = if wanted == '-' { "`-`" } else { "`:`" };
    cursor.take(|c| c == wanted).map(drop).ok_or_else(|| cursor.expected(expected))
}

fn time_of_day(cursor: &mut Cursor<'_>) -> Result<NaiveTime, Malformed> {
    let start = cursor.at;
    let hour = cursor.number(2, 0..=23, "an hour from 00 to 23")?;
    separator(cursor, ':')?;
    let minute = cursor.number(2, 0..=59, "a minute from 00 to 59")?;
    let mut second = 0;
    let mut nanosecond = 0;
    if cursor.take(|c| c == ':').is_some() {
        second = cursor.number(2, 0..=60, "a second from 00 to 60")?;
        if cursor.take(|c| c == '.').is_some() {
            nanosecond = fraction(cursor)?;
        }
    }
    // A leap second is the one before it, and longer: chrono's form.
    if second == 60 {
        (second, nanosecond) = (59, nanosecond + 1_000_000_000);
    }
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanosecond);
    time.ok_or(Malformed::new(start, "a time of day"))
}

/// Nanoseconds: up to nine digits.
fn fraction(cursor: &mut Cursor<'_>) -> Result<u32, Malformed> {
    let start = cursor.at;
    let digits = cursor.run(|c| c.is_ascii_digit());
    let error = Malformed::new(start, "one to nine digits");
    if digits.is_empty() || digits.len() > 9 {
        return Err(error);
    }
    format!("{digits:0<9}").parse().map_err(|_| error)
}

const OFFSET: &str = "`Z`, or an offset such as `+01:00`";

/// `Z`, `+01:00`, `+0100`, `+01`; none where the text ends.
fn offset(cursor: &mut Cursor<'_>) -> Result<Option<TimeDelta>, Malformed> {
    if cursor.peek().is_none() {
        return Ok(None);
    }
    if cursor.take(|c| matches!(c, 'Z' | 'z')).is_some() {
        return Ok(Some(TimeDelta::zero()));
    }
    let start = cursor.at;
    let sign = cursor.take(|c| matches!(c, '+' | '-')).ok_or(Malformed::new(start, OFFSET))?;
    let digits = cursor.run(|c| c.is_ascii_digit() || c == ':');
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at_checked(2).unwrap_or_default(),
        5 => digits.split_once(':').unwrap_or_default(),
        _ => ("", ""),
    };
    let number = |text: &str, limit| {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| plain && *number <= limit)
    };
    match (number(hours, 23), number(minutes, 59)) {
        (Some(hours), Some(minutes)) => {
            let minutes = hours * 60 + minutes;
            Ok(Some(TimeDelta::minutes(if sign == '-' { -minutes } else { minutes })))
        }
        _ => Err(Malformed::new(start, OFFSET)),
    }
}
