//! `list` on large trees and small servers, proved by what the simulator was asked.

use std::collections::HashSet;

use openopc::sim::{Item, Limits, Service, Simulator};
use openopc::{ListOptions, Tag};

use crate::support::{sent, served, until, within};

fn counts(simulator: &Simulator) -> (u64, u64) {
    (simulator.request_count(Service::Browse), simulator.request_count(Service::BrowseNext))
}

#[tokio::test]
async fn a_hundred_thousand_items_in_as_few_requests_as_can_be() {
    let (simulator, client) = served((0..100_000).map(|n| Item::new(format!("Mass.N{n}"), n))).await;
    simulator.clear_requests();
    let mut entries = client.list_stream("Mass", &ListOptions::new());
    let mut count = 0;
    while let Some(entry) = within(entries.next()).await {
        assert_eq!(entry.unwrap().tag, Tag::item(format!("Mass.N{count}")));
        count += 1;
    }
    assert_eq!((count, entries.done()), (100_000, 100_000));
    // The server gives 1,000 references at a time, and says with another page that a full one was the last.
    assert_eq!(counts(&simulator), (2, 100));
    // Every leaf may have something below it, so each is looked at once.
    simulator.clear_requests();
    let mut entries = client.list_stream("*", &ListOptions::new().recursive(true));
    let mut count = 0;
    while let Some(entry) = within(entries.next()).await {
        assert_eq!(entry.unwrap().name, format!("N{count}"));
        count += 1;
    }
    assert_eq!(count, 100_000);
    let (browses, nexts) = counts(&simulator);
    assert_eq!(nexts, 100);
    assert!(browses <= 14, "{browses}");
}

#[tokio::test]
async fn a_small_server_is_not_asked_for_more_than_it_takes() {
    let mut limits = Limits::default();
    limits.nodes_per_read = 7;
    limits.nodes_per_browse = 3;
    limits.references_per_node = 4;
    limits.continuation_points = 2;
    let items = (0..60).map(|n| Item::new(format!("Plant.Line{}.Pump{n}.Speed", n % 5), n));
    let simulator = Simulator::builder().items(items).limits(limits).start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    let expected: HashSet<String> = (0..60).map(|n| format!("Plant.Line{}.Pump{n}.Speed", n % 5)).collect();
    for options in [ListOptions::new().recursive(true), ListOptions::new().flat(true)] {
        let entries = within(client.list_with("*", &options.with_access(true))).await.unwrap();
        let ids: HashSet<String> = entries.iter().map(|entry| entry.tag.to_string()).collect();
        assert_eq!(ids, expected);
        assert_eq!(entries.len(), 60);
    }
    for request in sent(&simulator) {
        let most = match request.service {
            Service::Browse => 3,
            Service::Read => 7,
            _ => continue,
        };
        assert!(request.items.len() <= most, "{} in {}", request.items.len(), request.service);
    }
}

#[tokio::test]
async fn whoever_stops_early_leaves_nothing_behind() {
    let mut limits = Limits::default();
    limits.references_per_node = 10;
    limits.continuation_points = 1;
    let items = (0..5_000).map(|n| Item::new(format!("Mass.N{n}"), n));
    let simulator = Simulator::builder().items(items).limits(limits).start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    for round in 1..=3_u64 {
        simulator.clear_requests();
        let first = within(client.list_with("Mass", &ListOptions::new().limit(5))).await.unwrap();
        assert_eq!(first.len(), 5);
        // One page, and the word that no more are wanted: the only continuation point is free again.
        assert_eq!(counts(&simulator), (2, 1));
        let mut entries = client.list_stream("Mass", &ListOptions::new());
        for _ in 0..=round {
            within(entries.next()).await.unwrap().unwrap();
        }
        let before = simulator.request_count(Service::BrowseNext);
        drop(entries);
        until(|| simulator.request_count(Service::BrowseNext) > before).await;
        let asked = simulator.request_count(Service::BrowseNext);
        assert!(asked < 20, "{asked} pages for {round} entries");
    }
}
