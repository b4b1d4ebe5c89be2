//! [`Carrier`]: one subscription on the server, which carries all of ours with one refresh rate.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::client::Inner;
use crate::client::limits::{Service, chunked};
use crate::engine::Sample;
use crate::engine::client::{Failure, Sink};
use crate::status::code;
use crate::subscribe::queue::Slot;
use crate::subscribe::{Delivery, Refresh};
use crate::tag::Resolved;
use crate::{Error, Operation, Result, Status, Tag};

use super::heart::Heart;
use super::making::Making;
use super::routes::{Route, Routes};
use super::task::Command;
use super::{Feed, lock};

/// Between two attempts to make a subscription again that the server refuses.
const MAKE_AGAIN: Duration = Duration::from_secs(5);

/// An unchanged server shows life this often.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A tag of a subscription on the server.
struct Item {
    handle: u32,
    /// The server's id; `None` while the server has none.
    id: Option<u32>,
    slot: Slot,
}

/// One of the user's subscriptions, on this carrier.
struct Load {
    feed: Arc<Feed>,
    items: HashMap<Tag, Item>,
    heart: Option<Heart>,
}

pub(super) struct Carrier {
    inner: Arc<Inner>,
    rate: Duration,
    routes: Arc<Routes>,
    /// The server's id; `None` while there is no subscription on the server.
    id: Option<u32>,
    granted: Duration,
    next_handle: u32,
    loads: HashMap<u64, Load>,
    /// For the command to try again.
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl Carrier {
    pub(super) fn new(
        inner: Arc<Inner>,
        rate: Duration,
        commands: mpsc::WeakUnboundedSender<Command>,
    ) -> Carrier {
        let routes = Routes::new(&inner, rate, commands.clone());
        Carrier {
            inner,
            rate,
            routes,
            id: None,
            granted: rate,
            next_handle: 1,
            loads: HashMap::new(),
            commands,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }

    /// Adds tags. An error takes them out again, except where the connection is down: then they wait for it.
    pub(super) async fn add(&mut self, feed: &Arc<Feed>, tags: Vec<Tag>) -> Result<()> {
        let fresh = self.enlist(feed, tags);
        match self.place(feed, &fresh, false).await {
            Err(Error::Disconnected { .. }) => feed.queue.push_lost(code::BAD_NO_COMMUNICATION),
            // The server has ended the subscription and told nobody; the others that it carried need a new one as well.
            Err(error)
                if [code::BAD_SUBSCRIPTION_ID_INVALID, code::BAD_NO_SUBSCRIPTION]
                    .map(Some)
                    .contains(&error.status()) =>
            {
                self.restore().await;
            }
            Err(error) => {
                self.remove(feed.id, &fresh).await;
                return Err(error);
            }
            Ok(()) => {}
        }
        self.start_heart(feed);
        Ok(())
    }

    /// Adds tags that wait for the connection.
    pub(super) fn hold(&mut self, feed: &Arc<Feed>, tags: Vec<Tag>) {
        self.enlist(feed, tags);
        feed.queue.push_lost(code::BAD_NO_COMMUNICATION);
        self.start_heart(feed);
    }

    /// Takes note of tags; those that are new.
    fn enlist(&mut self, feed: &Arc<Feed>, tags: Vec<Tag>) -> Vec<Tag> {
        let new = || Load { feed: feed.clone(), items: HashMap::new(), heart: None };
        let load = self.loads.entry(feed.id).or_insert_with(new);
        let mut fresh = Vec::with_capacity(tags.len());
        for tag in tags {
            let (slot, new) = feed.queue.add(&tag);
            if new {
                load.items.insert(tag.clone(), Item { handle: 0, id: None, slot });
                fresh.push(tag);
            }
        }
        fresh
    }

    fn start_heart(&mut self, feed: &Arc<Feed>) {
        if let Some(load) = self.loads.get_mut(&feed.id).filter(|_| feed.options.heartbeat) {
            let every = feed.granted().publishing_interval();
            load.heart.get_or_insert_with(|| Heart::start(&feed.queue, every));
        }
    }

    /// Puts tags on the server. `lossy` where it had them before and values in between are lost.
    async fn place(&mut self, feed: &Arc<Feed>, tags: &[Tag], lossy: bool) -> Result<()> {
        let operation = Operation::Subscribe;
        // Where only the newest value counts, nothing is lost.
        let lossy = lossy && matches!(feed.options.delivery, Delivery::Every { .. });
        let names: Vec<&Tag> = tags.iter().collect();
        let answers = self.inner.resolve(operation, &names).await?;
        let subscription = self.ensure().await.map_err(|failure| self.inner.error(operation, failure))?;
        let mut wanted: Vec<(u32, Tag, Arc<Resolved>)> = Vec::with_capacity(tags.len());
        for (tag, answer) in tags.iter().zip(answers) {
            let Some(item) = self.loads.get_mut(&feed.id).and_then(|load| load.items.get_mut(tag)) else {
                continue;
            };
            match answer {
                Ok(resolved) => {
                    item.handle = self.next_handle;
                    // Handles are not used twice, so that a late value of a tag that was taken out finds no other.
                    self.next_handle = self.next_handle.wrapping_add(1).max(1);
                    wanted.push((item.handle, tag.clone(), resolved.clone()));
                    let (queue, slot) = (feed.queue.clone(), item.slot);
                    self.routes.insert(item.handle, Route::new(queue, slot, resolved, lossy));
                }
                Err(error) => refuse(feed, tag, item.slot, unresolved(&error)),
            }
        }
        let making = Making { inner: &self.inner, subscription, rate: self.rate, feed };
        let (created, failure) = making.items(&wanted).await;
        let mut sampling = None;
        for ((handle, tag, _), created) in wanted.into_iter().zip(created) {
            let Some(item) = self.loads.get_mut(&feed.id).and_then(|load| load.items.get_mut(&tag)) else {
                continue;
            };
            match created {
                Ok((id, granted)) => {
                    item.id = Some(id);
                    sampling = sampling.max(Some(granted));
                    feed.accept(&tag);
                }
                Err(status) => {
                    self.routes.remove(std::iter::once(handle));
                    refuse(feed, &tag, item.slot, status);
                }
            }
        }
        *lock(&feed.granted) = Refresh::granted(self.granted, sampling);
        // What was made before a failure is noted above, so that it can be taken back.
        failure.map_or(Ok(()), |failure| Err(self.inner.error(operation, failure)))
    }

    /// The subscription on the server, made if there is none.
    async fn ensure(&mut self) -> Result<u32, Failure> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let sink: Arc<dyn Sink> = self.routes.clone();
        let rate = self.rate.max(Duration::from_millis(1));
        let keep_alive =
            u32::try_from(KEEP_ALIVE.as_millis() / rate.as_millis()).unwrap_or(u32::MAX).clamp(1, 1000);
        let (id, granted) = self.inner.link().create_subscription(self.rate, keep_alive, sink).await?;
        self.id = Some(id);
        self.granted = granted;
        Ok(id)
    }

    /// Takes tags out of a subscription.
    pub(super) async fn remove(&mut self, feed: u64, tags: &[Tag]) {
        let Some(load) = self.loads.get_mut(&feed) else { return };
        let mut gone = Vec::new();
        for tag in tags {
            if let Some(item) = load.items.remove(tag) {
                load.feed.queue.remove(tag);
                load.feed.accept(tag);
                gone.push(item);
            }
        }
        self.delete(gone).await;
    }

    /// Ends one of the user's subscriptions.
    pub(super) async fn end(&mut self, feed: u64) {
        let Some(load) = self.loads.remove(&feed) else { return };
        let items: Vec<Item> = load.items.into_values().collect();
        if self.loads.is_empty() {
            self.routes.clear();
            self.drop_from_server().await;
        } else {
            self.delete(items).await;
        }
    }

    async fn delete(&self, items: Vec<Item>) {
        self.routes.remove(items.iter().map(|item| item.handle));
        let Some(subscription) = self.id else { return };
        let ids: Vec<u32> = items.iter().filter_map(|item| item.id).collect();
        let (link, limits) = (self.inner.link(), self.inner.limits());
        let deleted = chunked(limits, Service::MonitoredItems, &ids, |part| async move {
            link.delete_items(subscription, part).await.map(|()| Vec::<()>::new())
        });
        if let Err(failure) = deleted.await {
            // The routes are gone, so nothing is delivered; the server keeps some items until the subscription ends.
            tracing::debug!(status = %failure.status, "monitored items could not be deleted");
        }
    }

    async fn drop_from_server(&mut self) {
        if let Some(id) = self.id.take()
            && let Err(failure) = self.inner.link().delete_subscriptions(&[id]).await
        {
            tracing::debug!(status = %failure.status, "a subscription could not be deleted");
        }
    }

    /// Looks whether the server still has the subscription. That it has none may be old news: the answer to a request from
    /// before this one was made.
    pub(super) async fn check(&mut self) {
        if let Some(id) = self.id
            && !self.inner.link().is_alive(id).await
        {
            self.restore().await;
        }
    }

    /// Makes everything anew on the server, which has lost what it told or was to tell.
    pub(super) async fn restore(&mut self) {
        self.let_go().await;
        self.make(true).await;
    }

    /// Forgets what there is on the server.
    ///
    /// Also where the server kept the session: what it sent while nobody listened is unknown, and new items begin with
    /// their current value.
    pub(super) async fn let_go(&mut self) {
        self.routes.clear();
        self.drop_from_server().await;
        for item in self.loads.values_mut().flat_map(|load| load.items.values_mut()) {
            item.id = None;
        }
    }

    /// Puts everything on the server, where there is nothing of it. `lossy` as for `place`.
    pub(super) async fn make(&mut self, lossy: bool) {
        let all = |_: &Feed, _: &Tag| true;
        self.put(all, lossy).await;
    }

    /// Puts on the server what could not be put there before. What is there is left alone.
    pub(super) async fn fill(&mut self) {
        let open = |feed: &Feed, tag: &Tag| !lock(&feed.rejected).contains_key(tag);
        self.put(open, true).await;
    }

    /// Puts those tags on the server that are not there and that `wanted` wants.
    async fn put(&mut self, wanted: impl Fn(&Feed, &Tag) -> bool, lossy: bool) {
        let missing = |load: &Load| {
            let items = load.items.iter().filter(|(tag, item)| item.id.is_none() && wanted(&load.feed, tag));
            items.map(|(tag, _)| tag.clone()).collect::<Vec<Tag>>()
        };
        let feeds: Vec<(Arc<Feed>, Vec<Tag>)> =
            self.loads.values().map(|load| (load.feed.clone(), missing(load))).collect();
        let mut failed = false;
        for (feed, tags) in feeds.into_iter().filter(|(_, tags)| !tags.is_empty()) {
            match self.place(&feed, &tags, lossy).await {
                // A lost connection comes back here, and a closed client does not.
                Ok(()) | Err(Error::Disconnected { .. } | Error::Closed { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, "a subscription could not be made again");
                    feed.queue.push_lost(error.status().unwrap_or(code::BAD_TIMEOUT));
                    failed = true;
                }
            }
        }
        if failed {
            // A server may have to forget the old session first, which can take its time.
            let (commands, rate) = (self.commands.clone(), self.rate);
            tokio::spawn(async move {
                tokio::time::sleep(MAKE_AGAIN).await;
                if let Some(commands) = commands.upgrade() {
                    let _ = commands.send(Command::Fill { rate });
                }
            });
        }
    }
}

/// The reader hears once that a tag was refused, in the same place as its values.
fn refuse(feed: &Feed, tag: &Tag, slot: Slot, status: Status) {
    feed.reject(tag, status);
    feed.queue.push(slot, Sample::status(status));
}

fn unresolved(error: &Error) -> Status {
    match error {
        Error::Resolve { candidates, .. } if candidates.len() > 1 => code::BAD_TOO_MANY_MATCHES,
        _ => code::BAD_NODE_ID_UNKNOWN,
    }
}
