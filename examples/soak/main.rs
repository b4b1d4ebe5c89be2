//! A long run against everything that can go wrong: does every value arrive, or is its loss told?
//!
//! `cargo run --release --example soak -- [--for 5m] [--seed N] [--tags 200]`
//!
//! A simulator counts on every tag; a client subscribes to all of them in three ways; faults come and go as a seed says,
//! which is printed. In the end every value has to be accounted for: delivered, replaced by a newer one where only the newest
//! was asked for, or told as lost; what is read beside may fail, but never goes back; memory has to be flat, and nothing may
//! be left running. Ends with 1 where that is not so.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod chance;
mod ledger;
mod machine;
mod options;
mod plant;
mod polls;
mod readers;
mod trouble;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::ledger::Account;
use crate::machine::Machine;
use crate::options::Options;
use crate::plant::Plant;
use crate::polls::Tally;
use crate::readers::Readers;
use crate::trouble::Trouble;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Between two lines of the report.
const REPORT: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode, Failure> {
    let options = Options::of_arguments()?;
    if std::env::var_os("SOAK_LOG").is_some() {
        tracing_subscriber::fmt().with_env_filter("openopc=debug").with_writer(std::io::stderr).init();
    }
    println!("soak: {:?}, seed {}, {} tags", options.span, options.seed, options.tags);
    let before = Machine::look();
    let (account, tally, mut memory) = run(&options).await?;
    let after = Machine::settled(&before).await;
    memory.end();

    println!();
    println!("{account}");
    println!("{tally}");
    println!("{memory}");
    println!("tasks {} -> {}, threads {} -> {}", before.tasks, after.tasks, before.threads, after.threads);
    let faults = [
        (account.unaccounted() > 0, "values are unaccounted for"),
        (account.violations() > 0, "values came twice, or in the wrong order"),
        (tally.wrong() > 0, "reads or writes were wrong"),
        (!memory.is_flat(), "memory has grown"),
        (after.tasks > before.tasks, "tasks are left"),
        (after.threads > before.threads, "threads are left"),
    ];
    let mut code = ExitCode::SUCCESS;
    for (_, what) in faults.iter().filter(|(bad, _)| *bad) {
        println!("FAULT: {what} (seed {})", options.seed);
        code = ExitCode::FAILURE;
    }
    if code == ExitCode::SUCCESS {
        println!("every value is accounted for");
    }
    Ok(code)
}

async fn run(options: &Options) -> Result<(Account, Tally, machine::Memory), Failure> {
    let plant = Arc::new(Plant::start(options).await?);
    let readers = Readers::open(&plant).await?;
    let counting = plant.clone().count();
    let churn = readers.churn(Chance::new(options.seed ^ 1));
    let mut trouble = Trouble::new(plant.clone(), Chance::new(options.seed));

    let started = Instant::now();
    let mut memory = machine::Memory::default();
    let mut reported = started;
    while started.elapsed() < options.span {
        trouble.next().await?;
        memory.sample(started.elapsed());
        if reported.elapsed() >= REPORT {
            reported = Instant::now();
            println!("{:>6} s: {trouble}; {}; {memory}", started.elapsed().as_secs(), readers.account());
        }
    }
    println!("{:>6} s: {trouble}", started.elapsed().as_secs());

    // All is well again: what is true now has to come to everybody.
    churn.stop().await;
    counting.stop().await;
    plant.last_values()?;
    readers.wait_for_last(&plant).await;
    let tally = readers.tally.clone();
    let account = readers.close().await?;
    drop(trouble);
    let plant = Arc::into_inner(plant).ok_or("somebody still has the plant")?;
    plant.stop().await?;
    Ok((account, tally, memory))
}
