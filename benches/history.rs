//! A long past read page by page through the wire: values per second, and how much memory that takes.
//!
//! The server, and each client that is measured, is a process of its own.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use opcua::client::{HistoryReadAction, Session};
use opcua::types::{
    ByteString, HistoryData, HistoryReadValueId, NumericRange, QualifiedName, ReadRawModifiedDetails,
    TimestampsToReturn,
};
use openopc::history::Sample;
use openopc::sim::{History, Item, Simulator};
use openopc::{Client, HistoryQuery};

use crate::support::{node, part, peak, process_cpu, raw, resident, runtimes};

pub(crate) const NAME: &str = "a long past";

/// Values in a page, which is the simulator's own and the client's default.
const PAGE: u32 = 10_000;

/// What was measured.
struct Cost {
    wall: Duration,
    cpu: Duration,
    /// What the process held at the most, beside what it held before.
    bytes: u64,
}

pub(crate) fn benches(quick: bool) {
    let sizes: &[u32] = if quick { &[30_000] } else { &[100_000, 1_000_000] };
    println!("{NAME}: raw engine, facade, and the facade's processor time relative to the engine's");
    for &values in sizes {
        let mut server = part(&format!("history server {values}"));
        let mut url = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut url).unwrap();
        for runtime in ["current-thread", "multi-thread"] {
            let [raw, facade] = ["raw", "facade"].map(|client| {
                // Of several, the cheapest: whatever else runs here only makes it dearer.
                let rounds =
                    (0..if quick { 1 } else { 5 }).map(|_| measure(client, runtime, values, url.trim()));
                rounds.min_by_key(|cost| cost.cpu).unwrap()
            });
            let ratio = facade.cpu.as_secs_f64() / raw.cpu.as_secs_f64();
            let [raw, facade] = [raw, facade].map(|cost| cost.text(values));
            println!("{values:>9} values, {runtime:<14} | {raw} | {facade} | CPU x{ratio:.2}");
        }
        server.kill().unwrap();
        server.wait().unwrap();
    }
}

impl Cost {
    fn text(&self, values: u32) -> String {
        let rate = f64::from(values) / self.wall.as_secs_f64();
        let each = self.cpu.as_secs_f64() * 1e9 / f64::from(values);
        format!("{rate:>10.0}/s {each:>5.0} ns {:>6} KiB", self.bytes / 1024)
    }
}

fn measure(client: &str, runtime: &str, values: u32, url: &str) -> Cost {
    let mut measured = part(&format!("history {client} {runtime} {values} {url}"));
    let mut told = String::new();
    measured.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(measured.wait().unwrap().success());
    let numbers: Vec<u64> = told.split_whitespace().map(|number| number.parse().unwrap()).collect();
    Cost { wall: Duration::from_nanos(numbers[0]), cpu: Duration::from_nanos(numbers[1]), bytes: numbers[2] }
}

/// Plays one part of a measurement.
pub(crate) fn play(words: &[&str]) {
    let number = |word: &str| word.parse::<u32>().unwrap();
    if words[0] == "server" {
        return serve(number(words[1]));
    }
    let (_, runtime) = runtimes().into_iter().find(|(name, _)| *name == words[1]).unwrap();
    runtime.block_on(read(words[0] == "raw", number(words[2]), words[3]));
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_577_836_800, 0).unwrap()
}

fn at(second: u32) -> DateTime<Utc> {
    start() + TimeDelta::seconds(second.into())
}

/// A value a second, until it is killed.
fn serve(values: u32) {
    let samples = (0..values).map(|second| Sample::new(at(second), f64::from(second)));
    let item = Item::new("Level", 0.0).history(History::recorded().samples(samples));
    let simulator = Simulator::builder().item(item).start_blocking().unwrap();
    println!("{}", simulator.url());
    loop {
        std::thread::park();
    }
}

async fn read(is_raw: bool, values: u32, url: &str) {
    // Connected, and the first page read, before anything is looked at.
    let session = if is_raw { Some(raw(url).await) } else { None };
    let opc = if is_raw { None } else { Some(openopc::open(url).await.unwrap()) };
    let mut figures = None;
    for count in [PAGE, values] {
        let (before, wall, cpu) = (resident(), Instant::now(), process_cpu());
        let sum = match (&session, &opc) {
            (Some(session), _) => read_raw(session, count).await,
            (_, Some(opc)) => read_facade(opc, count).await,
            _ => unreachable!(),
        };
        assert!((sum - (0..count).map(f64::from).sum::<f64>()).abs() < 0.5, "{sum}");
        figures = Some((wall.elapsed(), process_cpu().saturating_sub(cpu), peak().saturating_sub(before)));
    }
    let (wall, cpu, bytes) = figures.unwrap();
    println!("{} {} {bytes}", wall.as_nanos(), cpu.as_nanos());
    std::process::exit(0);
}

/// The sum of the values, so that each is looked at.
async fn read_raw(session: &Arc<Session>, values: u32) -> f64 {
    let details = ReadRawModifiedDetails {
        is_read_modified: false,
        start_time: start().into(),
        end_time: at(values).into(),
        num_values_per_node: PAGE,
        return_bounds: false,
    };
    let (mut sum, mut point) = (0.0, ByteString::null());
    loop {
        let level = HistoryReadValueId {
            node_id: node("Level"),
            index_range: NumericRange::None,
            data_encoding: QualifiedName::null(),
            continuation_point: point,
        };
        let action = HistoryReadAction::ReadRawModifiedDetails(details.clone());
        let answer = session.history_read(action, TimestampsToReturn::Source, false, &[level]).await.unwrap();
        let result = answer.into_iter().next().unwrap();
        let page = result.history_data.into_inner_as::<HistoryData>().unwrap();
        for value in page.data_values.unwrap() {
            sum += black_box(value).value.unwrap().try_cast_to::<f64>().unwrap();
        }
        point = result.continuation_point;
        if point.is_null_or_empty() {
            return sum;
        }
    }
}

async fn read_facade(opc: &Client, values: u32) -> f64 {
    let query = HistoryQuery::raw(start()..at(values)).page(PAGE.try_into().unwrap());
    let mut pages = opc.history_pages(["Level"], &query);
    let mut sum = 0.0;
    while let Some(page) = pages.next().await {
        for reading in page.unwrap() {
            sum += black_box(reading).get::<f64>().unwrap();
        }
    }
    sum
}
