//! Logix tags: topics and shortcuts of RSLinx and FactoryTalk, programs, and elements of arrays.

use super::{Candidate, Place};

/// RSLinx Classic: `[TOPIC]Tag`.
pub(super) fn rslinx(item: &str) -> Vec<Candidate> {
    let mut forms = vec![item.to_owned()];
    if let Some((topic, tag)) = topic(item) {
        forms.push(format!("::[{topic}]{tag}"));
        forms.push(format!("{topic}.{tag}"));
    }
    arrays(programs(&forms))
}

/// FactoryTalk Linx: `::[SHORTCUT]Tag`. An area in front of `::` is left where it is: without it, the shortcut could be
/// another one.
pub(super) fn factory_talk(item: &str) -> Vec<Candidate> {
    let mut forms = vec![item.to_owned()];
    let short = item.strip_prefix("::").unwrap_or(item);
    if let Some((topic, tag)) = topic(short) {
        forms.push(format!("::{short}"));
        forms.push(short.to_owned());
        forms.push(format!("{topic}.{tag}"));
    }
    arrays(programs(&forms))
}

fn topic(item: &str) -> Option<(&str, &str)> {
    let (topic, tag) = item.strip_prefix('[')?.split_once(']')?;
    (!topic.is_empty() && !tag.is_empty()).then_some((topic, tag))
}

/// RSLinx writes `PROGRAM:`, the controller says `Program:`.
fn programs(forms: &[String]) -> Vec<String> {
    const SPELLINGS: [(&str, &str); 2] = [("PROGRAM:", "Program:"), ("Program:", "PROGRAM:")];
    let mut all = forms.to_vec();
    for form in forms {
        for (from, to) in SPELLINGS {
            if form.contains(from) {
                all.push(form.replacen(from, to, 1));
            }
        }
    }
    all
}

/// Each form as it is; then, where a form is an element or a block of an array, that part of the array.
///
/// Logix counts from 0, as OPC UA does, so an index needs no conversion.
pub(super) fn arrays(forms: Vec<String>) -> Vec<Candidate> {
    let mut all = Vec::with_capacity(forms.len() * 3);
    let mut parts = Vec::new();
    for form in forms {
        if let Some(part) = part(&form) {
            if let Some(element) = part.element {
                parts.push(Candidate::anywhere(element));
            }
            parts.push(Candidate { place: Place::Anywhere(part.array.to_owned()), range: Some(part.range) });
        }
        all.push(Candidate::anywhere(form));
    }
    all.append(&mut parts);
    all
}

struct Part<'a> {
    array: &'a str,
    /// The element's own id, where one element is meant and the id says it with a block's length.
    element: Option<&'a str>,
    range: String,
}

/// `Tag[10]`, `Tag[1,2]`, `Tag[10],L5`.
fn part(id: &str) -> Option<Part<'_>> {
    let (place, length) = match id.rsplit_once("],") {
        Some((_, length)) => {
            let place = id.get(..id.len() - length.len() - 1)?;
            let length: u32 = number(length.strip_prefix(['L', 'l'])?)?;
            (place, length)
        }
        None => (id, 1),
    };
    let (array, indexes) = place.strip_suffix(']')?.rsplit_once('[')?;
    // `[TOPIC]` is no array, and neither is `[TOPIC][3]`.
    if array.is_empty() || array.ends_with(']') && topic(array).is_none() || array.ends_with(':') {
        return None;
    }
    let indexes: Vec<u32> = indexes.split(',').map(number).collect::<Option<_>>()?;
    let (last, others) = indexes.split_last()?;
    let mut range: Vec<String> = others.iter().map(u32::to_string).collect();
    // A block goes along the last dimension, and not round its end: the server has the last word.
    range.push(match last.checked_add(length.checked_sub(1)?)? {
        end if end == *last => last.to_string(),
        end => format!("{last}:{end}"),
    });
    let element = (length == 1 && place.len() < id.len()).then_some(place);
    Some(Part { array, element, range: range.join(",") })
}

/// Digits and nothing else: `parse` would take `+1`.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
