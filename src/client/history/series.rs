//! [`Series`]: how far the reading of one tag has come.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::Tag;
use crate::engine::client::{PastPage, Point, Row};
use crate::status::code;
use crate::tag::Resolved;
use crate::{Error, Status};

use super::OPERATION;
use super::question::{Asked, FIRST, Question};

/// How many pages in a row may have nothing new, while the server says that there is more: one that looks for a needle may
/// take its time.
const MAX_IDLE: u32 = 100;

/// The same where it does not even go on: the continuation point is the one before.
const MAX_SAME: u32 = 3;

/// A tag whose past is being read.
#[derive(Debug)]
pub(super) struct Series {
    /// Among the tags that were given.
    pub(super) index: usize,
    pub(super) tag: Tag,
    pub(super) node: Option<Arc<Resolved>>,
    pub(super) point: Option<Point>,
    /// Where a request begins that follows no point, if not at the beginning.
    pub(super) from: Option<DateTime<Utc>>,
    /// How many values that request wants at a time.
    pub(super) most: u32,
    /// How many values at a time, or intervals, were not too many so far.
    pub(super) cap: u32,
    /// With how many others it may be asked for, itself included: fewer since all of them were refused together.
    pub(super) together: usize,
    /// How many had been given when the request began: that is the first of the times that it is about, where the values at
    /// times are asked for.
    pub(super) chunk: usize,
    /// How many values have been given away.
    given: usize,
    /// The time of the last of them, and how many of them have it.
    last: Option<(DateTime<Utc>, usize)>,
    /// How many of those at `from` have been given away already.
    skip: usize,
    /// Both times are sent, though one was given: this server takes no notice of an end without a start.
    pub(super) both_times: bool,
    /// The furthest time of all that were given away.
    furthest: Option<DateTime<Utc>>,
    /// The pages that came since time went on: values of one time may fill many.
    seen: HashSet<u64>,
    idle: u32,
    same: u32,
}

/// What follows a page.
pub(super) enum Then {
    More,
    /// The same, and the server need not remember this: it does not go on where it was.
    Anew(Option<Point>),
    /// The tag is done, and the server need not remember this.
    Over(Option<Point>),
}

impl Series {
    pub(super) fn new(index: usize, tag: Tag) -> Series {
        Series {
            index,
            tag,
            node: None,
            point: None,
            from: None,
            most: 0,
            cap: u32::MAX,
            together: usize::MAX,
            chunk: 0,
            given: 0,
            last: None,
            skip: 0,
            both_times: false,
            furthest: None,
            seen: HashSet::new(),
            idle: 0,
            same: 0,
        }
    }

    /// Settles what the next request that follows no point asks for.
    pub(super) fn begin(&mut self, question: &Question) {
        let page = question.page.min(self.cap);
        // Those that are known come first, and a bound where these are gone: with room for what is new.
        let known = self.skip.saturating_add(usize::from(question.bounds && self.from.is_some()));
        let skip = u32::try_from(known).unwrap_or(u32::MAX);
        let most = if skip < page { page } else { page.saturating_add(skip) };
        self.most = match question.count {
            None => most,
            Some(count) => {
                let left = u32::try_from(count.saturating_sub(self.given)).unwrap_or(u32::MAX);
                most.min(left.saturating_add(skip))
            }
        };
    }

    /// Begins again after what has been given; of an aggregate, the part that nothing has been given of.
    pub(super) fn resume(&mut self, question: &Question) {
        self.point = None;
        if !question.is_resumable() {
            return;
        }
        self.chunk = self.given;
        if let Some((time, count)) = self.last {
            self.from = Some(time);
            self.skip = count;
        }
    }

    /// What was asked for was too much: asks for less, after what has been given, or says that there is no less.
    pub(super) fn ask_less(&mut self, question: &Question) -> bool {
        if !self.can_resume(question) {
            return false;
        }
        let before = match question.intervals() {
            Some(intervals) => intervals.min(self.cap),
            None => self.most.min(question.page).min(self.cap),
        };
        if before <= 1 {
            return false;
        }
        self.cap = before / 2;
        self.resume(question);
        true
    }

    /// Nothing would be given twice: half a part of an aggregate cannot be left out.
    pub(super) fn can_resume(&self, question: &Question) -> bool {
        question.is_resumable() || self.given == self.chunk
    }

    /// The server's place has been lost for no fault of the connection: that must not happen for ever.
    pub(super) fn lose_place(&mut self, question: &Question) -> Result<(), Error> {
        self.idle += 1;
        self.check_idle()?;
        self.resume(question);
        Ok(())
    }

    /// Takes a page: what is new of it, and what follows. An error comes after what is new.
    pub(super) fn absorb(&mut self, question: &Question, page: PastPage) -> (Vec<Row>, Result<Then, Error>) {
        let PastPage { mut rows, next } = page;
        if self.point.is_some() && self.goes_back(question, &rows) {
            return (Vec::new(), self.lose_place(question).map(|()| Then::Anew(next)));
        }
        if self.is_end_ignored(question, &rows) {
            self.both_times = true;
            return (Vec::new(), Ok(Then::Anew(next)));
        }
        let fetched = rows.len();
        if self.both_times {
            // The bound of a time that nobody gave.
            rows.retain(|row| time(row).is_none_or(|time| time > FIRST));
        }
        self.drop_known(question, &mut rows);
        let full = question.count.is_some_and(|count| {
            rows.truncate(count.saturating_sub(self.given));
            self.given + rows.len() == count
        });
        let is_news = self.note(question, &rows);
        let then = if full { Ok(Then::Over(next)) } else { self.then(question, fetched, is_news, next) };
        (rows, then)
    }

    /// The newest up to a time were asked for, and what came is newer: asyncua 2.1 gives the newest of all.
    fn is_end_ignored(&self, question: &Question, rows: &[Row]) -> bool {
        let Some(end) = question.end_alone() else { return false };
        if self.both_times || self.point.is_some() {
            return false;
        }
        let end = self.from.unwrap_or(end);
        let newer = rows.iter().filter(|row| time(row).is_some_and(|time| time > end)).count();
        newer > usize::from(question.bounds)
    }

    /// What follows a point begins before what was there, or runs the wrong way: asyncua 2.1 turns round where it was asked
    /// for the newest first.
    fn goes_back(&self, question: &Question, rows: &[Row]) -> bool {
        let (Some(first), Some(last)) = (rows.first().and_then(time), rows.last().and_then(time)) else {
            return false;
        };
        let before = self.last.is_some_and(|(given, _)| question.is_beyond(given, first));
        question.is_ordered() && (before || question.is_beyond(first, last))
    }

    /// Without what was given before the place was lost.
    fn drop_known(&mut self, question: &Question, rows: &mut Vec<Row>) {
        let (Some(from), true) = (self.from, self.skip > 0) else { return };
        // A value before that is the bound of one that is gone.
        let is_before = |row: &&Row| time(row).is_some_and(|time| question.is_beyond(from, time));
        let before = rows.iter().take_while(is_before).count();
        rows.drain(..before);
        let known = rows.iter().take(self.skip).take_while(|row| time(row) == Some(from)).count();
        // What comes after the time is new, however many are missing before it.
        self.skip = if known < rows.len() { 0 } else { self.skip - known };
        rows.drain(..known);
    }

    /// Counts what is given away; whether there is news in it.
    fn note(&mut self, question: &Question, rows: &[Row]) -> bool {
        self.given += rows.len();
        let Some(last) = rows.last().and_then(time) else { return !rows.is_empty() };
        let equal = rows.iter().rev().take_while(|row| time(row) == Some(last)).count();
        let earlier = self.last.filter(|(time, _)| *time == last && equal == rows.len());
        self.last = Some((last, equal + earlier.map_or(0, |(_, count)| count)));
        // In the order of the times that were given.
        if matches!(question.asked, Asked::At { .. }) {
            return true;
        }
        if self.furthest.is_none_or(|furthest| question.is_beyond(last, furthest)) {
            self.furthest = Some(last);
            self.seen.clear();
            return true;
        }
        self.seen.insert(print(rows))
    }

    fn then(
        &mut self,
        question: &Question,
        fetched: usize,
        is_news: bool,
        next: Option<Point>,
    ) -> Result<Then, Error> {
        if let Asked::At { times, .. } = &question.asked {
            let most = usize::try_from(self.most).unwrap_or(usize::MAX);
            let wanted = times.len().saturating_sub(self.chunk).min(most);
            let got = self.given.saturating_sub(self.chunk);
            // One value for each time (Part 11, 6.5.5.1), or nobody knows which belongs to which.
            if got > wanted || (got < wanted && next.is_none()) {
                return Err(self.refused(code::BAD_UNKNOWN_RESPONSE));
            }
            if got == wanted {
                self.point = None;
                self.chunk = self.given;
                return Ok(if self.chunk < times.len() { Then::More } else { Then::Over(next) });
            }
        }
        if next.is_none()
            && let Some(end) = question.part_end(self)
        {
            self.point = None;
            self.from = Some(end);
            self.chunk = self.given;
            return Ok(Then::More);
        }
        let Some(point) = next else {
            self.point = None;
            // As many as were asked for, and no point: a server that takes them for all that is wanted.
            let most = usize::try_from(self.most).unwrap_or(usize::MAX);
            let goes_on = self.last.is_some_and(|(time, _)| question.goes_on_after(time));
            if fetched < most || !goes_on {
                return Ok(Then::Over(None));
            }
            // It was asked for more than is known, and whether there is more it has not said.
            self.count_idle(!is_news, !is_news);
            self.check_idle()?;
            self.resume(question);
            return Ok(Then::More);
        };
        self.count_idle(!is_news, self.point.as_ref() == Some(&point));
        self.point = Some(point);
        self.check_idle()?;
        Ok(Then::More)
    }

    /// Whether the page had no news, and was the one before.
    fn count_idle(&mut self, is_idle: bool, is_same: bool) {
        self.idle = if is_idle { self.idle + 1 } else { 0 };
        self.same = if is_idle && is_same { self.same + 1 } else { 0 };
    }

    fn check_idle(&self) -> Result<(), Error> {
        if self.idle >= MAX_IDLE || self.same >= MAX_SAME {
            return Err(Error::Endless { operation: OPERATION, tag: self.tag.clone(), pages: self.idle });
        }
        Ok(())
    }

    pub(super) fn refused(&self, status: Status) -> Error {
        Error::Item { operation: OPERATION, tag: self.tag.clone(), status }
    }
}

fn time(row: &Row) -> Option<DateTime<Utc>> {
    row.sample.source_time.or(row.sample.server_time)
}

/// By which a page is known that comes again.
fn print(rows: &[Row]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for row in rows {
        format!("{row:?}").hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests;
