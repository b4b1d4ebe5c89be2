//! [`Making`]: monitored items for the tags of one subscription.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Inner;
use crate::client::limits::{Service, chunked_until_failure};
use crate::engine::client::{Failure, ItemRequest, Link};
use crate::status::code;
use crate::subscribe::{Deadband, Delivery};
use crate::tag::Resolved;
use crate::{Status, Tag};

use super::Feed;

/// What a server says of a deadband that a node cannot have.
const NO_DEADBAND: [Status; 4] = [
    code::BAD_MONITORED_ITEM_FILTER_INVALID,
    code::BAD_MONITORED_ITEM_FILTER_UNSUPPORTED,
    code::BAD_FILTER_NOT_ALLOWED,
    code::BAD_DEADBAND_FILTER_INVALID,
];

/// A tag that is to be monitored: its handle, its name and its node.
pub(super) type Wanted = (u32, Tag, Arc<Resolved>);

/// The server's id and the sampling interval it granted, or its refusal.
type Made = Result<(u32, Duration), Status>;

/// Where items are made, and for whom.
pub(super) struct Making<'a> {
    pub(super) inner: &'a Inner,
    pub(super) link: &'a Link,
    pub(super) subscription: u32,
    pub(super) rate: Duration,
    pub(super) feed: &'a Feed,
}

impl Making<'_> {
    /// One result for each of the wanted, up to a call that failed. A deadband for analog items only is left out where the
    /// node does not take it.
    pub(super) async fn items(&self, wanted: &[Wanted]) -> (Vec<Made>, Option<Failure>) {
        let deadband = self.feed.options.deadband;
        let (mut made, failure) = self.with(deadband, wanted).await;
        if failure.is_some() || !matches!(deadband, Some(Deadband::Analog(_))) {
            return (made, failure);
        }
        let refused = |made: &Made| matches!(made, Err(status) if NO_DEADBAND.contains(&status.code()));
        let plain: Vec<Wanted> = wanted
            .iter()
            .zip(&made)
            .filter(|(_, made)| refused(made))
            .map(|(wanted, _)| wanted.clone())
            .collect();
        if plain.is_empty() {
            return (made, None);
        }
        let (again, failure) = self.with(None, &plain).await;
        for (slot, again) in made.iter_mut().filter(|made| refused(made)).zip(again) {
            *slot = again;
        }
        (made, failure)
    }

    async fn with(&self, deadband: Option<Deadband>, wanted: &[Wanted]) -> (Vec<Made>, Option<Failure>) {
        let options = &self.feed.options;
        let queue = match options.delivery {
            Delivery::Latest => 1,
            Delivery::Every { queue } => queue.max(1),
        };
        let (link, limits) = (self.link, self.inner.limits());
        chunked_until_failure(limits, Service::MonitoredItems, wanted, |part| async move {
            let requests = part.into_iter().map(|(handle, _, node)| ItemRequest {
                handle,
                node,
                // Said in so many words: -1 would mean the same (Part 4, 7.21), but servers treat it less well.
                sampling: options.refresh.sampling_interval().unwrap_or(self.rate),
                queue,
                deadband,
            });
            link.create_items(self.subscription, requests.collect()).await
        })
        .await
    }
}
