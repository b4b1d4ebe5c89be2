//! History on disk: there the next time, whatever ended the time before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use openopc::sim::{Item, Signal, Simulator};
use openopc::{DataType, TimeRange, Value};

use crate::sim_config::Folder;
use crate::support::{LONG, within};

const STORE: &str = "OPENOPC_TEST_STORE";
const FIRST: &str = "OPENOPC_TEST_FIRST";
const KEPT: &str = "kept ";

/// Two items whose past is in this file.
fn simulator(store: &Path) -> Simulator {
    let item = |id: &str| Item::new(id, None::<i64>).data_type(DataType::Int64).writable().historizing();
    Simulator::builder().items([item("A"), item("B")]).history_file(store).start_blocking().unwrap()
}

/// Ends it, so that the file is free.
fn end(simulator: Simulator) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(within(simulator.stop())).unwrap();
}

/// The numbers that are in the past of an item, in order.
fn numbers(simulator: &Simulator, item: &str) -> Vec<i64> {
    let ever = TimeRange {
        start: "2000-01-01T00:00:00Z".parse().unwrap(),
        end: "2200-01-01T00:00:00Z".parse().unwrap(),
    };
    let samples = simulator.history(item, ever).unwrap();
    let mut numbers: Vec<i64> = samples
        .into_iter()
        // What the item had before anything was written.
        .filter(|sample| sample.value != Value::Null)
        .map(|sample| sample.value.get().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn what_was_recorded_is_there_the_next_time() {
    let folder = Folder::new("next-time");
    let store = folder.0.join("plant.redb");
    let first = simulator(&store);
    first.set("A", 1).unwrap();
    let client = openopc::blocking::open(first.url()).unwrap();
    client.write_many([("A", 2_i64), ("B", 3)]).unwrap().into_iter().for_each(|result| result.unwrap());
    client.close().unwrap();
    end(first);
    let second = simulator(&store);
    assert_eq!((numbers(&second, "A"), numbers(&second, "B")), (vec![1, 2], vec![3]));
}

/// What the past of an item holds, in the order of time.
fn values(simulator: &Simulator, item: &str) -> Vec<Value> {
    let ever = TimeRange {
        start: "1990-01-01T00:00:00Z".parse().unwrap(),
        end: "2200-01-01T00:00:00Z".parse().unwrap(),
    };
    simulator.history(item, ever).unwrap().into_iter().map(|sample| sample.value).collect()
}

#[test]
fn the_file_is_free_when_the_simulator_is_dropped() {
    let folder = Folder::new("dropped");
    let store = folder.0.join("plant.redb");
    for number in 0..10_i64 {
        let simulator = simulator(&store);
        // Somebody is connected, and is not told goodbye first.
        let client = openopc::blocking::open(simulator.url()).unwrap();
        client.write("A", number).unwrap();
        drop(simulator);
        assert_eq!(numbers(&self::simulator(&store), "A"), (0..=number).collect::<Vec<_>>());
    }
}

#[test]
fn what_has_not_changed_is_not_recorded_again() {
    let folder = Folder::new("unchanged");
    let store = folder.0.join("plant.redb");
    let start = || {
        let steady = Signal::List { values: vec![Value::Double(5.0)], every: Duration::from_secs(1) };
        let items = [
            Item::new("Given", 70_i64).writable().historizing(),
            Item::new("Open", None::<i64>).data_type(DataType::Int64).writable().historizing(),
            Item::new("Steady", 0.0).signal(steady).historizing(),
        ];
        Simulator::builder().items(items).history_file(&store).manual_clock().start_blocking().unwrap()
    };
    let some = |numbers: &[i64]| numbers.iter().copied().map(Value::Int64).collect::<Vec<_>>();
    let first = start();
    first.advance(Duration::from_secs(3)).unwrap();
    first.set("Given", 71_i64).unwrap();
    first.set("Open", 1_i64).unwrap();
    assert_eq!(values(&first, "Given"), some(&[70, 71]));
    assert_eq!(values(&first, "Open"), [Value::Null, Value::Int64(1)]);
    let status = openopc::Status::named("UncertainLastUsableValue").unwrap();
    first.set_status("Open", status).unwrap();
    drop(first);
    for _ in 0..3 {
        let next = start();
        next.advance(Duration::from_secs(10)).unwrap();
        // It starts with another value than it had last: that is a change, once.
        assert_eq!(values(&next, "Given").len(), 2);
        // What has no value of its own goes on with the last.
        let open = next.get("Open").unwrap();
        assert_eq!((open.value, open.status), (Value::Int64(1), status));
        assert_eq!(values(&next, "Open").len(), 2);
        assert_eq!(values(&next, "Steady"), [Value::Double(5.0)]);
    }
}

/// The simulator that is killed: says of each write that it is acknowledged. Run by the test below.
#[test]
#[ignore = "a part of the test below, which runs it as a process of its own"]
fn recorder() {
    let (Ok(store), Ok(first)) = (std::env::var(STORE), std::env::var(FIRST)) else { return };
    let simulator = simulator(Path::new(&store));
    let client = openopc::blocking::open(simulator.url()).unwrap();
    // More than are ever waited for.
    for number in first.parse::<i64>().unwrap().. {
        client
            .write_many([("A", number), ("B", number)])
            .unwrap()
            .into_iter()
            .for_each(|result| result.unwrap());
        writeln!(std::io::stdout(), "{KEPT}{number}").unwrap();
    }
}

/// A recorder that goes on from a number, and what it acknowledges.
fn record(store: &Path, first: i64) -> (Child, mpsc::Receiver<i64>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "--test-threads=1", "sim_history_redb::recorder"])
        .env(STORE, store)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (send, kept) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // The harness has its own lines, and begins one that ours may end.
            if let Some((_, number)) = line.split_once(KEPT) {
                let _ = send.send(number.parse().unwrap());
            }
        }
    });
    (child, kept)
}

#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    let folder = Folder::new("kills");
    let store = folder.0.join("plant.redb");
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = 0;
    for kill in 0..100 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (mut child, kept) = record(&store, next);
        // Some writes, and then some part of the next one.
        let mut last = next - 1;
        for _ in 0..random % 6 {
            let number = kept.recv_timeout(LONG);
            last = number.inspect_err(|_| child.kill().unwrap()).expect("it writes");
        }
        for _ in 0..random % 300_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it could still say counts too.
        last = kept.iter().last().unwrap_or(last);
        if !store.exists() {
            continue;
        }
        let simulator = simulator(&store);
        let (a, b) = (numbers(&simulator, "A"), numbers(&simulator, "B"));
        end(simulator);
        assert_eq!(a, b, "kill {kill}: a write is kept whole or not at all");
        let count = i64::try_from(a.len()).unwrap();
        assert_eq!(a, (0..count).collect::<Vec<_>>(), "kill {kill}: a hole");
        assert!(count > last, "kill {kill}: {last} was acknowledged, {count} are kept");
        assert!(count <= last + 2, "kill {kill}: {count} are kept, though only {last} was acknowledged");
        next = count;
    }
    assert!(next > 100, "{next} values is too little to have shown anything");
}
