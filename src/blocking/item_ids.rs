//! `item_ids`, blocking.

use crate::da::ItemIdsReport;

use super::Client;

impl Client {
    /// How item ids are looked up on this server since the last (re)connect, and why. Nothing is sent.
    pub fn item_ids(&self) -> ItemIdsReport {
        self.inner.item_ids()
    }
}
