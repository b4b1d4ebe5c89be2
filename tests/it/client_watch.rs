//! A watch: the same readings, for whoever asks.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use openopc::sim::{Item, Service, Signal};
use openopc::{Delivery, SubscribeOptions, Value};

use crate::support::{FAST, numbered, requests, served, until, within};

#[tokio::test]
async fn readings_come_one_after_the_other() {
    let (simulator, client) = served(numbered(1)).await;
    let every = SubscribeOptions::new(FAST).delivery(Delivery::Every { queue: 100 });
    let mut watch = within(client.watch(["N0"], every)).await.unwrap();
    for n in 1..=10 {
        simulator.set("N0", n).unwrap();
    }
    for n in 0..=10 {
        let reading = within(watch.next()).await.unwrap();
        assert_eq!((reading.tag.as_str(), reading.value), ("N0", Value::Int32(n)));
    }
    assert_eq!(watch.subscription().stats().delivered, 11);
    within(watch.unsubscribe()).await.unwrap();
    assert_eq!(requests(&simulator, Service::DeleteMonitoredItems).len(), 1);
}

#[tokio::test]
async fn giving_up_waiting_loses_nothing() {
    let count = Signal::Counter { from: 0.0, to: 1e9, step: 1.0, every: Duration::from_millis(20) };
    let (_simulator, client) = served([Item::new("Count", 0).signal(count)]).await;
    let every = SubscribeOptions::new(Duration::from_millis(20)).delivery(Delivery::Every { queue: 100 });
    let mut watch = within(client.watch(["Count"], every)).await.unwrap();
    let mut came = 0;
    while came < 20 {
        tokio::select! {
            biased;
            reading = watch.next() => came += u64::from(reading.is_some()),
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    }
    let stats = watch.subscription().stats();
    assert_eq!((stats.delivered, stats.dropped), (came, 0));
}

#[tokio::test]
async fn it_is_a_stream() {
    let (_simulator, client) = served(numbered(2)).await;
    let mut watch = within(client.watch(["N0", "N1"], FAST)).await.unwrap();
    let mut values = vec![];
    for _ in 0..2 {
        let next = std::future::poll_fn(|cx| Pin::new(&mut watch).poll_next(cx));
        values.push(within(next).await.unwrap().get::<i32>().unwrap());
    }
    values.sort_unstable();
    assert_eq!(values, [0, 1]);
    let mut nobody = Context::from_waker(Waker::noop());
    assert!(matches!(Pin::new(&mut watch).poll_next(&mut nobody), Poll::Pending));
    within(client.close()).await.unwrap();
    let next = std::future::poll_fn(|cx| Pin::new(&mut watch).poll_next(cx));
    assert_eq!(within(next).await, None);
}

#[tokio::test]
async fn dropping_it_takes_its_items_from_the_server() {
    let (simulator, client) = served(numbered(3)).await;
    let mut kept = within(client.watch(["N0"], FAST)).await.unwrap();
    let mut watch = within(client.watch(["N1", "N2"], FAST)).await.unwrap();
    within(watch.next()).await.unwrap();
    drop(watch);
    until(|| {
        let gone: Vec<String> =
            requests(&simulator, Service::DeleteMonitoredItems).into_iter().flat_map(|r| r.items).collect();
        gone.len() == 2 && !gone.contains(&"N0".to_owned())
    })
    .await;
    // Given up while it is being made, it leaves nothing either.
    for _ in 0..20 {
        let making = client.watch(["N1"], FAST);
        let _ = tokio::time::timeout(Duration::from_micros(100), making).await;
    }
    within(kept.next()).await.unwrap();
    let count =
        |service| requests(&simulator, service).iter().filter(|r| r.items.contains(&"N1".to_owned())).count();
    within(within(client.watch(["N2"], FAST)).await.unwrap().unsubscribe()).await.unwrap();
    assert_eq!(count(Service::CreateMonitoredItems), count(Service::DeleteMonitoredItems));
}

/// Ends the subscriptions of a client on the server, behind its back.
async fn forget(client: &openopc::Client) {
    use opcua::client::UARequest;
    let session = client.session();
    let ids = session.subscription_state().lock().subscription_ids().unwrap();
    let forget = opcua::client::services::DeleteSubscriptions::new(&session).subscription_ids(ids);
    within(forget.send(session.channel())).await.unwrap();
}

#[tokio::test]
async fn a_subscription_the_server_has_forgotten_is_made_again() {
    let (simulator, client) = served(numbered(2)).await;
    let mut watch = within(client.watch(["N0"], FAST)).await.unwrap();
    let every = SubscribeOptions::new(FAST * 2).delivery(Delivery::Every { queue: 10 });
    let mut other = within(client.watch(["N1"], every)).await.unwrap();
    within(watch.next()).await.unwrap();
    within(other.next()).await.unwrap();
    forget(&client).await;
    assert_eq!(within(watch.next()).await.unwrap().value, Value::Int32(0));
    assert!(within(other.next()).await.unwrap().status.overflowed(), "what was in between is lost");
    simulator.set("N0", 5).unwrap();
    assert_eq!(within(watch.next()).await.unwrap().value, Value::Int32(5));
}

#[tokio::test]
async fn a_tag_added_to_a_forgotten_subscription_brings_all_back() {
    let (simulator, client) = served(numbered(2)).await;
    let mut watch = within(client.watch(["N0"], FAST)).await.unwrap();
    within(watch.next()).await.unwrap();
    forget(&client).await;
    within(watch.subscription().add(["N1"])).await.unwrap();
    simulator.set("N0", 5).unwrap();
    let (mut zero, mut one) = (false, false);
    while !(zero && one) {
        let reading = within(watch.next()).await.unwrap();
        zero |= reading.value == Value::Int32(5);
        one |= reading.tag.as_str() == "N1" && reading.status.is_good();
    }
}
