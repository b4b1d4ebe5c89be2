//! [`Access`].

use std::fmt;

/// What may be done with a value: OPC DA's access rights, OPC UA's `AccessLevel` (Part 8, A.4.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Access {
    /// `OPC_READABLE`, `CurrentRead`
    pub read: bool,
    /// `OPC_WRITEABLE`, `CurrentWrite`
    pub write: bool,
}

impl Access {
    /// The value can be read.
    pub const READ: Access = Access { read: true, write: false };
    /// The value can be written.
    pub const WRITE: Access = Access { read: false, write: true };
    /// The value can be read and written.
    pub const READ_WRITE: Access = Access { read: true, write: true };

    /// All that `other` allows is allowed here.
    pub const fn includes(self, other: Access) -> bool {
        self.bits() & other.bits() == other.bits()
    }

    /// From OPC DA's bits: 1 is readable, 2 is writable. OPC UA's attribute `AccessLevel` begins with the same two
    /// (Part 3, 8.57); what else it has is not looked at.
    pub const fn from_bits(bits: u8) -> Access {
        Access { read: bits & 1 != 0, write: bits & 2 != 0 }
    }

    /// OPC DA's bits.
    pub const fn bits(self) -> u8 {
        match (self.read, self.write) {
            (false, false) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (true, true) => 3,
        }
    }

    /// OpenOPC's word: `Read`, `Write`, `Read/Write`, or `0` where nothing may be done.
    pub const fn name(self) -> &'static str {
        match (self.read, self.write) {
            (false, false) => "0",
            (true, false) => "Read",
            (false, true) => "Write",
            (true, true) => "Read/Write",
        }
    }
}

/// OpenOPC's word.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_includes_less() {
        assert!(Access::READ_WRITE.includes(Access::READ) && Access::READ.includes(Access::READ));
        assert!(Access::READ.includes(Access::default()) && !Access::READ.includes(Access::WRITE));
        assert!(!Access::WRITE.includes(Access::READ_WRITE));
    }

    #[test]
    fn bits_go_both_ways_and_others_are_ignored() {
        for (bits, name) in [(0, "0"), (1, "Read"), (2, "Write"), (3, "Read/Write")] {
            assert_eq!(Access::from_bits(bits).bits(), bits);
            assert_eq!(Access::from_bits(bits | 0xFC).bits(), bits);
            assert_eq!(Access::from_bits(bits).to_string(), name);
        }
    }
}
