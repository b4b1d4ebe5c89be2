//! `history_modified`: what values were before they were changed, and who did it.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::client::Results;
use crate::engine::client::{Extra, Row};
use crate::{Client, IntoTag, Reading, Result, Tag};

use super::run::Maker;
use super::{HistoryQuery, HistoryRange, all, read};

/// A value as it was before it was changed, with who did it and when (Part 11, 6.9.1).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Modified {
    /// The value as it was; of one that was inserted, the value itself.
    pub reading: Reading,
    /// What was done to it.
    pub change: Change,
    /// When that was done, where the server tells.
    pub time: Option<DateTime<Utc>>,
    /// Who did it, where the server tells.
    pub user: Option<String>,
}

/// What was done to a value of the past (`HistoryUpdateType`, Part 11, 6.9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// It was put in later.
    Insert,
    /// It was replaced.
    Replace,
    /// It was put in or replaced, and the server does not tell which.
    Update,
    /// It was deleted.
    Delete,
    /// Nothing that the standard knows, or the server does not tell.
    Unknown,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Change::Insert => "Insert",
            Change::Replace => "Replace",
            Change::Update => "Update",
            Change::Delete => "Delete",
            Change::Unknown => "Unknown",
        })
    }
}

impl Client {
    /// What was changed among the values of a tag, with who did it, when, and what was done. What is in the history now is
    /// [`history`](Self::history)'s.
    ///
    /// # Errors
    /// Those of [`history`](Self::history).
    pub async fn history_modified(
        &self,
        tag: impl IntoTag,
        range: impl Into<HistoryRange>,
    ) -> Result<Vec<Modified>> {
        all(self, tag.into_tag(), HistoryQuery::raw(range), true, modified).await
    }

    /// As [`history_modified`](Self::history_modified), of many tags and page by page, as
    /// [`history_pages`](Self::history_pages). The query is one of raw values.
    ///
    /// # Errors
    /// Those of [`history_pages`](Self::history_pages); [`Error::Query`](crate::Error::Query) where the query is about other
    /// than raw values.
    pub fn history_modified_pages<I>(&self, tags: I, query: &HistoryQuery) -> Results<Vec<Modified>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = tags.into_iter().map(IntoTag::into_tag).collect();
        read(self, tags, query.clone(), true, Maker { row: modified, piece: |piece| piece.rows })
    }
}

fn modified(row: Row, tag: &Tag) -> Modified {
    let reading = row.sample.into_reading(tag.clone());
    let (change, time, user) = match row.extra.map(|extra| *extra) {
        Some(Extra::Change(change)) => {
            let kind = match change.kind {
                1 => Change::Insert,
                2 => Change::Replace,
                3 => Change::Update,
                4 => Change::Delete,
                _ => Change::Unknown,
            };
            (kind, change.time, change.user)
        }
        _ => (Change::Unknown, None, None),
    };
    Modified { reading, change, time, user }
}
