//! `resolve`, `resolve_many`, `locate_many`.

use std::sync::Arc;

use super::Inner;
use crate::tag::Resolved;
use crate::{Client, Error, IntoTag, Location, Operation, ParseTagError, Result, Tag};

const OPERATION: Operation = Operation::Resolve;

impl Client {
    /// The node a tag means on this server, as a `ns=…` tag with the same index range.
    ///
    /// # Errors
    /// [`Error::Resolve`] where the tag means no node, or lists the candidates where it means several.
    pub async fn resolve(&self, tag: impl IntoTag) -> Result<Tag> {
        let tag = tag.into_tag().map_err(|error| Error::InvalidTag { operation: OPERATION, error })?;
        match self.inner().locate(vec![Ok(tag.clone())]).await?.pop() {
            Some(location) => Ok(location?.node),
            None => Err(nothing(tag)),
        }
    }

    /// The nodes of many tags: one result per tag, in the order given. All of them are asked for together, in as few
    /// requests as the server's limits allow; what has been looked up before costs none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let opc = openopc::open("sim:").await?;
    /// let nodes = opc.resolve_many(["Random.Int4", "Random.Int5"]).await?;
    /// assert_eq!(nodes[0].as_ref().unwrap().as_str(), "ns=2;s=Random.Int4");
    /// assert!(nodes[1].is_err());
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Of the call: [`Error::Disconnected`], [`Error::Timeout`], [`Error::Service`], [`Error::Closed`]. Of a tag: those of
    /// [`resolve`](Self::resolve), and [`Error::InvalidTag`].
    pub async fn resolve_many<I>(&self, tags: I) -> Result<Vec<Result<Tag>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let locations = self.locate_many(tags).await?;
        Ok(locations.into_iter().map(|location| Ok(location?.node)).collect())
    }

    /// As [`resolve_many`](Self::resolve_many), and tells how each node was found and what to write down to find it again.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::FoundBy;
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let found = opc.locate_many(["Random.Int4", "Simulation Items.Random.Int4"]).await?;
    /// let found: Vec<_> = found.into_iter().collect::<openopc::Result<_>>()?;
    /// assert_eq!((found[0].found_by, found[1].found_by), (FoundBy::Identifier, FoundBy::BrowseNames));
    /// assert_eq!(found[0].node, found[1].node);
    /// assert_eq!(found[1].lasting.as_str(), "nsu=urn:openopc:sim;s=Random.Int4");
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`resolve_many`](Self::resolve_many).
    pub async fn locate_many<I>(&self, tags: I) -> Result<Vec<Result<Location>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        self.inner().locate(tags.into_iter().map(IntoTag::into_tag).collect()).await
    }
}

fn nothing(tag: Tag) -> Error {
    Error::Resolve { operation: OPERATION, tag, candidates: Vec::new() }
}

impl Inner {
    async fn locate(&self, tags: Vec<Result<Tag, ParseTagError>>) -> Result<Vec<Result<Location>>> {
        self.check_connected(OPERATION)?;
        let wanted: Vec<&Tag> = tags.iter().filter_map(|tag| tag.as_ref().ok()).collect();
        let (found, namespaces) = loop {
            let namespaces = self.resolver().namespaces();
            let found = self.resolve(OPERATION, &wanted).await?;
            // The indices are those of this table, unless it was read anew meanwhile: once for each reconnect.
            if Arc::ptr_eq(&namespaces, &self.resolver().namespaces()) {
                break (found, namespaces);
            }
        };
        let mut found = found.into_iter();
        let location = |tag: Result<Tag, ParseTagError>| {
            let tag = tag.map_err(|error| Error::InvalidTag { operation: OPERATION, error })?;
            match found.next() {
                Some(resolved) => {
                    let resolved = resolved?;
                    location(tag, &resolved, &namespaces)
                }
                None => Err(nothing(tag)),
            }
        };
        Ok(tags.into_iter().map(location).collect())
    }
}

fn location(tag: Tag, resolved: &Resolved, namespaces: &[String]) -> Result<Location> {
    let id = resolved.target.node();
    let node = Tag::node(id.clone());
    // The standard's own namespace has the index 0 everywhere (Part 3, 8.2.2).
    let uri = namespaces.get(usize::from(id.namespace)).filter(|_| id.namespace != 0);
    let lasting = uri.and_then(|uri| Tag::namespace_uri(uri, id.identifier).ok());
    let ranged = |tag: Tag| match &resolved.range {
        None => Ok(tag),
        Some(range) => {
            tag.index_range(range).map_err(|error| Error::InvalidTag { operation: OPERATION, error })
        }
    };
    let lasting = ranged(lasting.unwrap_or_else(|| node.clone()))?;
    Ok(Location { tag, node: ranged(node)?, lasting, found_by: resolved.by })
}
