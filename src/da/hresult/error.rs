//! From an [`Error`] of this crate to the code that an OPC DA client would have seen.

use super::HResult;
use crate::{ConvertReason, Error, Operation};

/// The code that an OPC DA client would have seen in place of this error.
///
/// An error with a status goes by [`HResult::from_status`]. A lost connection is
/// [`RPC_S_SERVER_UNAVAILABLE`](HResult::RPC_S_SERVER_UNAVAILABLE), a timeout
/// [`RPC_E_TIMEOUT`](HResult::RPC_E_TIMEOUT), a tag that is not on the server
/// [`OPC_E_UNKNOWNITEMID`](HResult::OPC_E_UNKNOWNITEMID), one that is not a tag
/// [`OPC_E_INVALIDITEMID`](HResult::OPC_E_INVALIDITEMID), a value that does not fit
/// [`OPC_E_RANGE`](HResult::OPC_E_RANGE) or [`OPC_E_BADTYPE`](HResult::OPC_E_BADTYPE).
///
/// ```
/// use openopc::da::HResult;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let opc = openopc::open("sim:").await?;
/// let error = opc.read("No.Such.Item").await.unwrap_err();
/// assert_eq!(HResult::from(&error), HResult::OPC_E_UNKNOWNITEMID);
/// # opc.close().await
/// # }
/// ```
impl From<&Error> for HResult {
    fn from(error: &Error) -> HResult {
        if error.is_timeout() {
            return HResult::RPC_E_TIMEOUT;
        }
        if error.is_connection() {
            return HResult::RPC_S_SERVER_UNAVAILABLE;
        }
        match error {
            Error::InvalidTag { .. } => HResult::OPC_E_INVALIDITEMID,
            Error::Resolve { .. } => HResult::OPC_E_UNKNOWNITEMID,
            Error::Config(_) | Error::Query { .. } | Error::Group { .. } => HResult::E_INVALIDARG,
            Error::Security { .. } => HResult::E_ACCESSDENIED,
            Error::Closed { .. } => HResult::CO_E_OBJNOTCONNECTED,
            Error::Convert { source, .. } => match source.reason() {
                ConvertReason::OutOfRange => HResult::OPC_E_RANGE,
                _ => HResult::OPC_E_BADTYPE,
            },
            _ => refused(error),
        }
    }
}

fn refused(error: &Error) -> HResult {
    let Some(status) = error.status() else { return HResult::E_FAIL };
    let operation = error.operation().unwrap_or(Operation::Read);
    match HResult::from_status(operation, status) {
        // The value was there, and was not good enough: an error is not a success.
        code if code.is_success() => HResult::E_FAIL,
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{DataType, IntoTag, Status, Value};

    #[test]
    fn errors_have_the_codes_that_da_clients_know() {
        let tag = || "Random.Int4".into_tag().unwrap();
        let status = |name| Status::named(name).unwrap();
        let item = |operation, name| Error::Item { operation, tag: tag(), status: status(name) };
        let service =
            |name| Error::Service { operation: Operation::Read, status: status(name), source: None };
        let convert = |value: Value, to| Error::Convert {
            operation: Operation::Write,
            tag: tag(),
            source: value.convert(to).unwrap_err(),
        };
        let (url, wanted, offered) = (String::new, String::new, String::new);
        let unresolved = Error::Resolve { operation: Operation::Read, tag: tag(), candidates: Vec::new() };
        let not_a_tag = "ns=x;s=Pump".into_tag().unwrap_err();
        let quality = status("UncertainLastUsableValue");
        for (error, code) in [
            (item(Operation::Read, "BadNotReadable"), HResult::OPC_E_BADRIGHTS),
            (item(Operation::Write, "BadNotWritable"), HResult::OPC_E_BADRIGHTS),
            (item(Operation::Write, "BadTypeMismatch"), HResult::OPC_E_BADTYPE),
            (item(Operation::Properties, "BadNodeIdUnknown"), HResult::OPC_E_INVALID_PID),
            (item(Operation::Read, "BadTooManyOperations"), HResult::E_FAIL),
            (service("BadUserAccessDenied"), HResult::E_ACCESSDENIED),
            (service("BadSessionIdInvalid"), HResult::RPC_S_SERVER_UNAVAILABLE),
            (unresolved, HResult::OPC_E_UNKNOWNITEMID),
            (
                Error::InvalidTag { operation: Operation::Read, error: not_a_tag },
                HResult::OPC_E_INVALIDITEMID,
            ),
            (convert(Value::Int32(300), DataType::Byte), HResult::OPC_E_RANGE),
            (convert(Value::from("x"), DataType::Byte), HResult::OPC_E_BADTYPE),
            (Error::Config(String::new()), HResult::E_INVALIDARG),
            (Error::Closed { operation: Operation::Read }, HResult::CO_E_OBJNOTCONNECTED),
            (Error::Security { url: url(), wanted: wanted(), offered: offered() }, HResult::E_ACCESSDENIED),
            (
                Error::Disconnected { operation: Operation::Read, url: url() },
                HResult::RPC_S_SERVER_UNAVAILABLE,
            ),
            (
                Error::Timeout { operation: Operation::Read, after: Duration::from_secs(1) },
                HResult::RPC_E_TIMEOUT,
            ),
            (Error::Reentrant { operation: Operation::Read }, HResult::E_FAIL),
            (
                Error::Quality {
                    operation: Operation::Read,
                    tag: tag(),
                    quality: quality.quality(),
                    status: quality,
                },
                HResult::E_FAIL,
            ),
        ] {
            assert_eq!(HResult::from(&error), code, "{error}");
            assert!(!HResult::from(&error).is_success());
        }
    }
}
