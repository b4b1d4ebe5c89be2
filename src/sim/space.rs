//! [`Space`]: all items of a simulator and the tree they are browsed in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use chrono::Utc;

use super::alias::Aliases;
use super::check::Shape;
use super::clock::Time;
use super::code;
use super::fault::Faults;
use super::history::event::Kept;
use super::history::{Archive, EventRecord, Historian, Past};
use super::log::{Entry, Log, Logged};
use super::node::{Node, Sample, lock};
use super::property::Property;
use super::rand::Rand;
use super::service::Service;
use crate::{Status, Value};

/// A node of the simulator. Properties are not kept: their id says whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Folder(u32),
    Item(u32),
    /// A property of an item.
    Property(u32, Property),
    /// A node that says how the past of an item is kept.
    Archive(u32, Archive),
    /// An alias of items (Part 17).
    Alias(u32),
}

/// Identifiers that start with this are the simulator's own: folders and properties.
pub(crate) const OWN: char = '~';
/// More than any group of the preset has, whose items' ids do not say where they are.
const FEW: usize = 64;

const FOLDER: &str = "~folder/";
const ALIAS: &str = "~alias/";

/// A folder, named by its path: `Plant.Boiler`.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: String,
    pub(crate) name: usize,
    pub(crate) parent: Option<Key>,
    pub(crate) children: Vec<Key>,
}

impl Folder {
    pub(crate) fn browse_name(&self) -> &str {
        self.path.get(self.name..).unwrap_or(&self.path)
    }
}

/// What the items need from the server that serves them.
pub(crate) trait Host: Send + Sync {
    /// The value or the status of an item has changed.
    fn changed(&self, item: u32);

    /// The time has been moved: everything that is due up to now is to be sampled in order.
    fn advance(&self, to: chrono::DateTime<Utc>);

    /// The service level has changed.
    fn service_level(&self, level: u8);

    /// Something happened.
    fn happened(&self, event: &Kept);

    /// The names of the clients that have a session.
    fn clients(&self) -> Vec<String>;
}

pub(crate) struct Space {
    pub(crate) time: Arc<Time>,
    pub(crate) seed: u64,
    /// Folders that are there whatever is in them.
    pub(super) fixed: &'static [&'static [&'static str]],
    pub(crate) rand: Mutex<Rand>,
    pub(crate) folders: Vec<Folder>,
    pub(crate) nodes: Vec<Node>,
    /// What hangs below the Objects folder.
    pub(crate) roots: Vec<Key>,
    /// Items below items: few have any.
    pub(crate) below: HashMap<u32, Vec<Key>>,
    pub(crate) by_id: HashMap<Arc<str>, u32>,
    pub(crate) by_path: HashMap<String, u32>,
    pub(super) aliases: Aliases,
    /// Weak, since the host holds the space.
    host: OnceLock<Weak<dyn Host>>,
    log: Mutex<Log>,
    pub(crate) faults: Arc<Faults>,
    /// What the server says of how well it can do its work (Part 4, 6.6.2.4.2).
    pub(crate) service_level: Arc<AtomicU8>,
    pub(crate) historian: Arc<Historian>,
    qualities: AtomicU64,
    panics: AtomicU64,
}

impl Space {
    pub(crate) fn new(time: Time, seed: u64) -> Space {
        Space {
            time: Arc::new(time),
            seed,
            fixed: &[],
            rand: Mutex::new(Rand::new(seed)),
            folders: Vec::new(),
            nodes: Vec::new(),
            roots: Vec::new(),
            below: HashMap::new(),
            by_id: HashMap::new(),
            by_path: HashMap::new(),
            aliases: Aliases::default(),
            host: OnceLock::new(),
            log: Mutex::default(),
            faults: Arc::new(Faults::new(seed)),
            service_level: Arc::new(AtomicU8::new(u8::MAX)),
            historian: Arc::default(),
            qualities: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    /// An empty space for the same server, started again: its time, its books and its faults go on.
    pub(super) fn successor(&self, reset: bool) -> Space {
        let rand = if reset { Rand::new(self.seed) } else { lock(&self.rand).clone() };
        let qualities = if reset { 0 } else { self.qualities.load(Ordering::Relaxed) };
        let log = self.log(|log| {
            log.name(|item| self.node(item).map_or("", |node| &node.id).into());
            std::mem::take(log)
        });
        Space {
            time: Arc::clone(&self.time),
            rand: Mutex::new(rand),
            fixed: self.fixed,
            log: Mutex::new(log),
            faults: Arc::clone(&self.faults),
            service_level: Arc::clone(&self.service_level),
            historian: Arc::clone(&self.historian),
            qualities: AtomicU64::new(qualities),
            panics: AtomicU64::new(self.panics()),
            ..Space::new(Time::Real, self.seed)
        }
    }

    /// The node with this string identifier.
    pub(crate) fn find(&self, id: &str) -> Option<Key> {
        if !id.starts_with(OWN) {
            return self.by_id.get(id).copied().map(Key::Item);
        }
        if let Some(path) = id.strip_prefix(FOLDER) {
            return self.by_path.get(path).copied().map(Key::Folder);
        }
        if let Some(alias) = id.strip_prefix(ALIAS) {
            return self.aliases.find(alias).map(Key::Alias);
        }
        let (name, item) = id.strip_prefix(OWN)?.split_once('/')?;
        let item = *self.by_id.get(item)?;
        let key = match Archive::named(name) {
            Some(archive) => Key::Archive(item, archive),
            None => Key::Property(item, Property::named(name)?),
        };
        self.has(key).then_some(key)
    }

    fn has(&self, key: Key) -> bool {
        let details = |item| self.node(item).and_then(|node| node.details.as_deref());
        match key {
            Key::Property(item, property) => details(item).is_some_and(|details| property.is_in(details)),
            Key::Archive(item, archive) => self
                .node(item)
                .and_then(|node| node.history.as_deref())
                .is_some_and(|series| archive.is_of(series)),
            Key::Folder(_) | Key::Item(_) | Key::Alias(_) => true,
        }
    }

    /// The string identifier of a node.
    pub(crate) fn id(&self, key: Key) -> String {
        let item = |item| self.node(item).map_or("", |node| &node.id);
        match key {
            Key::Folder(folder) => {
                format!("{FOLDER}{}", self.folder(folder).map_or("", |folder| &folder.path))
            }
            Key::Item(index) => item(index).to_owned(),
            Key::Property(index, property) => format!("{OWN}{}/{}", property.name(), item(index)),
            Key::Archive(index, archive) => format!("{OWN}{}/{}", archive.name(), item(index)),
            Key::Alias(index) => format!("{ALIAS}{}", self.alias(index).map_or("", |alias| &alias.name)),
        }
    }

    pub(crate) fn node(&self, item: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(item).ok()?)
    }

    /// Adds something that happens to the history of events, and tells who listens.
    pub(crate) fn happened(&self, event: &EventRecord) -> Result<(), String> {
        self.sound(event)?;
        let kept = self.historian.happened(event, self.time.now()).map_err(unkept)?;
        if let Some(host) = self.host() {
            host.happened(&kept);
        }
        Ok(())
    }

    /// Adds something that happened before the start.
    pub(crate) fn happened_before(&self, event: &EventRecord) -> Result<(), String> {
        self.sound(event)?;
        self.historian.happened_before(event, self.time.now()).map_err(unkept)
    }

    fn sound(&self, event: &EventRecord) -> Result<(), String> {
        event.fault(|item| self.by_id.contains_key(item)).map_or(Ok(()), Err)
    }

    /// A node is browsed below another, at whatever depth.
    pub(crate) fn is_below(&self, node: Key, above: Key) -> bool {
        let mut parent = self.parent(node);
        while let Some(key) = parent {
            if key == above {
                return true;
            }
            parent = self.parent(key);
        }
        false
    }

    /// The past of an item, if it has one.
    pub(crate) fn past(&self, item: u32) -> Option<Past<'_>> {
        Past::of(self, self.node(item)?)
    }

    pub(crate) fn folder(&self, folder: u32) -> Option<&Folder> {
        self.folders.get(usize::try_from(folder).ok()?)
    }

    /// What is browsed below a node, properties aside; `None` is the Objects folder.
    pub(crate) fn children(&self, of: Option<Key>) -> &[Key] {
        match of {
            None => &self.roots,
            Some(Key::Folder(folder)) => self.folder(folder).map_or(&[], |folder| &folder.children),
            Some(Key::Item(item)) => self.below.get(&item).map_or(&[], Vec::as_slice),
            Some(_) => &[],
        }
    }

    /// The children of a node with this browse name. Many are not looked through: their ids say their names.
    pub(crate) fn named(&self, of: Option<Key>, name: &str) -> Vec<Key> {
        let children = self.children(of);
        if children.len() <= FEW {
            return children.iter().copied().filter(|key| self.name(*key) == name).collect();
        }
        let path = match of {
            Some(Key::Folder(folder)) => self.folder(folder).map(|folder| format!("{}.{name}", folder.path)),
            Some(Key::Item(item)) => self.node(item).map(|node| format!("{}.{name}", node.id)),
            _ => Some(name.to_owned()),
        };
        let path = path.unwrap_or_default();
        let item = self.by_id.get(path.as_str()).map(|item| Key::Item(*item));
        let folder = self.by_path.get(&path).map(|folder| Key::Folder(*folder));
        item.into_iter().chain(folder).filter(|key| self.parent(*key) == of).collect()
    }

    /// What a node hangs below; `None` is the Objects folder, or for an alias `TagVariables`.
    pub(crate) fn parent(&self, key: Key) -> Option<Key> {
        match key {
            Key::Folder(folder) => self.folder(folder)?.parent,
            Key::Item(item) => self.node(item)?.parent,
            Key::Property(item, _) => Some(Key::Item(item)),
            Key::Archive(item, archive) => {
                Some(archive.parent().map_or(Key::Item(item), |above| Key::Archive(item, above)))
            }
            Key::Alias(_) => None,
        }
    }

    /// The browse name.
    pub(crate) fn name(&self, key: Key) -> &str {
        match key {
            Key::Folder(folder) => self.folder(folder).map_or("", Folder::browse_name),
            Key::Item(item) => self.node(item).map_or("", Node::browse_name),
            Key::Property(_, property) => property.name(),
            Key::Archive(_, archive) => archive.name(),
            Key::Alias(alias) => self.alias(alias).map_or("", |alias| &alias.name),
        }
    }

    /// The properties an item has.
    pub(crate) fn properties(&self, of: Key) -> impl Iterator<Item = Key> {
        let item = if let Key::Item(item) = of { Some(item) } else { None };
        item.into_iter()
            .flat_map(|item| Property::ALL.map(|property| Key::Property(item, property)))
            .filter(|key| self.has(*key))
    }

    /// The nodes below a node that say how the past of an item is kept.
    pub(crate) fn archives(&self, of: Key) -> impl Iterator<Item = Key> {
        let (item, above) = match of {
            Key::Item(item) => (Some(item), None),
            Key::Archive(item, archive) => (Some(item), Some(archive)),
            Key::Folder(_) | Key::Property(..) | Key::Alias(_) => (None, None),
        };
        // Almost no item has any.
        let item = item.filter(|item| self.node(*item).is_some_and(|node| node.history.is_some()));
        item.into_iter()
            .flat_map(move |item| Archive::below(above).map(move |archive| Key::Archive(item, archive)))
            .filter(|key| self.has(*key))
    }

    pub(crate) fn set_host(&self, host: Weak<dyn Host>) {
        // Set once, when the server starts.
        let _ = self.host.set(host);
    }

    /// The server, as long as there is one.
    pub(crate) fn host(&self) -> Option<Arc<dyn Host>> {
        self.host.get()?.upgrade()
    }

    pub(crate) fn changed(&self, item: u32) {
        if let Some(host) = self.host() {
            host.changed(item);
        }
    }

    /// What a client is told of an item: what it has, and what faults make of it.
    pub(crate) fn served(&self, node: &Node, now: chrono::DateTime<Utc>) -> Sample {
        self.faults.alter(&node.id, node.sample(self, now), now)
    }

    /// Tells the subscriptions of items that a fault is about.
    pub(crate) fn touch(&self, is_about: impl Fn(&str) -> bool) {
        for (index, node) in (0u32..).zip(&self.nodes).filter(|(_, node)| is_about(&node.id)) {
            node.touch();
            self.changed(index);
        }
    }

    /// What `@ClientCount` and `@Clients` say.
    pub(crate) fn clients(&self, shape: Shape) -> Value {
        let names = self.host().map(|host| host.clients()).unwrap_or_default();
        if shape.dimensions > 0 {
            return names.into();
        }
        Value::Int32(i32::try_from(names.len()).unwrap_or(i32::MAX))
    }

    pub(crate) fn next_quality(&self) -> u64 {
        self.qualities.fetch_add(1, Ordering::Relaxed)
    }

    /// A closure of the program has panicked.
    pub(crate) fn panicked(&self) -> Status {
        self.panics.fetch_add(1, Ordering::Relaxed);
        code::BAD_INTERNAL_ERROR
    }

    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// A client has asked for this, whatever it will be answered.
    pub(crate) fn asked(&self, service: Service) {
        lock(&self.log).count(service);
    }

    pub(crate) fn record(&self, service: Service, nodes: Vec<Logged>) {
        lock(&self.log).push(Entry { service, nodes, time: Utc::now() });
    }

    pub(crate) fn log<T>(&self, look: impl FnOnce(&mut Log) -> T) -> T {
        look(&mut lock(&self.log))
    }
}

fn unkept(status: Status) -> String {
    format!("the historian cannot keep the event: {status}")
}
