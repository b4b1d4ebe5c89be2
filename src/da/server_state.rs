//! [`ServerState`]: OPC DA's state of a server.

use std::fmt;

/// The state of a server, as OPC DA numbers and names it (`OPCSERVERSTATE`).
///
/// OPC UA has the same states under other numbers (Part 5, 12.6), and two more: a server that shuts down, and one that does
/// not say.
///
/// ```
/// use openopc::da::ServerState;
///
/// assert_eq!(ServerState::from_number(6), Some(ServerState::CommFault));
/// assert_eq!(ServerState::CommFault.to_string(), "CommFault");
/// assert_eq!(ServerState::try_from(openopc::ServerState::Running), Ok(ServerState::Running));
/// assert_eq!(ServerState::try_from(openopc::ServerState::Shutdown), Err(openopc::ServerState::Shutdown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerState {
    /// 1: works normally.
    Running,
    /// 2: a fatal error.
    Failed,
    /// 3: runs without a configuration.
    NoConfig,
    /// 4: suspended by its vendor's means.
    Suspended,
    /// 5: test mode: outputs are disconnected.
    Test,
    /// 6: has lost its data sources (OPC DA 3.0).
    CommFault,
}

impl ServerState {
    /// Every state, in the order of their numbers.
    pub const ALL: [ServerState; 6] = [
        ServerState::Running,
        ServerState::Failed,
        ServerState::NoConfig,
        ServerState::Suspended,
        ServerState::Test,
        ServerState::CommFault,
    ];

    /// DA's number, 1 to 6.
    pub const fn number(self) -> u16 {
        match self {
            ServerState::Running => 1,
            ServerState::Failed => 2,
            ServerState::NoConfig => 3,
            ServerState::Suspended => 4,
            ServerState::Test => 5,
            ServerState::CommFault => 6,
        }
    }

    /// The state with this number.
    pub fn from_number(number: u16) -> Option<ServerState> {
        ServerState::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// OpenOPC's word: `Running`, `Failed`, `NoConfig`, `Suspended`, `Test`, `CommFault`.
impl fmt::Display for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ServerState::Running => "Running",
            ServerState::Failed => "Failed",
            ServerState::NoConfig => "NoConfig",
            ServerState::Suspended => "Suspended",
            ServerState::Test => "Test",
            ServerState::CommFault => "CommFault",
        })
    }
}

/// The state of OPC UA with the same meaning.
#[cfg(feature = "client")]
impl From<ServerState> for crate::ServerState {
    fn from(state: ServerState) -> crate::ServerState {
        match state {
            ServerState::Running => crate::ServerState::Running,
            ServerState::Failed => crate::ServerState::Failed,
            ServerState::NoConfig => crate::ServerState::NoConfiguration,
            ServerState::Suspended => crate::ServerState::Suspended,
            ServerState::Test => crate::ServerState::Test,
            ServerState::CommFault => crate::ServerState::CommunicationFault,
        }
    }
}

/// The state of OPC DA with the same meaning. `Shutdown` and `Unknown` have none, and come back as the error.
#[cfg(feature = "client")]
impl TryFrom<crate::ServerState> for ServerState {
    type Error = crate::ServerState;

    fn try_from(state: crate::ServerState) -> Result<ServerState, crate::ServerState> {
        ServerState::ALL.into_iter().find(|known| crate::ServerState::from(*known) == state).ok_or(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for (number, text) in (1..).zip(["Running", "Failed", "NoConfig", "Suspended", "Test", "CommFault"]) {
            let state = ServerState::from_number(number).unwrap();
            assert_eq!((state.number(), state.to_string().as_str()), (number, text));
        }
        assert_eq!((ServerState::from_number(0), ServerState::from_number(7)), (None, None));
    }

    #[cfg(feature = "client")]
    #[test]
    fn states_go_both_ways() {
        use crate::ServerState as Ua;
        for (da, ua) in [
            (Some(ServerState::Running), Ua::Running),
            (Some(ServerState::Failed), Ua::Failed),
            (Some(ServerState::NoConfig), Ua::NoConfiguration),
            (Some(ServerState::Suspended), Ua::Suspended),
            (None, Ua::Shutdown),
            (Some(ServerState::Test), Ua::Test),
            (Some(ServerState::CommFault), Ua::CommunicationFault),
            (None, Ua::Unknown),
        ] {
            assert_eq!(ServerState::try_from(ua), da.ok_or(ua));
            assert!(da.is_none_or(|da| Ua::from(da) == ua));
        }
    }
}
