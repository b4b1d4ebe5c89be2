//! The one task that samples.

use std::time::{Duration, Instant};

use super::monitor::Monitors;

/// How often to look for subscriptions that nobody wants any more.
const SWEEP: Duration = Duration::from_secs(1);

/// Samples living items whenever a group of them is due, for as long as the server runs.
pub(super) async fn run(monitors: &Monitors) {
    let mut swept = Instant::now();
    let mut watched = false;
    loop {
        let next = if monitors.is_manual() {
            monitors.settle();
            None
        } else {
            monitors.sample_due(monitors.now())
        };
        let mut wait = next.and_then(|next| monitors.until(next));
        if !watched || swept.elapsed() >= SWEEP {
            watched = monitors.sweep();
            swept = Instant::now();
        }
        if watched {
            wait = Some(wait.unwrap_or(SWEEP).min(SWEEP));
        }
        match wait {
            Some(wait) => _ = tokio::time::timeout(wait, monitors.wake.notified()).await,
            None => monitors.wake.notified().await,
        }
    }
}
