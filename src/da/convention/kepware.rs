//! KEPServerEX: the DA item id is the string identifier, in a namespace of its own.

use super::{Candidate, Place};

/// The namespace, always with the index 2.
pub(in crate::da) const NAMESPACE: &str = "KEPServerEX";

/// The types that a dynamic tag can name behind `@`.
const TYPES: &[&str] = &[
    "Boolean", "Char", "Byte", "Short", "Word", "Long", "DWord", "LLong", "QWord", "Float", "Double",
    "String", "BCD", "LBCD", "Date",
];

pub(super) fn candidates(item: &str) -> Vec<Candidate> {
    let here = |id: &str| Candidate { place: Place::In { uri: NAMESPACE, id: id.to_owned() }, range: None };
    let mut all = vec![here(item)];
    // A dynamic tag is an address with a type; the tag that was made for the address has the type without saying so.
    if let Some((tag, data_type)) = item.rsplit_once('@')
        && !tag.is_empty()
        && TYPES.iter().any(|name| name.eq_ignore_ascii_case(data_type))
    {
        all.push(here(tag));
    }
    all
}
