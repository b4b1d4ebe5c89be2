//! `history`, `history_with`, `history_many`, `history_pages`: reading the past.

mod annotations;
mod capabilities;
mod compute;
mod events;
mod modified;
mod query;
mod question;
mod range;
mod run;
mod series;
mod update;

pub use self::annotations::Annotation;
pub use self::capabilities::{Capabilities, Configuration, OfferedAggregate};
pub use self::compute::Compute;
pub use self::events::{EventQuery, Occurrence};
pub use self::modified::{Change, Modified};
pub use self::query::{AggregateName, HistoryQuery};
pub use self::range::HistoryRange;

#[cfg(doc)]
use crate::Error;
use crate::engine::client::Row;
use crate::{Client, IntoTag, NodeId, Operation, ParseTagError, Reading, Result, Tag};

use self::query::Named;
use self::question::{Question, senseless};
use self::run::{Maker, Piece, run};
use super::{Inner, Results};

const OPERATION: Operation = Operation::History;

impl Client {
    /// The values that the server has recorded of a tag, from one time to another: all of them, however many answers that
    /// takes. Where the start is later than the end, the newest come first.
    ///
    /// Where nothing was recorded, the list is empty. A value of bad quality is a reading, for it is what was recorded;
    /// [`Status::origin`](crate::Status::origin) tells a recorded value from a calculated one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// # use chrono::{DateTime, TimeDelta};
    /// # use openopc::history::Sample;
    /// # use openopc::sim::{History, Item, Simulator};
    /// # let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    /// # let past = (0..60).map(|n| Sample::new(start + TimeDelta::minutes(n), n as f64));
    /// # let item = Item::new("Tank.Level", 60.0).history(History::recorded().samples(past));
    /// # let simulator = Simulator::builder().item(item).start().await?;
    /// # let url = simulator.url();
    /// let opc = openopc::open(url).await?;
    /// let end = start + TimeDelta::hours(1);
    /// let values = opc.history("Tank.Level", start..end).await?;
    /// assert_eq!(values.len(), 60);
    /// assert_eq!(values[7].get::<f64>()?, 7.0);
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`]; [`Error::Query`] where the range makes no sense; [`Error::Item`] with
    /// `BadHistoryOperationUnsupported` or another status where the server keeps no history of this tag;
    /// [`Error::Endless`] where it promises more for ever; [`Error::Disconnected`], [`Error::Timeout`] of a single request,
    /// [`Error::Service`], [`Error::Closed`] for the call.
    pub async fn history(&self, tag: impl IntoTag, range: impl Into<HistoryRange>) -> Result<Vec<Reading>> {
        one(self, tag.into_tag(), HistoryQuery::raw(range)).await
    }

    /// As [`history`](Self::history), with choices: how many values, at which times, or what is calculated from them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// # use chrono::{DateTime, TimeDelta};
    /// # use openopc::history::Sample;
    /// # use openopc::sim::{History, Item, Simulator};
    /// # let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    /// # let past = (0..60).map(|n| Sample::new(start + TimeDelta::minutes(n), n as f64));
    /// # let item = Item::new("Tank.Level", 60.0).history(History::recorded().samples(past));
    /// # let simulator = Simulator::builder().item(item).start().await?;
    /// # let url = simulator.url();
    /// use std::time::Duration;
    /// use openopc::HistoryQuery;
    /// use openopc::history::Aggregate;
    ///
    /// let opc = openopc::open(url).await?;
    /// let end = start + TimeDelta::hours(1);
    /// let quarters = Duration::from_secs(900);
    /// let query = HistoryQuery::aggregate(start..end, Aggregate::Maximum, quarters);
    /// let highest = opc.history_with("Tank.Level", &query).await?;
    /// assert_eq!(highest.len(), 4);
    /// assert_eq!(highest[0].get::<f64>()?, 14.0);
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`history`](Self::history); [`Error::Aggregate`] where the server does not calculate what is asked for.
    pub async fn history_with(&self, tag: impl IntoTag, query: &HistoryQuery) -> Result<Vec<Reading>> {
        one(self, tag.into_tag(), query.clone()).await
    }

    /// The past of many tags: one result per tag, in the order given. As many tags go into one request as the server takes
    /// and as it can go on with, fewer values of each where an answer would be too large.
    ///
    /// One tag does not take the others along: where the server refuses a whole request, or again and again closes the
    /// connection over it, fewer are asked for at a time until it shows which tags that is about, and these have their
    /// errors.
    ///
    /// # Errors
    /// The outer error is the call's, each inner one its tag's, as in [`history_with`](Self::history_with).
    pub async fn history_many<I>(&self, tags: I, query: &HistoryQuery) -> Result<Vec<Result<Vec<Reading>>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        many(self, tags.into_iter().map(IntoTag::into_tag).collect(), query.clone()).await
    }

    /// As [`history_many`](Self::history_many), page by page as the server gives them: in little memory, however much there
    /// is.
    ///
    /// All readings of a page are of one tag; the pages of several tags come in turns, those of each in order. An error of
    /// one tag is its last page, and the others follow. Whoever stops early, by dropping this, has the server forget its
    /// place, without waiting for that.
    ///
    /// A connection that is lost on the way is waited for, see [`HistoryQuery::patience`]. Raw values then go on after the
    /// last that was given, values at times with the next time: nothing is missing, and nothing comes twice, as long as
    /// the past does not change meanwhile. Of several tags, one over which three connections in a row were lost fails with
    /// [`Error::Item`] and `BadConnectionClosed`. Aggregates that have begun fail with [`Error::Disconnected`], for the server may
    /// divide the time anew.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// # use chrono::{DateTime, TimeDelta};
    /// # use openopc::history::Sample;
    /// # use openopc::sim::{History, Item, Simulator};
    /// # let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    /// # let past = (0..60).map(|n| Sample::new(start + TimeDelta::minutes(n), n as f64));
    /// # let item = Item::new("Tank.Level", 60.0).history(History::recorded().samples(past));
    /// # let simulator = Simulator::builder().item(item).start().await?;
    /// # let url = simulator.url();
    /// use openopc::HistoryQuery;
    ///
    /// let opc = openopc::open(url).await?;
    /// let query = HistoryQuery::raw(start..start + TimeDelta::hours(1)).page(25);
    /// let mut pages = opc.history_pages(["Tank.Level"], &query);
    /// let mut sizes = Vec::new();
    /// while let Some(page) = pages.next().await {
    ///     sizes.push(page?.len());
    /// }
    /// assert_eq!(sizes, [25, 25, 10]);
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`history_with`](Self::history_with), as results. One of the whole call is the last.
    pub fn history_pages<I>(&self, tags: I, query: &HistoryQuery) -> Results<Vec<Reading>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = tags.into_iter().map(IntoTag::into_tag).collect();
        read(self, tags, query.clone(), false, Maker { row: reading, piece: |piece| piece.rows })
    }
}

fn reading(row: Row, tag: &Tag) -> Reading {
    row.sample.into_reading(tag.clone())
}

/// The results of a query, however they are made.
fn read<T, U>(
    client: &Client,
    tags: Vec<Result<Tag, ParseTagError>>,
    query: HistoryQuery,
    modified: bool,
    maker: Maker<T, U>,
) -> Results<U>
where
    T: Send + 'static,
    U: Send + 'static,
{
    Results::of(client, OPERATION, None, move |client, outlet| async move {
        let question = match client.inner().check_open(OPERATION) {
            Ok(()) => Box::pin(Question::of(&client, &query, modified)).await,
            Err(error) => Err(error),
        };
        match query.compute {
            Compute::Never => run(client, tags, question, outlet, maker).await,
            compute => Box::pin(compute::read(client, tags, question, compute, outlet, maker)).await,
        }
    })
}

/// Every row of one tag.
async fn all<T: Send + 'static>(
    client: &Client,
    tag: Result<Tag, ParseTagError>,
    query: HistoryQuery,
    modified: bool,
    row: fn(Row, &Tag) -> T,
) -> Result<Vec<T>> {
    let mut results = read(client, vec![tag], query, modified, Maker { row, piece: |piece| piece.rows });
    let mut rows = Vec::new();
    while let Some(page) = results.next().await {
        rows.append(&mut page?);
    }
    Ok(rows)
}

async fn one(client: &Client, tag: Result<Tag, ParseTagError>, query: HistoryQuery) -> Result<Vec<Reading>> {
    all(client, tag, query, false, reading).await
}

async fn many(
    client: &Client,
    tags: Vec<Result<Tag, ParseTagError>>,
    query: HistoryQuery,
) -> Result<Vec<Result<Vec<Reading>>>> {
    let mut histories: Vec<Result<Vec<Reading>>> = tags.iter().map(|_| Ok(Vec::new())).collect();
    let mut results = read(client, tags, query, false, Maker { row: reading, piece: Ok });
    while let Some(piece) = results.next().await {
        let Piece { index, rows } = piece?;
        let Some(history) = histories.get_mut(index) else { continue };
        match (history.as_mut(), rows) {
            (Ok(history), Ok(mut rows)) => history.append(&mut rows),
            (_, Err(error)) => *history = Err(error),
            (Err(_), Ok(_)) => {}
        }
    }
    Ok(histories)
}

impl Inner {
    /// The node of an aggregate on this server, and what it is called.
    async fn aggregate_node(&self, name: &AggregateName) -> Result<(NodeId, String)> {
        let text = match &name.0 {
            Named::Standard(aggregate) => return Ok((aggregate.node_id(), aggregate.name().to_owned())),
            Named::Node(node) => return Ok((node.clone(), node.to_string())),
            Named::Text(text) => text,
        };
        self.check_connected(OPERATION)?;
        let offered = self.offered().await.map_err(|failure| self.error(OPERATION, failure))?;
        if let Some(found) = offered.iter().find(|offered| offered.name.eq_ignore_ascii_case(text)) {
            return Ok((found.node.clone(), found.name.clone()));
        }
        let own = offered.into_iter().filter(|offered| offered.standard.is_none());
        let own: Vec<String> = own.map(|offered| offered.name).collect();
        let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        Err(senseless(format!(
            "no aggregate `{text}`: it is no name of Part 13 and no number of OPC HDA, and of its own the server has {own}"
        )))
    }
}
