//! Values at times (Part 11, 6.5.5).

use std::time::Duration;

use chrono::{DateTime, Utc};
use opcua::server::node_manager::HistoryNode;
use opcua::types::{HistoryData, ReadAtTimeDetails, StatusCode};

use super::point::{resumed, suspend};
use super::processed::Calculation;
use super::{Reader, given, settle};
use crate::history::{Aggregate, Origin, ProcessSpec, Sample};
use crate::sim::code;
use crate::sim::history::store::Direction;
use crate::sim::history::{Past, TICK};
use crate::{Status, TimeRange, Value};

/// Where a read goes on: with the time at this place.
struct Next(usize);

impl Reader<'_> {
    pub(in super::super) fn at_times(&self, details: &ReadAtTimeDetails, node: &mut HistoryNode) {
        let result = self.at_times_of(details, node);
        settle(node, result);
    }

    fn at_times_of(&self, details: &ReadAtTimeDetails, node: &mut HistoryNode) -> Result<(), Status> {
        let (past, frame) = self.open_item(node)?;
        let times = details.req_times.as_deref().unwrap_or_default();
        if times.is_empty() {
            return Err(code::BAD_NOTHING_TO_DO);
        }
        let Next(first) = resumed::<Next>(node)?.unwrap_or(Next(0));
        let mut values = Vec::new();
        for time in times.iter().skip(first).take(self.page) {
            let sample = match given(*time) {
                Some(time) => at(past, time, details.use_simple_bounds)?,
                None => Sample {
                    time: crate::engine::convert::from_date_time(*time),
                    value: Value::Null,
                    status: code::BAD_INVALID_TIMESTAMP,
                },
            };
            values.push(frame.value(sample));
        }
        let next = first + values.len();
        node.set_result(HistoryData { data_values: Some(values) });
        node.set_status(StatusCode::Good);
        if next < times.len() {
            suspend(node, Next(next));
        }
        Ok(())
    }
}

/// The value at a time: as it is kept, else from those around it, by the rules of `Interpolative`.
fn at(past: Past<'_>, time: DateTime<Utc>, simple: bool) -> Result<Sample, Status> {
    let kept = past.scan(time, Direction::Forward, 1)?.pop().filter(|sample| sample.time == time);
    // "There is no data" is not a value.
    if let Some(sample) = kept.filter(|sample| sample.status.code() != code::BAD_NO_DATA) {
        return Ok(sample);
    }
    let aggregate = if simple { Aggregate::StartBound } else { Aggregate::Interpolative };
    let end = time.checked_add_signed(TICK).ok_or(code::BAD_INVALID_TIMESTAMP)?;
    let spec = ProcessSpec {
        configuration: past.series.configuration,
        stepped: past.series.stepped,
        ..ProcessSpec::new(aggregate, TimeRange { start: time, end }, Duration::ZERO)
    };
    let row = Calculation::new(past, spec)?.first();
    let mut row = row.unwrap_or(Sample { time, value: Value::Null, status: code::BAD_NO_DATA });
    row.time = time;
    if !row.status.is_bad() {
        row.status = row.status.code().with_origin(Origin::Interpolated);
    }
    Ok(row)
}
