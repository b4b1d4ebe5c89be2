//! [`AggregateConfiguration`]: what counts as good when values are put together.

/// How aggregates treat data that is not good (Part 13, 4.2.1.2; on the wire Part 4, 7.22.4).
///
/// The defaults are the standard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggregateConfiguration {
    /// Uncertain data is treated as bad, else as good. Default true.
    pub treat_uncertain_as_bad: bool,
    /// From how many percent of bad data on a row is bad, 0 to 100. Default 100.
    pub percent_data_bad: u8,
    /// From how many percent of good data on a row is good, 0 to 100. Default 100.
    pub percent_data_good: u8,
    /// Beyond the last value the slope of the last two goes on, else the last value. Default false.
    pub use_sloped_extrapolation: bool,
}

impl Default for AggregateConfiguration {
    fn default() -> AggregateConfiguration {
        AggregateConfiguration {
            treat_uncertain_as_bad: true,
            percent_data_bad: 100,
            percent_data_good: 100,
            use_sloped_extrapolation: false,
        }
    }
}

impl AggregateConfiguration {
    /// No data is good and bad at once: `percent_data_good` is at least 100 less `percent_data_bad` (Part 13, 4.2.1.2).
    pub(crate) fn is_decided(self) -> bool {
        u16::from(self.percent_data_good) + u16::from(self.percent_data_bad) >= 100
    }
}
