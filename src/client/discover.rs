//! `servers` and `endpoints`: what there is to connect to.

use std::fmt;

use crate::engine::client::{ConnectError, ConnectOptions, find_servers, get_endpoints};
use crate::error::BoxError;
use crate::{Client, ClientBuilder, Error, IntoUrls, Operation, Result, Security};

use super::open::bundle;
use super::redundancy::Place;

/// A server that another one, or itself, has told of (Part 4, 7.2 `ApplicationDescription`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// What people call it.
    pub name: String,
    /// What tells it from all others: the application URI.
    pub uri: String,
    /// The product.
    pub product_uri: String,
    /// What it is.
    pub kind: ServerKind,
    /// Where its endpoints can be asked for; [`endpoints`] takes each of them that starts with `opc.tcp:`.
    pub urls: Vec<String>,
}

/// What an application is (Part 4, 7.4 `ApplicationType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerKind {
    /// A server.
    Server,
    /// A client, which is waiting for servers to connect to it.
    Client,
    /// Both.
    ClientAndServer,
    /// A server that knows others.
    DiscoveryServer,
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ServerKind::Server => "Server",
            ServerKind::Client => "Client",
            ServerKind::ClientAndServer => "ClientAndServer",
            ServerKind::DiscoveryServer => "DiscoveryServer",
        })
    }
}

/// One way to connect to a server (Part 4, 7.14 `EndpointDescription`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Where, as the server sees itself. Behind NAT or in a container that is not where a client finds it.
    pub url: String,
    /// How messages are protected; `None` where the server does not say.
    pub security: Option<Security>,
    /// By which algorithms: `Basic256Sha256`, `None`.
    pub policy: String,
    /// How good the server finds this endpoint: of two, the one with the larger number.
    pub level: u8,
    /// What users it takes, without repetitions. A server that lists nothing takes anonymous ones.
    pub identities: Vec<IdentityKind>,
    /// How messages travel: `uatcp-uasc-uabinary` is the one this client speaks.
    pub transport: String,
    /// The SHA-1 of the server's certificate in hexadecimal digits, where it has one.
    pub thumbprint: Option<String>,
    /// The server behind it.
    pub server: Server,
}

/// How a user can say who they are (Part 4, 7.42 `UserTokenType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityKind {
    /// Not at all.
    Anonymous,
    /// By name and password.
    User,
    /// By a certificate.
    Certificate,
    /// By a token that somebody else has issued. This client has none.
    Token,
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            IdentityKind::Anonymous => "Anonymous",
            IdentityKind::User => "User",
            IdentityKind::Certificate => "Certificate",
            IdentityKind::Token => "Token",
        })
    }
}

/// The servers that the one at `url` knows of: all that have registered with a discovery server, which listens on port 4840;
/// itself alone, where it is an ordinary one. Waits 10 s at most; [`ClientBuilder::servers`] has the choice.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// for server in openopc::servers("sim:").await? {
///     println!("{} {:?}", server.name, server.urls);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`ClientBuilder::servers`].
pub async fn servers(url: impl IntoUrls) -> Result<Vec<Server>> {
    Client::builder(url).servers().await
}

/// The ways to connect to the server at `url`: addresses, security, users. Waits 10 s at most;
/// [`ClientBuilder::endpoints`] has the choice.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// use openopc::{IdentityKind, Security};
///
/// let endpoints = openopc::endpoints("sim:").await?;
/// assert_eq!(endpoints[0].security, Some(Security::None));
/// assert_eq!(endpoints[0].identities, [IdentityKind::Anonymous]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`ClientBuilder::endpoints`].
pub async fn endpoints(url: impl IntoUrls) -> Result<Vec<Endpoint>> {
    Client::builder(url).endpoints().await
}

impl ClientBuilder {
    /// The servers that the one at this address knows of (`FindServers`, Part 4, 5.5.2), as [`servers`], within the
    /// [`open_timeout`](Self::open_timeout). No session is opened, and none of the security is used. Of several addresses,
    /// the first that answers.
    ///
    /// # Errors
    /// [`Error::Config`] where the choices cannot work, [`Error::Discovery`] where nobody answers as a server would; of
    /// several addresses, what the last one failed with.
    pub async fn servers(self) -> Result<Vec<Server>> {
        discover(self, Operation::Servers, async |options| find_servers(options).await).await
    }

    /// The ways to connect to the server at this address (`GetEndpoints`, Part 4, 5.5.4), as [`endpoints`], within the
    /// [`open_timeout`](Self::open_timeout). No session is opened, and none of the security is used.
    ///
    /// # Errors
    /// Those of [`servers`](Self::servers).
    pub async fn endpoints(self) -> Result<Vec<Endpoint>> {
        discover(self, Operation::Endpoints, async |options| get_endpoints(options).await).await
    }
}

async fn discover<T>(
    builder: ClientBuilder,
    operation: Operation,
    ask: impl AsyncFn(&ConnectOptions) -> Result<T, ConnectError>,
) -> Result<T> {
    let (mut places, settings) = builder.settle()?;
    // Until there is an answer.
    let _bundled = bundle(&mut places, &settings).await?;
    let after = settings.open_timeout;
    let late = || Error::Timeout { operation, after }.into();
    let mut failed = Error::Config("no server to ask".into());
    for Place { url, mut options } in places {
        // The engine's own limit for the answer must not come before ours.
        options.request_timeout = after;
        // The engine's future is a large one.
        let answer = Box::pin(ask(&options));
        let source: BoxError = match tokio::time::timeout(after, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(ConnectError::Failed(failure))) if failure.is_timeout() => late(),
            Ok(Err(error)) => error.into_text().into(),
            Err(_) => late(),
        };
        failed = Error::Discovery { operation, url, source };
    }
    Err(failed)
}
