//! `--rotate N`: the values of N records become one row.

use std::num::NonZeroUsize;

pub(super) struct Rotated {
    size: NonZeroUsize,
    values: Vec<String>,
}

impl Rotated {
    pub(super) fn new(size: NonZeroUsize) -> Rotated {
        Rotated { size, values: Vec::new() }
    }

    /// A row, where this value makes it full.
    pub(super) fn push(&mut self, value: String) -> Option<Vec<String>> {
        self.values.push(value);
        (self.values.len() >= self.size.get()).then(|| std::mem::take(&mut self.values))
    }

    /// The last row, which need not be full.
    pub(super) fn rest(&mut self) -> Option<Vec<String>> {
        (!self.values.is_empty()).then(|| std::mem::take(&mut self.values))
    }
}
