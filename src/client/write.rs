//! `write`, `write_many`.

use std::sync::Arc;

use crate::status::code;
use crate::tag::Resolved;
use crate::{Client, ConvertError, Error, IntoTag, Operation, ParseTagError, Result, Status, Tag, Value};

use super::Inner;
use super::limits::{Service, chunked_until_failure};

const OPERATION: Operation = Operation::Write;

impl Client {
    /// Writes one value. The value is converted to the node's data type first, exactly or not at all: `1` fits a `Double`
    /// node, `1.5` does not fit an `Int32` one, text is never taken for a number.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// let opc = openopc::open("sim:").await?;
    /// opc.write("Bucket Brigade.Real8", 1).await?;
    /// assert_eq!(opc.read_as::<f64>("Bucket Brigade.Real8").await?, 1.0);
    /// assert!(opc.write("Bucket Brigade.Int4", 1.5).await.is_err());
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`], [`Error::Convert`]: nothing was sent. [`Error::Item`]: the server
    /// refused. [`Error::Disconnected`], [`Error::Timeout`]: the write may have been carried out or not.
    /// [`Error::Service`], [`Error::Closed`].
    pub async fn write(&self, tag: impl IntoTag, value: impl Into<Value>) -> Result<()> {
        let mut results = self.inner().write_all(vec![(tag.into_tag(), value.into())]).await?;
        results.pop().unwrap_or(Ok(()))
    }

    /// Writes many values: one result per pair, in the order given. What cannot be written is not sent; the rest is.
    ///
    /// A tag may be given twice; the last one wins, if the server writes in order (Part 4, 5.11.4 leaves that open).
    ///
    /// # Errors
    /// The outer error is the call's, each inner one its pair's, as in [`write`](Self::write).
    pub async fn write_many<I, T, V>(&self, values: I) -> Result<Vec<Result<()>>>
    where
        I: IntoIterator<Item = (T, V)>,
        T: IntoTag,
        V: Into<Value>,
    {
        let values = values.into_iter().map(|(tag, value)| (tag.into_tag(), value.into())).collect();
        self.inner().write_all(values).await
    }
}

impl Inner {
    pub(super) async fn write_all(
        &self,
        values: Vec<(Result<Tag, ParseTagError>, Value)>,
    ) -> Result<Vec<Result<()>>> {
        self.check_open(OPERATION)?;
        let tags: Vec<&Tag> = values.iter().filter_map(|(tag, _)| tag.as_ref().ok()).collect();
        // Before anything is awaited: the order of calls is the order of writes.
        let _turn = self.order().line_up(tags.iter().map(|tag| (*tag).clone())).await;
        if !tags.is_empty() {
            self.check_connected(OPERATION)?;
        }
        let nodes = self.resolve(OPERATION, &tags).await?;
        let known: Vec<Arc<Resolved>> = nodes.iter().filter_map(|node| node.as_ref().ok().cloned()).collect();
        self.learn_types(&known).await.map_err(|failure| self.error(OPERATION, failure))?;

        let mut results = Vec::with_capacity(values.len());
        let mut outgoing: Vec<(usize, Tag, (Arc<Resolved>, Value))> = Vec::with_capacity(values.len());
        let mut nodes = nodes.into_iter();
        for (tag, value) in values {
            let index = results.len();
            let prepared = match tag {
                Err(error) => Err(Error::InvalidTag { operation: OPERATION, error }),
                Ok(tag) => match nodes.next() {
                    Some(node) => node.and_then(|node| prepare(tag, &node, value)),
                    None => Err(Error::Resolve { operation: OPERATION, tag, candidates: Vec::new() }),
                },
            };
            match prepared {
                Ok((tag, item)) => {
                    outgoing.push((index, tag, item));
                    results.push(Ok(()));
                }
                Err(error) => results.push(Err(error)),
            }
        }
        for (index, result) in self.send_writes(outgoing).await? {
            if let Some(slot) = results.get_mut(index) {
                *slot = result;
            }
        }
        Ok(results)
    }

    async fn send_writes(
        &self,
        outgoing: Vec<(usize, Tag, (Arc<Resolved>, Value))>,
    ) -> Result<Vec<(usize, Result<()>)>> {
        let mut items = Vec::with_capacity(outgoing.len());
        let mut owners = Vec::with_capacity(outgoing.len());
        for (index, tag, item) in outgoing {
            owners.push((index, tag));
            items.push(item);
        }
        let send = |part| async move { self.link().write(part).await };
        let (statuses, failure) = chunked_until_failure(self.limits(), Service::Write, &items, send).await;
        if let (Some(failure), true) = (&failure, statuses.is_empty()) {
            return Err(self.error(OPERATION, failure.clone()));
        }
        let mut statuses = statuses.into_iter();
        // What was written before a failure was written; the rest may have been or not.
        Ok(owners
            .into_iter()
            .map(|(index, tag)| match (statuses.next(), &failure) {
                (Some(status), _) => (index, self.written(tag, status)),
                (None, Some(failure)) => (index, Err(self.error(OPERATION, failure.clone()))),
                (None, None) => (index, Ok(())),
            })
            .collect())
    }

    fn written(&self, tag: Tag, status: Status) -> Result<()> {
        // Uncertain and informational good codes, such as GoodClamped, are done as well.
        if !status.is_bad() {
            return Ok(());
        }
        // A node that is gone or has changed its type is looked at again by the next write.
        if [code::BAD_NODE_ID_UNKNOWN, code::BAD_TYPE_MISMATCH].contains(&status.code()) {
            self.resolver().forget(&tag);
        }
        Err(Error::Item { operation: OPERATION, tag, status })
    }
}

/// The value as the node takes it.
fn prepare(tag: Tag, node: &Arc<Resolved>, value: Value) -> Result<(Tag, (Arc<Resolved>, Value))> {
    let (part, element) = (node.target.has_range(), node.target.is_element());
    let fitted: Result<Value, ConvertError> = match node.node_type.get() {
        Some(node_type) => node_type.fit(value, part, element),
        None => Ok(value),
    };
    match fitted {
        Ok(value) => Ok((tag, (node.clone(), value))),
        Err(source) => Err(Error::Convert { operation: OPERATION, tag, source }),
    }
}
