//! [`Process`]: the aggregates of Part 13, fed sample by sample.

mod area;
mod average;
mod count;
mod duration;
mod ends;
mod extreme;
mod fold;
mod grid;
mod past;
mod point;
mod quality;
mod region;
mod spec;
mod spread;
mod sum;
mod worst;

use std::collections::BTreeMap;
use std::fmt;
use std::iter;
use std::ops::Bound;

use chrono::{DateTime, Utc};

pub use spec::{ProcessError, ProcessSpec};

use self::fold::{Context, Fold, Place, Row, fold};
use self::grid::{Grid, Side, Slot};
use self::past::Past;
use self::point::Point;
use self::spec::Bounds;
use super::{Aggregate, Sample};
use crate::Value;
use crate::status::code;

/// Calculates an aggregate from samples that come one after the other, in bounded memory.
///
/// Samples are [fed](Process::push) from early to late, those around the range included
/// ([`ProcessSpec::before`] and [`ProcessSpec::after`] say which), and rows [taken](Process::next_row) as soon as there
/// are any; [`finish`](Process::finish) says that no more samples come. It holds the samples of no more than the run of
/// unusable ones that a bound goes past, if rows are taken after every page; a range in reverse holds its rows too, until
/// it is finished, since its last row comes first.
///
/// Rows are those of the standard's example data (Part 13, Annex A): each has the time where its interval starts, or the
/// time of its sample for `Start`, `End` and the `ActualTime` ones, and the historian bits: [`Status::origin`] (calculated,
/// interpolated or raw), [`Status::is_partial`] where the data begins or ends in the interval or the interval is shorter
/// than the others, and [`Status::has_multiple_values`]. A bad row has no value, but for `Start` and `End`. Intervals before the
/// data begins and after it ends are `BadNoData`; intervals with samples that cannot be calculated with, such as texts,
/// are `BadAggregateInvalidInputs`. NaN and infinities count as bad.
///
/// Samples with the status `BadNoData` only say where there is none, and are left out.
///
/// ```
/// use std::time::Duration;
/// use chrono::{DateTime, Utc};
/// use openopc::Value;
/// use openopc::history::{Aggregate, Process, ProcessSpec, Sample};
///
/// let at = |second| DateTime::<Utc>::from_timestamp(second, 0).unwrap();
/// let spec = ProcessSpec::new(Aggregate::Average, at(0)..at(20), Duration::from_secs(10));
/// let mut process = Process::new(spec)?;
/// let mut averages = Vec::new();
/// for page in [[(0, 1.0), (5, 2.0)], [(10, 3.0), (20, 4.0)]] {
///     for (second, value) in page {
///         process.push(Sample::new(at(second), value))?;
///     }
///     averages.extend(process.rows().map(|row| (row.time, row.value)));
/// }
/// process.finish();
/// assert_eq!(averages, [(at(0), Value::Double(1.5)), (at(10), Value::Double(3.0))]);
/// assert_eq!(process.next_row(), None);
/// # Ok::<(), openopc::history::ProcessError>(())
/// ```
///
/// [`Status::origin`]: crate::Status::origin
/// [`Status::is_partial`]: crate::Status::is_partial
/// [`Status::has_multiple_values`]: crate::Status::has_multiple_values
pub struct Process {
    spec: ProcessSpec,
    fold: Box<dyn Fold>,
    grid: Grid,
    slot: Option<Slot>,
    /// The interval's early bound was found, and the samples in it are being taken.
    open: bool,
    /// The late bound of the interval before, which is the early one of this.
    bound: Option<Point>,
    past: Past,
    pushed: Option<DateTime<Utc>>,
    annotations: BTreeMap<DateTime<Utc>, usize>,
    /// Of a range in reverse: its rows so far, from early to late.
    reversed: Vec<Sample>,
}

impl Process {
    /// Ready for the first sample.
    ///
    /// # Errors
    /// Those of [`ProcessSpec::check`].
    pub fn new(spec: ProcessSpec) -> Result<Process, ProcessError> {
        spec.check()?;
        let mut grid = Grid::new(spec.range, spec.interval);
        let slot = grid.next();
        Ok(Process {
            spec,
            fold: fold(&spec),
            grid,
            slot,
            open: false,
            bound: None,
            past: Past::new(spec.bounds()),
            pushed: None,
            annotations: BTreeMap::new(),
            reversed: Vec::new(),
        })
    }

    /// What it calculates.
    pub fn spec(&self) -> &ProcessSpec {
        &self.spec
    }

    /// Takes the next sample. Several of one time are allowed, and count as many.
    ///
    /// What comes after [`finish`](Process::finish) is not seen any more.
    ///
    /// # Errors
    /// [`ProcessError::Order`] where it is earlier than the one before.
    pub fn push(&mut self, sample: Sample) -> Result<(), ProcessError> {
        self.feed(sample).map(|_| ())
    }

    /// Takes the next sample, and tells whether a row may be ready now.
    fn feed(&mut self, sample: Sample) -> Result<bool, ProcessError> {
        if let Some(last) = self.pushed.filter(|last| sample.time < *last) {
            return Err(ProcessError::Order { time: sample.time, last });
        }
        self.pushed = Some(sample.time);
        if self.past.over || sample.status.code() == code::BAD_NO_DATA {
            return Ok(false);
        }
        let point = Point::of(sample, &self.spec);
        // The way of almost all: into the interval that is open.
        if self.open
            && self.past.next().is_none()
            && let Some(slot) = self.slot.filter(|slot| slot.side(point.time) == Side::Inside)
        {
            offer(self.fold.as_mut(), &self.spec, &slot, &point);
            self.past.take(point);
            return Ok(false);
        }
        self.past.come(point);
        Ok(true)
    }

    /// Counts an annotation of the sample of this time, for `AnnotationCount`. It must be told before the samples that
    /// come after its interval.
    pub fn annotate(&mut self, time: DateTime<Utc>) {
        *self.annotations.entry(time).or_default() += 1;
    }

    /// No more samples come: the data ends with the last one.
    pub fn finish(&mut self) {
        self.past.over = true;
    }

    /// The rows that are ready.
    pub fn rows(&mut self) -> impl Iterator<Item = Sample> + '_ {
        iter::from_fn(|| self.next_row())
    }

    /// The next row, as soon as the samples that were fed settle it: `None` means that more are needed, or after
    /// [`finish`](Process::finish) that this was all.
    pub fn next_row(&mut self) -> Option<Sample> {
        if !self.spec.reverse() {
            return self.step();
        }
        while let Some(row) = self.step() {
            self.reversed.push(row);
        }
        if self.slot.is_none() { self.reversed.pop() } else { None }
    }

    /// The next row from early to late.
    fn step(&mut self) -> Option<Sample> {
        let slot = self.slot?;
        if !self.open {
            self.open(&slot)?;
        }
        while let Some(point) = self.past.next().filter(|point| slot.side(point.time) == Side::Inside) {
            offer(self.fold.as_mut(), &self.spec, &slot, point);
            self.past.take_next();
        }
        if self.past.waits() {
            return None;
        }
        let late = match self.spec.bounds() {
            Bounds::None => None,
            _ => Some(self.past.bound(slot.late, &self.spec)?),
        };
        let ends = self.past.last().filter(|last| slot.side(*last) == Side::Inside && *last != slot.late);
        let begins =
            self.past.first().filter(|first| slot.side(*first) == Side::Inside && *first != slot.early);
        if let Some(late) = &late {
            let data_ends = self.past.last().is_some_and(|last| last < slot.late);
            self.fold.take(late, Place::Late { data_ends });
        }
        let annotations = self.annotations(&slot);
        let row =
            self.fold.row(&Context { slot: &slot, configuration: self.spec.configuration, annotations });
        let row = if self.has_data(&slot) || annotations > 0 { row } else { Row::nothing(&slot) };
        let partial = ends.is_some() || begins.is_some() || (slot.cut && self.has_data(&slot));
        self.slot = self.grid.next();
        self.open = false;
        self.bound = late;
        Some(self.finished(row, partial))
    }

    /// Takes what comes before the interval, and its early bound.
    fn open(&mut self, slot: &Slot) -> Option<()> {
        while let Some(point) = self.past.next().filter(|point| slot.side(point.time) == Side::Before) {
            self.fold.take_before(point);
            self.past.take_next();
        }
        if self.past.waits() {
            return None;
        }
        if self.spec.bounds() != Bounds::None {
            let early = match self.bound.take() {
                Some(bound) => bound,
                None => self.past.bound(slot.early, &self.spec)?,
            };
            self.fold.take(&early, Place::Early);
        }
        self.open = true;
        Some(())
    }

    /// The data does not begin after the interval, and does not end before it. What lies beyond the end is for
    /// `Interpolative` to extrapolate.
    fn has_data(&self, slot: &Slot) -> bool {
        let begun = self.past.first().is_some_and(|first| slot.side(first) != Side::After);
        let ended = self.past.last().is_some_and(|last| slot.side(last) == Side::Before);
        begun && (!ended || self.spec.aggregate == Aggregate::Interpolative)
    }

    fn annotations(&self, slot: &Slot) -> usize {
        if self.annotations.is_empty() {
            return 0;
        }
        let (early, late) = (slot.early, slot.late);
        let range = if slot.reverse {
            (Bound::Excluded(early), Bound::Included(late))
        } else {
            (Bound::Included(early), Bound::Excluded(late))
        };
        self.annotations.range(range).map(|(_, number)| number).sum()
    }

    fn finished(&self, row: Row, partial: bool) -> Sample {
        let Row { time, value, status } = row;
        let told_as_it_is = matches!(self.spec.aggregate, Aggregate::Start | Aggregate::End);
        let value = if status.is_bad() && !told_as_it_is { Value::Null } else { value };
        let status = if partial && self.spec.tells_partial() { status.with_partial() } else { status };
        Sample { time, value, status }
    }
}

/// A sample that lies in the interval. One that is at an end of it is its bound already.
fn offer(fold: &mut dyn Fold, spec: &ProcessSpec, slot: &Slot, point: &Point) {
    if spec.bounds() == Bounds::None || slot.is_within(point.time) {
        fold.take(point, Place::Within);
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("spec", &self.spec).field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// The rows of samples that are all at hand, or come from an iterator that reads them as they are needed.
///
/// Samples go from early to late; see [`Process`] for what they must include, and for the rows.
///
/// ```
/// use std::time::Duration;
/// use chrono::{DateTime, Utc};
/// use openopc::Value;
/// use openopc::history::{Aggregate, ProcessSpec, Sample, aggregate};
///
/// let at = |second| DateTime::<Utc>::from_timestamp(second, 0).unwrap();
/// let samples = (0..=60).map(|second| Sample::new(at(second), f64::from(second as i32)));
/// let spec = ProcessSpec::new(Aggregate::Maximum, at(0)..at(60), Duration::from_secs(20));
///
/// let rows: Vec<Sample> = aggregate(samples, &spec)?.collect::<Result<_, _>>()?;
/// assert_eq!(rows[1].value, Value::Double(39.0));
/// assert_eq!((rows.len(), rows[1].time), (3, at(20)));
/// # Ok::<(), openopc::history::ProcessError>(())
/// ```
///
/// # Errors
/// Those of [`ProcessSpec::check`] at once; [`ProcessError::Order`] in place of the row that would need the sample, and
/// nothing after it.
pub fn aggregate<I>(samples: I, spec: &ProcessSpec) -> Result<Rows<I::IntoIter>, ProcessError>
where
    I: IntoIterator<Item = Sample>,
{
    Ok(Rows { process: Process::new(*spec)?, samples: Some(samples.into_iter()) })
}

/// The rows of [`aggregate`].
#[derive(Debug)]
pub struct Rows<I> {
    process: Process,
    /// None after an error.
    samples: Option<I>,
}

impl<I: Iterator<Item = Sample>> Iterator for Rows<I> {
    type Item = Result<Sample, ProcessError>;

    fn next(&mut self) -> Option<Result<Sample, ProcessError>> {
        let samples = self.samples.as_mut()?;
        loop {
            if let Some(row) = self.process.next_row() {
                return Some(Ok(row));
            }
            if self.process.past.over {
                return None;
            }
            loop {
                let Some(sample) = samples.next() else {
                    self.process.finish();
                    break;
                };
                match self.process.feed(sample) {
                    Ok(false) => {}
                    Ok(true) => break,
                    Err(error) => {
                        self.samples = None;
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}
