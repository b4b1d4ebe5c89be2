//! `signal = { kind = "sine", low = 0.0, high = 1.0, period = "10s" }`

use toml::de::DeValue;

use super::finding::Sheet;
use super::section::{Entry, Section, text, unknown};
use super::value::value;
use crate::DataType;
use crate::sim::Signal;
use crate::sim::rand::hash;

const KINDS: &[&str] = &["counter", "ramp", "triangle", "sine", "square", "random", "list"];

/// The signal, for an item with this id and, if it is said, this type.
pub(super) fn signal(
    sheet: &mut Sheet<'_>,
    entry: Entry<'_>,
    id: &str,
    data_type: Option<DataType>,
) -> Option<Signal> {
    let mut section = Section::of(sheet, entry, "a signal")?;
    let kind_entry = section.needed(sheet, "kind")?;
    let kind = text(sheet, kind_entry, "kind")?;
    if !KINDS.contains(&kind) {
        sheet.error(kind_entry.span(), unknown("kind", kind, "a signal", KINDS));
        return None;
    }
    let signal = of_kind(sheet, &mut section, kind, id, data_type);
    let span = section.span.clone();
    section.finish(sheet);
    let signal = signal?;
    if let Some(fault) = data_type.and_then(|data_type| signal.fault(data_type)) {
        sheet.error(span, fault);
        return None;
    }
    Some(signal)
}

fn of_kind(
    sheet: &mut Sheet<'_>,
    section: &mut Section<'_>,
    kind: &str,
    id: &str,
    data_type: Option<DataType>,
) -> Option<Signal> {
    // All keys are asked for before anything is given up, so that each is told of at once.
    match kind {
        "counter" => {
            let (from, to) = bounds(sheet, section, ["from", "to"]);
            let step = section.number(sheet, "step");
            let every = section.needed_duration(sheet, "every");
            let (from, to) = (from?, to?);
            // Towards the other end, one at a time.
            let step = step.unwrap_or(if from <= to { 1.0 } else { -1.0 });
            Some(Signal::Counter { from, to, step, every: every? })
        }
        "ramp" => {
            let (from, to) = bounds(sheet, section, ["from", "to"]);
            let period = section.needed_duration(sheet, "period");
            Some(Signal::Ramp { from: from?, to: to?, period: period? })
        }
        "list" => {
            let values = section.needed(sheet, "values");
            let every = section.needed_duration(sheet, "every");
            let entry = values?;
            let DeValue::Array(values) = entry.get_ref() else {
                sheet.error(entry.span(), "`values` is a list of values");
                return None;
            };
            let values = values.iter().map(|entry| value(sheet, entry, data_type)).collect::<Option<_>>();
            Some(Signal::List { values: values?, every: every? })
        }
        kind => {
            let (low, high) = bounds(sheet, section, ["low", "high"]);
            let period = section.needed_duration(sheet, "period");
            let seed =
                if kind == "random" { section.whole(sheet, "seed", (0, u64::MAX.into())) } else { None };
            let (low, high, period) = (low?, high?, period?);
            Some(match kind {
                "triangle" => Signal::Triangle { low, high, period },
                "sine" => Signal::Sine { low, high, period },
                "square" => Signal::Square { low, high, period },
                _ => Signal::Random { low, high, seed: seed.unwrap_or_else(|| hash(id)), period },
            })
        }
    }
}

fn bounds(
    sheet: &mut Sheet<'_>,
    section: &mut Section<'_>,
    [low, high]: [&'static str; 2],
) -> (Option<f64>, Option<f64>) {
    (section.needed_number(sheet, low), section.needed_number(sheet, high))
}
