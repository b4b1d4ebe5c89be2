//! [`DataType`]: the built-in types of OPC UA.

use std::fmt;
use std::str::FromStr;

use super::ConvertError;

macro_rules! data_types {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal,)*) => {
        /// The built-in types of OPC UA by their standard names (Part 6, 5.1.2, Table 1).
        ///
        /// ```
        /// use openopc::DataType;
        ///
        /// assert_eq!(DataType::Double.id(), 11);
        /// assert_eq!(DataType::from_id(11), Some(DataType::Double));
        /// assert_eq!("double".parse::<DataType>()?, DataType::Double);
        /// # Ok::<(), openopc::ConvertError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DataType { $($(#[doc = $doc])* $name,)* }

        impl DataType {
            /// Every type, in the order of their numbers.
            pub const ALL: &'static [DataType] = &[$(DataType::$name),*];

            /// The number of the type, which is also its node id in namespace 0.
            pub const fn id(self) -> u32 {
                match self { $(DataType::$name => $id,)* }
            }

            /// The type with this number.
            pub const fn from_id(id: u32) -> Option<DataType> {
                match id { $($id => Some(DataType::$name),)* _ => None }
            }

            /// The standard name.
            pub const fn name(self) -> &'static str {
                match self { $(DataType::$name => stringify!($name),)* }
            }
        }
    };
}

data_types! {
    /// No value.
    Null = 0,
    /// True or false.
    Boolean = 1,
    /// A signed 8-bit integer.
    SByte = 2,
    /// An unsigned 8-bit integer.
    Byte = 3,
    /// A signed 16-bit integer.
    Int16 = 4,
    /// An unsigned 16-bit integer.
    UInt16 = 5,
    /// A signed 32-bit integer; enumerations are of this type too.
    Int32 = 6,
    /// An unsigned 32-bit integer.
    UInt32 = 7,
    /// A signed 64-bit integer.
    Int64 = 8,
    /// An unsigned 64-bit integer.
    UInt64 = 9,
    /// A 32-bit floating point number.
    Float = 10,
    /// A 64-bit floating point number.
    Double = 11,
    /// A text.
    String = 12,
    /// A time in UTC, to 100 nanoseconds.
    DateTime = 13,
    /// A 16-byte unique id.
    Guid = 14,
    /// Bytes.
    ByteString = 15,
    /// A piece of XML.
    XmlElement = 16,
    /// The id of a node.
    NodeId = 17,
    /// The id of a node, on another server perhaps.
    ExpandedNodeId = 18,
    /// A status.
    StatusCode = 19,
    /// A name in a namespace.
    QualifiedName = 20,
    /// A text in a language.
    LocalizedText = 21,
    /// A structure, also called `ExtensionObject`.
    Structure = 22,
    /// A value with a status and times.
    DataValue = 23,
    /// A value of any type, also called `BaseDataType`.
    Variant = 24,
    /// Diagnostics of a server.
    DiagnosticInfo = 25,
}

impl DataType {
    /// A number: one of the eight integers, `Float` or `Double`.
    pub const fn is_number(self) -> bool {
        matches!(self.id(), 2..=11)
    }

    /// A null element of an array of this type is told apart from every other element.
    pub(crate) const fn has_null(self) -> bool {
        use DataType::{ByteString, QualifiedName, String, Variant, XmlElement};
        matches!(self, String | ByteString | XmlElement | QualifiedName | Variant)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The standard names in any case, `ExtensionObject` and `BaseDataType`.
impl FromStr for DataType {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<DataType, ConvertError> {
        let named = |name: &str| text.eq_ignore_ascii_case(name);
        if named("ExtensionObject") {
            return Ok(DataType::Structure);
        }
        if named("BaseDataType") {
            return Ok(DataType::Variant);
        }
        DataType::ALL.iter().copied().find(|data_type| named(data_type.name())).ok_or_else(|| {
            ConvertError::syntax(text, "DataType", 0, "the name of a built-in type such as `Double`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_a_bijection() {
        for (id, data_type) in (0..).zip(DataType::ALL) {
            assert_eq!(data_type.id(), id);
            assert_eq!(DataType::from_id(id), Some(*data_type));
            assert_eq!(data_type.name().parse::<DataType>().unwrap(), *data_type);
        }
        assert_eq!(DataType::ALL.len(), 26);
        assert_eq!(DataType::from_id(26), None);
    }
}
