//! What the live table shows, without a terminal: readings in, lines of text out.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use openopc::{Event, Quality, Reading, Tag};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::spark::Spark;
use crate::output::{field, plain};

/// A piece of a line and how it is painted.
pub(super) type Piece = (Paint, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Dim,
    Bold,
    Good,
    Uncertain,
    Bad,
}

/// All that is known of the tags and the connection.
pub(super) struct Board {
    server: String,
    connection: &'static str,
    rows: Vec<Row>,
    /// A tag may be given twice; it has one row.
    places: HashMap<Tag, usize>,
    readings: u64,
    limit: u64,
    offset: usize,
}

struct Row {
    tag: String,
    value: String,
    quality: Option<Quality>,
    status: String,
    time: Option<DateTime<Utc>>,
    changes: u64,
    spark: Spark,
}

/// Columns of fixed width, and what is between all.
const QUALITY: usize = 9;
const TIME: usize = 12;
const CHANGES: usize = 7;
const GAP: usize = 2;

/// What the value may take, and the line of what was.
const VALUE: std::ops::RangeInclusive<usize> = 8..=24;
const SPARK: usize = 60;

/// The head, the titles and the foot.
const AROUND: usize = 3;

impl Board {
    /// Takes no more readings than `limit`.
    pub(super) fn new(server: &str, tags: &[Tag], limit: u64) -> Board {
        let mut board = Board {
            server: server.to_owned(),
            connection: "connected",
            rows: Vec::new(),
            places: HashMap::new(),
            readings: 0,
            limit,
            offset: 0,
        };
        for tag in tags {
            if !board.places.contains_key(tag) {
                board.places.insert(tag.clone(), board.rows.len());
                board.rows.push(Row {
                    tag: plain(tag.as_str()),
                    value: String::new(),
                    quality: None,
                    status: String::new(),
                    time: None,
                    changes: 0,
                    spark: Spark::default(),
                });
            }
        }
        board
    }

    pub(super) fn reading(&mut self, reading: &Reading) {
        if self.readings >= self.limit {
            return;
        }
        self.readings += 1;
        let Some(row) = self.places.get(&reading.tag).and_then(|place| self.rows.get_mut(*place)) else {
            return;
        };
        // The first value is none.
        row.changes += u64::from(row.quality.is_some());
        row.value = plain(&field(&reading.value));
        row.quality = Some(reading.quality());
        row.status =
            if reading.status.is_good() { String::new() } else { reading.status.name().into_owned() };
        row.time = reading.time();
        row.spark.push(reading.value.to_f64_lossy().filter(|_| !reading.status.is_bad()));
    }

    /// How many have come.
    pub(super) fn readings(&self) -> u64 {
        self.readings
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Connected { .. } => self.connection = "connected",
            Event::Disconnected { .. } => self.connection = "connection lost, trying again",
            Event::Moved { to, .. } => {
                self.server.clone_from(to);
                self.connection = "going to this server";
            }
            Event::Closed => self.connection = "closed",
            _ => {}
        }
    }

    /// So many rows down, or up; never past the end of them.
    pub(super) fn scroll(&mut self, by: isize, height: usize) {
        let room = height.saturating_sub(AROUND);
        self.offset = self.offset.saturating_add_signed(by).min(self.rows.len().saturating_sub(room));
    }

    /// The whole screen, no line wider and no more lines than there is room for.
    pub(super) fn lines(&self, width: usize, height: usize) -> Vec<Vec<Piece>> {
        let room = height.saturating_sub(AROUND);
        let offset = self.offset.min(self.rows.len().saturating_sub(room));
        let widths = self.widths(width);
        let paint = if self.connection == "connected" { Paint::Good } else { Paint::Bad };
        let mut lines = vec![
            vec![
                (Paint::Bold, "opc watch  ".to_owned()),
                (Paint::Plain, format!("{}  ", self.server)),
                (paint, self.connection.to_owned()),
            ],
            titles(&widths),
        ];
        lines.extend(self.rows.iter().skip(offset).take(room).map(|row| row.pieces(&widths)));
        let hidden = self.rows.len().saturating_sub(room);
        let more = if hidden > 0 { format!("  {hidden} more: arrows scroll") } else { String::new() };
        let plural = if self.readings == 1 { "" } else { "s" };
        lines.push(vec![(Paint::Dim, format!("{} reading{plural}  q ends it{more}", self.readings))]);
        lines.truncate(height);
        lines.into_iter().map(|line| cut(line, width)).collect()
    }

    fn widths(&self, width: usize) -> Widths {
        let longest =
            |text: fn(&Row) -> &str| self.rows.iter().map(|row| text(row).width()).max().unwrap_or(0);
        let tag = longest(|row| &row.tag).clamp("Tag".len(), (width / 3).max("Tag".len()));
        let value = longest(|row| &row.value).clamp(*VALUE.start(), *VALUE.end());
        let taken = tag + value + QUALITY + TIME + CHANGES + 5 * GAP;
        Widths { tag, value, spark: width.saturating_sub(taken).min(SPARK) }
    }
}

struct Widths {
    tag: usize,
    value: usize,
    spark: usize,
}

fn titles(widths: &Widths) -> Vec<Piece> {
    let line = [
        fit("Tag", widths.tag),
        fit("Value", widths.value),
        fit("Quality", QUALITY),
        fit("Time (UTC)", TIME),
        format!("{:>CHANGES$}", "Changes"),
        "Trend".to_owned(),
    ];
    vec![(Paint::Dim, line.join("  "))]
}

impl Row {
    fn pieces(&self, widths: &Widths) -> Vec<Piece> {
        let (paint, quality) = match self.quality {
            None => (Paint::Dim, "…".to_owned()),
            Some(quality @ Quality::Good) => (Paint::Good, quality.to_string()),
            Some(quality @ Quality::Uncertain) => (Paint::Uncertain, quality.to_string()),
            Some(quality) => (Paint::Bad, quality.to_string()),
        };
        let time = self.time.map(|time| time.format("%H:%M:%S%.3f").to_string()).unwrap_or_default();
        // What is wrong is worth more than what was.
        let (last, end) = if self.status.is_empty() {
            (Paint::Plain, self.spark.text(widths.spark))
        } else {
            (paint, self.status.clone())
        };
        vec![
            (Paint::Bold, format!("{}  ", fit(&self.tag, widths.tag))),
            (Paint::Plain, format!("{}  ", fit(&self.value, widths.value))),
            (paint, format!("{}  ", fit(&quality, QUALITY))),
            (Paint::Dim, format!("{}  {:>CHANGES$}  ", fit(&time, TIME), self.changes)),
            (last, end),
        ]
    }
}

/// Exactly this wide: cut, with a sign that there is more, or padded.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return format!("{text}{:1$}", "", width - text.width());
    }
    let mut fitted = String::new();
    for c in text.chars() {
        if fitted.width() + c.width().unwrap_or(0) + 1 > width {
            break;
        }
        fitted.push(c);
    }
    fitted.push('…');
    format!("{fitted}{:1$}", "", width.saturating_sub(fitted.width()))
}

/// No wider than this.
fn cut(line: Vec<Piece>, width: usize) -> Vec<Piece> {
    let mut rest = width;
    line.into_iter()
        .filter_map(|(paint, text)| {
            let text = if text.width() > rest { fit(&text, rest) } else { text };
            let text = if rest == 0 { String::new() } else { text };
            rest -= text.width().min(rest);
            (!text.is_empty()).then_some((paint, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use openopc::{Status, Value};

    use super::*;

    fn reading(tag: &str, value: impl Into<Value>) -> Reading {
        let mut reading = Reading::new(tag_of(tag), value.into());
        reading.source_time = DateTime::from_timestamp(1_000_000_000, 123_000_000);
        reading
    }

    fn tag_of(tag: &str) -> Tag {
        Tag::parse(tag).unwrap()
    }

    fn text(board: &Board, width: usize, height: usize) -> Vec<String> {
        let lines = board.lines(width, height);
        lines.into_iter().map(|line| line.into_iter().map(|(_, text)| text).collect()).collect()
    }

    #[test]
    fn a_row_for_each_tag() {
        let mut board = Board::new("sim:", &[tag_of("Level"), tag_of("Name"), tag_of("Level")], u64::MAX);
        for value in [1.0, 2.0, 3.0] {
            board.reading(&reading("Level", value));
        }
        board.reading(&reading("Name", "two\nlines"));
        assert_eq!(
            text(&board, 80, 10),
            [
                "opc watch  sim:  connected",
                "Tag    Value       Quality    Time (UTC)    Changes  Trend",
                "Level  3           Good       01:46:40.123        2  ▁▅█",
                "Name   two\\nlines  Good       01:46:40.123        0   ",
                "4 readings  q ends it",
            ]
        );
    }

    #[test]
    fn a_bad_value_says_why_in_its_colour() {
        let mut board = Board::new("sim:", &[tag_of("Level")], u64::MAX);
        let mut bad = reading("Level", 1.0);
        bad.status = Status::named("BadSensorFailure").unwrap();
        board.reading(&bad);
        board.event(&Event::Disconnected { status: bad.status });
        let lines = board.lines(80, 10);
        assert!(lines[0].contains(&(Paint::Bad, "connection lost, trying again".into())), "{lines:?}");
        assert!(lines[2].contains(&(Paint::Bad, "BadSensorFailure".into())), "{lines:?}");
        board.event(&Event::Connected { resumed: true });
        assert!(text(&board, 80, 10)[0].ends_with("  connected"));
    }

    #[test]
    fn any_screen_is_large_enough() {
        let tags: Vec<Tag> = (0..20).map(|n| tag_of(&format!("A tag with a long name 温度 {n}"))).collect();
        let mut board = Board::new("opc.tcp://a-host-with-a-long-name:4840", &tags, u64::MAX);
        for tag in &tags {
            board.reading(&reading(tag.as_str(), "a value that is longer than its column could ever be"));
        }
        for width in [0, 1, 7, 20, 40, 80, 200] {
            for height in [0, 1, 2, 3, 4, 10, 50] {
                let lines = text(&board, width, height);
                assert!(lines.len() <= height, "{width}x{height}");
                assert!(lines.iter().all(|line| line.width() <= width), "{width}x{height}: {lines:?}");
            }
        }
    }

    #[test]
    fn a_count_is_exact() {
        let mut board = Board::new("sim:", &[tag_of("Level")], 2);
        for value in [1.0, 2.0, 3.0] {
            board.reading(&reading("Level", value));
        }
        assert_eq!(board.readings(), 2);
        let lines = text(&board, 80, 10);
        assert!(lines[2].starts_with("Level  2  ") && lines[3].starts_with("2 readings"), "{lines:?}");
    }

    #[test]
    fn scrolling_stays_within_the_rows() {
        let tags: Vec<Tag> = (0..10).map(|n| tag_of(&format!("T{n}"))).collect();
        let mut board = Board::new("sim:", &tags, u64::MAX);
        let first = |board: &Board| text(board, 80, 8)[2].split(' ').next().unwrap().to_owned();
        assert_eq!(first(&board), "T0");
        assert!(text(&board, 80, 8).last().unwrap().ends_with("5 more: arrows scroll"));
        for (by, expected) in [(1, "T1"), (100, "T5"), (-1, "T4"), (-100, "T0")] {
            board.scroll(by, 8);
            assert_eq!(first(&board), expected);
        }
        board.scroll(5, 8);
        assert_eq!(text(&board, 80, 50)[2].split(' ').next(), Some("T0"), "a larger screen shows all");
    }
}
