//! What a subscription keeps when messages, the connection or the session are lost.

use std::time::Duration;

use opcua::client::UARequest;
use opcua::client::services::Publish;
use openopc::sim::{Direction, Fault, Service, Simulator};
use openopc::{Delivery, Event, Refresh, State, SubscribeOptions, Value, Watch};
use tokio::sync::mpsc;

use crate::client_network::{Network, Proxy};
use crate::support::{FAST, LONG, numbered, requests, until, within};

/// Every sample, in order.
fn every() -> SubscribeOptions {
    SubscribeOptions::new(FAST).delivery(Delivery::Every { queue: 1000 })
}

async fn next(watch: &mut Watch) -> openopc::Reading {
    within(watch.next()).await.unwrap()
}

/// What another request of the same session takes away is missing here; nobody else can make that happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_never_come_are_asked_for_again() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    let mut watch = within(client.watch(["N0"], every())).await.unwrap();
    assert_eq!(next(&mut watch).await.value, Value::Int32(0));
    let session = client.session();
    let stolen = tokio::spawn(async move {
        let mut stolen = 0;
        while stolen < 3 {
            let publish = Publish::new(&session).timeout(LONG);
            let message = within(publish.send(session.channel())).await.unwrap().notification_message;
            stolen += i32::from(message.notification_data.is_some_and(|data| !data.is_empty()));
        }
    });
    let mut n = 0;
    while !stolen.is_finished() || n < 50 {
        n += 1;
        simulator.set("N0", n).unwrap();
        let reading = next(&mut watch).await;
        assert_eq!(reading.value, Value::Int32(n), "none is missing, none comes twice, and all are in order");
        assert!(reading.status.is_good() && !reading.status.overflowed());
    }
    assert_eq!(requests(&simulator, Service::CreateMonitoredItems).len(), 1);
}

/// A server that is asked for a message and does not answer in time is asked again; what came since does not wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_could_not_be_asked_for_are_asked_for_again() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let builder = openopc::Client::builder(simulator.url()).request_timeout(Duration::from_millis(300));
    let client = within(builder.open()).await.unwrap();
    let mut watch = within(client.watch(["N0"], every())).await.unwrap();
    assert_eq!(next(&mut watch).await.value, Value::Int32(0));
    let session = client.session();
    let stolen = tokio::spawn(async move {
        loop {
            let publish = Publish::new(&session).timeout(LONG);
            let message = within(publish.send(session.channel())).await.unwrap().notification_message;
            if message.notification_data.is_some_and(|data| !data.is_empty()) {
                break;
            }
        }
    });
    let mut set = 0;
    while !stolen.is_finished() {
        set += 1;
        simulator.set("N0", set).unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The server has requests to tell with, but hears no new ones until the one for the message has timed out.
    let deaf = simulator.inject(Fault::Stall(Direction::ToServer));
    set += 1;
    simulator.set("N0", set).unwrap();
    within(until(|| deaf.fired() > 0)).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    drop(deaf);
    let mut told = 0;
    while told < set {
        let reading = next(&mut watch).await;
        if let Ok(value) = reading.get::<i32>() {
            assert_eq!(value, told + 1, "none is missing: {reading:?}");
            told = value;
        }
    }
}

/// A message that was taken away and acknowledged is nowhere any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_nobody_has_any_more_are_a_gap() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let (sender, mut events) = mpsc::unbounded_channel();
    let builder = openopc::Client::builder(simulator.url()).on_event(move |event| _ = sender.send(event));
    let client = within(builder.open()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    let mut watch = within(client.watch(["N0"], every())).await.unwrap();
    let mut latest = within(client.watch(["N1"], FAST)).await.unwrap();
    next(&mut watch).await;
    next(&mut latest).await;
    let before = chrono::Utc::now();
    let session = client.session();
    let stolen = tokio::spawn(async move {
        let steal = || Publish::new(&session).timeout(LONG);
        let message = loop {
            let answer = within(steal().send(session.channel())).await.unwrap();
            if answer.notification_message.notification_data.as_ref().is_some_and(|data| !data.is_empty()) {
                break answer;
            }
        };
        let ack = steal().ack(message.subscription_id, message.notification_message.sequence_number);
        // Its answer is another message that never comes, which the server has yet; none where the loss is known already and
        // the subscription is made anew.
        let _ = within(ack.send(session.channel())).await;
    });
    let mut n = 0;
    let (first, last) = loop {
        n += 1;
        simulator.set("N0", n).unwrap();
        simulator.set("N1", n).unwrap();
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Gap { first, last }) => break (first, last),
                other => panic!("{other:?}"),
            },
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    };
    assert!(before <= last && first <= last && last <= chrono::Utc::now(), "{first} {last}");
    within(stolen).await.unwrap();
    let mut told = 0;
    loop {
        let reading = next(&mut watch).await;
        let value = reading.get::<i32>().unwrap();
        assert!(value >= told, "{value} after {told}");
        told = value;
        if reading.status.overflowed() {
            break;
        }
    }
    loop {
        let reading = next(&mut latest).await;
        assert!(!reading.status.overflowed(), "where only the newest counts, nothing is lost");
        if reading.value == Value::Int32(n) {
            break;
        }
    }
}

/// A network that breaks again and again, and a counter: every value comes, once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_loses_nothing_where_the_server_keeps_the_session() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let (sender, mut events) = mpsc::unbounded_channel();
    let client = within(proxy.client().on_event(move |event| _ = sender.send(event)).open()).await.unwrap();
    let mut watch = within(client.watch(["N0"], every())).await.unwrap();
    next(&mut watch).await;
    let (mut set, mut told) = (0, 0);
    for _ in 0..5 {
        for network in [Network::Cut, Network::Works] {
            for _ in 0..5 {
                set += 1;
                simulator.set("N0", set).unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            proxy.is(network);
            let state = if network == Network::Cut { State::Reconnecting } else { State::Connected };
            until(|| client.state() == state).await;
        }
        set += 1;
        simulator.set("N0", set).unwrap();
        let mut lost = 0;
        while told < set {
            let reading = next(&mut watch).await;
            if reading.status.name() == "BadNoCommunication" {
                lost += 1;
                continue;
            }
            assert!(reading.status.is_good() && !reading.status.overflowed(), "{reading:?}");
            let value = reading.get::<i32>().unwrap();
            // The return tells the value from before the loss once more.
            assert!(value == told + 1 || (value == told && lost == 1), "{value} after {told}");
            if value == told {
                lost += 1;
            }
            told = value;
        }
        assert!(lost >= 1, "the loss is told");
    }
    let mut gaps = vec![];
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event, Event::Connected { resumed: false }) || gaps.is_empty());
        if let Event::Gap { .. } = event {
            gaps.push(event);
        }
    }
    assert_eq!(gaps, []);
    assert_eq!(requests(&simulator, Service::CreateMonitoredItems).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_that_come_and_go_while_the_connection_is_down() {
    let simulator = Simulator::builder().items(numbered(4)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let client = within(proxy.client().open()).await.unwrap();
    let mut watch = within(client.watch(["N0", "N1"], FAST)).await.unwrap();
    let other = within(client.watch(["N3"], FAST * 2)).await.unwrap();
    next(&mut watch).await;
    next(&mut watch).await;
    proxy.is(Network::Cut);
    until(|| client.state() == State::Reconnecting).await;
    for _ in 0..2 {
        assert_eq!(next(&mut watch).await.status.name(), "BadNoCommunication");
    }
    within(watch.subscription().add(["N2"])).await.unwrap();
    let lost = next(&mut watch).await;
    assert_eq!(
        (lost.tag.as_str(), lost.status.name().as_ref()),
        ("N2", "BadNoCommunication"),
        "the new one only"
    );
    within(watch.subscription().remove(["N0"])).await.unwrap();
    drop(other);
    proxy.is(Network::Works);
    let mut back = [next(&mut watch).await, next(&mut watch).await].map(|r| (r.tag.to_string(), r.value));
    back.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(back, [("N1".into(), Value::Int32(1)), ("N2".into(), Value::Int32(2))]);
    // What was given up meanwhile is given up on the server as well.
    until(|| requests(&simulator, Service::DeleteMonitoredItems).iter().any(|r| r.items == ["N0"])).await;
}

#[tokio::test]
async fn a_slow_subscription_begins_at_once_and_tells_nothing_twice() {
    let simulator = Simulator::builder().items(numbered(2)).start().await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    let slow = Refresh::every(Duration::from_secs(60));
    let mut slow = within(client.watch(["N0", "N1", "Unknown"], slow)).await.unwrap();
    let start = std::time::Instant::now();
    let mut first = vec![];
    for _ in 0..3 {
        first.push(next(&mut slow).await.tag.to_string());
    }
    first.sort();
    assert_eq!(first, ["N0", "N1", "Unknown"]);
    assert!(start.elapsed() < Duration::from_secs(30));

    // Slow enough for its first values to be read, and fast enough to see what comes after them.
    let (callback, mut readings) = crate::support::collect();
    let refresh = Refresh::every(Duration::from_millis(1100));
    let _subscription = within(client.subscribe(["N0", "N1"], refresh, callback)).await.unwrap();
    for _ in 0..2 {
        readings.next().await;
    }
    simulator.set("N0", 10).unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(10), "N1 has been told");
    simulator.set("N1", 11).unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(11));
}

/// A server whose connections stand and that says nothing is noticed by its silence, not by a question's timeout.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_noticed_within_one_and_a_half_keep_alives() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let builder = proxy.client().keep_alive(Duration::from_secs(60)).request_timeout(Duration::from_secs(2));
    let client = within(builder.open()).await.unwrap();
    let mut watch = within(client.watch(["N0"], FAST)).await.unwrap();
    next(&mut watch).await;
    let start = std::time::Instant::now();
    proxy.is(Network::Silent);
    assert_eq!(next(&mut watch).await.status.name(), "BadNoCommunication");
    // Five seconds of keep-alive, and half as much again.
    assert!(start.elapsed() < Duration::from_millis(8500), "{:?}", start.elapsed());
    // It does not answer either, so the connection is given up.
    until(|| client.state() == State::Reconnecting).await;
    proxy.is(Network::Cut);
    proxy.is(Network::Works);
    let back = next(&mut watch).await;
    assert_eq!((back.value, back.status.is_good()), (Value::Int32(0), true));
}
