//! A trend in the terminal: dots of braille, one picture below the other for each tag, with one axis of time.

use std::fmt::Write as _;

use super::chart::{Series, Times, Values, float, whole};
use super::plain;

/// How high a picture is, in lines: alone, and among others.
const HEIGHTS: [usize; 2] = [16, 10];

/// The dots of a character, from the top: left and right.
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Draws all series, at most so many columns wide.
pub(crate) fn draw(series: &[Series], width: usize) -> String {
    let mut text = String::new();
    let Some(times) = Times::of(series) else { return text };
    let height = if series.len() == 1 { HEIGHTS[0] } else { HEIGHTS[1] };
    let drawn: Vec<&Series> = series.iter().filter(|series| series.has_numbers()).collect();
    let axes: Vec<Values> = drawn.iter().map(|series| Values::of([*series], height / 3)).collect();
    let label = axes.iter().flat_map(Values::marks).map(|(_, text)| text.len()).max().unwrap_or_default();
    let columns = width.saturating_sub(label + 2).max(20);
    for (series, values) in drawn.iter().zip(&axes) {
        let mut canvas = Canvas::new(columns, height);
        for line in series.lines(&times, values, float(columns * 2)) {
            canvas.line(&line);
        }
        let mut marks = vec![String::new(); height];
        for (place, text) in values.marks() {
            if let Some(mark) = marks.get_mut(from_top(place, height)) {
                *mark = text;
            }
        }
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}", plain(&series.label()));
        for (mark, row) in marks.iter().zip(canvas.rows()) {
            let edge = if mark.is_empty() { '│' } else { '┤' };
            let _ = writeln!(text, "{}", format!("{mark:>label$} {edge}{row}").trim_end());
        }
    }
    if !drawn.is_empty() {
        axis(&mut text, &times, label, columns);
    }
    text
}

fn from_top(place: f64, height: usize) -> usize {
    let last = height.saturating_sub(1);
    last.saturating_sub(usize::try_from(whole(place * float(last))).unwrap_or_default())
}

/// The line of time below, and what it is.
fn axis(text: &mut String, times: &Times, label: usize, columns: usize) {
    let mut line = vec!['─'; columns];
    let mut names = String::new();
    for (place, name) in times.marks(columns / 14) {
        let column = usize::try_from(whole(place * float(columns.saturating_sub(1)))).unwrap_or_default();
        let from = column.saturating_sub(name.len() / 2).min(columns.saturating_sub(name.len()));
        if from > 0 && from <= names.len() {
            continue;
        }
        if let Some(mark) = line.get_mut(column) {
            *mark = '┬';
        }
        let _ = write!(names, "{:from$}{name}", "", from = from - names.len());
    }
    let line: String = line.into_iter().collect();
    let _ = writeln!(text, "{:label$} └{line}", "");
    let _ = writeln!(text, "{:label$}  {names}", "");
    let _ = writeln!(text, "{:label$}  {}", "", times.title());
}

/// Dots: two columns and four rows in each character.
struct Canvas {
    columns: usize,
    height: usize,
    cells: Vec<u32>,
}

impl Canvas {
    fn new(columns: usize, height: usize) -> Canvas {
        Canvas { columns, height, cells: vec![0; columns * height] }
    }

    fn line(&mut self, places: &[(f64, f64)]) {
        let (right, top) = (float(self.columns * 2) - 1.0, float(self.height * 4) - 1.0);
        let dot = |(x, y): (f64, f64)| (x * right, (1.0 - y) * top);
        let Some(first) = places.first() else { return };
        let mut from = dot(*first);
        self.dot(from);
        for place in places {
            let to = dot(*place);
            let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil();
            let mut at = 1.0;
            while at <= steps {
                let share = at / steps;
                self.dot((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share));
                at += 1.0;
            }
            from = to;
        }
    }

    fn dot(&mut self, (x, y): (f64, f64)) {
        let (Ok(x), Ok(y)) = (usize::try_from(whole(x)), usize::try_from(whole(y))) else { return };
        let bit = DOTS.get(y % 4).and_then(|row| row.get(x % 2)).copied().unwrap_or_default();
        if x / 2 < self.columns
            && let Some(cell) = self.cells.get_mut(y / 4 * self.columns + x / 2)
        {
            *cell |= bit;
        }
    }

    fn rows(&self) -> impl Iterator<Item = String> + '_ {
        let dots = |cell: &u32| match cell {
            0 => ' ',
            dots => char::from_u32(0x2800 + dots).unwrap_or(' '),
        };
        self.cells.chunks(self.columns.max(1)).map(move |row| row.iter().map(dots).collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn series(name: &str, value: impl Fn(i64) -> Option<f64>) -> Series {
        let mut series = Series::new(name);
        for second in 0..=60 {
            series.push(DateTime::from_timestamp(second, 0).unwrap(), value(second));
        }
        series
    }

    #[test]
    fn a_trend_has_axes_and_fits() {
        let mut rising = series("Level\u{1b}", |second| Some(float(second)));
        rising.unit = Some("mm".into());
        let text = draw(&[rising], 40);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Level\\u{1b} [mm]");
        assert_eq!(lines.len(), 1 + 16 + 3);
        assert!(
            lines[1].starts_with("60 ┤") && lines[1].ends_with(['⠁', '⠉', '⠈', '⠊', '⡠', '⠔', '⡰', '⠎']),
            "{text}"
        );
        assert!(lines[16].starts_with(" 0 ┤"), "{text}");
        assert!(lines[18].contains("00:00:30"), "{text}");
        assert!(lines[19].ends_with("1970-01-01 UTC"), "{text}");
        assert!(lines.iter().skip(1).all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn gaps_stay_empty_and_tags_stand_below_each_other() {
        let gap = |second| if (20..40).contains(&second) { None } else { Some(1.0) };
        let text = draw(&[series("A", gap), series("B", |_| Some(2.0))], 60);
        let titles: Vec<usize> = text
            .lines()
            .enumerate()
            .filter(|(_, line)| ["A", "B"].contains(line))
            .map(|(at, _)| at)
            .collect();
        assert_eq!(titles, [0, 11]);
        let flat = |from: usize| {
            let dots = |line: &&str| line.chars().any(|c| ('\u{2801}'..'\u{2900}').contains(&c));
            text.lines().skip(from).take(11).find(dots).unwrap().split_once(['│', '┤']).unwrap().1.to_owned()
        };
        assert!(flat(0).contains("          "), "{text}");
        assert!(!flat(11).contains(' '), "{text}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(draw(&[], 80), "");
        assert_eq!(draw(&[series("Text", |_| None)], 80), "");
    }
}
