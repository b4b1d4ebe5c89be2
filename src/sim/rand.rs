//! [`Rand`]: the generator behind the `Random.*` items.

/// Microsoft's `rand()`: the one the Matrikon simulation server calls, with its default seed of 1.
///
/// OpenOPC's tutorial prints its first outputs, so a program that follows the tutorial sees the same numbers here.
#[derive(Clone, Debug)]
pub(crate) struct Rand(u32);

impl Rand {
    /// The largest output.
    pub(crate) const MAX: u16 = 0x7FFF;

    /// Both halves of the seed count; small seeds are what `srand` takes.
    pub(crate) fn new(seed: u64) -> Rand {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
        Rand(half(seed) ^ half(seed >> 32))
    }

    /// The next output, 0 to 32767.
    pub(crate) fn next(&mut self) -> u16 {
        self.0 = self.0.wrapping_mul(214_013).wrapping_add(2_531_011);
        let [_, _, low, high] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high]) & Rand::MAX
    }
}

/// `SplitMix64`'s finalizer: spreads an index over all 64 bits, for values that must be a pure function of it.
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// A number for a text, the same in every run (FNV-1a).
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_one_openopc_users_know() {
        let mut rand = Rand::new(1);
        let first: Vec<u16> = std::iter::repeat_with(|| rand.next()).take(10).collect();
        assert_eq!(first, [41, 18467, 6334, 26500, 19169, 15724, 11478, 29358, 26962, 24464]);
    }
}
