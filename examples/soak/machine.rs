//! What the process holds: tasks, threads, memory.

use std::fmt;
use std::time::Duration;

/// What runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) tasks: usize,
    pub(crate) threads: u64,
}

impl Machine {
    pub(crate) fn look() -> Machine {
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        Machine { tasks, threads: status("Threads:").unwrap_or_default() }
    }

    /// As it is once all that ends has ended, or after half a minute.
    pub(crate) async fn settled(before: &Machine) -> Machine {
        let mut now = Machine::look();
        for _ in 0..300 {
            if now.tasks <= before.tasks && now.threads <= before.threads {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            now = Machine::look();
        }
        now
    }
}

/// A line of this process's status, where the system has such a thing.
fn status(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Resident memory over the run.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// When, and how many KiB.
    samples: Vec<(Duration, u64)>,
    early: u64,
    late: u64,
}

/// What a heap may grow by without anything being kept: the largest outage so far sets its size.
const SLACK: u64 = 8 * 1024;

impl Memory {
    pub(crate) fn sample(&mut self, at: Duration) {
        // One each second is enough, and an hour of them is small.
        if self.samples.last().is_none_or(|(last, _)| at.saturating_sub(*last) >= Duration::from_secs(1))
            && let Some(resident) = status("VmRSS:")
        {
            self.samples.push((at, resident));
        }
    }

    /// Compares the most of the second quarter with the most of the last.
    pub(crate) fn end(&mut self) {
        let quarter = self.samples.len() / 4;
        let most =
            |samples: &[(Duration, u64)]| samples.iter().map(|(_, kib)| *kib).max().unwrap_or_default();
        self.early = most(self.samples.get(quarter..quarter * 2).unwrap_or_default());
        self.late = most(self.samples.get(quarter * 3..).unwrap_or_default());
    }

    pub(crate) fn is_flat(&self) -> bool {
        self.late <= self.early + self.early / 10 + SLACK
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.early > 0 {
            return write!(f, "memory at most {} KiB early, {} KiB late", self.early, self.late);
        }
        let now = self.samples.last().map_or(0, |(_, kib)| *kib);
        write!(f, "memory {now} KiB")
    }
}
