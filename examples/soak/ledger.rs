//! [`Ledger`]: what became of every value of one tag; [`Account`]: of all of them.

use std::fmt;
use std::ops::AddAssign;

use openopc::{Delivery, Reading, Status};

/// What became of values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) delivered: u64,
    /// A newer one came instead, as was asked for.
    pub(crate) coalesced: u64,
    /// The next one said so.
    pub(crate) told_lost: u64,
    /// A reading that was bad came instead.
    pub(crate) told_bad: u64,
    /// The reader was too slow, which is counted.
    pub(crate) dropped: u64,
    /// Nobody said anything.
    pub(crate) missing: u64,
    /// The last value of a tag never came.
    pub(crate) never_came: u64,
    /// Known already, and told again with no reason.
    pub(crate) twice: u64,
    /// Older than what had been told.
    pub(crate) disordered: u64,
    /// Readings that told of a lost connection.
    pub(crate) lost_connections: u64,
}

impl Account {
    /// A slow reader did not get so many readings, which was counted: values, or what was between two that are the same.
    pub(crate) fn excuse(&mut self, dropped: u64) {
        let values = self.missing.min(dropped);
        self.missing -= values;
        self.dropped += values;
        self.twice -= self.twice.min(dropped - values);
    }

    pub(crate) fn unaccounted(&self) -> u64 {
        self.missing + self.never_came
    }

    pub(crate) fn violations(&self) -> u64 {
        self.twice + self.disordered
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Account) {
        self.delivered += other.delivered;
        self.coalesced += other.coalesced;
        self.told_lost += other.told_lost;
        self.told_bad += other.told_bad;
        self.dropped += other.dropped;
        self.missing += other.missing;
        self.never_came += other.never_came;
        self.twice += other.twice;
        self.disordered += other.disordered;
        self.lost_connections += other.lost_connections;
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} delivered, {} coalesced, {} told lost, {} told bad, {} dropped and counted, {} unaccounted, {} twice, \
             {} disordered, {} times told of a lost connection",
            self.delivered,
            self.coalesced,
            self.told_lost,
            self.told_bad,
            self.dropped,
            self.unaccounted(),
            self.twice,
            self.disordered,
            self.lost_connections,
        )
    }
}

/// One tag of one subscription.
#[derive(Debug)]
pub(crate) struct Ledger {
    newest_only: bool,
    last: Option<i64>,
    /// Since the last value, the tag was bad by its own, or by the connection.
    bad: bool,
    away: bool,
    pub(crate) account: Account,
}

impl Ledger {
    pub(crate) fn new(delivery: Delivery) -> Ledger {
        let newest_only = delivery == Delivery::Latest;
        Ledger { newest_only, last: None, bad: false, away: false, account: Account::default() }
    }

    pub(crate) fn last(&self) -> i64 {
        self.last.unwrap_or_default()
    }

    pub(crate) fn enter(&mut self, reading: &Reading) {
        let Ok(value) = reading.get::<i64>() else {
            if Some(reading.status.code()) == Status::named("BadNoCommunication") {
                self.away = true;
                self.account.lost_connections += 1;
            } else {
                self.bad = true;
            }
            return;
        };
        self.account.delivered += 1;
        let Some(last) = self.last.replace(value) else {
            self.settle();
            return;
        };
        if value < last {
            self.account.disordered += 1;
            println!("FAULT: {value} after {last}: {reading:?}, {self}");
        } else if value == last && !self.bad && !self.away && !reading.status.overflowed() {
            self.account.twice += 1;
        }
        let between = u64::try_from(value - last - 1).unwrap_or_default();
        let account = if self.newest_only {
            &mut self.account.coalesced
        } else if reading.status.overflowed() {
            &mut self.account.told_lost
        } else if self.bad {
            &mut self.account.told_bad
        } else {
            &mut self.account.missing
        };
        *account += between;
        self.settle();
    }

    fn settle(&mut self) {
        (self.bad, self.away) = (false, false);
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.newest_only { "the newest value" } else { "every value" };
        write!(f, "{what} (at {}, bad {}, away {})", self.last(), self.bad, self.away)
    }
}
