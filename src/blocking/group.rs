//! [`Group`]: a named set of items, blocking.

use std::time::Duration;

use crate::da::Source;
use crate::{IntoTag, Operation, Reading, Refresh, Result, Tag};

use super::client::parse_all;
use super::{Client, Subscription};

/// See [`openopc::da::Group`](crate::da::Group).
#[must_use = "a group is defined by its first read"]
#[derive(Clone, Debug)]
pub struct Group {
    inner: crate::da::Group,
    client: Client,
}

impl Client {
    /// The group of this name, defined already or not. Sends nothing.
    pub fn group(&self, name: impl Into<String>) -> Group {
        Group { inner: self.as_async().group(name), client: self.clone() }
    }

    /// The names of the groups that are defined, in order.
    pub fn groups(&self) -> Vec<String> {
        self.as_async().groups()
    }
}

impl Group {
    /// How often the values of the cache are brought up to date. Counts when the group is defined.
    pub fn update_rate(self, rate: Duration) -> Self {
        Group { inner: self.inner.update_rate(rate), ..self }
    }

    /// How far a value must move to be told: percent of the item's engineering-unit range, 0 to 100.
    pub fn deadband(self, percent: f64) -> Self {
        Group { inner: self.inner.deadband(percent), ..self }
    }

    /// Whether the group begins to hold values when it is defined.
    pub fn active(self, yes: bool) -> Self {
        Group { inner: self.inner.active(yes), ..self }
    }

    /// Where the reads through this handle come from.
    pub fn source(self, source: Source) -> Self {
        Group { inner: self.inner.source(source), ..self }
    }

    /// At most this many items in one request of the reads through this handle.
    pub fn chunk(self, items: usize) -> Self {
        Group { inner: self.inner.chunk(items), ..self }
    }

    /// How long to wait between two such requests.
    pub fn pause(self, pause: Duration) -> Self {
        Group { inner: self.inner.pause(pause), ..self }
    }

    /// How long a read through this handle may take.
    pub fn timeout(self, timeout: Duration) -> Self {
        Group { inner: self.inner.timeout(timeout), ..self }
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// Whether somebody has defined it.
    pub fn is_defined(&self) -> bool {
        self.inner.is_defined()
    }

    /// The items, in the order they were given.
    pub fn tags(&self) -> Vec<Tag> {
        self.inner.tags()
    }

    /// Whether it is defined and holds values.
    pub fn is_active(&self) -> bool {
        self.inner.is_active()
    }

    /// The rates the server granted.
    pub fn granted(&self) -> Refresh {
        self.inner.granted()
    }

    /// Defines the group with these items and reads them.
    ///
    /// # Errors
    /// Those of [`openopc::da::Group::read_many`](crate::da::Group::read_many).
    pub fn read_many<I>(&self, tags: I) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (group, tags) = (self.inner.clone(), parse_all(tags));
        self.client.run(Operation::Read, |_| async move { group.read_many(tags).await })
    }

    /// Reads the items again.
    ///
    /// # Errors
    /// Those of [`openopc::da::Group::read`](crate::da::Group::read).
    pub fn read(&self) -> Result<Vec<Result<Reading>>> {
        let group = self.inner.clone();
        self.client.run(Operation::Read, |_| async move { group.read().await })
    }

    /// Gives the group these items instead, and reads them.
    ///
    /// # Errors
    /// Those of [`openopc::da::Group::rebuild`](crate::da::Group::rebuild).
    pub fn rebuild<I>(&self, tags: I) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (group, tags) = (self.inner.clone(), parse_all(tags));
        self.client.run(Operation::Read, |_| async move { group.rebuild(tags).await })
    }

    /// Turns the holding of values on or off.
    ///
    /// # Errors
    /// Those of [`openopc::da::Group::set_active`](crate::da::Group::set_active).
    pub fn set_active(&self, active: bool) -> Result<()> {
        let group = self.inner.clone();
        self.client.run(Operation::Read, move |_| async move { group.set_active(active).await })
    }

    /// Calls `callback` with the current value of every item and then with every change.
    ///
    /// # Errors
    /// Those of [`openopc::da::Group::subscribe`](crate::da::Group::subscribe).
    pub fn subscribe(&self, callback: impl FnMut(Reading) + Send + 'static) -> Result<Subscription> {
        let options = self.inner.subscribe_options()?;
        self.client.subscribe_with(self.tags(), options, callback)
    }

    /// Removes the group; `false` where there was none.
    ///
    /// # Errors
    /// Those of [`openopc::da::Group::remove`](crate::da::Group::remove).
    pub fn remove(&self) -> Result<bool> {
        let group = self.inner.clone();
        self.client.run(Operation::Read, |_| async move { group.remove().await })
    }
}
