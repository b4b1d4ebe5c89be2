//! [`Section`]: a table of the configuration, key by key.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::finding::Sheet;
use crate::sim::parse_duration;

/// What a key is set to, with its place.
pub(super) type Entry<'a> = &'a Spanned<DeValue<'a>>;

/// A table that is being read. What was asked for is what there may be: [`finish`](Section::finish) tells of the rest.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    pub(super) span: Range<usize>,
    /// What has these keys, for messages: `an item`.
    what: &'static str,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a DeTable<'a>, span: Range<usize>, what: &'static str) -> Section<'a> {
        Section { table, span, what, asked: Vec::new() }
    }

    /// The table that a key is set to.
    pub(super) fn of(sheet: &mut Sheet<'_>, entry: Entry<'a>, what: &'static str) -> Option<Section<'a>> {
        match entry.get_ref() {
            DeValue::Table(table) => Some(Section::new(table, entry.span(), what)),
            other => {
                sheet.error(entry.span(), format!("{what} is a table, {}", not(other)));
                None
            }
        }
    }

    pub(super) fn table(&self) -> &'a DeTable<'a> {
        self.table
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<Entry<'a>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// One of these must be there.
    pub(super) fn needed(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<Entry<'a>> {
        let found = self.get(key);
        if found.is_none() {
            sheet.error(self.span.clone(), format!("{} needs `{key}`", self.what));
        }
        found
    }

    pub(super) fn text(
        &mut self,
        sheet: &mut Sheet<'_>,
        key: &'static str,
    ) -> Option<(&'a str, Range<usize>)> {
        let entry = self.get(key)?;
        Some((text(sheet, entry, key)?, entry.span()))
    }

    pub(super) fn flag(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<bool> {
        let entry = self.get(key)?;
        let flag = entry.get_ref().as_bool();
        if flag.is_none() {
            sheet.error(entry.span(), format!("`{key}` is true or false, {}", not(entry.get_ref())));
        }
        flag
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole<T: TryFrom<i128>>(
        &mut self,
        sheet: &mut Sheet<'_>,
        key: &'static str,
        (least, most): (i128, i128),
    ) -> Option<T> {
        let entry = self.get(key)?;
        let number = match entry.get_ref() {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let fitting = number
            .filter(|number| (least..=most).contains(number))
            .and_then(|number| T::try_from(number).ok());
        if fitting.is_none() {
            let is = number.map_or_else(|| not(entry.get_ref()), |number| format!("not {number}"));
            sheet.error(entry.span(), format!("`{key}` is a whole number from {least} to {most}, {is}"));
        }
        fitting
    }

    pub(super) fn number(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<f64> {
        let entry = self.get(key)?;
        number(sheet, entry, key)
    }

    /// A number that must be there.
    pub(super) fn needed_number(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<f64> {
        let entry = self.needed(sheet, key)?;
        number(sheet, entry, key)
    }

    /// `[low, high]`
    pub(super) fn range(
        &mut self,
        sheet: &mut Sheet<'_>,
        key: &'static str,
    ) -> Option<(f64, f64, Range<usize>)> {
        let entry = self.get(key)?;
        let bounds: Vec<Entry<'_>> = match entry.get_ref() {
            DeValue::Array(bounds) => bounds.iter().collect(),
            _ => Vec::new(),
        };
        let [low, high] = *bounds else {
            sheet.error(entry.span(), format!("`{key}` is the lowest and the highest value: [0.0, 100.0]"));
            return None;
        };
        let (low, high) = (number(sheet, low, key)?, number(sheet, high, key)?);
        if low.is_finite() && high.is_finite() && low < high {
            return Some((low, high, entry.span()));
        }
        sheet.error(
            entry.span(),
            format!("`{key}` goes from a finite low to a higher value, not from {low} to {high}"),
        );
        None
    }

    /// A span of time: `"10s"`.
    pub(super) fn duration(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<Duration> {
        let entry = self.get(key)?;
        duration(sheet, entry, key)
    }

    /// A span of time that must be there.
    pub(super) fn needed_duration(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<Duration> {
        let entry = self.needed(sheet, key)?;
        duration(sheet, entry, key)
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, sheet: &mut Sheet<'_>, key: &'static str) -> Option<Vec<&'a str>> {
        let entry = self.get(key)?;
        let DeValue::Array(all) = entry.get_ref() else {
            sheet.error(entry.span(), format!("`{key}` is a list of texts, {}", not(entry.get_ref())));
            return None;
        };
        all.iter().map(|entry| text(sheet, entry, key)).collect()
    }

    /// Tells of keys that nobody asked for.
    pub(super) fn finish(self, sheet: &mut Sheet<'_>) {
        for key in self.table.keys() {
            if !self.asked.contains(&key.get_ref().as_ref()) {
                let message = unknown("key", key.get_ref(), self.what, &self.asked);
                sheet.error(key.span(), message);
            }
        }
    }
}

pub(super) fn text<'a>(sheet: &mut Sheet<'_>, entry: Entry<'a>, key: &str) -> Option<&'a str> {
    let text = entry.get_ref().as_str();
    if text.is_none() {
        sheet.error(entry.span(), format!("`{key}` is a text in quotes, {}", not(entry.get_ref())));
    }
    text
}

fn number(sheet: &mut Sheet<'_>, entry: Entry<'_>, key: &str) -> Option<f64> {
    let number = match entry.get_ref() {
        DeValue::Float(number) => number.as_str().parse().ok(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
        _ => None,
    };
    if number.is_none() {
        sheet.error(entry.span(), format!("`{key}` is a number, {}", not(entry.get_ref())));
    }
    number
}

fn duration(sheet: &mut Sheet<'_>, entry: Entry<'_>, key: &str) -> Option<Duration> {
    let Some(text) = entry.get_ref().as_str() else {
        let is = not(entry.get_ref());
        sheet
            .error(entry.span(), format!("`{key}` is a time with its unit in quotes, such as \"10s\", {is}"));
        return None;
    };
    match parse_duration(text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            sheet.error(entry.span(), format!("`{key}`: {error}"));
            None
        }
    }
}

/// What it is instead.
fn not(value: &DeValue<'_>) -> String {
    let a = if matches!(value, DeValue::Integer(_) | DeValue::Array(_)) { "an" } else { "a" };
    format!("not {a} {}", value.type_str())
}

/// What to say of a name that there is not: the nearest that there is, and all of them.
pub(super) fn unknown(kind: &str, name: &str, what: &str, known: &[&str]) -> String {
    let lower = name.to_lowercase();
    let near = known
        .iter()
        .map(|known| (strsim::osa_distance(&lower, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= (known.len().min(name.len()) / 2).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map_or(String::new(), |(_, near)| format!("; did you mean `{near}`?"));
    format!("{what} has no {kind} `{name}`{near} (it can have: {})", known.join(", "))
}
