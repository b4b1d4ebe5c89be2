//! `resolve`, `resolve_many`, `locate_many`, blocking.

use crate::{IntoTag, Location, Operation, Result, Tag};

use super::Client;
use super::client::parse_all;

const OPERATION: Operation = Operation::Resolve;

impl Client {
    /// The node a tag means on this server, as a `ns=…` tag with the same index range.
    ///
    /// # Errors
    /// Those of [`openopc::Client::resolve`](crate::Client::resolve).
    pub fn resolve(&self, tag: impl IntoTag) -> Result<Tag> {
        let tag = tag.into_tag();
        self.run(OPERATION, |opc| async move { opc.resolve(tag).await })
    }

    /// The nodes of many tags: one result per tag, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::resolve_many`](crate::Client::resolve_many).
    pub fn resolve_many<I>(&self, tags: I) -> Result<Vec<Result<Tag>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = parse_all(tags);
        self.run(OPERATION, |opc| async move { opc.resolve_many(tags).await })
    }

    /// As [`resolve_many`](Self::resolve_many), and tells how each node was found.
    ///
    /// # Errors
    /// Those of [`openopc::Client::locate_many`](crate::Client::locate_many).
    pub fn locate_many<I>(&self, tags: I) -> Result<Vec<Result<Location>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = parse_all(tags);
        self.run(OPERATION, |opc| async move { opc.locate_many(tags).await })
    }
}
