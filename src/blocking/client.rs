//! [`Client`]: the verbs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    ClientBuilder, FromValue, IntoTag, NodeType, Operation, ParseTagError, ReadOptions, Reading, Refresh,
    Result, ServerInfo, State, SubscribeOptions, Tag,
};

use super::runtime::Worker;
use super::{Results, Subscription, Watch};

/// The same verbs as [`openopc::Client`](crate::Client), blocking.
///
/// Safe to call from any thread, inside `spawn_blocking` and inside subscription callbacks; only inside its own `on_event`
/// callback it answers [`Error::Reentrant`](crate::Error::Reentrant). Clones share the session, which closes with the last
/// of them.
#[derive(Clone)]
pub struct Client {
    // Dropped before the worker, which lasts until the goodbye is said.
    pub(super) inner: crate::Client,
    worker: Arc<Worker>,
}

impl Client {
    pub(crate) fn open(builder: ClientBuilder) -> Result<Client> {
        let worker = Worker::start()?;
        let inner = worker.run(Operation::Open, builder.open())?;
        worker.keep(inner.inner());
        Ok(Client { inner, worker: Arc::new(worker) })
    }

    pub(super) fn run<T, F, Fut>(&self, operation: Operation, call: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(crate::Client) -> Fut,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        self.worker.run(operation, call(self.inner.clone()))
    }

    /// The current value of one tag.
    ///
    /// # Errors
    /// Those of [`openopc::Client::read`](crate::Client::read).
    pub fn read(&self, tag: impl IntoTag) -> Result<Reading> {
        let tag = tag.into_tag();
        self.run(Operation::Read, |opc| async move { opc.read(tag).await })
    }

    /// The current value of one tag as a Rust type.
    ///
    /// # Errors
    /// Those of [`openopc::Client::read_as`](crate::Client::read_as).
    pub fn read_as<T: FromValue>(&self, tag: impl IntoTag) -> Result<T> {
        self.read(tag)?.get()
    }

    /// The current values of many tags: one result per tag, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::read_many`](crate::Client::read_many).
    pub fn read_many<I>(&self, tags: I) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.read_with(tags, &ReadOptions::default())
    }

    /// As [`read_many`](Self::read_many), with choices.
    ///
    /// # Errors
    /// Those of [`openopc::Client::read_with`](crate::Client::read_with).
    pub fn read_with<I>(&self, tags: I, options: &ReadOptions) -> Result<Vec<Result<Reading>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (tags, options) = (parse_all(tags), options.clone());
        self.run(Operation::Read, |opc| async move { opc.read_with(tags, &options).await })
    }

    /// As [`read_with`](Self::read_with), as an iterator over the results.
    ///
    /// # Errors
    /// Those of [`openopc::Client::read_stream`](crate::Client::read_stream), as results.
    pub fn read_stream<I>(&self, tags: I, options: &ReadOptions) -> Results<Reading>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: IntoTag + 'static,
    {
        Results::new(self.inner.read_stream(tags, options), self.clone())
    }

    /// What a node holds: the built-in type and the rank.
    ///
    /// # Errors
    /// Those of [`openopc::Client::node_type`](crate::Client::node_type).
    pub fn node_type(&self, tag: impl IntoTag) -> Result<NodeType> {
        let tag = tag.into_tag();
        self.run(Operation::Resolve, |opc| async move { opc.node_type(tag).await })
    }

    /// What many nodes hold: one result per tag, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::node_type_many`](crate::Client::node_type_many).
    pub fn node_type_many<I>(&self, tags: I) -> Result<Vec<Result<NodeType>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = parse_all(tags);
        self.run(Operation::Resolve, |opc| async move { opc.node_type_many(tags).await })
    }

    /// Calls `callback` with the current value of every tag, then with every change, on a thread of its own.
    ///
    /// # Errors
    /// Those of [`openopc::Client::subscribe`](crate::Client::subscribe).
    pub fn subscribe<I, F>(&self, tags: I, refresh: impl Into<Refresh>, callback: F) -> Result<Subscription>
    where
        I: IntoIterator,
        I::Item: IntoTag,
        F: FnMut(Reading) + Send + 'static,
    {
        self.subscribe_with(tags, SubscribeOptions::new(refresh), callback)
    }

    /// As [`subscribe`](Self::subscribe), with choices.
    ///
    /// # Errors
    /// Those of [`openopc::Client::subscribe_with`](crate::Client::subscribe_with).
    pub fn subscribe_with<I, F>(
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
        let tags = parse_all(tags);
        let subscribe = |opc: crate::Client| async move { opc.subscribe_with(tags, options, callback).await };
        Ok(Subscription::new(self.run(Operation::Subscribe, subscribe)?, self.clone()))
    }

    /// The same changes as an iterator instead of a callback.
    ///
    /// # Errors
    /// Those of [`openopc::Client::watch`](crate::Client::watch).
    pub fn watch<I>(&self, tags: I, options: impl Into<SubscribeOptions>) -> Result<Watch>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (tags, options) = (parse_all(tags), options.into());
        let watch = |opc: crate::Client| async move { opc.watch(tags, options).await };
        Ok(Watch::new(self.run(Operation::Subscribe, watch)?, self.clone()))
    }

    /// Waits until Ctrl-C, then closes; or until the client is closed elsewhere.
    ///
    /// # Errors
    /// Those of [`openopc::Client::start`](crate::Client::start).
    pub fn start(&self) -> Result<()> {
        self.run(Operation::Subscribe, |opc| async move { opc.start().await })
    }

    /// What the server says about itself.
    ///
    /// # Errors
    /// Those of [`openopc::Client::info`](crate::Client::info).
    pub fn info(&self) -> Result<ServerInfo> {
        self.run(Operation::Info, |opc| async move { opc.info().await })
    }

    /// Asks the server for its state and tells how long the answer took.
    ///
    /// # Errors
    /// Those of [`openopc::Client::ping`](crate::Client::ping).
    pub fn ping(&self) -> Result<Duration> {
        self.run(Operation::Ping, |opc| async move { opc.ping().await })
    }

    /// How the connection is right now.
    pub fn state(&self) -> State {
        self.inner.state()
    }

    /// The URL this client was opened with; of several, that of the server in use.
    pub fn url(&self) -> &str {
        self.inner.url()
    }

    /// The URLs of all servers this client was opened with, in the order of preference.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.inner.urls()
    }

    /// Deletes subscriptions and the session on the server. Idempotent.
    ///
    /// # Errors
    /// [`Error::Reentrant`](crate::Error::Reentrant); otherwise none today.
    pub fn close(&self) -> Result<()> {
        self.run(Operation::Close, |opc| async move { opc.close().await })
    }

    /// The async client behind it, for code that has a runtime after all.
    pub fn as_async(&self) -> &crate::Client {
        &self.inner
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Parses on the caller's thread: what may be passed as a tag need not be `Send`.
pub(super) fn parse_all<I>(tags: I) -> Vec<Result<Tag, ParseTagError>>
where
    I: IntoIterator,
    I::Item: IntoTag,
{
    tags.into_iter().map(IntoTag::into_tag).collect()
}
