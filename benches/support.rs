//! What all benches share: a simulator, both clients, both runtimes.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use opcua::client::{ClientBuilder, IdentityToken, Session};
use opcua::types::{EndpointDescription, MessageSecurityMode, NodeId, ReadValueId, UserTokenPolicy};
use openopc::Client;
use openopc::sim::{Item, Signal, Simulator};
use tokio::runtime::{Builder, Runtime};

pub(crate) fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .sample_size(30)
}

/// Both runtimes a program may use.
pub(crate) fn runtimes() -> [(&'static str, Runtime); 2] {
    [
        ("current-thread", Builder::new_current_thread().enable_all().build().unwrap()),
        ("multi-thread", Builder::new_multi_thread().enable_all().build().unwrap()),
    ]
}

/// How many plain items there are, `Mass.0` and on.
pub(crate) const MASS: usize = 10_000;

pub(crate) fn mass(n: usize) -> String {
    format!("Mass.{n}")
}

/// A simulator with items that stay and `Live.*`, which change every 100 ms.
pub(crate) fn simulator() -> Simulator {
    let tick = Duration::from_millis(100);
    let counter = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: tick };
    Simulator::builder()
        .preset()
        .items((0..MASS).map(|n| Item::new(mass(n), 0.5).writable()))
        .items((0..MASS).map(|n| Item::new(live(n), 0_i32).signal(counter.clone())))
        .start_blocking()
        .unwrap()
}

pub(crate) fn live(n: usize) -> String {
    format!("Live.{n}")
}

pub(crate) async fn facade(simulator: &Simulator) -> Client {
    openopc::open(simulator.url()).await.unwrap()
}

/// The engine's session as its own documentation opens it.
pub(crate) async fn raw(url: &str) -> Arc<Session> {
    let mut client = ClientBuilder::new()
        .application_name("raw")
        .application_uri("urn:raw")
        .pki_dir(std::env::temp_dir().join("openopc-bench-pki"))
        // Its defaults end the connection at the first large message.
        .max_array_length(1_000_000)
        .max_message_size(64 * 1024 * 1024)
        .max_chunk_count(1000)
        .session_retry_limit(0)
        .client()
        .unwrap();
    let endpoint: EndpointDescription =
        (url, "None", MessageSecurityMode::None, UserTokenPolicy::anonymous()).into();
    let (session, event_loop) =
        client.connect_to_matching_endpoint(endpoint, IdentityToken::Anonymous).await.unwrap();
    event_loop.spawn();
    session.wait_for_connection().await;
    session
}

/// The item's node; the simulator's namespace has the index 2.
pub(crate) fn node(id: &str) -> NodeId {
    NodeId::new(2, id)
}

pub(crate) fn value_of(id: &str) -> ReadValueId {
    ReadValueId::from(node(id))
}

/// In the environment of a process that is to be one side of a measurement.
pub(crate) const ROLE: &str = "OPENOPC_BENCH_ROLE";

/// This program again, to play the part that these words name.
pub(crate) fn part(words: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env(ROLE, words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Processor time that this process has used.
#[cfg(target_os = "linux")]
pub(crate) fn process_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let used = tasks.map(|task| std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default());
    let nanos = used.map(|text| text.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0));
    Duration::from_nanos(nanos.sum())
}

/// Elsewhere the clock has to do.
#[cfg(not(target_os = "linux"))]
pub(crate) fn process_cpu() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// Bytes of memory that this process holds; 0 where the system does not tell.
pub(crate) fn resident() -> u64 {
    memory("VmRSS:")
}

/// The most it has ever held.
pub(crate) fn peak() -> u64 {
    memory("VmHWM:")
}

fn memory(key: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
