//! Closing and dropping: nothing hangs, nothing is left behind.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use openopc::sim::{Item, Service, Simulator};
use openopc::{Client, Error, Operation, ReadOptions, Result, State};

use crate::support::{FAST, collect, numbered, requests, sent, served, until, until_blocking, within};

fn closed<T: std::fmt::Debug>(result: Result<T>, expected: Operation) {
    match result {
        Err(Error::Closed { operation }) => assert_eq!(operation, expected),
        other => panic!("{expected}: {other:?}"),
    }
}

#[tokio::test]
async fn every_verb_on_a_closed_client_says_so() {
    let (simulator, client) = served(numbered(1)).await;
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["N0"], FAST, callback)).await.unwrap();
    readings.next().await;
    let clone = client.clone();
    within(client.close()).await.unwrap();
    simulator.clear_requests();
    for client in [&client, &clone] {
        assert_eq!(client.state(), State::Closed);
        closed(within(client.read("N0")).await, Operation::Read);
        closed(within(client.read_as::<i32>("N0")).await, Operation::Read);
        closed(within(client.read_many(["N0"])).await, Operation::Read);
        closed(within(client.read_with(["N0"], &ReadOptions::new())).await, Operation::Read);
        closed(within(client.write("N0", 1)).await, Operation::Write);
        closed(within(client.write_many([("N0", 1)])).await, Operation::Write);
        closed(within(client.subscribe(["N0"], FAST, |_| ())).await, Operation::Subscribe);
        closed(within(client.watch(["N0"], FAST)).await, Operation::Subscribe);
        closed(within(client.resolve("N0")).await, Operation::Resolve);
        closed(within(client.info()).await, Operation::Info);
        closed(within(client.ping()).await, Operation::Ping);
        within(client.start()).await.unwrap();
        within(client.close()).await.unwrap();
    }
    closed(within(subscription.add(["N0"])).await, Operation::Subscribe);
    closed(within(subscription.remove(["N0"])).await, Operation::Subscribe);
    closed(subscription.refresh_now(), Operation::Subscribe);
    within(subscription.unsubscribe()).await.unwrap();
    assert_eq!(readings.last().await, None, "the callback is gone");
    assert_eq!(sent(&simulator), []);
}

#[tokio::test]
async fn closing_says_goodbye() {
    let (simulator, client) = served(numbered(1)).await;
    assert_eq!(simulator.clients().len(), 1);
    within(client.close()).await.unwrap();
    assert!(simulator.clients().is_empty(), "the session is closed, not left to time out");
    until(|| simulator.connections() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_from_many_tasks_at_once() {
    let (simulator, client) = served(numbered(1)).await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.close().await })
        })
        .collect();
    for task in tasks {
        within(task).await.unwrap().unwrap();
    }
    assert!(simulator.clients().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_in_flight_end_when_the_client_is_closed() {
    let (release, gate) = mpsc::channel::<()>();
    let slow = Item::new("Slow", 0).read_with(move || {
        let _ = gate.recv();
        Ok(1)
    });
    let (simulator, client) = served(numbered(4).chain([slow])).await;
    let tasks: Vec<_> = ["Slow", "N0", "N1", "N2"]
        .into_iter()
        .map(|tag| {
            let client = client.clone();
            tokio::spawn(async move { client.read(tag).await })
        })
        .collect();
    until(|| requests(&simulator, Service::Read).iter().any(|r| r.items.contains(&"Slow".to_owned()))).await;
    within(client.close()).await.unwrap();
    for task in tasks {
        // What came before the end may have been answered; nothing else may be.
        if let Err(error) = within(task).await.unwrap() {
            assert!(matches!(error, Error::Closed { operation: Operation::Read }), "{error:?}");
        }
    }
    drop(release);
}

#[tokio::test]
async fn start_runs_until_somebody_closes() {
    let (_simulator, client) = served(numbered(1)).await;
    let starting = tokio::spawn({
        let client = client.clone();
        async move { client.start().await }
    });
    tokio::task::yield_now().await;
    assert!(!starting.is_finished());
    within(client.close()).await.unwrap();
    within(starting).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_last_handle_closes_the_session() {
    let (simulator, client) = served(numbered(1)).await;
    let clone = client.clone();
    drop(client);
    assert_eq!(within(clone.read_as::<i32>("N0")).await.unwrap(), 0);
    let (callback, mut readings) = collect();
    let subscription = within(clone.subscribe(["N0"], FAST, callback)).await.unwrap();
    readings.next().await;
    drop(clone);
    simulator.set("N0", 7).unwrap();
    assert_eq!(readings.next().await.get::<i32>().unwrap(), 7, "a subscription keeps its client open");
    drop(subscription);
    until(|| simulator.clients().is_empty()).await;
    assert_eq!(readings.last().await, None);
}

#[tokio::test]
async fn a_detached_subscription_lives_and_dies_with_the_client() {
    let (simulator, client) = served(numbered(1)).await;
    let (callback, mut readings) = collect();
    within(client.subscribe(["N0"], FAST, callback)).await.unwrap().detach();
    readings.next().await;
    simulator.set("N0", 1).unwrap();
    readings.next().await;
    drop(client);
    assert_eq!(readings.last().await, None);
    until(|| simulator.clients().is_empty()).await;
}

/// The tasks of a client end with it: those of the connection, of the subscriptions and of heartbeats.
#[tokio::test]
async fn no_task_is_left_behind() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    let baseline = metrics.num_alive_tasks();
    for close in [true, false] {
        let client = Client::builder(simulator.url()).on_event(|_| ()).open().await.unwrap();
        let options = openopc::SubscribeOptions::new(Duration::from_secs(3600)).heartbeat(true);
        let heart = within(client.subscribe_with(["N0"], options, |_| ())).await.unwrap();
        let mut watch = within(client.watch(["N1"], FAST)).await.unwrap();
        within(watch.next()).await.unwrap();
        within(client.read("N0")).await.unwrap();
        assert!(metrics.num_alive_tasks() > baseline);
        if close {
            within(client.close()).await.unwrap();
        }
        drop((heart, watch, client));
        until(|| metrics.num_alive_tasks() == baseline).await;
    }
}

/// Closing while a first subscription is being made must leave no half of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_and_subscribing_at_once_leaves_nothing_behind() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let metrics = tokio::runtime::Handle::current().metrics();
    let baseline = metrics.num_alive_tasks();
    for _ in 0..50 {
        let client = openopc::open(simulator.url()).await.unwrap();
        let subscribing = tokio::spawn({
            let client = client.clone();
            async move { client.watch(["N0"], FAST).await }
        });
        within(client.close()).await.unwrap();
        if let Ok(mut watch) = within(subscribing).await.unwrap() {
            while within(watch.next()).await.is_some() {}
        }
    }
    until(|| metrics.num_alive_tasks() == baseline).await;
    until(|| simulator.connections() == 0).await;
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn everything_can_be_dropped_outside_any_runtime() {
    let simulator = Simulator::builder().items(numbered(1)).start_blocking().unwrap();
    let runtime = runtime();
    let (client, subscription, watch) = runtime.block_on(async {
        let client = openopc::open(simulator.url()).await.unwrap();
        let subscription = client.subscribe(["N0"], FAST, |_| ()).await.unwrap();
        let watch = client.watch(["N0"], FAST).await.unwrap();
        (client, subscription, watch)
    });
    drop(subscription);
    until_blocking(|| requests(&simulator, Service::DeleteMonitoredItems).len() == 1);
    drop(watch);
    until_blocking(|| requests(&simulator, Service::DeleteMonitoredItems).len() == 2);
    drop(client);
    until_blocking(|| simulator.clients().is_empty());
}

#[test]
fn a_client_serves_another_runtime_than_its_own() {
    let simulator = Simulator::builder().items(numbered(2)).start_blocking().unwrap();
    let (home, away) = (runtime(), runtime());
    let client = home.block_on(openopc::open(simulator.url())).unwrap();
    let (callback, mut readings) = collect();
    // Its first subscription is made here, and outlives this runtime.
    let subscription = away.block_on(async {
        assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
        within(client.subscribe(["N0"], FAST, callback)).await.unwrap()
    });
    drop(away);
    home.block_on(async {
        assert_eq!(readings.next().await.get::<i32>().unwrap(), 0);
        within(subscription.add(["N1"])).await.unwrap();
        assert_eq!(readings.next().await.get::<i32>().unwrap(), 1);
        within(subscription.unsubscribe()).await.unwrap();
        within(client.close()).await.unwrap();
    });
    let away = runtime();
    away.block_on(async { drop(client) });
}

#[test]
fn a_client_whose_runtime_is_gone_is_closed() {
    let simulator = Simulator::builder().items(numbered(1)).start_blocking().unwrap();
    let home = runtime();
    let (callback, mut readings) = collect();
    let (client, subscription, mut watch) = home.block_on(async {
        let client = openopc::open(simulator.url()).await.unwrap();
        let subscription = client.subscribe(["N0"], FAST, callback).await.unwrap();
        (client.clone(), subscription, client.watch(["N0"], FAST).await.unwrap())
    });
    let waiting = Arc::new(client.clone());
    drop(home);
    runtime().block_on(async {
        closed(within(waiting.read("N0")).await, Operation::Read);
        closed(within(client.subscribe(["N0"], FAST, |_| ())).await, Operation::Subscribe);
        assert_eq!(client.state(), State::Closed);
        within(client.start()).await.unwrap();
        within(client.close()).await.unwrap();
        while within(watch.next()).await.is_some() {}
        while readings.last().await.is_some() {}
        within(subscription.unsubscribe()).await.unwrap();
    });
    drop((watch, client));
    until_blocking(|| simulator.connections() == 0);
}
