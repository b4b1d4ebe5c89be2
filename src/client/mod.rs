//! The client: one session, and the verbs on it.

mod address;
mod attempt;
mod batch;
mod builder;
mod discover;
mod event;
mod history;
mod identity;
mod info;
mod into_write;
pub(crate) mod limits;
mod list;
mod open;
mod order;
mod properties;
mod read;
mod record;
mod redundancy;
mod resolve;
mod results;
mod session;
mod structures;
mod types;
mod write;

use std::fmt;
use std::sync::Arc;

pub(crate) use address::Address;
pub use builder::ClientBuilder;
pub use discover::{Endpoint, IdentityKind, Server, ServerKind, endpoints, servers};
pub use event::{Event, State};
pub use history::{AggregateName, HistoryQuery, HistoryRange};
pub use history::{
    Annotation, Capabilities, Change, Compute, Configuration, EventQuery, Modified, Occurrence,
    OfferedAggregate,
};
pub use identity::Identity;
pub use info::{ServerInfo, ServerLimits, ServerState};
pub use into_write::IntoWrite;
pub use list::{Entry, EntryKind, ListOptions, Patterns};
pub use properties::{Properties, PropertiesOptions};
pub use read::ReadOptions;
#[cfg(feature = "blocking")]
pub(crate) use record::Shape;
pub use redundancy::{FailBack, IntoUrls};
pub use results::Results;
pub(crate) use session::{Handle, Inner};
pub use write::WriteOptions;

use crate::da::ItemIdsReport;
use crate::{Error, Result};

/// Opens a session with **no message security and as an anonymous user**. [`Client::builder`] has the other choices.
///
/// The URL is `opc.tcp://HOST[:PORT][/PATH]`; with the feature `sim`, `sim:` is the bundled simulator, started for this
/// client alone.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let opc = openopc::open("sim:").await?;
/// let reading = opc.read("Random.Int4").await?;
/// println!("{} {} {:?}", reading.value, reading.quality(), reading.time());
/// opc.close().await
/// # }
/// ```
///
/// # Errors
/// Those of [`ClientBuilder::open`].
pub async fn open(url: impl IntoUrls) -> Result<Client> {
    Client::builder(url).open().await
}

/// A handle to one session. Clones share it; the session closes with the last handle.
///
/// Every verb may be called from any number of tasks at once. Reads that run at the same time share requests; a write
/// never overtakes an earlier write to the same tag.
///
/// # Tracing
/// Every request is told as a [`tracing`](https://docs.rs/tracing) event with the target `openopc::call` and the level
/// DEBUG: the message `Read(3)` is a Read of three items, its fields are `service`, `items`, `took` and, where it failed,
/// `status`. That is OpenOPC's `set_trace`; the command shows it with `-v`.
#[derive(Clone)]
pub struct Client {
    handle: Arc<Handle>,
}

impl Client {
    /// Starts with the defaults: no security, anonymous, reconnecting for ever.
    pub fn builder(url: impl IntoUrls) -> ClientBuilder {
        ClientBuilder::new(url.into_urls())
    }

    pub(crate) fn from_handle(handle: Arc<Handle>) -> Client {
        Client { handle }
    }

    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        self.handle.inner()
    }

    /// How the connection is right now.
    pub fn state(&self) -> State {
        self.inner().state()
    }

    /// The URL this client was opened with; of several, that of the server in use.
    pub fn url(&self) -> &str {
        self.inner().url()
    }

    /// The URLs of all servers this client was opened with, in the order of preference.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.inner().servers().urls()
    }

    /// How item ids are looked up on this server since the last (re)connect, and why. Nothing is sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let opc = openopc::open("sim:").await?;
    /// println!("{}", opc.item_ids());
    /// # opc.close().await
    /// # }
    /// ```
    pub fn item_ids(&self) -> ItemIdsReport {
        self.inner().resolver().report()
    }

    /// Runs until Ctrl-C, then closes; or until the client is closed elsewhere. Subscriptions deliver meanwhile.
    ///
    /// Deliveries begin with `subscribe`, not here: `start` is the place for a program to wait.
    ///
    /// # Errors
    /// [`Error::Config`] where the system does not let the program hear Ctrl-C.
    pub async fn start(&self) -> Result<()> {
        tokio::select! {
            signal = tokio::signal::ctrl_c() => {
                signal.map_err(|error| Error::Config(format!("cannot listen for Ctrl-C: {error}")))?;
                self.close().await
            }
            () = self.inner().closed() => Ok(()),
        }
    }

    /// Ends subscriptions, deletes the session on the server, and resolves when that is done. Idempotent: closing a closed
    /// client does nothing. Every later call on any clone fails with [`Error::Closed`].
    ///
    /// # Errors
    /// None today; a server that does not answer is left after the request timeout, at most 5 s.
    pub async fn close(&self) -> Result<()> {
        self.inner().close().await;
        Ok(())
    }

    /// The engine's session with the server in use, for what this crate does not cover. **Not under semver**: it changes with the engine.
    pub fn session(&self) -> Arc<opcua::client::Session> {
        self.inner().link().session()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
