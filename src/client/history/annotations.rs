//! `annotations`, `annotate`: what people wrote beside the values.

use chrono::{DateTime, Utc};

use crate::client::Inner;
use crate::client::limits::{Service, chunked};
use crate::engine::client::{Edits, Note, Row, notes};
use crate::status::code;
use crate::{Client, Error, IntoTag, NodeId, Operation, ParseTagError, QualifiedName, Result, Status, Tag};

use super::update::edit;
use super::{HistoryQuery, HistoryRange, all};

/// The property of a variable that has its annotations (Part 11, 5.1.2).
const ANNOTATIONS: &str = "Annotations";

/// What somebody wrote beside a value (Part 11, 6.6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The time of the value that it is about.
    pub time: DateTime<Utc>,
    /// What was written.
    pub message: String,
    /// Who wrote it. A server may put in the name of the session's user.
    pub user: Option<String>,
    /// When it was written. A server may put in its own time.
    pub written: Option<DateTime<Utc>>,
}

impl Annotation {
    /// A word about the value at this time, written now, by whom the server thinks.
    pub fn new(time: DateTime<Utc>, message: impl Into<String>) -> Annotation {
        Annotation { time, message: message.into(), user: None, written: Some(Utc::now()) }
    }
}

impl Client {
    /// What was written beside the values of a tag, from one time to another. A tag whose node has no property `Annotations`
    /// has none, and is refused.
    ///
    /// # Errors
    /// Those of [`history`](Self::history); [`Error::Item`] with `BadNotSupported` where the node has no such property.
    pub async fn annotations(
        &self,
        tag: impl IntoTag,
        range: impl Into<HistoryRange>,
    ) -> Result<Vec<Annotation>> {
        read(self, tag.into_tag(), range.into()).await
    }

    /// Writes beside the values of a tag: one result per annotation, in the order given.
    ///
    /// # Errors
    /// As of [`history_insert`](Self::history_insert); [`Error::Item`] with `BadNotSupported` where the node has no property
    /// `Annotations`.
    pub async fn annotate<I>(&self, tag: impl IntoTag, annotations: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Annotation>,
    {
        write(self, tag.into_tag(), annotations.into_iter().collect()).await
    }
}

async fn read(
    client: &Client,
    tag: Result<Tag, ParseTagError>,
    range: HistoryRange,
) -> Result<Vec<Annotation>> {
    let operation = Operation::History;
    let (tag, property) = Box::pin(property(client.inner(), operation, tag)).await?;
    let query = HistoryQuery::raw(range).undecoded();
    let rows = all(client, Ok(Tag::node(property)), query, false, |row: Row, _: &Tag| row).await;
    let rows = rows.map_err(|error| error.of(operation, Some(&tag)))?;
    let mut annotations = Vec::with_capacity(rows.len());
    for row in rows {
        // No time is no value at all.
        let Some(time) = row.sample.source_time.or(row.sample.server_time) else { continue };
        let Some(notes) = notes(&row.sample.value) else {
            return Err(Error::Item { operation, tag, status: code::BAD_UNKNOWN_RESPONSE });
        };
        let annotation = |Note { message, user, written }| Annotation { time, message, user, written };
        annotations.extend(notes.into_iter().map(annotation));
    }
    Ok(annotations)
}

async fn write(
    client: &Client,
    tag: Result<Tag, ParseTagError>,
    annotations: Vec<Annotation>,
) -> Result<Vec<Result<Status>>> {
    let inner = client.inner();
    let look = inner.resolver().look();
    let (tag, property) = Box::pin(property(inner, Operation::HistoryUpdate, tag)).await?;
    let node = crate::tag::Resolved::whole(&property);
    let written = |Annotation { time, message, user, written }| (time, Note { message, user, written });
    edit(inner, look, &tag, &node, annotations.into_iter().map(written).collect(), Edits::Notes).await
}

/// The node of the annotations of a tag.
async fn property(
    inner: &Inner,
    operation: Operation,
    tag: Result<Tag, ParseTagError>,
) -> Result<(Tag, NodeId)> {
    inner.check_open(operation)?;
    let tag = tag.map_err(|error| Error::InvalidTag { operation, error })?;
    inner.check_connected(operation)?;
    let missing = || Error::Resolve { operation, tag: tag.clone(), candidates: Vec::new() };
    let node = inner.resolve(operation, &[&tag]).await?.pop().unwrap_or_else(|| Err(missing()))?;
    let list = |part: Vec<NodeId>| async move { inner.link().properties(&part).await };
    let listing = chunked(inner.limits(), Service::Browse, &[node.target.node()], list).await;
    let listing = listing.map_err(|failure| inner.error(operation, failure))?.pop();
    let refused = |status| Error::Item { operation, tag: tag.clone(), status };
    let listing = listing.unwrap_or(Err(code::BAD_UNKNOWN_RESPONSE)).map_err(refused)?;
    let name = QualifiedName { namespace: 0, name: ANNOTATIONS.into() };
    match listing.into_iter().find(|reference| reference.name == name) {
        Some(reference) => Ok((tag, reference.node)),
        None => Err(refused(code::BAD_NOT_SUPPORTED)),
    }
}
