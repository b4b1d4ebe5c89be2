//! Finding the few of many texts that are like one.

use std::cmp::Reverse;
use std::collections::HashMap;

/// How many texts that share rare pieces with the wanted one are looked at closely.
const CLOSE: usize = 48;

/// How many texts may be counted for one, so that ids which all look the same do not take for ever.
const BUDGET: usize = 20_000;

/// Below this nobody would take one for the other.
const ALIKE: f64 = 0.5;

type Gram = [u8; 3];

/// Texts by the three-letter pieces in them.
pub(super) struct Index {
    texts: Vec<String>,
    by_gram: HashMap<Gram, Vec<usize>>,
}

impl Index {
    pub(super) fn new(texts: &[String]) -> Index {
        let texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
        let mut by_gram: HashMap<Gram, Vec<usize>> = HashMap::new();
        for (at, text) in texts.iter().enumerate() {
            for gram in grams(text) {
                by_gram.entry(gram).or_default().push(at);
            }
        }
        Index { texts, by_gram }
    }

    /// Where the texts are that are most like this one, the nearest first.
    pub(super) fn nearest(&self, wanted: &str, most: usize) -> Vec<usize> {
        let wanted = plain(wanted);
        let mut shared: HashMap<usize, usize> = HashMap::new();
        let mut pieces: Vec<&Vec<usize>> =
            grams(&wanted).iter().filter_map(|gram| self.by_gram.get(gram)).collect();
        // The rarest tell most.
        pieces.sort_by_key(|texts| texts.len());
        let mut counted = 0;
        for texts in pieces {
            counted += texts.len();
            if counted > BUDGET && !shared.is_empty() {
                break;
            }
            for text in texts.iter().take(BUDGET) {
                *shared.entry(*text).or_default() += 1;
            }
        }
        let text = |at: usize| self.texts.get(at).map(String::as_str).unwrap_or_default();
        let mut close: Vec<(usize, usize)> = shared.into_iter().collect();
        close.sort_by_key(|(at, shared)| (Reverse(*shared), text(*at).len().abs_diff(wanted.len()), *at));
        let mut scored: Vec<(f64, usize)> = close
            .into_iter()
            .take(CLOSE)
            .map(|(at, _)| (likeness(&wanted, text(at)), at))
            .filter(|(likeness, _)| *likeness >= ALIKE)
            .collect();
        scored.sort_by(|(one, at), (two, behind)| two.total_cmp(one).then(at.cmp(behind)));
        scored.into_iter().take(most).map(|(_, at)| at).collect()
    }
}

/// In lower case, with dots for whatever separates.
fn plain(text: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() { c } else { '.' };
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase).map(letter) {
        if c != '.' || !(plain.is_empty() || plain.ends_with('.')) {
            plain.push(c);
        }
    }
    plain.trim_end_matches('.').to_owned()
}

/// None of them twice. The ends count as separators.
fn grams(text: &str) -> Vec<Gram> {
    let framed = format!(".{text}.");
    let bytes = framed.as_bytes();
    let mut grams: Vec<Gram> = bytes.windows(3).filter_map(|window| window.try_into().ok()).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// From 0 to 1. One id at the end of the other is a forgotten channel or folder, and the same last names in another place
/// are more than as many letters elsewhere.
fn likeness(one: &str, two: &str) -> f64 {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    if one == two {
        return 1.0;
    }
    let longest = one.chars().count().max(two.chars().count());
    let letters = 1.0 - ratio(strsim::osa_distance(one, two), longest);
    if !one.is_empty() && !two.is_empty() && (ends(one, two) || ends(two, one)) {
        return 0.9 + letters / 10.0;
    }
    let same = one.rsplit('.').zip(two.rsplit('.')).take_while(|(one, two)| one == two).count();
    let names = one.split('.').count().max(two.split('.').count());
    letters.max(0.7 * letters + 0.3 * ratio(same, names))
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest<'a>(texts: &[&'a str], wanted: &str) -> Vec<&'a str> {
        let index = Index::new(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        index.nearest(wanted, 2).into_iter().map(|at| texts[at]).collect()
    }

    #[test]
    fn a_slip_of_the_pen() {
        let plant = ["Plant.Boiler.Level", "Plant.Boiler.Setpoint", "Plant.Pump.Speed", "Random.Int4"];
        for slip in ["Plant.Boiler.Levle", "plant/boiler/level", "Plant.Boilr.Level", "Plant_Boiler_Level"] {
            assert_eq!(nearest(&plant, slip).first(), Some(&"Plant.Boiler.Level"), "{slip}");
        }
        assert_eq!(nearest(&plant, "Something else"), [""; 0]);
        assert_eq!(nearest(&plant, ""), [""; 0]);
        assert_eq!(nearest(&[], "A"), [""; 0]);
    }

    #[test]
    fn a_forgotten_channel() {
        let server = ["Channel1.Device1.Tag2", "Channel1.Device1.Tag1", "Tag.1", "Tag10"];
        assert_eq!(nearest(&server, "Tag1").first(), Some(&"Channel1.Device1.Tag1"));
        assert_eq!(nearest(&server, "Old.Channel1.Device1.Tag2").first(), Some(&"Channel1.Device1.Tag2"));
        assert_eq!(
            nearest(&["Plant.Other.Level", "Plant.Xoiler.Lever"], "Plant.Boiler.Level"),
            ["Plant.Xoiler.Lever", "Plant.Other.Level"]
        );
    }

    #[test]
    fn many_that_look_the_same() {
        let texts: Vec<String> = (0..30_000).map(|n| format!("Mass.{n}")).collect();
        let index = Index::new(&texts);
        let found = index.nearest("Mas.12345", 3);
        assert_eq!(texts[found[0]], "Mass.12345");
    }
}
