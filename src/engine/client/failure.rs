//! [`Failure`]: a whole call that failed, before it is given its verb.

use std::time::Duration;

use opcua::types::StatusCode;

use crate::{Error, Operation, Status};

/// Why a service call as a whole failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) detail: String,
}

/// Statuses with which the engine or a server says that the connection, channel or session is gone.
const DISCONNECTED: [StatusCode; 14] = [
    StatusCode::BadCommunicationError,
    StatusCode::BadConnectionClosed,
    StatusCode::BadConnectionRejected,
    StatusCode::BadDisconnect,
    StatusCode::BadNoCommunication,
    StatusCode::BadNotConnected,
    StatusCode::BadSecureChannelClosed,
    StatusCode::BadSecureChannelIdInvalid,
    StatusCode::BadServerHalted,
    StatusCode::BadServerNotConnected,
    StatusCode::BadSessionClosed,
    StatusCode::BadSessionIdInvalid,
    StatusCode::BadSessionNotActivated,
    StatusCode::BadShutdown,
];

/// Statuses that ask for smaller requests. What a server cannot decode may be an array longer than it takes: the engine's
/// server says so of 1,001 items, whatever its operation limits promise.
const TOO_MUCH: [StatusCode; 6] = [
    StatusCode::BadDecodingError,
    StatusCode::BadTooManyOperations,
    StatusCode::BadRequestTooLarge,
    StatusCode::BadResponseTooLarge,
    StatusCode::BadEncodingLimitsExceeded,
    StatusCode::BadTcpMessageTooLarge,
];

impl Failure {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Failure {
        Failure { status: Status::from_bits(status.bits()), detail: detail.into() }
    }

    /// The server answered, but not what was asked.
    pub(crate) fn wrong_count(expected: usize, got: usize) -> Failure {
        Failure::new(
            StatusCode::BadUnknownResponse,
            format!("the server gave {got} results for {expected} items"),
        )
    }

    /// There is no connection, or another one than before.
    pub(crate) fn disconnected() -> Failure {
        Failure::new(StatusCode::BadNotConnected, "")
    }

    /// No answer within the timeout.
    pub(crate) fn is_timeout(&self) -> bool {
        [StatusCode::BadTimeout, StatusCode::BadRequestTimeout].iter().any(|s| s.bits() == self.status.bits())
    }

    /// The connection, channel or session is gone.
    pub(crate) fn is_disconnected(&self) -> bool {
        DISCONNECTED.iter().any(|s| s.bits() == self.status.code().bits())
    }

    /// The same items in smaller requests may succeed.
    pub(crate) fn is_too_much(&self) -> bool {
        TOO_MUCH.iter().any(|s| s.bits() == self.status.code().bits())
    }

    /// This failure as the error of a verb.
    pub(crate) fn into_error(self, operation: Operation, url: &str, timeout: Duration) -> Error {
        if self.is_timeout() {
            Error::Timeout { operation, after: timeout }
        } else if self.is_disconnected() {
            Error::Disconnected { operation, url: url.to_owned() }
        } else {
            let source = (!self.detail.is_empty()).then(|| self.detail.into());
            Error::Service { operation, status: self.status, source }
        }
    }
}

impl From<opcua::types::Error> for Failure {
    fn from(error: opcua::types::Error) -> Failure {
        let status = error.status();
        // The engine prints "{status}: {text}"; the status is ours to print.
        let text = error.to_string();
        let detail = text.strip_prefix(&format!("{status}: ")).unwrap_or(&text).to_owned();
        Failure::new(status, detail)
    }
}
