//! A line of what was: the last values of a tag as bars of text.

use std::collections::VecDeque;

/// From low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// More than the widest screen shows.
const KEPT: usize = 512;

/// The last values of one tag, the newest last. Where there was no number there is a gap.
#[derive(Debug, Default)]
pub(super) struct Spark {
    values: VecDeque<Option<f64>>,
}

impl Spark {
    pub(super) fn push(&mut self, value: Option<f64>) {
        if self.values.len() == KEPT {
            self.values.pop_front();
        }
        self.values.push_back(value.filter(|value| value.is_finite()));
    }

    /// The newest values, one column each, between the least and the greatest of them.
    pub(super) fn text(&self, width: usize) -> String {
        let shown = || self.values.iter().skip(self.values.len().saturating_sub(width)).copied();
        let least = shown().flatten().fold(f64::INFINITY, f64::min);
        let greatest = shown().flatten().fold(f64::NEG_INFINITY, f64::max);
        shown().map(|value| value.map_or(' ', |value| bar(value, least, greatest))).collect()
    }
}

fn bar(value: f64, least: f64, greatest: f64) -> char {
    // Halves, since the whole may be more than a float can hold.
    let span = greatest / 2.0 - least / 2.0;
    let height = if span > 0.0 { (value / 2.0 - least / 2.0) / span } else { 0.5 };
    // The first bar whose upper edge is not below the value; rounding may leave none.
    let edges = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0].map(|edge| edge / 8.0);
    let [.., full] = BARS;
    edges.into_iter().zip(BARS).find(|(edge, _)| height < *edge).map_or(full, |(_, bar)| bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[f64], width: usize) -> String {
        let mut spark = Spark::default();
        for value in values {
            spark.push(Some(*value));
        }
        spark.text(width)
    }

    #[test]
    fn the_least_is_lowest_and_the_greatest_highest() {
        assert_eq!(text(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8), "▁▂▃▄▅▆▇█");
        assert_eq!(text(&[-1.0, 1.0], 8), "▁█");
        assert_eq!(text(&[-f64::MAX, 0.0, f64::MAX], 8), "▁▅█");
    }

    #[test]
    fn what_does_not_change_is_a_line_in_the_middle() {
        assert_eq!(text(&[5.0, 5.0, 5.0], 8), "▅▅▅");
        assert_eq!(text(&[], 8), "");
    }

    #[test]
    fn the_newest_are_shown_and_scaled_among_themselves() {
        assert_eq!(text(&[1000.0, 1.0, 2.0], 2), "▁█");
        assert_eq!(text(&[1.0, 2.0], 0), "");
    }

    #[test]
    fn where_there_is_no_number_there_is_a_gap() {
        let mut spark = Spark::default();
        for value in [Some(1.0), None, Some(f64::NAN), Some(2.0)] {
            spark.push(value);
        }
        assert_eq!(spark.text(8), "▁  █");
    }

    #[test]
    fn memory_is_bounded() {
        let mut spark = Spark::default();
        for _ in 0..10 * KEPT {
            spark.push(Some(1.0));
        }
        assert_eq!(spark.text(usize::MAX).chars().count(), KEPT);
    }
}
