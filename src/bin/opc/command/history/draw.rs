//! [`Drawing`]: what is read, until it can be drawn.

use std::io::{self, Write as _};

use openopc::da::PropertyId;
use openopc::{Client, Reading, Tag, Value};

use crate::exit::Failure;
use crate::output::chart::Series;
use crate::output::{note, on_screen, plot, svg};
use crate::stop::Stop;

/// How wide a plot is where there is no screen.
const WIDTH: usize = 80;

pub(super) struct Drawing {
    tags: Vec<(Tag, Series)>,
}

impl Drawing {
    pub(super) fn of(tags: &[Tag]) -> Drawing {
        let series = |tag: &Tag| (tag.clone(), Series::new(tag.as_str()));
        Drawing { tags: tags.iter().map(series).collect() }
    }

    /// A page, of one tag. What is bad is a gap.
    pub(super) fn add(&mut self, page: &[Reading]) {
        let Some(first) = page.first() else { return };
        for (_, series) in self.tags.iter_mut().filter(|(tag, _)| *tag == first.tag) {
            for reading in page {
                let number = reading.value.to_f64_lossy().filter(|_| !reading.status.is_bad());
                // States and counts do not pass what lies between them.
                series.stepped |=
                    number.is_some() && !matches!(reading.value, Value::Double(_) | Value::Float(_));
                if let Some(time) = reading.time() {
                    series.push(time, number);
                }
            }
        }
    }

    /// Asks what the values are in, and whether they hold. A server that does not say is drawn all the same.
    pub(super) async fn describe(&mut self, client: &Client, stop: &mut Stop) {
        let tags: Vec<&Tag> = self.tags.iter().map(|(tag, _)| tag).collect();
        let units = stop.unless(client.property_many(tags, PropertyId::EU_UNITS)).await.unwrap_or_default();
        for ((_, series), unit) in self.tags.iter_mut().zip(units) {
            series.unit = unit.ok().and_then(|unit| match unit {
                Value::String(unit) if !unit.is_empty() => Some(unit),
                Value::LocalizedText(unit) if !unit.text.is_empty() => Some(unit.text),
                _ => None,
            });
        }
        for (tag, series) in &mut self.tags {
            if let Ok(told) = stop.unless(client.history_configuration(&*tag)).await {
                series.stepped |= told.stepped.unwrap_or_default();
            }
        }
    }

    pub(super) fn print(self, in_terminal: bool) -> Result<(), Failure> {
        let mut drawn = Vec::new();
        for (tag, mut series) in self.tags {
            if !series.is_empty() && !series.has_numbers() {
                note(format_args!("`{tag}`: there are no numbers to draw"));
            }
            series.sort();
            drawn.push(series);
        }
        let mut out = io::stdout().lock();
        if in_terminal {
            let screen = on_screen().then(crossterm::terminal::size).and_then(Result::ok);
            let width = screen.map_or(WIDTH, |(columns, _)| columns.into());
            out.write_all(plot::draw(&drawn, width).as_bytes())?;
        } else {
            drawn.retain(|series| !series.is_empty());
            svg::draw(&mut out, &title(&drawn), &drawn)?;
        }
        Ok(out.flush()?)
    }
}

fn title(series: &[Series]) -> String {
    match series {
        [one] => one.name.clone(),
        _ => "History".to_owned(),
    }
}
