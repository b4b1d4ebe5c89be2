//! [`Plant`]: a simulator whose tags count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use openopc::sim::{Item, Simulator};
use tokio::task::JoinHandle;

use crate::Failure;
use crate::options::Options;

pub(crate) struct Plant {
    pub(crate) simulator: Simulator,
    /// What each tag has counted to.
    counts: Vec<AtomicI64>,
}

/// Between two counts of the same tag.
const STEP: Duration = Duration::from_millis(100);

impl Plant {
    pub(crate) async fn start(options: &Options) -> Result<Plant, Failure> {
        let items = (0..options.tags).map(|n| Item::new(Plant::tag(n), 0_i64));
        let simulator =
            Simulator::builder().items(items).item(Item::new("Written", 0_i64).writable()).start().await?;
        Ok(Plant { simulator, counts: (0..options.tags).map(|_| AtomicI64::new(0)).collect() })
    }

    pub(crate) fn tag(n: usize) -> String {
        format!("Count.N{n}")
    }

    pub(crate) fn tags(&self) -> Vec<String> {
        (0..self.counts.len()).map(Plant::tag).collect()
    }

    pub(crate) fn count_of(&self, n: usize) -> i64 {
        self.counts.get(n).map_or(0, |count| count.load(Ordering::SeqCst))
    }

    /// Counts on, until it is told to stop.
    pub(crate) fn count(self: Arc<Self>) -> Background {
        Background::start(async move |stop| {
            let mut tick = tokio::time::interval(STEP);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while !stop.load(Ordering::SeqCst) {
                tick.tick().await;
                if self.last_values().is_err() {
                    break;
                }
            }
        })
    }

    /// One more on every tag.
    pub(crate) fn last_values(&self) -> Result<(), Failure> {
        for (n, count) in self.counts.iter().enumerate() {
            let value = count.fetch_add(1, Ordering::SeqCst) + 1;
            self.simulator.set(&Plant::tag(n), value)?;
        }
        Ok(())
    }

    pub(crate) async fn stop(self) -> Result<(), Failure> {
        Ok(self.simulator.stop().await?)
    }
}

/// Something that goes on beside all else.
pub(crate) struct Background {
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Background {
    pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(Arc<AtomicBool>) -> F,
    ) -> Background {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(stop.clone()));
        Background { stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Err(error) = self.task.await {
            println!("FAULT: a task of the soak itself failed: {error}");
        }
    }
}
