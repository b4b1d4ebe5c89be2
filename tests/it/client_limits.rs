//! Servers that take little at a time: everything works, and no request is larger than they allow.

use openopc::sim::{Item, Limits, Service, Simulator};
use openopc::{Client, Tag, Value, da::ItemIds};

use crate::support::{FAST, collect, numbered, sent, within};

fn tiny() -> Limits {
    let mut limits = Limits::default();
    limits.nodes_per_read = 7;
    limits.nodes_per_write = 5;
    limits.monitored_items_per_call = 3;
    limits.nodes_per_browse = 2;
    limits.nodes_per_translate = 2;
    limits.references_per_node = 4;
    limits.continuation_points = 2;
    limits
}

/// The largest request to each service since the client has learnt the limits, or that exceeded none before it did.
fn largest(simulator: &Simulator, service: Service) -> usize {
    sent(simulator).iter().filter(|r| r.service == service).map(|r| r.items.len()).max().unwrap_or_default()
}

fn tags(count: i32) -> Vec<String> {
    (0..count).map(|n| format!("N{n}")).collect()
}

#[tokio::test]
async fn no_request_is_larger_than_the_server_takes() {
    let simulator = Simulator::builder().items(numbered(100)).limits(tiny()).start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    let results = within(client.read_many(tags(100))).await.unwrap();
    for (n, result) in (0..).zip(results) {
        assert_eq!(result.unwrap().value, Value::Int32(n));
    }
    let values = tags(100).into_iter().zip(1000..);
    let results = within(client.write_many(values)).await.unwrap();
    assert!(results.into_iter().all(|result| result.is_ok()));
    assert_eq!(simulator.get("N99").unwrap().value, Value::Int32(1099));
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(tags(100), FAST, callback)).await.unwrap();
    let mut seen = std::collections::HashSet::new();
    while seen.len() < 100 {
        seen.insert(readings.next().await.tag);
    }
    assert!(subscription.rejected().is_empty());
    within(subscription.remove(tags(50))).await.unwrap();
    within(subscription.unsubscribe()).await.unwrap();
    for (service, limit) in [
        (Service::Read, 7),
        (Service::Write, 5),
        (Service::CreateMonitoredItems, 3),
        (Service::DeleteMonitoredItems, 50),
    ] {
        let most = largest(&simulator, service);
        assert!(most <= limit && most > 0, "{most} nodes in one {service}, {limit} are allowed");
    }
    let removals = sent(&simulator).into_iter().filter(|r| r.service == Service::DeleteMonitoredItems);
    // The last one is the subscription with all that was left in it.
    let removals: Vec<usize> = removals.map(|r| r.items.len()).collect();
    assert!(removals.iter().rev().skip(1).all(|count| *count <= 3), "{removals:?}");
}

#[tokio::test]
async fn names_are_looked_up_in_small_steps_too() {
    let items = (0..40).map(|n| Item::new(format!("Plant.Line{}.Pump{n}.Speed", n % 5), n));
    let simulator = Simulator::builder().items(items).limits(tiny()).start().await.unwrap();
    let rule = ItemIds::BrowseNames { root: Tag::numeric(0, 85), separator: '.' };
    let client = within(Client::builder(simulator.url()).item_ids(rule).open()).await.unwrap();
    let names = (0..40).map(|n| format!("Plant.Line{}.Pump{n}.Speed", n % 5));
    let paths = (0..40).map(|n| format!("/2:Plant/2:Line{}/2:Pump{n}/2:Speed", n % 5));
    for tags in [names.collect::<Vec<_>>(), paths.collect()] {
        let results = within(client.read_many(tags)).await.unwrap();
        for (n, result) in (0..).zip(results) {
            assert_eq!(result.unwrap().value, Value::Int32(n));
        }
    }
    for (service, limit) in [(Service::Browse, 2), (Service::TranslateBrowsePaths, 2), (Service::Read, 7)] {
        let most = largest(&simulator, service);
        assert!(most <= limit && most > 0, "{most} nodes in one {service}, {limit} are allowed");
    }
}

#[tokio::test]
async fn reads_of_many_tasks_are_merged_no_further_than_the_server_takes() {
    let simulator = Simulator::builder().items(numbered(100)).limits(tiny()).start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    within(client.read_many(tags(100))).await.unwrap();
    simulator.clear_requests();
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.read_as::<i32>(format!("N{n}")).await })
        })
        .collect();
    for (n, task) in (0..).zip(tasks) {
        assert_eq!(within(task).await.unwrap().unwrap(), n);
    }
    let reads: Vec<usize> =
        sent(&simulator).iter().filter(|r| r.service == Service::Read).map(|r| r.items.len()).collect();
    assert!(reads.iter().all(|count| *count <= 7), "{reads:?}");
    assert!(reads.len() < 50, "{} requests for 100 reads", reads.len());
}

#[tokio::test]
async fn a_server_that_takes_one_node_at_a_time() {
    let mut limits = tiny();
    limits.nodes_per_read = 1;
    limits.nodes_per_write = 1;
    limits.monitored_items_per_call = 1;
    let simulator = Simulator::builder().items(numbered(5)).limits(limits).start().await.unwrap();
    let client = within(openopc::open(simulator.url())).await.unwrap();
    let results = within(client.read_many(tags(5))).await.unwrap();
    assert_eq!(results[4].as_ref().unwrap().value, Value::Int32(4));
    within(client.write("N4", 40)).await.unwrap();
    let mut watch = within(client.watch(tags(5), FAST)).await.unwrap();
    for _ in 0..5 {
        assert!(within(watch.next()).await.unwrap().status.is_good());
    }
    assert!(within(client.info()).await.unwrap().started.is_some(), "many variables, one by one");
}
