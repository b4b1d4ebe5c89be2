//! [`FaultGuard`]: a fault as long as it lasts.

use std::fmt;
use std::sync::Arc;

use super::Active;

/// The fault lasts until this is dropped.
#[must_use = "dropping a FaultGuard ends the fault"]
pub struct FaultGuard {
    active: Arc<Active>,
    end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl FaultGuard {
    pub(crate) fn new(active: Arc<Active>, end: impl FnOnce() + Send + Sync + 'static) -> FaultGuard {
        FaultGuard { active, end: Some(Box::new(end)) }
    }

    /// How often it has struck so far: values of items, or connections.
    pub fn fired(&self) -> u64 {
        self.active.fired()
    }

    /// Waits until it has struck once; returns at once where it has.
    pub async fn wait_fired(&self) {
        self.wait_fired_times(1).await;
    }

    /// Waits until it has struck so often.
    pub async fn wait_fired_times(&self, times: u64) {
        self.active.wait_fired(times).await;
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.active.end();
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for FaultGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultGuard")
            .field("fault", &self.active.fault)
            .field("fired", &self.fired())
            .finish_non_exhaustive()
    }
}
