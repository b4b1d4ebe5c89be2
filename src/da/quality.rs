//! OPC DA's quality word.

#[cfg(feature = "client")]
use crate::Status;

/// The quality word for each status that has one of its own (Part 8, A.4.3.3); all others follow their severity.
#[cfg(feature = "client")]
const WORDS: [(u32, u16); 15] = [
    (0x8000_0000, 0x00),
    (0x8089_0000, 0x04),
    (0x808A_0000, 0x08),
    (0x808B_0000, 0x0C),
    (0x808C_0000, 0x10),
    (0x8031_0000, 0x18),
    (0x808D_0000, 0x1C),
    (0x8032_0000, 0x20),
    (0x4000_0000, 0x40),
    (0x4090_0000, 0x44),
    (0x4093_0000, 0x50),
    (0x4094_0000, 0x54),
    (0x4095_0000, 0x58),
    (0x0000_0000, 0xC0),
    (0x0096_0000, 0xD8),
];

/// The names of the two quality bits, as OpenOPC printed them.
const NAMES: [&str; 4] = ["Bad", "Uncertain", "Unknown", "Good"];

/// The status as a quality word: quality, substatus, and the limit bits where the status has them.
#[cfg(feature = "client")]
pub(crate) fn quality_word(status: Status) -> u16 {
    let known = WORDS.iter().find(|(code, _)| *code == status.code().bits());
    let word = known.map_or_else(
        || match status.quality() {
            crate::Quality::Bad => 0x00,
            crate::Quality::Uncertain => 0x40,
            crate::Quality::Good => 0xC0,
        },
        |(_, word)| *word,
    );
    // The limit bits mean something only where the info type says that they belong to a value (Part 4, 7.39.1).
    if status.bits() & 0x0400 == 0 {
        return word;
    }
    word | match status.bits() & 0x0300 {
        0x0100 => 1,
        0x0200 => 2,
        0x0300 => 3,
        _ => 0,
    }
}

/// `Good` for 192.
pub(crate) fn quality_name(word: u16) -> &'static str {
    NAMES.get(usize::from(word >> 6 & 3)).copied().unwrap_or_default()
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_the_words_of_the_standard() {
        for (name, word, text) in [
            ("Good", 0xC0, "Good"),
            ("GoodLocalOverride", 0xD8, "Good"),
            ("GoodClamped", 0xC0, "Good"),
            ("UncertainLastUsableValue", 0x44, "Uncertain"),
            ("UncertainInitialValue", 0x40, "Uncertain"),
            ("BadNoCommunication", 0x18, "Bad"),
            ("BadTimeout", 0x00, "Bad"),
        ] {
            let status = Status::named(name).unwrap();
            assert_eq!((quality_word(status), quality_name(quality_word(status))), (word, text), "{name}");
        }
        assert_eq!(quality_word(Status::from_bits(0x0000_0700)), 0xC3);
        assert_eq!(quality_word(Status::from_bits(0x4093_0500)), 0x51);
        assert_eq!(quality_word(Status::from_bits(0x0000_0300)), 0xC0, "no info type, no limits");
        assert_eq!(quality_name(0x80), "Unknown");
    }
}
