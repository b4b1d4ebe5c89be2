//! Values that have been modified (Part 11, 6.5.3.3).

use chrono::{DateTime, Utc};
use opcua::server::node_manager::HistoryNode;
use opcua::types::{HistoryModifiedData, HistoryUpdateType, ModificationInfo, ReadRawModifiedDetails};

use super::point::{resumed, suspend};
use super::raw::Domain;
use super::value::Frame;
use super::{Reader, status_of};
use crate::Status;
use crate::engine::convert;
use crate::sim::code;
use crate::sim::history::Past;
use crate::sim::history::store::{ChangeKind, Direction};

/// Where a read goes on: at this time, with so many of that time told already.
pub(super) struct Next {
    pub(super) domain: Domain,
    pub(super) time: DateTime<Utc>,
    told: usize,
}

impl Reader<'_> {
    pub(super) fn modified(
        &self,
        details: &ReadRawModifiedDetails,
        past: Past<'_>,
        frame: &Frame,
        node: &mut HistoryNode,
    ) -> Result<(), Status> {
        if details.return_bounds {
            return Err(code::BAD_INVALID_ARGUMENT);
        }
        let next = match resumed::<Next>(node)? {
            Some(next) => next,
            None => Next::new(Domain::new(details)?),
        };
        let found = list(next.domain, next.time, |from, to| past.modified(from, to), |one| one.sample.time)?;
        let (page, next) = next.page(found, self.page, |one| one.sample.time);
        let status = status_of(&page);
        let infos = page.iter().map(|one| ModificationInfo {
            modification_time: convert::to_date_time(one.time),
            update_type: match one.kind {
                ChangeKind::Insert => HistoryUpdateType::Insert,
                ChangeKind::Replace => HistoryUpdateType::Replace,
                ChangeKind::Update => HistoryUpdateType::Update,
                ChangeKind::Delete => HistoryUpdateType::Delete,
            },
            user_name: one.user.as_str().into(),
        });
        let modification_infos = Some(infos.collect());
        let data_values = Some(page.into_iter().map(|one| frame.value(one.sample)).collect());
        node.set_result(HistoryModifiedData { data_values, modification_infos });
        node.set_status(status);
        if let Some(next) = next {
            suspend(node, next);
        }
        Ok(())
    }
}

/// Everything a domain holds from a time on, in the order it is told.
pub(super) fn list<T>(
    domain: Domain,
    from: DateTime<Utc>,
    look: impl FnOnce(DateTime<Utc>, DateTime<Utc>) -> Result<Vec<T>, Status>,
    time: impl Fn(&T) -> DateTime<Utc>,
) -> Result<Vec<T>, Status> {
    let (earliest, latest) = domain.span();
    let (earliest, latest) = match domain.direction {
        Direction::Forward => (earliest.max(from), latest),
        Direction::Backward => (earliest, latest.min(from)),
    };
    let mut all = look(earliest, latest)?;
    all.retain(|one| domain.holds(time(one)));
    if domain.direction == Direction::Backward {
        // Stable: what was done to one value stays in the order it was done.
        all.sort_by_key(|one| std::cmp::Reverse(time(one)));
    }
    Ok(all)
}

impl Next {
    pub(super) fn new(domain: Domain) -> Next {
        Next { time: domain.start, domain, told: 0 }
    }

    /// One answer's worth of what was found from `self.time` on, and where to go on.
    pub(super) fn page<T>(
        mut self,
        found: Vec<T>,
        most: usize,
        time: impl Fn(&T) -> DateTime<Utc>,
    ) -> (Vec<T>, Option<Next>) {
        let most = self.domain.most(most);
        let mut rest = found.into_iter().skip(self.told).peekable();
        let page: Vec<T> = rest.by_ref().take(most).collect();
        let over = self.domain.given(page.len());
        let Some(next) = rest.peek().map(&time).filter(|_| !over) else { return (page, None) };
        let same = page.iter().rev().take_while(|one| time(one) == next).count();
        self.told = if next == self.time { self.told + same } else { same };
        self.time = next;
        (page, Some(self))
    }
}
