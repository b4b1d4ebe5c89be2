//! What COM reads from texts and writes as text, with one set of signs for all countries.

use super::number::Number;
use crate::Value;

/// The text of a single value.
pub(super) fn text(value: &Value) -> String {
    match value {
        // `VARIANT_ALPHABOOL`
        Value::Boolean(true) => "True".to_owned(),
        Value::Boolean(false) => "False".to_owned(),
        Value::DateTime(time) => time.naive_utc().to_string(),
        value => value.to_string(),
    }
}

/// `True`, `False`
pub(super) fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
    if is("True") || is("#TRUE#") {
        Some(true)
    } else if is("False") || is("#FALSE#") {
        Some(false)
    } else {
        None
    }
}

/// `-1.5e3`, `&H1F`, `&O17`
pub(super) fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix('&') {
        let (radix, digits) = match digits.split_at_checked(1)? {
            ("H" | "h", digits) => (16, digits),
            ("O" | "o", digits) => (8, digits),
            _ => return None,
        };
        // `from_str_radix` would take a sign.
        return u64::from_str_radix(digits, radix)
            .ok()
            .filter(|_| !digits.starts_with('+'))
            .map(|v| Number::Integer(v.into()));
    }
    if let Ok(integer) = text.parse::<i128>() {
        return Some(Number::Integer(integer));
    }
    // Rust reads `inf` and `nan` too.
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|_| plain).map(Number::Float)
}
