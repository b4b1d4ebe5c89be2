//! [`Compute`]: aggregates that are calculated here, from raw values that the server has.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep, timeout};

use crate::client::Results;
use crate::client::results::{Outlet, Unwanted};
use crate::engine;
use crate::engine::client::Row;
use crate::history::{Aggregate, AggregateConfiguration, Process, ProcessSpec, Sample};
use crate::status::code;
use crate::{Client, Error, ParseTagError, Result, State, Tag, TimeRange};

use super::OPERATION;
use super::capabilities::{Configuration, configuration, is_unsupported};
use super::question::{Asked, Question, senseless};
use super::run::{Maker, PAUSE, Piece, run};

/// Whether an aggregate is calculated on this side, from the raw values that the server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compute {
    /// The server calculates; what it does not have is refused with [`Error::Aggregate`].
    #[default]
    Never,
    /// The server calculates where it can: what its list of aggregates lacks, and what it refuses as not supported, is
    /// calculated here.
    IfUnsupported,
    /// It is calculated here, whatever the server has.
    Always,
}

/// Why a calculation ends before the end.
enum Stop {
    Unwanted,
    /// Of this tag.
    Tag(Error),
    /// Of the whole read.
    All(Error),
}

impl From<Unwanted> for Stop {
    fn from(_: Unwanted) -> Stop {
        Stop::Unwanted
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        match error {
            Error::InvalidTag { .. } => Stop::Tag(error),
            error if error.tag().is_some() => Stop::Tag(error),
            error => Stop::All(error),
        }
    }
}

/// Reads aggregates of these tags, and calculates here what is to be. An error of the whole is the last result.
pub(super) async fn read<T, U>(
    client: Client,
    tags: Vec<Result<Tag, ParseTagError>>,
    question: Result<Question>,
    compute: Compute,
    outlet: Outlet<U>,
    maker: Maker<T, U>,
) -> Result<(), Unwanted>
where
    T: Send + 'static,
    U: Send + 'static,
{
    let question = match question {
        Ok(question) => question,
        Err(error) => return outlet.put(vec![Err(error)]).await,
    };
    let mut work = Work { client, question, outlet, maker };
    match work.all(tags, compute).await {
        Ok(()) => Ok(()),
        Err(Stop::Unwanted) => Err(Unwanted),
        Err(Stop::Tag(error) | Stop::All(error)) => work.outlet.put(vec![Err(error)]).await,
    }
}

struct Work<T, U> {
    client: Client,
    question: Question,
    outlet: Outlet<U>,
    maker: Maker<T, U>,
}

/// What is asked, as far as it is the same for all tags.
#[derive(Clone, Copy)]
struct Wanted {
    spec: ProcessSpec,
    /// The query says which configuration.
    configured: bool,
}

impl<T: Send + 'static, U: Send + 'static> Work<T, U> {
    async fn all(&mut self, tags: Vec<Result<Tag, ParseTagError>>, compute: Compute) -> Result<(), Stop> {
        let tags: Vec<_> = tags.into_iter().enumerate().collect();
        let wanted = self.wanted();
        let left = match (compute, &wanted) {
            (Compute::Always, _) => tags,
            // The server's own can only be the server's.
            (Compute::Never, _) | (_, Err(_)) => {
                self.asked(tags, false).await?;
                return Ok(());
            }
            (Compute::IfUnsupported, Ok(wanted)) if self.is_missing(wanted.spec.aggregate).await? => tags,
            (Compute::IfUnsupported, Ok(_)) => self.asked(tags, true).await?,
        };
        let wanted = wanted?;
        for (index, tag) in left {
            let done = match tag {
                Ok(tag) => Box::pin(self.one(index, tag, wanted)).await,
                Err(error) => Err(Error::InvalidTag { operation: OPERATION, error }.into()),
            };
            match done {
                Err(Stop::Tag(error)) => self.give(Piece { index, rows: Err(error) }).await?,
                other => other?,
            }
        }
        Ok(())
    }

    fn wanted(&self) -> Result<Wanted> {
        let Asked::Processed { start, end, every, aggregate, name, configuration } = &self.question.asked
        else {
            return Err(senseless("only aggregates are computed"));
        };
        let Some(aggregate) = Aggregate::of_node(aggregate) else {
            return Err(senseless(format!(
                "the aggregate {name} is the server's own, and cannot be computed here: let the server do it"
            )));
        };
        let range = TimeRange { start: *start, end: *end };
        let spec = ProcessSpec {
            configuration: configuration.unwrap_or_default(),
            ..ProcessSpec::new(aggregate, range, *every)
        };
        spec.check().map_err(|error| senseless(error.to_string()))?;
        Ok(Wanted { spec, configured: configuration.is_some() })
    }

    /// The server lists what it has, and this is not there. One that lists nothing may have it all the same.
    async fn is_missing(&self, aggregate: Aggregate) -> Result<bool, Stop> {
        let inner = self.client.inner();
        inner.check_connected(OPERATION)?;
        let offered = Box::pin(inner.offered()).await.map_err(|failure| inner.error(OPERATION, failure))?;
        Ok(!offered.is_empty() && offered.iter().all(|offered| offered.standard != Some(aggregate)))
    }

    /// What the server calculates; the tags are left that it does not do so for, where that is no error.
    async fn asked(
        &mut self,
        tags: Vec<(usize, Result<Tag, ParseTagError>)>,
        keep: bool,
    ) -> Result<Vec<(usize, Result<Tag, ParseTagError>)>, Stop> {
        let maker = Maker { row: self.maker.row, piece: Ok };
        let asked = tags.iter().map(|(_, tag)| tag.clone()).collect();
        let mut pieces = results(&self.client, asked, self.question.clone(), maker);
        let mut answered = BTreeSet::new();
        let mut refused = BTreeSet::new();
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(Piece { index, rows: Err(error) })
                    if keep && is_unsupported(&error) && !answered.contains(&index) =>
                {
                    refused.insert(index);
                }
                Ok(piece) => {
                    answered.insert(piece.index);
                    self.outlet.wanted().await?;
                    self.give(piece).await?;
                }
                Err(error) => return Err(Stop::All(error)),
            }
        }
        Ok(tags.into_iter().filter(|(index, _)| refused.contains(index)).collect())
    }

    /// The aggregate of one tag.
    async fn one(&self, index: usize, tag: Tag, wanted: Wanted) -> Result<(), Stop> {
        let spec = self.spec(&tag, wanted).await?;
        let process = Process::new(spec).map_err(|error| senseless(error.to_string()))?;
        let mut series = Calculation { work: self, index, tag, process };
        series.annotations().await?;
        for sample in series.before().await? {
            series.push(sample)?;
        }
        let (earliest, latest) = (spec.earliest(), spec.latest());
        let mut pages = self.raw(&series.tag, Some(earliest), Some(latest), None, self.question.page);
        while let Some(page) = pages.next().await {
            for sample in samples(&series.tag, page?)? {
                if sample.time >= earliest && sample.time < latest {
                    series.push(sample)?;
                }
            }
            series.give().await?;
        }
        series.after().await?;
        series.process.finish();
        series.give().await
    }

    /// As the server has it for the tag, where the query says nothing else.
    async fn spec(&self, tag: &Tag, wanted: Wanted) -> Result<ProcessSpec, Stop> {
        let Configuration { stepped, aggregates, .. } = self.configuration(tag).await?;
        let told = aggregates.filter(|_| !wanted.configured);
        let configuration: AggregateConfiguration = told.unwrap_or(wanted.spec.configuration);
        // Lines, where the server does not say (Part 11, 5.2.3).
        Ok(ProcessSpec { stepped: stepped.unwrap_or(false), configuration, ..wanted.spec })
    }

    /// How the history of the tag is kept.
    async fn configuration(&self, tag: &Tag) -> Result<Configuration> {
        self.patiently(|| Box::pin(configuration(self.client.inner(), Ok(tag.clone())))).await
    }

    /// What does not wait for a lost connection by itself.
    async fn patiently<R, F: Future<Output = Result<R>>>(&self, call: impl Fn() -> F) -> Result<R> {
        let since = Instant::now();
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let left = self.question.patience.saturating_sub(since.elapsed());
            let closed = self.client.state() == State::Closed;
            if closed || left.is_zero() || !matches!(error, Error::Disconnected { .. }) {
                return Err(error);
            }
            // The session hears of a lost connection a moment later than the call that it ended.
            sleep(PAUSE).await;
            // Whoever waits too long is told so by the next try.
            let _ = timeout(left, self.client.inner().not_reconnecting()).await;
        }
    }

    /// Raw values of a tag, page by page.
    fn raw(
        &self,
        tag: &Tag,
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
        count: Option<usize>,
        page: u32,
    ) -> Results<Vec<Row>> {
        let asked = Asked::Raw { modified: false, start, end };
        let question = Question { asked, count, bounds: false, page, ..self.question.clone() };
        let maker = Maker { row: |row: Row, _: &Tag| row, piece: |piece: Piece<Row>| piece.rows };
        results(&self.client, vec![Ok(tag.clone())], question, maker)
    }

    async fn give(&self, piece: Piece<T>) -> Result<(), Stop> {
        Ok(self.outlet.put(vec![(self.maker.piece)(piece)]).await?)
    }
}

/// The aggregate of one tag, under way.
struct Calculation<'a, T, U> {
    work: &'a Work<T, U>,
    index: usize,
    tag: Tag,
    process: Process,
}

impl<T: Send + 'static, U: Send + 'static> Calculation<'_, T, U> {
    fn push(&mut self, sample: Sample) -> Result<(), Stop> {
        // The server's values are out of order: nothing can be made of that.
        self.process.push(sample).map_err(|_| unknown_response(&self.tag))
    }

    /// What was written beside the values, for what counts that.
    async fn annotations(&mut self) -> Result<(), Stop> {
        let spec = *self.process.spec();
        if spec.aggregate != Aggregate::AnnotationCount {
            return Ok(());
        }
        // With the end itself, which an interval in reverse begins with.
        let end = spec.latest();
        let end = end.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(end);
        let read = || Box::pin(self.work.client.annotations(self.tag.clone(), spec.earliest()..end));
        let found = self.work.patiently(read).await?;
        for annotation in found {
            self.process.annotate(annotation.time);
        }
        Ok(())
    }

    /// What is needed from before the range, from early to late.
    async fn before(&mut self) -> Result<Vec<Sample>, Stop> {
        let spec = *self.process.spec();
        // Most need not look far, one at the start of the range itself included; who must may have to go a long way.
        let few = spec.before().saturating_add(1);
        let small = u32::try_from(few).unwrap_or(u32::MAX).min(self.work.question.page);
        for (count, page) in [(few, small), (usize::MAX, self.work.question.page)] {
            let mut found = Vec::new();
            let (mut fetched, mut counted) = (0, 0);
            let mut pages = self.work.raw(&self.tag, None, Some(spec.earliest()), Some(count), page);
            'pages: while let Some(rows) = pages.next().await {
                let page = samples(&self.tag, rows?)?;
                fetched += page.len();
                for sample in page.into_iter().filter(|sample| sample.time < spec.earliest()) {
                    counted += usize::from(spec.counts(&sample));
                    found.push(sample);
                    if counted >= spec.before() {
                        break 'pages;
                    }
                }
            }
            if counted >= spec.before() || fetched < count {
                found.reverse();
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Feeds what is needed from the end of the range on.
    async fn after(&mut self) -> Result<(), Stop> {
        let spec = *self.process.spec();
        let mut fed = None;
        for (count, page) in [(spec.after(), 1), (usize::MAX, self.work.question.page)] {
            let mut pages = self.work.raw(&self.tag, Some(spec.latest()), None, Some(count), page);
            let mut fetched = 0;
            while let Some(rows) = pages.next().await {
                for sample in samples(&self.tag, rows?)? {
                    fetched += 1;
                    // The second time begins with what is known.
                    if sample.time < spec.latest() || fed.is_some_and(|fed| sample.time <= fed) {
                        continue;
                    }
                    let counts = spec.counts(&sample);
                    let time = sample.time;
                    self.push(sample)?;
                    if counts {
                        return Ok(());
                    }
                    if count != usize::MAX {
                        fed = Some(time);
                    }
                }
                self.give().await?;
            }
            if fetched < count {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Gives away the rows that are ready, no more than a page at a time.
    async fn give(&mut self) -> Result<(), Stop> {
        let most = usize::try_from(self.work.question.page).unwrap_or(usize::MAX);
        loop {
            let make = self.work.maker.row;
            let tag = &self.tag;
            let rows: Vec<T> = self.process.rows().take(most).map(|sample| make(row(sample), tag)).collect();
            self.work.outlet.wanted().await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.work.give(Piece { index: self.index, rows: Ok(rows) }).await?;
        }
    }
}

/// What the server answers to a question.
fn results<T: Send + 'static, U: Send + 'static>(
    client: &Client,
    tags: Vec<Result<Tag, ParseTagError>>,
    question: Question,
    maker: Maker<T, U>,
) -> Results<U> {
    Results::of(client, OPERATION, None, move |client, outlet| run(client, tags, Ok(question), outlet, maker))
}

fn unknown_response(tag: &Tag) -> Stop {
    Stop::Tag(Error::Item { operation: OPERATION, tag: tag.clone(), status: code::BAD_UNKNOWN_RESPONSE })
}

/// Raw values as samples.
fn samples(tag: &Tag, rows: Vec<Row>) -> Result<Vec<Sample>, Stop> {
    let sample = |row: Row| {
        let engine::Sample { value, status, source_time, server_time } = row.sample;
        // A value of no time has no place among the others.
        let time = source_time.or(server_time).ok_or_else(|| unknown_response(tag))?;
        Ok(Sample { time, value, status })
    };
    rows.into_iter().map(sample).collect()
}

fn row(sample: Sample) -> Row {
    let Sample { time, value, status } = sample;
    let sample = engine::Sample { value, status, source_time: Some(time), server_time: None };
    Row { sample, extra: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    #[test]
    fn what_a_server_does_not_have_is_told_from_what_is_wrong_with_a_tag() {
        let refused = |status| Error::Item { operation: OPERATION, tag: Tag::numeric(2, 1), status };
        for status in [code::BAD_AGGREGATE_NOT_SUPPORTED, code::BAD_HISTORY_OPERATION_UNSUPPORTED] {
            assert!(is_unsupported(&refused(status)), "{status}");
            let error = Error::Aggregate {
                operation: OPERATION,
                tag: Tag::numeric(2, 1),
                aggregate: "Average".to_owned(),
                status,
                offered: Vec::new(),
            };
            assert!(is_unsupported(&error), "{error}");
        }
        for name in ["BadNodeIdUnknown", "BadInvalidArgument", "BadUserAccessDenied"] {
            assert!(!is_unsupported(&refused(Status::named(name).unwrap())), "{name}");
        }
    }
}
