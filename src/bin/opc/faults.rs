//! `opc simulate --faults FILE`: what goes wrong when.

mod file;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openopc::sim::{Fault, Simulator, When};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::file::Crash;
use crate::exit::Failure;
use crate::output::note;

/// One fault on the time line.
#[derive(Debug, PartialEq)]
pub(crate) struct Planned {
    /// As the file has it, with the number of the fault: `fault 1 (drop)`.
    name: String,
    what: What,
    at: Duration,
    span: Option<Duration>,
    every: Option<Duration>,
}

#[derive(Debug, PartialEq)]
enum What {
    Fault(Fault, When),
    Crash(Crash),
}

/// Reads the file whole before anything begins.
pub(crate) fn load(path: &Path) -> Result<Vec<Planned>, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    file::parse(&text).map_err(|message| Failure::Usage(format!("{name}: {message}")))
}

/// Lets every fault take its course until the tasks are ended.
pub(crate) fn run(simulator: &Arc<Simulator>, faults: Vec<Planned>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for fault in faults {
        tasks.spawn(course(Arc::clone(simulator), fault, start));
    }
    tasks
}

async fn course(simulator: Arc<Simulator>, fault: Planned, start: Instant) {
    let mut begins = start + fault.at;
    loop {
        tokio::time::sleep_until(begins).await;
        let next = fault.every.map(|every| begins + every);
        let ends = [fault.span.map(|span| begins + span), next].into_iter().flatten().min();
        note(format_args!("{} begins", fault.name));
        match &fault.what {
            What::Fault(kind, when) => {
                let guard = simulator.inject_when(kind.clone(), when.clone());
                until(ends).await;
                let fired = guard.fired();
                drop(guard);
                note(format_args!("{} ends; it struck {fired} times", fault.name));
            }
            What::Crash(crash) => {
                let crashed = simulator.crash().await;
                until(ends).await;
                let came_back = match crashed {
                    Ok(()) => simulator.restart(crash.restart()).await,
                    failed => failed,
                };
                match came_back {
                    Ok(()) => note(format_args!("{} ends; the server is back", fault.name)),
                    Err(error) => note(format_args!("{} goes on: {error}", fault.name)),
                }
            }
        }
        let Some(next) = next else { return };
        // Without catching up on what was missed.
        begins = next.max(Instant::now());
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
