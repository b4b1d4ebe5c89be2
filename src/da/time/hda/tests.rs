use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A Tuesday, and a month's last day.
const NOW: &str = "2026-03-31T14:35:45.5Z";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    HdaTime::parse(text).unwrap().resolve(time(NOW)).unwrap()
}

#[test]
fn keywords_are_the_starts_of_their_periods() {
    for (long, short, expected) in [
        ("NOW", "now", NOW),
        ("SECOND", "S", "2026-03-31T14:35:45Z"),
        ("MINUTE", "M", "2026-03-31T14:35:00Z"),
        ("HOUR", "H", "2026-03-31T14:00:00Z"),
        ("DAY", "D", "2026-03-31T00:00:00Z"),
        ("WEEK", "W", "2026-03-29T00:00:00Z"),
        ("MONTH", "MO", "2026-03-01T00:00:00Z"),
        ("YEAR", "Y", "2026-01-01T00:00:00Z"),
    ] {
        for text in [long, short, &long.to_lowercase(), &format!("  {short} ")] {
            assert_eq!(at(text), time(expected), "{text}");
        }
        assert_eq!(HdaTime::parse(short).unwrap().to_string(), long);
    }
}

#[test]
fn offsets_count_one_after_the_other() {
    for (text, expected) in [
        ("NOW-1H15M", "2026-03-31T13:20:45.5Z"),
        ("NOW - 1 H 15 M", "2026-03-31T13:20:45.5Z"),
        ("NOW5S", "2026-03-31T14:35:50.5Z"),
        ("NOW+1H-30M15S", "2026-03-31T15:05:30.5Z"),
        ("DAY -1D+7H30M", "2026-03-30T07:30:00Z"),
        ("MONTH-1D+5H", "2026-02-28T05:00:00Z"),
        ("MO-1D+5h", "2026-02-28T05:00:00Z"),
        ("YEAR+3MO", "2026-04-01T00:00:00Z"),
        ("YEAR+3mo", "2026-04-01T00:00:00Z"),
        ("YEAR+3M", "2026-01-01T00:03:00Z"),
        ("WEEK+1W", "2026-04-05T00:00:00Z"),
        ("YEAR-1Y1D", "2024-12-31T00:00:00Z"),
        // By month and then by day is not by day and then by month.
        ("NOW-1MO1D", "2026-02-27T14:35:45.5Z"),
        ("NOW-1D1MO", "2026-02-28T14:35:45.5Z"),
        ("DAY-0D0H", "2026-03-31T00:00:00Z"),
    ] {
        assert_eq!(at(text), time(expected), "{text}");
    }
}

#[test]
fn months_end_where_they_end() {
    for (now, text, expected) in [
        ("2001-01-10T00:00:00Z", "NOW+1MO", "2001-02-10T00:00:00Z"),
        ("1999-01-29T00:00:00Z", "NOW+1MO", "1999-02-28T00:00:00Z"),
        ("2002-03-31T00:00:00Z", "NOW-1MO", "2002-02-28T00:00:00Z"),
        ("2002-03-31T00:00:00Z", "NOW+1MO", "2002-04-30T00:00:00Z"),
        ("2024-03-31T00:00:00Z", "NOW-1MO", "2024-02-29T00:00:00Z"),
        ("2024-02-29T12:00:00Z", "NOW+1Y", "2025-02-28T12:00:00Z"),
        ("2024-02-29T12:00:00Z", "NOW-4Y", "2020-02-29T12:00:00Z"),
        // In steps: the day that was lost does not come back.
        ("2026-01-31T00:00:00Z", "NOW+1MO+1MO", "2026-03-28T00:00:00Z"),
        ("2026-01-31T00:00:00Z", "NOW+2MO", "2026-03-31T00:00:00Z"),
    ] {
        let resolved = HdaTime::parse(text).unwrap().resolve(time(now)).unwrap();
        assert_eq!(resolved, time(expected), "{now} {text}");
    }
}

#[test]
fn weeks_start_when_the_calendar_says() {
    let starts =
        ["2026-03-30", "2026-03-31", "2026-03-25", "2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29"];
    let mut day = Weekday::Mon;
    for start in starts {
        let calendar = HdaCalendar::new().week_start(day);
        let week = HdaTime::parse("WEEK").unwrap().resolve_in(calendar, time(NOW)).unwrap();
        assert_eq!(week, at(start), "{day}");
        day = day.succ();
    }
}

#[test]
fn days_start_at_the_midnight_of_the_offset() {
    for (seconds, text, expected) in [
        (3600, "DAY", "2026-03-30T23:00:00Z"),
        (12 * 3600, "DAY", "2026-03-31T12:00:00Z"),
        (-5 * 3600, "MONTH", "2026-03-01T05:00:00Z"),
        (12 * 3600, "MONTH", "2026-03-31T12:00:00Z"),
        (19_800, "HOUR", "2026-03-31T14:30:00Z"),
        (3600, "2026-01-31 12:00", "2026-01-31T11:00:00Z"),
        (3600, "2026-01-31 12:00Z", "2026-01-31T12:00:00Z"),
        (3600, "NOW", NOW),
    ] {
        let calendar = HdaCalendar::new().offset(FixedOffset::east_opt(seconds).unwrap());
        let resolved = HdaTime::parse(text).unwrap().resolve_in(calendar, time(NOW)).unwrap();
        assert_eq!(resolved, time(expected), "{seconds} {text}");
    }
}

#[test]
fn dates_are_times_too() {
    for (text, expected) in [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31 12:00", "2026-01-31T12:00:00Z"),
        ("2026-01-31 12:00:00", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00", "2026-01-31T12:00:00Z"),
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456789Z"),
        ("2026-01-31T12:00:00.5+01:30", "2026-01-31T10:30:00.5Z"),
        ("2026-01-31 12:00:00 -0800", "2026-01-31T20:00:00Z"),
        ("2026-01-31 12:00+01", "2026-01-31T11:00:00Z"),
        (" 2024-02-29 ", "2024-02-29T00:00:00Z"),
        ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:60.5Z"),
    ] {
        assert_eq!(at(text), time(expected), "{text}");
        assert!(!HdaTime::parse(text).unwrap().is_relative());
    }
}

#[test]
fn errors_point_at_the_character() {
    const START: &str =
        "a date, or NOW, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR with offsets such as -1H15M";
    const UNIT: &str = "a unit: S, M, H, D, W, MO or Y";
    for (text, position, expected) in [
        ("", 0, START),
        ("  yesterday", 2, START),
        ("-1H", 0, START),
        ("NOWISH", 0, START),
        ("NOW-1X", 5, UNIT),
        ("NOW-1", 5, UNIT),
        ("NOW-1MIN", 5, UNIT),
        ("NOW-", 4, "a number"),
        ("NOW--1H", 4, "a number"),
        ("NOW - 1H é", 9, "`+`, `-` or a number"),
        ("NOW NOW", 4, "`+`, `-` or a number"),
        ("NOW-4294967296S", 4, "a number up to 4294967295"),
        ("NOW-1.5H", 5, UNIT),
        ("26-01-31", 0, "a year of four digits"),
        ("2026/01/31", 4, "`-`"),
        ("2026-13-01", 5, "a month from 01 to 12"),
        ("2026-1-1", 5, "a month from 01 to 12"),
        ("2026-01-32", 8, "a day from 01 to 31"),
        ("2026-02-29", 8, "a day that the month has"),
        ("2026-01-31T", 11, "an hour from 00 to 23"),
        ("2026-01-31 24:00", 11, "an hour from 00 to 23"),
        ("2026-01-31 12", 13, "`:`"),
        ("2026-01-31 12:60", 14, "a minute from 00 to 59"),
        ("2026-01-31 12:00:61", 17, "a second from 00 to 60"),
        ("2026-01-31 12:00:00.", 20, "one to nine digits"),
        ("2026-01-31 12:00:00.0123456789", 20, "one to nine digits"),
        ("2026-01-31 12:00 CET", 17, "`Z`, or an offset such as `+01:00`"),
        ("2026-01-31 12:00+1", 16, "`Z`, or an offset such as `+01:00`"),
        ("2026-01-31 12:00+24:00", 16, "`Z`, or an offset such as `+01:00`"),
        ("2026-01-31 12:00Z x", 18, "the end of the text"),
        ("2026-01-31Z", 10, "the end of the text"),
    ] {
        let error = HdaTime::parse(text).unwrap_err();
        assert_eq!((error.position(), error.expected()), (position, expected), "{text}");
        assert_eq!(error.text(), text);
        assert_eq!(error.to_string(), format!("invalid time `{text}`: expected {expected} at {position}"));
    }
}

#[test]
fn what_leads_out_of_time_is_an_error() {
    for text in [
        "NOW-426Y",
        "NOW+8000Y",
        "NOW-4294967295Y",
        "NOW-4294967295MO",
        "NOW+4294967295W",
        "NOW+4294967295D",
        "NOW-4294967295H",
        "1600-12-31",
        "0000-01-01 00:00+23:59",
    ] {
        let error = HdaTime::parse(text).unwrap().resolve(time(NOW)).unwrap_err();
        assert_eq!(error.reason(), ConvertReason::OutOfRange, "{text}");
    }
    // The way may not lead outside either, where no date is; but it may lead before 1601.
    assert_eq!(at("NOW-1000Y+1000Y"), time(NOW));
    let ends = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    for now in ends {
        for unit in HdaUnit::ALL {
            let calendar = HdaCalendar::new().offset(FixedOffset::east_opt(86_399).unwrap());
            assert!(HdaTime::relative(HdaKeyword::Start(*unit), []).resolve_in(calendar, now).is_err());
        }
    }
    let far = HdaTime::relative(HdaKeyword::Now, [HdaOffset { count: i64::MIN, unit: HdaUnit::Year }]);
    assert!(far.resolve(time(NOW)).is_err());
}

#[test]
fn a_leap_second_is_within_its_minute() {
    let leap = time("2016-12-31T23:59:60.5Z");
    let minute = HdaTime::parse("MINUTE").unwrap().resolve(leap).unwrap();
    assert_eq!(minute, time("2016-12-31T23:59:00Z"));
}

fn any_time() -> impl Strategy<Value = HdaTime> {
    let unit = || proptest::sample::select(HdaUnit::ALL);
    let keyword = prop_oneof![Just(HdaKeyword::Now), unit().prop_map(HdaKeyword::Start)];
    let bound = i64::from(u32::MAX);
    let offset =
        (prop_oneof![-99i64..99, -bound..=bound], unit()).prop_map(|(count, unit)| HdaOffset { count, unit });
    let date = (-62_167_219_200i64..253_402_300_800, prop_oneof![Just(0), 0u32..1_000_000_000])
        .prop_map(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds).unwrap());
    prop_oneof![
        3 => (keyword, vec(offset, 0..6)).prop_map(|(keyword, offsets)| HdaTime::relative(keyword, offsets)),
        1 => date.clone().prop_map(HdaTime::from),
        1 => date.prop_map(|date| HdaTime(Kind::Local(date.naive_utc()))),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(time in any_time()) {
        let text = time.to_string();
        prop_assert_eq!(HdaTime::parse(&text).unwrap(), time.clone());
        prop_assert_eq!(text.to_lowercase().parse::<HdaTime>().unwrap(), time);
    }

    #[test]
    fn resolving_never_panics(time in any_time(), seconds in -62_167_219_200i64..253_402_300_800) {
        let _ = time.resolve(DateTime::from_timestamp(seconds, 0).unwrap());
    }

    #[test]
    fn no_text_panics_and_errors_point_into_it(text in "\\PC*") {
        if let Err(error) = HdaTime::parse(&text) {
            prop_assert!(text.is_char_boundary(error.position()));
        }
    }

    #[test]
    fn no_text_of_parts_panics(text in "(NOW|MO|D|H|[-+: .TZ]|[0-9]{1,4}|2026-01-31|é)*") {
        match HdaTime::parse(&text) {
            Ok(time) => prop_assert_eq!(HdaTime::parse(&time.to_string()).unwrap(), time),
            Err(error) => prop_assert!(text.is_char_boundary(error.position())),
        }
    }
}
