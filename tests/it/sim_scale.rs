//! The simulator with very many items.

use std::time::Duration;

use opcua::types::{NodeId, Variant};
use openopc::sim::{Item, Signal, Simulator};

use crate::peer::{Peer, item, monitor};

#[tokio::test(flavor = "current_thread")]
async fn a_hundred_thousand_items_are_served() {
    let items =
        (0..100_000).map(|index| Item::new(format!("Area{}.Tag{index}", index / 500), index).writable());
    let simulator = Simulator::builder().items(items).start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let ids: Vec<NodeId> =
        (0..20_000).map(|index| item(&format!("Area{}.Tag{index}", index / 500))).collect();
    let values = peer.read(&ids).await;
    assert_eq!(values.len(), 20_000);
    assert_eq!(values[19_999].value, Some(Variant::Int32(19_999)));
    assert_eq!(peer.children(&item("~folder/Area7")).await.len(), 500);
    let (status, target) = peer.path(NodeId::new(0, 85), &[(2, "Area199"), (2, "Tag99999")]).await;
    assert!(status.is_good());
    assert_eq!(target, [item("Area199.Tag99999")]);
}

#[tokio::test(flavor = "current_thread")]
async fn ten_thousand_signals_are_sampled_without_loss() {
    let count = 10_000;
    let counter =
        Signal::Counter { from: 0.0, to: 999_999_999.0, step: 1.0, every: Duration::from_millis(100) };
    let items = (0..count).map(|index| Item::new(format!("Tag{index}"), 0).signal(counter.clone()));
    let simulator = Simulator::builder().items(items).manual_clock().start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let requests = (0..count).map(|index| monitor(&item(&format!("Tag{index}")), 100.0, true)).collect();
    let (results, mut changes) = peer.subscribe_with(requests).await;
    assert_eq!(results.len(), count);
    for round in 0..4 {
        let mut sum = 0;
        for _ in 0..count {
            let (_, value) = changes.recv().await.unwrap();
            let Some(Variant::Int32(value)) = value.value else { panic!("{value:?}") };
            sum += i64::from(value) % 10;
        }
        // The clock starts at a round number of tenths of seconds.
        assert_eq!(sum, round * i64::try_from(count).unwrap());
        simulator.advance(Duration::from_millis(100)).unwrap();
    }
}
