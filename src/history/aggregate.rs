//! [`Aggregate`]: the standard aggregates, by every name they have.

use std::fmt;
use std::str::FromStr;

use crate::NodeId;

macro_rules! aggregates {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal;)*) => {
        /// An aggregate of Part 13, clause 5.4: what is calculated from the data of an interval.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Aggregate { $($(#[doc = $doc])* $name,)* }

        impl Aggregate {
            /// All of them, in the order of Part 13.
            pub const ALL: &'static [Aggregate] = &[$(Aggregate::$name),*];

            /// Its browse name: `TimeAverage2`.
            pub const fn name(self) -> &'static str {
                match self { $(Aggregate::$name => stringify!($name),)* }
            }

            /// The number of its node in namespace 0.
            pub(crate) const fn number(self) -> u32 {
                match self { $(Aggregate::$name => $id,)* }
            }
        }
    };
}

aggregates! {
    /// The value at the start of the interval, between the values around it.
    Interpolative = 2341;
    /// The mean of the good values.
    Average = 2342;
    /// The mean over time, with interpolated bounds and sloped lines between values.
    TimeAverage = 2343;
    /// The mean over time, with simple bounds.
    TimeAverage2 = 11285;
    /// The time average times the length of the interval in seconds.
    Total = 2344;
    /// The second time average times the length of the interval in seconds.
    Total2 = 11304;
    /// The smallest good value, at the start of the interval.
    Minimum = 2346;
    /// The largest good value, at the start of the interval.
    Maximum = 2347;
    /// The smallest good value, at its own time.
    MinimumActualTime = 2348;
    /// The largest good value, at its own time.
    MaximumActualTime = 2349;
    /// The largest less the smallest good value.
    Range = 2350;
    /// The smallest value, the bounds counted.
    Minimum2 = 11286;
    /// The largest value, the bounds counted.
    Maximum2 = 11287;
    /// The smallest value, the bounds counted, at its own time.
    MinimumActualTime2 = 11305;
    /// The largest value, the bounds counted, at its own time.
    MaximumActualTime2 = 11306;
    /// The largest less the smallest value, the bounds counted.
    Range2 = 11288;
    /// The number of annotations.
    AnnotationCount = 2351;
    /// The number of good values.
    Count = 2352;
    /// How long the value was zero or false, in milliseconds.
    DurationInStateZero = 11307;
    /// How long the value was neither zero nor false, in milliseconds.
    DurationInStateNonZero = 11308;
    /// How often the value became zero or not zero.
    NumberOfTransitions = 2355;
    /// The first value of the interval, at its own time.
    Start = 2357;
    /// The last value of the interval, at its own time.
    End = 2358;
    /// The last less the first good value.
    Delta = 2359;
    /// The value at the start of the interval, from simple bounds.
    StartBound = 11505;
    /// The value at the end of the interval, from simple bounds.
    EndBound = 11506;
    /// The value at the end less that at the start of the interval, from simple bounds.
    DeltaBounds = 11507;
    /// How long the data was good, in milliseconds.
    DurationGood = 2360;
    /// How long the data was bad, in milliseconds.
    DurationBad = 2361;
    /// How much of the time the data was good, 0 to 100.
    PercentGood = 2362;
    /// How much of the time the data was bad, 0 to 100.
    PercentBad = 2363;
    /// The worst status of the values, as a value.
    WorstQuality = 2364;
    /// The worst status of the values, the bounds counted, as a value.
    WorstQuality2 = 11292;
    /// The standard deviation of the good values, taken for a sample (n - 1).
    StandardDeviationSample = 11426;
    /// The standard deviation of the good values, taken for all there are (n).
    StandardDeviationPopulation = 11427;
    /// The variance of the good values, taken for a sample (n - 1).
    VarianceSample = 11428;
    /// The variance of the good values, taken for all there are (n).
    VariancePopulation = 11429;
}

impl Aggregate {
    /// Its node in namespace 0, an object of type `AggregateFunctionType`.
    pub fn node_id(self) -> NodeId {
        NodeId::numeric(0, self.number())
    }

    /// The aggregate with this node.
    pub fn of_node(id: &NodeId) -> Option<Aggregate> {
        Aggregate::ALL.iter().copied().find(|aggregate| aggregate.node_id() == *id)
    }

    /// The number that OPC HDA gives it, `OPCHDA_AVERAGE` = 3. Those that came with OPC UA have none.
    ///
    /// HDA's `STDEV` and `VARIANCE` are taken for those of a sample, which the Foundation's wrapper leaves open.
    pub fn hda(self) -> Option<u32> {
        HDA.iter().find(|(_, aggregate)| *aggregate == self).map(|(id, _)| *id)
    }

    /// The aggregate with this number in OPC HDA. There is none in OPC UA for 0, "no aggregate", and for 14 to 16, the
    /// regressions.
    pub fn from_hda(id: u32) -> Option<Aggregate> {
        HDA.iter().find(|(number, _)| *number == id).map(|(_, aggregate)| *aggregate)
    }
}

/// `OPCHDA_AGGREGATE`, as far as OPC UA has it.
const HDA: &[(u32, Aggregate)] = &[
    (1, Aggregate::Interpolative),
    (2, Aggregate::Total),
    (3, Aggregate::Average),
    (4, Aggregate::TimeAverage),
    (5, Aggregate::Count),
    (6, Aggregate::StandardDeviationSample),
    (7, Aggregate::MinimumActualTime),
    (8, Aggregate::Minimum),
    (9, Aggregate::MaximumActualTime),
    (10, Aggregate::Maximum),
    (11, Aggregate::Start),
    (12, Aggregate::End),
    (13, Aggregate::Delta),
    (17, Aggregate::VarianceSample),
    (18, Aggregate::Range),
    (19, Aggregate::DurationGood),
    (20, Aggregate::DurationBad),
    (21, Aggregate::PercentGood),
    (22, Aggregate::PercentBad),
    (23, Aggregate::WorstQuality),
    (24, Aggregate::AnnotationCount),
];

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The browse name in any case, or HDA's number.
impl FromStr for Aggregate {
    type Err = ParseAggregateError;

    fn from_str(text: &str) -> Result<Aggregate, ParseAggregateError> {
        let text = text.trim();
        let named =
            Aggregate::ALL.iter().copied().find(|aggregate| aggregate.name().eq_ignore_ascii_case(text));
        named
            .or_else(|| text.parse().ok().and_then(Aggregate::from_hda))
            .ok_or_else(|| ParseAggregateError { text: text.to_owned() })
    }
}

/// The text names no aggregate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no aggregate `{text}`: expected a name of Part 13, such as TimeAverage, or a number of OPC HDA")]
pub struct ParseAggregateError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_number_leads_back() {
        assert_eq!(Aggregate::ALL.len(), 37);
        for aggregate in Aggregate::ALL {
            assert_eq!(aggregate.name().parse(), Ok(*aggregate));
            assert_eq!(aggregate.name().to_uppercase().parse(), Ok(*aggregate));
            assert_eq!(Aggregate::of_node(&aggregate.node_id()), Some(*aggregate));
        }
        for (id, aggregate) in HDA {
            assert_eq!(id.to_string().parse(), Ok(*aggregate));
            assert_eq!(aggregate.hda(), Some(*id));
        }
        assert_eq!(HDA.len(), 21);
    }

    #[test]
    fn what_is_no_aggregate_says_so() {
        for text in ["", "Mean", "0", "14", "2342"] {
            assert!(text.parse::<Aggregate>().unwrap_err().to_string().contains(text));
        }
    }
}
