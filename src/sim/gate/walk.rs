//! Finding the way through an encoded message without decoding it (Part 6, 5.2).

/// A place in a message. Every step says `None` at what is no valid encoding; the engine answers that itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

/// How deep values may lie in each other; the engine stops far earlier.
const DEPTH: usize = 100;

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Walk<'a> {
        Walk { bytes, at: 0 }
    }

    pub(super) fn skip(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let skipped = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(skipped)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.skip(1)?.first().copied()
    }

    pub(super) fn int(&mut self) -> Option<i32> {
        self.skip(4)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
    }

    /// A length, with the "null" of -1 as 0.
    pub(super) fn length(&mut self) -> Option<usize> {
        Some(usize::try_from(self.int()?).unwrap_or(0))
    }

    /// A `String` or `ByteString`.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.skip(length)
    }

    /// The id of the message itself, where it is one of the standard's.
    pub(super) fn message_id(&mut self) -> Option<u16> {
        match self.skip(4)? {
            [1, 0, low, high] => Some(u16::from_le_bytes([*low, *high])),
            _ => None,
        }
    }

    pub(super) fn node_id(&mut self) -> Option<()> {
        let encoding = self.byte()?;
        match encoding & 0x3F {
            0 => self.skip(1)?,
            1 => self.skip(3)?,
            2 => self.skip(6)?,
            3 | 5 => {
                self.skip(2)?;
                self.text()?
            }
            4 => self.skip(18)?,
            _ => return None,
        };
        if encoding & 0x80 != 0 {
            self.text()?;
        }
        if encoding & 0x40 != 0 {
            self.skip(4)?;
        }
        Some(())
    }

    /// `true` where the object is empty.
    pub(super) fn extension_object(&mut self) -> Option<bool> {
        let start = self.at;
        self.node_id()?;
        match self.byte()? {
            0 => Some(self.bytes.get(start..self.at) == Some(&[0, 0, 0])),
            1 | 2 => self.text().map(|_| false),
            _ => None,
        }
    }

    pub(super) fn request_header(&mut self) -> Option<()> {
        self.node_id()?;
        // Time, handle, diagnostics.
        self.skip(8 + 4 + 4)?;
        self.text()?;
        self.skip(4)?;
        self.extension_object().map(|_| ())
    }

    pub(super) fn data_value(&mut self, depth: usize) -> Option<()> {
        let mask = self.byte()?;
        if mask & 0x01 != 0 {
            self.variant(depth)?;
        }
        // Status, then each time with its picoseconds.
        for (bit, size) in [(0x02, 4), (0x04, 8), (0x10, 2), (0x08, 8), (0x20, 2)] {
            if mask & bit != 0 {
                self.skip(size)?;
            }
        }
        Some(())
    }

    fn variant(&mut self, depth: usize) -> Option<()> {
        let mask = self.byte()?;
        let count = if mask & 0x80 != 0 { self.length()? } else { 1 };
        if let Some(size) = fixed_size(mask & 0x3F) {
            self.skip(size.checked_mul(count)?)?;
        } else {
            for _ in 0..count {
                self.scalar(mask & 0x3F, depth.checked_sub(1)?)?;
            }
        }
        if mask & 0x40 != 0 {
            let dimensions = self.length()?;
            self.skip(dimensions.checked_mul(4)?)?;
        }
        Some(())
    }

    fn scalar(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            12 | 15 | 16 => self.text().map(|_| ()),
            17 | 18 => self.node_id(),
            20 => {
                self.skip(2)?;
                self.text().map(|_| ())
            }
            21 => {
                let mask = self.byte()?;
                for bit in [0x01, 0x02] {
                    if mask & bit != 0 {
                        self.text()?;
                    }
                }
                Some(())
            }
            22 => self.extension_object().map(|_| ()),
            23 => self.data_value(depth),
            24 => self.variant(depth),
            25 => self.diagnostic_info(),
            _ => None,
        }
    }

    /// One after the other, without recursion.
    fn diagnostic_info(&mut self) -> Option<()> {
        loop {
            let mask = self.byte()?;
            self.diagnostic_fields(mask)?;
            if mask & 0x40 == 0 {
                return Some(());
            }
        }
    }

    /// What lies between a `DiagnosticInfo`'s mask and the one inside it.
    pub(super) fn diagnostic_fields(&mut self, mask: u8) -> Option<()> {
        for bit in [0x01, 0x02, 0x04, 0x08] {
            if mask & bit != 0 {
                self.skip(4)?;
            }
        }
        if mask & 0x10 != 0 {
            self.text()?;
        }
        if mask & 0x20 != 0 {
            self.skip(4)?;
        }
        Some(())
    }

    /// A value as a client writes it.
    pub(super) fn written_value(&mut self) -> Option<()> {
        self.data_value(DEPTH)
    }
}

/// The size of the built-in types that always have the same.
fn fixed_size(kind: u8) -> Option<usize> {
    Some(match kind {
        0 => 0,
        1..=3 => 1,
        4 | 5 => 2,
        6 | 7 | 10 | 19 => 4,
        8 | 9 | 11 | 13 => 8,
        14 => 16,
        _ => return None,
    })
}
