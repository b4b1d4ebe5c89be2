//! The reading of the past, page by page: asks, waits for connections that are lost, and gives back what the server keeps.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::client::limits::Service;
use crate::client::results::{Outlet, Unwanted};
use crate::engine::Sample;
use crate::engine::client::{Failure, PastPage, Point, Row};
use crate::engine::convert::structure;
use crate::status::code;
use crate::tag::Resolved;
use crate::{Client, Error, ParseTagError, Result, State, Status, Tag};

use super::OPERATION;
use super::capabilities::{self, OfferedAggregate};
use super::question::{Asked, Question};
use super::series::{Series, Then};

/// How many values one answer may bring, over all its tags: that is what memory holds, a few times over.
const BUDGET: usize = 100_000;

/// Before a call is tried again that the loss of the connection has ended.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// How many tags in a row may be refused with the whole service before it is taken for what it says of all.
const MAX_REFUSALS: usize = 8;

/// How many connections in a row are lost over one tag alone before the others come without it.
const MAX_LOSSES: u32 = 3;

/// How long a read that is over waits for the server to take its continuation points back.
const RELEASE: Duration = Duration::from_secs(1);

/// Some of the past of one tag, or why there is no more.
pub(super) struct Piece<T> {
    /// Of the tag, among those that were given.
    pub(super) index: usize,
    pub(super) rows: Result<Vec<T>>,
}

/// What is made of what comes: rows into values, and pieces into results.
pub(super) struct Maker<T, U> {
    pub(super) row: fn(Row, &Tag) -> T,
    pub(super) piece: fn(Piece<T>) -> Result<U>,
}

/// A read under way.
struct Run<T, U> {
    client: Client,
    question: Question,
    maker: Maker<T, U>,
    outlet: Outlet<U>,
    open: Vec<Series>,
    /// How many tags were given.
    tags: usize,
    /// How many of them at a time.
    window: usize,
    /// How many tags in a row were refused with the whole service, each asked for alone.
    refusals: usize,
    /// How many connections in a row were lost over the same tags, and the look at the server that went with the last.
    losses: (u32, Option<u64>),
    /// What the server calculates, once it has been asked.
    offered: Option<Vec<OfferedAggregate>>,
    /// The look at the server that nodes and points come from.
    look: Option<u64>,
    /// What nobody needs any more.
    leftover: Vec<(Arc<Resolved>, Option<Point>)>,
    trouble: Option<Instant>,
}

/// Why a read ends before the end.
enum Stop {
    Unwanted,
    Failed(Error),
}

impl From<Unwanted> for Stop {
    fn from(_: Unwanted) -> Stop {
        Stop::Unwanted
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Reads the past of these tags. An error of the whole is the last result.
pub(super) async fn run<T, U>(
    client: Client,
    tags: Vec<Result<Tag, ParseTagError>>,
    question: Result<Question>,
    outlet: Outlet<U>,
    maker: Maker<T, U>,
) -> Result<(), Unwanted> {
    let question = match question {
        Ok(question) => question,
        Err(error) => return outlet.put(vec![Err(error)]).await,
    };
    let mut run = Run {
        client,
        question,
        maker,
        outlet,
        open: Vec::with_capacity(tags.len()),
        tags: tags.len(),
        window: usize::MAX,
        refusals: 0,
        losses: (0, None),
        offered: None,
        look: None,
        leftover: Vec::new(),
        trouble: None,
    };
    let stop = run.all(tags).await;
    let end = match stop {
        Ok(()) => Ok(()),
        Err(Stop::Unwanted) => Err(Unwanted),
        Err(Stop::Failed(error)) => run.outlet.put(vec![Err(error)]).await,
    };
    run.abandon();
    run.release().await;
    end
}

impl<T, U> Run<T, U> {
    async fn all(&mut self, tags: Vec<Result<Tag, ParseTagError>>) -> Result<(), Stop> {
        for (index, tag) in tags.into_iter().enumerate() {
            match tag {
                Ok(tag) => self.open.push(Series::new(index, tag)),
                Err(error) => {
                    let rows = Err(Error::InvalidTag { operation: OPERATION, error });
                    self.give(vec![Piece { index, rows }]).await?;
                }
            }
        }
        if self.asks_nothing() {
            return Ok(());
        }
        let inner = self.client.inner().clone();
        inner.check_connected(OPERATION)?;
        let learnt = inner.limits().learn_history(&inner.link()).await;
        learnt.map_err(|failure| inner.error(OPERATION, failure))?;
        self.window = inner.limits().history_points();
        while !self.open.is_empty() {
            self.outlet.wanted().await?;
            self.release().await;
            self.connected().await?;
            if self.find().await? {
                self.ask().await?;
            }
        }
        Ok(())
    }

    /// No tags, or no times: nothing need be sent.
    fn asks_nothing(&self) -> bool {
        self.open.is_empty() || matches!(&self.question.asked, Asked::At { times, .. } if times.is_empty())
    }

    fn service(&self) -> Service {
        match self.question.asked {
            Asked::Events { .. } => Service::HistoryReadEvents,
            _ => Service::HistoryRead,
        }
    }

    /// How many tags the next request may be about.
    fn width(&self) -> usize {
        let page = usize::try_from(self.question.page).unwrap_or(BUDGET);
        let server = self.client.inner().limits().chunk(self.service());
        self.window.min(server).min(BUDGET / page.clamp(1, BUDGET)).max(1)
    }

    /// The nodes of the tags that are next; `false` where the first of them has none.
    async fn find(&mut self) -> Result<bool, Stop> {
        let width = self.width();
        let inner = self.client.inner().clone();
        let unknown: Vec<usize> = (0..)
            .zip(self.open.iter().take(width))
            .filter(|(_, s)| s.node.is_none())
            .map(|(i, _)| i)
            .collect();
        if unknown.is_empty() {
            return Ok(true);
        }
        let tags: Vec<&Tag> = unknown.iter().filter_map(|i| self.open.get(*i)).map(|s| &s.tag).collect();
        let found = match inner.resolve(OPERATION, &tags).await {
            Ok(found) => found,
            Err(Error::Disconnected { .. }) => {
                self.wait(Failure::disconnected()).await?;
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let mut refused = Vec::new();
        for (place, node) in unknown.into_iter().zip(found) {
            match (self.open.get_mut(place), node) {
                (Some(series), Ok(node)) => series.node = Some(node),
                (Some(series), Err(error)) => {
                    refused.push(Piece { index: series.index, rows: Err(error) });
                }
                (None, _) => {}
            }
        }
        let gone: Vec<usize> = refused.iter().map(|piece| piece.index).collect();
        self.open.retain(|series| !gone.contains(&series.index));
        self.give(refused).await?;
        // Where all of the window were refused, the next tags have not been looked for yet.
        Ok(self.open.first().is_some_and(|series| series.node.is_some()))
    }

    /// One request, for the first tag and all others of the window that want the same. Whatever comes of it, they know.
    async fn ask(&mut self) -> Result<(), Stop> {
        let width = self.width();
        for series in self.open.iter_mut().take(width).filter(|series| series.point.is_none()) {
            series.begin(&self.question);
        }
        let Some(past) = self.open.first().map(|series| self.question.past(series)) else { return Ok(()) };
        let mut group: Vec<&Series> = Vec::new();
        let mut most = width;
        for series in self.open.iter().take(width) {
            let is_alike = series.node.is_some() && self.question.past(series) == past;
            if is_alike && group.len() < most.min(series.together) {
                most = most.min(series.together);
                group.push(series);
            }
        }
        let members: Vec<usize> = group.iter().map(|series| series.index).collect();
        let nodes: Vec<_> = group.iter().filter_map(|s| Some((s.node.clone()?, s.point.clone()))).collect();
        let inner = self.client.inner().clone();
        let answer = inner.link().past(past, &nodes, self.question.server_times).await;
        match answer {
            // The server has been away: nodes and points may be others than those we know.
            Ok(_) if !self.is_same() => Ok(()),
            Ok(pages) => {
                (self.trouble, self.refusals, self.losses) = (None, 0, (0, None));
                self.absorb(&members, pages).await
            }
            Err(failure) if failure.is_too_much() => self.less(&members, failure).await,
            Err(failure) if failure.is_disconnected() => self.lost(&members, failure).await,
            Err(failure) => self.blame(&members, failure).await,
        }
    }

    /// The service was refused as a whole. Which tag is to blame is seen where fewer are asked for at a time.
    async fn blame(&mut self, members: &[usize], failure: Failure) -> Result<(), Stop> {
        let status = failure.status;
        let error = self.client.inner().error(OPERATION, failure);
        if error.is_connection() || error.is_timeout() {
            return Err(error.into());
        }
        if members.len() > 1 {
            self.part(members);
            return Ok(());
        }
        tracing::debug!(%error, "history of one tag refused");
        self.refusals += 1;
        // Whoever else would be asked for, this is what the server says.
        let all = self.refusals >= MAX_REFUSALS;
        let members =
            if all { self.open.iter().map(|series| series.index).collect() } else { members.to_vec() };
        let pages = members.iter().map(|_| Err(status)).collect();
        self.absorb(&members, pages).await
    }

    /// The connection was lost over these tags: where that happens again and again, one of them may be what brings the
    /// server down, and the others come without it.
    async fn lost(&mut self, members: &[usize], failure: Failure) -> Result<(), Stop> {
        // One loss ends several calls.
        if self.losses.1 != self.look || self.look.is_none() {
            self.losses = (self.losses.0 + 1, self.look);
        }
        if self.tags > 1 && members.len() == 1 && self.losses.0 >= MAX_LOSSES {
            self.losses.0 = 0;
            return self.absorb(members, vec![Err(code::BAD_CONNECTION_CLOSED)]).await;
        }
        if members.len() > 1 && self.losses.0 > 1 {
            self.losses.0 = 0;
            self.part(members);
        }
        self.wait(failure).await
    }

    /// These are asked for by halves from now on.
    fn part(&mut self, members: &[usize]) {
        for series in self.open.iter_mut().filter(|series| members.contains(&series.index)) {
            series.together = (members.len() / 2).max(1);
        }
    }

    async fn absorb(&mut self, members: &[usize], pages: Vec<Result<PastPage, Status>>) -> Result<(), Stop> {
        let crowded = |page: &&Result<PastPage, Status>| matches!(page, Err(status) if status.code() == code::BAD_NO_CONTINUATION_POINTS);
        let crowded = pages.iter().filter(crowded).count();
        let mut pieces = Vec::new();
        let mut done = Vec::new();
        for (index, page) in members.iter().copied().zip(pages) {
            let Some(place) = self.open.iter().position(|series| series.index == index) else { continue };
            let page = match page {
                Ok(mut page) => {
                    self.finish(place, &mut page).await;
                    Ok(page)
                }
                Err(status) => Err(status),
            };
            let Some(series) = self.open.get_mut(place) else { continue };
            let (rows, then) = match page {
                Ok(page) => series.absorb(&self.question, page),
                Err(status) => (Vec::new(), refused(series, status, members.len(), &self.question)),
            };
            if !rows.is_empty() {
                let make = self.maker.row;
                let rows = rows.into_iter().map(|row| make(row, &series.tag)).collect();
                pieces.push(Piece { index, rows: Ok(rows) });
            }
            match then {
                Ok(Then::More) => {}
                Ok(Then::Anew(point)) => {
                    if let (Some(node), Some(_)) = (&series.node, &point) {
                        self.leftover.push((node.clone(), point));
                    }
                }
                Ok(Then::Over(point)) => {
                    done.push(index);
                    if let (Some(node), Some(_)) = (&series.node, &point) {
                        self.leftover.push((node.clone(), point));
                    }
                }
                Err(error) => {
                    done.push(index);
                    if let (Some(node), Some(point)) = (&series.node, series.point.take()) {
                        self.leftover.push((node.clone(), Some(point)));
                    }
                    if error.status().is_some_and(|s| s.code() == code::BAD_NODE_ID_UNKNOWN) {
                        self.client.inner().resolver().forget(&series.tag);
                    }
                    let error = self.explain(error).await;
                    pieces.push(Piece { index, rows: Err(error) });
                }
            }
        }
        if crowded > 0 {
            // It remembers no more places than the others' at once.
            self.window = self.window.min(members.len().saturating_sub(crowded).max(1));
        }
        self.open.retain(|series| !done.contains(&series.index));
        self.give(pieces).await
    }

    /// A refusal of an aggregate that the server does not have, told with what it has.
    async fn explain(&mut self, error: Error) -> Error {
        let Asked::Processed { aggregate, name, .. } = &self.question.asked else { return error };
        if !capabilities::is_unsupported(&error) {
            return error;
        }
        if self.offered.is_none() {
            // Where it does not tell, there is still the refusal to tell of.
            self.offered = Some(Box::pin(self.client.inner().offered()).await.unwrap_or_default());
        }
        capabilities::explain(error, aggregate, name, self.offered.as_deref().unwrap_or_default())
    }

    /// Structures decoded, and ranges cut.
    async fn finish(&self, place: usize, page: &mut PastPage) {
        if !self.question.undecoded && page.rows.iter().any(|row| structure::is_encoded(&row.sample.value)) {
            let take = |row: &mut Row| std::mem::replace(&mut row.sample, Sample::status(Status::GOOD));
            let mut samples: Vec<Sample> = page.rows.iter_mut().map(take).collect();
            Box::pin(self.client.inner().decode(&mut samples)).await;
            for (row, sample) in page.rows.iter_mut().zip(samples) {
                row.sample = sample;
            }
        }
        let Some(node) = self.open.get(place).and_then(|series| series.node.as_ref()) else { return };
        if node.target.has_range() {
            for row in &mut page.rows {
                match node.cut(std::mem::take(&mut row.sample.value)) {
                    Ok(value) => row.sample.value = value,
                    Err(status) => row.sample.status = status,
                }
            }
        }
    }

    async fn give(&self, pieces: Vec<Piece<T>>) -> Result<(), Stop> {
        let make = self.maker.piece;
        Ok(self.outlet.put(pieces.into_iter().map(make).collect()).await?)
    }

    /// Fewer tags, or less of one.
    async fn less(&mut self, members: &[usize], failure: Failure) -> Result<(), Stop> {
        let sent = members.len();
        if sent > 1 {
            self.client.inner().limits().halve(self.service(), sent, &failure);
            self.window = sent / 2;
            return Ok(());
        }
        let Some(series) = self.open.iter_mut().find(|series| members.contains(&series.index)) else {
            return Ok(());
        };
        let point = series.point.clone();
        if !series.ask_less(&self.question) {
            return self.absorb(members, vec![Err(failure.status)]).await;
        }
        // What has become of the server's place nobody knows.
        if let (Some(node), Some(_)) = (&series.node, &point) {
            self.leftover.push((node.clone(), point));
        }
        Ok(())
    }

    /// Nothing has happened to the connection since [`connected`](Self::connected).
    fn is_same(&self) -> bool {
        let inner = self.client.inner();
        inner.state() == State::Connected && self.look == Some(inner.resolver().look())
    }

    /// Waits until the session works. On another than before, begins again after what has been given.
    async fn connected(&mut self) -> Result<(), Stop> {
        let inner = self.client.inner().clone();
        if inner.state() == State::Reconnecting {
            let since = *self.trouble.get_or_insert_with(Instant::now);
            let left = self.question.patience.saturating_sub(since.elapsed());
            // Whoever waits too long is told so below.
            let _ = timeout(left, inner.not_reconnecting()).await;
        }
        inner.check_connected(OPERATION)?;
        let look = inner.resolver().look();
        if self.look.replace(look).is_some_and(|before| before != look) {
            // Points are the session's, and another session may have others of the same name.
            self.leftover.clear();
            if self.open.iter().any(|series| !series.can_resume(&self.question)) {
                return Err(inner.error(OPERATION, Failure::disconnected()).into());
            }
            for series in &mut self.open {
                series.node = None;
                series.resume(&self.question);
            }
            let learnt = inner.limits().learn_history(&inner.link()).await;
            learnt.map_err(|failure| inner.error(OPERATION, failure))?;
        }
        Ok(())
    }

    /// After a call that the loss of the connection has ended: `Ok` where it is to be tried again.
    async fn wait(&mut self, failure: Failure) -> Result<(), Stop> {
        let inner = self.client.inner().clone();
        let since = *self.trouble.get_or_insert_with(Instant::now);
        if inner.state() == State::Closed || since.elapsed() >= self.question.patience {
            return Err(inner.error(OPERATION, failure).into());
        }
        // The session hears of a lost connection a moment later than the call that it ended.
        sleep(PAUSE).await;
        Ok(())
    }

    /// Nobody will ask for the rest of any tag.
    fn abandon(&mut self) {
        for series in self.open.drain(..) {
            if let (Some(node), Some(point)) = (series.node, series.point) {
                self.leftover.push((node, Some(point)));
            }
        }
    }

    /// Gives back what the server remembers, for it remembers only so much.
    async fn release(&mut self) {
        let inner = self.client.inner().clone();
        let leftover = std::mem::take(&mut self.leftover);
        if leftover.is_empty() || !self.is_same() {
            return;
        }
        let past = self.question.past(&Series::new(0, Tag::numeric(0, 0)));
        for part in leftover.chunks(inner.limits().chunk(self.service())) {
            match timeout(RELEASE, inner.link().release_past(past.clone(), part)).await {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => {
                    tracing::debug!(status = %failure.status, "continuation points not released");
                }
                Err(_) => tracing::debug!("continuation points released, and no answer"),
            }
        }
    }
}

/// What follows a refusal of one tag.
fn refused(series: &mut Series, status: Status, together: usize, question: &Question) -> Result<Then, Error> {
    match status.code() {
        // The server could not remember its place in so many at once (Part 11, 6.3); the others go first.
        code::BAD_NO_CONTINUATION_POINTS if together > 1 && series.point.is_none() => {
            series.lose_place(question)?;
            Ok(Then::More)
        }
        code::BAD_CONTINUATION_POINT_INVALID if series.point.is_some() && series.can_resume(question) => {
            series.lose_place(question)?;
            Ok(Then::More)
        }
        _ => Err(series.refused(status)),
    }
}
