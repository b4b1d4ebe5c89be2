//! [`ClientBuilder`]: everything that can be chosen before opening.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::da::ItemIds;
use crate::engine::client::{ConnectOptions, Credentials};
use crate::{Client, Error, Event, Identity, Result, Security};

use super::Address;
use super::open::{self, Settings};

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
#[derive(Clone)]
#[must_use = "call .open() to connect"]
pub struct ClientBuilder {
    url: String,
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
    item_ids: ItemIds,
    on_event: Option<EventCallback>,
}

impl ClientBuilder {
    pub(super) fn new(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
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
    /// The first use of any other makes a key pair and a certificate in [`pki_dir`](Self::pki_dir).
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
    /// folder of [`pki_dir`](Self::pki_dir); one that is not is put in `rejected`, from where it can be moved.
    pub fn trust_any_certificate(mut self, yes: bool) -> Self {
        self.trust_any_certificate = yes;
        self
    }

    /// Where certificates are kept. Default `openopc/pki` in the user's data directory. Made only when needed.
    pub fn pki_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.pki_dir = Some(dir.into());
        self
    }

    /// Covers DNS, TCP, secure channel, session and namespace table. Default 10 s.
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
    /// With the feature `sim`, the URL `sim:` starts the bundled simulator for this client alone.
    ///
    /// # Errors
    /// [`Error::Config`] where the choices cannot work, [`Error::Security`] where the server offers no such endpoint,
    /// [`Error::Open`] for everything that keeps the session from opening within the open timeout.
    pub async fn open(self) -> Result<Client> {
        let (options, settings) = self.settle()?;
        open::open(options, settings).await
    }

    /// Opens the session on a runtime of its own, for code without async.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    #[cfg(feature = "blocking")]
    pub fn open_blocking(self) -> Result<crate::blocking::Client> {
        crate::blocking::Client::open(self)
    }

    pub(super) fn settle(mut self) -> Result<(ConnectOptions, Settings)> {
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
        let simulated = open::wants_simulator(&self.url)?;
        let address = if simulated {
            // Replaced once the simulator has a port.
            Address { host: "127.0.0.1".into(), port: 4840, path: String::new() }
        } else {
            Address::parse(&self.url).map_err(Error::Config)?
        };
        let options = ConnectOptions {
            address,
            application_name: self.name,
            security: self.security,
            credentials: match self.identity {
                Identity::Anonymous => Credentials::Anonymous,
                Identity::User { name, password } => Credentials::User { name, password },
                Identity::Certificate { cert, key } => Credentials::Certificate { cert, key },
            },
            allow_plaintext_password: self.allow_plaintext_password,
            trust_any_certificate: self.trust_any_certificate,
            pki_dir: self.pki_dir.unwrap_or_else(default_pki_dir),
            connect_timeout: self.open_timeout,
            request_timeout: self.request_timeout,
            keep_alive: self.keep_alive,
            max_attempts: self.max_attempts,
            initial_delay: Duration::from_millis(500).min(self.max_delay),
            max_delay: self.max_delay,
        };
        let settings = Settings {
            url: self.url,
            simulated,
            open_timeout: self.open_timeout,
            request_timeout: self.request_timeout,
            item_ids: self.item_ids,
            on_event: self.on_event,
        };
        Ok((options, settings))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("url", &self.url)
            .field("name", &self.name)
            .field("security", &self.security)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
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
