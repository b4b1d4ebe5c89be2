//! Changing the past (Part 11, 6.9).

use opcua::server::node_manager::{HistoryUpdateDetails, HistoryUpdateNode, RequestContext};
use opcua::types as ua;
use opcua::types::{
    DataValue, DeleteAtTimeDetails, DeleteRawModifiedDetails, PerformUpdateType, StatusCode,
    UpdateDataDetails, UpdateStructureDataDetails, Variant,
};

use super::super::attributes::{View, value};
use super::super::standard::Standard;
use super::{Target, given, target};
use crate::engine::convert;
use crate::history::Sample;
use crate::sim::code;
use crate::sim::history::store::{Annotation, Change};
use crate::sim::history::{Past, TICK, tick};
use crate::{Status, Value};

/// One request to change the past.
pub(in super::super) struct Updater<'a> {
    view: View<'a>,
    standard: &'a Standard,
    user: String,
}

impl<'a> Updater<'a> {
    pub(in super::super) fn new(
        view: View<'a>,
        standard: &'a Standard,
        context: &RequestContext,
    ) -> Updater<'a> {
        let token = context.user_token().0.as_str();
        let user = if token == opcua::server::ANONYMOUS_USER_TOKEN_ID { "anonymous" } else { token };
        Updater { view, standard, user: user.to_owned() }
    }

    pub(in super::super) fn update(&self, node: &mut HistoryUpdateNode) {
        match self.done(node.details()) {
            Ok(statuses) => {
                node.set_status(StatusCode::Good);
                let statuses = statuses.map(|all| all.into_iter().map(convert::to_status).collect());
                node.set_operation_results(statuses);
            }
            Err(status) => node.set_status(convert::to_status(status)),
        }
    }

    /// One status for each operation, where there are several.
    fn done(&self, details: &HistoryUpdateDetails) -> Result<Option<Vec<Status>>, Status> {
        let target = target(&self.view, self.standard, details.node_id())?;
        let (Target::Item(past) | Target::Annotations(past)) = &target;
        if !past.series.writable {
            return Err(code::BAD_NOT_WRITABLE);
        }
        match (target, details) {
            (Target::Item(past), HistoryUpdateDetails::UpdateData(details)) => {
                self.values(past, details).map(Some)
            }
            (Target::Item(past), HistoryUpdateDetails::DeleteRawModified(details)) => {
                self.delete(past, details).map(|()| None)
            }
            (Target::Item(past), HistoryUpdateDetails::DeleteAtTime(details)) => {
                self.delete_at(past, details).map(Some)
            }
            (Target::Annotations(past), HistoryUpdateDetails::UpdateStructureData(details)) => {
                self.annotations(past, details).map(Some)
            }
            _ => Err(code::BAD_HISTORY_OPERATION_UNSUPPORTED),
        }
    }

    fn values(&self, past: Past<'_>, details: &UpdateDataDetails) -> Result<Vec<Status>, Status> {
        let kind: fn(Sample) -> Change = match details.perform_insert_replace {
            PerformUpdateType::Insert => Change::Insert,
            PerformUpdateType::Replace => Change::Replace,
            PerformUpdateType::Update => Change::Update,
            PerformUpdateType::Remove => return Err(code::BAD_HISTORY_OPERATION_INVALID),
        };
        let values = some(details.update_values.as_deref())?;
        let samples = values.iter().map(|value| sample(past, value).map(kind));
        changed(samples, |changes| past.change(changes, &self.user))
    }

    fn delete_at(&self, past: Past<'_>, details: &DeleteAtTimeDetails) -> Result<Vec<Status>, Status> {
        let times = some(details.req_times.as_deref())?;
        let times = times.iter().map(|time| given(*time).ok_or(code::BAD_INVALID_TIMESTAMP));
        changed(times.map(|time| time.map(Change::Delete)), |changes| past.change(changes, &self.user))
    }

    fn delete(&self, past: Past<'_>, details: &DeleteRawModifiedDetails) -> Result<(), Status> {
        let (Some(from), Some(to)) = (given(details.start_time), given(details.end_time)) else {
            return Err(code::BAD_INVALID_ARGUMENT);
        };
        if to < from {
            return Err(code::BAD_INVALID_ARGUMENT);
        }
        // Where both are the same it is that time.
        let to = if to == from { to.checked_add_signed(TICK).unwrap_or(to) } else { to };
        let gone = if details.is_delete_modified {
            past.forget(from, to)?
        } else {
            past.delete(from, to, &self.user)?
        };
        if gone == 0 { Err(code::BAD_NO_DATA) } else { Ok(()) }
    }

    fn annotations(
        &self,
        past: Past<'_>,
        details: &UpdateStructureDataDetails,
    ) -> Result<Vec<Status>, Status> {
        let values = some(details.update_values.as_deref())?;
        let statuses = values.iter().map(|value| {
            let annotation = self.annotation(value)?;
            let there = past.annotations(annotation.time, annotation.time)?;
            let there = there.iter().any(|other| other.is(&annotation));
            match (details.perform_insert_replace, there) {
                (PerformUpdateType::Insert, true) => Err(code::BAD_ENTRY_EXISTS),
                (PerformUpdateType::Replace | PerformUpdateType::Remove, false) => {
                    Err(code::BAD_NO_ENTRY_EXISTS)
                }
                (PerformUpdateType::Remove, true) => past.erase(&[annotation]).map(|_| Status::GOOD),
                (kind, there) => {
                    past.annotate(vec![annotation])?;
                    Ok(match (kind, there) {
                        (PerformUpdateType::Update, true) => code::GOOD_ENTRY_REPLACED,
                        (PerformUpdateType::Update, false) => code::GOOD_ENTRY_INSERTED,
                        _ => Status::GOOD,
                    })
                }
            }
        });
        Ok(statuses.map(|status| status.unwrap_or_else(|refusal| refusal)).collect())
    }

    fn annotation(&self, value: &DataValue) -> Result<Annotation, Status> {
        let time = value.source_timestamp.and_then(given).ok_or(code::BAD_INVALID_TIMESTAMP)?;
        let Some(Variant::ExtensionObject(object)) = &value.value else {
            return Err(code::BAD_TYPE_MISMATCH);
        };
        let annotation = object.inner_as::<ua::Annotation>().ok_or(code::BAD_TYPE_MISMATCH)?;
        let user = annotation.user_name.as_ref();
        let written = given(annotation.annotation_time).unwrap_or_else(|| self.view.space.time.now());
        Ok(Annotation {
            time: tick(time),
            message: annotation.message.as_ref().to_owned(),
            user: if user.is_empty() { self.user.clone() } else { user.to_owned() },
            written: tick(written),
        })
    }
}

fn some<T>(list: Option<&[T]>) -> Result<&[T], Status> {
    list.filter(|list| !list.is_empty()).ok_or(code::BAD_NOTHING_TO_DO)
}

/// A value that a client gave, as a sample of the item.
fn sample(past: Past<'_>, given_value: &DataValue) -> Result<Sample, Status> {
    let time = given_value.source_timestamp.and_then(given).ok_or(code::BAD_INVALID_TIMESTAMP)?;
    let status = given_value.status.map_or(Status::GOOD, convert::from_status);
    let value = match value(given_value.value.clone()) {
        // What is bad needs no value.
        Value::Null if status.is_bad() => Value::Null,
        value => past.node().shape.accept(value)?,
    };
    Ok(Sample { time: tick(time), value, status })
}

/// Does what can be done, all in one go, and says of each operation what became of it.
fn changed(
    changes: impl Iterator<Item = Result<Change, Status>>,
    apply: impl FnOnce(Vec<Change>) -> Result<Vec<Status>, Status>,
) -> Result<Vec<Status>, Status> {
    let mut sound = Vec::new();
    let refused: Vec<Option<Status>> =
        changes.map(|change| change.map(|change| sound.push(change)).err()).collect();
    let mut done = if sound.is_empty() { Vec::new() } else { apply(sound)? }.into_iter();
    let answer =
        |refused: Option<Status>| refused.or_else(|| done.next()).unwrap_or(code::BAD_INTERNAL_ERROR);
    Ok(refused.into_iter().map(answer).collect())
}
