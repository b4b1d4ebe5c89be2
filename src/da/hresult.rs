//! [`HResult`]: the error codes of OPC DA and HDA.

mod codes;
mod error;
mod status;

use std::fmt;
use std::str::FromStr;

use crate::ConvertError;

#[cfg(feature = "client")]
pub(crate) use self::status::BAD_QUALITIES;
pub use self::status::Rules;

/// The result of a call or of one item in OPC DA and HDA: COM's `HRESULT`.
///
/// [`from_status`](HResult::from_status) and [`to_status`](HResult::to_status) are the tables of Part 8, Annex A;
/// `HResult::from(&error)` is the code that an OPC DA client would have seen in place of an error of this crate.
///
/// ```
/// use openopc::da::HResult;
/// use openopc::{Operation, Status};
///
/// let code = HResult::from_bits(0xC004_0006);
/// assert_eq!(code, HResult::OPC_E_BADRIGHTS);
/// assert_eq!(
///     code.to_string(),
///     "OPC_E_BADRIGHTS (0xC0040006): The item's access rights do not allow the operation"
/// );
/// assert_eq!("OPC_E_BADRIGHTS".parse(), Ok(code));
/// assert_eq!(code.to_status(Operation::Read).name(), "BadNotReadable");
/// assert_eq!(code.to_status(Operation::Write).name(), "BadNotWritable");
/// let unknown = Status::named("BadNodeIdUnknown").unwrap();
/// assert_eq!(HResult::from_status(Operation::Read, unknown), HResult::OPC_E_UNKNOWNITEMID);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HResult(u32);

impl HResult {
    /// The code with these bits, known or not.
    pub const fn from_bits(bits: u32) -> HResult {
        HResult(bits)
    }

    /// All 32 bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The call or the item succeeded, perhaps with a remark: the highest bit is clear (COM's `SUCCEEDED`).
    pub const fn is_success(self) -> bool {
        self.0 & 0x8000_0000 == 0
    }

    /// `OPC_E_BADRIGHTS`; `None` where the code has no name here.
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|entry| entry.name)
    }

    /// What servers say about the code, in English, without the full stop: the text that OpenOPC gave to those who asked
    /// for `include_error`. Servers of DA could say it otherwise, or in other languages.
    pub fn message(self) -> Option<&'static str> {
        self.entry().map(|entry| entry.message)
    }

    fn entry(self) -> Option<&'static codes::Entry> {
        codes::ENTRIES.iter().find(|entry| entry.code == self)
    }
}

/// Name, number and message; the number alone where the code has no name.
impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry() {
            Some(entry) => f.pad(&format!("{} (0x{:08X}): {}", entry.name, self.0, entry.message)),
            None => f.pad(&format!("0x{:08X}", self.0)),
        }
    }
}

/// A name in any case, hexadecimal digits behind `0x`, a decimal number (scripts print them signed: `-1073479674`), or
/// what `Display` prints.
impl FromStr for HResult {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<HResult, ConvertError> {
        let word = text.split(" (").next().unwrap_or(text).trim();
        let named = codes::ENTRIES.iter().find(|entry| entry.name.eq_ignore_ascii_case(word));
        named.map(|entry| entry.code).or_else(|| number(word)).ok_or_else(|| {
            ConvertError::syntax(text, "HResult", 0, "a code such as `OPC_E_BADRIGHTS` or `0xC0040006`")
        })
    }
}

fn number(text: &str) -> Option<HResult> {
    let signed = || text.parse::<i32>().ok().map(i32::cast_unsigned);
    let bits = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // `from_str_radix` would take a sign.
        Some(digits) if digits.starts_with('+') => None,
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok().or_else(signed),
    };
    bits.map(HResult)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_code_prints_and_reads_back() {
        for code in HResult::ALL {
            let (name, message) = (code.name().unwrap(), code.message().unwrap());
            assert_eq!(code.to_string(), format!("{name} (0x{:08X}): {message}", code.bits()));
            for text in [
                code.to_string(),
                name.to_owned(),
                name.to_lowercase(),
                format!("{:#x}", code.bits()),
                code.bits().to_string(),
                code.bits().cast_signed().to_string(),
            ] {
                assert_eq!(text.parse::<HResult>().unwrap(), *code, "{text}");
            }
        }
        assert_eq!(HResult::from_bits(0xC0FF_EE00).to_string(), "0xC0FFEE00");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "OPC_E_", "0x", "0x+1", "0x1C0040006", "4294967296", "-2147483649"] {
            assert!(text.parse::<HResult>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_prints_and_reads_back(bits: u32) {
            let code = HResult::from_bits(bits);
            prop_assert_eq!(code.to_string().parse::<HResult>().unwrap(), code);
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<HResult>();
        }
    }
}
