//! Spans of time as people write them: `500ms`, `1.5s`, `1h30m`.

use std::time::Duration;

/// No span is longer: a clock can tell what comes after any of this length.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The units, longest first, and their length in seconds. Of two that begin alike, the longer name goes first.
const UNITS: [(&str, f64); 6] =
    [("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("ms", 0.001), ("m", 60.0), ("s", 1.0)];

/// Reads a span of time, as `opc` and the simulator's configuration have them: numbers with units, longer units first,
/// each unit once. The units are `d`, `h`, `m` or `min`, `s` and `ms`; `0` needs none.
///
/// ```
/// use std::time::Duration;
///
/// use openopc::sim::parse_duration;
///
/// assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
/// assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(90 * 60)));
/// assert_eq!(parse_duration("1.5 s"), Ok(Duration::from_millis(1500)));
/// assert!(parse_duration("10").is_err());
/// ```
///
/// # Errors
/// [`ParseDurationError`] where the text is no span of time, or one of more than 100 years of 365 days.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let malformed = || ParseDurationError::Malformed(text.to_owned());
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut total, mut unit_before) = (Duration::ZERO, f64::INFINITY);
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(malformed)?;
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let unit = UNITS.iter().find_map(|(name, length)| Some((after.strip_prefix(name)?, *length)));
        let (after, length) = unit.filter(|(_, length)| *length < unit_before).ok_or_else(malformed)?;
        let plain = number.starts_with(|c: char| c.is_ascii_digit());
        let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(malformed)?;
        let part = Duration::try_from_secs_f64(number * length).ok();
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= LONGEST)
            .ok_or(ParseDurationError::TooLong)?;
        unit_before = length;
        rest = after.trim_start();
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDurationError {
    /// It is not written as one.
    #[error("`{0}` is no span of time: write numbers with units, such as 500ms, 10s or 1h30m")]
    Malformed(String),
    /// It is longer than 100 years.
    #[error("no time is longer than 100 years")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_units() {
        for (text, millis) in [
            ("500ms", 500),
            ("1s", 1_000),
            ("1.5s", 1_500),
            (" 10 s ", 10_000),
            ("2m", 120_000),
            ("2min", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("0", 0),
            ("0s", 0),
            ("1h30m", 5_400_000),
            ("1d 2h 3m 4s 5ms", 93_784_005),
            ("36500d", 3_153_600_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "", "s", "10", "-1s", "+1s", "1e3s", "1 parsec", "NaN", "inf", "1m1h", "1s1s", "1h30", ".5s",
            "1..5s",
        ] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!(error, ParseDurationError::Malformed(text.to_owned()));
        }
        for text in ["36501d", "36500d1ms", "99999999999999999999d"] {
            assert_eq!(parse_duration(text), Err(ParseDurationError::TooLong), "{text}");
        }
    }
}
