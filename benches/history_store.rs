//! History on disk: values in, values out, and how much memory that takes.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput};
use openopc::TimeRange;
use openopc::history::Sample;
use openopc::sim::{History, Item, Simulator};

/// Unoptimised, as the tests run the benches, a tenth shows that they work.
const VALUES: u32 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
const PAGE: usize = 10_000;
/// Items written at once.
const BATCH: usize = 1_000;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_577_836_800, 0).unwrap()
}

fn at(second: u32) -> DateTime<Utc> {
    start() + TimeDelta::seconds(second.into())
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("openopc-bench-{}-{name}.redb", std::process::id()))
}

/// A value a second that is no round number.
fn samples() -> Vec<Sample> {
    (0..VALUES).map(|second| Sample::new(at(second), (f64::from(second) / 1000.0).sin() * 100.0)).collect()
}

fn load(samples: Vec<Sample>, path: PathBuf) -> Simulator {
    let item = Item::new("Level", 0.0).history(History::recorded().samples(samples));
    Simulator::builder().item(item).history_file(path).start_blocking().unwrap()
}

/// Ends it, so that its file is free.
fn end(simulator: Simulator) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(simulator.stop()).unwrap();
}

#[expect(clippy::print_stderr, reason = "a figure that criterion has no place for")]
pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("history on disk");
    group.sample_size(10).throughput(Throughput::Elements(VALUES.into()));
    let file = path("ingest");
    group.bench_function("load, one transaction", |bencher| {
        let fresh = || {
            // Of the iteration before.
            let _ = std::fs::remove_file(&file);
            samples()
        };
        bencher.iter_batched(fresh, |samples| load(samples, file.clone()), BatchSize::PerIteration);
    });
    let _ = std::fs::remove_file(&file);

    let file = path("read");
    end(load(samples(), file.clone()));
    let item = Item::new("Level", None::<f64>).data_type(openopc::DataType::Double).historizing();
    let simulator = Simulator::builder().item(item).history_file(&file).start_blocking().unwrap();
    let read = || {
        for first in (0..VALUES).step_by(PAGE) {
            let (start, end) = (at(first), at(first + 9_999));
            assert_eq!(simulator.history("Level", TimeRange { start, end }).unwrap().len(), PAGE);
        }
    };
    let before = resident();
    group.bench_function("raw read, pages of 10,000", |bencher| bencher.iter(read));
    let (size, after) = (std::fs::metadata(&file).unwrap().len(), resident());
    eprintln!(
        "{VALUES} values: {:.1} bytes each on disk; resident memory {before} kB before all the reads, {after} kB after",
        size as f64 / f64::from(VALUES)
    );
    drop(simulator);
    let _ = std::fs::remove_file(&file);

    let file = path("live");
    let items = (0..BATCH).map(|n| Item::new(format!("N{n}"), 0.0).writable().historizing());
    let simulator = Simulator::builder().items(items).history_file(&file).start_blocking().unwrap();
    let client = openopc::blocking::open(simulator.url()).unwrap();
    let mut value = 0.0;
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("live, 1,000 items in one write", |bencher| {
        bencher.iter(|| {
            value += 1.0;
            let values = (0..BATCH).map(|n| (format!("N{n}"), value));
            client.write_many(values).unwrap().into_iter().for_each(|written| written.unwrap());
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("live, one value", |bencher| {
        bencher.iter(|| {
            value += 1.0;
            simulator.set("N0", value).unwrap();
        });
    });
    group.finish();
    drop((client, simulator));
    let _ = std::fs::remove_file(&file);
}

/// Kilobytes this process has in memory now; 0 where that cannot be told.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0)
}
