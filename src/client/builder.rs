//! [`ClientBuilder`]: everything that can be chosen before opening.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::da::ItemIds;
use crate::engine::client::{ConnectOptions, Credentials};
use crate::{Client, Error, Event, FailBack, Identity, Result, Security};

use super::Address;
use super::open::{self, Settings};
use super::redundancy::Place;

/// The longest timeout: the engine adds timeouts to the time of day, and what is beyond the end of time is a panic.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

pub(crate) type EventCallback = Arc<dyn Fn(Event) + Send + Sync>;

/// Everything that can be chosen before opening; made by [`Client::builder`].
///
/// Setters never fail; [`open`](ClientBuilder::open) reports what cannot work.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// use std::time::Duration;
///
/// let simulator = openopc::sim::Simulator::start().await?;
/// let opc = openopc::Client::builder(simulator.url())
///     .name("line-3-gateway")
///     .request_timeout(Duration::from_secs(2))
///     .on_event(|event| println!("{event:?}"))
///     .open()
///     .await?;
/// opc.close().await
/// # }
/// ```
///
/// # Several servers
/// Servers that stand in for each other (non-transparent redundancy, Part 4, 6.6.2.4) are given together, the preferred one
/// first. The client uses one of them at a time and moves by itself: subscriptions go on, names are looked up again, and
/// what may have been lost is told.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// use std::time::Duration;
///
/// use openopc::{Client, FailBack, sim::Simulator};
///
/// let (first, second) = (Simulator::start().await?, Simulator::start().await?);
/// let opc = Client::builder([first.url(), second.url()])
///     .fail_back(FailBack::After(Duration::from_secs(300)))
///     .on_event(|event| println!("{event:?}"))
///     .open()
///     .await?;
/// assert_eq!(opc.url(), first.url());
/// # opc.close().await
/// # }
/// ```
///
/// - **At opening** the servers are tried in order, each within the [`open_timeout`](Self::open_timeout). The first one that
///   is healthy is used, else the one with the highest `ServiceLevel` (Part 4, 6.6.2.4.2: 0 maintenance, 1 no data, 2 to 199
///   degraded, 200 to 255 healthy). A server that does not tell counts as healthy.
/// - **When the server is lost**, the client tries to return to it, and after the initial pause it tries the others as well,
///   one after the other with the pauses of [`reconnect`](Self::reconnect) between rounds. The first that works is used.
/// - **When the server is no longer healthy**, the others are asked; a better one, or among degraded ones one with a higher
///   level, is moved to. The server that is left is told goodbye. Its level is read as often as
///   [`keep_alive`](Self::keep_alive) says.
/// - **Back** to an earlier one in the list it goes by the rule of [`fail_back`](Self::fail_back).
/// - **Moves that follow each other quickly** are slowed down like attempts to reconnect: by up to the longest delay.
///
/// Another server is asked with a session that is closed again: `GetEndpoints`, `CreateSession`, `ActivateSession`, a Read of
/// `ServiceLevel`, `CloseSession`. That happens while the server in use is lost or not healthy, and for going back; never
/// otherwise.
#[derive(Clone)]
#[must_use = "call .open() to connect"]
pub struct ClientBuilder {
    urls: Vec<String>,
    name: String,
    security: Security,
    identity: Identity,
    pki_dir: Option<PathBuf>,
    allow_plaintext_password: bool,
    trust_any_certificate: bool,
    open_timeout: Duration,
    request_timeout: Duration,
    keep_alive: Duration,
    max_attempts: Option<u32>,
    max_delay: Duration,
    fail_back: FailBack,
    item_ids: ItemIds,
    on_event: Option<EventCallback>,
}

impl ClientBuilder {
    pub(super) fn new(urls: Vec<String>) -> ClientBuilder {
        ClientBuilder {
            urls,
            name: "openopc".into(),
            security: Security::None,
            identity: Identity::Anonymous,
            pki_dir: None,
            allow_plaintext_password: false,
            trust_any_certificate: false,
            open_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(5),
            max_attempts: None,
            max_delay: Duration::from_secs(30),
            fail_back: FailBack::default(),
            item_ids: ItemIds::Auto,
            on_event: None,
        }
    }

    /// The client's name, which servers show in their session lists. Default `openopc`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How messages are protected. Default [`Security::None`].
    ///
    /// The first use of any other makes a key pair and a certificate in [`pki_dir`](Self::pki_dir), which takes a second. The
    /// server has to trust it: `own/NAME.der`, with the [`name`](Self::name) of the client. It is valid for a year.
    ///
    /// A server that comes back with another certificate, or offers something else than before, is connected to again as soon
    /// as that will do; never with less security than was asked for.
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Who the user is. Default [`Identity::Anonymous`].
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Allows sending a password over a channel that does not encrypt it. Default `false`.
    pub fn allow_plaintext_password(mut self, yes: bool) -> Self {
        self.allow_plaintext_password = yes;
        self
    }

    /// Trusts any server certificate, known or not. Default `false`: a server's certificate must be in the `trusted`
    /// folder of [`pki_dir`](Self::pki_dir); one that is not is put in `rejected`, from where it can be moved. The error of
    /// [`open`](Self::open) says so with the name of the file; later, [`Event::RetryFailed`] does, and the client goes on
    /// trying until the file is there.
    ///
    /// Those that are taken because of this are put in `trusted`, and are trusted from then on.
    pub fn trust_any_certificate(mut self, yes: bool) -> Self {
        self.trust_any_certificate = yes;
        self
    }

    /// Where certificates are kept. Default `openopc/pki` in the user's data directory. Made only when needed.
    pub fn pki_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.pki_dir = Some(dir.into());
        self
    }

    /// Covers DNS, TCP, secure channel, session and namespace table. Default 10 s; of several servers, for each.
    pub fn open_timeout(mut self, timeout: Duration) -> Self {
        self.open_timeout = timeout;
        self
    }

    /// How long one request may take. Default 10 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How often the server is asked whether it is still there. Two unanswered in a row count as a lost connection.
    /// Default 5 s.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.keep_alive = interval;
        self
    }

    /// How often to try again after a loss, and the longest pause between two attempts. Default: for ever, 0.5 s
    /// growing to 30 s.
    pub fn reconnect(mut self, max_attempts: Option<u32>, max_delay: Duration) -> Self {
        self.max_attempts = max_attempts;
        self.max_delay = max_delay;
        self
    }

    /// When to go back to a server that comes earlier in the list. Default: when it has been there for 60 s, at least as well
    /// as the present one. With one server this means nothing.
    ///
    /// For that the earlier servers are asked every quarter of that time, at least every 30 s, but not more often than
    /// [`keep_alive`](Self::keep_alive); what happens between two such looks is not seen.
    pub fn fail_back(mut self, rule: FailBack) -> Self {
        self.fail_back = rule;
        self
    }

    /// How item ids become nodes on this server. Default [`ItemIds::Auto`].
    pub fn item_ids(mut self, rule: ItemIds) -> Self {
        self.item_ids = rule;
        self
    }

    /// Called with every [`Event`], in order, on a task of its own. It must not block for long; a
    /// [`blocking`](crate::blocking) call inside it fails with [`Error::Reentrant`].
    pub fn on_event(mut self, callback: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Arc::new(callback));
        self
    }

    /// Opens the session. Must be called inside a tokio runtime; the session lives on it.
    ///
    /// With the feature `sim`, the URL `sim:`, given alone, starts the bundled simulator for this client alone.
    ///
    /// # Errors
    /// [`Error::Config`] where the choices cannot work, [`Error::Security`] where the server offers no such endpoint,
    /// [`Error::Open`] for everything that keeps the session from opening within the open timeout; of several servers, when
    /// there is none that could be opened, with the reason for each.
    pub async fn open(self) -> Result<Client> {
        let (places, settings) = self.settle()?;
        open::open(places, settings).await
    }

    /// Opens the session on a runtime of its own, for code without async.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    #[cfg(feature = "blocking")]
    pub fn open_blocking(self) -> Result<crate::blocking::Client> {
        crate::blocking::Client::open(self)
    }

    pub(super) fn settle(mut self) -> Result<(Vec<Place>, Settings)> {
        for (what, timeout) in [
            ("open_timeout", &mut self.open_timeout),
            ("request_timeout", &mut self.request_timeout),
            ("keep_alive", &mut self.keep_alive),
            ("reconnect delay", &mut self.max_delay),
        ] {
            if timeout.is_zero() {
                return Err(Error::Config(format!("{what} is zero; nothing can happen in no time")));
            }
            *timeout = (*timeout).min(FOR_EVER);
        }
        let credentials = match self.identity {
            Identity::Anonymous => Credentials::Anonymous,
            Identity::User { name, password } => Credentials::User { name, password },
            Identity::Certificate { cert, key } => Credentials::Certificate { cert, key },
        };
        let pki_dir = self.pki_dir.unwrap_or_else(default_pki_dir);
        let (simulated, addresses) = addresses(&self.urls)?;
        let options = |address| ConnectOptions {
            address,
            application_name: self.name.clone(),
            security: self.security,
            credentials: credentials.clone(),
            allow_plaintext_password: self.allow_plaintext_password,
            trust_any_certificate: self.trust_any_certificate,
            pki_dir: pki_dir.clone(),
            connect_timeout: self.open_timeout,
            request_timeout: self.request_timeout,
            keep_alive: self.keep_alive,
            max_attempts: self.max_attempts,
            initial_delay: Duration::from_millis(500).min(self.max_delay),
            max_delay: self.max_delay,
        };
        let places = addresses.into_iter().map(|(url, address)| Place { url, options: options(address) });
        let places = places.collect();
        let settings = Settings {
            simulated,
            open_timeout: self.open_timeout,
            request_timeout: self.request_timeout,
            fail_back: self.fail_back,
            item_ids: self.item_ids,
            on_event: self.on_event,
        };
        Ok((places, settings))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("urls", &self.urls)
            .field("name", &self.name)
            .field("security", &self.security)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Where the servers are, each once; whether they are the bundled simulator.
fn addresses(urls: &[String]) -> Result<(bool, Vec<(String, Address)>)> {
    if urls.is_empty() {
        return Err(Error::Config("no server: the list of URLs is empty".into()));
    }
    let mut addresses: Vec<(String, Address)> = Vec::with_capacity(urls.len());
    for url in urls {
        if open::wants_simulator(url)? {
            if urls.len() > 1 {
                let others =
                    "`sim:` starts a simulator for this client alone, and cannot be one of several servers";
                return Err(Error::Config(others.into()));
            }
            // Replaced once the simulator has a port.
            let address = Address { host: "127.0.0.1".into(), port: 4840, path: String::new() };
            return Ok((true, vec![(url.clone(), address)]));
        }
        let address = Address::parse(url).map_err(Error::Config)?;
        if !addresses.iter().any(|(_, other)| *other == address) {
            addresses.push((url.clone(), address));
        }
    }
    Ok((false, addresses))
}

/// The user's data directory by each system's convention, or the temporary one where there is no user.
fn default_pki_dir() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = if cfg!(windows) {
        var("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        var("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        var("XDG_DATA_HOME").or_else(|| var("HOME").map(|home| home.join(".local/share")))
    };
    data.unwrap_or_else(std::env::temp_dir).join("openopc").join("pki")
}
