//! From the node id of a data type to the built-in type its values have.

use opcua::types::DataTypeId as Id;

use crate::value::{DataType, Identifier, NodeId};

/// The built-in type behind a `DataType` attribute, where it is known without asking the server: the built-in types
/// and the simple types and enumerations that the standard derives from them.
///
/// `Number`, `Integer` and `UInteger` are abstract: the value may be any of several types, so the answer is
/// [`DataType::Variant`] as for `BaseDataType`.
pub(crate) fn data_type_of(id: &NodeId) -> Option<DataType> {
    let NodeId { namespace: 0, identifier: Identifier::Numeric(id) } = *id else {
        return None;
    };
    if let 1..=25 = id {
        return DataType::from_id(id);
    }
    // The representation of bit masks is that of the standard: the engine's own types take all of them for `Int32`.
    Some(match Id::try_from(id).ok()? {
        Id::Number | Id::Integer | Id::UInteger => DataType::Variant,
        Id::Enumeration
        | Id::ActionState
        | Id::ApplicationType
        | Id::AxisScaleEnumeration
        | Id::BrokerTransportQualityOfService
        | Id::BrowseDirection
        | Id::BrowseResultMask
        | Id::ChassisIdSubtype
        | Id::ConversionLimitEnum
        | Id::DataChangeTrigger
        | Id::DataSetOrderingType
        | Id::DeadbandType
        | Id::DiagnosticsLevel
        | Id::Duplex
        | Id::ExceptionDeviationFormat
        | Id::FilterOperator
        | Id::HistoryUpdateType
        | Id::IdType
        | Id::IdentityCriteriaType
        | Id::InterfaceAdminStatus
        | Id::InterfaceOperStatus
        | Id::ManAddrIfSubtype
        | Id::MessageSecurityMode
        | Id::ModelChangeStructureVerbMask
        | Id::MonitoringMode
        | Id::NamingRuleType
        | Id::NegotiationStatus
        | Id::NodeAttributesMask
        | Id::NodeClass
        | Id::OpenFileMode
        | Id::OverrideValueHandling
        | Id::PerformUpdateType
        | Id::PortIdSubtype
        | Id::PubSubDiagnosticsCounterClassification
        | Id::PubSubState
        | Id::RedundancySupport
        | Id::RedundantServerMode
        | Id::SecurityTokenRequestType
        | Id::ServerState
        | Id::SortOrderType
        | Id::StructureType
        | Id::TimestampsToReturn
        | Id::TrustListMasks
        | Id::TsnFailureCode
        | Id::TsnListenerStatus
        | Id::TsnStreamState
        | Id::TsnTalkerStatus
        | Id::UserTokenType => DataType::Int32,
        Id::Image
        | Id::ImageBMP
        | Id::ImageGIF
        | Id::ImageJPG
        | Id::ImagePNG
        | Id::AudioDataType
        | Id::ApplicationInstanceCertificate
        | Id::ContinuationPoint => DataType::ByteString,
        Id::NumericRange
        | Id::LocaleId
        | Id::NormalizedString
        | Id::DecimalString
        | Id::DurationString
        | Id::TimeString
        | Id::DateString
        | Id::UriString
        | Id::SemanticVersionString
        | Id::TrimmedString => DataType::String,
        Id::IntegerId
        | Id::Counter
        | Id::Index
        | Id::VersionTime
        | Id::Handle
        | Id::PermissionType
        | Id::AttributeWriteMask
        | Id::AccessLevelExType
        | Id::DataSetFieldContentMask
        | Id::UadpNetworkMessageContentMask
        | Id::UadpDataSetMessageContentMask
        | Id::JsonNetworkMessageContentMask
        | Id::JsonDataSetMessageContentMask => DataType::UInt32,
        Id::AccessRestrictionType | Id::DataSetFieldFlags | Id::AlarmMask => DataType::UInt16,
        Id::AccessLevelType | Id::EventNotifierType => DataType::Byte,
        Id::BitFieldMaskDataType => DataType::UInt64,
        Id::Duration => DataType::Double,
        Id::UtcTime => DataType::DateTime,
        Id::SessionAuthenticationToken => DataType::NodeId,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_types_are_known_by_their_ids() {
        let known = |id| data_type_of(&NodeId::numeric(0, id));
        assert_eq!(known(11), Some(DataType::Double));
        assert_eq!(known(24), Some(DataType::Variant));
        assert_eq!(known(26), Some(DataType::Variant));
        assert_eq!(known(290), Some(DataType::Double));
        assert_eq!(known(294), Some(DataType::DateTime));
        assert_eq!(known(852), Some(DataType::Int32));
        assert_eq!(known(887), None);
        assert_eq!(known(0), None);
        assert_eq!(data_type_of(&NodeId::numeric(1, 11)), None);
    }
}
