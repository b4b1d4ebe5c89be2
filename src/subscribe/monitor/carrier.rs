//! [`Carrier`]: one subscription on the server, which carries all of ours with one refresh rate.

mod resume;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::client::Inner;
use crate::client::limits::{Service, chunked};
use crate::engine::Sample;
use crate::engine::client::{Failure, Link, Messages, Sink, Subscribed, is_gone};
use crate::status::code;
use crate::subscribe::Refresh;
use crate::subscribe::queue::Slot;
use crate::tag::Resolved;
use crate::{Error, Event, Operation, Result, Status, Tag};

use super::heart::Heart;
use super::making::Making;
use super::routes::{Route, Routes};
use super::task::Command;
use super::watchdog::Watchdog;
use super::{Feed, lock};

/// Between two attempts to make a subscription again that the server refuses.
const MAKE_AGAIN: Duration = Duration::from_secs(5);

/// Where the first publishing comes later than this, the first values are read.
const PROMPT: Duration = Duration::from_secs(1);

/// An unchanged server shows life this often.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// So many tags are put on the server at a time: the requests take more memory than the tags.
const AT_ONCE: usize = 10_000;

/// A tag of a subscription on the server.
struct Item {
    /// The one of its route; 0 while it has none.
    handle: u32,
    /// The server's id; `None` while the server has none.
    id: Option<u32>,
    slot: Slot,
    /// The server had it, and what changed since is lost.
    lossy: bool,
}

/// One of the user's subscriptions, on this carrier.
struct Load {
    feed: Arc<Feed>,
    items: HashMap<Tag, Item>,
    heart: Option<Heart>,
}

/// The subscription on the server.
struct There {
    id: u32,
    messages: Arc<Messages>,
    /// When the server was started.
    started: Option<DateTime<Utc>>,
    _watchdog: Watchdog,
}

pub(super) struct Carrier {
    inner: Arc<Inner>,
    /// The session that the subscription is on.
    link: Arc<Link>,
    rate: Duration,
    routes: Arc<Routes>,
    /// `None` while there is no subscription on the server.
    there: Option<There>,
    granted: Duration,
    /// Changes since then are lost, and nobody has been told.
    gap: Option<DateTime<Utc>>,
    /// Items that were taken out while the server could not be told.
    orphans: Vec<u32>,
    loads: HashMap<u64, Load>,
    /// For the command to try again.
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl Carrier {
    pub(super) fn new(
        inner: Arc<Inner>,
        link: Arc<Link>,
        rate: Duration,
        commands: mpsc::WeakUnboundedSender<Command>,
    ) -> Carrier {
        let routes = Routes::new(&inner, rate, commands.clone());
        Carrier {
            inner,
            link,
            rate,
            routes,
            there: None,
            granted: rate,
            gap: None,
            orphans: Vec::new(),
            loads: HashMap::new(),
            commands,
        }
    }

    /// The server's id of the subscription.
    pub(super) fn id(&self) -> Option<u32> {
        self.there.as_ref().map(|there| there.id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }

    /// Adds tags. Those that cannot be put on the server now wait for it and say why.
    pub(super) async fn add(&mut self, feed: &Arc<Feed>, tags: Vec<Tag>) -> Result<()> {
        let fresh = self.enlist(feed, tags);
        match self.place(feed, &fresh).await {
            // The server has ended the subscription and told nobody; the others that it carried need a new one as well.
            Err(error) if error.status().is_some_and(is_gone) => self.restore().await,
            Err(error @ Error::Closed { .. }) => {
                self.remove(feed.id, &fresh).await;
                return Err(error);
            }
            Err(error) => {
                self.wait_with(feed, &fresh, &error);
                if !matches!(error, Error::Disconnected { .. }) {
                    self.fill_later();
                }
            }
            Ok(()) => {}
        }
        self.start_heart(feed);
        Ok(())
    }

    /// Adds tags that wait for the connection.
    pub(super) fn hold(&mut self, feed: &Arc<Feed>, tags: Vec<Tag>) {
        let fresh = self.enlist(feed, tags);
        feed.queue.push_lost_of(&fresh, code::BAD_NO_COMMUNICATION);
        self.start_heart(feed);
    }

    /// Tells of those tags that are not on the server what keeps them off it.
    fn wait_with(&self, feed: &Feed, tags: &[Tag], error: &Error) {
        let status = match error {
            Error::Disconnected { .. } => code::BAD_NO_COMMUNICATION,
            error => error.status().unwrap_or(code::BAD_TIMEOUT),
        };
        let Some(load) = self.loads.get(&feed.id) else { return };
        let refused = lock(&feed.rejected);
        let waits = |tag: &&Tag| {
            load.items.get(*tag).is_some_and(|item| item.id.is_none()) && !refused.contains_key(*tag)
        };
        let waiting: Vec<Tag> = tags.iter().filter(waits).cloned().collect();
        feed.queue.push_lost_of(&waiting, status);
    }

    /// Takes note of tags; those that are new.
    fn enlist(&mut self, feed: &Arc<Feed>, tags: Vec<Tag>) -> Vec<Tag> {
        let new = || Load { feed: feed.clone(), items: HashMap::new(), heart: None };
        let load = self.loads.entry(feed.id).or_insert_with(new);
        let mut fresh = Vec::with_capacity(tags.len());
        feed.queue.reserve(tags.len());
        load.items.reserve(tags.len());
        for tag in tags {
            let (slot, new) = feed.queue.add(&tag);
            if new {
                load.items.insert(tag.clone(), Item { handle: 0, id: None, slot, lossy: false });
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

    /// Puts tags on the server.
    async fn place(&mut self, feed: &Arc<Feed>, tags: &[Tag]) -> Result<()> {
        let names: Vec<&Tag> = tags.iter().collect();
        // All together: item ids that are browse names have the same branches walked.
        let mut answers = self.inner.resolve(Operation::Subscribe, &names).await?.into_iter();
        let mut sampling = None;
        // Without tags as well, so that the subscription is there.
        for part in tags.chunks(AT_ONCE).chain(tags.is_empty().then_some(tags)) {
            let answers = answers.by_ref().take(part.len());
            self.place_part(feed, part.iter().zip(answers), &mut sampling).await?;
        }
        Ok(())
    }

    /// `sampling` becomes the slowest interval that was granted.
    async fn place_part(
        &mut self,
        feed: &Arc<Feed>,
        tags: impl Iterator<Item = (&Tag, Result<Arc<Resolved>>)>,
        sampling: &mut Option<Duration>,
    ) -> Result<()> {
        let operation = Operation::Subscribe;
        let subscription = self.ensure().await.map_err(|failure| self.inner.error(operation, failure))?;
        let mut wanted: Vec<(u32, Tag, Arc<Resolved>)> = Vec::new();
        for (tag, answer) in tags {
            let Some(item) = self.loads.get_mut(&feed.id).and_then(|load| load.items.get_mut(tag)) else {
                continue;
            };
            match answer {
                Ok(resolved) => {
                    let (queue, node) = (feed.queue.clone(), resolved.clone());
                    let route = Route::new(queue, item.slot, node, feed.options.delivery, item.lossy);
                    match self.routes.insert(route) {
                        Some(handle) => {
                            item.handle = handle;
                            wanted.push((handle, tag.clone(), resolved));
                        }
                        None => refuse(feed, tag, item.slot, code::BAD_TOO_MANY_MONITORED_ITEMS),
                    }
                }
                Err(error) => refuse(feed, tag, item.slot, unresolved(&error)),
            }
        }
        let making = Making { inner: &self.inner, link: &self.link, subscription, rate: self.rate, feed };
        let (created, failure) = making.items(&wanted).await;
        // What comes for those that were not made is for nobody: they are made again.
        self.routes.remove(wanted.iter().skip(created.len()).map(|(handle, _, _)| *handle));
        let mut made = Vec::with_capacity(created.len());
        for ((handle, tag, node), created) in wanted.into_iter().zip(created) {
            let Some(item) = self.loads.get_mut(&feed.id).and_then(|load| load.items.get_mut(&tag)) else {
                continue;
            };
            match created {
                Ok((id, granted)) => {
                    (item.id, item.lossy) = (Some(id), false);
                    *sampling = (*sampling).max(Some(granted));
                    feed.accept(&tag);
                    made.push((handle, node));
                }
                Err(status) => {
                    self.routes.remove(std::iter::once(handle));
                    item.handle = 0;
                    refuse(feed, &tag, item.slot, status);
                }
            }
        }
        *lock(&feed.granted) = Refresh::granted(self.granted, *sampling);
        if self.granted > PROMPT {
            self.read_open(made).await;
        }
        // What was made before a failure is noted above, so that it can be taken back.
        failure.map_or(Ok(()), |failure| Err(self.inner.error(operation, failure)))
    }

    /// The subscription on the server, made if there is none.
    async fn ensure(&mut self) -> Result<u32, Failure> {
        if let Some(there) = &self.there {
            return Ok(there.id);
        }
        let sink: Arc<dyn Sink> = self.routes.clone();
        let rate = self.rate.max(Duration::from_millis(1));
        let keep_alive =
            u32::try_from(KEEP_ALIVE.as_millis() / rate.as_millis()).unwrap_or(u32::MAX).clamp(1, 1000);
        let Subscribed { id, granted, keep_alive, messages } =
            self.link.create_subscription(self.rate, keep_alive, sink).await?;
        let watchdog = Watchdog::start(&messages, keep_alive, self.rate, self.commands.clone());
        let started = self.inner.limits().start_time();
        self.there = Some(There { id, messages, started, _watchdog: watchdog });
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

    /// Ends one of the user's subscriptions. What there is on the server that could not be deleted.
    pub(super) async fn end(&mut self, feed: u64) -> Option<u32> {
        let load = self.loads.remove(&feed)?;
        let items: Vec<Item> = load.items.into_values().collect();
        if self.loads.is_empty() {
            self.routes.clear();
            return self.drop_from_server().await;
        }
        self.delete(items).await;
        None
    }

    async fn delete(&mut self, items: Vec<Item>) {
        self.routes.remove(items.iter().map(|item| item.handle));
        let ids = items.iter().filter_map(|item| item.id).collect();
        self.delete_ids(ids).await;
    }

    async fn delete_ids(&mut self, ids: Vec<u32>) {
        let Some(subscription) = self.id() else { return };
        let (link, limits) = (&self.link, self.inner.limits());
        let deleted = chunked(limits, Service::MonitoredItems, &ids, |part| async move {
            link.delete_items(subscription, part).await.map(|()| Vec::<()>::new())
        });
        if let Err(failure) = deleted.await {
            // The routes are gone, so nothing is delivered; the server keeps some items until the subscription ends.
            tracing::debug!(status = %failure.status, "monitored items could not be deleted");
            self.orphans.extend(ids);
        }
    }

    /// The id of what could not be deleted.
    async fn drop_from_server(&mut self) -> Option<u32> {
        self.orphans.clear();
        let There { id, .. } = self.there.take()?;
        let failure = self.link.delete_subscriptions(&[id]).await.err()?;
        tracing::debug!(status = %failure.status, "a subscription could not be deleted");
        Some(id)
    }

    /// The client has moved to another server. What was on the old one has gone with its session.
    pub(super) fn move_to(&mut self, link: &Arc<Link>) {
        self.link = link.clone();
        self.orphans.clear();
        if let Some(there) = self.there.take() {
            self.gap.get_or_insert(there.messages.heard());
        }
    }

    /// Makes everything anew on the server, which has lost what it told or was to tell.
    pub(super) async fn restore(&mut self) {
        self.let_go().await;
        self.make().await;
    }

    /// Forgets what there is on the server. What changes from here on is lost until it is made anew.
    pub(super) async fn let_go(&mut self) {
        self.routes.clear();
        if let Some(there) = &self.there {
            self.gap.get_or_insert(there.messages.heard());
        }
        self.drop_from_server().await;
        for item in self.loads.values_mut().flat_map(|load| load.items.values_mut()) {
            item.lossy |= item.id.take().is_some();
            item.handle = 0;
        }
    }

    /// Puts everything on the server that is not there.
    pub(super) async fn make(&mut self) {
        let all = |_: &Feed, _: &Tag| true;
        self.put(all).await;
    }

    /// Puts on the server what could not be put there before. What is there is left alone, and so is what it refused.
    pub(super) async fn fill(&mut self) {
        let open = |feed: &Feed, tag: &Tag| !lock(&feed.rejected).contains_key(tag);
        self.put(open).await;
    }

    /// Puts those tags on the server that are not there and that `wanted` wants.
    async fn put(&mut self, wanted: impl Fn(&Feed, &Tag) -> bool) {
        let missing = |load: &Load| {
            let items = load.items.iter().filter(|(tag, item)| item.id.is_none() && wanted(&load.feed, tag));
            items.map(|(tag, _)| tag.clone()).collect::<Vec<Tag>>()
        };
        let feeds: Vec<(Arc<Feed>, Vec<Tag>)> =
            self.loads.values().map(|load| (load.feed.clone(), missing(load))).collect();
        let (mut failed, mut away) = (false, false);
        for (feed, tags) in feeds.into_iter().filter(|(_, tags)| !tags.is_empty()) {
            match self.place(&feed, &tags).await {
                Ok(()) => {}
                // A lost connection comes back here, and a closed client does not.
                Err(Error::Disconnected { .. } | Error::Closed { .. }) => away = true,
                Err(error) => {
                    tracing::warn!(%error, "a subscription could not be made again");
                    self.wait_with(&feed, &tags, &error);
                    failed = true;
                }
            }
        }
        if failed {
            self.fill_later();
        } else if !away && let Some(first) = self.gap.take() {
            self.inner.tell(Event::Gap { first, last: Utc::now() });
        }
    }

    /// A server may have to forget the old session first, which can take its time.
    fn fill_later(&self) {
        self.later(MAKE_AGAIN, Command::Fill { rate: self.rate });
    }

    fn later(&self, wait: Duration, command: Command) {
        let commands = self.commands.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let Some(commands) = commands.upgrade() {
                let _ = commands.send(command);
            }
        });
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
