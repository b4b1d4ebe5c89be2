//! [`Subscription`] and [`Watch`] for code without async.

use std::time::{Duration, Instant};

use crate::{IntoTag, Operation, Reading, Refresh, Result, Status, SubscriptionStats, Tag};

use crate::subscribe::parse;

use super::Client;

/// See [`openopc::Subscription`](crate::Subscription). Unsubscribes when dropped.
#[must_use = "dropping a Subscription unsubscribes; bind it, or call .detach()"]
#[derive(Debug)]
pub struct Subscription {
    inner: crate::Subscription,
    client: Client,
}

impl Subscription {
    pub(super) fn new(inner: crate::Subscription, client: Client) -> Subscription {
        Subscription { inner, client }
    }

    /// The rates the server granted.
    pub fn granted(&self) -> Refresh {
        self.inner.granted()
    }

    /// The tags of this subscription, refused ones included.
    pub fn tags(&self) -> Vec<Tag> {
        self.inner.tags()
    }

    /// Tags the server refused.
    pub fn rejected(&self) -> Vec<(Tag, Status)> {
        self.inner.rejected()
    }

    /// What happened to the readings so far.
    pub fn stats(&self) -> SubscriptionStats {
        self.inner.stats()
    }

    /// Adds tags.
    ///
    /// # Errors
    /// Those of [`openopc::Subscription::add`](crate::Subscription::add).
    pub fn add<I>(&self, tags: I) -> Result<()>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let adding = self.inner.adding(parse(tags)?)?;
        self.client.run(Operation::Subscribe, |_| adding)
    }

    /// Takes tags out.
    ///
    /// # Errors
    /// Those of [`openopc::Subscription::remove`](crate::Subscription::remove).
    pub fn remove<I>(&self, tags: I) -> Result<()>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let removing = self.inner.removing(parse(tags)?)?;
        self.client.run(Operation::Subscribe, |_| removing)
    }

    /// Delivers the newest value of every tag again.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::Error::Closed).
    pub fn refresh_now(&self) -> Result<()> {
        self.inner.refresh_now()
    }

    /// Ends the subscription; returns once the callback will never be called again.
    ///
    /// # Errors
    /// [`Error::Reentrant`](crate::Error::Reentrant); otherwise none today.
    pub fn unsubscribe(self) -> Result<()> {
        let Subscription { mut inner, client } = self;
        inner.let_go_of_own_thread();
        client.run(Operation::Subscribe, |_| async move { inner.unsubscribe().await })
    }

    /// Keeps going until the client closes.
    pub fn detach(self) {
        self.inner.detach();
    }
}

/// See [`openopc::Watch`](crate::Watch): an iterator that blocks until the next reading. Unsubscribes when dropped.
#[must_use = "dropping a Watch unsubscribes"]
#[derive(Debug)]
pub struct Watch {
    inner: crate::Watch,
    // Keeps the worker: without it nothing would arrive.
    _client: Client,
}

impl Watch {
    pub(super) fn new(inner: crate::Watch, client: Client) -> Watch {
        Watch { inner, _client: client }
    }

    /// The next reading, or `None` where none came within `timeout` or the client was closed.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Reading> {
        let deadline = Instant::now().checked_add(timeout);
        self.inner.queue().wait(deadline).ok().flatten()
    }

    /// The subscription's counters.
    pub fn stats(&self) -> SubscriptionStats {
        self.inner.subscription().stats()
    }

    /// Tags the server refused.
    pub fn rejected(&self) -> Vec<(Tag, Status)> {
        self.inner.subscription().rejected()
    }
}

/// Ends when the client is closed.
impl Iterator for Watch {
    type Item = Reading;

    fn next(&mut self) -> Option<Reading> {
        self.inner.queue().wait(None).ok().flatten()
    }
}
