//! Siemens S7: symbols, each segment in quotes: `"DB"."x"`.
//!
//! An element of an array has a node of its own, `"DB"."arr"[3]`. It is never taken out of the array's node by a range: a
//! PLC's array may start at any index, which the item id counts from and OPC UA does not.

use super::Candidate;

pub(super) fn candidates(item: &str) -> Vec<Candidate> {
    let mut all = vec![Candidate::anywhere(item)];
    if let Some(segments) = segments(item) {
        let quoted: Vec<String> =
            segments.iter().map(|Segment { name, rest }| format!("\"{name}\"{rest}")).collect();
        all.push(Candidate::anywhere(quoted.join(".")));
        // Without quotes, a dot in a name would be another segment.
        if segments.iter().all(|segment| !segment.name.contains('.')) {
            let plain: Vec<String> =
                segments.iter().map(|Segment { name, rest }| format!("{name}{rest}")).collect();
            all.push(Candidate::anywhere(plain.join(".")));
        }
    }
    all
}

struct Segment<'a> {
    name: &'a str,
    /// The indexes.
    rest: &'a str,
}

/// The segments between dots, where a quoted one may have dots itself; nothing where the quotes do not pair.
fn segments(item: &str) -> Option<Vec<Segment<'_>>> {
    let mut segments = Vec::new();
    let mut text = item;
    loop {
        let (name, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => text.split_at(text.find(['.', '[', '"']).unwrap_or(text.len())),
        };
        let (rest, next) = if after.starts_with('[') {
            after.split_at(after.find("].").map_or(after.len(), |end| end + 1))
        } else {
            ("", after)
        };
        let indexes_fit = rest.is_empty() || rest.ends_with(']') && !rest.contains('"');
        if name.is_empty() || !indexes_fit {
            return None;
        }
        segments.push(Segment { name, rest });
        match next.strip_prefix('.') {
            Some(more) => text = more,
            None if next.is_empty() => return Some(segments),
            None => return None,
        }
    }
}
