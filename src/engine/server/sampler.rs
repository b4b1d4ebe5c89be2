//! The one task that samples.

use std::time::Duration;

use super::monitor::Monitors;

/// Samples living items whenever a group of them is due, for as long as the server runs.
pub(super) async fn run(monitors: &Monitors) {
    loop {
        let next = if monitors.is_manual() {
            monitors.settle();
            None
        } else {
            monitors.sample_due(monitors.now())
        };
        let wait = next.and_then(|next| monitors.until(next));
        match wait {
            // A wait this long ends with something new, or not at all.
            Some(wait) if wait < Duration::from_secs(86_400) => {
                let _ = tokio::time::timeout(wait, monitors.wake.notified()).await;
            }
            _ => monitors.wake.notified().await,
        }
    }
}
