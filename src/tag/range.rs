//! Index ranges (Part 4, 7.27 `NumericRange`).

use crate::value::{Malformed, digits};

/// `3`, `0:9`, `1:2,0:4`: indexes or rising ranges, one per dimension.
pub(super) fn check(range: &str) -> Result<(), Malformed> {
    const BOUND: &str = "an index such as `3`, or a range such as `0:9`";
    let mut at = 0;
    for dimension in range.split(',') {
        let bound = |text: &str, at| {
            digits::<u32>(text).filter(|_| !text.is_empty()).ok_or(Malformed::new(at, BOUND))
        };
        if let Some((low, high)) = dimension.split_once(':') {
            let high_at = at + low.len() + 1;
            if bound(low, at)? >= bound(high, high_at)? {
                return Err(Malformed::new(high_at, "an index above the first"));
            }
        } else {
            bound(dimension, at)?;
        }
        at += dimension.len() + 1;
    }
    Ok(())
}
