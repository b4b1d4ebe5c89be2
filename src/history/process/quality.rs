//! The status of a row from how much of it is good and how much is bad (Part 13, 5.4.3.2).

use crate::history::AggregateConfiguration;
use crate::status::code;
use crate::{Quality, Status};

/// How much there was of each quality: samples, or nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shares {
    pub(super) good: i128,
    pub(super) uncertain: i128,
    pub(super) bad: i128,
}

impl Shares {
    pub(super) fn add(&mut self, quality: Quality, amount: i128) {
        match quality {
            Quality::Good => self.good += amount,
            Quality::Uncertain => self.uncertain += amount,
            Quality::Bad => self.bad += amount,
        }
    }

    pub(super) fn all(&self) -> i128 {
        self.good + self.uncertain + self.bad
    }

    /// The status where values are counted. What is uncertain but not treated as bad makes no value good: of all
    /// aggregates that count, none uses it.
    pub(super) fn by_count(self, configuration: AggregateConfiguration) -> Status {
        let bad = if configuration.treat_uncertain_as_bad { self.bad + self.uncertain } else { self.bad };
        verdict(self.good, bad, self.all(), configuration)
    }

    /// The status where time is measured.
    pub(super) fn by_time(self, configuration: AggregateConfiguration) -> Status {
        let (good, bad) = if configuration.treat_uncertain_as_bad {
            (self.good, self.bad + self.uncertain)
        } else {
            (self.good + self.uncertain, self.bad)
        };
        verdict(good, bad, self.all(), configuration)
    }

    /// The time that counts as good, and as bad. Uncertain time that is not treated as bad is neither.
    pub(super) fn good_and_bad(self, configuration: AggregateConfiguration) -> (i128, i128) {
        (self.good, if configuration.treat_uncertain_as_bad { self.bad + self.uncertain } else { self.bad })
    }
}

/// Where both percentages are reached the row is good: so it is in the standard's example data.
fn verdict(good: i128, bad: i128, all: i128, configuration: AggregateConfiguration) -> Status {
    if good * 100 >= all * i128::from(configuration.percent_data_good) {
        Status::GOOD
    } else if bad * 100 >= all * i128::from(configuration.percent_data_bad) {
        code::BAD
    } else {
        code::UNCERTAIN_DATA_SUB_NORMAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_decide_and_good_goes_first() {
        let half =
            AggregateConfiguration { percent_data_bad: 50, percent_data_good: 50, ..Default::default() };
        let names = |good, uncertain, bad, configuration: AggregateConfiguration| {
            let shares = Shares { good, uncertain, bad };
            [shares.by_count(configuration), shares.by_time(configuration)].map(Status::name)
        };
        assert_eq!(names(1, 0, 1, half), ["Good", "Good"]);
        assert_eq!(names(4, 0, 6, half), ["Bad", "Bad"]);
        assert_eq!(names(4, 6, 0, half), ["Bad", "Bad"]);
        let whole = AggregateConfiguration { treat_uncertain_as_bad: false, ..Default::default() };
        assert_eq!(names(4, 0, 6, whole), ["UncertainDataSubNormal", "UncertainDataSubNormal"]);
        assert_eq!(names(4, 6, 0, whole), ["UncertainDataSubNormal", "Good"]);
        assert_eq!(names(0, 0, 6, whole), ["Bad", "Bad"]);
        assert_eq!(names(0, 0, 0, whole), ["Good", "Good"]);
    }
}
