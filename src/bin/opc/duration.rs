//! Times as people write them: `500ms`, `1.5s`, `2m`, `1h30m`; a plain number is milliseconds, as OpenOPC has it.

use std::time::Duration;

use openopc::sim::{ParseDurationError, parse_duration};

/// A time, or none at all: 0.
pub(crate) fn any(text: &str) -> Result<Duration, String> {
    parse(text, "ms", "write a time such as 500ms, 5s or 1m, or a plain number of milliseconds")
}

/// A time that passes, of which a plain number is seconds: `-L 60`.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    const WRITE: &str = "write a number of seconds, or a time such as 500ms or 1m";
    match parse(text, "s", WRITE)? {
        Duration::ZERO => Err(WRITE.to_owned()),
        time => Ok(time),
    }
}

/// `plain` is the unit of a number without one; `write` says what is a time.
fn parse(text: &str, plain: &str, write: &str) -> Result<Duration, String> {
    let text = text.trim();
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let parsed = if is_plain { parse_duration(&format!("{text}{plain}")) } else { parse_duration(text) };
    parsed.map_err(|error| match error {
        ParseDurationError::TooLong => error.to_string(),
        _ => write.to_owned(),
    })
}

/// A time that passes.
pub(crate) fn some(text: &str) -> Result<Duration, String> {
    match any(text)? {
        Duration::ZERO => Err("nothing can happen in no time".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_milliseconds() {
        for (text, millis) in [
            ("250", 250),
            ("500ms", 500),
            ("1s", 1_000),
            ("1.5s", 1_500),
            (" 10 s ", 10_000),
            ("2m", 120_000),
            ("2min", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            ("0", 0),
        ] {
            assert_eq!(any(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn a_repeat_is_in_seconds() {
        assert_eq!(seconds("60"), Ok(Duration::from_secs(60)));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("100ms"), Ok(Duration::from_millis(100)));
        assert!(seconds("0").is_err() && seconds("often").is_err());
    }

    #[test]
    fn no_time_is_longer_than_the_clock_goes() {
        assert_eq!(any("36500d"), Ok(Duration::from_secs(100 * 365 * 86_400)));
        for text in ["36501d", "200000000000000d", "99999999999999999999d"] {
            for error in [any(text), seconds(text), some(text)] {
                assert_eq!(error, Err("no time is longer than 100 years".to_owned()), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "s", "-1s", "+1s", "1e3", "1 parsec", "NaN", "inf", "1m1h", "99999999999999999999d", ".5s"]
        {
            assert!(any(text).is_err(), "{text}");
        }
        assert!(some("0s").is_err());
    }
}
