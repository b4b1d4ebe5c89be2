//! `history_insert`, `history_replace`, `history_update`, `history_delete`, `history_delete_at`: changing the past.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::client::Inner;
use crate::engine::client::{Edit, Edits, Failure};
use crate::history::Sample;
use crate::tag::Resolved;
use crate::{Client, Error, IntoTag, NodeId, Operation, ParseTagError, Result, Status, Tag};

use super::HistoryRange;

const OPERATION: Operation = Operation::HistoryUpdate;

/// How many values go into one request: any server takes so many.
const CHUNK: usize = 1_000;

/// One status or error for each edit.
pub(super) type Edited = Vec<Result<Status>>;

impl Client {
    /// Puts values into the past of a tag, where there are none yet: one result per value, in the order given. A value at a
    /// time that has one is refused with `BadEntryExists`.
    ///
    /// A value is converted to the tag's type exactly, as a [`write`](Self::write) does; what cannot be is not sent. The result
    /// is the server's status, such as `GoodEntryInserted`.
    ///
    /// # Errors
    /// The outer error is the call's: [`Error::InvalidTag`], [`Error::Resolve`]; [`Error::Item`] where the server refuses it
    /// all, with `BadHistoryOperationUnsupported` or `BadUserAccessDenied` for instance; [`Error::Disconnected`],
    /// [`Error::Timeout`], [`Error::Service`], [`Error::Closed`]. Each inner one is its value's: [`Error::Convert`],
    /// [`Error::Item`]; where a later request fails, that of the values not known to be put in. A call that failed with a
    /// timeout or a lost connection may have been carried out.
    pub async fn history_insert<I>(&self, tag: impl IntoTag, samples: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Sample>,
    {
        values(self, tag.into_tag(), Edit::Insert, samples.into_iter().collect()).await
    }

    /// As [`history_insert`](Self::history_insert), in place of values that are there: one at a time that has none is
    /// refused with `BadNoEntryExists`.
    ///
    /// # Errors
    /// Those of [`history_insert`](Self::history_insert).
    pub async fn history_replace<I>(&self, tag: impl IntoTag, samples: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Sample>,
    {
        values(self, tag.into_tag(), Edit::Replace, samples.into_iter().collect()).await
    }

    /// As [`history_insert`](Self::history_insert), whether there are values or not: the status tells which,
    /// `GoodEntryInserted` or `GoodEntryReplaced`.
    ///
    /// # Errors
    /// Those of [`history_insert`](Self::history_insert).
    pub async fn history_update<I>(&self, tag: impl IntoTag, samples: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Sample>,
    {
        values(self, tag.into_tag(), Edit::Update, samples.into_iter().collect()).await
    }

    /// Deletes the values of a tag from the start of the range to before its end. Relative times count from the time of this
    /// machine. What was there stays known as [modified](Self::history_modified), where the server keeps that.
    ///
    /// # Errors
    /// Those of the call, as of [`history_insert`](Self::history_insert); [`Error::Query`] where the range has no start or no
    /// end.
    pub async fn history_delete(&self, tag: impl IntoTag, range: impl Into<HistoryRange>) -> Result<()> {
        delete(self, tag.into_tag(), range.into(), false).await
    }

    /// Deletes what is known of changes to the values in the range: what [`history_modified`](Self::history_modified) gives.
    ///
    /// # Errors
    /// Those of [`history_delete`](Self::history_delete).
    pub async fn history_delete_modified(
        &self,
        tag: impl IntoTag,
        range: impl Into<HistoryRange>,
    ) -> Result<()> {
        delete(self, tag.into_tag(), range.into(), true).await
    }

    /// Deletes the values of a tag at these times: one result per time, in the order given. A time that has none is refused
    /// with `BadNoEntryExists`.
    ///
    /// # Errors
    /// Those of [`history_insert`](Self::history_insert).
    pub async fn history_delete_at<I>(&self, tag: impl IntoTag, times: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = DateTime<Utc>>,
    {
        let (tag, times) = (tag.into_tag(), times.into_iter().collect());
        let look = self.inner().resolver().look();
        let (tag, node) = Box::pin(target(self.inner(), tag)).await?;
        edit(self.inner(), look, &tag, &node, times, Edits::DeleteAt).await
    }
}

/// The node whose past is changed.
pub(super) async fn target(inner: &Inner, tag: Result<Tag, ParseTagError>) -> Result<(Tag, Arc<Resolved>)> {
    inner.check_open(OPERATION)?;
    let tag = tag.map_err(|error| Error::InvalidTag { operation: OPERATION, error })?;
    inner.check_connected(OPERATION)?;
    let missing = || Error::Resolve { operation: OPERATION, tag: tag.clone(), candidates: Vec::new() };
    let node = inner.resolve(OPERATION, &[&tag]).await?.pop().unwrap_or_else(|| Err(missing()))?;
    if node.target.has_range() {
        let reason = format!("`{tag}` is a part of an array: the past is changed as a whole");
        return Err(Error::Query { operation: OPERATION, reason });
    }
    Ok((tag, node))
}

async fn values(
    client: &Client,
    tag: Result<Tag, ParseTagError>,
    how: Edit,
    samples: Vec<Sample>,
) -> Result<Edited> {
    let inner = client.inner();
    let look = inner.resolver().look();
    let (tag, node) = Box::pin(target(inner, tag)).await?;
    let learnt = Box::pin(inner.learn_types(std::slice::from_ref(&node))).await;
    learnt.map_err(|failure| inner.error(OPERATION, failure))?;
    let fit = |sample: Sample| {
        let value = match node.node_type.get() {
            Some(node_type) => node_type.fit(sample.value, false, false),
            None => Ok(sample.value),
        };
        let convert = |source| Error::Convert { operation: OPERATION, tag: tag.clone(), source };
        value.map(|value| Sample { value, ..sample }).map_err(convert)
    };
    let mut outgoing = Vec::with_capacity(samples.len());
    let mut results: Vec<Option<Error>> = Vec::with_capacity(samples.len());
    for sample in samples {
        match fit(sample) {
            Ok(sample) => {
                outgoing.push(sample);
                results.push(None);
            }
            Err(error) => results.push(Some(error)),
        }
    }
    let sent = edit(inner, look, &tag, &node, outgoing, |part| Edits::Values(how, part)).await?;
    let mut sent = sent.into_iter();
    let unknown = || Err(item(&tag, crate::status::code::BAD_UNKNOWN_RESPONSE));
    Ok(results
        .into_iter()
        .map(|error| error.map_or_else(|| sent.next().unwrap_or_else(unknown), Err))
        .collect())
}

/// Sends edits in chunks, smaller where the server finds them too much. What is known is told: a call that fails after
/// others is an error of the edits that are left. The look is the one of before the node was found.
pub(super) async fn edit<T: Clone>(
    inner: &Inner,
    look: u64,
    tag: &Tag,
    node: &Resolved,
    items: Vec<T>,
    edits: impl Fn(Vec<T>) -> Edits,
) -> Result<Edited> {
    let id = node.target.node();
    let mut results: Edited = Vec::with_capacity(items.len());
    let mut size = CHUNK;
    while let Some(rest) = items.get(results.len()..).filter(|rest| !rest.is_empty()) {
        let part = rest.get(..size).unwrap_or(rest);
        // A node found before a reconnect may be another one now.
        let answer = match inner.link_of(OPERATION, look) {
            Ok(link) => link.edit_past(&id, edits(part.to_vec())).await,
            Err(error) if results.is_empty() => return Err(error),
            Err(_) => Err(Failure::disconnected()),
        };
        match answer {
            Ok(Ok(statuses)) => results.extend(statuses.into_iter().map(|status| done(tag, status))),
            Ok(Err(status)) if results.is_empty() => return Err(refused(inner, tag, status)),
            Ok(Err(status)) => results.extend(part.iter().map(|_| Err(item(tag, status)))),
            Err(failure) if failure.is_too_much() && part.len() > 1 => size = part.len() / 2,
            Err(failure) if results.is_empty() => return Err(inner.error(OPERATION, failure)),
            Err(failure) => {
                results.extend(rest.iter().map(|_| Err(inner.error(OPERATION, failure.clone()))));
            }
        }
    }
    Ok(results)
}

async fn delete(
    client: &Client,
    tag: Result<Tag, ParseTagError>,
    range: HistoryRange,
    modified: bool,
) -> Result<()> {
    let inner = client.inner();
    let senseless = |reason: String| Error::Query { operation: OPERATION, reason };
    let (Some(start), Some(end)) = range.resolve(Utc::now()).map_err(senseless)? else {
        return Err(senseless("say from when to when".into()));
    };
    let look = inner.resolver().look();
    let (tag, node) = Box::pin(target(inner, tag)).await?;
    let id: NodeId = node.target.node();
    match inner.link_of(OPERATION, look)?.edit_past(&id, Edits::Delete { start, end, modified }).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(status)) => Err(refused(inner, &tag, status)),
        Err(failure) => Err(inner.error(OPERATION, failure)),
    }
}

fn done(tag: &Tag, status: Status) -> Result<Status> {
    if status.is_bad() { Err(item(tag, status)) } else { Ok(status) }
}

fn refused(inner: &Inner, tag: &Tag, status: Status) -> Error {
    if status.code() == crate::status::code::BAD_NODE_ID_UNKNOWN {
        // It may have moved; the next use looks again.
        inner.resolver().forget(tag);
    }
    item(tag, status)
}

fn item(tag: &Tag, status: Status) -> Error {
    Error::Item { operation: OPERATION, tag: tag.clone(), status }
}
