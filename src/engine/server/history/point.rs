//! Continuation points.

use std::sync::{Mutex, PoisonError};

use opcua::server::ContinuationPoint;
use opcua::server::node_manager::HistoryNode;
use opcua::types::NodeId;

use crate::Status;
use crate::sim::code;

/// Where a read of one node goes on. The engine keeps it with the session, and both are gone together.
struct Saved<T> {
    node: NodeId,
    /// The engine hands it out for reading only.
    state: Mutex<Option<T>>,
}

/// Where this read goes on; `None` where it begins. A continuation point of another node, or of a read of another kind, is
/// none.
pub(super) fn resumed<T: Send + 'static>(node: &HistoryNode) -> Result<Option<T>, Status> {
    let Some(point) = node.continuation_point() else { return Ok(None) };
    let saved = point.get::<Saved<T>>().filter(|saved| saved.node == *node.node_id());
    let state = saved.and_then(|saved| saved.state.lock().unwrap_or_else(PoisonError::into_inner).take());
    state.map(Some).ok_or(code::BAD_CONTINUATION_POINT_INVALID)
}

/// The read of this node is to go on from here.
pub(super) fn suspend<T: Send + 'static>(node: &mut HistoryNode, state: T) {
    let saved = Saved { node: node.node_id().clone(), state: Mutex::new(Some(state)) };
    node.set_next_continuation_point(Some(ContinuationPoint::new(Box::new(saved))));
}
