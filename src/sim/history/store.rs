//! [`Store`]: where the past of items is kept.

use std::fmt;

use chrono::{DateTime, Utc};

use super::event::{EventRecord, Kept};
use crate::Status;
use crate::history::Sample;
use crate::status::code;

/// Which way time goes in a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// One edit of a series (Part 11, 6.9.2 to 6.9.4).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// `BadEntryExists` where there is one at this time, else `Good`.
    Insert(Sample),
    /// `BadNoEntryExists` where there is none, else `Good`.
    Replace(Sample),
    /// `GoodEntryInserted` or `GoodEntryReplaced`.
    Update(Sample),
    /// `BadNoEntryExists` where there is none, else `Good`.
    Delete(DateTime<Utc>),
}

impl Change {
    pub(crate) fn time(&self) -> DateTime<Utc> {
        match self {
            Change::Insert(sample) | Change::Replace(sample) | Change::Update(sample) => sample.time,
            Change::Delete(time) => *time,
        }
    }

    /// The answer to it and what it does, by whether there is a sample at its time; `Err` is a refusal.
    pub(crate) fn outcome(&self, there: bool) -> Result<(Status, ChangeKind), Status> {
        match (self, there) {
            (Change::Insert(_), false) => Ok((Status::GOOD, ChangeKind::Insert)),
            (Change::Insert(_), true) => Err(code::BAD_ENTRY_EXISTS),
            (Change::Replace(_), true) => Ok((Status::GOOD, ChangeKind::Replace)),
            (Change::Update(_), true) => Ok((code::GOOD_ENTRY_REPLACED, ChangeKind::Replace)),
            (Change::Update(_), false) => Ok((code::GOOD_ENTRY_INSERTED, ChangeKind::Insert)),
            (Change::Delete(_), true) => Ok((Status::GOOD, ChangeKind::Delete)),
            (Change::Replace(_) | Change::Delete(_), false) => Err(code::BAD_NO_ENTRY_EXISTS),
        }
    }
}

/// What was done to a sample (`HistoryUpdateType`, Part 11, 6.9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Insert,
    Replace,
    /// One or the other of these: what other servers may say.
    #[allow(dead_code, reason = "a store may have it, but none of ours makes it")]
    Update,
    Delete,
}

/// A sample that is no longer what it was, or was put in later, with who did it and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Modified {
    /// What was there before; for an insertion, what was put in.
    pub(crate) sample: Sample,
    pub(crate) kind: ChangeKind,
    pub(crate) time: DateTime<Utc>,
    pub(crate) user: String,
}

/// What somebody wrote beside the values (Part 11, 6.6.6).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Annotation {
    /// The time of the value it is about.
    pub(crate) time: DateTime<Utc>,
    pub(crate) message: String,
    pub(crate) user: String,
    /// When it was written.
    pub(crate) written: DateTime<Utc>,
}

impl Annotation {
    /// Both are about the same value, by the same user at the same time: what tells annotations apart.
    pub(crate) fn is(&self, other: &Annotation) -> bool {
        self.time == other.time && self.written == other.written && self.user == other.user
    }
}

/// Where the past is kept, a series for each item, named by its id, and what happened. What a call has answered with `Ok` is kept: a store on
/// disk has it there.
///
/// Times are those of OPC UA, whole steps of 100 ns.
pub(crate) trait Store: Send + Sync + fmt::Debug {
    /// At most `limit` samples from `from` on, which is one of them if there is one at that time.
    fn scan(
        &self,
        series: &str,
        from: DateTime<Utc>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Sample>, Status>;

    /// What was modified among the samples with times from `from` to `to`, both included, in the order of time, of one time
    /// in the order it was done.
    fn modified(&self, series: &str, from: DateTime<Utc>, to: DateTime<Utc>)
    -> Result<Vec<Modified>, Status>;

    /// Samples as they come in, of many series in one go; one that is there already is replaced, and that is no
    /// modification.
    fn record(&self, samples: &[(&str, Sample)]) -> Result<(), Status>;

    /// Edits, each with its own answer; who did it and when is kept as a modification.
    fn change(
        &self,
        series: &str,
        changes: Vec<Change>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Status>, Status>;

    /// Deletes every sample from `from` to before `to`, kept as modifications; tells how many.
    fn delete(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<usize, Status>;

    /// Annotations of values from `from` to `to`, both included, in the order of time.
    fn annotations(
        &self,
        series: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Annotation>, Status>;

    /// Forgets what was modified among the samples from `from` to before `to`; tells how much it was.
    fn forget(&self, series: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<usize, Status>;

    /// Adds annotations. One that [is](Annotation::is) there already is replaced.
    fn annotate(&self, series: &str, annotations: Vec<Annotation>) -> Result<(), Status>;

    /// Takes annotations away; for each whether it was there.
    fn erase(&self, series: &str, annotations: &[Annotation]) -> Result<Vec<bool>, Status>;

    /// Forgets the oldest samples, and what was noted of them, so that this many are left.
    fn trim(&self, series: &str, capacity: usize) -> Result<(), Status>;

    /// Keeps an event, with the next number, and forgets the oldest so that `capacity` are left.
    fn happen(&self, event: &EventRecord, time: DateTime<Utc>, capacity: usize) -> Result<Kept, Status>;

    /// The events from `from` to `to`, both included, in the order of time, of one time in the order they came.
    fn events(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Kept>, Status>;

    /// Lets go of what it holds open. What is asked of it later is answered with `BadShutdown`.
    fn close(&self) {}
}
