//! A server that goes and comes back.

use std::time::Duration;

use openopc::sim::{Item, Limits, Service, Simulator, SimulatorBuilder};
use openopc::{Client, Error, Event, Quality, State, SubscribeOptions, Tag, Value};
use tokio::sync::mpsc;

use crate::support::{FAST, Readings, collect, numbered, requests, sent, until, within};

/// A client that comes back soon, and its events.
async fn client(simulator: &Simulator) -> (Client, mpsc::UnboundedReceiver<Event>) {
    let (sender, mut events) = mpsc::unbounded_channel();
    let builder = Client::builder(simulator.url())
        .reconnect(None, Duration::from_millis(20))
        .request_timeout(Duration::from_secs(5))
        .on_event(move |event| _ = sender.send(event));
    let client = within(builder.open()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    (client, events)
}

/// A new simulator where this one was.
async fn stop(simulator: Simulator) -> impl FnOnce(SimulatorBuilder) -> SimulatorBuilder {
    let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    within(simulator.stop()).await.unwrap();
    |builder: SimulatorBuilder| builder.listen(address)
}

fn with(count: i32) -> SimulatorBuilder {
    Simulator::builder().items(numbered(count))
}

/// Readings until each of the tags has had one that `fits`; how many others came before.
async fn until_each(
    readings: &mut Readings,
    tags: &[&str],
    fits: impl Fn(&openopc::Reading) -> bool,
) -> usize {
    let (mut open, mut others): (Vec<Tag>, usize) = (tags.iter().map(|tag| Tag::item(*tag)).collect(), 0);
    while !open.is_empty() {
        let reading = readings.next().await;
        match open.iter().position(|tag| *tag == reading.tag).filter(|_| fits(&reading)) {
            Some(index) => _ = open.swap_remove(index),
            None => others += 1,
        }
    }
    others
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_comes_back_with_the_server() {
    let simulator = with(3).start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    let (callback, mut readings) = collect();
    let tags = ["N0", "N1", "Later"];
    let subscription = within(client.subscribe(tags, FAST, callback)).await.unwrap();
    assert_eq!(until_each(&mut readings, &["N0", "N1"], |r| r.quality() == Quality::Good).await, 1);
    let rejected = subscription.rejected();
    assert!(matches!(&*rejected, [(tag, _)] if tag.as_str() == "Later"), "{rejected:?}");

    let again = stop(simulator).await;
    assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
    assert_eq!(client.state(), State::Reconnecting);
    // Once for each tag, with the value it had.
    let lost = |r: &openopc::Reading| r.status.name() == "BadNoCommunication";
    assert_eq!(until_each(&mut readings, &tags, lost).await, 0);
    for error in [
        within(client.read("N0")).await.map(drop).unwrap_err(),
        within(client.write("N0", 1)).await.unwrap_err(),
        within(client.ping()).await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
        assert!(error.is_connection() && !error.is_timeout());
        assert_eq!(error.is_retryable(), error.operation() != Some(openopc::Operation::Write));
    }
    let (mut attempts, mut before) = (vec![], None);
    while attempts.len() < 3 {
        match within(events.recv()).await.unwrap() {
            Event::Retrying { attempt, after } => {
                assert!(after <= Duration::from_millis(20));
                attempts.push(attempt);
            }
            Event::RetryFailed { .. } => assert!(matches!(before, Some(Event::Retrying { .. }))),
            other => panic!("{other:?}"),
        }
        before = Some(Event::Retrying { attempt: 0, after: Duration::ZERO });
    }
    assert_eq!(attempts, [1, 2, 3]);

    let simulator = again(with(3).item(Item::new("Later", 9))).start().await.unwrap();
    let connected = loop {
        match within(events.recv()).await.unwrap() {
            Event::Retrying { .. } | Event::RetryFailed { .. } => {}
            other => break other,
        }
    };
    assert_eq!(connected, Event::Connected { resumed: false });
    assert_eq!(client.state(), State::Connected);
    assert_eq!(until_each(&mut readings, &tags, |r| r.quality() == Quality::Good).await, 0);
    assert!(subscription.rejected().is_empty(), "what was refused has been tried again");
    simulator.set("Later", 10).unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(10));
    assert_eq!(within(client.read_as::<i32>("N2")).await.unwrap(), 2);
    within(client.close()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Closed));
}

/// A restarted server counts its subscriptions from 1 again, so the old ids are somebody's new ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_subscriptions_come_back_side_by_side() {
    let mut simulator = with(8).start().await.unwrap();
    let (client, _events) = client(&simulator).await;
    let mut held = vec![];
    for n in 0..8u32 {
        let (callback, readings) = collect();
        // Each has a refresh of its own, so each has its own subscription on the server.
        let refresh = FAST + Duration::from_millis(n.into());
        held.push((within(client.subscribe([format!("N{n}")], refresh, callback)).await.unwrap(), readings));
    }
    for round in 1..=3 {
        let again = stop(simulator).await;
        until(|| client.state() == State::Reconnecting).await;
        simulator = again(with(8)).start().await.unwrap();
        until(|| requests(&simulator, Service::CreateMonitoredItems).len() == 8).await;
        for (n, (_, readings)) in held.iter_mut().enumerate() {
            let value = Value::Int32(round * 1000 + i32::try_from(n).unwrap());
            simulator.set(&format!("N{n}"), value.clone()).unwrap();
            while readings.next().await.value != value {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_subscribed_while_the_server_is_away_begins_with_its_return() {
    let simulator = with(4).start().await.unwrap();
    let (client, _events) = client(&simulator).await;
    let (callback, mut readings) = collect();
    let first = within(client.subscribe(["N0"], FAST, callback)).await.unwrap();
    readings.next().await;
    let again = stop(simulator).await;
    until(|| client.state() == State::Reconnecting).await;
    within(first.add(["N1"])).await.unwrap();
    until_each(&mut readings, &["N0", "N1"], |r| r.status.name() == "BadNoCommunication").await;
    // One on the same subscription of the server, one on another, and one that is given up before it began.
    let (callback, mut seconds) = collect();
    let _second = within(client.subscribe(["N2"], FAST, callback)).await.unwrap();
    let mut watch =
        within(client.watch(["N3"], SubscribeOptions::new(FAST * 2).heartbeat(true))).await.unwrap();
    drop(within(client.watch(["N3"], FAST * 3)).await.unwrap());
    within(first.remove(["N0"])).await.unwrap();
    assert_eq!(within(watch.next()).await.unwrap().status.name(), "BadNoCommunication");

    let simulator = again(with(4)).start().await.unwrap();
    until_each(&mut readings, &["N1"], |r| r.value == Value::Int32(1)).await;
    until_each(&mut seconds, &["N2"], |r| r.value == Value::Int32(2)).await;
    while within(watch.next()).await.unwrap().value != Value::Int32(3) {}
    let mut items: Vec<String> =
        requests(&simulator, Service::CreateMonitoredItems).into_iter().flat_map(|r| r.items).collect();
    items.sort();
    assert_eq!(items, ["N1", "N2", "N3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_known_about_the_server_is_asked_again() {
    let simulator = with(1).item(Item::new("Changes", 1).writable()).start().await.unwrap();
    let (client, _events) = client(&simulator).await;
    within(client.write("Changes", 2)).await.unwrap();
    within(client.read("N0")).await.unwrap();
    let again = stop(simulator).await;
    until(|| client.state() == State::Reconnecting).await;
    // The same name is of another type now.
    let simulator =
        again(Simulator::builder().item(Item::new("Changes", "text").writable())).start().await.unwrap();
    until(|| client.state() == State::Connected).await;
    let namespaces = |request: &openopc::sim::Request| request.items.iter().any(|item| item == "i=2255");
    assert_eq!(sent(&simulator).iter().filter(|request| namespaces(request)).count(), 1);
    within(client.write("Changes", "more text")).await.unwrap();
    assert!(matches!(within(client.write("Changes", 3)).await, Err(Error::Convert { .. })));
    assert!(matches!(within(client.read("N0")).await, Err(Error::Resolve { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_through_many_restarts_are_right_or_an_error() {
    let mut simulator = with(50).start().await.unwrap();
    let (client, _events) = client(&simulator).await;
    let (done, stop_reading) = tokio::sync::watch::channel(false);
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (client, done) = (client.clone(), stop_reading.clone());
            tokio::spawn(async move {
                let (mut right, mut wrong) = (0u32, vec![]);
                for round in 0.. {
                    let wanted = (round * 7 + n) % 50;
                    match client.read_as::<i32>(format!("N{wanted}")).await {
                        Ok(value) if value == wanted => right += 1,
                        Err(error) if error.is_connection() || error.is_timeout() => {
                            tokio::task::yield_now().await;
                        }
                        other => wrong.push(format!("N{wanted}: {other:?}")),
                    }
                    if *done.borrow() {
                        break;
                    }
                }
                (right, wrong)
            })
        })
        .collect();
    for _ in 0..5 {
        until(|| client.state() == State::Connected && simulator.read_count("N7").unwrap() > 0).await;
        let again = stop(simulator).await;
        simulator = again(with(50)).start().await.unwrap();
    }
    until(|| client.state() == State::Connected).await;
    done.send_replace(true);
    for task in tasks {
        let (right, wrong) = within(task).await.unwrap();
        assert_eq!(wrong, Vec::<String>::new());
        assert!(right > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_without_room_is_told_as_it_is() {
    let simulator = with(2).start().await.unwrap();
    let (client, _events) = client(&simulator).await;
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["N0", "N1"], FAST, callback)).await.unwrap();
    until_each(&mut readings, &["N0", "N1"], |r| r.quality() == Quality::Good).await;
    let again = stop(simulator).await;
    until_each(&mut readings, &["N0", "N1"], |r| r.status.name() == "BadNoCommunication").await;
    let mut limits = Limits::default();
    limits.subscriptions_per_session = 0;
    let simulator = again(with(2).limits(limits)).start().await.unwrap();
    let refused = |r: &openopc::Reading| r.status.name() == "BadTooManySubscriptions";
    assert_eq!(until_each(&mut readings, &["N0", "N1"], refused).await, 0);
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1, "everything else works");
    let again = stop(simulator).await;
    let _simulator = again(with(2)).start().await.unwrap();
    until_each(&mut readings, &["N0", "N1"], |r| r.quality() == Quality::Good).await;
}

#[tokio::test]
async fn a_client_that_has_tried_often_enough_is_closed() {
    let simulator = with(1).start().await.unwrap();
    let (sender, mut events) = mpsc::unbounded_channel();
    let builder = Client::builder(simulator.url())
        .reconnect(Some(2), Duration::from_millis(5))
        .on_event(move |event| _ = sender.send(event));
    let client = within(builder.open()).await.unwrap();
    let mut watch = within(client.watch(["N0"], FAST)).await.unwrap();
    within(watch.next()).await.unwrap();
    let starting = client.clone();
    let starting = tokio::spawn(async move { starting.start().await });
    within(simulator.stop()).await.unwrap();
    within(starting).await.unwrap().unwrap();
    assert_eq!(client.state(), State::Closed);
    assert!(matches!(within(client.read("N0")).await, Err(Error::Closed { .. })));
    assert_eq!(within(watch.next()).await.unwrap().status.name(), "BadNoCommunication");
    assert_eq!(within(watch.next()).await, None);
    let mut seen = vec![];
    while let Some(event) = within(events.recv()).await {
        let over = event == Event::Closed;
        seen.push(event);
        if over {
            break;
        }
    }
    assert_eq!(seen.last(), Some(&Event::Closed));
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_while_the_server_is_away() {
    let simulator = with(1).start().await.unwrap();
    let (client, _events) = client(&simulator).await;
    let mut watch = within(client.watch(["N0"], FAST)).await.unwrap();
    within(simulator.stop()).await.unwrap();
    until(|| client.state() == State::Reconnecting).await;
    within(client.close()).await.unwrap();
    while within(watch.next()).await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_survives_its_server() {
    let simulator = with(2).start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    let group = client.group("g").update_rate(FAST);
    within(group.read_many(["N0", "N1"])).await.unwrap();
    let first =
        |results: Vec<openopc::Result<openopc::Reading>>| results.into_iter().next().unwrap().unwrap();
    // What is held has come once a read of it sends nothing.
    loop {
        let sent = requests(&simulator, Service::Read).len();
        assert_eq!(first(within(group.read()).await.unwrap()).value, Value::Int32(0));
        if requests(&simulator, Service::Read).len() == sent {
            break;
        }
    }
    let again = stop(simulator).await;
    assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
    let lost = first(within(group.read()).await.unwrap());
    assert_eq!((lost.status.name().as_ref(), lost.value), ("BadNoCommunication", Value::Int32(0)));

    let simulator = again(with(2)).start().await.unwrap();
    while !matches!(within(events.recv()).await, Some(Event::Connected { .. })) {}
    simulator.set("N0", 9).unwrap();
    loop {
        let sent = requests(&simulator, Service::Read).len();
        let held = first(within(group.read()).await.unwrap()).value == Value::Int32(9);
        if held && requests(&simulator, Service::Read).len() == sent {
            break;
        }
    }
    assert_eq!(client.groups(), ["g"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_does_not_hit_another_node_after_a_restart() {
    let plant = |uri: &str| with(3).namespace_uri(uri);
    let simulator = plant("urn:plant-a").start().await.unwrap();
    let (client, mut events) = client(&simulator).await;
    let (first, mut begun) = mpsc::unbounded_channel();
    let writing = tokio::spawn({
        let client = client.clone();
        async move {
            let values: Vec<_> = (0..3).map(|n| (format!("nsu=urn:plant-a;s=N{n}"), 99)).collect();
            let options = openopc::WriteOptions::new().chunk(1).pause(Duration::from_secs(2));
            first.send(()).unwrap();
            client.write_with(values, &options).await
        }
    });
    begun.recv().await.unwrap();
    within(until(|| simulator.write_count("N0").unwrap() == 1)).await;
    let again = stop(simulator).await;
    let simulator = again(plant("urn:plant-b")).start().await.unwrap();
    while !matches!(within(events.recv()).await, Some(Event::Connected { .. })) {}
    let results = within(writing).await.unwrap().unwrap();
    assert!(results[0].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(Error::Disconnected { .. })), "{results:?}");
    assert!(matches!(results[2], Err(Error::Disconnected { .. })), "{results:?}");
    for n in 0..3 {
        assert_eq!(simulator.write_count(&format!("N{n}")).unwrap(), 0, "the other plant was not touched");
    }
}
