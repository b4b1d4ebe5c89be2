//! [`HistoryQuery`]: what is asked of the past.

use std::time::Duration;

use crate::NodeId;
use crate::da::HdaTime;
use crate::history::{Aggregate, AggregateConfiguration};

use super::{Compute, HistoryRange};

/// How many values are asked for at a time, where nothing else is said.
const PAGE: u32 = 10_000;

/// How long a read that has begun waits for a lost connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked of the past: [`raw`](Self::raw) values, values [`at`](Self::at) times, or what is
/// [calculated](Self::aggregate) from them.
///
/// ```
/// use std::time::Duration;
/// use openopc::HistoryQuery;
/// use openopc::history::Aggregate;
///
/// let _ = HistoryQuery::raw("NOW-1H..NOW").bounds(true);
/// let _ = HistoryQuery::raw("..NOW").count(100); // the newest hundred
/// let _ = HistoryQuery::aggregate("DAY-1D..DAY", Aggregate::TimeAverage, Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, and none of them is public")]
pub struct HistoryQuery {
    pub(super) kind: Kind,
    pub(super) count: Option<usize>,
    pub(super) bounds: bool,
    pub(super) simple_bounds: bool,
    pub(super) configuration: Option<AggregateConfiguration>,
    pub(super) compute: Compute,
    pub(super) page: u32,
    pub(super) server_times: bool,
    pub(super) server_clock: bool,
    pub(super) patience: Duration,
    /// Structures stay as they came.
    pub(super) undecoded: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Raw(HistoryRange),
    At(Vec<HdaTime>),
    Aggregate { range: HistoryRange, aggregate: AggregateName, every: Duration },
}

/// An aggregate, by whatever name it has: one of the standard's, the text of its name or of OPC HDA's number, that number, or
/// the node of one that only this server has.
///
/// A text that is none of the standard's is looked for among the names of the server's own.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateName(pub(super) Named);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Named {
    Standard(Aggregate),
    Text(String),
    Node(NodeId),
}

impl From<Aggregate> for AggregateName {
    fn from(aggregate: Aggregate) -> AggregateName {
        AggregateName(Named::Standard(aggregate))
    }
}

impl From<&str> for AggregateName {
    fn from(text: &str) -> AggregateName {
        AggregateName(match text.parse() {
            Ok(aggregate) => Named::Standard(aggregate),
            Err(_) => Named::Text(text.trim().to_owned()),
        })
    }
}

impl From<String> for AggregateName {
    fn from(text: String) -> AggregateName {
        text.as_str().into()
    }
}

/// OPC HDA's number.
impl From<u32> for AggregateName {
    fn from(id: u32) -> AggregateName {
        AggregateName(match Aggregate::from_hda(id) {
            Some(aggregate) => Named::Standard(aggregate),
            None => Named::Text(id.to_string()),
        })
    }
}

impl From<NodeId> for AggregateName {
    fn from(node: NodeId) -> AggregateName {
        AggregateName(match Aggregate::of_node(&node) {
            Some(aggregate) => Named::Standard(aggregate),
            None => Named::Node(node),
        })
    }
}

impl HistoryQuery {
    fn new(kind: Kind) -> HistoryQuery {
        HistoryQuery {
            kind,
            count: None,
            bounds: false,
            simple_bounds: false,
            configuration: None,
            compute: Compute::Never,
            page: PAGE,
            server_times: false,
            server_clock: false,
            patience: PATIENCE,
            undecoded: false,
        }
    }

    /// The values as they were recorded.
    pub fn raw(range: impl Into<HistoryRange>) -> HistoryQuery {
        HistoryQuery::new(Kind::Raw(range.into()))
    }

    /// The value at each of these times, in their order: the recorded one, else what lies between those around it (Part 11,
    /// 6.5.5).
    pub fn at<I>(times: I) -> HistoryQuery
    where
        I: IntoIterator,
        I::Item: Into<HdaTime>,
    {
        HistoryQuery::new(Kind::At(times.into_iter().map(Into::into).collect()))
    }

    /// One value for each interval of this length, calculated by the server (Part 13). An interval of zero is the whole range.
    pub fn aggregate(
        range: impl Into<HistoryRange>,
        aggregate: impl Into<AggregateName>,
        every: Duration,
    ) -> HistoryQuery {
        HistoryQuery::new(Kind::Aggregate { range: range.into(), aggregate: aggregate.into(), every })
    }

    /// At most this many values of each tag, the first of the range; of [raw](Self::raw) values only. With it, one of the
    /// range's two times is enough.
    #[must_use]
    pub fn count(mut self, values: usize) -> Self {
        self.count = Some(values);
        self
    }

    /// The values just outside the range as well, where there are none at its very start and end; of [raw](Self::raw) values
    /// only. Where there is no such value either, there is one with `BadBoundNotFound` in its place. Default no.
    #[must_use]
    pub fn bounds(mut self, bounds: bool) -> Self {
        self.bounds = bounds;
        self
    }

    /// Values [at](Self::at) times lie between the values around them whatever their quality, rather than between good ones
    /// (Part 11, 6.5.5.2; Part 13, 3.1.8). Default no.
    #[must_use]
    pub fn simple_bounds(mut self, simple: bool) -> Self {
        self.simple_bounds = simple;
        self
    }

    /// How an [aggregate](Self::aggregate) treats data that is not good. Default as the server has it for the tag.
    #[must_use]
    pub fn configuration(mut self, configuration: AggregateConfiguration) -> Self {
        self.configuration = Some(configuration);
        self
    }

    /// Whether an [aggregate](Self::aggregate) is calculated on this side, from raw values that are read page by page, with
    /// those around the range that it needs. Default [`Compute::Never`].
    ///
    /// Values lie between others as the server's `Stepped` of the tag says, and data that is not good is treated as its
    /// `AggregateConfiguration` says, or else [the one that is given](Self::configuration); of what the server does not
    /// say, as the standard's defaults are (Part 11, 5.2.3; Part 13, 4.2.1.2). Rows are those of
    /// [`Process`](crate::history::Process), without a server's time. One tag is calculated after the other, and a lost
    /// connection is waited for as with raw values. Where the range is in reverse, all rows of a tag are held until its
    /// last value has been read, for it comes first. An aggregate that only this server has is the server's with
    /// [`Compute::IfUnsupported`], and refused with [`Compute::Always`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use openopc::HistoryQuery;
    /// # use openopc::history::{Aggregate, Compute};
    /// let hour = Duration::from_secs(3600);
    /// let _ = HistoryQuery::aggregate("DAY-1D..DAY", Aggregate::Average, hour).compute(Compute::IfUnsupported);
    /// ```
    #[must_use]
    pub fn compute(mut self, compute: Compute) -> Self {
        self.compute = compute;
        self
    }

    /// How many values to ask for at a time, at least 1. Default 10,000. A server may give fewer at a time.
    #[must_use]
    pub fn page(mut self, values: usize) -> Self {
        self.page = u32::try_from(values).unwrap_or(u32::MAX).max(1);
        self
    }

    /// Each value with the server's time as well ([`Reading::server_time`](crate::Reading)). Default no, for many historians
    /// keep the source's time alone and refuse to be asked for another.
    #[must_use]
    pub fn server_times(mut self, yes: bool) -> Self {
        self.server_times = yes;
        self
    }

    /// Times such as `NOW-1H` count from the server's time, which is asked for then, as OPC HDA has it. Default no: from the
    /// time of this machine.
    #[must_use]
    pub fn server_clock(mut self, yes: bool) -> Self {
        self.server_clock = yes;
        self
    }

    /// How long a read that has begun waits for a lost connection. Default 60 s.
    ///
    /// Raw values and values at times go on exactly where they were; see [`history_pages`](crate::Client::history_pages).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) fn undecoded(mut self) -> Self {
        self.undecoded = true;
        self
    }

    /// What contradicts itself.
    pub(super) fn check(&self) -> Result<(), String> {
        let raw = matches!(self.kind, Kind::Raw(_));
        let aggregate = matches!(self.kind, Kind::Aggregate { .. });
        let wrong = match self {
            _ if !raw && self.count.is_some() => "a count is for raw values",
            _ if !raw && self.bounds => "bounds are for raw values",
            _ if self.count == Some(0) => "a count of 0 asks for nothing",
            _ if self.simple_bounds && !matches!(self.kind, Kind::At(_)) => {
                "simple bounds are for values at times"
            }
            _ if !aggregate && self.configuration.is_some() => {
                "a configuration of aggregates is for aggregates"
            }
            _ if !aggregate && self.compute != Compute::Never => "only aggregates are computed",
            HistoryQuery { configuration: Some(configuration), .. }
                if configuration.percent_data_good > 100 || configuration.percent_data_bad > 100 =>
            {
                "percentages go from 0 to 100"
            }
            _ => return Ok(()),
        };
        Err(wrong.to_owned())
    }
}
