//! `info` and `ping`.

use std::fmt;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::engine::Sample;
use crate::engine::client::Target;
use crate::tag::Resolved;
use crate::{Client, FromValue, NodeId, Operation, Result};

/// The variables of `ServerStatusType` and its `BuildInfo` (Part 5, 12.10 and 12.4), in the order of [`ServerInfo`].
const VENDOR: u32 = 2263;
const PRODUCT: u32 = 2261;
const VERSION: u32 = 2264;
const BUILD: u32 = 2265;
const STATE: u32 = 2259;
const STARTED: u32 = 2257;
const NOW: u32 = 2258;
const SERVER_ARRAY: u32 = 2254;

/// What the server says about itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// `BuildInfo.ManufacturerName`.
    pub vendor: String,
    /// `BuildInfo.ProductName`.
    pub product: String,
    /// `BuildInfo.SoftwareVersion`.
    pub version: String,
    /// `BuildInfo.BuildNumber`.
    pub build: String,
    /// The application URI of the server.
    pub uri: String,
    /// Whether it works.
    pub state: ServerState,
    /// When it was started.
    pub started: Option<DateTime<Utc>>,
    /// What time it has.
    pub now: Option<DateTime<Utc>>,
    /// The namespace table; the position is the index in `ns=…`.
    pub namespaces: Vec<String>,
}

/// The server's state (Part 5, 12.6 `ServerState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerState {
    /// Works normally.
    Running,
    /// A fatal error.
    Failed,
    /// Not configured.
    NoConfiguration,
    /// Suspended by its operator.
    Suspended,
    /// Going down.
    Shutdown,
    /// Test mode.
    Test,
    /// Has lost its data sources.
    CommunicationFault,
    /// Does not say.
    Unknown,
}

impl ServerState {
    fn from_number(number: Option<i32>) -> ServerState {
        match number {
            Some(0) => ServerState::Running,
            Some(1) => ServerState::Failed,
            Some(2) => ServerState::NoConfiguration,
            Some(3) => ServerState::Suspended,
            Some(4) => ServerState::Shutdown,
            Some(5) => ServerState::Test,
            Some(6) => ServerState::CommunicationFault,
            _ => ServerState::Unknown,
        }
    }
}

impl fmt::Display for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ServerState::Running => "Running",
            ServerState::Failed => "Failed",
            ServerState::NoConfiguration => "NoConfiguration",
            ServerState::Suspended => "Suspended",
            ServerState::Shutdown => "Shutdown",
            ServerState::Test => "Test",
            ServerState::CommunicationFault => "CommunicationFault",
            ServerState::Unknown => "Unknown",
        })
    }
}

impl Client {
    /// What the server says about itself. What it does not tell is empty.
    ///
    /// # Errors
    /// Those of a call: [`Disconnected`](crate::Error::Disconnected), [`Timeout`](crate::Error::Timeout),
    /// [`Service`](crate::Error::Service), [`Closed`](crate::Error::Closed).
    pub async fn info(&self) -> Result<ServerInfo> {
        let ids = [VENDOR, PRODUCT, VERSION, BUILD, STATE, STARTED, NOW, SERVER_ARRAY];
        let mut samples = self.standard_variables(Operation::Info, &ids).await?.into_iter();
        let mut next = || samples.next();
        Ok(ServerInfo {
            vendor: value(next()).unwrap_or_default(),
            product: value(next()).unwrap_or_default(),
            version: value(next()).unwrap_or_default(),
            build: value(next()).unwrap_or_default(),
            state: ServerState::from_number(value(next())),
            started: value(next()),
            now: value(next()),
            uri: value::<Vec<String>>(next()).and_then(|uris| uris.into_iter().next()).unwrap_or_default(),
            namespaces: self.inner().resolver().namespaces().to_vec(),
        })
    }

    /// Asks the server for its state and tells how long the answer took.
    ///
    /// # Errors
    /// Those of a call, as [`info`](Self::info).
    pub async fn ping(&self) -> Result<Duration> {
        let inner = self.inner();
        inner.check_connected(Operation::Ping)?;
        let target = Target::value(&NodeId::numeric(0, STATE));
        // Past the batch: what is asked is the server's answer, not our queue.
        let start = Instant::now();
        inner.link().read(&[target], 0.0).await.map_err(|failure| inner.error(Operation::Ping, failure))?;
        Ok(start.elapsed())
    }

    async fn standard_variables(&self, operation: Operation, ids: &[u32]) -> Result<Vec<Sample>> {
        let inner = self.inner();
        inner.check_connected(operation)?;
        let nodes = ids.iter().map(|id| Resolved::whole(&NodeId::numeric(0, *id))).collect();
        inner.batch(nodes, 0.0).await.map_err(|failure| inner.error(operation, failure))
    }
}

fn value<T: FromValue>(sample: Option<Sample>) -> Option<T> {
    sample.filter(|sample| sample.status.is_good())?.value.get().ok()
}
