//! The arguments of `opc history`.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use openopc::HistoryRange;
use openopc::da::HdaTime;

use super::Which;
use crate::duration;

/// Without a range, what is asked for is this long.
const LAST: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) which: Which,
    /// From this time: 2026-01-31 12:00, 2026-01-31T12:00:00Z, or HDA's NOW-1H, DAY-1D+7H30M
    #[arg(long, value_name = "TIME", value_parser = HdaTime::parse, allow_hyphen_values = true)]
    pub(crate) from: Option<HdaTime>,
    /// Up to this time [default: now]; one before --from gives the newest first
    #[arg(long, value_name = "TIME", value_parser = HdaTime::parse, allow_hyphen_values = true)]
    pub(crate) to: Option<HdaTime>,
    /// The last 90s, 15m, 1h, 7d, instead of --from and --to [default: 1h]
    #[arg(long, value_name = "SPAN", value_parser = duration::some, conflicts_with_all = ["from", "to"])]
    pub(crate) last: Option<Duration>,
    /// The values at this time, recorded or between those that are; may be given again and again
    #[arg(long, value_name = "TIME", value_parser = HdaTime::parse, conflicts_with_all = ["from", "to", "last", "count", "bounds"])]
    pub(crate) at: Vec<HdaTime>,
    /// What the server calculates from the values: Average, Maximum, Total, …, or OPC HDA's number
    #[arg(short = 'A', long, value_name = "NAME", conflicts_with_all = ["at", "count", "bounds"])]
    pub(crate) aggregate: Option<String>,
    /// With --aggregate: one value for each 16s, 5m, 1h [default: one for all]
    #[arg(long, value_name = "TIME", value_parser = duration::some, requires = "aggregate")]
    pub(crate) every: Option<Duration>,
    /// What was changed, by whom and when, instead of what is recorded now
    #[arg(long, conflicts_with_all = ["at", "aggregate", "plot"])]
    pub(crate) modified: bool,
    /// At most N values of each tag; alone, the newest N
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<NonZeroUsize>,
    /// The values just outside the range, too
    #[arg(long)]
    pub(crate) bounds: bool,
    /// Relative times count from the server's clock, as in OPC HDA, instead of this computer's
    #[arg(long)]
    pub(crate) server_clock: bool,
    /// Ask for the server's times, too; many historians keep none
    #[arg(long)]
    pub(crate) server_times: bool,
    /// Draw the trend, as wide as the terminal
    #[arg(long)]
    pub(crate) plot: bool,
    /// Ask for at most N values at a time; the server may give fewer
    #[arg(short = 'g', long, value_name = "N")]
    pub(crate) size: Option<NonZeroUsize>,
}

impl History {
    /// From when to when.
    pub(crate) fn range(&self) -> HistoryRange {
        match (&self.from, &self.to, self.last) {
            (Some(from), Some(to), _) => HistoryRange::new(from.clone(), to.clone()),
            (Some(from), None, _) => HistoryRange::new(from.clone(), HdaTime::NOW),
            // Which the client refuses where no count says how many.
            (None, Some(to), _) => HistoryRange::until(to.clone()),
            (None, None, None) if self.count.is_some() => HistoryRange::until(HdaTime::NOW),
            (None, None, last) => HistoryRange::last(last.unwrap_or(LAST)),
        }
    }
}
