//! [`Source`].

/// Where a read takes its value from, with OpenOPC's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Source {
    /// The newest value that a subscription of this client holds, else what the server has at hand (the largest
    /// `maxAge`).
    Cache,
    /// The device: `maxAge` 0 (Part 4, 5.11.2).
    Device,
    /// A group's first read goes to the device, later ones to the cache. Outside a group: the device.
    #[default]
    Hybrid,
}
