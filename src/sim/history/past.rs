//! [`Past`]: what there is to know of an item's past, however it is kept.

use chrono::{DateTime, Utc};

use super::computed;
use super::series::Series;
use super::store::{Annotation, Change, Direction, Modified};
use crate::history::Sample;
use crate::sim::node::Node;
use crate::sim::space::Space;
use crate::status::code;
use crate::{DataType, Status};

/// Samples looked at in one go where all are wanted.
const PAGE: usize = 10_000;

/// The past of one item.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    space: &'a Space,
    node: &'a Node,
    pub(crate) series: &'a Series,
}

impl<'a> Past<'a> {
    pub(crate) fn of(space: &'a Space, node: &'a Node) -> Option<Past<'a>> {
        let series = node.history.as_deref()?;
        Some(Past { space, node, series })
    }

    /// The type of its values.
    pub(crate) fn data_type(&self) -> DataType {
        self.node.shape.data_type
    }

    pub(crate) fn node(&self) -> &'a Node {
        self.node
    }

    /// At most `limit` samples from `from` on, which is one of them if there is one at that time.
    pub(crate) fn scan(
        &self,
        from: DateTime<Utc>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Sample>, Status> {
        if self.series.is_computed() {
            let wanted = (from, direction, limit);
            let now = self.space.time.now();
            return Ok(computed::scan(self.series, self.node, self.space.seed, now, wanted));
        }
        self.store().scan(&self.series.id, from, direction, limit)
    }

    /// Every sample from `from` to `to`, both included, in the order of time.
    pub(crate) fn all(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Sample>, Status> {
        let mut all: Vec<Sample> = Vec::new();
        let mut from = from;
        while from <= to {
            let page = self.scan(from, Direction::Forward, PAGE)?;
            let whole = page.len() == PAGE;
            let last = page.last().map(|sample| sample.time);
            all.extend(page.into_iter().take_while(|sample| sample.time <= to));
            match last.and_then(|last| last.checked_add_signed(TICK)) {
                Some(next) if whole => from = next,
                _ => break,
            }
        }
        Ok(all)
    }

    /// The time of the first sample there is.
    pub(crate) fn start(&self) -> Option<DateTime<Utc>> {
        self.scan(DateTime::<Utc>::MIN_UTC, Direction::Forward, 1).ok()?.first().map(|sample| sample.time)
    }

    /// What was modified among the samples of this time, both ends included.
    pub(crate) fn modified(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Modified>, Status> {
        self.store().modified(&self.series.id, from, to)
    }

    /// Edits, each with its own answer.
    pub(crate) fn change(&self, changes: Vec<Change>, user: &str) -> Result<Vec<Status>, Status> {
        self.writable()?;
        let done = self.store().change(&self.series.id, changes, user, self.space.time.now())?;
        self.trim()?;
        Ok(done)
    }

    /// Deletes every sample from `from` to before `to`; tells how many.
    pub(crate) fn delete(&self, from: DateTime<Utc>, to: DateTime<Utc>, user: &str) -> Result<usize, Status> {
        self.writable()?;
        self.store().delete(&self.series.id, from, to, user, self.space.time.now())
    }

    /// Forgets what was modified from `from` to before `to`; tells how much it was.
    pub(crate) fn forget(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<usize, Status> {
        self.writable()?;
        self.store().forget(&self.series.id, from, to)
    }

    /// Annotations of values of this time, both ends included.
    pub(crate) fn annotations(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Annotation>, Status> {
        self.store().annotations(&self.series.id, from, to)
    }

    /// Adds annotations.
    pub(crate) fn annotate(&self, annotations: Vec<Annotation>) -> Result<(), Status> {
        self.store().annotate(&self.series.id, annotations)
    }

    /// Takes annotations away; for each whether it was there.
    pub(crate) fn erase(&self, annotations: &[Annotation]) -> Result<Vec<bool>, Status> {
        self.store().erase(&self.series.id, annotations)
    }

    fn writable(&self) -> Result<(), Status> {
        if self.series.is_computed() { Err(code::BAD_HISTORY_OPERATION_UNSUPPORTED) } else { Ok(()) }
    }

    fn trim(&self) -> Result<(), Status> {
        match self.series.capacity {
            Some(capacity) => self.store().trim(&self.series.id, capacity),
            None => Ok(()),
        }
    }

    fn store(&self) -> &'a dyn super::store::Store {
        self.series.historian.store()
    }
}

/// The shortest time that OPC UA can tell.
pub(crate) const TICK: chrono::TimeDelta = chrono::TimeDelta::nanoseconds(100);
