//! What the text forms of several types have in common.

use std::fmt::Write as _;

use super::DataType;

/// Text that breaks the rules of its type: where, and what would be right there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

impl Malformed {
    pub(crate) fn new(at: usize, expected: &'static str) -> Malformed {
        Malformed { at, expected }
    }

    /// The same, `offset` bytes further on: the text was the tail of another.
    #[must_use]
    pub(crate) fn shifted(self, offset: usize) -> Malformed {
        Malformed { at: self.at + offset, ..self }
    }
}

/// At most 80 characters of `text`, for messages.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// `Double`, `Int32[4]`, `Float[2][3]`
pub(crate) fn type_text(data_type: DataType, dimensions: &[u32]) -> String {
    let mut text = data_type.name().to_owned();
    for dimension in dimensions {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "[{dimension}]");
    }
    text
}

/// Decimal digits only: `parse` alone would take `+2` as well.
pub(crate) fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// `72962b91-fa75-4ae6-8d28-b404dc7daf63`
pub(crate) fn guid_text(guid: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in guid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The reverse of [`guid_text`], in any case.
pub(crate) fn parse_guid(text: &str) -> Result<[u8; 16], Malformed> {
    const EXPECTED: &str = "a GUID such as `72962b91-fa75-4ae6-8d28-b404dc7daf63`";
    let mut nibbles = [0u8; 32];
    let mut slots = nibbles.iter_mut();
    for (at, byte) in text.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return Err(Malformed::new(at, EXPECTED));
            }
            continue;
        }
        let digit = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (slots.next(), digit) {
            (Some(slot), Some(digit)) => *slot = digit,
            _ => return Err(Malformed::new(at, EXPECTED)),
        }
    }
    if slots.next().is_some() {
        return Err(Malformed::new(text.len(), EXPECTED));
    }
    let mut guid = [0u8; 16];
    for (byte, pair) in guid.iter_mut().zip(nibbles.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, nibble| byte << 4 | nibble);
    }
    Ok(guid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_read_back() {
        let guid = *b"\x72\x96\x2b\x91\xfa\x75\x4a\xe6\x8d\x28\xb4\x04\xdc\x7d\xaf\x63";
        assert_eq!(guid_text(&guid), "72962b91-fa75-4ae6-8d28-b404dc7daf63");
        assert_eq!(parse_guid(&guid_text(&guid).to_uppercase()), Ok(guid));
    }

    #[test]
    fn half_guids_are_refused() {
        for text in [
            "",
            "72962b91",
            "72962b91-fa75-4ae6-8d28-b404dc7daf6",
            "72962b91fa754ae68d28b404dc7daf63",
            "72962b91-fa75-4ae6-8d28-b404dc7daf633",
            "{2962b91-fa75-4ae6-8d28-b404dc7daf6}",
            "é2962b91-fa75-4ae6-8d28-b404dc7daf6",
        ] {
            assert!(parse_guid(text).is_err(), "{text}");
        }
    }
}
