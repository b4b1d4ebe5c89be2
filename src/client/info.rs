//! `info` and `ping`.

use std::fmt;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::engine::Sample;
use crate::engine::client::Target;
use crate::tag::Resolved;
use crate::{Client, FromValue, NodeId, Operation, Result, Security, Value};

/// The variables of `ServerStatusType` and its `BuildInfo` (Part 5, 12.10 and 12.4), and of `ServerCapabilities` (6.3.2), in
/// the order they are read.
const VARIABLES: [u32; 20] = [
    2263, 2261, 2264, 2265, STATE, 2257, 2258, 2254, 2262, 2267, 2269, 24_095, 11_705, 11_707, 11_710,
    11_712, 11_714, 12_165, 2735, 2737,
];

/// `ServerStatus.State`
const STATE: u32 = 2259;

/// What the server says about itself, and how this client talks to it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// `BuildInfo.ManufacturerName`.
    pub vendor: String,
    /// `BuildInfo.ProductName`.
    pub product: String,
    /// `BuildInfo.ProductUri`.
    pub product_uri: String,
    /// `BuildInfo.SoftwareVersion`.
    pub version: String,
    /// `BuildInfo.BuildNumber`.
    pub build: String,
    /// What people call the server: its application name.
    pub name: String,
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
    /// How well it can do its work, from 0 to 255; below 200 a redundant server should be preferred (Part 4, 6.6.2.4.2).
    pub service_level: Option<u8>,
    /// The URIs of the profiles it keeps to (Part 7).
    pub profiles: Vec<String>,
    /// What it takes at a time.
    pub limits: ServerLimits,
    /// The URL this client was opened with; of several, that of the server in use.
    pub url: String,
    /// The host in that URL, or the one that was found behind `sim:`.
    pub host: String,
    /// What the client calls itself.
    pub client_name: String,
    /// How messages are protected; never [`Security::Best`].
    pub security: Security,
    /// By which algorithms: `Basic256Sha256`, `None`.
    pub policy: String,
}

/// What a server takes in one call, and at a time (Part 5, 6.3.2 and 6.3.11). `None` where it names no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// Sessions at a time.
    pub sessions: Option<u32>,
    /// Values and attributes in one Read.
    pub nodes_per_read: Option<u32>,
    /// Values in one Write.
    pub nodes_per_write: Option<u32>,
    /// Nodes in one Browse.
    pub nodes_per_browse: Option<u32>,
    /// Paths in one `TranslateBrowsePathsToNodeIds`.
    pub nodes_per_translate: Option<u32>,
    /// Items in one call that makes or changes monitored items.
    pub monitored_items_per_call: Option<u32>,
    /// Nodes in one `HistoryRead` of values.
    pub nodes_per_history_read: Option<u32>,
    /// Browse continuation points of one session.
    pub browse_continuation_points: Option<u32>,
    /// History continuation points of one session.
    pub history_continuation_points: Option<u32>,
}

impl ServerInfo {
    /// What OpenOPC's `info()` told, with its names and in its order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let opc = openopc::open("sim:").await?;
    /// for (name, text) in opc.info().await?.pairs() {
    ///     println!("{name:<12} {text}");
    /// }
    /// # opc.close().await
    /// # }
    /// ```
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let time = |time: Option<DateTime<Utc>>| time.map_or(Value::Null, Value::DateTime).to_string();
        let version = match self.build.as_str() {
            "" => self.version.clone(),
            build => format!("{} (Build {build})", self.version),
        };
        [
            ("Protocol", self.protocol()),
            ("Class", concat!("openopc ", env!("CARGO_PKG_VERSION")).to_owned()),
            ("Client Name", self.client_name.clone()),
            ("OPC Host", self.host.clone()),
            ("OPC Server", if self.name.is_empty() { self.uri.clone() } else { self.name.clone() }),
            ("State", self.state.da_name().to_owned()),
            ("Version", version),
            // Every server of OPC UA has a tree, and no flat list.
            ("Browser", "Hierarchical".to_owned()),
            ("Start Time", time(self.started)),
            ("Current Time", time(self.now)),
            ("Vendor", self.vendor.clone()),
        ]
        .into_iter()
    }

    /// `OPC UA, TCP, no security`, or what protects the messages: `OPC UA, TCP, SignAndEncrypt with Basic256Sha256`.
    pub fn protocol(&self) -> String {
        match self.security {
            Security::None => "OPC UA, TCP, no security".to_owned(),
            security => format!("OPC UA, TCP, {security} with {}", self.policy),
        }
    }
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

impl ServerState {
    /// The number of this state in OPC DA, from 1 `Running` to 6 `CommFault`; `None` for what DA does not know.
    pub const fn da_number(self) -> Option<u32> {
        match self {
            ServerState::Running => Some(1),
            ServerState::Failed => Some(2),
            ServerState::NoConfiguration => Some(3),
            ServerState::Suspended => Some(4),
            ServerState::Test => Some(5),
            ServerState::CommunicationFault => Some(6),
            ServerState::Shutdown | ServerState::Unknown => None,
        }
    }

    /// The name of this state in OPC DA, else that of OPC UA.
    pub const fn da_name(self) -> &'static str {
        match self {
            ServerState::NoConfiguration => "NoConfig",
            ServerState::CommunicationFault => "CommFault",
            other => other.name(),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            ServerState::Running => "Running",
            ServerState::Failed => "Failed",
            ServerState::NoConfiguration => "NoConfiguration",
            ServerState::Suspended => "Suspended",
            ServerState::Shutdown => "Shutdown",
            ServerState::Test => "Test",
            ServerState::CommunicationFault => "CommunicationFault",
            ServerState::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Client {
    /// What the server says about itself. What it does not tell is empty.
    ///
    /// # Errors
    /// Those of a call: [`Disconnected`](crate::Error::Disconnected), [`Timeout`](crate::Error::Timeout),
    /// [`Service`](crate::Error::Service), [`Closed`](crate::Error::Closed).
    pub async fn info(&self) -> Result<ServerInfo> {
        let inner = self.inner();
        let link = inner.link();
        let mut samples = self.standard_variables(Operation::Info, &VARIABLES).await?.into_iter();
        let mut next = || samples.next();
        let chosen = link.chosen();
        Ok(ServerInfo {
            vendor: value(next()).unwrap_or_default(),
            product: value(next()).unwrap_or_default(),
            version: value(next()).unwrap_or_default(),
            build: value(next()).unwrap_or_default(),
            state: ServerState::from_number(value(next())),
            started: value(next()),
            now: value(next()),
            uri: value::<Vec<String>>(next()).and_then(|uris| uris.into_iter().next()).unwrap_or_default(),
            product_uri: value(next()).unwrap_or_default(),
            service_level: value(next()),
            profiles: value(next()).unwrap_or_default(),
            limits: ServerLimits {
                sessions: limit(next()),
                nodes_per_read: limit(next()),
                nodes_per_write: limit(next()),
                nodes_per_browse: limit(next()),
                nodes_per_translate: limit(next()),
                monitored_items_per_call: limit(next()),
                nodes_per_history_read: limit(next()),
                browse_continuation_points: limit(next()),
                history_continuation_points: limit(next()),
            },
            name: chosen.endpoint.server.name.clone(),
            namespaces: inner.resolver().namespaces().to_vec(),
            url: inner.url().to_owned(),
            host: chosen.host.clone(),
            client_name: chosen.client_name.clone(),
            security: chosen.endpoint.security.unwrap_or_default(),
            policy: chosen.endpoint.policy.clone(),
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
        let look = inner.resolver().look();
        let nodes = ids.iter().map(|id| Resolved::whole(&NodeId::numeric(0, *id))).collect();
        let samples = inner.batch(nodes, 0.0).await.map_err(|failure| inner.error(operation, failure))?;
        // Half of one server and half of another would be neither.
        inner.check_same(operation, look)?;
        Ok(samples)
    }
}

/// 0 is no limit (Part 5, 6.3.11).
fn limit(sample: Option<Sample>) -> Option<u32> {
    value(sample).filter(|limit| *limit > 0)
}

fn value<T: FromValue>(sample: Option<Sample>) -> Option<T> {
    sample.filter(|sample| sample.status.is_good())?.value.get().ok()
}
