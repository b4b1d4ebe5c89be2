//! The OPC Foundation's COM interoperability: UA in front of DA (wrapper), and DA in front of UA (proxy).

use super::{Candidate, Place};
use crate::NodeId;

/// The identifier is `<root type>:<item id>`. Part 8 leaves it to the wrapper; the Foundation's own has 0 for branches and
/// items and 2 for properties, and others have been seen to write items with 2.
pub(super) fn wrapper(item: &str) -> Vec<Candidate> {
    let escaped = item.replace('&', "&&").replace('?', "&?");
    vec![
        Candidate::anywhere(format!("0:{escaped}")),
        Candidate::anywhere(item),
        Candidate::anywhere(format!("2:{escaped}")),
    ]
}

/// The item id is the text of a node id without `=`.
pub(super) fn proxy(item: &str) -> Vec<Candidate> {
    let node = |text: &str| text.parse::<NodeId>().ok();
    let place = |node| Candidate { place: Place::Node(node), range: None };
    let mut all = Vec::new();
    if let Some(text) = dashes(item) {
        all.extend(node(&text));
        // `=` in an identifier became `-` too, so which of them were `=` cannot be told; none or all is a guess, and
        // this is its order.
        all.extend(node(&item.replace('-', "=")));
    }
    all.extend(node(&stars(item)));
    all.into_iter().map(place).collect()
}

/// Part 8, A.4.2.3: `-` for `=`; only the first ones are undone, those behind `ns` and the type of the identifier.
fn dashes(item: &str) -> Option<String> {
    let (namespace, identifier) = match item.strip_prefix("ns-") {
        Some(rest) => {
            let (index, identifier) = rest.split_once(';')?;
            (format!("ns={index};"), identifier)
        }
        None => (String::new(), item),
    };
    let (kind, value) = identifier.split_once('-')?;
    matches!(kind, "i" | "s" | "g" | "b").then(|| format!("{namespace}{kind}={value}"))
}

/// The Foundation's sample code: `*` for `=`, `**` for `*`.
fn stars(item: &str) -> String {
    let mut text = String::with_capacity(item.len());
    let mut rest = item.chars().peekable();
    while let Some(next) = rest.next() {
        text.push(match next {
            '*' if rest.next_if_eq(&'*').is_some() => '*',
            '*' => '=',
            other => other,
        });
    }
    text
}
