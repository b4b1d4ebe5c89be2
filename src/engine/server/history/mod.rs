//! The past over the wire: `HistoryRead` and `HistoryUpdate` (Part 11, 6.4 to 6.9).

mod annotations;
mod capabilities;
mod events;
mod filter;
mod modified;
mod point;
mod processed;
mod raw;
mod times;
mod update;
mod value;

use opcua::server::node_manager::HistoryNode;
use opcua::types as ua;
use opcua::types::{NodeId, NumericRange, ObjectId, StatusCode, TimestampsToReturn};

pub(super) use self::capabilities::{capability, offer_aggregates};
pub(super) use self::events::{Notifier, Told};
pub(super) use self::update::Updater;
use self::value::Frame;
use super::attributes::{View, index_range};
use super::standard::Standard;
use crate::Status;
use crate::engine::convert;
use crate::sim::history::{Archive, Past};
use crate::sim::{Key, Limits, code};

/// Values in one answer, however many nodes it is for.
const VALUES_PER_ANSWER: usize = 100_000;

/// Whose past it is about.
pub(super) enum Target<'a> {
    Item(Past<'a>),
    /// What was written beside the values of an item.
    Annotations(Past<'a>),
}

/// The past of this node.
pub(super) fn target<'a>(view: &View<'a>, standard: &Standard, id: &NodeId) -> Result<Target<'a>, Status> {
    let unsupported = code::BAD_HISTORY_OPERATION_UNSUPPORTED;
    match view.key(id) {
        Some(Key::Item(item)) => view.space.past(item).map(Target::Item).ok_or(unsupported),
        Some(Key::Archive(item, Archive::Annotations)) => {
            view.space.past(item).map(Target::Annotations).ok_or(unsupported)
        }
        None if !standard.exists(id) => Err(code::BAD_NODE_ID_UNKNOWN),
        _ => Err(unsupported),
    }
}

/// One request to read.
pub(super) struct Reader<'a> {
    view: View<'a>,
    standard: &'a Standard,
    stamps: TimestampsToReturn,
    /// The most values and bytes of one node.
    page: usize,
    bytes: usize,
    events: usize,
}

impl<'a> Reader<'a> {
    /// For a request that names this many nodes.
    pub(super) fn new(
        view: View<'a>,
        standard: &'a Standard,
        limits: &Limits,
        stamps: TimestampsToReturn,
        nodes: usize,
    ) -> Reader<'a> {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let share = |whole: usize| (whole / nodes.max(1)).max(1);
        Reader {
            view,
            standard,
            stamps,
            page: size(limits.history_values).min(share(VALUES_PER_ANSWER)),
            // What is not the values needs room too.
            bytes: share(size(limits.message_size) / 2),
            events: size(limits.history_events),
        }
    }

    /// The past of the node that is asked for, and how its values are to be told.
    fn open(&self, node: &HistoryNode) -> Result<(Target<'a>, Frame), Status> {
        // Part 4, 5.11.3.2.
        if matches!(self.stamps, TimestampsToReturn::Neither | TimestampsToReturn::Invalid) {
            return Err(code::BAD_TIMESTAMPS_TO_RETURN_INVALID);
        }
        let target = target(&self.view, self.standard, node.node_id())?;
        let encoding = node.data_encoding();
        match encoding.name.as_ref() {
            "" | "Default Binary" if encoding.namespace_index == 0 => {}
            "Default XML" | "Default JSON" if encoding.namespace_index == 0 => {
                return Err(code::BAD_DATA_ENCODING_UNSUPPORTED);
            }
            _ => return Err(code::BAD_DATA_ENCODING_INVALID),
        }
        let range = index_range(node.index_range());
        if range.as_ref().is_some_and(crate::sim::IndexRange::is_invalid) {
            return Err(code::BAD_INDEX_RANGE_INVALID);
        }
        let (Target::Item(past) | Target::Annotations(past)) = &target;
        let frame = Frame { stamps: self.stamps, range, data_type: past.data_type() };
        Ok((target, frame))
    }

    /// The past of an item.
    fn open_item(&self, node: &HistoryNode) -> Result<(Past<'a>, Frame), Status> {
        match self.open(node)? {
            (Target::Item(past), frame) => Ok((past, frame)),
            (Target::Annotations(_), _) => Err(code::BAD_HISTORY_OPERATION_UNSUPPORTED),
        }
    }

    /// Aggregates of an item: of parts of values there are none.
    fn open_whole(&self, node: &HistoryNode) -> Result<(Past<'a>, Frame), Status> {
        match node.index_range() {
            NumericRange::None => self.open_item(node),
            _ => Err(code::BAD_INDEX_RANGE_INVALID),
        }
    }
}

/// Values, or events, that were found: an answer without any says so.
fn status_of<T>(found: &[T]) -> StatusCode {
    if found.is_empty() { convert::to_status(code::GOOD_NO_DATA) } else { StatusCode::Good }
}

/// A time that was given: the null time means that there is none.
fn given(time: ua::DateTime) -> Option<chrono::DateTime<chrono::Utc>> {
    (!time.is_null()).then(|| convert::from_date_time(time))
}

/// The object that has the history of events.
pub(super) fn is_server(id: &NodeId) -> bool {
    *id == ObjectId::Server
}

/// What a refusal does to a node.
fn settle(node: &mut HistoryNode, result: Result<(), Status>) {
    if let Err(status) = result {
        node.set_status(convert::to_status(status));
    }
}
