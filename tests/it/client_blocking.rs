//! The blocking client: from any thread, in any place but its own worker.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use openopc::blocking::{self, Client};
use openopc::sim::{Item, Service, Signal, Simulator};
use openopc::{Error, Event, Operation, ReadOptions, Result, ServerState, State, Value};

use crate::support::{FAST, LONG, collect, numbered, requests, until_blocking, within};

fn served(items: impl IntoIterator<Item = Item>) -> (Simulator, Client) {
    let simulator = Simulator::builder().items(items).start_blocking().unwrap();
    let client = blocking::open(simulator.url()).unwrap();
    (simulator, client)
}

#[test]
fn every_verb_blocks_and_answers() {
    let (simulator, opc) = served(numbered(3));
    assert_eq!(opc.read("N1").unwrap().value, Value::Int32(1));
    assert_eq!(opc.read_as::<i64>("N2").unwrap(), 2);
    let many = opc.read_many(["N0", "Nothing"]).unwrap();
    assert!(many[0].is_ok() && matches!(many[1], Err(Error::Resolve { .. })));
    assert_eq!(opc.read_with(["N0"], &ReadOptions::new().chunk(1)).unwrap().len(), 1);
    opc.write("N0", 7).unwrap();
    assert!(opc.write_many([("N0", 8), ("N1", 9)]).unwrap().iter().all(Result::is_ok));
    assert_eq!(simulator.get("N1").unwrap().value, Value::Int32(9));
    assert_eq!(opc.resolve("N0").unwrap().as_str(), "ns=2;s=N0");
    assert_eq!(opc.info().unwrap().state, ServerState::Running);
    assert!(opc.ping().unwrap() < LONG);
    assert_eq!((opc.state(), opc.url()), (State::Connected, simulator.url()));
    opc.close().unwrap();
    opc.close().unwrap();
    opc.start().unwrap();
    assert_eq!(opc.state(), State::Closed);
    assert!(matches!(opc.read("N0"), Err(Error::Closed { operation: Operation::Read })));
    assert!(matches!(opc.watch(["N0"], FAST), Err(Error::Closed { operation: Operation::Subscribe })));
}

#[test]
fn opening_fails_as_it_does_for_tasks() {
    assert!(matches!(blocking::open("localhost"), Err(Error::Config(_))));
    let error = blocking::open("opc.tcp://127.0.0.1:1").unwrap_err();
    assert!(matches!(error, Error::Open { .. }) && !error.is_timeout(), "{error:?}");
}

#[test]
fn a_callback_may_use_the_client() {
    let (simulator, opc) = served(numbered(2));
    let (inner, (mut collected, mut readings)) = (opc.clone(), collect());
    let callback = move |reading: openopc::Reading| {
        let value: i32 = reading.get().unwrap();
        inner.write("N1", value * 2).unwrap();
        assert_eq!(inner.read_as::<i32>("N1").unwrap(), value * 2);
        collected(reading);
    };
    let subscription = opc.subscribe(["N0"], FAST, callback).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(readings.next());
    simulator.set("N0", 21).unwrap();
    runtime.block_on(readings.next());
    assert_eq!(simulator.get("N1").unwrap().value, Value::Int32(42));
    assert_eq!(subscription.stats().panics, 0);
    subscription.unsubscribe().unwrap();
    assert_eq!(runtime.block_on(readings.last()), None);
}

#[test]
fn a_callback_may_end_its_own_subscription_and_make_another() {
    let (_simulator, opc) = served(numbered(2));
    let own: Arc<Mutex<Option<blocking::Subscription>>> = Arc::default();
    let (done, ended) = std::sync::mpsc::channel();
    let callback = {
        let (own, opc) = (own.clone(), opc.clone());
        move |_| {
            let start = Instant::now();
            // It may be called before the subscription has come back from `subscribe`.
            let subscription = loop {
                match own.lock().unwrap().take() {
                    Some(subscription) => break subscription,
                    None => assert!(start.elapsed() < LONG),
                }
            };
            subscription.unsubscribe().unwrap();
            let mut watch = opc.watch(["N1"], FAST).unwrap();
            done.send(watch.next().unwrap().value).unwrap();
        }
    };
    let subscription = opc.subscribe(["N0"], FAST, callback).unwrap();
    *own.lock().unwrap() = Some(subscription);
    assert_eq!(ended.recv_timeout(LONG).unwrap(), Value::Int32(1));
}

#[test]
fn inside_its_own_event_callback_it_says_so() {
    let simulator = Simulator::builder().items(numbered(1)).start_blocking().unwrap();
    let own: Arc<OnceLock<Client>> = Arc::default();
    let (sender, answers) = std::sync::mpsc::channel();
    let builder = openopc::Client::builder(simulator.url()).on_event({
        let own = own.clone();
        move |event| {
            if let (Event::Disconnected { .. }, Some(opc)) = (event, own.get()) {
                let _ = sender.send((opc.read("N0").map(drop), opc.close()));
            }
        }
    });
    let opc = builder.open_blocking().unwrap();
    let _ = own.set(opc.clone());
    opc.read("N0").unwrap();
    drop(simulator);
    let (read, close) = answers.recv_timeout(LONG).unwrap();
    assert!(matches!(read, Err(Error::Reentrant { operation: Operation::Read })), "{read:?}");
    assert!(matches!(close, Err(Error::Reentrant { operation: Operation::Close })), "{close:?}");
    opc.close().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_their_helpers_may_use_it() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    // In the middle of a task: it blocks its thread, but it works.
    let opc = blocking::open(simulator.url()).unwrap();
    assert_eq!(opc.read_as::<i32>("N1").unwrap(), 1);
    let helper = {
        let opc = opc.clone();
        tokio::task::spawn_blocking(move || opc.read_as::<i32>("N0"))
    };
    assert_eq!(within(helper).await.unwrap().unwrap(), 0);
    assert_eq!(within(opc.as_async().read_as::<i32>("N1")).await.unwrap(), 1, "its twin works here too");
    let mut watch = within(opc.as_async().watch(["N0"], FAST)).await.unwrap();
    within(watch.next()).await.unwrap();
    drop(opc);
    drop(watch);
}

#[tokio::test]
async fn on_the_only_thread_of_a_runtime() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let opc = blocking::open(simulator.url()).unwrap();
    assert_eq!(opc.read_as::<i32>("N0").unwrap(), 0);
    opc.close().unwrap();
}

#[test]
fn many_threads_share_it() {
    let (simulator, opc) = served(numbered(64));
    let tags: Vec<String> = (0..64).map(|n| format!("N{n}")).collect();
    opc.read_many(&tags).unwrap();
    simulator.clear_requests();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let opc = opc.clone();
            scope.spawn(move || {
                for round in 0..50 {
                    let n = (thread * 13 + round * 7) % 64;
                    assert_eq!(opc.read_as::<i32>(format!("N{n}")).unwrap(), n);
                }
            });
        }
    });
    let sent = requests(&simulator, Service::Read).len();
    assert!(sent < 600, "{sent} requests for 800 reads by 16 threads");
}

#[test]
fn a_watch_is_an_iterator() {
    let count = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: Duration::from_millis(5) };
    let (simulator, opc) = served(numbered(1).chain([Item::new("Count", 0.0).signal(count)]));
    let mut watch = opc.watch(["Count"], FAST).unwrap();
    let values: Vec<f64> = watch.by_ref().take(5).map(|reading| reading.get().unwrap()).collect();
    assert!(values.is_sorted() && values[0] < values[4], "{values:?}");
    drop(watch);

    let mut watch = opc.watch(["N0", "Nothing"], FAST).unwrap();
    let mut tags = [watch.next_timeout(LONG).unwrap().tag.to_string(), watch.next().unwrap().tag.to_string()];
    tags.sort();
    assert_eq!(tags, ["N0", "Nothing"]);
    assert_eq!(watch.rejected().len(), 1);
    assert_eq!(watch.next_timeout(Duration::from_millis(30)), None);
    assert_eq!(watch.next_timeout(Duration::ZERO), None);
    simulator.set("N0", 1).unwrap();
    assert_eq!(watch.next_timeout(Duration::MAX).unwrap().value, Value::Int32(1));
    assert_eq!(watch.stats().delivered, 3);
    opc.close().unwrap();
    assert_eq!(watch.next_timeout(LONG), None);
    assert_eq!(watch.next(), None);
}

#[test]
fn a_waiting_watch_ends_when_another_thread_closes() {
    let (_simulator, opc) = served(numbered(1));
    let mut watch = opc.watch(["N0"], FAST).unwrap();
    watch.next().unwrap();
    let waiting = std::thread::spawn(move || watch.next());
    opc.close().unwrap();
    assert_eq!(waiting.join().unwrap(), None);
}

#[test]
fn a_subscription_has_its_verbs() {
    let (simulator, opc) = served(numbered(3));
    let (callback, mut readings) = collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let subscription = opc.subscribe(["N0"], FAST, callback).unwrap();
    runtime.block_on(readings.next());
    subscription.add(["N1"]).unwrap();
    assert_eq!(runtime.block_on(readings.next()).tag.as_str(), "N1");
    subscription.remove(["N0"]).unwrap();
    assert_eq!(subscription.tags().len(), 1);
    subscription.refresh_now().unwrap();
    assert_eq!(runtime.block_on(readings.next()).tag.as_str(), "N1");
    assert!(matches!(subscription.add(["ns=x"]), Err(Error::InvalidTag { .. })));
    assert_eq!(subscription.granted().publishing_interval(), FAST);
    // It keeps the client alive, and detached it does not.
    drop(opc);
    simulator.set("N1", 5).unwrap();
    assert_eq!(runtime.block_on(readings.next()).value, Value::Int32(5));
    subscription.detach();
    assert_eq!(runtime.block_on(readings.last()), None);
    until_blocking(|| simulator.clients().is_empty());
}

/// A server keeps a session it was not told the end of, often for an hour, and has only few.
#[test]
fn dropping_says_goodbye() {
    let (simulator, opc) = served(numbered(1));
    let clone = opc.clone();
    drop(opc);
    clone.read("N0").unwrap();
    drop(clone);
    until_blocking(|| simulator.clients().is_empty());
    until_blocking(|| simulator.connections() == 0);
}

#[test]
fn it_can_be_dropped_anywhere() {
    let simulator = Simulator::builder().items(numbered(1)).start_blocking().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let open = || blocking::open(simulator.url()).unwrap();
    runtime.block_on(async { drop(open()) });
    let opc = open();
    runtime.spawn(async move { drop(opc) });
    runtime.block_on(tokio::task::yield_now());
    drop(runtime);
    // In its own callback, with nobody else to hold it.
    let opc = open();
    let inside = Arc::new(Mutex::new(Some(opc.clone())));
    let subscription = opc.subscribe(["N0"], FAST, move |_| drop(inside.lock().unwrap().take())).unwrap();
    subscription.detach();
    drop(opc);
    until_blocking(|| simulator.clients().is_empty());
}
