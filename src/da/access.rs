//! [`Access`].

use std::fmt;

/// What may be done with an item's value: OPC DA's access rights, from the attribute `UserAccessLevel` (Part 3, 8.57;
/// Part 8, A.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// Neither.
    #[default]
    None,
    /// It can be read.
    Read,
    /// It can be written.
    Write,
    /// It can be read and written.
    ReadWrite,
}

/// `CurrentRead` and `CurrentWrite` (Part 3, 8.57): the same bits as OPC DA's `OPC_READABLE` and `OPC_WRITEABLE`.
const READ: u8 = 1;
const WRITE: u8 = 2;

impl Access {
    /// From the bits of an `AccessLevel`; those that are about something else are left out.
    pub fn from_level(level: u8) -> Access {
        match (level & READ != 0, level & WRITE != 0) {
            (false, false) => Access::None,
            (true, false) => Access::Read,
            (false, true) => Access::Write,
            (true, true) => Access::ReadWrite,
        }
    }

    /// OPC DA's number: 1 read, 2 write, 3 both.
    pub fn number(self) -> u8 {
        match self {
            Access::None => 0,
            Access::Read => READ,
            Access::Write => WRITE,
            Access::ReadWrite => READ | WRITE,
        }
    }

    /// The value can be read.
    pub fn can_read(self) -> bool {
        self.number() & READ != 0
    }

    /// The value can be written.
    pub fn can_write(self) -> bool {
        self.number() & WRITE != 0
    }

    /// All that `other` allows is allowed here.
    pub fn includes(self, other: Access) -> bool {
        self.number() & other.number() == other.number()
    }
}

/// OpenOPC's words: `Read`, `Write`, `Read/Write`.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Access::None => "None",
            Access::Read => "Read",
            Access::Write => "Write",
            Access::ReadWrite => "Read/Write",
        })
    }
}
