//! [`Order`]: a write never overtakes an earlier write to the same tag.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Tag;

/// Lets writes through in the order they were called where they share a tag, and at once where they do not.
#[derive(Debug, Default)]
pub(crate) struct Order {
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    next: u64,
    active: VecDeque<(u64, Arc<HashSet<Tag>>)>,
    moved: Arc<Notify>,
}

/// A place in the line; given up when dropped.
pub(crate) struct Turn<'a> {
    order: &'a Order,
    id: u64,
}

impl Order {
    /// Takes a place now; the turn comes when no earlier write to one of the tags is under way.
    ///
    /// The place is taken by the call, not by the first poll.
    pub(crate) fn line_up(&self, tags: impl Iterator<Item = Tag>) -> impl Future<Output = Turn<'_>> {
        let tags: Arc<HashSet<Tag>> = Arc::new(tags.collect());
        let id = {
            let mut lines = self.lock();
            let id = lines.next;
            lines.next += 1;
            lines.active.push_back((id, tags.clone()));
            id
        };
        let turn = Turn { order: self, id };
        async move {
            loop {
                let moved = {
                    let lines = self.lock();
                    let mut earlier = lines.active.iter().take_while(|(other, _)| *other < id);
                    if earlier.all(|(_, others)| others.is_disjoint(&tags)) {
                        return turn;
                    }
                    // Registered under the lock, so that a place given up right after is heard.
                    lines.moved.clone().notified_owned()
                };
                moved.await;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut lines = self.order.lock();
        lines.active.retain(|(id, _)| *id != self.id);
        lines.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> impl Iterator<Item = Tag> {
        names.iter().map(|name| Tag::item(*name)).collect::<Vec<_>>().into_iter()
    }

    async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            value = future => Some(value),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn the_same_tag_waits_and_others_pass() {
        let order = Order::default();
        let first = order.line_up(tags(&["a", "b"])).await;
        let mut second = Box::pin(order.line_up(tags(&["b", "c"])));
        let mut third = Box::pin(order.line_up(tags(&["c"])));
        assert!(now(second.as_mut()).await.is_none());
        assert!(now(third.as_mut()).await.is_none(), "behind the second, which waits");
        assert!(now(order.line_up(tags(&["d"]))).await.is_some());
        drop(first);
        let second = now(second).await.expect("its turn has come");
        assert!(now(third.as_mut()).await.is_none());
        drop(second);
        assert!(now(third).await.is_some());
        assert!(order.lock().active.is_empty());
    }

    #[tokio::test]
    async fn a_dropped_place_is_given_up() {
        let order = Order::default();
        let first = order.line_up(tags(&["a"])).await;
        let second = order.line_up(tags(&["a"]));
        let mut third = Box::pin(order.line_up(tags(&["a"])));
        drop(second);
        drop(first);
        assert!(now(third.as_mut()).await.is_some());
    }
}
