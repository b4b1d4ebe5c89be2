//! What a drawn trend is made of, whatever it is drawn with: series, and axes with round numbers.

use chrono::{DateTime, TimeDelta, Utc};

/// The values of one tag, from early to late.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) unit: Option<String>,
    /// Values hold until the next one, rather than lying on a line to it.
    pub(crate) stepped: bool,
    points: Vec<(DateTime<Utc>, Option<f64>)>,
}

/// A place in a picture: how far from its left and from its bottom, 0 to 1.
pub(crate) type Place = (f64, f64);

impl Series {
    pub(crate) fn new(name: &str) -> Series {
        Series { name: name.to_owned(), ..Series::default() }
    }

    /// A value, or none where there is a gap.
    pub(crate) fn push(&mut self, time: DateTime<Utc>, value: Option<f64>) {
        self.points.push((time, value.filter(|value| value.is_finite())));
    }

    /// Puts values that came newest first in their order.
    pub(crate) fn sort(&mut self) {
        if !self.points.is_sorted_by_key(|(time, _)| *time) {
            self.points.sort_by_key(|(time, _)| *time);
        }
    }

    pub(crate) fn has_numbers(&self) -> bool {
        self.points.iter().any(|(_, value)| value.is_some())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Its name, and the unit of its values.
    pub(crate) fn label(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{} [{unit}]", self.name),
            None => self.name.clone(),
        }
    }

    /// Its lines between two times, where there is no gap, with at most four points in each of so many columns: a million
    /// values look no different.
    pub(crate) fn lines(&self, times: &Times, values: &Values, columns: f64) -> Vec<Vec<Place>> {
        let mut lines = Vec::new();
        let mut line: Vec<Place> = Vec::new();
        let mut column = Column::default();
        for (time, value) in &self.points {
            let Some(value) = value else {
                column.end(&mut line);
                lines.extend(ended(&mut line));
                continue;
            };
            let place = (times.place(*time), values.place(*value));
            if self.stepped
                && let Some(last) = column.last.map(|(_, place)| place).or(line.last().copied())
            {
                column.add((place.0, last.1), columns, &mut line);
            }
            column.add(place, columns, &mut line);
        }
        column.end(&mut line);
        lines.extend(ended(&mut line));
        lines
    }
}

fn ended(line: &mut Vec<Place>) -> Option<Vec<Place>> {
    if line.is_empty() { None } else { Some(std::mem::take(line)) }
}

/// The points of a line in one column: the first, the lowest, the highest and the last say it all.
#[derive(Debug, Default)]
struct Column {
    number: Option<f64>,
    count: usize,
    /// Each with its number, in the order they came.
    first: Option<(usize, Place)>,
    lowest: Option<(usize, Place)>,
    highest: Option<(usize, Place)>,
    last: Option<(usize, Place)>,
}

impl Column {
    fn add(&mut self, place: Place, columns: f64, line: &mut Vec<Place>) {
        let number = Some((place.0 * columns).floor());
        if self.number != number {
            self.end(line);
            self.number = number;
        }
        let point = Some((self.count, place));
        self.count += 1;
        self.first = self.first.or(point);
        if self.lowest.is_none_or(|(_, lowest)| place.1 < lowest.1) {
            self.lowest = point;
        }
        if self.highest.is_none_or(|(_, highest)| place.1 > highest.1) {
            self.highest = point;
        }
        self.last = point;
    }

    fn end(&mut self, line: &mut Vec<Place>) {
        let Column { first, lowest, highest, last, .. } = std::mem::take(self);
        let mut points: Vec<(usize, Place)> = [first, lowest, highest, last].into_iter().flatten().collect();
        points.sort_by_key(|(number, _)| *number);
        points.dedup_by_key(|(number, _)| *number);
        line.extend(points.into_iter().map(|(_, place)| place));
    }
}

/// The axis of time: from the first value of all to the last.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    start: DateTime<Utc>,
    /// In nanoseconds; not zero.
    span: f64,
}

/// A mark on an axis: how far along, 0 to 1, and what is written there.
pub(crate) type Mark = (f64, String);

/// Round spans of time, in milliseconds.
const STEPS: [i64; 37] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
    365 * DAY,
    730 * DAY,
    3_650 * DAY,
    36_500 * DAY,
];

const DAY: i64 = 86_400_000;

impl Times {
    /// `None` where nothing is to be drawn.
    pub(crate) fn of(series: &[Series]) -> Option<Times> {
        let times = || series.iter().flat_map(|series| &series.points).map(|(time, _)| *time);
        let (start, end) = (times().min()?, times().max()?);
        let (start, end) = if start == end {
            (start - TimeDelta::milliseconds(500), end + TimeDelta::milliseconds(500))
        } else {
            (start, end)
        };
        Some(Times { start, span: nanoseconds(end - start).max(1.0) })
    }

    fn place(&self, time: DateTime<Utc>) -> f64 {
        nanoseconds(time - self.start) / self.span
    }

    /// Marks at round times, at most so many.
    pub(crate) fn marks(&self, most: usize) -> Vec<Mark> {
        let milliseconds = self.span / 1e6;
        let fits = |step: &&i64| milliseconds / float(**step) <= float(most.max(1));
        let step = STEPS.iter().find(fits).or(STEPS.last()).copied().unwrap_or(DAY);
        let start = self.start.timestamp_millis();
        let first = start.div_euclid(step) + i64::from(start.rem_euclid(step) > 0);
        let days = milliseconds > float(DAY);
        let form = match step {
            _ if step >= DAY => "%Y-%m-%d",
            _ if days => "%m-%d %H:%M",
            _ if step >= 60_000 => "%H:%M",
            _ if step >= 1_000 => "%H:%M:%S",
            _ => "%H:%M:%S%.3f",
        };
        (first..)
            .map_while(|number| DateTime::from_timestamp_millis(number.checked_mul(step)?))
            .map(|time| (self.place(time), time.format(form).to_string()))
            .take_while(|(place, _)| *place <= 1.0)
            .take(most + 1)
            .collect()
    }

    /// What the marks leave out: from which day to which.
    pub(crate) fn title(&self) -> String {
        // Beyond what a date can be is the same as at its end.
        let nanoseconds = TimeDelta::nanoseconds(whole(self.span));
        let (from, to) = (self.start.date_naive(), (self.start + nanoseconds).date_naive());
        if from == to { format!("{from} UTC") } else { format!("{from} to {to} UTC") }
    }
}

/// The axis of values, from a round number to a round number.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    low: f64,
    high: f64,
    step: f64,
}

impl Values {
    /// With about so many steps.
    pub(crate) fn of<'a>(series: impl IntoIterator<Item = &'a Series>, steps: usize) -> Values {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in series.into_iter().flat_map(|series| &series.points).filter_map(|(_, value)| *value) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // A line that is flat lies in the middle.
        if low >= high {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (low - room, high + room);
        }
        let step = round_step(high / 2.0 - low / 2.0, steps);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Values { low: low.max(f64::MIN), high: high.min(f64::MAX), step }
    }

    fn place(&self, value: f64) -> f64 {
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// Marks at round numbers.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let number = (self.high / self.step - self.low / self.step).round().clamp(1.0, 100.0);
        let mut marks = Vec::new();
        let mut at = 0.0;
        while at <= number {
            marks.push((at / number, self.text(self.low + at * self.step)));
            at += 1.0;
        }
        marks
    }

    fn text(&self, value: f64) -> String {
        // Rounding leaves no number that is almost zero.
        let value = if value.abs() < self.step / 1e6 { 0.0 } else { value };
        let largest = self.low.abs().max(self.high.abs());
        if !(1e-4..1e7).contains(&largest) || self.step < 1e-6 {
            return format!("{value:.3e}");
        }
        let mut decimals = 0;
        let mut step = self.step;
        while decimals < 9 && (step - step.round()).abs() > step * 1e-6 {
            step *= 10.0;
            decimals += 1;
        }
        format!("{value:.decimals$}")
    }
}

/// 1, 2 or 5 times a power of ten, of which a span of twice `half` has no more than `steps`.
fn round_step(half: f64, steps: usize) -> f64 {
    let rough = (half / float(steps.max(1)) * 2.0).clamp(f64::MIN_POSITIVE, f64::MAX / 100.0);
    let power = 10_f64.powf(rough.log10().floor());
    let power = if power > 0.0 { power } else { f64::MIN_POSITIVE };
    [1.0, 2.0, 5.0].into_iter().map(|step| step * power).find(|step| *step >= rough).unwrap_or(10.0 * power)
}

fn nanoseconds(span: TimeDelta) -> f64 {
    float(span.num_seconds()) * 1e9 + f64::from(span.subsec_nanos())
}

/// A count as a number to calculate with.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a picture is rounded anyway")]
pub(crate) fn float(number: impl TryInto<i64>) -> f64 {
    number.try_into().unwrap_or(i64::MAX) as f64
}

/// A number as a count; one that is too large becomes the largest.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "`as` saturates, as is wanted here"
)]
pub(crate) fn whole(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn series(points: &[(i64, Option<f64>)]) -> Series {
        let mut series = Series::new("A");
        for (second, value) in points {
            series.push(at(*second), *value);
        }
        series
    }

    fn axis(low: f64, high: f64) -> Vec<String> {
        let series = series(&[(0, Some(low)), (1, Some(high))]);
        let marks = Values::of([&series], 5).marks();
        assert!(marks.is_sorted_by(|one, other| one.0 < other.0));
        marks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn numbers_of_an_axis_are_round() {
        assert_eq!(axis(10.0, 90.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(axis(0.11, 0.19), ["0.10", "0.12", "0.14", "0.16", "0.18", "0.20"]);
        assert_eq!(axis(-1.0, 1.0), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(axis(0.0, 0.0), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(axis(5.0, 5.0), ["4.4", "4.6", "4.8", "5.0", "5.2", "5.4", "5.6"].map(str::to_owned));
    }

    #[test]
    fn any_numbers_have_an_axis() {
        for (low, high) in
            [(f64::MIN, f64::MAX), (f64::MIN_POSITIVE, 1e-300), (1e300, 1e300), (1.0, 1.0 + f64::EPSILON)]
        {
            let series = series(&[(0, Some(low)), (1, Some(high))]);
            let values = Values::of([&series], 5);
            for value in [low, high] {
                let place = values.place(value);
                assert!((-1e-6..=1.0 + 1e-6).contains(&place), "{value} of {low} to {high}: {place}");
            }
            assert!(!values.marks().is_empty());
        }
    }

    #[test]
    fn times_of_an_axis_are_round() {
        let marks = |from, to| {
            let times = Times::of(&[series(&[(from, None), (to, None)])]).unwrap();
            (times.marks(4).into_iter().map(|(_, text)| text).collect::<Vec<_>>(), times.title())
        };
        let (texts, title) = marks(30, 630);
        assert_eq!((texts, title.as_str()), (vec!["00:05".into(), "00:10".into()], "1970-01-01 UTC"));
        let (texts, title) = marks(0, 3 * 86_400);
        assert_eq!(texts, ["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04"]);
        assert_eq!(title, "1970-01-01 to 1970-01-04 UTC");
        assert_eq!(
            marks(0, 2).0,
            ["00:00:00.000", "00:00:00.500", "00:00:01.000", "00:00:01.500", "00:00:02.000"]
        );
        assert!(!marks(5, 5).0.is_empty());
        assert!(!marks(-60_000_000_000, 250_000_000_000).0.is_empty());
    }

    #[test]
    fn gaps_part_lines_and_steps_have_corners() {
        let mut series = series(&[(0, Some(0.0)), (1, Some(1.0)), (2, None), (3, Some(0.0)), (4, Some(1.0))]);
        let times = Times::of(std::slice::from_ref(&series)).unwrap();
        let values = Values::of([&series], 5);
        assert_eq!(
            series.lines(&times, &values, 1000.0),
            [vec![(0.0, 0.0), (0.25, 1.0)], vec![(0.75, 0.0), (1.0, 1.0)]]
        );
        series.stepped = true;
        assert_eq!(
            series.lines(&times, &values, 1000.0),
            [vec![(0.0, 0.0), (0.25, 0.0), (0.25, 1.0)], vec![(0.75, 0.0), (1.0, 0.0), (1.0, 1.0)]]
        );
    }

    #[test]
    fn many_values_become_few_points_and_keep_their_peaks() {
        let mut all = Series::new("A");
        for second in 0..100_000 {
            all.push(at(second), Some(if second == 70_001 { 9.0 } else { float(second % 7) }));
        }
        let times = Times::of(std::slice::from_ref(&all)).unwrap();
        let values = Values::of([&all], 5);
        let [line] = &all.lines(&times, &values, 100.0)[..] else { panic!("one line") };
        assert!(line.len() <= 404, "{}", line.len());
        assert!(line.iter().any(|(_, y)| (*y - values.place(9.0)).abs() < 1e-12));
    }
}
