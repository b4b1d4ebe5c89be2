//! [`VarType`]: the types of OPC DA's values.

use std::fmt;
use std::str::FromStr;

use crate::{ConvertError, DataType};

/// The type of a COM `VARIANT`, as OPC DA names the type of an item: `VT_I4`, `VT_ARRAY|VT_R8`.
///
/// ```
/// use openopc::{DataType, da::VarType};
///
/// let array = VarType::of(DataType::Double, true);
/// assert_eq!((array.number(), array.to_string()), (0x2005, "VT_ARRAY|VT_R8".to_owned()));
/// assert_eq!("VT_I4".parse(), Ok(VarType::I4));
/// assert_eq!(VarType::I4.data_type(), Some(DataType::Int32));
/// # Ok::<(), openopc::ConvertError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarType(u16);

macro_rules! var_types {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal $(=> $data_type:ident)?,)*) => {
        impl VarType {
            $($(#[doc = $doc])* pub const $name: VarType = VarType($number);)*

            /// Every type with a name, without arrays, in the order of their numbers.
            pub const ALL: &'static [VarType] = &[$(VarType::$name),*];

            /// The name without `VT_ARRAY|`; `None` where the number has none.
            const fn base_name(self) -> Option<&'static str> {
                match self.0 { $($number => Some(concat!("VT_", stringify!($name))),)* _ => None }
            }

            /// The built-in type of OPC UA for single values of this type, or for the elements of an array of it (Part 8,
            /// A.3.2.2). `VT_DATE` is `DateTime`, where the standard's table has `Double` and its reverse `DateTime`.
            ///
            /// `None` for types that OPC UA has no equal of, as `VT_CY`.
            pub const fn data_type(self) -> Option<DataType> {
                match self.0 & !Self::ARRAY_FLAG {
                    $($($number => Some(DataType::$data_type),)?)*
                    _ => None,
                }
            }
        }
    };
}

var_types! {
    /// No type: the value may be of any.
    EMPTY = 0 => Variant,
    /// The null of SQL.
    NULL = 1,
    /// A signed 16-bit integer.
    I2 = 2 => Int16,
    /// A signed 32-bit integer.
    I4 = 3 => Int32,
    /// A 32-bit floating point number.
    R4 = 4 => Float,
    /// A 64-bit floating point number.
    R8 = 5 => Double,
    /// An amount of money with four decimals.
    CY = 6,
    /// A time.
    DATE = 7 => DateTime,
    /// A text.
    BSTR = 8 => String,
    /// An object.
    DISPATCH = 9,
    /// A COM error code.
    ERROR = 10,
    /// True or false.
    BOOL = 11 => Boolean,
    /// A value of any type.
    VARIANT = 12 => Variant,
    /// An object.
    UNKNOWN = 13,
    /// A decimal number of 96 bits.
    DECIMAL = 14,
    /// A signed 8-bit integer.
    I1 = 16 => SByte,
    /// An unsigned 8-bit integer.
    UI1 = 17 => Byte,
    /// An unsigned 16-bit integer.
    UI2 = 18 => UInt16,
    /// An unsigned 32-bit integer.
    UI4 = 19 => UInt32,
    /// A signed 64-bit integer.
    I8 = 20 => Int64,
    /// An unsigned 64-bit integer.
    UI8 = 21 => UInt64,
    /// A signed integer of the machine's size, 32 bits.
    INT = 22 => Int32,
    /// An unsigned integer of the machine's size, 32 bits.
    UINT = 23 => UInt32,
}

impl VarType {
    const ARRAY_FLAG: u16 = 0x2000;

    /// The type with this number, known or not.
    pub const fn from_number(number: u16) -> VarType {
        VarType(number)
    }

    /// The number, `VT_ARRAY` (8192) included.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// `VT_ARRAY` is set.
    pub const fn is_array(self) -> bool {
        self.0 & Self::ARRAY_FLAG != 0
    }

    /// The type of an array of this.
    #[must_use]
    pub const fn array(self) -> VarType {
        VarType(self.0 | Self::ARRAY_FLAG)
    }

    /// What an OPC DA client would see for values of this built-in type, or for arrays of them (Part 8, A.4.3.2). Arrays
    /// of more dimensions are flattened, so they are arrays as any other.
    ///
    /// What DA has no type for is text, but for a structure and a byte string, which are bytes. An array of those is an
    /// array of `VT_VARIANT`.
    pub const fn of(data_type: DataType, array: bool) -> VarType {
        let one = match data_type {
            DataType::Boolean => VarType::BOOL,
            DataType::SByte => VarType::I1,
            DataType::Byte => VarType::UI1,
            DataType::Int16 => VarType::I2,
            DataType::UInt16 => VarType::UI2,
            DataType::Int32 => VarType::I4,
            DataType::UInt32 | DataType::StatusCode => VarType::UI4,
            DataType::Int64 => VarType::I8,
            DataType::UInt64 => VarType::UI8,
            DataType::Float => VarType::R4,
            DataType::Double => VarType::R8,
            DataType::DateTime => VarType::DATE,
            DataType::ByteString | DataType::Structure if !array => return VarType::UI1.array(),
            DataType::Null | DataType::Variant if !array => return VarType::EMPTY,
            DataType::ByteString | DataType::Structure | DataType::Null | DataType::Variant => {
                VarType::VARIANT
            }
            DataType::String
            | DataType::Guid
            | DataType::XmlElement
            | DataType::NodeId
            | DataType::ExpandedNodeId
            | DataType::QualifiedName
            | DataType::LocalizedText
            | DataType::DataValue
            | DataType::DiagnosticInfo => VarType::BSTR,
        };
        if array { one.array() } else { one }
    }
}

/// `VT_I4`, `VT_ARRAY|VT_R8`; the number where it has no name.
impl fmt::Display for VarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = VarType(self.0 & !Self::ARRAY_FLAG).base_name();
        match (base, self.is_array()) {
            (Some(name), false) => f.pad(name),
            (Some(name), true) => f.pad(&format!("VT_ARRAY|{name}")),
            (None, _) => f.pad(&self.0.to_string()),
        }
    }
}

/// `VT_I4`, `VT_ARRAY|VT_R8` in any case, or the number.
impl FromStr for VarType {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<VarType, ConvertError> {
        if let Ok(number) = text.parse() {
            return Ok(VarType(number));
        }
        let upper = text.to_ascii_uppercase();
        let (array, base) = match upper.strip_prefix("VT_ARRAY|") {
            Some(base) => (true, base),
            None => (false, upper.as_str()),
        };
        let found = VarType::ALL.iter().copied().find(|kind| kind.base_name() == Some(base));
        let found = found.map(|kind| if array { kind.array() } else { kind });
        found.ok_or_else(|| ConvertError::syntax(text, "VarType", 0, "a type such as `VT_I4`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_go_both_ways() {
        for kind in VarType::ALL {
            for kind in [*kind, kind.array()] {
                assert_eq!(kind.to_string().parse::<VarType>().unwrap(), kind);
                assert_eq!(kind.number().to_string().parse::<VarType>().unwrap(), kind);
                assert_eq!(VarType::from_number(kind.number()), kind);
            }
        }
        assert_eq!(VarType::from_number(4711).to_string(), "4711");
        assert!("VT_NONSENSE".parse::<VarType>().is_err());
    }

    #[test]
    fn what_has_an_equal_comes_back() {
        let same = |data_type: DataType| VarType::of(data_type, false).data_type() == Some(data_type);
        let there_and_back = DataType::ALL.iter().filter(|data_type| same(**data_type)).count();
        assert_eq!(there_and_back, 14, "Boolean, eight integers, two floats, DateTime, String, Variant");
        for (data_type, one, many) in [
            (DataType::ByteString, "VT_ARRAY|VT_UI1", "VT_ARRAY|VT_VARIANT"),
            (DataType::Structure, "VT_ARRAY|VT_UI1", "VT_ARRAY|VT_VARIANT"),
            (DataType::Variant, "VT_EMPTY", "VT_ARRAY|VT_VARIANT"),
            (DataType::StatusCode, "VT_UI4", "VT_ARRAY|VT_UI4"),
            (DataType::LocalizedText, "VT_BSTR", "VT_ARRAY|VT_BSTR"),
            (DataType::DateTime, "VT_DATE", "VT_ARRAY|VT_DATE"),
        ] {
            assert_eq!(VarType::of(data_type, false).to_string(), one);
            assert_eq!(VarType::of(data_type, true).to_string(), many);
        }
    }
}
