//! Looking for a server to use: sessions are opened, the best one is taken, and the others are closed.

use std::fmt;

use crate::client::attempt::{Found, Wanted, attempt};
use crate::error::BoxError;
use crate::{Error, Event};

use super::{Place, Rank};

/// A server that could not be opened.
#[derive(Debug)]
pub(in crate::client) struct Refused {
    pub(super) url: String,
    error: Error,
}

impl Refused {
    pub(in crate::client) fn event(self) -> Event {
        Event::Unavailable { reason: self.reason(), url: self.url }
    }

    /// Why, with everything that is behind it.
    pub(super) fn reason(&self) -> String {
        // The URL stands beside it.
        let mut source: Option<&dyn std::error::Error> = match &self.error {
            Error::Open { source, .. } => Some(&**source),
            error => Some(error),
        };
        let mut words = Vec::new();
        while let Some(error) = source {
            words.push(error.to_string());
            source = error.source();
        }
        words.join(": ")
    }
}

/// The first of these servers that is healthy, else the best of those that are at least so well, of equals the first; and
/// those that could not be opened. Each has its open timeout. One after the other: those who have all lost the same server
/// must not fall upon every other one at once.
pub(in crate::client) async fn survey(
    places: &[Place],
    order: impl IntoIterator<Item = usize>,
    least: Rank,
    wanted: &Wanted,
) -> (Option<Found>, Vec<Refused>) {
    let (mut best, mut refused): (Option<Found>, _) = (None, Vec::new());
    for index in order {
        let Some(place) = places.get(index) else { continue };
        match attempt(index, place, wanted.clone()).await {
            Ok(found) if found.rank() >= least => {
                let healthy = found.rank() == Rank::HEALTHY;
                if best.as_ref().is_none_or(|best| found.rank() > best.rank()) {
                    best = Some(found);
                }
                if healthy {
                    break;
                }
            }
            Ok(_) => {}
            Err(error) => refused.push(Refused { url: place.url.clone(), error }),
        }
    }
    (best, refused)
}

/// None of the servers could be opened: the error of the only one, or one that names them all.
pub(in crate::client) fn none_of(mut refused: Vec<Refused>) -> Error {
    if refused.len() == 1
        && let Some(only) = refused.pop()
    {
        return only.error;
    }
    let url = refused.iter().map(|server| server.url.as_str()).collect::<Vec<_>>().join(", ");
    Error::Open { url, source: BoxError::from(NoneOf(refused)) }
}

/// What each server failed with.
#[derive(Debug)]
struct NoneOf(Vec<Refused>);

impl fmt::Display for NoneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", server.url, server.reason())?;
        }
        Ok(())
    }
}

impl std::error::Error for NoneOf {}
