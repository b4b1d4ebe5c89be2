//! Aggregates (Part 11, 6.5.4; Part 13).

use std::time::Duration;

use chrono::{DateTime, Utc};
use opcua::server::node_manager::HistoryNode;
use opcua::types as ua;
use opcua::types::{HistoryData, ReadProcessedDetails};

use super::point::{resumed, suspend};
use super::{Reader, given, settle, status_of};
use crate::history::{Aggregate, AggregateConfiguration, Process, ProcessSpec, Sample};
use crate::sim::code;
use crate::sim::history::store::Direction;
use crate::sim::history::{Past, TICK};
use crate::{NodeId, Status, TimeRange};

/// Samples fed in one go.
const PAGE: usize = 1_000;

impl Reader<'_> {
    /// `index` is the place of the node in the request, of `nodes`: each has its own aggregate there.
    pub(in super::super) fn processed(
        &self,
        details: &ReadProcessedDetails,
        (index, nodes): (usize, usize),
        node: &mut HistoryNode,
    ) {
        let result = self.processed_of(details, (index, nodes), node);
        settle(node, result);
    }

    fn processed_of(
        &self,
        details: &ReadProcessedDetails,
        (index, nodes): (usize, usize),
        node: &mut HistoryNode,
    ) -> Result<(), Status> {
        let (past, frame) = self.open_whole(node)?;
        let mut calculation = if let Some(calculation) = resumed::<Calculation>(node)? {
            calculation
        } else {
            let aggregates = details.aggregate_type.as_deref().unwrap_or_default();
            let wanted = aggregates.get(index).filter(|_| aggregates.len() == nodes);
            let wanted = wanted.ok_or(code::BAD_AGGREGATE_LIST_MISMATCH)?;
            Calculation::new(past, spec(details, wanted, past)?)?
        };
        let rows = calculation.page(past, self.page)?;
        let status = status_of(&rows);
        let values = rows.into_iter().map(|row| frame.value(row)).collect();
        node.set_result(HistoryData { data_values: Some(values) });
        node.set_status(status);
        if calculation.ahead.is_some() {
            suspend(node, calculation);
        }
        Ok(())
    }
}

/// What is asked for.
fn spec(
    details: &ReadProcessedDetails,
    aggregate: &ua::NodeId,
    past: Past<'_>,
) -> Result<ProcessSpec, Status> {
    let aggregate = crate::engine::convert::from_node_id(aggregate.clone()).ok();
    let aggregate = aggregate.as_ref().and_then(|id: &NodeId| Aggregate::of_node(id));
    let aggregate = aggregate.ok_or(code::BAD_AGGREGATE_NOT_SUPPORTED)?;
    let (Some(start), Some(end)) = (given(details.start_time), given(details.end_time)) else {
        return Err(code::BAD_INVALID_ARGUMENT);
    };
    let interval = Duration::try_from_secs_f64(details.processing_interval / 1e3);
    let interval = interval.map_err(|_| code::BAD_INVALID_ARGUMENT)?;
    let asked = &details.aggregate_configuration;
    let configuration = if asked.use_server_capabilities_defaults {
        past.series.configuration
    } else {
        AggregateConfiguration {
            treat_uncertain_as_bad: asked.treat_uncertain_as_bad,
            percent_data_bad: asked.percent_data_bad,
            percent_data_good: asked.percent_data_good,
            use_sloped_extrapolation: asked.use_sloped_extrapolation,
        }
    };
    let stepped = past.series.stepped;
    Ok(ProcessSpec { aggregate, configuration, stepped, range: TimeRange { start, end }, interval })
}

/// An aggregate that is being calculated.
pub(super) struct Calculation {
    process: Process,
    /// From where on to feed; `None` when all has been.
    from: Option<DateTime<Utc>>,
    /// How many that count are still needed from behind the range.
    after: usize,
    /// The row that comes next, which says that one does.
    ahead: Option<Sample>,
}

impl Calculation {
    pub(super) fn new(past: Past<'_>, spec: ProcessSpec) -> Result<Calculation, Status> {
        let mut process = Process::new(spec).map_err(|error| error.status())?;
        let earliest = spec.earliest();
        if spec.aggregate == Aggregate::AnnotationCount {
            for annotation in past.annotations(earliest, spec.latest())? {
                process.annotate(annotation.time);
            }
        }
        for sample in before(past, &spec)?.into_iter().rev() {
            feed(&mut process, sample)?;
        }
        let mut calculation = Calculation { process, from: Some(earliest), after: spec.after(), ahead: None };
        calculation.ahead = calculation.row(past)?;
        Ok(calculation)
    }

    /// The first row alone.
    pub(super) fn first(self) -> Option<Sample> {
        self.ahead
    }

    /// The next rows.
    fn page(&mut self, past: Past<'_>, most: usize) -> Result<Vec<Sample>, Status> {
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(row) = self.ahead.take()
        {
            rows.push(row);
            self.ahead = self.row(past)?;
        }
        Ok(rows)
    }

    /// The next row, with as many samples fed as it needs.
    fn row(&mut self, past: Past<'_>) -> Result<Option<Sample>, Status> {
        loop {
            if let Some(row) = self.process.next_row() {
                return Ok(Some(row));
            }
            let Some(from) = self.from else { return Ok(None) };
            self.from = self.feed(past, from)?;
            if self.from.is_none() {
                self.process.finish();
            }
        }
    }

    /// Feeds a page of samples; where the next one begins.
    fn feed(&mut self, past: Past<'_>, from: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Status> {
        let spec = *self.process.spec();
        let samples = past.scan(from, Direction::Forward, PAGE)?;
        let whole = samples.len() >= PAGE;
        let last = samples.last().map(|sample| sample.time);
        for sample in samples {
            let behind = sample.time >= spec.latest() && spec.counts(&sample);
            feed(&mut self.process, sample)?;
            if behind {
                self.after = self.after.saturating_sub(1);
                if self.after == 0 {
                    return Ok(None);
                }
            }
        }
        Ok(last.filter(|_| whole).and_then(|last| last.checked_add_signed(TICK)))
    }
}

/// The samples from before the range that are needed, the latest first.
fn before(past: Past<'_>, spec: &ProcessSpec) -> Result<Vec<Sample>, Status> {
    let mut found: Vec<Sample> = Vec::new();
    let mut needed = spec.before();
    let mut from = spec.earliest().checked_sub_signed(TICK);
    let mut page = needed;
    while let Some(time) = from.filter(|_| needed > 0) {
        let samples = past.scan(time, Direction::Backward, page)?;
        let whole = samples.len() >= page;
        let last = samples.last().map(|sample| sample.time);
        for sample in samples {
            let counts = spec.counts(&sample);
            found.push(sample);
            needed = needed.saturating_sub(usize::from(counts));
            if needed == 0 {
                break;
            }
        }
        // Most need not look far; who must may have to go a long way.
        page = PAGE;
        from = last.filter(|_| whole).and_then(|last| last.checked_sub_signed(TICK));
    }
    Ok(found)
}

fn feed(process: &mut Process, sample: Sample) -> Result<(), Status> {
    // They come in order, so this does not happen.
    process.push(sample).map_err(|_| code::BAD_INTERNAL_ERROR)
}
