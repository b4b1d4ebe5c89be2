//! `history` and its forms, blocking.

use crate::{HistoryQuery, HistoryRange, IntoTag, Operation, Reading, Result};

use super::client::parse_all;
use super::{Client, Results};

const OPERATION: Operation = Operation::History;

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
}
