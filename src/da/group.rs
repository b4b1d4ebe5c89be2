//! [`Group`]: a named set of items with one update rate, as OPC DA clients expect.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::client::Inner;
use crate::engine::Sample;
use crate::status::code;
use crate::subscribe::Held;
use crate::{
    Client, Deadband, Error, IntoTag, Operation, ReadOptions, Reading, Refresh, Result, SubscribeOptions,
    Subscription, Tag,
};

use super::Source;

/// OpenOPC leaves it to the server; OPC UA servers want to be told.
const UPDATE_RATE: Duration = Duration::from_secs(1);

/// A named group of items: read once with its items, then read again and again by its name (OpenOPC's `read(tags,
/// group=…)`).
///
/// The first read defines the group. The client then holds the newest values of its items through a subscription with
/// the group's update rate, and [`Source::Hybrid`], the default, means: the first read and the one after a rebuild go to
/// the device, all others to that cache, without a request. An item whose first value has not come yet is read with the
/// largest `maxAge`. Groups belong to the client, whatever handle made them; they survive reconnects, and end with
/// [`remove`](Group::remove) or with the client.
///
/// ```
/// use openopc::da::Source;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let opc = openopc::open("sim:").await?;
/// let test = opc.group("test");
/// test.read_many(["Random.String", "Random.Int4", "Random.Real4"]).await?; // defines it, from the device
/// for reading in opc.group("test").read().await? {
///     println!("{}", reading?.value); // from the cache
/// }
/// let fresh = opc.group("test").source(Source::Device).read().await?;
/// assert_eq!(fresh.len(), 3);
/// assert_eq!(opc.groups(), ["test"]);
/// assert!(test.remove().await?);
/// # opc.close().await
/// # }
/// ```
#[must_use = "a group is defined by its first read"]
#[derive(Clone)]
pub struct Group {
    client: Client,
    name: String,
    subscribe: SubscribeOptions,
    active: bool,
    source: Source,
    read: ReadOptions,
}

/// The groups of one client.
#[derive(Default)]
pub(crate) struct Groups(Mutex<BTreeMap<String, Arc<Members>>>);

/// A group that is defined.
struct Members {
    tags: Mutex<Vec<Tag>>,
    held: Held,
    active: AtomicBool,
    /// The next hybrid read goes to the device.
    fresh: AtomicBool,
    /// One change of what is held at a time.
    changing: tokio::sync::Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// The group of this name, defined already or not. Sends nothing.
    pub fn group(&self, name: impl Into<String>) -> Group {
        Group {
            client: self.clone(),
            name: name.into(),
            subscribe: SubscribeOptions::new(UPDATE_RATE),
            active: true,
            source: Source::Hybrid,
            read: ReadOptions::new(),
        }
    }

    /// The names of the groups that are defined, in order (OpenOPC's `groups`).
    pub fn groups(&self) -> Vec<String> {
        lock(&self.inner().groups().0).keys().cloned().collect()
    }
}

impl Group {
    /// How often the values of the cache are brought up to date; zero is as fast as the server can. Default 1 s. Counts
    /// when the group is defined.
    pub fn update_rate(mut self, rate: Duration) -> Self {
        self.subscribe =
            self.subscribe.refresh(if rate.is_zero() { Refresh::fastest() } else { rate.into() });
        self
    }

    /// How far a value must move before the cache, and whoever subscribes to the group, are told: percent of the item's
    /// engineering-unit range, 0 to 100. Items without such a range have no deadband (Part 8, A.4.6). Counts when the group
    /// is defined. Default none.
    pub fn deadband(mut self, percent: f64) -> Self {
        self.subscribe = self.subscribe.deadband(Deadband::Analog(percent));
        self
    }

    /// Whether the group begins to hold values when it is defined. Default yes. See [`set_active`](Group::set_active).
    pub fn active(mut self, yes: bool) -> Self {
        self.active = yes;
        self
    }

    /// Where the reads through this handle come from. Default [`Source::Hybrid`].
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// At most this many items in one request of the reads through this handle.
    pub fn chunk(mut self, items: usize) -> Self {
        self.read = self.read.chunk(items);
        self
    }

    /// How long to wait between two such requests.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.read = self.read.pause(pause);
        self
    }

    /// How long a read through this handle may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.read = self.read.timeout(timeout);
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether somebody has defined it.
    pub fn is_defined(&self) -> bool {
        self.members().is_some()
    }

    /// The items, in the order they were given; none where the group is not defined.
    pub fn tags(&self) -> Vec<Tag> {
        self.members().map(|members| lock(&members.tags).clone()).unwrap_or_default()
    }

    /// Whether it is defined and holds values.
    pub fn is_active(&self) -> bool {
        self.members().is_some_and(|members| members.active.load(Ordering::Relaxed))
    }

    /// The rates the server granted; what was asked, where it has not been asked yet.
    pub fn granted(&self) -> Refresh {
        self.members().map_or(self.subscribe.refresh, |members| members.held.granted())
    }

    /// Defines the group with these items and reads them. Where it is defined with the same items, as
    /// [`read`](Group::read).
    ///
    /// # Errors
    /// [`Error::InvalidTag`] and nothing was defined; [`Error::Group`] where it is defined with other items, which
    /// [`rebuild`](Group::rebuild) replaces; those of [`Client::subscribe`], and nothing was defined; those of
    /// [`Client::read_many`].
    pub async fn read_many<I>(&self, tags: I) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.define(parse(tags)?).await
    }

    /// Reads the items again, in their order.
    ///
    /// # Errors
    /// [`Error::Group`] where the group is not defined; those of [`Client::read_many`].
    pub async fn read(&self) -> Result<Vec<Result<Reading>>> {
        self.read_members(&*self.defined()?).await
    }

    /// Gives the group these items instead, or defines it with them, and reads them; a hybrid read goes to the device.
    /// Items that stay are held without a gap.
    ///
    /// # Errors
    /// [`Error::InvalidTag`] and nothing was changed; those of [`read_many`](Group::read_many).
    pub async fn rebuild<I>(&self, tags: I) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = parse(tags)?;
        let Some(members) = self.members() else { return self.define(tags).await };
        self.change(&members, tags).await?;
        self.read_members(&members).await
    }

    /// Turns the holding of values on or off. While it is off, reads from the cache give `BadOutOfService` (OPC DA: the
    /// cache of an inactive group is out of service), and the server has no work with it.
    ///
    /// # Errors
    /// [`Error::Group`] where the group is not defined; those of [`Client::subscribe`].
    pub async fn set_active(&self, active: bool) -> Result<()> {
        let members = self.defined()?;
        let _alone = self.alone(&members).await?;
        if active {
            let tags = lock(&members.tags).clone();
            members.held.add(self.client.inner(), tags).await?;
            members.active.store(true, Ordering::Relaxed);
        } else {
            // First, so that whoever stops waiting leaves no group that seems active and holds nothing.
            members.active.store(false, Ordering::Relaxed);
            members.held.remove(self.client.inner(), members.held.tags()).await?;
        }
        Ok(())
    }

    /// Calls `callback` with the current value of every item and then with every change, at the group's update rate (DA's
    /// `OnDataChange`).
    ///
    /// # Errors
    /// [`Error::Group`] where the group is not defined; those of [`Client::subscribe`].
    pub async fn subscribe(&self, callback: impl FnMut(Reading) + Send + 'static) -> Result<Subscription> {
        let options = self.defined()?.held.options();
        self.client.subscribe_with(self.tags(), options, callback).await
    }

    /// Removes the group; `false` where there was none.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn remove(&self) -> Result<bool> {
        self.client.inner().check_open(Operation::Subscribe)?;
        let removed = lock(&self.client.inner().groups().0).remove(&self.name);
        let Some(members) = removed else { return Ok(false) };
        // Who changes it now sees, when done, that it is gone; who comes later sees it at once.
        let _alone = members.changing.lock().await;
        members.held.end(self.client.inner()).await;
        Ok(true)
    }

    fn members(&self) -> Option<Arc<Members>> {
        lock(&self.client.inner().groups().0).get(&self.name).cloned()
    }

    fn defined(&self) -> Result<Arc<Members>> {
        self.client.inner().check_open(Operation::Read)?;
        self.members().ok_or_else(|| self.wrong("is not defined: its first read names its items"))
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn subscribe_options(&self) -> Result<SubscribeOptions> {
        Ok(self.defined()?.held.options())
    }

    /// Nobody else changes what the group holds meanwhile. Fails where it has been removed, or is another group by now.
    async fn alone<'a>(&self, members: &'a Arc<Members>) -> Result<tokio::sync::MutexGuard<'a, ()>> {
        let guard = members.changing.lock().await;
        match self.members() {
            Some(current) if Arc::ptr_eq(&current, members) => Ok(guard),
            _ => Err(self.wrong("has been removed")),
        }
    }

    fn wrong(&self, reason: &'static str) -> Error {
        Error::Group { operation: Operation::Read, name: self.name.clone(), reason }
    }

    async fn define(&self, tags: Vec<Tag>) -> Result<Vec<Result<Reading>>> {
        let inner = self.client.inner();
        inner.check_open(Operation::Read)?;
        self.subscribe.check()?;
        let new = Arc::new(Members {
            tags: Mutex::new(tags),
            held: Held::new(self.subscribe.clone()),
            active: AtomicBool::new(self.active),
            fresh: AtomicBool::new(true),
            changing: tokio::sync::Mutex::default(),
        });
        // Before anything is awaited, so that of two who define it at once one sees the other.
        let members = lock(&inner.groups().0).entry(self.name.clone()).or_insert_with(|| new.clone()).clone();
        if !Arc::ptr_eq(&members, &new) {
            let same = *lock(&members.tags) == *lock(&new.tags);
            if !same {
                return Err(self.wrong("is defined with other items: rebuild it, or remove it first"));
            }
            return self.read_members(&members).await;
        }
        if self.active {
            let undo = Undo { inner, name: &self.name, members: &members, armed: true };
            let _alone = self.alone(&members).await?;
            let tags = lock(&members.tags).clone();
            members.held.add(inner, tags).await?;
            undo.disarm();
        }
        self.read_members(&members).await
    }

    async fn change(&self, members: &Arc<Members>, tags: Vec<Tag>) -> Result<()> {
        let _alone = self.alone(members).await?;
        if members.active.load(Ordering::Relaxed) {
            let inner = self.client.inner();
            // What it holds, not what it should: a change before this one may not have been waited for.
            let old = members.held.tags();
            let (before, after): (HashSet<&Tag>, HashSet<&Tag>) =
                (old.iter().collect(), tags.iter().collect());
            let added: Vec<Tag> = after.difference(&before).map(|tag| (*tag).clone()).collect();
            let gone: Vec<Tag> = before.difference(&after).map(|tag| (*tag).clone()).collect();
            if !added.is_empty() {
                members.held.add(inner, added).await?;
            }
            if !gone.is_empty() {
                members.held.remove(inner, gone).await?;
            }
        }
        *lock(&members.tags) = tags;
        members.fresh.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn read_members(&self, members: &Members) -> Result<Vec<Result<Reading>>> {
        let tags = lock(&members.tags).clone();
        let source = match self.source {
            Source::Hybrid if members.fresh.load(Ordering::Relaxed) => Source::Device,
            Source::Hybrid => Source::Cache,
            source => source,
        };
        if source == Source::Cache && !members.active.load(Ordering::Relaxed) {
            self.client.inner().check_open(Operation::Read)?;
            let idle = |tag| Sample::status(code::BAD_OUT_OF_SERVICE).into_reading(tag);
            return Ok(tags.into_iter().map(|tag| Ok(idle(tag))).collect());
        }
        let options = self.read.clone().source(source);
        let tags = tags.into_iter().map(Ok).collect();
        let results = self.client.inner().read_all(tags, &options, Some(&members.held)).await?;
        if source == Source::Device {
            members.fresh.store(false, Ordering::Relaxed);
        }
        Ok(results)
    }
}

/// Takes a group back that could not be begun, also when its caller no longer waits.
struct Undo<'a> {
    inner: &'a Arc<Inner>,
    name: &'a str,
    members: &'a Arc<Members>,
    armed: bool,
}

impl Undo<'_> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let mut groups = lock(&self.inner.groups().0);
        // The name may be another group's by now.
        if groups.get(self.name).is_some_and(|current| Arc::ptr_eq(current, self.members)) {
            groups.remove(self.name);
        }
        drop(groups);
        self.members.held.end_later(self.inner);
    }
}

fn parse<I>(tags: I) -> Result<Vec<Tag>>
where
    I: IntoIterator,
    I::Item: IntoTag,
{
    let parse = |tag: I::Item| {
        tag.into_tag().map_err(|error| Error::InvalidTag { operation: Operation::Read, error })
    };
    tags.into_iter().map(parse).collect()
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("name", &self.name)
            .field("defined", &self.is_defined())
            .field("active", &self.is_active())
            .finish_non_exhaustive()
    }
}
