//! Matrikon: the browse root is not part of an item id, and aliases at the root begin with a dot.

use super::Candidate;

/// What items are browsed below.
const SIMULATION: &str = "Simulation Items";
const ALIASES: &str = "Configured Aliases";

pub(super) fn candidates(item: &str) -> Vec<Candidate> {
    let mut all = vec![Candidate::anywhere(item)];
    if let Some(rest) = below(item, SIMULATION) {
        all.push(Candidate::anywhere(rest));
    } else if let Some(rest) = below(item, ALIASES) {
        // Below the root, an alias of a group has its path for an id; one of no group has a dot in front.
        if rest.contains('.') {
            all.push(Candidate::anywhere(rest));
        } else {
            all.push(Candidate::anywhere(format!(".{rest}")));
            all.push(Candidate::anywhere(rest));
        }
    } else if let Some(alias) = item.strip_prefix('.') {
        if !alias.is_empty() {
            all.push(Candidate::anywhere(alias));
        }
    } else if !item.is_empty() && !item.contains('.') {
        all.push(Candidate::anywhere(format!(".{item}")));
    }
    all
}

/// What is behind a browse root and its separator, written with dots.
fn below(item: &str, root: &str) -> Option<String> {
    let rest = item.strip_prefix(root)?;
    let rest = rest.strip_prefix(['.', '/', '\\'])?;
    (!rest.is_empty()).then(|| rest.replace(['/', '\\'], "."))
}
