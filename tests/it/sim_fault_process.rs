//! A server that dies and comes back, and what a client makes of it.

use std::time::Duration;

use openopc::sim::{Fault, Item, Restart, Simulator};
use openopc::{Client, Error, Event, Quality, State, Value};
use tokio::sync::mpsc;

use crate::support::{FAST, Readings, collect, numbered, until, within};

async fn client(simulator: &Simulator) -> (Client, mpsc::UnboundedReceiver<Event>) {
    let (sender, mut events) = mpsc::unbounded_channel();
    let builder = Client::builder(simulator.url())
        .reconnect(None, Duration::from_millis(20))
        .request_timeout(Duration::from_secs(20))
        .on_event(move |event| _ = sender.send(event));
    let client = within(builder.open()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    (client, events)
}

/// The next event that is not about an attempt.
async fn turn(events: &mut mpsc::UnboundedReceiver<Event>) -> Event {
    loop {
        match within(events.recv()).await.unwrap() {
            Event::Retrying { .. } | Event::RetryFailed { .. } => {}
            other => return other,
        }
    }
}

async fn until_value(readings: &mut Readings, value: impl Into<Value>) {
    let value = value.into();
    loop {
        let reading = readings.next().await;
        if reading.quality() == Quality::Good && reading.value == value {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_lasts_as_long_as_its_guard_and_is_told() {
    let simulator = Simulator::builder().items(numbered(3)).start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["N1"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(1));
    let crash = simulator.inject(Fault::Crash);
    within(crash.wait_fired()).await;
    assert_eq!((crash.fired(), simulator.connections()), (1, 0));
    let reading = readings.next().await;
    assert_eq!((reading.status.name().as_ref(), reading.value), ("BadNoCommunication", Value::Int32(1)));
    assert!(matches!(turn(&mut events).await, Event::Disconnected { .. }));
    let error = within(client.write("N1", 2)).await.unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    let address = simulator.url().trim_start_matches("opc.tcp://");
    let refused = tokio::net::TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "nobody listens");
    simulator.set("N1", 7).unwrap();
    drop(crash);
    // What changed meanwhile nobody can say any more.
    assert!(matches!(turn(&mut events).await, Event::Gap { .. }));
    assert_eq!(turn(&mut events).await, Event::Connected { resumed: false });
    until_value(&mut readings, 7).await;
    simulator.set("N1", 8).unwrap();
    until_value(&mut readings, 8).await;
    within(simulator.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_kept_or_reset() {
    let simulator =
        Simulator::builder().items(numbered(2)).item(Item::new("Text", "first")).start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    within(client.write("N1", 5)).await.unwrap();
    simulator.set("Text", "second").unwrap();
    within(simulator.restart(Restart::new())).await.unwrap();
    assert!(matches!(turn(&mut events).await, Event::Disconnected { .. }));
    assert!(matches!(turn(&mut events).await, Event::Connected { .. }));
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 5);
    within(simulator.restart(Restart::new().reset_values())).await.unwrap();
    assert!(matches!(turn(&mut events).await, Event::Disconnected { .. }));
    assert!(matches!(turn(&mut events).await, Event::Connected { .. }));
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
    assert_eq!(within(client.read("Text")).await.unwrap().value, Value::from("first"));
    assert_eq!(simulator.write_count("N1").unwrap(), 1, "the books go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn namespaces_in_another_order_are_looked_up_again() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["nsu=urn:openopc:sim;s=N1"], FAST, callback)).await.unwrap();
    until_value(&mut readings, 1).await;
    assert_eq!(within(client.resolve("N1")).await.unwrap().to_string(), "ns=2;s=N1");
    within(simulator.restart(Restart::new().namespaces_first(["urn:other", "urn:more"]))).await.unwrap();
    assert!(matches!(turn(&mut events).await, Event::Disconnected { .. }));
    // What changed meanwhile nobody can say any more.
    assert!(matches!(turn(&mut events).await, Event::Gap { .. }));
    assert!(matches!(turn(&mut events).await, Event::Connected { .. }));
    assert_eq!(within(client.resolve("N1")).await.unwrap().to_string(), "ns=4;s=N1");
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
    assert!(within(client.read("ns=2;s=N1")).await.is_err(), "another namespace now");
    simulator.set("N1", 9).unwrap();
    until_value(&mut readings, 9).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_come_and_go_with_a_restart() {
    let simulator = Simulator::builder().items(numbered(3)).start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["N1", "New"], FAST, callback)).await.unwrap();
    until_value(&mut readings, 1).await;
    assert_eq!(subscription.rejected().len(), 1);
    within(simulator.restart(Restart::new().without("N[12]").with(Item::new("New", 3)))).await.unwrap();
    assert!(matches!(turn(&mut events).await, Event::Disconnected { .. }));
    // What changed meanwhile nobody can say any more.
    assert!(matches!(turn(&mut events).await, Event::Gap { .. }));
    assert!(matches!(turn(&mut events).await, Event::Connected { .. }));
    until_value(&mut readings, 3).await;
    until(|| matches!(&*subscription.rejected(), [(tag, _)] if tag.as_str() == "N1")).await;
    assert_eq!(within(client.read_as::<i32>("N0")).await.unwrap(), 0);
    assert!(matches!(within(client.read("N2")).await, Err(Error::Resolve { .. })));
    assert!(simulator.get("N2").is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_cannot_be_leaves_the_server_down() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    within(simulator.crash()).await.unwrap();
    let error = within(simulator.restart(Restart::new().with(Item::new("N1", 3)))).await.unwrap_err();
    assert!(error.to_string().contains("there twice"), "{error}");
    within(simulator.crash()).await.unwrap();
    within(simulator.restart(Restart::new())).await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    assert_eq!(client.state(), State::Connected);
    within(simulator.crash()).await.unwrap();
    within(simulator.stop()).await.unwrap();
}

#[tokio::test]
async fn a_preset_comes_back_whole() {
    let simulator = Simulator::start().await.unwrap();
    let before = within(openopc::open(simulator.url())).await.unwrap();
    let listed = within(before.list("Simulation Items.Random")).await.unwrap();
    within(before.close()).await.unwrap();
    simulator.get("Random.Int2").unwrap();
    within(simulator.restart(Restart::new().reset_values())).await.unwrap();
    let after = within(openopc::open(simulator.url())).await.unwrap();
    assert_eq!(within(after.list("Simulation Items.Random")).await.unwrap(), listed);
    assert_eq!(simulator.get("Random.Int2").unwrap().get::<i16>().unwrap(), 41, "random values start anew");
}

#[test]
fn what_is_set_while_the_server_comes_back_is_kept() {
    let simulator = Simulator::builder().items(numbered(1000)).start_blocking().unwrap();
    let (simulator, over) = (&simulator, &std::sync::atomic::AtomicBool::new(false));
    let count = std::thread::scope(|scope| {
        let setting = scope.spawn(move || {
            let mut count = 0;
            while !over.load(std::sync::atomic::Ordering::SeqCst) {
                count += 1;
                (0..1000).for_each(|n| simulator.set(&format!("N{n}"), count).unwrap());
                for n in 0..1000 {
                    let value = simulator.get(&format!("N{n}")).unwrap().value;
                    if value != Value::Int32(count) {
                        return Err(format!("N{n} was set to {count} and is {value}"));
                    }
                }
            }
            Ok(count)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..50 {
            runtime.block_on(async { within(simulator.restart(Restart::new())).await }).unwrap();
        }
        over.store(true, std::sync::atomic::Ordering::SeqCst);
        setting.join().unwrap()
    });
    assert!(count.unwrap() > 0);
}
