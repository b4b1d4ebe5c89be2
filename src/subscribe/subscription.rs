//! [`Subscription`]: what the user holds.

use std::fmt;
use std::sync::Arc;

use crate::client::Handle;
use crate::{Client, Error, IntoTag, Operation, Result, Status, Tag};

use super::dispatch::Dispatcher;
use super::monitor::Feed;
use super::{Refresh, SubscriptionStats};

/// A subscription: an intent that survives every failure of the connection until it is dropped. Unsubscribes when dropped.
///
/// It keeps its client open.
#[must_use = "dropping a Subscription unsubscribes; bind it, or call .detach()"]
pub struct Subscription {
    feed: Arc<Feed>,
    dispatcher: Option<Dispatcher>,
    client: Option<Arc<Handle>>,
}

impl Subscription {
    pub(super) fn new(feed: Arc<Feed>, dispatcher: Option<Dispatcher>, client: &Client) -> Subscription {
        Subscription { feed, dispatcher, client: Some(client.handle().clone()) }
    }

    pub(super) fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    /// The rates the server granted; they may differ from what was asked. What was asked, while the server has not been
    /// reached.
    pub fn granted(&self) -> Refresh {
        self.feed.granted()
    }

    /// The tags of this subscription, refused ones included.
    pub fn tags(&self) -> Vec<Tag> {
        self.feed.queue.tags()
    }

    /// Tags the server refused, each also delivered once as a bad reading. `BadTooManyMatches` stands for an item id that
    /// means several nodes. They are tried again after each reconnect.
    pub fn rejected(&self) -> Vec<(Tag, Status)> {
        self.feed.rejected()
    }

    /// What happened to the readings so far.
    pub fn stats(&self) -> SubscriptionStats {
        self.feed.queue.stats()
    }

    /// Adds tags; those it has already stay as they are.
    ///
    /// # Errors
    /// [`Error::InvalidTag`] and nothing was added; those of [`Client::subscribe`].
    pub async fn add<I>(&self, tags: I) -> Result<()>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.adding(parse(tags)?)?.await
    }

    /// [`add`](Self::add) that borrows nothing.
    pub(crate) fn adding(&self, tags: Vec<Tag>) -> Result<impl Future<Output = Result<()>> + Send + 'static> {
        let (client, feed) = (self.client()?.clone(), self.feed.clone());
        Ok(async move { client.inner().monitor().add(&feed, tags).await })
    }

    /// Takes tags out; none of their readings is delivered from here on. Tags it does not have are passed over.
    ///
    /// # Errors
    /// [`Error::InvalidTag`] and nothing was taken out; [`Error::Closed`].
    pub async fn remove<I>(&self, tags: I) -> Result<()>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.removing(parse(tags)?)?.await
    }

    /// [`remove`](Self::remove) that borrows nothing.
    pub(crate) fn removing(
        &self,
        tags: Vec<Tag>,
    ) -> Result<impl Future<Output = Result<()>> + Send + 'static> {
        let (client, feed) = (self.client()?.clone(), self.feed.clone());
        Ok(async move { client.inner().monitor().remove(&feed, tags).await })
    }

    /// Delivers the newest value of every tag again (DA `AsyncRefresh`).
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn refresh_now(&self) -> Result<()> {
        self.client()?.inner().check_open(Operation::Subscribe)?;
        self.feed.queue.push_again(false);
        Ok(())
    }

    /// Ends the subscription; resolves once the callback will never be called again and the server was told.
    ///
    /// # Errors
    /// None today: a server that cannot be told forgets by itself.
    pub async fn unsubscribe(mut self) -> Result<()> {
        self.feed.queue.close();
        if let Some(client) = self.client.take() {
            client.inner().monitor().end(&self.feed).await;
        }
        if let Some(mut dispatcher) = self.dispatcher.take() {
            dispatcher.finished().await;
        }
        Ok(())
    }

    /// Inside its own callback, ending the subscription does not wait for the callback's end.
    #[cfg(feature = "blocking")]
    pub(crate) fn let_go_of_own_thread(&mut self) {
        if self.dispatcher.as_ref().is_some_and(Dispatcher::is_current) {
            self.dispatcher = None;
        }
    }

    /// Keeps going until the client closes. The subscription no longer keeps the client open.
    pub fn detach(mut self) {
        self.client = None;
    }

    fn client(&self) -> Result<&Arc<Handle>> {
        self.client.as_ref().ok_or(Error::Closed { operation: Operation::Subscribe })
    }
}

pub(crate) fn parse<I>(tags: I) -> Result<Vec<Tag>>
where
    I: IntoIterator,
    I::Item: IntoTag,
{
    let parse = |tag: I::Item| {
        tag.into_tag().map_err(|error| Error::InvalidTag { operation: Operation::Subscribe, error })
    };
    tags.into_iter().map(parse).collect()
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(client) = &self.client {
            self.feed.queue.close();
            client.inner().monitor().end_later(&self.feed);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("granted", &self.granted())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
