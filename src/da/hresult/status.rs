//! Codes and statuses, both ways (Part 8, Tables A.4, A.5, A.8 and A.9).

use super::HResult;
use crate::status::code;
use crate::{Operation, Quality, Status};

/// Whose tables translate between [`HResult`] and [`Status`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rules {
    /// Part 8, Annex A.
    #[default]
    AnnexA,
    /// The Foundation's own wrapper and proxy, where they are not what Annex A says:
    ///
    /// | | Annex A | the Foundation's code |
    /// | --- | --- | --- |
    /// | `OPC_E_BADRIGHTS` of a write | `BadNotWritable` | `BadUserAccessDenied` |
    /// | `OPC_E_INVALID_PID` of a read | `BadAttributeIdInvalid` | `BadNodeIdInvalid` |
    /// | a bad status of a read that is in no table | `E_FAIL` | `S_OK`, with the status as the value's quality |
    Foundation,
}

/// Read, DA to UA (Table A.4).
const READ_TO_UA: &[(HResult, Status)] = &[
    (HResult::OPC_E_BADRIGHTS, code::BAD_NOT_READABLE),
    (HResult::E_OUTOFMEMORY, code::BAD_OUT_OF_MEMORY),
    (HResult::OPC_E_INVALIDHANDLE, code::BAD_NODE_ID_UNKNOWN),
    (HResult::OPC_E_UNKNOWNITEMID, code::BAD_NODE_ID_UNKNOWN),
    (HResult::OPC_E_INVALIDITEMID, code::BAD_NODE_ID_INVALID),
    (HResult::OPC_E_INVALID_PID, code::BAD_ATTRIBUTE_ID_INVALID),
    (HResult::E_ACCESSDENIED, code::BAD_OUT_OF_SERVICE),
];

/// Write, DA to UA (Table A.5).
const WRITE_TO_UA: &[(HResult, Status)] = &[
    (HResult::OPC_E_BADRIGHTS, code::BAD_NOT_WRITABLE),
    (HResult::DISP_E_TYPEMISMATCH, code::BAD_TYPE_MISMATCH),
    (HResult::OPC_E_BADTYPE, code::BAD_TYPE_MISMATCH),
    (HResult::OPC_E_RANGE, code::BAD_OUT_OF_RANGE),
    (HResult::DISP_E_OVERFLOW, code::BAD_OUT_OF_RANGE),
    (HResult::E_OUTOFMEMORY, code::BAD_OUT_OF_MEMORY),
    (HResult::OPC_E_INVALIDHANDLE, code::BAD_NODE_ID_UNKNOWN),
    (HResult::OPC_E_UNKNOWNITEMID, code::BAD_NODE_ID_UNKNOWN),
    (HResult::OPC_E_INVALIDITEMID, code::BAD_NODE_ID_INVALID),
    (HResult::OPC_E_INVALID_PID, code::BAD_NODE_ID_INVALID),
    (HResult::OPC_E_NOTSUPPORTED, code::BAD_WRITE_NOT_SUPPORTED),
    (HResult::OPC_S_CLAMP, code::GOOD_CLAMPED),
    // HDA's updates; Annex A has no HDA.
    (HResult::OPC_E_DATAEXISTS, code::BAD_ENTRY_EXISTS),
    (HResult::OPC_E_NODATAEXISTS, code::BAD_NO_ENTRY_EXISTS),
];

/// HDA's reads, DA to UA: the Foundation's code, as no part of the standard has them. All others are as of a read.
const HISTORY_TO_UA: &[(HResult, Status)] = &[
    (HResult::OPC_S_NODATA, code::GOOD_NO_DATA),
    (HResult::OPC_S_MOREDATA, code::GOOD_MORE_DATA),
    (HResult::OPC_E_NOT_AVAIL, code::BAD_AGGREGATE_NOT_SUPPORTED),
    (HResult::OPC_E_DATAEXISTS, code::BAD_ENTRY_EXISTS),
    (HResult::OPC_E_NODATAEXISTS, code::BAD_NO_ENTRY_EXISTS),
];

/// Read, UA to DA (Table A.8).
const READ_TO_DA: &[(Status, HResult)] = &[
    (code::BAD_OUT_OF_MEMORY, HResult::E_OUTOFMEMORY),
    (code::BAD_NODE_ID_INVALID, HResult::OPC_E_INVALIDITEMID),
    (code::BAD_NODE_ID_UNKNOWN, HResult::OPC_E_UNKNOWNITEMID),
    (code::BAD_NOT_READABLE, HResult::OPC_E_BADRIGHTS),
    (code::BAD_USER_ACCESS_DENIED, HResult::E_ACCESSDENIED),
    (code::BAD_ATTRIBUTE_ID_INVALID, HResult::OPC_E_INVALIDITEMID),
    (code::BAD_UNEXPECTED_ERROR, HResult::E_FAIL),
    (code::BAD_INTERNAL_ERROR, HResult::E_FAIL),
    (code::BAD_SESSION_CLOSED, HResult::E_FAIL),
    (code::BAD_TYPE_MISMATCH, HResult::OPC_E_BADTYPE),
];

/// Write, UA to DA (Table A.9), and the reverse of Table A.5 where A.9 has no row.
const WRITE_TO_DA: &[(Status, HResult)] = &[
    (code::BAD_TYPE_MISMATCH, HResult::OPC_E_BADTYPE),
    (code::BAD_OUT_OF_MEMORY, HResult::E_OUTOFMEMORY),
    (code::BAD_NODE_ID_INVALID, HResult::OPC_E_INVALIDITEMID),
    (code::BAD_NODE_ID_UNKNOWN, HResult::OPC_E_UNKNOWNITEMID),
    (code::BAD_NOT_WRITABLE, HResult::OPC_E_BADRIGHTS),
    (code::BAD_USER_ACCESS_DENIED, HResult::E_ACCESSDENIED),
    (code::BAD_ATTRIBUTE_ID_INVALID, HResult::OPC_E_UNKNOWNITEMID),
    (code::BAD_WRITE_NOT_SUPPORTED, HResult::OPC_E_NOTSUPPORTED),
    (code::BAD_OUT_OF_RANGE, HResult::OPC_E_RANGE),
    (code::GOOD_CLAMPED, HResult::OPC_S_CLAMP),
    (code::BAD_ENTRY_EXISTS, HResult::OPC_E_DATAEXISTS),
    (code::BAD_NO_ENTRY_EXISTS, HResult::OPC_E_NODATAEXISTS),
    (code::BAD_HISTORY_OPERATION_INVALID, HResult::OPC_E_NOTSUPPORTED),
    (code::BAD_HISTORY_OPERATION_UNSUPPORTED, HResult::OPC_E_NOTSUPPORTED),
];

/// Properties, UA to DA.
const PROPERTY_TO_DA: &[(Status, HResult)] = &[
    (code::BAD_NODE_ID_INVALID, HResult::OPC_E_INVALID_PID),
    (code::BAD_NODE_ID_UNKNOWN, HResult::OPC_E_INVALID_PID),
    (code::BAD_ATTRIBUTE_ID_INVALID, HResult::OPC_E_INVALID_PID),
    (code::BAD_NOT_READABLE, HResult::OPC_E_BADRIGHTS),
    (code::BAD_OUT_OF_MEMORY, HResult::E_OUTOFMEMORY),
    (code::BAD_USER_ACCESS_DENIED, HResult::E_ACCESSDENIED),
];

/// HDA's reads, UA to DA. All others are as of a read.
const HISTORY_TO_DA: &[(Status, HResult)] = &[
    (code::GOOD_NO_DATA, HResult::OPC_S_NODATA),
    (code::GOOD_MORE_DATA, HResult::OPC_S_MOREDATA),
    (code::BAD_AGGREGATE_NOT_SUPPORTED, HResult::OPC_E_NOT_AVAIL),
    (code::BAD_ENTRY_EXISTS, HResult::OPC_E_DATAEXISTS),
    (code::BAD_NO_ENTRY_EXISTS, HResult::OPC_E_NODATAEXISTS),
    (code::BAD_HISTORY_OPERATION_INVALID, HResult::OPC_E_NOTSUPPORTED),
    (code::BAD_HISTORY_OPERATION_UNSUPPORTED, HResult::OPC_E_NOTSUPPORTED),
];

/// Bad codes that say how good a value is, not that there is none to be had (Table A.65): the item was read.
pub(crate) const BAD_QUALITIES: [Status; 8] = [
    code::BAD,
    code::BAD_CONFIGURATION_ERROR,
    code::BAD_NOT_CONNECTED,
    code::BAD_NO_COMMUNICATION,
    code::BAD_OUT_OF_SERVICE,
    code::BAD_DEVICE_FAILURE,
    code::BAD_SENSOR_FAILURE,
    code::BAD_WAITING_FOR_INITIAL_DATA,
];

fn find<A: PartialEq + Copy, B: Copy>(table: &[(A, B)], wanted: A) -> Option<B> {
    table.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value)
}

impl HResult {
    /// The code that an OPC DA client is told for this status, by the tables of Annex A.
    ///
    /// [`Operation::Write`] has a table of its own, [`Operation::Properties`] and [`Operation::History`] follow the
    /// Foundation's code, as Annex A has nothing for them; every other verb is as a read. A status that is the quality of a
    /// value (Table A.65) is [`S_OK`](HResult::S_OK) for a read: what it says is said by the
    /// [`QualityWord`](crate::da::QualityWord). A bad status in no table is [`E_FAIL`](HResult::E_FAIL).
    pub fn from_status(operation: Operation, status: Status) -> HResult {
        HResult::from_status_by(Rules::AnnexA, operation, status)
    }

    /// As [`from_status`](HResult::from_status), by other rules.
    pub fn from_status_by(rules: Rules, operation: Operation, status: Status) -> HResult {
        let code = status.code();
        let known = match operation {
            Operation::Write => find(WRITE_TO_DA, code),
            Operation::Properties => find(PROPERTY_TO_DA, code),
            Operation::History => find(HISTORY_TO_DA, code).or_else(|| find(READ_TO_DA, code)),
            _ => find(READ_TO_DA, code),
        };
        let reads = !matches!(operation, Operation::Write | Operation::Properties);
        known.unwrap_or(match status.quality() {
            // A property has no quality beside it.
            Quality::Uncertain if operation == Operation::Properties => HResult::E_FAIL,
            Quality::Good | Quality::Uncertain => HResult::S_OK,
            Quality::Bad if reads && (rules == Rules::Foundation || BAD_QUALITIES.contains(&code)) => {
                HResult::S_OK
            }
            Quality::Bad => HResult::E_FAIL,
        })
    }

    /// The status that an OPC UA client is told for this code, by the tables of Annex A.
    ///
    /// [`Operation::Write`] and [`Operation::History`] have tables of their own, every other verb is as a read. A failure in
    /// no table is `BadUnexpectedError`, a success is `Good`.
    pub fn to_status(self, operation: Operation) -> Status {
        self.to_status_by(Rules::AnnexA, operation)
    }

    /// As [`to_status`](HResult::to_status), by other rules.
    pub fn to_status_by(self, rules: Rules, operation: Operation) -> Status {
        match (rules, operation, self) {
            (Rules::Foundation, Operation::Write, HResult::OPC_E_BADRIGHTS) => {
                return code::BAD_USER_ACCESS_DENIED;
            }
            (Rules::Foundation, Operation::Write, _) => {}
            (Rules::Foundation, _, HResult::OPC_E_INVALID_PID) => return code::BAD_NODE_ID_INVALID,
            _ => {}
        }
        let known = match operation {
            Operation::Write => find(WRITE_TO_UA, self),
            Operation::History => find(HISTORY_TO_UA, self).or_else(|| find(READ_TO_UA, self)),
            _ => find(READ_TO_UA, self),
        };
        known.unwrap_or(if self.is_success() { Status::GOOD } else { code::BAD_UNEXPECTED_ERROR })
    }
}

#[cfg(test)]
mod tests;
