//! `subscribe`, `subscribe_with`, `watch`.

use std::sync::Arc;

use crate::{Client, IntoTag, Operation, Reading, Result, Tag};

use super::dispatch::Dispatcher;
use super::monitor::Feed;
use super::subscription::parse;
use super::{Refresh, SubscribeOptions, Subscription, Watch};

impl Client {
    /// Calls `callback` with the current value of every tag, then with every change, at most once per tag per `refresh`.
    ///
    /// The callback runs on a thread of its own: it may block, and may use the [`blocking`](crate::blocking) client. It
    /// hears everything: first values, changes, a tag the server refuses (once, as a bad reading), the loss of the
    /// connection (one `BadNoCommunication` reading per tag, with the last value) and the return. When the callback is
    /// slower than the data, the newest reading of every tag is kept and the rest counted
    /// ([`Subscription::stats`]).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use std::time::Duration;
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let (sender, mut readings) = tokio::sync::mpsc::unbounded_channel();
    /// let subscription = opc
    ///     .subscribe(["Triangle Waves.Real8"], Duration::from_millis(100), move |reading| {
    ///         let _ = sender.send(reading);
    ///     })
    ///     .await?;
    /// for _ in 0..3 {
    ///     let reading = readings.recv().await.expect("the subscription lives");
    ///     println!("{}: {} {}", reading.tag, reading.value, reading.quality());
    /// }
    /// subscription.unsubscribe().await?;
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidTag`](crate::Error::InvalidTag) and [`Error::Config`](crate::Error::Config): nothing was sent.
    /// [`Error::Closed`](crate::Error::Closed). Nothing else: a subscription is an intent. Where the connection is down,
    /// the server does not answer or has no room for it, every tag gets one bad reading that says so
    /// (`BadNoCommunication`, `BadTimeout`, `BadTooManySubscriptions`), and the subscription begins when it can; it is
    /// tried again every five seconds.
    pub async fn subscribe<I, F>(
        &self,
        tags: I,
        refresh: impl Into<Refresh>,
        callback: F,
    ) -> Result<Subscription>
    where
        I: IntoIterator,
        I::Item: IntoTag,
        F: FnMut(Reading) + Send + 'static,
    {
        self.subscribe_with(tags, SubscribeOptions::new(refresh), callback).await
    }

    /// As [`subscribe`](Self::subscribe), with choices.
    ///
    /// # Errors
    /// Those of [`subscribe`](Self::subscribe).
    pub async fn subscribe_with<I, F>(
        &self,
        tags: I,
        options: SubscribeOptions,
        callback: F,
    ) -> Result<Subscription>
    where
        I: IntoIterator,
        I::Item: IntoTag,
        F: FnMut(Reading) + Send + 'static,
    {
        self.subscribe_inner(parse(tags)?, options, Some(Box::new(callback))).await
    }

    /// The same changes as a stream instead of a callback.
    ///
    /// # Errors
    /// Those of [`subscribe`](Self::subscribe).
    pub async fn watch<I>(&self, tags: I, options: impl Into<SubscribeOptions>) -> Result<Watch>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.subscribe_inner(parse(tags)?, options.into(), None).await.map(Watch::new)
    }

    async fn subscribe_inner(
        &self,
        tags: Vec<Tag>,
        options: SubscribeOptions,
        callback: Option<Box<dyn FnMut(Reading) + Send>>,
    ) -> Result<Subscription> {
        self.inner().check_open(Operation::Subscribe)?;
        options.check()?;
        let feed = Arc::new(Feed::new(options));
        let dispatcher = match callback {
            Some(callback) => Some(Dispatcher::start(feed.queue.clone(), callback)?),
            None => None,
        };
        // From here on, dropping it takes everything back: an error below, or a caller that does not wait.
        let subscription = Subscription::new(feed.clone(), dispatcher, self);
        self.inner().monitor().add(&feed, tags).await?;
        Ok(subscription)
    }
}
