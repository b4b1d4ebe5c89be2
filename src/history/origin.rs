//! [`Origin`], and the other historian bits of a status (Part 4, 7.39.1; Part 11, 6.3.2).

use std::fmt;

use crate::Status;

/// Where a value of the past comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// It was recorded as it is.
    Raw,
    /// It was calculated from others.
    Calculated,
    /// It lies between two that were recorded, or beyond the last.
    Interpolated,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Origin::Raw => "Raw",
            Origin::Calculated => "Calculated",
            Origin::Interpolated => "Interpolated",
        })
    }
}

/// The info type `DataValue`, without which the bits below it mean nothing.
const DATA_VALUE: u32 = 0x0400;
const CALCULATED: u32 = 0x01;
const INTERPOLATED: u32 = 0x02;
const PARTIAL: u32 = 0x04;
const EXTRA_DATA: u32 = 0x08;
const MULTIPLE_VALUES: u32 = 0x10;

/// The historian bits.
impl Status {
    /// Where a value of the past comes from. The reserved fourth code is taken for calculated.
    pub const fn origin(self) -> Origin {
        match self.historian() & (CALCULATED | INTERPOLATED) {
            0 => Origin::Raw,
            INTERPOLATED => Origin::Interpolated,
            _ => Origin::Calculated,
        }
    }

    /// The interval it was calculated for is not complete.
    pub const fn is_partial(self) -> bool {
        self.historian() & PARTIAL != 0
    }

    /// There is more at this time than is told, such as annotations (`ExtraData` of Part 4, 7.39.1; Part 11, 6.5.7).
    pub const fn has_extra_data(self) -> bool {
        self.historian() & EXTRA_DATA != 0
    }

    /// Several values of the interval meet the condition, such as two equal maxima.
    pub const fn has_multiple_values(self) -> bool {
        self.historian() & MULTIPLE_VALUES != 0
    }

    /// The same status, of this origin.
    pub const fn with_origin(self, origin: Origin) -> Status {
        let bits = self.bits() & !(CALCULATED | INTERPOLATED);
        match origin {
            // The info type stays where it says something else.
            Origin::Raw => {
                Status::from_bits(if matches!(bits & 0x3FF, 0) { bits & !DATA_VALUE } else { bits })
            }
            Origin::Calculated => Status::from_bits(bits | DATA_VALUE | CALCULATED),
            Origin::Interpolated => Status::from_bits(bits | DATA_VALUE | INTERPOLATED),
        }
    }

    /// The same status, of an interval that is not complete.
    pub const fn with_partial(self) -> Status {
        Status::from_bits(self.bits() | DATA_VALUE | PARTIAL)
    }

    /// The same status, of a value with hidden ones behind it.
    pub const fn with_extra_data(self) -> Status {
        Status::from_bits(self.bits() | DATA_VALUE | EXTRA_DATA)
    }

    /// The same status, of a value that nothing is hidden behind.
    pub(crate) const fn without_extra_data(self) -> Status {
        if !self.has_extra_data() {
            return self;
        }
        let bits = self.bits() & !EXTRA_DATA;
        // The info type stays where it says something else.
        Status::from_bits(if matches!(bits & 0x3FF, 0) { bits & !DATA_VALUE } else { bits })
    }

    /// The same status, of one value out of several that would do.
    pub const fn with_multiple_values(self) -> Status {
        Status::from_bits(self.bits() | DATA_VALUE | MULTIPLE_VALUES)
    }

    const fn historian(self) -> u32 {
        if self.bits() & 0x0C00 == DATA_VALUE { self.bits() & 0x1F } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_part_4() {
        assert_eq!(Status::GOOD.with_origin(Origin::Calculated).bits(), 0x0401);
        assert_eq!(Status::GOOD.with_origin(Origin::Interpolated).bits(), 0x0402);
        assert_eq!(Status::GOOD.with_partial().bits(), 0x0404);
        assert_eq!(Status::GOOD.with_extra_data().bits(), 0x0408);
        assert_eq!(Status::GOOD.with_multiple_values().bits(), 0x0410);
        assert_eq!(Status::GOOD.with_extra_data().without_extra_data(), Status::GOOD);
        assert_eq!(Status::from_bits(0x0488).without_extra_data().bits(), 0x0480);
    }

    #[test]
    fn an_origin_replaces_the_one_before_and_leaves_the_rest() {
        let status = Status::from_bits(0x4095_0000).with_multiple_values().with_origin(Origin::Calculated);
        let again = status.with_origin(Origin::Interpolated);
        assert_eq!(
            (again.origin(), again.has_multiple_values(), again.is_partial()),
            (Origin::Interpolated, true, false)
        );
        assert_eq!(again.code(), Status::from_bits(0x4095_0000));
        assert_eq!(again.with_origin(Origin::Raw).bits(), 0x4095_0410);
        assert_eq!(Status::GOOD.with_origin(Origin::Calculated).with_origin(Origin::Raw), Status::GOOD);
    }

    #[test]
    fn bits_of_another_info_type_say_nothing() {
        let status = Status::from_bits(0x0000_001F);
        assert_eq!(
            (status.origin(), status.is_partial(), status.has_extra_data()),
            (Origin::Raw, false, false)
        );
    }
}
