//! Several servers for one client: non-transparent redundancy (Part 4, 6.6.2.4), from the client's side.

mod roaming;
mod servers;
mod survey;
mod urls;

use std::time::Duration;

use crate::engine::Sample;
use crate::engine::client::{Failure, Link, Target};
use crate::{NodeId, Value};

pub(super) use roaming::Roaming;
pub(super) use servers::{Place, Servers};
pub(super) use survey::{Refused, none_of, survey};
pub use urls::IntoUrls;

/// When a client of several servers goes back to one that comes earlier in its list.
/// See [`ClientBuilder::fail_back`](crate::ClientBuilder::fail_back).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailBack {
    /// Not by itself: it stays until its server is lost, or is no longer healthy while another one is better.
    Never,
    /// As soon as the earlier server has been there for this long, at least as well as the present one.
    After(Duration),
}

/// After a minute.
impl Default for FailBack {
    fn default() -> FailBack {
        FailBack::After(Duration::from_secs(60))
    }
}

/// How well a server can do its work: its `ServiceLevel` (Part 4, 6.6.2.4.2), in which all that is healthy is alike.
///
/// 0 is maintenance, 1 no data; from 2 a degraded server, of which the higher is the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u8);

impl Rank {
    /// The worst there is.
    pub(super) const LEAST: Rank = Rank(0);
    pub(super) const HEALTHY: Rank = Rank(200);

    /// A server that does not tell is a healthy one.
    pub(super) fn of(level: Option<u8>) -> Rank {
        level.map_or(Rank::HEALTHY, |level| Rank(level).min(Rank::HEALTHY))
    }

    /// The least that is better.
    fn above(self) -> Rank {
        Rank(self.0.saturating_add(1))
    }
}

/// `Server.ServiceLevel` (Part 5, 6.3.1).
const SERVICE_LEVEL: u32 = 2267;

/// What the server says of itself; `None` where it does not.
pub(super) async fn service_level(link: &Link) -> Result<Option<u8>, Failure> {
    let samples = link.read(&[Target::value(&NodeId::numeric(0, SERVICE_LEVEL))], 0.0).await?;
    Ok(match samples.into_iter().next() {
        Some(Sample { value: Value::Byte(level), status, .. }) if !status.is_bad() => Some(level),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sub_ranges_are_those_of_the_standard() {
        let rank = |level| Rank::of(Some(level));
        assert!(rank(0) < rank(1) && rank(1) < rank(2) && rank(199) < rank(200));
        assert!(rank(2) < rank(3), "within degraded, the higher one");
        assert_eq!(rank(200), rank(255));
        assert_eq!(Rank::of(None), rank(255), "one that does not tell");
        assert!(rank(199).above() == Rank::HEALTHY && rank(255).above() > Rank::HEALTHY);
        assert_eq!(rank(0), Rank::LEAST);
    }
}
