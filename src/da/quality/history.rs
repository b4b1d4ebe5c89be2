//! [`HistoryQuality`]: OPC HDA's quality.

use super::QualityWord;
use super::status::{DATA_VALUE, INFO_TYPE};
use crate::Status;
use crate::status::code;

/// How good a value of the past is, as OPC HDA says it: a [`QualityWord`] in the low half, and bits above it that tell how the
/// value came about.
///
/// OPC UA says the same with the historian bits of a status (Part 4, 7.39.1). The Foundation's code
/// draws the line between both, as Part 11 has no annex for HDA:
///
/// | bit | to a status | from a status |
/// | --- | --- | --- |
/// | [`EXTRA_DATA`](HistoryQuality::EXTRA_DATA) | `ExtraData`, 0x08 | back |
/// | [`INTERPOLATED`](HistoryQuality::INTERPOLATED) | `Interpolated`, 0x02 | back |
/// | [`RAW`](HistoryQuality::RAW) | `Raw`, 0x00 | where the value is neither calculated nor interpolated |
/// | [`CALCULATED`](HistoryQuality::CALCULATED) | `Calculated`, 0x01 | back |
/// | [`NO_BOUND`](HistoryQuality::NO_BOUND) | `BadBoundNotFound` | back, and from `BadBoundNotSupported` |
/// | [`NO_DATA`](HistoryQuality::NO_DATA) | `BadNoData` | back |
/// | [`DATA_LOST`](HistoryQuality::DATA_LOST) | `BadDataLost` | back |
/// | [`CONVERSION`](HistoryQuality::CONVERSION) | `BadTypeMismatch` | never |
/// | [`PARTIAL`](HistoryQuality::PARTIAL) | `Partial`, 0x04 | back |
///
/// OPC UA's `MultipleValues`, 0x10, has no bit in HDA.
///
/// ```
/// use openopc::Status;
/// use openopc::da::{HistoryQuality, QualityWord};
///
/// let mean = HistoryQuality::new(QualityWord::GOOD, HistoryQuality::CALCULATED);
/// assert_eq!(mean.bits(), 0x0008_00C0);
/// assert_eq!(Status::from(mean), Status::from_bits(0x0000_0401));
/// assert_eq!(HistoryQuality::from(Status::GOOD), HistoryQuality::new(QualityWord::GOOD, HistoryQuality::RAW));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryQuality(u32);

impl HistoryQuality {
    /// More than one value has this time.
    pub const EXTRA_DATA: u32 = 0x0001_0000;
    /// The value lies between two that were recorded.
    pub const INTERPOLATED: u32 = 0x0002_0000;
    /// The value was recorded as it is.
    pub const RAW: u32 = 0x0004_0000;
    /// The value was calculated from others.
    pub const CALCULATED: u32 = 0x0008_0000;
    /// There is no value at the bound that was asked for.
    pub const NO_BOUND: u32 = 0x0010_0000;
    /// There is no data in the interval.
    pub const NO_DATA: u32 = 0x0020_0000;
    /// Data of the interval was lost.
    pub const DATA_LOST: u32 = 0x0040_0000;
    /// The value could not be converted.
    pub const CONVERSION: u32 = 0x0080_0000;
    /// The interval is not complete.
    pub const PARTIAL: u32 = 0x0100_0000;

    /// Every bit and its name in the interface definition, behind `OPCHDA_`.
    pub const FLAGS: &'static [(u32, &'static str)] = &[
        (HistoryQuality::EXTRA_DATA, "EXTRADATA"),
        (HistoryQuality::INTERPOLATED, "INTERPOLATED"),
        (HistoryQuality::RAW, "RAW"),
        (HistoryQuality::CALCULATED, "CALCULATED"),
        (HistoryQuality::NO_BOUND, "NOBOUND"),
        (HistoryQuality::NO_DATA, "NODATA"),
        (HistoryQuality::DATA_LOST, "DATALOST"),
        (HistoryQuality::CONVERSION, "CONVERSION"),
        (HistoryQuality::PARTIAL, "PARTIAL"),
    ];

    /// The word and these of the bits above it.
    pub fn new(word: QualityWord, flags: u32) -> HistoryQuality {
        HistoryQuality(u32::from(word.bits()) | flags & 0xFFFF_0000)
    }

    /// The quality with these bits, known or not.
    pub const fn from_bits(bits: u32) -> HistoryQuality {
        HistoryQuality(bits)
    }

    /// All 32 bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The low half.
    pub const fn word(self) -> QualityWord {
        let [low, high, _, _] = self.0.to_le_bytes();
        QualityWord::from_bits(u16::from_le_bytes([low, high]))
    }

    /// The bits above the word.
    pub const fn flags(self) -> u32 {
        self.0 & 0xFFFF_0000
    }

    /// All of these bits are set.
    pub const fn has(self, flags: u32) -> bool {
        self.0 & flags == flags
    }
}

/// What is a status of its own, in the order in which it wins.
const STATUSES: [(u32, Status); 4] = [
    (HistoryQuality::NO_BOUND, code::BAD_BOUND_NOT_FOUND),
    (HistoryQuality::NO_DATA, code::BAD_NO_DATA),
    (HistoryQuality::DATA_LOST, code::BAD_DATA_LOST),
    (HistoryQuality::CONVERSION, code::BAD_TYPE_MISMATCH),
];

/// What is a historian bit of a status.
const HISTORIAN: [(u32, u32); 4] = [
    (HistoryQuality::CALCULATED, 0x01),
    (HistoryQuality::INTERPOLATED, 0x02),
    (HistoryQuality::PARTIAL, 0x04),
    (HistoryQuality::EXTRA_DATA, 0x08),
];

impl From<HistoryQuality> for Status {
    fn from(quality: HistoryQuality) -> Status {
        let own = STATUSES.iter().find(|(flag, _)| quality.has(*flag)).map(|(_, status)| *status);
        let word = Status::from(quality.word());
        // The limits stay.
        let status = own.map_or(word, |own| Status::from_bits(own.bits() | word.bits() & 0xFFFF));
        let bits =
            HISTORIAN.iter().filter(|(flag, _)| quality.has(*flag)).fold(0, |bits, (_, bit)| bits | bit);
        if bits == 0 { status } else { Status::from_bits(status.bits() | DATA_VALUE | bits) }
    }
}

impl From<Status> for HistoryQuality {
    fn from(status: Status) -> HistoryQuality {
        let code = match status.code() {
            code::BAD_BOUND_NOT_SUPPORTED => code::BAD_BOUND_NOT_FOUND,
            // Any type mismatch would be one of this conversion.
            code::BAD_TYPE_MISMATCH => code::BAD,
            code => code,
        };
        let own = STATUSES.iter().find(|(_, status)| *status == code).map_or(0, |(flag, _)| *flag);
        let info = if status.bits() & INFO_TYPE == DATA_VALUE { status.bits() } else { 0 };
        let historian =
            HISTORIAN.iter().filter(|(_, bit)| info & bit != 0).fold(0, |flags, (flag, _)| flags | flag);
        let made = HistoryQuality::CALCULATED | HistoryQuality::INTERPOLATED;
        let raw = if own == 0 && historian & made == 0 { HistoryQuality::RAW } else { 0 };
        HistoryQuality::new(status.into(), own | historian | raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_goes_both_ways() {
        use HistoryQuality as Q;
        for (bits, status) in [
            (Q::RAW | 0xC0, 0x0000_0000),
            (Q::RAW | Q::EXTRA_DATA | 0xC0, 0x0000_0408),
            (Q::INTERPOLATED | 0xC0, 0x0000_0402),
            (Q::CALCULATED | 0xC0, 0x0000_0401),
            (Q::CALCULATED | Q::PARTIAL | 0x40, 0x4000_0405),
            (Q::CALCULATED | 0xC3, 0x0000_0701),
            (Q::NO_BOUND, 0x80D7_0000),
            (Q::NO_DATA, 0x809B_0000),
            (Q::DATA_LOST, 0x809D_0000),
            (Q::RAW | 0x18, 0x8031_0000),
        ] {
            let (quality, status) = (Q::from_bits(bits), Status::from_bits(status));
            assert_eq!(Status::from(quality), status, "{bits:#010x}");
            assert_eq!(Q::from(status), quality, "{status}");
        }
        assert_eq!(Status::from(Q::from_bits(Q::CONVERSION | 0x40)), code::BAD_TYPE_MISMATCH);
        assert_eq!(Q::from(code::BAD_TYPE_MISMATCH), Q::from_bits(Q::RAW));
        assert_eq!(Q::from(code::BAD_BOUND_NOT_SUPPORTED), Q::from_bits(Q::NO_BOUND));
    }

    #[test]
    fn every_combination_of_bits_comes_back_where_a_status_can_hold_it() {
        for flags in 0..0x200u32 {
            for word in [QualityWord::BAD, QualityWord::UNCERTAIN, QualityWord::GOOD] {
                let quality = HistoryQuality::new(word, flags << 16);
                let (status, back) = (Status::from(quality), HistoryQuality::from(Status::from(quality)));
                assert_eq!(HistoryQuality::from(Status::from(back)), back, "{:#010x}", quality.bits());
                for (flag, _) in HISTORIAN {
                    assert_eq!(back.has(flag), quality.has(flag), "{:#010x}", quality.bits());
                }
                let lost = STATUSES.iter().any(|(flag, _)| quality.has(*flag));
                assert!(status.is_bad() || !lost);
                assert!(lost || back.word() == word);
            }
        }
    }

    #[test]
    fn parts_and_names() {
        let quality = HistoryQuality::from_bits(0x0108_00D8);
        assert_eq!(quality.word(), QualityWord::LOCAL_OVERRIDE);
        assert_eq!(quality.flags(), HistoryQuality::PARTIAL | HistoryQuality::CALCULATED);
        let all = HistoryQuality::FLAGS.iter().fold(0, |bits, (flag, _)| bits | flag);
        assert_eq!(all, 0x01FF_0000);
        assert_eq!(HistoryQuality::from(Status::from_bits(0x0000_0411)).flags(), HistoryQuality::CALCULATED);
    }
}
