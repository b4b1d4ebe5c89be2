//! [`QualityWord`]: how good a value is, in OPC DA's 16 bits.

mod history;
mod status;
mod text;

use crate::{Quality, Status};

use crate::status::code;

pub use history::HistoryQuality;

/// How good a value is, as OPC DA says it: a vendor's byte, then two bits of quality, four of substatus and two of limit
/// (Part 8, A.3.2.3).
///
/// ```
/// use openopc::Status;
/// use openopc::da::{Limit, QualityWord};
///
/// let word = QualityWord::from_bits(0x55);
/// assert_eq!(word.to_string(), "Uncertain, EU Exceeded, Low Limited");
/// assert_eq!((word.status(), word.limit()), (QualityWord::EGU_EXCEEDED, Limit::Low));
/// assert_eq!(Status::from(word), Status::from_bits(0x4094_0500));
/// assert_eq!(QualityWord::from(Status::named("BadNoCommunication").unwrap()), QualityWord::COMM_FAILURE);
/// assert_eq!("Bad, Comm Failure".parse(), Ok(QualityWord::COMM_FAILURE));
/// ```
///
/// # To OPC UA
/// As Table A.3 has it, limits included. The word keeps the vendor's byte; a [`Status`] has no place for it. A substatus that
/// is not in the table follows its two quality bits, and the reserved quality 2 is bad; the Foundation's own code makes all
/// of these good, which nobody should want.
///
/// # From OPC UA
/// As the table in A.4.3.3 has it. Of the statuses it does not have, those that mean the same as one of its words get that
/// word: see [`from_status`](QualityWord::from_status) and [`from_status_annex_a`](QualityWord::from_status_annex_a).
/// All others follow their severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualityWord(u16);

/// One row of Part 8's tables.
struct Row {
    word: QualityWord,
    status: Status,
    /// `COMM_FAILURE`, as the interface definition has it behind `OPC_QUALITY_`.
    constant: &'static str,
    /// `Comm Failure`; empty for the general word of a quality.
    text: &'static str,
    /// What other tools print for it.
    also: &'static str,
}

macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident = $bits:literal, $status:ident, $text:literal, $also:literal;)*) => {
        impl QualityWord {
            $($(#[doc = $doc])* pub const $name: QualityWord = QualityWord($bits);)*

            /// Every word with a name, without limits, in the order of their bits.
            pub const ALL: &'static [QualityWord] = &[$(QualityWord::$name),*];
        }

        static ROWS: &[Row] = &[$(Row {
            word: QualityWord::$name,
            status: $status,
            constant: stringify!($name),
            text: $text,
            also: $also,
        }),*];
    };
}

use code::{
    BAD, BAD_CONFIGURATION_ERROR, BAD_DEVICE_FAILURE, BAD_NO_COMMUNICATION, BAD_NOT_CONNECTED,
    BAD_OUT_OF_SERVICE, BAD_SENSOR_FAILURE, BAD_WAITING_FOR_INITIAL_DATA, GOOD_LOCAL_OVERRIDE, UNCERTAIN,
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED, UNCERTAIN_LAST_USABLE_VALUE, UNCERTAIN_SENSOR_NOT_ACCURATE,
    UNCERTAIN_SUB_NORMAL,
};
const GOOD: Status = Status::GOOD;

words! {
    /// Bad for no reason given.
    BAD = 0x00, BAD, "", "Non-Specific";
    /// Something in the server's configuration is wrong: the item was deleted, say.
    CONFIG_ERROR = 0x04, BAD_CONFIGURATION_ERROR, "Configuration Error", "Config Error";
    /// The input ought to be connected to something, and is not.
    NOT_CONNECTED = 0x08, BAD_NOT_CONNECTED, "Not Connected", "";
    /// The device has failed.
    DEVICE_FAILURE = 0x0C, BAD_DEVICE_FAILURE, "Device Failure", "";
    /// The sensor has failed.
    SENSOR_FAILURE = 0x10, BAD_SENSOR_FAILURE, "Sensor Failure", "";
    /// The connection has failed; the value is the last one known. OPC UA has no equal: `BadOutOfService`, which comes back
    /// as [`OUT_OF_SERVICE`](QualityWord::OUT_OF_SERVICE).
    LAST_KNOWN = 0x14, BAD_OUT_OF_SERVICE, "Last Known Value", "Last Known";
    /// The connection has failed, and there is no last value.
    COMM_FAILURE = 0x18, BAD_NO_COMMUNICATION, "Comm Failure", "Communication Failure";
    /// Off scan, locked, or the group is not active.
    OUT_OF_SERVICE = 0x1C, BAD_OUT_OF_SERVICE, "Out of Service", "";
    /// No value has come yet (OPC DA 3.0).
    WAITING_FOR_INITIAL_DATA = 0x20, BAD_WAITING_FOR_INITIAL_DATA, "Waiting for Initial Data", "";
    /// Uncertain for no reason given.
    UNCERTAIN = 0x40, UNCERTAIN, "", "Non-Specific";
    /// Whatever wrote the value has stopped doing so.
    LAST_USABLE = 0x44, UNCERTAIN_LAST_USABLE_VALUE, "Last Usable Value", "Last Usable";
    /// The value stands at a limit of the sensor, or the sensor is out of calibration.
    SENSOR_CAL = 0x50, UNCERTAIN_SENSOR_NOT_ACCURATE, "Sensor Not Accurate", "Sensor Cal";
    /// The value is outside its limits.
    EGU_EXCEEDED = 0x54, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED, "EU Exceeded", "Engineering Units Exceeded";
    /// Too few of the sources that the value comes from are good.
    SUB_NORMAL = 0x58, UNCERTAIN_SUB_NORMAL, "Sub-Normal", "Sub Normal";
    /// Good.
    GOOD = 0xC0, GOOD, "", "Non-Specific";
    /// The value was set by hand.
    LOCAL_OVERRIDE = 0xD8, GOOD_LOCAL_OVERRIDE, "Local Override", "";
}

/// The two quality bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MajorQuality {
    /// 0: the value must not be used.
    Bad,
    /// 1: the value may be used with care.
    Uncertain,
    /// 2: reserved; OpenOPC's `Unknown`.
    Unknown,
    /// 3: the value can be used.
    Good,
}

/// The two limit bits: whether the value stands at an end of what it can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Limit {
    /// 0: it can go up and down.
    #[default]
    None,
    /// 1: it stands at a low limit.
    Low,
    /// 2: it stands at a high limit.
    High,
    /// 3: it cannot move.
    Constant,
}

impl QualityWord {
    /// The word with these bits, known or not.
    pub const fn from_bits(bits: u16) -> QualityWord {
        QualityWord(bits)
    }

    /// All 16 bits, the vendor's byte included.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The two quality bits.
    pub const fn major(self) -> MajorQuality {
        match self.0 >> 6 & 3 {
            0 => MajorQuality::Bad,
            1 => MajorQuality::Uncertain,
            2 => MajorQuality::Unknown,
            _ => MajorQuality::Good,
        }
    }

    /// The word with quality and substatus only: one of the constants, where the word is known.
    #[must_use]
    pub const fn status(self) -> QualityWord {
        QualityWord(self.0 & 0xFC)
    }

    /// The four substatus bits, 0 to 15; what they mean depends on the quality.
    pub const fn substatus(self) -> u8 {
        (self.0.to_le_bytes()[0] & 0x3C) >> 2
    }

    /// The two limit bits.
    pub const fn limit(self) -> Limit {
        match self.0 & 3 {
            0 => Limit::None,
            1 => Limit::Low,
            2 => Limit::High,
            _ => Limit::Constant,
        }
    }

    /// The vendor's byte.
    pub const fn vendor(self) -> u8 {
        self.0.to_le_bytes()[1]
    }

    /// The same word with another limit.
    #[must_use]
    pub const fn with_limit(self, limit: Limit) -> QualityWord {
        let bits = match limit {
            Limit::None => 0,
            Limit::Low => 1,
            Limit::High => 2,
            Limit::Constant => 3,
        };
        QualityWord(self.0 & !3 | bits)
    }

    /// The quality is good, whatever the substatus.
    pub const fn is_good(self) -> bool {
        matches!(self.major(), MajorQuality::Good)
    }

    /// Good, uncertain or bad; the reserved quality is bad.
    pub const fn quality(self) -> Quality {
        match self.major() {
            MajorQuality::Good => Quality::Good,
            MajorQuality::Uncertain => Quality::Uncertain,
            MajorQuality::Bad | MajorQuality::Unknown => Quality::Bad,
        }
    }

    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.word == self.status())
    }
}

impl From<u16> for QualityWord {
    fn from(bits: u16) -> QualityWord {
        QualityWord(bits)
    }
}

impl From<QualityWord> for u16 {
    fn from(word: QualityWord) -> u16 {
        word.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_sum_of_its_parts() {
        for bits in 0..=u16::MAX {
            let word = QualityWord::from_bits(bits);
            let major = match word.major() {
                MajorQuality::Bad => 0u16,
                MajorQuality::Uncertain => 1,
                MajorQuality::Unknown => 2,
                MajorQuality::Good => 3,
            };
            let limit = match word.limit() {
                Limit::None => 0u16,
                Limit::Low => 1,
                Limit::High => 2,
                Limit::Constant => 3,
            };
            let parts = u16::from(word.vendor()) << 8 | major << 6 | u16::from(word.substatus()) << 2 | limit;
            assert_eq!(parts, bits);
            assert_eq!(word.status().bits(), bits & 0xFC);
            assert_eq!(word.with_limit(Limit::None).with_limit(word.limit()), word);
            assert_eq!(word.is_good(), word.quality() == Quality::Good);
        }
    }

    #[test]
    fn the_table_is_in_order_and_has_no_word_twice() {
        assert!(QualityWord::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(QualityWord::ALL.len(), 16);
        assert!(QualityWord::ALL.iter().all(|word| word.row().is_some_and(|row| row.word == *word)));
    }
}
