//! `history` and its forms, blocking.

use chrono::{DateTime, Utc};

use crate::history::{Annotation, Capabilities, Configuration, EventQuery, Modified, Occurrence, Sample};
use crate::{HistoryQuery, HistoryRange, IntoTag, Operation, Reading, Result, Status};

use super::client::parse_all;
use super::{Client, Results};

const OPERATION: Operation = Operation::History;
const EDIT: Operation = Operation::HistoryUpdate;

impl Client {
    /// The values that the server has recorded of a tag, from one time to another.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history`](crate::Client::history).
    pub fn history(&self, tag: impl IntoTag, range: impl Into<HistoryRange>) -> Result<Vec<Reading>> {
        self.history_with(tag, &HistoryQuery::raw(range))
    }

    /// As [`history`](Self::history), with choices.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_with`](crate::Client::history_with).
    pub fn history_with(&self, tag: impl IntoTag, query: &HistoryQuery) -> Result<Vec<Reading>> {
        let (tag, query) = (tag.into_tag(), query.clone());
        self.run(OPERATION, |opc| async move { opc.history_with(tag, &query).await })
    }

    /// The past of many tags: one result per tag, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_many`](crate::Client::history_many).
    pub fn history_many<I>(&self, tags: I, query: &HistoryQuery) -> Result<Vec<Result<Vec<Reading>>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let (tags, query) = (parse_all(tags), query.clone());
        self.run(OPERATION, |opc| async move { opc.history_many(tags, &query).await })
    }

    /// As [`history_many`](Self::history_many), as an iterator over pages.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_pages`](crate::Client::history_pages), as results.
    pub fn history_pages<I>(&self, tags: I, query: &HistoryQuery) -> Results<Vec<Reading>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        Results::new(self.as_async().history_pages(tags, query), self.clone())
    }

    /// What was changed among the values of a tag, with who did it and when.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_modified`](crate::Client::history_modified).
    pub fn history_modified(
        &self,
        tag: impl IntoTag,
        range: impl Into<HistoryRange>,
    ) -> Result<Vec<Modified>> {
        let (tag, range) = (tag.into_tag(), range.into());
        self.run(OPERATION, |opc| async move { opc.history_modified(tag, range).await })
    }

    /// As [`history_modified`](Self::history_modified), of many tags and as an iterator over pages.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_modified_pages`](crate::Client::history_modified_pages), as results.
    pub fn history_modified_pages<I>(&self, tags: I, query: &HistoryQuery) -> Results<Vec<Modified>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        Results::new(self.as_async().history_modified_pages(tags, query), self.clone())
    }

    /// The events that the server has kept of an object.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_events`](crate::Client::history_events).
    pub fn history_events(&self, tag: impl IntoTag, query: &EventQuery) -> Result<Vec<Occurrence>> {
        let (tag, query) = (tag.into_tag(), query.clone());
        self.run(OPERATION, |opc| async move { opc.history_events(tag, &query).await })
    }

    /// As [`history_events`](Self::history_events), of many objects and as an iterator over pages.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_events_pages`](crate::Client::history_events_pages), as results.
    pub fn history_events_pages<I>(&self, tags: I, query: &EventQuery) -> Results<Vec<Occurrence>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        Results::new(self.as_async().history_events_pages(tags, query), self.clone())
    }

    /// What was written beside the values of a tag.
    ///
    /// # Errors
    /// Those of [`openopc::Client::annotations`](crate::Client::annotations).
    pub fn annotations(&self, tag: impl IntoTag, range: impl Into<HistoryRange>) -> Result<Vec<Annotation>> {
        let (tag, range) = (tag.into_tag(), range.into());
        self.run(OPERATION, |opc| async move { opc.annotations(tag, range).await })
    }

    /// Writes beside the values of a tag: one result per annotation, in the order given.
    ///
    /// # Errors
    /// Those of [`openopc::Client::annotate`](crate::Client::annotate).
    pub fn annotate<I>(&self, tag: impl IntoTag, annotations: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Annotation>,
    {
        let (tag, annotations) = (tag.into_tag(), annotations.into_iter().collect::<Vec<_>>());
        self.run(EDIT, |opc| async move { opc.annotate(tag, annotations).await })
    }

    /// Puts values into the past of a tag, where there are none yet.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_insert`](crate::Client::history_insert).
    pub fn history_insert<I>(&self, tag: impl IntoTag, samples: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Sample>,
    {
        let (tag, samples) = (tag.into_tag(), samples.into_iter().collect::<Vec<_>>());
        self.run(EDIT, |opc| async move { opc.history_insert(tag, samples).await })
    }

    /// Puts values in place of those that are there.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_replace`](crate::Client::history_replace).
    pub fn history_replace<I>(&self, tag: impl IntoTag, samples: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Sample>,
    {
        let (tag, samples) = (tag.into_tag(), samples.into_iter().collect::<Vec<_>>());
        self.run(EDIT, |opc| async move { opc.history_replace(tag, samples).await })
    }

    /// Puts values in, whether there are any or not.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_update`](crate::Client::history_update).
    pub fn history_update<I>(&self, tag: impl IntoTag, samples: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = Sample>,
    {
        let (tag, samples) = (tag.into_tag(), samples.into_iter().collect::<Vec<_>>());
        self.run(EDIT, |opc| async move { opc.history_update(tag, samples).await })
    }

    /// Deletes the values of a tag at these times.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_delete_at`](crate::Client::history_delete_at).
    pub fn history_delete_at<I>(&self, tag: impl IntoTag, times: I) -> Result<Vec<Result<Status>>>
    where
        I: IntoIterator<Item = DateTime<Utc>>,
    {
        let (tag, times) = (tag.into_tag(), times.into_iter().collect::<Vec<_>>());
        self.run(EDIT, |opc| async move { opc.history_delete_at(tag, times).await })
    }

    /// Deletes the values of a tag from the start of the range to before its end.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_delete`](crate::Client::history_delete).
    pub fn history_delete(&self, tag: impl IntoTag, range: impl Into<HistoryRange>) -> Result<()> {
        let (tag, range) = (tag.into_tag(), range.into());
        self.run(EDIT, |opc| async move { opc.history_delete(tag, range).await })
    }

    /// Deletes what is known of changes to the values in the range.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_delete_modified`](crate::Client::history_delete_modified).
    pub fn history_delete_modified(&self, tag: impl IntoTag, range: impl Into<HistoryRange>) -> Result<()> {
        let (tag, range) = (tag.into_tag(), range.into());
        self.run(EDIT, |opc| async move { opc.history_delete_modified(tag, range).await })
    }

    /// What the server can do with the past, as it says itself.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_capabilities`](crate::Client::history_capabilities).
    pub fn history_capabilities(&self) -> Result<Capabilities> {
        self.run(OPERATION, |opc| async move { opc.history_capabilities().await })
    }

    /// How the server keeps the history of a tag, as it says itself.
    ///
    /// # Errors
    /// Those of [`openopc::Client::history_configuration`](crate::Client::history_configuration).
    pub fn history_configuration(&self, tag: impl IntoTag) -> Result<Configuration> {
        let tag = tag.into_tag();
        self.run(OPERATION, |opc| async move { opc.history_configuration(tag).await })
    }
}
