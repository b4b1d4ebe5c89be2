//! Changing the past: `HistoryUpdate` (Part 4, 5.11.5; Part 11, 6.8 and 6.9).

use chrono::{DateTime, Utc};
use opcua::client::services::HistoryUpdate;
use opcua::client::{HistoryUpdateAction, UARequest};
use opcua::types as ua;
use opcua::types::{
    DataValue, DeleteAtTimeDetails, DeleteRawModifiedDetails, HistoryUpdateResult, PerformUpdateType,
    UpdateDataDetails, UpdateStructureDataDetails, Variant,
};

use super::annotation::{self, Note};
use super::given_time;
use crate::engine::client::call::call;
use crate::engine::client::{Failure, Link};
use crate::engine::convert;
use crate::history::Sample;
use crate::status::code;
use crate::{NodeId, Status};

/// What becomes of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Insert,
    Replace,
    Update,
}

/// Edits of one node.
#[derive(Clone, Debug)]
pub(crate) enum Edits {
    Values(Edit, Vec<Sample>),
    /// Each about the value at its time.
    Notes(Vec<(DateTime<Utc>, Note)>),
    DeleteAt(Vec<DateTime<Utc>>),
    /// From the one time to before the other; `modified` is what values were before they were changed.
    Delete {
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        modified: bool,
    },
}

impl Edits {
    /// How many answers they have.
    fn count(&self) -> usize {
        match self {
            Edits::Values(_, samples) => samples.len(),
            Edits::Notes(notes) => notes.len(),
            Edits::DeleteAt(times) => times.len(),
            Edits::Delete { .. } => 0,
        }
    }
}

impl Link {
    /// Edits of one node: one status for each in order, or the one with which the server refused them all.
    pub(crate) async fn edit_past(
        &self,
        node: &NodeId,
        edits: Edits,
    ) -> Result<Result<Vec<Status>, Status>, Failure> {
        let count = edits.count();
        let request =
            HistoryUpdate::new(&self.session).details(vec![action(node, edits)]).timeout(self.timeout);
        let response = call("HistoryUpdate", count.max(1), request.send(self.session.channel())).await?;
        let mut results = response.results.unwrap_or_default();
        match (results.pop(), results.len()) {
            (Some(result), 0) => Ok(statuses(result, count)),
            (_, more) => Err(Failure::wrong_count(1, more + 1)),
        }
    }
}

fn statuses(result: HistoryUpdateResult, count: usize) -> Result<Vec<Status>, Status> {
    let status = convert::from_status(result.status_code);
    let each: Vec<Status> =
        result.operation_results.unwrap_or_default().into_iter().map(convert::from_status).collect();
    match each.len() {
        // Told of each, whatever is told of all.
        told if told == count && told > 0 => Ok(each),
        _ if status.is_bad() => Err(status),
        0 => Ok(vec![status; count]),
        _ => Err(code::BAD_UNKNOWN_RESPONSE),
    }
}

fn action(node: &NodeId, edits: Edits) -> HistoryUpdateAction {
    let node_id = convert::to_node_id(node.clone());
    match edits {
        Edits::Values(edit, samples) => UpdateDataDetails {
            node_id,
            perform_insert_replace: match edit {
                Edit::Insert => PerformUpdateType::Insert,
                Edit::Replace => PerformUpdateType::Replace,
                Edit::Update => PerformUpdateType::Update,
            },
            update_values: Some(samples.into_iter().map(to_data_value).collect()),
        }
        .into(),
        Edits::Notes(notes) => UpdateStructureDataDetails {
            node_id,
            perform_insert_replace: PerformUpdateType::Insert,
            update_values: Some(
                notes.into_iter().map(|(time, note)| at(time, annotation::to_variant(note))).collect(),
            ),
        }
        .into(),
        Edits::DeleteAt(times) => {
            DeleteAtTimeDetails { node_id, req_times: Some(times.into_iter().map(given_time).collect()) }
                .into()
        }
        Edits::Delete { start, end, modified } => DeleteRawModifiedDetails {
            node_id,
            is_delete_modified: modified,
            start_time: given_time(start),
            end_time: given_time(end),
        }
        .into(),
    }
}

fn to_data_value(sample: Sample) -> DataValue {
    DataValue {
        status: Some(ua::StatusCode::from(sample.status.bits())),
        ..at(sample.time, convert::to_variant(sample.value))
    }
}

fn at(time: DateTime<Utc>, value: Variant) -> DataValue {
    DataValue { value: Some(value), source_timestamp: Some(given_time(time)), ..DataValue::null() }
}
