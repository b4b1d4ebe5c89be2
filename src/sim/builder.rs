//! [`SimulatorBuilder`].

use std::net::{IpAddr, TcpListener, ToSocketAddrs};
#[cfg(feature = "redb")]
use std::path::PathBuf;
use std::sync::Arc;

use super::clock::{Clock, Time};
#[cfg(feature = "redb")]
use super::history::RedbStore;
use super::history::event::MOST_EVENTS;
use super::history::store::Store;
use super::history::{EventRecord, Historian, Memory};
use super::item::Item;
use super::limits::Limits;
use super::restart::Current;
use super::simulator::Simulator;
use super::{build, preset};
use crate::engine::server::{Ready, Server, Settings, User};
use crate::{Error, Result, Security};

/// What a [`Simulator`] will be. Nothing is checked before `start`.
#[derive(Debug)]
#[must_use = "call `.start()`"]
pub struct SimulatorBuilder {
    items: Vec<Item>,
    preset: bool,
    place: Place,
    seed: u64,
    clock: Clock,
    limits: Limits,
    aliases: Vec<(String, String)>,
    namespace: String,
    made_by: (String, String),
    #[cfg(feature = "redb")]
    history_file: Option<PathBuf>,
    events: Vec<EventRecord>,
    security: Security,
    users: Vec<User>,
    allow_anonymous: Option<bool>,
    trust_clients: bool,
    event_capacity: usize,
}

#[derive(Debug)]
enum Place {
    Free,
    Listener(TcpListener),
    Address(String),
}

impl SimulatorBuilder {
    pub(super) fn new() -> SimulatorBuilder {
        SimulatorBuilder {
            items: Vec::new(),
            preset: false,
            place: Place::Free,
            seed: 1,
            clock: Clock::Real,
            limits: Limits::default(),
            aliases: Vec::new(),
            namespace: super::NAMESPACE.into(),
            made_by: ("openopc".into(), "openopc simulator".into()),
            #[cfg(feature = "redb")]
            history_file: None,
            events: Vec::new(),
            security: Security::None,
            users: Vec::new(),
            allow_anonymous: None,
            trust_clients: true,
            event_capacity: MOST_EVENTS,
        }
    }

    /// Adds the items OPC DA users know from the Matrikon simulation server: see the [module](crate::sim).
    pub fn preset(mut self) -> SimulatorBuilder {
        self.preset = true;
        self
    }

    /// Adds an item.
    pub fn item(mut self, item: Item) -> SimulatorBuilder {
        self.items.push(item);
        self
    }

    /// Adds many items.
    pub fn items(mut self, items: impl IntoIterator<Item = Item>) -> SimulatorBuilder {
        self.items.extend(items);
        self
    }

    /// Gives an item another name, which clients find with the method `FindAlias` and below `Aliases` (OPC 10000-17).
    ///
    /// Several items may have the same alias, and one item several.
    pub fn alias(mut self, alias: impl Into<String>, item: impl Into<String>) -> SimulatorBuilder {
        self.aliases.push((alias.into(), item.into()));
        self
    }

    /// The URI of the items' namespace, where the simulator is to look like another server. Default
    /// [`NAMESPACE`](super::NAMESPACE).
    pub fn namespace_uri(mut self, uri: impl Into<String>) -> SimulatorBuilder {
        self.namespace = uri.into();
        self
    }

    /// The manufacturer and the product that the server says it is, where it is to look like another one. Default
    /// `openopc` and `openopc simulator`.
    pub fn product(
        mut self,
        manufacturer: impl Into<String>,
        product: impl Into<String>,
    ) -> SimulatorBuilder {
        self.made_by = (manufacturer.into(), product.into());
        self
    }

    /// Serves on a socket that listens already.
    pub fn listener(mut self, listener: TcpListener) -> SimulatorBuilder {
        self.place = Place::Listener(listener);
        self
    }

    /// Serves on this address, `127.0.0.1:4840` for example; port 0 is a free one. Default `127.0.0.1:0`.
    pub fn listen(mut self, address: impl Into<String>) -> SimulatorBuilder {
        self.place = Place::Address(address.into());
        self
    }

    /// What random values start from. Default 1, as with Microsoft's `rand`.
    pub fn seed(mut self, seed: u64) -> SimulatorBuilder {
        self.seed = seed;
        self
    }

    /// How the simulator's time passes. Default [`Clock::Real`].
    pub fn clock(mut self, clock: Clock) -> SimulatorBuilder {
        self.clock = clock;
        self
    }

    /// Time passes only with [`Simulator::advance`]: [`Clock::Manual`].
    pub fn manual_clock(self) -> SimulatorBuilder {
        self.clock(Clock::Manual)
    }

    /// Keeps the past of items in this file, which is made where it is not there yet: what was recorded is there the next
    /// time. Without this it is kept in memory.
    ///
    /// A simulator that is killed at any moment loses nothing that a client was told is written, and leaves a whole file.
    /// The file belongs to one simulator at a time: it is free when the [`Simulator`] is dropped or has been
    /// [stopped](Simulator::stop). Series in it belong to items by their ids.
    ///
    /// A simulator that starts on a file goes on where it ended: an item that is made without a value has the latest of its
    /// series, and what an item starts with is recorded only if it is another than the latest. That nothing ran in between is
    /// not marked.
    ///
    /// ```no_run
    /// use openopc::sim::{Item, Simulator};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let level = Item::new("Tank.Level", 2.5).writable().historizing();
    /// let plant = Simulator::builder().item(level).history_file("plant.redb").start().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "redb")]
    pub fn history_file(mut self, path: impl Into<PathBuf>) -> SimulatorBuilder {
        self.history_file = Some(path.into());
        self
    }

    /// Adds something that happened to the history of events. With a [file](SimulatorBuilder::history_file) it is there once,
    /// however often the simulator starts, if it says [when](EventRecord::time).
    pub fn event(mut self, event: EventRecord) -> SimulatorBuilder {
        self.events.push(event);
        self
    }

    /// Which message security is offered. Default [`Security::None`], none; [`Sign`](Security::Sign) and
    /// [`SignAndEncrypt`](Security::SignAndEncrypt) offer that and nothing else, [`Best`](Security::Best) offers none, `Sign`
    /// and `SignAndEncrypt`. The policies are `Basic256Sha256`, `Aes128_Sha256_RsaOaep` and
    /// `Aes256_Sha256_RsaPss`.
    ///
    /// The certificate is made for this simulator and signed by itself. All simulators of one process have the same key,
    /// which is made with the first of them and takes up to two seconds. All of it is in a folder of its own among the system's temporary files, which is gone with the simulator.
    ///
    /// ```
    /// use openopc::{Client, Security, sim::Simulator};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// # let pki = std::env::temp_dir().join(format!("openopc-doc-{}", std::process::id()));
    /// let simulator = Simulator::builder().preset().security(Security::SignAndEncrypt).start().await?;
    /// let client = Client::builder(simulator.url())
    ///     .security(Security::SignAndEncrypt)
    ///     .trust_any_certificate(true)
    /// #     .pki_dir(&pki)
    ///     .open()
    ///     .await?;
    /// assert_eq!(client.read_as::<i16>("Random.Int2").await?, 41);
    /// # client.close().await?;
    /// # std::fs::remove_dir_all(pki).ok();
    /// # Ok(())
    /// # }
    /// ```
    pub fn security(mut self, security: Security) -> SimulatorBuilder {
        self.security = security;
        self
    }

    /// Whether the certificates of clients are trusted. Default `true`; with `false` every signed or encrypted session is
    /// refused, as by a server that nobody has told to trust them.
    pub fn trust_clients(mut self, yes: bool) -> SimulatorBuilder {
        self.trust_clients = yes;
        self
    }

    /// Adds a user who may log in with this password. With the first one, anonymous users are refused, unless
    /// [`allow_anonymous`](Self::allow_anonymous) says otherwise. Users may all do the same.
    ///
    /// Without message security the password crosses the wire in clear.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> SimulatorBuilder {
        self.users.push(User { name: name.into(), password: password.into() });
        self
    }

    /// Whether anonymous users may log in. Default: as long as there is no [`user`](Self::user).
    pub fn allow_anonymous(mut self, yes: bool) -> SimulatorBuilder {
        self.allow_anonymous = Some(yes);
        self
    }

    /// How many events are kept, the newest, at least 1. Default 100,000.
    pub fn event_capacity(mut self, events: usize) -> SimulatorBuilder {
        self.event_capacity = events;
        self
    }

    /// What clients are allowed.
    pub fn limits(mut self, limits: Limits) -> SimulatorBuilder {
        self.limits = limits;
        self
    }

    /// Starts it. When this returns, clients can connect.
    ///
    /// # Errors
    /// [`Error::Config`] if an item contradicts itself or another one, or a setting is out of range; [`Error::Sim`] if
    /// the address cannot be had, or the history on disk not be used.
    pub async fn start(self) -> Result<Simulator> {
        let (send, ready) = tokio::sync::oneshot::channel();
        let starting = self.launch(Box::new(move |result| _ = send.send(result)))?;
        let ended = |_| Err("its thread ended before it was ready".to_owned());
        starting.ready(ready.await.unwrap_or_else(ended))
    }

    /// As [`start`](SimulatorBuilder::start), for code without async.
    ///
    /// # Errors
    /// As for [`start`](SimulatorBuilder::start).
    #[cfg(feature = "blocking")]
    pub fn start_blocking(self) -> Result<Simulator> {
        let (send, ready) = std::sync::mpsc::channel();
        let starting = self.launch(Box::new(move |result| _ = send.send(result)))?;
        let ended = |_| Err("its thread ended before it was ready".to_owned());
        starting.ready(ready.recv().unwrap_or_else(ended))
    }

    fn launch(self, ready: Ready) -> Result<Starting> {
        self.check()?;
        let SimulatorBuilder {
            items,
            preset,
            place,
            seed,
            clock,
            limits,
            aliases,
            namespace,
            made_by,
            #[cfg(feature = "redb")]
            history_file,
            events,
            security,
            users,
            allow_anonymous,
            trust_clients,
            event_capacity,
        } = self;
        #[cfg(not(feature = "redb"))]
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        #[cfg(feature = "redb")]
        let store: Arc<dyn Store> = match history_file {
            Some(path) => Arc::new(RedbStore::open(&path)?),
            None => Arc::new(Memory::default()),
        };
        let historian = Historian::new(store, event_capacity);
        let mut all = if preset { preset::items() } else { Vec::new() };
        all.extend(items);
        let folders: &'static [&'static [&'static str]] = if preset { &preset::FOLDERS } else { &[] };
        let mut space = build::space(all, folders, Time::start(clock), seed, historian)?;
        build::aliases(&mut space, aliases)?;
        for event in events {
            space.happened_before(&event).map_err(Error::Config)?;
        }
        let current = Arc::new(Current::new(space));
        let listener = place.bind().map_err(Error::Sim)?;
        let address =
            listener.local_addr().map_err(|error| Error::Sim(format!("no local address: {error}")))?;
        // A client cannot connect to "all addresses", so the URL names the one that always works here.
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let url = format!("opc.tcp://{host}:{}", address.port());
        let allow_anonymous = allow_anonymous.unwrap_or(users.is_empty());
        let settings = Settings {
            host,
            limits,
            namespace,
            namespaces_first: Vec::new(),
            made_by,
            security,
            users,
            allow_anonymous,
            trust_clients,
        };
        let server = Server::start(Arc::clone(&current), settings, listener, ready).map_err(Error::Sim)?;
        Ok(Starting(Simulator::new(current, server, url)))
    }

    fn check(&self) -> Result<()> {
        if let Clock::Scaled(factor) = self.clock
            && !(factor.is_finite() && factor > 0.0)
        {
            return Err(Error::Config(format!("a clock cannot run {factor} times as fast")));
        }
        if self.limits.message_size < 8192 {
            return Err(Error::Config("`message_size` is below 8,192, the least that OPC UA allows".into()));
        }
        if self.limits.references_per_node == 0 {
            return Err(Error::Config("`references_per_node` is 0, so a browse would never end".into()));
        }
        let history = [
            ("history_values", self.limits.history_values),
            ("history_events", self.limits.history_events),
            ("history_continuation_points", self.limits.history_continuation_points.into()),
        ];
        if self.event_capacity == 0 {
            return Err(Error::Config("an `event_capacity` of 0 keeps no event".into()));
        }
        if let Some((name, _)) = history.into_iter().find(|(_, limit)| *limit == 0) {
            return Err(Error::Config(format!("`{name}` is 0, so no history could be read")));
        }
        if self.users.iter().any(|user| user.name.is_empty()) {
            return Err(Error::Config("a user needs a name: without one nobody can log in".into()));
        }
        let mut names = std::collections::HashSet::new();
        if let Some(user) = self.users.iter().find(|user| !names.insert(&user.name)) {
            return Err(Error::Config(format!("the user `{}` is there twice", user.name)));
        }
        if self.users.is_empty() && self.allow_anonymous == Some(false) {
            return Err(Error::Config("nobody could log in: no anonymous users, and no others".into()));
        }
        if !is_namespace(&self.namespace) {
            return Err(Error::Config(format!("`{}` cannot be the items' namespace", self.namespace)));
        }
        Ok(())
    }
}

/// Without a namespace of their own, the items would be the standard's or the server's.
pub(super) fn is_namespace(uri: &str) -> bool {
    !["", "http://opcfoundation.org/UA/", "urn:openopc:simulator"].contains(&uri)
}

impl Place {
    fn bind(self) -> Result<TcpListener, String> {
        let address = match self {
            Place::Listener(listener) => return Ok(listener),
            Place::Free => "127.0.0.1:0".to_owned(),
            Place::Address(address) => address,
        };
        let addresses =
            address.to_socket_addrs().map_err(|error| format!("`{address}` is no address: {error}"))?;
        let addresses: Vec<_> = addresses.collect();
        TcpListener::bind(&*addresses).map_err(|error| format!("cannot listen on {address}: {error}"))
    }
}

/// A simulator whose thread runs, but may not be ready.
struct Starting(Simulator);

impl Starting {
    fn ready(self, result: Result<(), String>) -> Result<Simulator> {
        result.map(|()| self.0).map_err(Error::Sim)
    }
}
