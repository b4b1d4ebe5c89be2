//! Many subscriptions and many tags on one client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openopc::sim::{Service, Simulator};
use openopc::{Delivery, SubscribeOptions, Value};

use crate::support::{FAST, numbered, requests, served, until, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_subscriptions_share_a_handful_on_the_server() {
    let (simulator, opc) = served(numbered(100)).await;
    let rates = [20, 50, 100].map(Duration::from_millis);
    let told = Arc::new(AtomicUsize::new(0));
    let mut subscriptions = Vec::new();
    for n in 0..100 {
        let told = told.clone();
        let callback = move |reading: openopc::Reading| {
            assert!(reading.status.is_good());
            told.fetch_add(1, Ordering::SeqCst);
        };
        // Tags overlap: each is in two of them.
        let tags = [format!("N{n}"), format!("N{}", (n + 1) % 100)];
        subscriptions.push(within(opc.subscribe(tags, rates[n % 3], callback)).await.unwrap());
    }
    within(until(|| told.load(Ordering::SeqCst) == 200)).await;
    assert_eq!(simulator.request_count(Service::CreateSubscription), 3, "one for each rate");
    for n in 0..100 {
        simulator.set(&format!("N{n}"), n + 1000).unwrap();
    }
    within(until(|| told.load(Ordering::SeqCst) == 400)).await;
    // Those of one rate go, the others stay.
    let (gone, kept): (Vec<_>, Vec<_>) = subscriptions.into_iter().enumerate().partition(|(n, _)| n % 3 == 0);
    for (_, subscription) in gone {
        within(subscription.unsubscribe()).await.unwrap();
    }
    assert_eq!(simulator.request_count(Service::DeleteSubscriptions), 1);
    simulator.set("N50", 5).unwrap();
    // N50 is in 49 and 50, and neither is a multiple of three.
    within(until(|| told.load(Ordering::SeqCst) == 402)).await;
    assert_eq!(kept.len(), 66);
}

/// What is told to one while others add and remove tags of the same rate: every value, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_that_come_and_go_do_not_disturb_the_others() {
    let (simulator, opc) = served(numbered(200)).await;
    let every = SubscribeOptions::new(FAST).delivery(Delivery::Every { queue: 10_000 });
    let mut watch = within(opc.watch(["N0"], every)).await.unwrap();
    assert_eq!(within(watch.next()).await.unwrap().value, Value::Int32(0));
    let other = within(opc.subscribe(["N1"], FAST, |_| {})).await.unwrap();
    let mut set = 0;
    for round in 0..20 {
        let tags = || (2..200).filter(move |n| n % 20 == round).map(|n| format!("N{n}"));
        set += 1;
        simulator.set("N0", set).unwrap();
        within(other.add(tags())).await.unwrap();
        set += 1;
        simulator.set("N0", set).unwrap();
        within(other.remove(tags())).await.unwrap();
    }
    for expected in 1..=set {
        let reading = within(watch.next()).await.unwrap();
        assert_eq!(reading.value, Value::Int32(expected), "{reading:?}");
        assert!(reading.status.is_good() && !reading.status.overflowed(), "{reading:?}");
    }
    assert_eq!(simulator.request_count(Service::CreateSubscription), 1);
    // What came and went was asked for by itself, not with all that was there.
    let made = requests(&simulator, Service::CreateMonitoredItems);
    assert!(made[2..].iter().all(|request| request.items.len() <= 10), "{} requests", made.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_tags_on_one_client() {
    const COUNT: usize = 100_000;
    let simulator = Simulator::builder().items(numbered(100_000)).start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    let (told, sum) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, add) = (told.clone(), sum.clone());
    let callback = move |reading: openopc::Reading| {
        let value: i32 = reading.get().unwrap();
        add.fetch_add(usize::try_from(value).unwrap(), Ordering::SeqCst);
        count.fetch_add(1, Ordering::SeqCst);
    };
    let options = SubscribeOptions::new(Duration::from_millis(100)).capacity(COUNT);
    let tags = (0..COUNT).map(|n| format!("N{n}"));
    // A build without optimization takes its time for so many.
    let patience = Duration::from_secs(120);
    let subscription =
        tokio::time::timeout(patience, opc.subscribe_with(tags, options, callback)).await.unwrap().unwrap();
    assert!(subscription.rejected().is_empty());
    let all = async {
        while told.load(Ordering::SeqCst) < COUNT {
            tokio::time::sleep(FAST).await;
        }
    };
    tokio::time::timeout(patience, all).await.expect("every tag has a first value");
    assert_eq!(told.load(Ordering::SeqCst), COUNT);
    assert_eq!(sum.load(Ordering::SeqCst), (0..COUNT).sum::<usize>());
    assert_eq!(subscription.stats().dropped, 0);
    // One of them changes, and nothing else is told.
    simulator.set("N77777", 1).unwrap();
    within(until(|| told.load(Ordering::SeqCst) == COUNT + 1)).await;
    assert_eq!(sum.load(Ordering::SeqCst), (0..COUNT).sum::<usize>() + 1);
}
