//! `history = { file = "temperature.csv", capacity = 100000 }`

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use toml::de::DeValue;

use super::finding::{Finding, Place, Severity, Sheet};
use super::section::{Entry, Section, text};
use super::value::value;
use crate::history::{AggregateConfiguration, Sample};
use crate::sim::History;
use crate::sim::check::Shape;
use crate::sim::history::csv;
use crate::{DataType, Value};

/// What is kept of the past of an item of this type; none where there is an error, or where none is wanted.
pub(super) fn history(
    sheet: &mut Sheet<'_>,
    entry: Entry<'_>,
    data_type: Option<DataType>,
    initial: Option<&Value>,
) -> Option<History> {
    if let DeValue::Boolean(kept) = entry.get_ref() {
        return kept.then(History::recorded);
    }
    let mut section = Section::of(sheet, entry, "`history`")?;
    let computed = section.flag(sheet, "computed").unwrap_or_default();
    let every = section.duration(sheet, "every");
    let back = section.get("back");
    let mut history = if computed {
        History::computed(every.unwrap_or(Duration::from_secs(1)))
    } else {
        every.map_or_else(History::recorded, |every| History::recorded().every(every))
    };
    if let Some(entry) = back {
        if computed {
            let back = text(sheet, entry, "back").map(crate::sim::parse_duration);
            match back {
                Some(Ok(back)) => history = history.back(back),
                Some(Err(error)) => sheet.error(entry.span(), format!("`back`: {error}")),
                None => {}
            }
        } else {
            sheet.error(entry.span(), "`back` is for a past that is computed: add `computed = true`");
        }
    }
    if let Some((name, span)) = section.text(sheet, "file") {
        let dimensions = initial.map_or(0, |value| value.dimensions().len());
        match data_type {
            Some(data_type) if data_type != DataType::Variant => {
                history = history.samples(samples(sheet, name, span, Shape { data_type, dimensions }));
            }
            _ => sheet.error(span, "say the type of the item, so that the values of the file are known"),
        }
    }
    let capacity_entry = section.get("capacity").map(toml::Spanned::span);
    if let Some(capacity) = section.whole::<usize>(sheet, "capacity", (1, i64::MAX.into())) {
        if history.samples.len() > capacity {
            let (all, lost) = (history.samples.len(), history.samples.len() - capacity);
            let message = format!("of the {all} samples in the file the oldest {lost} are left out");
            sheet.warn(capacity_entry.unwrap_or_else(|| entry.span()), message);
        }
        history = history.capacity(capacity);
    }
    if let Some(stepped) = section.flag(sheet, "stepped") {
        history = history.stepped(stepped);
    }
    if section.flag(sheet, "read_only") == Some(true) {
        history = history.read_only();
    }
    history = history.configuration(configuration(sheet, &mut section));
    if let Some(entry) = section.get("annotations") {
        history = annotations(sheet, entry, history);
    }
    section.finish(sheet);
    Some(history)
}

fn configuration(sheet: &mut Sheet<'_>, section: &mut Section<'_>) -> AggregateConfiguration {
    let mut configuration = AggregateConfiguration::default();
    if let Some(flag) = section.flag(sheet, "treat_uncertain_as_bad") {
        configuration.treat_uncertain_as_bad = flag;
    }
    if let Some(percent) = section.whole(sheet, "percent_data_bad", (0, 100)) {
        configuration.percent_data_bad = percent;
    }
    if let Some(percent) = section.whole(sheet, "percent_data_good", (0, 100)) {
        configuration.percent_data_good = percent;
    }
    if let Some(flag) = section.flag(sheet, "use_sloped_extrapolation") {
        configuration.use_sloped_extrapolation = flag;
    }
    // Part 13, 4.2.1.2: otherwise the same data would be good and bad.
    let (good, bad) = (configuration.percent_data_good, configuration.percent_data_bad);
    if !configuration.is_decided() {
        let message = format!(
            "percent_data_good ({good}) is below 100 less percent_data_bad ({bad}), which Part 13, 4.2.1.2 does not allow"
        );
        sheet.error(section.span.clone(), message);
    }
    configuration
}

/// `annotations = [{ time = 2005-07-01T12:00:40Z, user = "me", message = "…" }]`
fn annotations(sheet: &mut Sheet<'_>, entry: Entry<'_>, mut history: History) -> History {
    let DeValue::Array(all) = entry.get_ref() else {
        sheet.error(entry.span(), "`annotations` is a list of { time, user, message }");
        return history;
    };
    for entry in all {
        let Some(mut section) = Section::of(sheet, entry, "an annotation") else { continue };
        let time =
            section.needed(sheet, "time").and_then(|entry| value(sheet, entry, Some(DataType::DateTime)));
        let user = section.needed(sheet, "user").and_then(|entry| text(sheet, entry, "user"));
        let message = section.needed(sheet, "message").and_then(|entry| text(sheet, entry, "message"));
        section.finish(sheet);
        if let (Some(Value::DateTime(time)), Some(user), Some(message)) = (time, user, message) {
            history = history.annotation(time, user, message);
        }
    }
    history
}

/// The samples of a CSV file. What is wrong with it is told by its own lines.
fn samples(sheet: &mut Sheet<'_>, name: &str, span: std::ops::Range<usize>, shape: Shape) -> Vec<Sample> {
    let path = sheet.base.join(name);
    let file = match File::open(&path) {
        Ok(file) if !path.is_dir() => file,
        Ok(_) => {
            sheet.error(span, format!("{} is a folder", path.display()));
            return Vec::new();
        }
        Err(error) => {
            sheet.error(span, format!("cannot read {}: {error}", path.display()));
            return Vec::new();
        }
    };
    match csv::read(BufReader::new(file), shape) {
        Ok(read) => {
            if let Some(fault) = read.unordered {
                let what = format!("{}; they are sorted", fault.what);
                sheet.findings.push(finding(Severity::Warning, &path, csv::Fault { what, ..fault }));
            }
            if read.samples.is_empty() {
                sheet.warn(span, format!("there is no sample in {}", path.display()));
            }
            read.samples
        }
        Err(faults) => {
            sheet.findings.extend(faults.into_iter().map(|fault| finding(Severity::Error, &path, fault)));
            Vec::new()
        }
    }
}

fn finding(severity: Severity, file: &Path, fault: csv::Fault) -> Finding {
    // The whole line: what is wrong with it names the column.
    let text = fault.text.lines().next().unwrap_or_default().to_owned();
    let place = Place { line: fault.line, column: 1, width: text.chars().count().max(1), text };
    Finding { severity, file: file.to_owned(), place: Some(place), message: fault.what }
}
