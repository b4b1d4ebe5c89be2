//! [`Status`] and [`Quality`]: how good a value is, or why there is none.

pub(crate) mod code;

use std::borrow::Cow;
use std::fmt;

/// An OPC UA status code (Part 4, 7.39; Part 6, Annex A.2): 32 bits, of which the two highest are the quality.
///
/// ```
/// use openopc::{Quality, Status};
///
/// let status = Status::from_bits(0x8034_0000);
/// assert_eq!(status.name(), "BadNodeIdUnknown");
/// assert_eq!(status.quality(), Quality::Bad);
/// assert_eq!(Status::named("BadNodeIdUnknown"), Some(status));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u32);

impl Status {
    /// `Good`: the value can be used.
    pub const GOOD: Status = Status(0);

    /// The status with these bits.
    pub const fn from_bits(bits: u32) -> Status {
        Status(bits)
    }

    /// All 32 bits, info bits included.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The code without its info bits (limit, overflow, historian bits): what two statuses have in common when
    /// they mean the same thing.
    pub const fn code(self) -> Status {
        Status(self.0 & 0xFFFF_0000)
    }

    /// `"BadNodeIdUnknown"`; `"0x80AB0000"` where the code has no name.
    pub fn name(self) -> Cow<'static, str> {
        match crate::engine::convert::status_name(self.code().0) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("{:#010X}", self.0).replace("0X", "0x")),
        }
    }

    /// The status with this name, as [`name`](Status::name) gives it.
    pub fn named(name: &str) -> Option<Status> {
        crate::engine::convert::status_named(name).map(Status)
    }

    /// Good, uncertain or bad: the severity bits.
    pub const fn quality(self) -> Quality {
        match self.0 >> 30 {
            0 => Quality::Good,
            1 => Quality::Uncertain,
            // 0b11 is reserved; Part 4, 7.39 has clients treat it as bad.
            _ => Quality::Bad,
        }
    }

    /// The quality is [`Quality::Good`].
    pub const fn is_good(self) -> bool {
        matches!(self.quality(), Quality::Good)
    }

    /// The quality is [`Quality::Bad`].
    pub const fn is_bad(self) -> bool {
        matches!(self.quality(), Quality::Bad)
    }

    /// Values before this one were lost, in the server's queue or on the way (Part 4, 7.39.1: info type `DataValue` and the
    /// overflow bit). Servers built on async-opcua 0.19 leave the info type out
    /// (`subscriptions/monitored_item.rs`), and are understood.
    pub const fn overflowed(self) -> bool {
        matches!(self.0 & 0xC80, 0x480 | 0x080)
    }

    #[cfg(feature = "client")]
    pub(crate) const fn with_overflow(self) -> Status {
        Status(self.0 | 0x480)
    }

    #[cfg(feature = "client")]
    pub(crate) const fn without_overflow(self) -> Status {
        match self.0 & !0x80 {
            // The info type says nothing any more.
            bits if matches!(bits & 0x3FF, 0) => Status(bits & !0x400),
            bits => Status(bits),
        }
    }
}

/// The name, and the bits beside it where info bits are set: `Good (0x00000480)`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if self.0 & 0xFFFF != 0 {
            write!(f, " (0x{:08X})", self.0)?;
        }
        Ok(())
    }
}

/// How far a value can be trusted, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// The value must not be used.
    Bad,
    /// The value may be used with care.
    Uncertain,
    /// The value can be used.
    Good,
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Quality::Bad => "Bad",
            Quality::Uncertain => "Uncertain",
            Quality::Good => "Good",
        })
    }
}
