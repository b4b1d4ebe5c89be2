//! [`PropertyId`]: the numbered properties of OPC DA's items.

use std::fmt;
use std::str::FromStr;

use super::{Access, QualityWord, VarType};
use crate::{ConvertError, Value};

/// The number of an item's property in OPC DA.
///
/// ```
/// use openopc::{Value, da::PropertyId};
///
/// assert_eq!(PropertyId::DATA_TYPE.number(), 1);
/// assert_eq!(PropertyId::DATA_TYPE.name(), Some("Item Canonical DataType"));
/// assert_eq!(PropertyId::DATA_TYPE.text(&Value::Int16(3)), "VT_I4");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyId(u32);

macro_rules! properties {
    ($($name:ident = $number:literal $text:literal $kind:expr, $(#[doc = $doc:literal])*;)*) => {
        impl PropertyId {
            $($(#[doc = $doc])* pub const $name: PropertyId = PropertyId($number);)*

            /// Every property with a name, in the order of their numbers.
            pub const ALL: &'static [PropertyId] = &[$(PropertyId::$name),*];

            /// What OPC DA servers call it: `Item Canonical DataType`. `None` for a number of a vendor's own.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 { $($number => Some($text),)* _ => None }
            }

            /// The type of its value.
            pub const fn var_type(self) -> Option<VarType> {
                match self.0 { $($number => Some($kind),)* _ => None }
            }
        }
    };
}

properties! {
    ITEM_ID = 0 "Item ID (virtual property)" VarType::BSTR,
        /// The item id. OpenOPC's own.
        ;
    DATA_TYPE = 1 "Item Canonical DataType" VarType::I2,
        /// The number of the [`VarType`], from the attributes `DataType` and `ValueRank`.
        ;
    VALUE = 2 "Item Value" VarType::VARIANT,
        /// The attribute `Value`.
        ;
    QUALITY = 3 "Item Quality" VarType::I2,
        /// The status of the value as a quality word: 192 is good.
        ;
    TIMESTAMP = 4 "Item Timestamp" VarType::DATE,
        /// The source time of the value, else the server's.
        ;
    ACCESS_RIGHTS = 5 "Item Access Rights" VarType::I4,
        /// 1 readable, 2 writable, 3 both, from the attribute `AccessLevel`.
        ;
    SCAN_RATE = 6 "Server Scan Rate" VarType::R4,
        /// Milliseconds, from the attribute `MinimumSamplingInterval`; 0 where the server does not say.
        ;
    EU_TYPE = 7 "Item EU Type" VarType::I4,
        /// 1 analog (there is an `EURange`), 2 enumerated (there are `EnumStrings` or `EnumValues`), else 0.
        ;
    EU_INFO = 8 "Item EUInfo" VarType::BSTR.array(),
        /// The names of an enumeration's values: `EnumStrings` or `EnumValues`; null where there are none.
        ;
    EU_UNITS = 100 "EU Units" VarType::BSTR,
        /// The unit, from `EngineeringUnits`.
        ;
    DESCRIPTION = 101 "Item Description" VarType::BSTR,
        /// The attribute `Description`, else `DisplayName`.
        ;
    HIGH_EU = 102 "High EU" VarType::R8,
        /// The upper end of `EURange`.
        ;
    LOW_EU = 103 "Low EU" VarType::R8,
        /// The lower end of `EURange`.
        ;
    HIGH_INSTRUMENT_RANGE = 104 "High Instrument Range" VarType::R8,
        /// The upper end of `InstrumentRange`.
        ;
    LOW_INSTRUMENT_RANGE = 105 "Low Instrument Range" VarType::R8,
        /// The lower end of `InstrumentRange`.
        ;
    CONTACT_CLOSE_LABEL = 106 "Contact Close Label" VarType::BSTR,
        /// What true means, from `TrueState`.
        ;
    CONTACT_OPEN_LABEL = 107 "Contact Open Label" VarType::BSTR,
        /// What false means, from `FalseState`.
        ;
    TIME_ZONE = 108 "Item Timezone" VarType::I4,
        /// Minutes from UTC to the item's local time, from `TimeZone` or `LocalTime`.
        ;
    CONDITION_STATUS = 300 "Condition Status" VarType::BSTR,
        /// OPC UA has no equal.
        ;
    ALARM_QUICK_HELP = 301 "Alarm Quick Help" VarType::BSTR,
        /// OPC UA has no equal.
        ;
    ALARM_AREA_LIST = 302 "Alarm Area List" VarType::BSTR.array(),
        /// OPC UA has no equal.
        ;
    PRIMARY_ALARM_AREA = 303 "Primary Alarm Area" VarType::BSTR,
        /// OPC UA has no equal.
        ;
    CONDITION_LOGIC = 304 "Condition Logic" VarType::BSTR,
        /// OPC UA has no equal.
        ;
    LIMIT_EXCEEDED = 305 "Limit Exceeded" VarType::BSTR,
        /// OPC UA has no equal.
        ;
    DEADBAND = 306 "Deadband" VarType::R8,
        /// OPC UA has no equal.
        ;
    HIHI_LIMIT = 307 "HiHi Limit" VarType::R8,
        /// OPC UA has no equal.
        ;
    HI_LIMIT = 308 "Hi Limit" VarType::R8,
        /// OPC UA has no equal.
        ;
    LO_LIMIT = 309 "Lo Limit" VarType::R8,
        /// OPC UA has no equal.
        ;
    LOLO_LIMIT = 310 "LoLo Limit" VarType::R8,
        /// OPC UA has no equal.
        ;
    RATE_OF_CHANGE_LIMIT = 311 "Rate of Change Limit" VarType::R8,
        /// OPC UA has no equal.
        ;
    DEVIATION_LIMIT = 312 "Deviation Limit" VarType::R8,
        /// OPC UA has no equal.
        ;
    SOUND_FILE = 313 "Sound File" VarType::BSTR,
        /// OPC UA has no equal.
        ;
    UA_BUILT_IN_TYPE = 610 "UA BuiltIn Type" VarType::I4,
        /// The number of the [`DataType`](crate::DataType) that values are sent as.
        ;
    UA_DATA_TYPE_ID = 611 "UA Data Type Id" VarType::BSTR,
        /// The node id of the data type.
        ;
    UA_VALUE_RANK = 612 "UA Value Rank" VarType::I4,
        /// The attribute `ValueRank`.
        ;
    UA_BROWSE_NAME = 613 "UA Browse Name" VarType::BSTR,
        /// The attribute `BrowseName`.
        ;
    UA_DESCRIPTION = 614 "UA Description" VarType::BSTR,
        /// The attribute `Description`.
        ;
}

impl PropertyId {
    /// The property with this number, known or not.
    pub const fn new(number: u32) -> PropertyId {
        PropertyId(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The value of this property as OpenOPC printed it: `VT_I4` for the data type 3, `Good` for the quality 192, `Read` for
    /// the access rights 1, `None` for null. Numbers with a fraction always show one: `100.0`.
    pub fn text(self, value: &Value) -> String {
        let number = match value {
            Value::Int16(number) => u16::try_from(*number).ok(),
            Value::Int32(number) => u16::try_from(*number).ok(),
            _ => None,
        };
        match (self, number, value) {
            (PropertyId::DATA_TYPE, Some(number), _) => VarType::from_number(number).to_string(),
            (PropertyId::QUALITY, Some(number), _) => QualityWord::from_bits(number).major().to_string(),
            (PropertyId::ACCESS_RIGHTS, Some(number), _) => u8::try_from(number)
                .map_or_else(|_| number.to_string(), |bits| Access::from_bits(bits).to_string()),
            (_, _, Value::Null) => "None".to_owned(),
            (_, _, Value::Float(number)) => format!("{number:?}"),
            (_, _, Value::Double(number)) => format!("{number:?}"),
            (_, _, value) => value.to_string(),
        }
    }
}

impl From<u32> for PropertyId {
    fn from(number: u32) -> PropertyId {
        PropertyId(number)
    }
}

/// The number.
impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The number, or the name in any case.
impl FromStr for PropertyId {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<PropertyId, ConvertError> {
        if let Ok(number) = text.parse() {
            return Ok(PropertyId(number));
        }
        let named = |id: &&PropertyId| id.name().is_some_and(|name| name.eq_ignore_ascii_case(text));
        PropertyId::ALL.iter().find(named).copied().ok_or_else(|| {
            ConvertError::syntax(
                text,
                "PropertyId",
                0,
                "a number such as `101`, or a name such as `EU Units`",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        assert!(PropertyId::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        for id in PropertyId::ALL {
            assert_eq!(id.to_string().parse::<PropertyId>().unwrap(), *id);
            assert_eq!(id.name().unwrap().to_lowercase().parse::<PropertyId>().unwrap(), *id);
            assert!(id.var_type().is_some());
        }
        assert_eq!((PropertyId::new(5000).name(), PropertyId::new(5000).var_type()), (None, None));
        assert!("nonsense".parse::<PropertyId>().is_err());
    }

    #[test]
    fn values_are_printed_as_openopc_did() {
        for (id, value, text) in [
            (PropertyId::DATA_TYPE, Value::Int16(3), "VT_I4"),
            (PropertyId::DATA_TYPE, Value::Int16(0x2005), "VT_ARRAY|VT_R8"),
            (PropertyId::QUALITY, Value::Int16(192), "Good"),
            (PropertyId::QUALITY, Value::Int16(24), "Bad"),
            (PropertyId::ACCESS_RIGHTS, Value::Int32(3), "Read/Write"),
            (PropertyId::SCAN_RATE, Value::Float(100.0), "100.0"),
            (PropertyId::EU_TYPE, Value::Int32(0), "0"),
            (PropertyId::EU_INFO, Value::Null, "None"),
            (PropertyId::VALUE, Value::Int32(1), "1"),
        ] {
            assert_eq!(id.text(&value), text, "{id}");
        }
    }
}
