//! [`HdaAttribute`]: what OPC HDA knows of an item beside its values.

use std::fmt;
use std::str::FromStr;

/// An attribute of an item in OPC HDA, which keeps its own history there.
///
/// ```
/// use openopc::da::{HdaAttribute, HdaSource};
///
/// assert_eq!(HdaAttribute::from_number(4), Some(HdaAttribute::Stepped));
/// assert_eq!(HdaAttribute::Stepped.source(), HdaSource::Configuration("Stepped"));
/// assert_eq!("Eng Units".parse(), Ok(HdaAttribute::EngUnits));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HdaAttribute {
    /// 1: the type of the values.
    DataType,
    /// 2: what the item is.
    Description,
    /// 3: the unit of the values.
    EngUnits,
    /// 4: whether values are held until the next one, rather than lying on lines between.
    Stepped,
    /// 5: whether values are being recorded.
    Archiving,
    /// 6: how the values are calculated from others.
    DeriveEquation,
    /// 7: the machine that the values come from.
    NodeName,
    /// 8: the process that they come from.
    ProcessName,
    /// 9: the name of their source.
    SourceName,
    /// 10: the kind of their source.
    SourceType,
    /// 11: the upper end of the normal range.
    NormalMaximum,
    /// 12: the lower end of the normal range.
    NormalMinimum,
    /// 13: the item id.
    ItemId,
    /// 14: the longest time between two recorded values.
    MaxTimeInterval,
    /// 15: the shortest time between two recorded values.
    MinTimeInterval,
    /// 16: how far a value must be from the last to be recorded.
    ExceptionDeviation,
    /// 17: what that is measured in.
    ExceptionDeviationType,
    /// 18: the largest value that can be entered.
    HighEntryLimit,
    /// 19: the smallest value that can be entered.
    LowEntryLimit,
}

/// Where OPC UA has what an HDA attribute tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HdaSource {
    /// In these attributes of the node.
    Attributes(&'static [&'static str]),
    /// In the property of this name.
    Property(&'static str),
    /// In the `High` of the property of this name, a `Range`.
    High(&'static str),
    /// In the `Low` of the property of this name, a `Range`.
    Low(&'static str),
    /// In the property of this name of the node's `HA Configuration` (Part 11, 5.2.3).
    Configuration(&'static str),
    /// It is what the item is called.
    ItemId,
    /// In a property of the vendor's, if at all.
    Vendor,
}

use HdaAttribute as A;
use HdaSource as S;

/// Number, HDA's name, where it is in OPC UA.
const TABLE: &[(HdaAttribute, u32, &str, HdaSource)] = &[
    (A::DataType, 1, "Data Type", S::Attributes(&["DataType", "ValueRank"])),
    (A::Description, 2, "Description", S::Attributes(&["Description"])),
    (A::EngUnits, 3, "Eng Units", S::Property("EngineeringUnits")),
    (A::Stepped, 4, "Stepped", S::Configuration("Stepped")),
    (A::Archiving, 5, "Archiving", S::Attributes(&["Historizing"])),
    (A::DeriveEquation, 6, "Derive Equation", S::Configuration("Definition")),
    (A::NodeName, 7, "Node Name", S::Vendor),
    (A::ProcessName, 8, "Process Name", S::Vendor),
    (A::SourceName, 9, "Source Name", S::Vendor),
    (A::SourceType, 10, "Source Type", S::Vendor),
    (A::NormalMaximum, 11, "Normal Maximum", S::High("EURange")),
    (A::NormalMinimum, 12, "Normal Minimum", S::Low("EURange")),
    (A::ItemId, 13, "ItemID", S::ItemId),
    (A::MaxTimeInterval, 14, "Max Time Interval", S::Configuration("MaxTimeInterval")),
    (A::MinTimeInterval, 15, "Min Time Interval", S::Configuration("MinTimeInterval")),
    (A::ExceptionDeviation, 16, "Exception Deviation", S::Configuration("ExceptionDeviation")),
    (A::ExceptionDeviationType, 17, "Exception Deviation Type", S::Configuration("ExceptionDeviationFormat")),
    (A::HighEntryLimit, 18, "High Entry Limit", S::High("InstrumentRange")),
    (A::LowEntryLimit, 19, "Low Entry Limit", S::Low("InstrumentRange")),
];

impl HdaAttribute {
    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = HdaAttribute> {
        TABLE.iter().map(|(attribute, ..)| *attribute)
    }

    /// HDA's number, 1 to 19.
    pub fn number(self) -> u32 {
        self.row().1
    }

    /// The attribute with this number. Larger ones are vendors' own.
    pub fn from_number(number: u32) -> Option<HdaAttribute> {
        TABLE.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    /// What HDA servers call it: `Eng Units`.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Where OPC UA has it.
    pub fn source(self) -> HdaSource {
        self.row().3
    }

    fn row(self) -> &'static (HdaAttribute, u32, &'static str, HdaSource) {
        const NONE: &(HdaAttribute, u32, &str, HdaSource) = &(A::DataType, 0, "", S::Vendor);
        // Every attribute has its row, as a test shows.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(NONE)
    }
}

impl fmt::Display for HdaAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name in any case, or the number.
impl FromStr for HdaAttribute {
    type Err = ParseHdaAttributeError;

    fn from_str(text: &str) -> Result<HdaAttribute, ParseHdaAttributeError> {
        let text = text.trim();
        let named = TABLE.iter().find(|row| row.2.eq_ignore_ascii_case(text)).map(|row| row.0);
        named
            .or_else(|| text.parse().ok().and_then(HdaAttribute::from_number))
            .ok_or_else(|| ParseHdaAttributeError { text: text.to_owned() })
    }
}

/// The text names no attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no attribute `{text}`: expected a name of OPC HDA, such as Eng Units, or a number from 1 to 19")]
pub struct ParseHdaAttributeError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_name_leads_back() {
        let all: Vec<HdaAttribute> = HdaAttribute::all().collect();
        assert_eq!(all.first(), Some(&HdaAttribute::DataType));
        assert_eq!(all.last(), Some(&HdaAttribute::LowEntryLimit));
        for (number, attribute) in (1..).zip(&all) {
            assert_eq!(attribute.number(), number);
            assert_eq!(HdaAttribute::from_number(number), Some(*attribute));
            assert_eq!(attribute.name().to_lowercase().parse(), Ok(*attribute));
            assert_eq!(number.to_string().parse(), Ok(*attribute));
        }
        // The order of the enumeration is that of the table, so that none is missing.
        assert!(all.is_sorted() && all.len() == 19);
    }

    #[test]
    fn what_is_no_attribute_says_so() {
        for text in ["", "0", "20", "EngUnits2"] {
            assert!(text.parse::<HdaAttribute>().unwrap_err().to_string().contains(text));
        }
    }
}
