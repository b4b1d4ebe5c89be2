//! A trend as a picture for a report: one file that needs nothing else.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::chart::{Series, Times, Values, float};
use super::html::escaped;

/// Inner size of a panel, and what is around it, in pixels.
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 48.0;
const GAP: f64 = 40.0;
const BOTTOM: f64 = 56.0;
/// Of a line of the legend.
const LINE: f64 = 18.0;

/// Colours that people who see fewer of them can tell apart (Okabe and Ito), dark enough for thin lines.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#3b8fc4", "#000000"];

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#344054}.title{font-size:16px;font-weight:600;fill:#1c2330}\
.grid{stroke:#e4e7ec}.axis{stroke:#98a2b3}.line{fill:none;stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}";

/// Draws all series: those of one unit in one panel.
pub(crate) fn draw(out: &mut impl Write, title: &str, series: &[Series]) -> io::Result<()> {
    let units: BTreeSet<Option<&str>> = series.iter().map(|series| series.unit.as_deref()).collect();
    let panels: Vec<Panel<'_>> = units.into_iter().map(|unit| Panel::of(unit, series)).collect();
    let times = Times::of(series);
    let width = LEFT + WIDTH + RIGHT;
    let height = TOP + panels.iter().map(Panel::height).sum::<f64>() + BOTTOM;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"28\">{title}</text>",
        title = text(title)
    )?;
    let Some(times) = times else {
        writeln!(out, "<text x=\"{LEFT}\" y=\"{}\">no values</text>\n</svg>", TOP + LINE)?;
        return Ok(());
    };
    let mut y = TOP;
    for panel in &panels {
        panel.draw(out, &times, y)?;
        y += panel.height();
    }
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n</svg>",
        LEFT + WIDTH / 2.0,
        height - 16.0,
        text(&times.title())
    )
}

/// The series of one unit.
struct Panel<'a> {
    unit: Option<&'a str>,
    /// With their colours.
    series: Vec<(&'a Series, &'static str)>,
}

impl<'a> Panel<'a> {
    fn of(unit: Option<&'a str>, all: &'a [Series]) -> Panel<'a> {
        let coloured = all.iter().zip(COLOURS.iter().copied().cycle());
        Panel { unit, series: coloured.filter(|(series, _)| series.unit.as_deref() == unit).collect() }
    }

    fn legend(&self) -> f64 {
        float(self.series.len()) * LINE
    }

    fn height(&self) -> f64 {
        self.legend() + HEIGHT + GAP
    }

    fn draw(&self, out: &mut impl Write, times: &Times, top: f64) -> io::Result<()> {
        let values = Values::of(self.series.iter().map(|(series, _)| *series), 6);
        for (number, (series, colour)) in self.series.iter().enumerate() {
            let y = top + float(number) * LINE + LINE / 2.0;
            writeln!(
                out,
                "<path class=\"line\" stroke=\"{colour}\" d=\"M{LEFT} {y:.1}h24\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT + 32.0,
                y + 4.0,
                text(&series.name)
            )?;
        }
        let top = top + self.legend();
        let bottom = top + HEIGHT;
        for (place, name) in values.marks() {
            let y = bottom - place * HEIGHT;
            writeln!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}h{WIDTH}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
                LEFT - 8.0,
                y + 4.0
            )?;
        }
        for (place, name) in times.marks(8) {
            let x = LEFT + place * WIDTH;
            writeln!(
                out,
                "<path class=\"grid\" d=\"M{x:.1} {top:.1}v{HEIGHT}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                bottom + 18.0
            )?;
        }
        if let Some(unit) = self.unit {
            let y = top + HEIGHT / 2.0;
            writeln!(
                out,
                "<text x=\"18\" y=\"{y:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {y:.1})\">{}</text>",
                text(unit)
            )?;
        }
        writeln!(
            out,
            "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {top:.1}V{bottom:.1}H{:.1}\"/>",
            LEFT + WIDTH
        )?;
        for (series, colour) in &self.series {
            write!(out, "<path class=\"line\" stroke=\"{colour}\" d=\"")?;
            for line in series.lines(times, &values, WIDTH) {
                for (number, (x, y)) in line.iter().enumerate() {
                    let command = if number == 0 { 'M' } else { 'L' };
                    write!(out, "{command}{:.1} {:.1}", LEFT + x * WIDTH, bottom - y * HEIGHT)?;
                }
                // One point alone is a dot: its line has round ends.
                if line.len() == 1 {
                    write!(out, "h0")?;
                }
            }
            writeln!(out, "\"/>")?;
        }
        Ok(())
    }
}

/// Text as XML takes it.
fn text(text: &str) -> String {
    // The two that a page may have, and those that no XML may.
    escaped(&text.replace(['\n', '\t'], " ")).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn picture(series: &[Series]) -> String {
        let mut out = Vec::new();
        draw(&mut out, "History <1>", series).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn series(name: &str, unit: Option<&str>) -> Series {
        let mut series = Series::new(name);
        series.unit = unit.map(str::to_owned);
        for second in 0..100 {
            let value = (second != 50).then(|| float(second));
            series.push(DateTime::from_timestamp(second, 0).unwrap(), value);
        }
        series
    }

    #[test]
    fn names_are_escaped_and_gaps_are_gaps() {
        let text = picture(&[series("A<&\"\u{1}\n", Some("°C")), series("B", Some("°C")), series("C", None)]);
        assert!(text.contains(">A&lt;&amp;&quot;\\u{1} </text>"), "{text}");
        assert!(text.contains("<title>History &lt;1&gt;</title>"), "{text}");
        assert!(text.contains(">°C</text>"), "{text}");
        // Three series, each in two pieces.
        let paths: Vec<&str> =
            text.lines().filter(|line| line.contains("class=\"line\"") && !line.contains("<text")).collect();
        assert_eq!(paths.len(), 3);
        assert!(paths.iter().all(|path| path.matches('M').count() == 2), "{text}");
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"), "{text}");
    }

    #[test]
    fn a_picture_of_nothing_says_so() {
        assert!(picture(&[]).contains("no values"));
        assert!(picture(&[Series::new("A")]).contains("no values"));
    }
}
