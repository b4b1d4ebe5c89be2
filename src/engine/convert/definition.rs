//! The `DataTypeDefinition` attribute (Part 3, 5.8.3), as the server gives it.

use opcua::types as ua;
use opcua::types::{EnumDefinition, StructureDefinition, Variant};

use super::node_id;
use crate::value::{NodeId, Value};

/// What a data type is, its fields by the ids of their data types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Described {
    Structure {
        encoding: NodeId,
        union: bool,
        subtyped: bool,
        optional: bool,
        fields: Vec<DescribedField>,
    },
    /// An enumeration, or the bits of a number.
    Numbers,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DescribedField {
    pub(crate) name: String,
    pub(crate) data_type: NodeId,
    /// `ValueRank`: -1 is a single value.
    pub(crate) rank: i32,
    pub(crate) optional: bool,
}

/// What the attribute says; `None` where it is not there or not one.
pub(crate) fn described(value: &Value) -> Option<Described> {
    let Value::Opaque(opaque) = value else { return None };
    let Variant::ExtensionObject(object) = opaque.variant() else { return None };
    if object.inner_as::<EnumDefinition>().is_some() {
        return Some(Described::Numbers);
    }
    let definition = object.inner_as::<StructureDefinition>()?;
    let kind = definition.structure_type;
    let field = |field: &ua::StructureField| DescribedField {
        name: field.name.as_ref().to_owned(),
        data_type: node_id(field.data_type.clone()),
        rank: field.value_rank,
        optional: field.is_optional,
    };
    Some(Described::Structure {
        encoding: node_id(definition.default_encoding_id.clone()),
        union: matches!(kind, ua::StructureType::Union | ua::StructureType::UnionWithSubtypedValues),
        subtyped: matches!(
            kind,
            ua::StructureType::StructureWithSubtypedValues | ua::StructureType::UnionWithSubtypedValues
        ),
        optional: kind == ua::StructureType::StructureWithOptionalFields,
        fields: definition.fields.iter().flatten().map(field).collect(),
    })
}

/// The name of a standard structure's data type that many servers do not describe, with its encoding and fields.
pub(crate) fn standard(id: &NodeId) -> Option<(&'static str, Described)> {
    let (_, name, encoding, fields) =
        STANDARD.iter().find(|(data_type, ..)| NodeId::numeric(0, *data_type) == *id)?;
    let field = |(name, data_type, rank): &(&str, u32, i32)| DescribedField {
        name: (*name).to_owned(),
        data_type: NodeId::numeric(0, *data_type),
        rank: *rank,
        optional: false,
    };
    let fields = fields.iter().map(field).collect();
    let encoding = NodeId::numeric(0, *encoding);
    Some((name, Described::Structure { encoding, union: false, subtyped: false, optional: false, fields }))
}

/// The data type whose binary encoding this is, of those in [`standard`].
pub(crate) fn standard_encoding(encoding: &NodeId) -> Option<NodeId> {
    let (id, ..) = STANDARD.iter().find(|(_, _, id, _)| NodeId::numeric(0, *id) == *encoding)?;
    Some(NodeId::numeric(0, *id))
}

type Row = (u32, &'static str, u32, &'static [(&'static str, u32, i32)]);

/// Data type, name, encoding and fields (Part 4, 7; Part 5, 12; Part 8, 5.6).
const STANDARD: [Row; 9] = [
    (884, "Range", 886, &[("Low", 11, -1), ("High", 11, -1)]),
    (
        887,
        "EUInformation",
        889,
        &[("NamespaceUri", 12, -1), ("UnitId", 6, -1), ("DisplayName", 21, -1), ("Description", 21, -1)],
    ),
    (
        338,
        "BuildInfo",
        340,
        &[
            ("ProductUri", 12, -1),
            ("ManufacturerName", 12, -1),
            ("ProductName", 12, -1),
            ("SoftwareVersion", 12, -1),
            ("BuildNumber", 12, -1),
            ("BuildDate", 294, -1),
        ],
    ),
    (
        862,
        "ServerStatusDataType",
        864,
        &[
            ("StartTime", 294, -1),
            ("CurrentTime", 294, -1),
            ("State", 852, -1),
            ("BuildInfo", 338, -1),
            ("SecondsTillShutdown", 7, -1),
            ("ShutdownReason", 21, -1),
        ],
    ),
    (
        296,
        "Argument",
        298,
        &[
            ("Name", 12, -1),
            ("DataType", 17, -1),
            ("ValueRank", 6, -1),
            ("ArrayDimensions", 7, 1),
            ("Description", 21, -1),
        ],
    ),
    (7594, "EnumValueType", 8251, &[("Value", 8, -1), ("DisplayName", 21, -1), ("Description", 21, -1)]),
    (8912, "TimeZoneDataType", 8917, &[("Offset", 4, -1), ("DaylightSavingInOffset", 1, -1)]),
    (12080, "XVType", 12090, &[("X", 11, -1), ("Value", 10, -1)]),
    (
        12079,
        "AxisInformation",
        12089,
        &[
            ("EngineeringUnits", 887, -1),
            ("EURange", 884, -1),
            ("Title", 21, -1),
            ("AxisScaleType", 12077, -1),
            ("AxisSteps", 11, 1),
        ],
    ),
];

/// The ids above are the engine's.
#[cfg(test)]
mod tests {
    use opcua::types::{DataTypeId, ObjectId};

    use super::*;

    #[test]
    fn standard_ids_are_those_of_the_standard() {
        for (id, name, encoding, _) in STANDARD {
            let data_type = DataTypeId::try_from(id).unwrap();
            let object = ObjectId::try_from(encoding).unwrap();
            assert_eq!(format!("{data_type:?}"), name);
            assert_eq!(format!("{object:?}"), format!("{name}_Encoding_DefaultBinary"));
        }
    }
}
