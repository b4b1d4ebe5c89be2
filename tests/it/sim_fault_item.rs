//! Faults of items, and what a client makes of them.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use openopc::sim::{Fault, Item, ItemFault, Signal, Simulator, When};
use openopc::{Client, Error, Quality, Status, Value};

use crate::support::{FAST, collect, numbered, served, within};

fn status(name: &str) -> Status {
    Status::named(name).unwrap()
}

async fn three() -> (Simulator, Client) {
    served(numbered(3)).await
}

#[tokio::test]
async fn a_status_is_a_quality_or_an_error_and_goes_again() {
    let (simulator, client) = three().await;
    let fault = simulator.inject(Fault::item("N[01]", ItemFault::Status(status("BadSensorFailure"))));
    for item in ["N0", "N1"] {
        let reading = within(client.read(item)).await.unwrap();
        assert_eq!((reading.status.name().as_ref(), reading.value), ("BadSensorFailure", Value::Null));
    }
    assert_eq!(within(client.read_as::<i32>("N2")).await.unwrap(), 2, "not meant");
    assert_eq!(fault.fired(), 2);
    assert_eq!(simulator.get("N0").unwrap().value, Value::Int32(0), "the item itself has nothing");
    drop(fault);
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);

    let fault = simulator.inject(Fault::item("N1", ItemFault::Status(status("BadNotReadable"))));
    let error = within(client.read("N1")).await.unwrap_err();
    assert!(matches!(&error, Error::Item { status, .. } if status.name() == "BadNotReadable"), "{error:?}");
    assert_eq!(fault.fired(), 1);
    drop(fault);

    let fault = simulator.inject(Fault::item("*", ItemFault::Status(status("UncertainLastUsableValue"))));
    let reading = within(client.read("N1")).await.unwrap();
    assert_eq!((reading.quality(), reading.value), (Quality::Uncertain, Value::Int32(1)));
    assert_eq!(fault.fired(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_hears_when_a_fault_begins_and_ends() {
    let (simulator, client) = three().await;
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["N1"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(1));
    let fault = simulator.inject(Fault::item("N1", ItemFault::Status(status("BadDeviceFailure"))));
    assert_eq!(readings.next().await.status.name(), "BadDeviceFailure");
    assert_eq!(fault.fired(), 1);
    simulator.set("N1", 5).unwrap();
    within(fault.wait_fired_times(2)).await;
    drop(fault);
    loop {
        let reading = readings.next().await;
        if reading.quality() == Quality::Good {
            assert_eq!(reading.value, Value::Int32(5));
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sampled_item_is_struck_by_its_samples() {
    let ramp = Signal::Ramp { from: 0.0, to: 100.0, period: Duration::from_secs(100) };
    let simulator =
        Simulator::builder().item(Item::new("Ramp", 0.0).signal(ramp)).manual_clock().start().await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["Ramp"], Duration::from_secs(1), callback)).await.unwrap();
    assert_eq!(readings.next().await.quality(), Quality::Good);
    let later = When::always().after(Duration::from_secs(2)).lasting(Duration::from_secs(1));
    let fault = simulator.inject_when(Fault::item("Ramp", ItemFault::Status(status("Bad"))), later);
    assert_eq!(fault.fired(), 0);
    simulator.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(fault.fired(), 0);
    simulator.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(fault.fired(), 1);
    simulator.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(fault.fired(), 1, "its time is over");
    while readings.next().await.quality() != Quality::Good {}
}

#[tokio::test]
async fn a_null_is_a_good_reading_of_nothing() {
    let (simulator, client) = three().await;
    let fault = simulator.inject(Fault::item("N1", ItemFault::Null));
    let reading = within(client.read("N1")).await.unwrap();
    assert_eq!((reading.quality(), reading.value), (Quality::Good, Value::Null));
    assert!(matches!(within(client.read_as::<i32>("N1")).await, Err(Error::Convert { .. })));
    assert_eq!(fault.fired(), 2);
}

#[tokio::test]
async fn a_wrong_type_is_a_conversion_error() {
    let (simulator, client) = served(numbered(2).chain([Item::new("Text", "abc")])).await;
    let fault = simulator.inject(Fault::item("*", ItemFault::WrongType));
    assert_eq!(within(client.read("N1")).await.unwrap().value, Value::from("1"));
    assert_eq!(within(client.read("Text")).await.unwrap().value, Value::UInt32(3));
    assert!(matches!(within(client.read_as::<i32>("N1")).await, Err(Error::Convert { .. })));
    assert_eq!(fault.fired(), 3);
}

#[tokio::test]
async fn an_old_time_is_shown_as_it_came() {
    let (simulator, client) = three().await;
    let hour = Duration::from_secs(3600);
    let before = within(client.read("N1")).await.unwrap().source_time.unwrap();
    let fault = simulator.inject(Fault::item("N1", ItemFault::OldTime(hour)));
    let after = within(client.read("N1")).await.unwrap().source_time.unwrap();
    assert_eq!(before - after, chrono::TimeDelta::from_std(hour).unwrap());
    assert_eq!(fault.fired(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latency_holds_up_one_item_and_ends_with_its_guard() {
    let (simulator, client) = three().await;
    within(client.read_many(["N1", "N2"])).await.unwrap();
    let span = Duration::from_millis(80);
    let slow = simulator.inject(Fault::item("N1", ItemFault::Latency(span)));
    let start = Instant::now();
    within(client.read("N1")).await.unwrap();
    assert!(start.elapsed() >= span);
    within(client.write("N1", 7)).await.unwrap();
    assert!(start.elapsed() >= 2 * span);
    assert_eq!(slow.fired(), 2);
    within(client.read("N2")).await.unwrap();
    assert_eq!(slow.fired(), 2);
    drop(slow);
    // Far longer than a test waits: only the end of the guard lets the answer go.
    let stuck = simulator.inject(Fault::item("N1", ItemFault::Latency(Duration::from_secs(3600))));
    let reader = client.clone();
    let read = tokio::spawn(async move { reader.read_as::<i32>("N1").await });
    within(stuck.wait_fired()).await;
    drop(stuck);
    assert_eq!(within(read).await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn a_request_that_latency_holds_too_long_times_out() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let builder = Client::builder(simulator.url()).request_timeout(Duration::from_millis(300));
    let client = within(builder.open()).await.unwrap();
    within(client.read("N1")).await.unwrap();
    let slow = simulator.inject(Fault::item("N1", ItemFault::Latency(Duration::from_secs(60))));
    let error = within(client.read("N1")).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(slow.fired(), 1);
}

/// Which of eight reads a fault struck.
async fn struck(simulator: &Simulator, client: &Client, when: When) -> String {
    let fault = simulator.inject_when(Fault::item("N1", ItemFault::Status(status("BadOutOfService"))), when);
    let mut struck = String::new();
    for _ in 0..8 {
        let quality = within(client.read("N1")).await.unwrap().quality();
        struck.push(if quality == Quality::Bad { 'x' } else { '.' });
    }
    assert_eq!(fault.fired(), struck.matches('x').count() as u64);
    struck
}

#[tokio::test]
async fn rules_strike_the_calls_they_name() {
    let (simulator, client) = three().await;
    let n = |n| NonZeroU64::new(n).unwrap();
    assert_eq!(struck(&simulator, &client, When::always().nth(n(2))).await, ".x......");
    assert_eq!(struck(&simulator, &client, When::always().every(n(2))).await, ".x.x.x.x");
    assert_eq!(struck(&simulator, &client, When::always().times(3)).await, "xxx.....");
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut all = vec![];
    for seed in [1, 1, 2] {
        let simulator = Simulator::builder().items(numbered(2)).seed(seed).start().await.unwrap();
        let client = within(openopc::open(simulator.url())).await.unwrap();
        let mut seen = vec![];
        for _ in 0..4 {
            seen.push(struck(&simulator, &client, When::always().probability(0.5)).await);
        }
        assert!(seen.iter().any(|one| *one != seen[0]), "each fault has chances of its own");
        all.push(seen);
    }
    assert_eq!(all[0], all[1]);
    assert_ne!(all[0], all[2]);
}

#[tokio::test]
async fn faults_add_up_in_the_order_they_came() {
    let (simulator, client) = three().await;
    let uncertain = simulator
        .inject(Fault::item("N*", ItemFault::Status(status("UncertainNoCommunicationLastUsableValue"))));
    let mistyped = simulator.inject(Fault::item("N1", ItemFault::WrongType));
    let reading = within(client.read("N1")).await.unwrap();
    assert_eq!((reading.quality(), reading.value), (Quality::Uncertain, Value::from("1")));
    assert_eq!((uncertain.fired(), mistyped.fired()), (1, 1));
}
