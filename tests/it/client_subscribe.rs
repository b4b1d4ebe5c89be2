//! Subscriptions: everything is told, in order, and nothing after the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use openopc::sim::{Item, Limits, Service, Signal, Simulator};
use openopc::{Deadband, Delivery, Error, Overflow, Quality, Refresh, Status, SubscribeOptions, Tag, Value};

use crate::support::{FAST, collect, numbered, requests, sent, served, until, within};

fn status(name: &str) -> Status {
    Status::named(name).unwrap()
}

#[tokio::test]
async fn every_tag_tells_its_value_first_and_then_its_changes_in_order() {
    let (simulator, client) = served(numbered(3)).await;
    let (callback, mut readings) = collect();
    let options = SubscribeOptions::new(FAST).delivery(Delivery::Every { queue: 100 });
    let subscription = within(client.subscribe_with(["N0", "N1", "N2"], options, callback)).await.unwrap();
    let mut first = vec![];
    for _ in 0..3 {
        let reading = readings.next().await;
        assert!(reading.source_time.is_some() && reading.quality() == Quality::Good);
        first.push((reading.tag.to_string(), reading.value));
    }
    first.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [("N0", 0), ("N1", 1), ("N2", 2)].map(|(tag, n)| (tag.to_owned(), Value::Int32(n)));
    assert_eq!(first, expected);
    for n in 1..=20 {
        simulator.set("N0", n * 10).unwrap();
        simulator.set("N1", n * 100).unwrap();
    }
    let (mut zero, mut one) = (vec![], vec![]);
    while zero.len() + one.len() < 40 {
        let reading = readings.next().await;
        let values = if reading.tag.as_str() == "N0" { &mut zero } else { &mut one };
        values.push(reading.get::<i32>().unwrap());
    }
    assert_eq!(zero, (1..=20).map(|n| n * 10).collect::<Vec<_>>());
    assert_eq!(one, (1..=20).map(|n| n * 100).collect::<Vec<_>>());
    assert_eq!(subscription.stats().dropped, 0);
    assert_eq!(subscription.tags().len(), 3);
    assert_eq!(subscription.granted().publishing_interval(), FAST);
}

#[tokio::test]
async fn latest_is_at_most_one_per_refresh() {
    let fast = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: Duration::from_millis(1) };
    let (simulator, client) = served([Item::new("Fast", 0.0).signal(fast), Item::new("Set", 0)]).await;
    let (callback, mut readings) = collect();
    let _wave = within(client.subscribe(["Fast"], Duration::from_millis(100), callback)).await.unwrap();
    let start = readings.next().await.server_time.unwrap();
    let mut last = start;
    for _ in 0..10 {
        last = readings.next().await.server_time.unwrap();
    }
    let took = (last - start).to_std().unwrap();
    assert!(took > Duration::from_millis(700), "ten deliveries at one per 100 ms took {took:?}");

    let (callback, mut readings) = collect();
    let _set = within(client.subscribe(["Set"], Duration::from_millis(200), callback)).await.unwrap();
    readings.next().await;
    for n in 1..=500 {
        simulator.set("Set", n).unwrap();
    }
    let mut came = 0;
    while readings.next().await.value != Value::Int32(500) {
        came += 1;
    }
    assert!(came <= 5, "{came} values on the way to the newest");
}

#[tokio::test]
async fn a_change_of_status_alone_is_told() {
    let (simulator, client) = served(numbered(1)).await;
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["N0"], FAST, callback)).await.unwrap();
    readings.next().await;
    for name in ["UncertainLastUsableValue", "BadSensorFailure", "BadOutOfMemory", "Good"] {
        simulator.set_status("N0", status(name)).unwrap();
        assert_eq!(readings.next().await.status.name(), name);
    }
}

#[tokio::test]
async fn a_heartbeat_repeats_what_does_not_change() {
    let (simulator, client) = served(numbered(1)).await;
    let (callback, mut readings) = collect();
    let options = SubscribeOptions::new(FAST).heartbeat(true);
    let _subscription = within(client.subscribe_with(["N0"], options, callback)).await.unwrap();
    for _ in 0..5 {
        assert_eq!(readings.next().await.value, Value::Int32(0));
    }
    simulator.set("N0", 1).unwrap();
    while readings.next().await.value != Value::Int32(1) {}
    for _ in 0..3 {
        assert_eq!(readings.next().await.value, Value::Int32(1));
    }
}

#[tokio::test]
async fn smaller_changes_than_the_deadband_are_not_told() {
    let (simulator, client) = served([Item::new("A", 10.0).range(0.0, 200.0), Item::new("Text", "a")]).await;
    let absolute = SubscribeOptions::new(FAST).deadband(Deadband::Absolute(2.0));
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe_with(["A"], absolute, callback)).await.unwrap();
    readings.next().await;
    // Every one of them waits for its place in a queue of one, so they are told apart by what comes last.
    for value in [11.0, 12.0, 8.5, 9.0] {
        simulator.set("A", value).unwrap();
    }
    simulator.set("A", 12.5).unwrap();
    assert_eq!(readings.next().await.value, Value::Double(12.5));
    simulator.set("A", 11.0).unwrap();
    simulator.set_status("A", status("UncertainLastUsableValue")).unwrap();
    let reading = readings.next().await;
    assert_eq!(
        (reading.status.name(), &reading.value),
        ("UncertainLastUsableValue".into(), &Value::Double(11.0))
    );
    within(subscription.unsubscribe()).await.unwrap();

    for deadband in [
        Deadband::Absolute(-1.0),
        Deadband::Absolute(f64::NAN),
        Deadband::Percent(101.0),
        Deadband::Percent(f64::NAN),
    ] {
        let options = SubscribeOptions::new(FAST).deadband(deadband);
        let error = within(client.subscribe_with(["A"], options, |_| ())).await.unwrap_err();
        assert!(matches!(&error, Error::Config(text) if text.contains("deadband")), "{error}");
    }
}

#[tokio::test]
async fn a_refused_tag_is_told_once_and_listed() {
    let (simulator, client) = served(numbered(1).chain([Item::new("WriteOnly", 1).write_only()])).await;
    let (callback, mut readings) = collect();
    let tags = ["Nothing", "N0", "ns=2;s=Gone", "WriteOnly"];
    let subscription = within(client.subscribe(tags, FAST, callback)).await.unwrap();
    let mut told = vec![];
    for _ in 0..4 {
        let reading = readings.next().await;
        told.push((reading.tag.to_string(), reading.status.name().into_owned(), reading.value.is_null()));
    }
    told.sort();
    assert_eq!(
        told,
        [
            ("N0".to_owned(), "Good".to_owned(), false),
            ("Nothing".to_owned(), "BadNodeIdUnknown".to_owned(), true),
            ("WriteOnly".to_owned(), "BadNotReadable".to_owned(), true),
            ("ns=2;s=Gone".to_owned(), "BadNodeIdUnknown".to_owned(), true),
        ]
    );
    let rejected: Vec<String> = subscription.rejected().iter().map(|(tag, _)| tag.to_string()).collect();
    assert_eq!(rejected, ["Nothing", "WriteOnly", "ns=2;s=Gone"]);
    assert_eq!(subscription.tags().len(), 4);
    within(subscription.remove([Tag::string(2, "Gone"), Tag::item("Nothing")])).await.unwrap();
    assert_eq!(subscription.rejected().len(), 1);
    // The next to come is a change, not a refusal once more.
    simulator.set("N0", 5).unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(5));
}

#[tokio::test]
async fn an_invalid_tag_among_good_ones_subscribes_nothing() {
    let (simulator, client) = served(numbered(1)).await;
    simulator.clear_requests();
    let error = within(client.subscribe(["N0", "ns=x"], FAST, |_| ())).await.unwrap_err();
    assert!(matches!(error, Error::InvalidTag { .. }), "{error:?}");
    assert_eq!(sent(&simulator), []);
}

#[tokio::test]
async fn no_tags_are_no_monitored_items() {
    let (simulator, client) = served(numbered(1)).await;
    let none: [&str; 0] = [];
    let (callback, mut readings) = collect();
    simulator.clear_requests();
    let subscription = within(client.subscribe(none, FAST, callback)).await.unwrap();
    assert_eq!(sent(&simulator), []);
    within(subscription.add(["N0"])).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(0));
    within(subscription.unsubscribe()).await.unwrap();
}

#[tokio::test]
async fn tags_come_and_go() {
    let (simulator, client) = served(numbered(3)).await;
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["N0", "N0", "N1"], FAST, callback)).await.unwrap();
    let mut first = [readings.next().await.tag.to_string(), readings.next().await.tag.to_string()];
    first.sort();
    assert_eq!(first, ["N0", "N1"]);
    within(subscription.add(["N1", "N2", "N2"])).await.unwrap();
    assert_eq!(readings.next().await.tag.as_str(), "N2", "the two it has already are not told again");
    within(subscription.remove(["N1", "N9"])).await.unwrap();
    assert_eq!(subscription.tags(), [Tag::item("N0"), Tag::item("N2")]);
    simulator.set("N1", 100).unwrap();
    simulator.set("N0", 100).unwrap();
    assert_eq!(readings.next().await.tag.as_str(), "N0");
    within(subscription.add(["N1"])).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(100), "from its current value");
    let created: usize =
        requests(&simulator, Service::CreateMonitoredItems).iter().map(|r| r.items.len()).sum();
    let deleted: usize =
        requests(&simulator, Service::DeleteMonitoredItems).iter().map(|r| r.items.len()).sum();
    assert_eq!((created, deleted), (4, 1));
}

#[tokio::test]
async fn one_tag_in_two_subscriptions() {
    let (simulator, client) = served(numbered(1)).await;
    let ((one, mut ones), (two, mut twos)) = (collect(), collect());
    let one = within(client.subscribe(["N0"], FAST, one)).await.unwrap();
    let two = within(client.subscribe(["ns=2;s=N0"], FAST, two)).await.unwrap();
    for (readings, tag) in [(&mut ones, "N0"), (&mut twos, "ns=2;s=N0")] {
        assert_eq!(readings.next().await.tag.as_str(), tag);
    }
    drop(one);
    assert_eq!(ones.last().await, None);
    simulator.set("N0", 1).unwrap();
    assert_eq!(twos.next().await.value, Value::Int32(1), "the other one goes on");
    within(two.unsubscribe()).await.unwrap();
}

#[tokio::test]
async fn refresh_now_tells_everything_again() {
    let (_simulator, client) = served(numbered(2)).await;
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["N0", "N1"], FAST, callback)).await.unwrap();
    let first = [readings.next().await, readings.next().await];
    subscription.refresh_now().unwrap();
    let again = [readings.next().await, readings.next().await];
    assert!(first.iter().all(|reading| again.contains(reading)), "{first:?} {again:?}");
}

#[tokio::test]
async fn a_callback_that_panics_is_counted_and_called_again() {
    let (simulator, client) = served(numbered(1)).await;
    let (mut collected, mut readings) = collect();
    let callback = move |reading: openopc::Reading| {
        let odd = reading.get::<i32>().unwrap() % 2 == 1;
        collected(reading);
        assert!(!odd, "on purpose");
    };
    let options = SubscribeOptions::new(FAST).delivery(Delivery::Every { queue: 10 });
    let subscription = within(client.subscribe_with(["N0"], options, callback)).await.unwrap();
    readings.next().await;
    for n in 1..=4 {
        simulator.set("N0", n).unwrap();
        assert_eq!(readings.next().await.value, Value::Int32(n));
    }
    until(|| subscription.stats().panics == 2).await;
    assert_eq!(subscription.stats().delivered, 5);
}

#[tokio::test]
async fn a_slow_callback_loses_old_values_and_counts_them() {
    let (simulator, client) = served(numbered(2)).await;
    let (release, gate) = mpsc::channel::<()>();
    let (mut collected, mut readings) = collect();
    let callback = move |reading| {
        collected(reading);
        let _ = gate.recv();
    };
    let options = SubscribeOptions::new(FAST)
        .delivery(Delivery::Every { queue: 1000 })
        .capacity(3)
        .overflow(Overflow::KeepLatest);
    let subscription = within(client.subscribe_with(["N0", "N1"], options, callback)).await.unwrap();
    // One is with the callback, which does not return; the other waits.
    readings.next().await;
    until(|| subscription.stats().queued == 1).await;
    for n in 1..=100 {
        simulator.set("N0", n).unwrap();
    }
    until(|| {
        let stats = subscription.stats();
        stats.delivered + stats.dropped + stats.queued as u64 == 102
    })
    .await;
    let stats = subscription.stats();
    assert!(stats.dropped >= 96 && stats.queued <= 3, "{stats:?}");
    drop(release);
    until(|| subscription.stats().queued == 0).await;
    let mut values = vec![];
    while let Some(reading) = readings.now() {
        values.push((reading.tag.to_string(), reading.get::<i32>().unwrap()));
    }
    let newest = values.iter().filter(|(tag, _)| tag == "N0").map(|(_, n)| *n).max();
    assert_eq!(newest, Some(100), "{values:?}");
    let stats = subscription.stats();
    assert_eq!(stats.delivered + stats.dropped, 102);
}

#[tokio::test]
async fn after_unsubscribing_the_callback_is_never_called() {
    let fast = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: Duration::from_millis(1) };
    let (simulator, client) = served([Item::new("Fast", 0.0).signal(fast)]).await;
    for _ in 0..10 {
        let over = Arc::new(AtomicBool::new(false));
        let late = Arc::new(AtomicBool::new(false));
        let (mut collected, mut readings) = collect();
        let callback = {
            let (over, late) = (over.clone(), late.clone());
            move |reading| {
                late.fetch_or(over.load(Ordering::SeqCst), Ordering::SeqCst);
                collected(reading);
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        let subscription = within(client.subscribe(["Fast"], Refresh::fastest(), callback)).await.unwrap();
        readings.next().await;
        within(subscription.unsubscribe()).await.unwrap();
        over.store(true, Ordering::SeqCst);
        while readings.last().await.is_some() {}
        assert!(!late.load(Ordering::SeqCst));
    }
    assert_eq!(requests(&simulator, Service::DeleteMonitoredItems).len(), 10);
}

#[tokio::test]
async fn subscriptions_with_one_refresh_share_one_of_the_servers() {
    let mut limits = Limits::default();
    limits.subscriptions_per_session = 1;
    let simulator = Simulator::builder().items(numbered(20)).limits(limits).start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    let mut held = vec![];
    for n in 0..20 {
        let (callback, mut readings) = collect();
        held.push(within(client.subscribe([format!("N{n}")], FAST, callback)).await.unwrap());
        assert_eq!(readings.next().await.value, Value::Int32(n));
    }
    // What the server has no room for says so and waits.
    let (callback, mut readings) = collect();
    let other = within(client.subscribe(["N0"], FAST * 2, callback)).await.unwrap();
    let refused = readings.next().await;
    assert_eq!((refused.tag.as_str(), refused.status.name().as_ref()), ("N0", "BadTooManySubscriptions"));
    assert_eq!(other.tags().len(), 1);
    assert!(other.rejected().is_empty(), "it is not the tag that was refused");
    // The last one to go takes the server's with it, and with that there is room again.
    drop(held);
    assert_eq!(readings.next().await.value, Value::Int32(0));
}

#[tokio::test]
async fn twenty_thousand_tags_in_one_subscription() {
    let (simulator, client) = served(numbered(20_000)).await;
    let (callback, mut readings) = collect();
    let options = SubscribeOptions::new(FAST).capacity(20_000);
    let tags: Vec<String> = (0..20_000).map(|n| format!("N{n}")).collect();
    let subscription = within(client.subscribe_with(&tags, options, callback)).await.unwrap();
    let mut seen = vec![false; 20_000];
    for _ in 0..20_000 {
        let reading = readings.next().await;
        let n = usize::try_from(reading.get::<i32>().unwrap()).unwrap();
        assert_eq!(reading.tag.as_str(), format!("N{n}"));
        assert!(!std::mem::replace(&mut seen[n], true), "{n} came twice");
    }
    assert_eq!((subscription.stats().dropped, subscription.rejected().len()), (0, 0));
    simulator.set("N12345", -1).unwrap();
    assert_eq!(readings.next().await.tag.as_str(), "N12345");
    within(subscription.unsubscribe()).await.unwrap();
}

#[tokio::test]
async fn the_longest_and_the_shortest_refresh() {
    let (simulator, client) = served(numbered(2)).await;
    for refresh in [Refresh::from(Duration::MAX), Refresh::fastest().sampling(Duration::MAX)] {
        let subscription = within(client.subscribe(["N0"], refresh, |_| ())).await.unwrap();
        assert_eq!(subscription.tags().len(), 1);
        within(subscription.unsubscribe()).await.unwrap();
    }
    for refresh in [Refresh::from(Duration::ZERO), Refresh::fastest(), Refresh::from(Duration::from_nanos(1))]
    {
        let (callback, mut readings) = collect();
        let _subscription = within(client.subscribe(["N0"], refresh, callback)).await.unwrap();
        readings.next().await;
        simulator.set("N0", 5).unwrap();
        simulator.set("N0", 6).unwrap();
        while readings.next().await.value != Value::Int32(6) {}
    }
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1, "the connection has survived it");
}
