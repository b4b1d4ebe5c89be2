//! Reads that run at the same time share requests, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openopc::sim::{Item, Service, Simulator};
use openopc::{Error, Status, Value};

use crate::support::{numbered, requests, served, until, within};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What reading a tag must give, whoever reads it beside whom.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Value(i32),
    Item(String),
    Unknown,
    Invalid,
}

fn outcome(result: Result<i32, Error>) -> Outcome {
    match result {
        Ok(value) => Outcome::Value(value),
        Err(Error::Item { status, .. } | Error::Quality { status, .. }) => {
            Outcome::Item(status.name().into_owned())
        }
        Err(Error::Resolve { .. }) => Outcome::Unknown,
        Err(Error::InvalidTag { .. }) => Outcome::Invalid,
        Err(other) => panic!("{other:?}"),
    }
}

fn tag(dice: &mut Dice) -> (String, Outcome) {
    let n = dice.throw(64);
    match dice.throw(8) {
        0 => ("ns=2;s=Nothing".into(), Outcome::Item("BadNodeIdUnknown".into())),
        1 => (format!("Bad{}", n % 4), Outcome::Item("BadOutOfMemory".into())),
        2 => (format!("Dead{}", n % 4), Outcome::Item("BadDeviceFailure".into())),
        3 if n < 8 => ("Nothing".into(), Outcome::Unknown),
        3 if n < 16 => ("ns=x".into(), Outcome::Invalid),
        _ => (format!("N{n}"), Outcome::Value(i32::try_from(n).unwrap())),
    }
}

async fn mixed() -> (Simulator, openopc::Client) {
    let items = (0..4).flat_map(|n| [Item::new(format!("Bad{n}"), 0), Item::new(format!("Dead{n}"), 0)]);
    let (simulator, client) = served(numbered(64).chain(items)).await;
    for n in 0..4 {
        let status = |name| Status::named(name).unwrap();
        simulator.set_status(&format!("Bad{n}"), status("BadOutOfMemory")).unwrap();
        simulator.set_status(&format!("Dead{n}"), status("BadDeviceFailure")).unwrap();
    }
    let all = (0..64).map(|n| format!("N{n}"));
    let all = all.chain((0..4).flat_map(|n| [format!("Bad{n}"), format!("Dead{n}")]));
    within(client.read_many(all)).await.unwrap();
    simulator.clear_requests();
    (simulator, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_gets_exactly_his_own() {
    let (simulator, client) = mixed().await;
    let tasks: Vec<_> = (0..96)
        .map(|seed| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut dice = Dice(seed);
                for _ in 0..40 {
                    if dice.throw(3) == 0 {
                        let wanted: Vec<_> = (0..dice.throw(20)).map(|_| tag(&mut dice)).collect();
                        let results = client.read_many(wanted.iter().map(|(tag, _)| tag)).await.unwrap();
                        let got: Vec<_> =
                            results.into_iter().map(|r| outcome(r.and_then(|r| r.get()))).collect();
                        assert_eq!(got, wanted.into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>());
                    } else {
                        let (tag, expected) = tag(&mut dice);
                        assert_eq!(outcome(client.read_as::<i32>(&tag).await), expected, "{tag}");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        within(task).await.unwrap();
    }
    let reads = requests(&simulator, Service::Read).len();
    assert!(reads < 96 * 40 / 4, "{reads} requests for {} calls", 96 * 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_that_are_given_up_harm_nobody() {
    let (_simulator, client) = mixed().await;
    let tasks: Vec<_> = (0..64)
        .map(|seed| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut dice = Dice(seed);
                for _ in 0..40 {
                    let (tag, expected) = tag(&mut dice);
                    let read = client.read_as::<i32>(&tag);
                    if dice.throw(2) == 0 {
                        // Dropped before it was polled, while it waits, or while its request is out.
                        let _ = tokio::time::timeout(Duration::from_micros(dice.throw(600)), read).await;
                    } else {
                        assert_eq!(outcome(read.await), expected, "{tag}");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        within(task).await.unwrap();
    }
    assert_eq!(within(client.read_as::<i32>("N5")).await.unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_client_sends_at_once_and_alone() {
    let (simulator, client) = mixed().await;
    for n in 0..20 {
        within(client.read(format!("N{n}"))).await.unwrap();
    }
    let sizes: Vec<usize> = requests(&simulator, Service::Read).iter().map(|r| r.items.len()).collect();
    assert_eq!(sizes, [1; 20]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_readers_at_once() {
    let (_simulator, client) = served(numbered(8)).await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move {
                let tag = format!("N{n}");
                for value in 0..50 {
                    client.write(&tag, value).await.unwrap();
                    // Nobody else writes it, and a read that begins after a write sees it.
                    assert_eq!(client.read_as::<i32>(&tag).await.unwrap(), value);
                }
            })
        })
        .collect();
    for task in tasks {
        within(task).await.unwrap();
    }
}

/// Its closure blocks the simulator, so what is sent beside it cannot be answered; but it is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_does_not_return_holds_up_no_other() {
    let (blocked, held) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let slow = {
        let (blocked, held) = (blocked.clone(), held.clone());
        Item::new("Slow", 0).read_with(move || {
            held.store(true, Ordering::SeqCst);
            while blocked.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(7)
        })
    };
    let (simulator, client) = served(numbered(1).chain([slow])).await;
    within(client.resolve("Slow")).await.unwrap();
    within(client.read("N0")).await.unwrap();
    let reading = |tag: &'static str| {
        let client = client.clone();
        tokio::spawn(async move { client.read(tag).await })
    };
    let stuck = reading("Slow");
    until(|| held.load(Ordering::SeqCst)).await;
    let other = reading("N0");
    let impatient = tokio::time::timeout(Duration::from_millis(200), client.read("N0")).await;
    assert!(impatient.is_err() || impatient.is_ok_and(|read| read.is_ok()));
    blocked.store(false, Ordering::SeqCst);
    assert_eq!(within(stuck).await.unwrap().unwrap().value, Value::Int32(7));
    assert_eq!(within(other).await.unwrap().unwrap().value, Value::Int32(0));
    let together = requests(&simulator, Service::Read)
        .iter()
        .any(|r| r.items.contains(&"Slow".to_owned()) && r.items.contains(&"N0".to_owned()));
    assert!(!together, "the slow item went alone");
}
