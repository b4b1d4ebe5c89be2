//! Quality words and statuses, both ways (Part 8, A.3.2.3 and A.4.3.3).

use super::{QualityWord, ROWS};
use crate::status::code;
use crate::{Quality, Status};

/// Info type `DataValue`: the low bits belong to a value (Part 4, 7.39.1).
pub(super) const DATA_VALUE: u32 = 0x0400;
pub(super) const INFO_TYPE: u32 = 0x0C00;
const LIMIT_SHIFT: u32 = 8;

/// **An extension of Annex A**, which leaves these to their severity: statuses of OPC UA's own that say what a word says.
const EXTENSION: [(Status, QualityWord); 6] = [
    (code::UNCERTAIN_NO_COMMUNICATION_LAST_USABLE_VALUE, QualityWord::LAST_USABLE),
    (code::UNCERTAIN_SUBSTITUTE_VALUE, QualityWord::UNCERTAIN),
    (code::UNCERTAIN_INITIAL_VALUE, QualityWord::UNCERTAIN),
    (code::GOOD_CLAMPED, QualityWord::GOOD),
    (code::BAD_COMMUNICATION_ERROR, QualityWord::COMM_FAILURE),
    (code::BAD_TIMEOUT, QualityWord::COMM_FAILURE),
];

impl QualityWord {
    /// The word for a status: the rows of Part 8, A.4.3.3, these beyond it, and the severity for all others. Limits come
    /// along where the status has the info type `DataValue`.
    ///
    /// | status | word |
    /// | --- | --- |
    /// | `UncertainNoCommunicationLastUsableValue` | [`LAST_USABLE`](QualityWord::LAST_USABLE) |
    /// | `UncertainSubstituteValue`, `UncertainInitialValue` | [`UNCERTAIN`](QualityWord::UNCERTAIN) |
    /// | `GoodClamped` | [`GOOD`](QualityWord::GOOD) |
    /// | `BadCommunicationError`, `BadTimeout` | [`COMM_FAILURE`](QualityWord::COMM_FAILURE) |
    ///
    /// A bad status has a word too, though A.4.3.1 wants an error code in its place: that is
    /// [`HResult::from_status`](crate::da::HResult::from_status).
    pub fn from_status(status: Status) -> QualityWord {
        let extension = EXTENSION.iter().find(|(code, _)| *code == status.code());
        extension.map_or_else(
            || QualityWord::from_status_annex_a(status),
            |(_, word)| QualityWord(word.0 | limit(status)),
        )
    }

    /// The word for a status by the rows of Annex A alone, and by the severity for all others.
    ///
    /// ```
    /// use openopc::{Status, da::QualityWord};
    ///
    /// let timeout = Status::named("BadTimeout").unwrap();
    /// assert_eq!(QualityWord::from_status(timeout), QualityWord::COMM_FAILURE);
    /// assert_eq!(QualityWord::from_status_annex_a(timeout), QualityWord::BAD);
    /// ```
    pub fn from_status_annex_a(status: Status) -> QualityWord {
        // The one word that does not come back shares its status with another.
        let mut rows = ROWS.iter().filter(|row| row.word != QualityWord::LAST_KNOWN);
        let word = rows.find(|row| row.status == status.code()).map_or_else(
            || match status.quality() {
                Quality::Good => QualityWord::GOOD,
                Quality::Uncertain => QualityWord::UNCERTAIN,
                Quality::Bad => QualityWord::BAD,
            },
            |row| row.word,
        );
        QualityWord(word.0 | limit(status))
    }
}

/// The limit bits of a status, where they mean something.
fn limit(status: Status) -> u16 {
    if status.bits() & INFO_TYPE != DATA_VALUE {
        return 0;
    }
    u16::try_from(status.bits() >> LIMIT_SHIFT & 3).unwrap_or_default()
}

/// [`QualityWord::from_status`].
impl From<Status> for QualityWord {
    fn from(status: Status) -> QualityWord {
        QualityWord::from_status(status)
    }
}

/// The row of Part 8, A.3.2.3; else the severity. The vendor's byte is dropped.
impl From<QualityWord> for Status {
    fn from(word: QualityWord) -> Status {
        let status = word.row().map_or_else(
            || match word.quality() {
                Quality::Good => Status::GOOD,
                Quality::Uncertain => code::UNCERTAIN,
                Quality::Bad => code::BAD,
            },
            |row| row.status,
        );
        match u32::from(word.0 & 3) {
            0 => status,
            limit => Status::from_bits(status.bits() | DATA_VALUE | limit << LIMIT_SHIFT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::da::MajorQuality;

    /// Part 8, Table A.3, by hand: the only copy beside the one that is tested.
    const TABLE: [(u16, &str); 16] = [
        (0, "Bad"),
        (4, "BadConfigurationError"),
        (8, "BadNotConnected"),
        (12, "BadDeviceFailure"),
        (16, "BadSensorFailure"),
        (20, "BadOutOfService"),
        (24, "BadNoCommunication"),
        (28, "BadOutOfService"),
        (32, "BadWaitingForInitialData"),
        (64, "Uncertain"),
        (68, "UncertainLastUsableValue"),
        (80, "UncertainSensorNotAccurate"),
        (84, "UncertainEngineeringUnitsExceeded"),
        (88, "UncertainSubNormal"),
        (192, "Good"),
        (216, "GoodLocalOverride"),
    ];

    #[test]
    fn every_word_becomes_the_status_of_the_table_or_of_its_severity() {
        for bits in 0..=u16::MAX {
            let word = QualityWord::from_bits(bits);
            let status = Status::from(word);
            let severity = match word.major() {
                MajorQuality::Good => "Good",
                MajorQuality::Uncertain => "Uncertain",
                MajorQuality::Bad | MajorQuality::Unknown => "Bad",
            };
            let row = TABLE.iter().find(|(row, _)| *row == bits & 0xFC);
            assert_eq!(status.name(), row.map_or(severity, |(_, name)| name), "{bits:#06x}");
            let info = [0, 0x500, 0x600, 0x700][usize::from(bits & 3)];
            assert_eq!(status.bits() & 0xFFFF, info, "{bits:#06x}");
            // And back: all that a status can hold.
            let back = QualityWord::from(status);
            let known = row.is_some() && bits & 0xFC != 20;
            let kept = match (known, bits & 0xFC) {
                (true, status) => status,
                (false, 20) => 28,
                (false, status) if status & 0xC0 == 0x80 => 0,
                (false, status) => status & 0xC0,
            };
            assert_eq!(back.bits(), kept | bits & 3, "{bits:#06x}");
            assert_eq!(QualityWord::from_status_annex_a(status), back);
        }
    }

    #[test]
    fn every_status_with_a_name_becomes_the_word_of_the_table_or_of_its_severity() {
        let mut seen = 0;
        for code in 0..=0xFFFFu32 {
            let status = Status::from_bits(code << 16);
            if crate::engine::convert::status_name(status.bits()).is_none() {
                continue;
            }
            seen += 1;
            let severity = match status.quality() {
                Quality::Good => 192,
                Quality::Uncertain => 64,
                Quality::Bad => 0,
            };
            let row = TABLE.iter().filter(|(bits, _)| *bits != 20).find(|(_, name)| *name == status.name());
            let annex = row.map_or(severity, |(bits, _)| *bits);
            assert_eq!(QualityWord::from_status_annex_a(status).bits(), annex, "{status}");
            let extended = match &*status.name() {
                "UncertainNoCommunicationLastUsableValue" => 68,
                "BadCommunicationError" | "BadTimeout" => 24,
                _ => annex,
            };
            assert_eq!(QualityWord::from(status).bits(), extended, "{status}");
            // The quality never changes on the way, and limits need their info type.
            assert_eq!(QualityWord::from(status).quality(), status.quality());
            for (info, limit) in [(0x300, 0), (0x400, 0), (0x500, 1), (0x600, 2), (0x700, 3), (0xF00, 0)] {
                let limited = Status::from_bits(status.bits() | info);
                assert_eq!(QualityWord::from(limited).bits(), extended | limit, "{limited}");
            }
        }
        assert!(seen > 250, "{seen}");
    }

    #[test]
    fn the_examples_of_the_foundation() {
        for (word, status) in [
            (0xC1, 0x0000_0500),
            (0xC2, 0x0000_0600),
            (0xC3, 0x0000_0700),
            (0x51, 0x4093_0500),
            (0x55, 0x4094_0500),
            (0x56, 0x4094_0600),
            (0x11, 0x808C_0500),
        ] {
            let (word, status) = (QualityWord::from_bits(word), Status::from_bits(status));
            assert_eq!((Status::from(word), QualityWord::from(status)), (status, word));
        }
    }

    #[test]
    fn the_reserved_severity_is_bad() {
        assert_eq!(QualityWord::from(Status::from_bits(0xC000_0000)), QualityWord::BAD);
    }
}
