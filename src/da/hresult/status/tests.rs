use super::*;
use Operation::{History, Properties, Read, Write};

/// Part 8 by hand, with names in place of constants.
const TO_UA: &[(Operation, &str, &str)] = &[
    (Read, "OPC_E_BADRIGHTS", "BadNotReadable"),
    (Read, "E_OUTOFMEMORY", "BadOutOfMemory"),
    (Read, "OPC_E_INVALIDHANDLE", "BadNodeIdUnknown"),
    (Read, "OPC_E_UNKNOWNITEMID", "BadNodeIdUnknown"),
    (Read, "OPC_E_INVALIDITEMID", "BadNodeIdInvalid"),
    (Read, "OPC_E_INVALID_PID", "BadAttributeIdInvalid"),
    (Read, "E_ACCESSDENIED", "BadOutOfService"),
    (Write, "OPC_E_BADRIGHTS", "BadNotWritable"),
    (Write, "DISP_E_TYPEMISMATCH", "BadTypeMismatch"),
    (Write, "OPC_E_BADTYPE", "BadTypeMismatch"),
    (Write, "OPC_E_RANGE", "BadOutOfRange"),
    (Write, "DISP_E_OVERFLOW", "BadOutOfRange"),
    (Write, "E_OUTOFMEMORY", "BadOutOfMemory"),
    (Write, "OPC_E_INVALIDHANDLE", "BadNodeIdUnknown"),
    (Write, "OPC_E_UNKNOWNITEMID", "BadNodeIdUnknown"),
    (Write, "OPC_E_INVALIDITEMID", "BadNodeIdInvalid"),
    (Write, "OPC_E_INVALID_PID", "BadNodeIdInvalid"),
    (Write, "OPC_E_NOTSUPPORTED", "BadWriteNotSupported"),
    (Write, "OPC_S_CLAMP", "GoodClamped"),
    (Write, "OPC_E_DATAEXISTS", "BadEntryExists"),
    (Write, "OPC_E_NODATAEXISTS", "BadNoEntryExists"),
    (History, "OPC_E_BADRIGHTS", "BadNotReadable"),
    (History, "E_OUTOFMEMORY", "BadOutOfMemory"),
    (History, "OPC_E_INVALIDHANDLE", "BadNodeIdUnknown"),
    (History, "OPC_E_UNKNOWNITEMID", "BadNodeIdUnknown"),
    (History, "OPC_E_INVALIDITEMID", "BadNodeIdInvalid"),
    (History, "OPC_E_INVALID_PID", "BadAttributeIdInvalid"),
    (History, "E_ACCESSDENIED", "BadOutOfService"),
    (History, "OPC_S_NODATA", "GoodNoData"),
    (History, "OPC_S_MOREDATA", "GoodMoreData"),
    (History, "OPC_E_NOT_AVAIL", "BadAggregateNotSupported"),
    (History, "OPC_E_DATAEXISTS", "BadEntryExists"),
    (History, "OPC_E_NODATAEXISTS", "BadNoEntryExists"),
];

const TO_DA: &[(Operation, &str, &str)] = &[
    (Read, "BadOutOfMemory", "E_OUTOFMEMORY"),
    (Read, "BadNodeIdInvalid", "OPC_E_INVALIDITEMID"),
    (Read, "BadNodeIdUnknown", "OPC_E_UNKNOWNITEMID"),
    (Read, "BadNotReadable", "OPC_E_BADRIGHTS"),
    (Read, "BadUserAccessDenied", "E_ACCESSDENIED"),
    (Read, "BadAttributeIdInvalid", "OPC_E_INVALIDITEMID"),
    (Read, "BadUnexpectedError", "E_FAIL"),
    (Read, "BadInternalError", "E_FAIL"),
    (Read, "BadSessionClosed", "E_FAIL"),
    (Read, "BadTypeMismatch", "OPC_E_BADTYPE"),
    (Write, "BadTypeMismatch", "OPC_E_BADTYPE"),
    (Write, "BadOutOfMemory", "E_OUTOFMEMORY"),
    (Write, "BadNodeIdInvalid", "OPC_E_INVALIDITEMID"),
    (Write, "BadNodeIdUnknown", "OPC_E_UNKNOWNITEMID"),
    (Write, "BadNotWritable", "OPC_E_BADRIGHTS"),
    (Write, "BadUserAccessDenied", "E_ACCESSDENIED"),
    (Write, "BadAttributeIdInvalid", "OPC_E_UNKNOWNITEMID"),
    (Write, "BadWriteNotSupported", "OPC_E_NOTSUPPORTED"),
    (Write, "BadOutOfRange", "OPC_E_RANGE"),
    (Write, "GoodClamped", "OPC_S_CLAMP"),
    (Write, "BadEntryExists", "OPC_E_DATAEXISTS"),
    (Write, "BadNoEntryExists", "OPC_E_NODATAEXISTS"),
    (Write, "BadHistoryOperationInvalid", "OPC_E_NOTSUPPORTED"),
    (Write, "BadHistoryOperationUnsupported", "OPC_E_NOTSUPPORTED"),
    (Properties, "BadNodeIdInvalid", "OPC_E_INVALID_PID"),
    (Properties, "BadNodeIdUnknown", "OPC_E_INVALID_PID"),
    (Properties, "BadAttributeIdInvalid", "OPC_E_INVALID_PID"),
    (Properties, "BadNotReadable", "OPC_E_BADRIGHTS"),
    (Properties, "BadOutOfMemory", "E_OUTOFMEMORY"),
    (Properties, "BadUserAccessDenied", "E_ACCESSDENIED"),
    (History, "GoodNoData", "OPC_S_NODATA"),
    (History, "GoodMoreData", "OPC_S_MOREDATA"),
    (History, "BadAggregateNotSupported", "OPC_E_NOT_AVAIL"),
    (History, "BadEntryExists", "OPC_E_DATAEXISTS"),
    (History, "BadNoEntryExists", "OPC_E_NODATAEXISTS"),
    (History, "BadHistoryOperationInvalid", "OPC_E_NOTSUPPORTED"),
    (History, "BadHistoryOperationUnsupported", "OPC_E_NOTSUPPORTED"),
    (History, "BadNodeIdUnknown", "OPC_E_UNKNOWNITEMID"),
    (History, "BadNodeIdInvalid", "OPC_E_INVALIDITEMID"),
    (History, "BadNotReadable", "OPC_E_BADRIGHTS"),
    (History, "BadUserAccessDenied", "E_ACCESSDENIED"),
    (History, "BadAttributeIdInvalid", "OPC_E_INVALIDITEMID"),
    (History, "BadOutOfMemory", "E_OUTOFMEMORY"),
    (History, "BadTypeMismatch", "OPC_E_BADTYPE"),
    (History, "BadUnexpectedError", "E_FAIL"),
    (History, "BadInternalError", "E_FAIL"),
    (History, "BadSessionClosed", "E_FAIL"),
];

#[test]
fn every_code_becomes_the_status_of_its_row() {
    for operation in [Read, Write, Properties, History] {
        for code in HResult::ALL {
            // Properties are read.
            let table = if operation == Properties { Read } else { operation };
            let mut rows = TO_UA.iter().filter(|(verb, ..)| *verb == table);
            let row = rows.find(|(_, name, _)| code.name() == Some(name));
            let other = if code.is_success() { "Good" } else { "BadUnexpectedError" };
            let expected = row.map_or(other, |(.., status)| status);
            assert_eq!(code.to_status(operation).name(), expected, "{operation} {code}");
            let foundation = match (operation, code.name().unwrap()) {
                (Write, "OPC_E_BADRIGHTS") => "BadUserAccessDenied",
                (Read | Properties | History, "OPC_E_INVALID_PID") => "BadNodeIdInvalid",
                _ => expected,
            };
            assert_eq!(
                code.to_status_by(Rules::Foundation, operation).name(),
                foundation,
                "{operation} {code}"
            );
        }
    }
    assert_eq!(HResult::from_bits(0x8000_FFFF).to_status(Read), code::BAD_UNEXPECTED_ERROR);
}

#[test]
fn every_status_becomes_the_code_of_its_row() {
    const QUALITIES: &[&str] = &[
        "Bad",
        "BadConfigurationError",
        "BadNotConnected",
        "BadNoCommunication",
        "BadOutOfService",
        "BadDeviceFailure",
        "BadSensorFailure",
        "BadWaitingForInitialData",
    ];
    let named = (0..=0xFFFFu32).map(|code| Status::from_bits(code << 16));
    for status in named.filter(|status| crate::engine::convert::status_name(status.bits()).is_some()) {
        for operation in [Read, Write, Properties, History] {
            let mut rows = TO_DA.iter().filter(|(verb, ..)| *verb == operation);
            let row = rows.find(|(_, name, _)| *name == status.name()).map(|(.., code)| *code);
            let reads = matches!(operation, Read | History);
            let other = match status.quality() {
                Quality::Uncertain if operation == Properties => "E_FAIL",
                Quality::Good | Quality::Uncertain => "S_OK",
                Quality::Bad if reads && QUALITIES.contains(&&*status.name()) => "S_OK",
                Quality::Bad => "E_FAIL",
            };
            let code = HResult::from_status(operation, status);
            assert_eq!(code.name(), Some(row.unwrap_or(other)), "{operation} {status}");
            // Info bits do not count.
            assert_eq!(HResult::from_status(operation, Status::from_bits(status.bits() | 0x480)), code);
            let foundation = if reads { row.unwrap_or("S_OK") } else { row.unwrap_or(other) };
            let code = HResult::from_status_by(Rules::Foundation, operation, status);
            assert_eq!(code.name(), Some(foundation), "{operation} {status}");
        }
    }
}

#[test]
fn what_the_tables_have_in_both_directions_comes_back() {
    // Rows where Annex A itself does not lead back.
    let one_way = [
        "E_ACCESSDENIED",
        "OPC_E_INVALID_PID",
        "OPC_E_INVALIDHANDLE",
        "DISP_E_TYPEMISMATCH",
        "DISP_E_OVERFLOW",
    ];
    for (operation, name, _) in TO_UA.iter().filter(|(_, name, _)| !one_way.contains(name)) {
        let code: HResult = name.parse().unwrap();
        assert_eq!(HResult::from_status(*operation, code.to_status(*operation)), code, "{operation}");
    }
}
