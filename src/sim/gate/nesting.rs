//! The guard against messages that would overflow the stack.
//!
//! The engine decodes a `DiagnosticInfo` inside a `DiagnosticInfo` by recursion, without the depth limit it has for
//! everything else (async-opcua-types 0.19.0, `diagnostic_info.rs:232`), so one message could end the process. A byte is
//! enough for one more level, so a limit on sizes alone would have to be far too small.

use super::walk::Walk;

/// Whether no chain of nested `DiagnosticInfo`s in these bytes is longer than `limit`, wherever it may start.
///
/// Each byte is looked at once: from the end to the start, the depth of a chain that starts at a byte is one more than
/// that of the chain that starts where this one goes on.
pub(super) fn is_shallow(bytes: &[u8], limit: usize) -> bool {
    // A level has a mask with this bit, and most messages have far fewer such bytes than would be dangerous.
    if bytes.iter().filter(|byte| **byte & 0x40 != 0).count() <= limit {
        return true;
    }
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let mut depths = vec![0u32; bytes.len()];
    for (at, mask) in bytes.iter().enumerate().rev() {
        if mask & 0x40 == 0 {
            continue;
        }
        let mut walk = Walk::new(bytes);
        walk.at = at + 1;
        let next = walk.diagnostic_fields(*mask).map(|()| walk.at);
        let inner = next.and_then(|next| depths.get(next)).copied().unwrap_or(0);
        if inner >= limit {
            return false;
        }
        if let Some(depth) = depths.get_mut(at) {
            *depth = inner + 1;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_chains_are_found_wherever_they_start() {
        let mut bytes = vec![0x20; 50];
        bytes.extend([0x40; 100]);
        bytes.push(0);
        assert!(is_shallow(&bytes, 100));
        assert!(!is_shallow(&bytes, 99));
        // Levels with fields between them.
        let level = [0x41, 1, 2, 3, 4];
        let chain: Vec<u8> = std::iter::repeat_n(level, 60).flatten().collect();
        assert!(is_shallow(&chain, 60));
        assert!(!is_shallow(&chain, 59));
        let text = [0x50, 2, 0, 0, 0, b'h', b'i'];
        let chain: Vec<u8> = std::iter::repeat_n(text, 60).flatten().collect();
        assert!(!is_shallow(&chain, 59));
    }

    #[test]
    fn letters_are_not_taken_for_nesting() {
        let text = "Plant.Boiler.Temperature@{}~".repeat(10_000);
        assert!(is_shallow(text.as_bytes(), 5_000));
    }
}
