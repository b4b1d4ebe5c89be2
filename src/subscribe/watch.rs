//! [`Watch`]: the same changes as a stream instead of a callback.

use std::future::poll_fn;

use crate::Reading;

use super::Subscription;

/// Readings as they come, for whoever asks. Unsubscribes when dropped.
///
/// With the feature `stream`, a `futures_core::Stream`.
#[must_use = "dropping a Watch unsubscribes"]
#[derive(Debug)]
pub struct Watch {
    subscription: Subscription,
}

impl Watch {
    pub(super) fn new(subscription: Subscription) -> Watch {
        Watch { subscription }
    }

    /// The next reading; `None` once the client is closed and all readings were given out. Cancel-safe.
    pub async fn next(&mut self) -> Option<Reading> {
        let queue = &self.subscription.feed().queue;
        poll_fn(|cx| queue.poll(cx)).await
    }

    /// The subscription behind it: its tags, rates and counters.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// Ends the watch; resolves once the server was told.
    ///
    /// # Errors
    /// Those of [`Subscription::unsubscribe`].
    pub async fn unsubscribe(self) -> crate::Result<()> {
        self.subscription.unsubscribe().await
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn queue(&self) -> std::sync::Arc<super::queue::Queue> {
        self.subscription.feed().queue.clone()
    }
}

#[cfg(feature = "stream")]
impl futures_core::Stream for Watch {
    type Item = Reading;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Reading>> {
        self.subscription.feed().queue.poll(cx)
    }
}
