//! [`Held`]: values kept up to date for whoever asks, and given to nobody.

use std::sync::Arc;

use crate::client::Inner;
use crate::engine::Sample;
use crate::{Result, Tag};

use super::monitor::Feed;
use super::{Refresh, SubscribeOptions};

/// A subscription without a reader: the cache of a group. It does not keep the client open.
#[derive(Clone)]
pub(crate) struct Held {
    feed: Arc<Feed>,
}

impl Held {
    pub(crate) fn new(options: SubscribeOptions) -> Held {
        Held { feed: Arc::new(Feed::held(options)) }
    }

    /// What it was asked to hold values by.
    pub(crate) fn options(&self) -> SubscribeOptions {
        self.feed.options().clone()
    }

    /// Begins to hold these tags, and with the first ones to subscribe.
    pub(crate) async fn add(&self, inner: &Arc<Inner>, tags: Vec<Tag>) -> Result<()> {
        inner.monitor().add(&self.feed, tags).await
    }

    /// Holds these no longer.
    pub(crate) async fn remove(&self, inner: &Arc<Inner>, tags: Vec<Tag>) -> Result<()> {
        inner.monitor().remove(&self.feed, tags).await
    }

    /// What it holds, or begins to hold.
    pub(crate) fn tags(&self) -> Vec<Tag> {
        self.feed.queue.tags()
    }

    /// Holds nothing any more; resolves when the server was told.
    pub(crate) async fn end(&self, inner: &Arc<Inner>) {
        inner.monitor().end(&self.feed).await;
    }

    /// As [`end`](Held::end), without waiting.
    pub(crate) fn end_later(&self, inner: &Arc<Inner>) {
        inner.monitor().end_later(&self.feed);
    }

    /// The newest value; `None` before the first.
    pub(crate) fn last(&self, tag: &Tag) -> Option<Sample> {
        self.feed.queue.last(tag)
    }

    /// A value that was read meanwhile.
    pub(crate) fn note(&self, tag: &Tag, sample: &Sample) {
        self.feed.queue.note(tag, sample);
    }

    /// The rates the server granted.
    pub(crate) fn granted(&self) -> Refresh {
        self.feed.granted()
    }
}
