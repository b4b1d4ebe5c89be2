//! Quality words as text, both ways.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::{Limit, MajorQuality, QualityWord, ROWS};
use crate::ConvertError;

const LIMITS: [(&str, Limit); 3] =
    [("Low Limited", Limit::Low), ("High Limited", Limit::High), ("Constant", Limit::Constant)];

const MAJORS: [(&str, u16); 4] = [("Bad", 0x00), ("Uncertain", 0x40), ("Unknown", 0x80), ("Good", 0xC0)];

/// `Good`, `Bad`, `Uncertain`, or OpenOPC's `Unknown` for the reserved quality.
impl fmt::Display for MajorQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            MajorQuality::Bad => "Bad",
            MajorQuality::Uncertain => "Uncertain",
            MajorQuality::Unknown => "Unknown",
            MajorQuality::Good => "Good",
        })
    }
}

/// As the tools of OPC DA print it: `Good`, `Good, Local Override`, `Uncertain, EU Exceeded, Low Limited`. A substatus
/// without a name is `Substatus 9`, a vendor's byte `Vendor 0x5A`. Reads back as the same word.
impl fmt::Display for QualityWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.major().to_string();
        let mut add = |part: fmt::Arguments<'_>| write!(text, ", {part}");
        match self.row() {
            Some(row) if row.text.is_empty() => {}
            Some(row) => add(format_args!("{}", row.text))?,
            None if self.substatus() == 0 => {}
            None => add(format_args!("Substatus {}", self.substatus()))?,
        }
        if let Some((name, _)) = LIMITS.iter().find(|(_, limit)| *limit == self.limit()) {
            add(format_args!("{name}"))?;
        }
        if self.vendor() != 0 {
            add(format_args!("Vendor 0x{:02X}", self.vendor()))?;
        }
        f.pad(&text)
    }
}

/// What `Display` prints, in any case; a number, decimal or with `0x`; a constant's name, with or without
/// `OPC_QUALITY_`: `COMM_FAILURE`. Beside the words that are printed, those of other tools: `Non-Specific`,
/// `Config Error`, `Communication Failure`, `Engineering Units Exceeded`.
impl FromStr for QualityWord {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<QualityWord, ConvertError> {
        let trimmed = text.trim();
        number(trimmed).map(QualityWord).or_else(|| constant(trimmed)).map_or_else(|| parts(text), Ok)
    }
}

fn number(text: &str) -> Option<u16> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = hexadecimal.map_or((text, 10), |digits| (digits, 16));
    // `from_str_radix` would take a sign.
    if digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        u16::from_str_radix(digits, radix).ok()
    } else {
        None
    }
}

fn constant(text: &str) -> Option<QualityWord> {
    const PREFIX: &str = "OPC_QUALITY_";
    let name = match text.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => text.get(PREFIX.len()..)?,
        _ => text,
    };
    ROWS.iter().find(|row| row.constant.eq_ignore_ascii_case(name)).map(|row| row.word)
}

fn parts(text: &str) -> Result<QualityWord, ConvertError> {
    let syntax = |at, expected| ConvertError::syntax(text, "QualityWord", at, expected);
    let mut at = 0;
    let mut parts = text.split(',').map(|part| {
        let start = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        (start, part.trim())
    });
    let (start, first) = parts.next().unwrap_or_default();
    let major = MAJORS.iter().find(|(name, _)| name.eq_ignore_ascii_case(first));
    let Some((_, major)) = major else {
        return Err(syntax(start, "`Good`, `Uncertain`, `Bad`, a number or a name such as `COMM_FAILURE`"));
    };
    let mut word = QualityWord(*major);
    let mut expected = Expected::Substatus;
    for (start, part) in parts {
        let (next, bits) = expected.take(*major, part).ok_or_else(|| {
            syntax(start, "a substatus, then a limit, then a vendor's byte as in `Vendor 0x5A`")
        })?;
        word.0 |= bits;
        expected = next;
    }
    Ok(word)
}

/// What may come next: each part once, in this order.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Expected {
    Substatus,
    Limit,
    Vendor,
    End,
}

impl Expected {
    /// What may come behind `part`, and its bits.
    fn take(self, major: u16, part: &str) -> Option<(Expected, u16)> {
        let is = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(part);
        let keyed = |key: &str| {
            let (word, rest) = part.split_once(' ')?;
            if word.eq_ignore_ascii_case(key) { number(rest.trim()) } else { None }
        };
        if self <= Expected::Substatus {
            let mut rows = ROWS.iter().filter(|row| row.word.bits() & 0xC0 == major);
            let known = rows.find(|row| is(row.text) || is(row.also)).map(|row| row.word.bits());
            let bits =
                known.or_else(|| keyed("Substatus").filter(|number| *number < 16).map(|number| number << 2));
            if let Some(bits) = bits {
                return Some((Expected::Limit, bits));
            }
        }
        if self <= Expected::Limit
            && let Some((_, limit)) = LIMITS.iter().find(|(name, _)| is(name))
        {
            return Some((Expected::Vendor, QualityWord(0).with_limit(*limit).bits()));
        }
        if self <= Expected::Vendor
            && let Some(byte) = keyed("Vendor").filter(|byte| *byte < 256)
        {
            return Some((Expected::End, byte << 8));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_word_prints_and_reads_back() {
        for bits in 0..=u16::MAX {
            let word = QualityWord::from_bits(bits);
            let text = word.to_string();
            assert_eq!(text.parse::<QualityWord>().unwrap(), word, "{text}");
            assert_eq!(text.to_lowercase().parse::<QualityWord>().unwrap(), word, "{text}");
            assert_eq!(bits.to_string().parse::<QualityWord>().unwrap(), word);
            assert_eq!(format!("{bits:#x}").parse::<QualityWord>().unwrap(), word);
        }
    }

    #[test]
    fn the_words_of_the_tools() {
        for (bits, text) in [
            (0x00, "Bad"),
            (0x04, "Bad, Configuration Error"),
            (0x08, "Bad, Not Connected"),
            (0x0C, "Bad, Device Failure"),
            (0x10, "Bad, Sensor Failure"),
            (0x14, "Bad, Last Known Value"),
            (0x18, "Bad, Comm Failure"),
            (0x1C, "Bad, Out of Service"),
            (0x20, "Bad, Waiting for Initial Data"),
            (0x40, "Uncertain"),
            (0x44, "Uncertain, Last Usable Value"),
            (0x50, "Uncertain, Sensor Not Accurate"),
            (0x54, "Uncertain, EU Exceeded"),
            (0x58, "Uncertain, Sub-Normal"),
            (0xC0, "Good"),
            (0xD8, "Good, Local Override"),
            (0x55, "Uncertain, EU Exceeded, Low Limited"),
            (0xC2, "Good, High Limited"),
            (0xC3, "Good, Constant"),
            (0x24, "Bad, Substatus 9"),
            (0x80, "Unknown"),
            (0x5A19, "Bad, Comm Failure, Low Limited, Vendor 0x5A"),
        ] {
            assert_eq!(QualityWord::from_bits(bits).to_string(), text);
        }
    }

    #[test]
    fn other_names_are_understood() {
        for (text, word) in [
            ("OPC_QUALITY_COMM_FAILURE", QualityWord::COMM_FAILURE),
            ("comm_failure", QualityWord::COMM_FAILURE),
            ("bad,communication failure", QualityWord::COMM_FAILURE),
            (" Good , non-specific ", QualityWord::GOOD),
            ("Uncertain, Engineering Units Exceeded", QualityWord::EGU_EXCEEDED),
            ("192", QualityWord::GOOD),
            ("0xD8", QualityWord::LOCAL_OVERRIDE),
        ] {
            assert_eq!(text.parse::<QualityWord>().unwrap(), word, "{text}");
        }
        for row in ROWS.iter().filter(|row| !row.also.is_empty()) {
            let text = format!("{}, {}", row.word.major(), row.also);
            assert_eq!(text.parse::<QualityWord>().unwrap(), row.word);
        }
    }

    #[test]
    fn errors_point_at_the_part() {
        for (text, at) in [
            ("", 0),
            ("Fine", 0),
            ("65536", 0),
            ("+1", 0),
            ("Bad, Local Override", 5),
            ("Bad,  Comm Failure, High, Constant", 20),
            ("Good, Constant, Low Limited", 16),
            ("Bad, Substatus 16", 5),
            ("Good, Vendor 0x100", 6),
        ] {
            let error = text.parse::<QualityWord>().unwrap_err();
            assert_eq!(error.reason(), crate::ConvertReason::Syntax { at }, "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<QualityWord>();
        }

        #[test]
        fn no_text_of_parts_panics(text in "(good|Bad|,| |Vendor|Substatus|0x|9|é|Constant)*") {
            if let Ok(word) = text.parse::<QualityWord>() {
                prop_assert_eq!(word.to_string().parse::<QualityWord>().unwrap(), word);
            }
        }
    }
}
