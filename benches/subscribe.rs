//! Tags that change all the time: what arrives, and what it costs the client in processor time and memory.
//!
//! The server, and each client that is measured, is a process of its own: this program again, told so by its environment.
//!
//! Both clients have one subscription on the server with the same rate and the same items, run on the same kind of runtime,
//! take every value out and hand it, owned and with its tag, to a callback that counts. What they do for that:
//!
//! - The engine looks up its monitored item for each value and calls the callback where it received the message: on its own
//!   task, with its lock held. A callback that waits there holds up the connection.
//! - The facade puts messages in order, converts each value to its own type, keeps the newest of each tag, puts it into a
//!   bounded queue, and calls the callback on a thread that may wait.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use opcua::client::{DataChangeCallback, Session};
use opcua::types::{MonitoredItemCreateRequest, MonitoringParameters, TimestampsToReturn};
use openopc::sim::{Item, Signal, Simulator};
use openopc::{Client, Reading, SubscribeOptions, Subscription};

use crate::support::{live, node, part, process_cpu, raw, resident, runtimes};

pub(crate) const NAME: &str = "subscribed tags";

/// How many tags, and how often they change and are told.
struct Load {
    tags: usize,
    every: Duration,
    /// For how long it is measured.
    span: Duration,
}

/// What was measured.
struct Cost {
    notifications: u64,
    wall: Duration,
    cpu: Duration,
    /// What the subscription added to the process.
    bytes: u64,
}

pub(crate) fn benches(quick: bool) {
    let (long, short) = (Duration::from_secs(1), Duration::from_millis(100));
    let span = Duration::from_secs(if quick { 1 } else { 10 });
    let sizes: &[usize] = if quick { &[1_000] } else { &[10_000, 100_000] };
    println!("{NAME}: raw engine, facade, and the facade's cost relative to the engine's");
    for &tags in sizes {
        for every in [long, short] {
            let load = Load { tags, every, span };
            for runtime in ["current-thread", "multi-thread"] {
                let (raw, facade) = (load.measure("raw", runtime), load.measure("facade", runtime));
                println!(
                    "{tags:>7} tags, {every:>5?}, {runtime:<14} | {raw} | {facade} | CPU x{:.2}",
                    facade.cpu_each() / raw.cpu_each(),
                );
            }
        }
    }
}

impl Cost {
    /// Nanoseconds of processor time for each notification.
    fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e9 / self.notifications.max(1) as f64
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rate = self.notifications as f64 / self.wall.as_secs_f64();
        write!(f, "{rate:>9.0}/s {:>6.0} ns {:>7} KiB", self.cpu_each(), self.bytes / 1024)
    }
}

impl Load {
    fn measure(&self, client: &str, runtime: &str) -> Cost {
        let mut server = role("server", self, "");
        let mut url = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let mut measured = role(&format!("{client} {runtime}"), self, url.trim());
        let mut told = String::new();
        measured.stdout.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(measured.wait().unwrap().success());
        server.kill().unwrap();
        server.wait().unwrap();
        let numbers: Vec<u64> = told.split_whitespace().map(|number| number.parse().unwrap()).collect();
        Cost {
            notifications: numbers[0],
            wall: Duration::from_nanos(numbers[1]),
            cpu: Duration::from_nanos(numbers[2]),
            bytes: numbers[3],
        }
    }
}

fn role(name: &str, load: &Load, url: &str) -> Child {
    let (every, span) = (load.every.as_millis(), load.span.as_millis());
    part(&format!("subscribe {name} {} {every} {span} {url}", load.tags))
}

/// Plays one part of a measurement.
pub(crate) fn play(words: &[&str]) {
    let number = |word: &str| word.parse::<u64>().unwrap();
    let load = |words: &[&str]| Load {
        tags: usize::try_from(number(words[0])).unwrap(),
        every: Duration::from_millis(number(words[1])),
        span: Duration::from_millis(number(words[2])),
    };
    if words[0] == "server" {
        serve(&load(&words[1..]));
    } else {
        let (load, url) = (load(&words[2..]), words[5]);
        let (_, runtime) = runtimes().into_iter().find(|(name, _)| *name == words[1]).unwrap();
        runtime.block_on(receive(words[0] == "raw", &load, url));
    }
}

/// Until it is killed.
fn serve(load: &Load) {
    let counter = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: load.every };
    let items = (0..load.tags).map(|n| Item::new(live(n), 0_i32).signal(counter.clone()));
    let simulator = Simulator::builder().items(items).start_blocking().unwrap();
    println!("{}", simulator.url());
    loop {
        std::thread::park();
    }
}

async fn receive(is_raw: bool, load: &Load, url: &str) {
    let count = Arc::new(AtomicUsize::new(0));
    // Connected before the memory is looked at: what is told is the price of tags.
    let session = if is_raw { Some(raw(url).await) } else { None };
    let opc = if is_raw { None } else { Some(openopc::open(url).await.unwrap()) };
    let before = resident();
    if let Some(session) = &session {
        subscribe_raw(session, load, &count).await;
    }
    let _subscription = match &opc {
        Some(opc) => Some(subscribe_facade(opc, load, &count).await),
        None => None,
    };
    while count.load(Ordering::Relaxed) < load.tags * 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (start, wall, cpu) = (count.load(Ordering::Relaxed), Instant::now(), process_cpu());
    tokio::time::sleep(load.span).await;
    let (came, wall, cpu) =
        (count.load(Ordering::Relaxed) - start, wall.elapsed(), process_cpu().saturating_sub(cpu));
    println!("{came} {} {} {}", wall.as_nanos(), cpu.as_nanos(), resident().saturating_sub(before));
    std::process::exit(0);
}

async fn subscribe_raw(session: &Arc<Session>, load: &Load, count: &Arc<AtomicUsize>) {
    let seen = count.clone();
    let callback = DataChangeCallback::new(move |value, _| {
        std::hint::black_box(value);
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let id = session.create_subscription(load.every, 300, 50, 0, 0, true, callback).await.unwrap();
    for first in (0..load.tags).step_by(10_000) {
        let items = (first..load.tags.min(first + 10_000)).map(|n| MonitoredItemCreateRequest {
            requested_parameters: MonitoringParameters {
                sampling_interval: load.every.as_secs_f64() * 1000.0,
                queue_size: 1,
                discard_oldest: true,
                ..MonitoredItemCreateRequest::from(node(&live(n))).requested_parameters
            },
            ..node(&live(n)).into()
        });
        session.create_monitored_items(id, TimestampsToReturn::Both, items.collect()).await.unwrap();
    }
}

async fn subscribe_facade(opc: &Client, load: &Load, count: &Arc<AtomicUsize>) -> Subscription {
    let seen = count.clone();
    let callback = move |reading: Reading| {
        std::hint::black_box(reading);
        seen.fetch_add(1, Ordering::Relaxed);
    };
    let options = SubscribeOptions::new(load.every).capacity(load.tags);
    let subscription = opc.subscribe_with((0..load.tags).map(live), options, callback).await.unwrap();
    assert!(subscription.rejected().is_empty());
    subscription
}
