//! Subscriptions to the simulator's items.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use opcua::types::{AttributeId, MonitoringMode, NodeId, StatusCode, Variant};
use openopc::Status;
use openopc::sim::{Clock, Item, Signal, Simulator};

use crate::peer::{Changes, Peer, attribute_number, item, items, monitor, next};

fn named(name: &str) -> Status {
    Status::named(name).unwrap()
}

async fn plain() -> Simulator {
    Simulator::builder().item(Item::new("Value", 1.0).writable()).start().await.unwrap()
}

async fn double(changes: &mut Changes) -> f64 {
    match next(changes).await.value {
        Some(Variant::Double(value)) => value,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_change_is_told_with_its_own_time() {
    let simulator = plain().await;
    let peer = Peer::connect(&simulator).await;
    for sampling in [0.0, 1000.0] {
        let mut changes = peer.subscribe(&[item("Value")], sampling).await;
        double(&mut changes).await;
        let mut times = Vec::new();
        for value in 2..12 {
            simulator.set("Value", value).unwrap();
            times.push(simulator.get("Value").unwrap().source_time.unwrap());
        }
        for (value, time) in (2..12).zip(times) {
            let change = next(&mut changes).await;
            assert_eq!(change.value, Some(Variant::Double(f64::from(value))));
            let told = change.source_timestamp.unwrap().as_chrono();
            assert!((told - time).num_microseconds().unwrap().abs() <= 1, "{told} is not {time}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_status_alone_is_told_with_and_without_a_filter() {
    let simulator = plain().await;
    let peer = Peer::connect(&simulator).await;
    for filter in [true, false] {
        let (results, mut changes) = peer.subscribe_with(vec![monitor(&item("Value"), 0.0, filter)]).await;
        assert_eq!(results[0].status_code, StatusCode::Good);
        assert_eq!(next(&mut changes).await.status, Some(StatusCode::Good));
        for (name, value) in [
            ("UncertainLastUsableValue", true),
            ("UncertainSubNormal", true),
            ("BadSensorFailure", false),
            ("BadNoCommunication", false),
            ("Good", true),
        ] {
            simulator.set_status("Value", named(name)).unwrap();
            let change = next(&mut changes).await;
            assert_eq!(change.status.unwrap().to_string(), name, "filter: {filter}");
            assert_eq!(change.value, value.then_some(Variant::Double(1.0)));
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn signals_are_sampled_at_the_interval_of_each_item() {
    let ramp = Signal::Ramp { from: 0.0, to: 1e6, period: Duration::from_secs(1000) };
    let simulator = Simulator::builder().item(Item::new("Ramp", 0.0).signal(ramp)).start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    for millis in [20, 50] {
        let mut changes = peer.subscribe(&[item("Ramp")], f64::from(millis)).await;
        let mut last = next(&mut changes).await;
        for _ in 0..10 {
            let change = next(&mut changes).await;
            let (new, old) = (change.source_timestamp.unwrap(), last.source_timestamp.unwrap());
            let apart = (new.as_chrono() - old.as_chrono()).num_microseconds().unwrap();
            assert_eq!(apart % (i64::from(millis) * 1000), 0, "samples lie on a grid");
            assert!(apart > 0);
            last = change;
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_manual_clock_gives_every_sample_and_no_more() {
    let counter = Signal::Counter { from: 0.0, to: 9.0, step: 1.0, every: Duration::from_millis(100) };
    let simulator = Simulator::builder()
        .item(Item::new("Count", 0).signal(counter))
        .manual_clock()
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let mut changes = peer.subscribe(&[item("Count")], 100.0).await;
    let start = simulator.now();
    assert_eq!(next(&mut changes).await.value, Some(Variant::Int32(0)));
    simulator.advance(Duration::from_millis(2500)).unwrap();
    for count in 1..=25 {
        let change = next(&mut changes).await;
        assert_eq!(change.value, Some(Variant::Int32(count % 10)));
        let time = change.source_timestamp.unwrap().as_chrono();
        assert_eq!(time, start + chrono::TimeDelta::milliseconds(i64::from(count) * 100));
    }
    assert!(changes.try_recv().is_err());
    simulator.set("Count", 50).unwrap();
    assert_eq!(next(&mut changes).await.value, Some(Variant::Int32(50)));
    simulator.advance(Duration::from_millis(100)).unwrap();
    assert_eq!(next(&mut changes).await.value, Some(Variant::Int32(51)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_scaled_clock_runs_its_signals_faster() {
    let counter = Signal::Counter { from: 0.0, to: 1e6, step: 1.0, every: Duration::from_secs(10) };
    for factor in [1000.0, 0.5] {
        let simulator = Simulator::builder()
            .item(Item::new("Count", 0.0).signal(counter.clone()))
            .item(Item::new("Ramp", 0.0).signal(Signal::Ramp {
                from: 0.0,
                to: 1.0,
                period: Duration::from_secs(60),
            }))
            .clock(Clock::Scaled(factor))
            .start()
            .await
            .unwrap();
        let peer = Peer::connect(&simulator).await;
        let id = if factor > 1.0 { "Count" } else { "Ramp" };
        let mut changes = peer.subscribe(&[item(id)], 20.0).await;
        let first = double(&mut changes).await;
        assert_ne!(double(&mut changes).await.to_bits(), first.to_bits());
        double(&mut changes).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn closures_are_sampled_until_nobody_listens() {
    let calls = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&calls);
    let simulator = Simulator::builder()
        .item(Item::new("Calls", 0u32).read_with(move || Ok(count.fetch_add(1, Ordering::Relaxed))))
        .item(Item::new("Value", 0))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let (id, results, mut changes) = peer.subscription(vec![monitor(&item("Calls"), 10.0, true)]).await;
    for expected in 0..5 {
        assert_eq!(next(&mut changes).await.value, Some(Variant::UInt32(expected)));
    }
    let handle = results[0].monitored_item_id;
    let disabled = MonitoringMode::Disabled;
    assert_eq!(peer.session.set_monitoring_mode(id, disabled, &[handle]).await.unwrap(), [StatusCode::Good]);
    let after = calls.load(Ordering::Relaxed);
    // An item on the same sampler shows that time has passed.
    let mut others = peer.subscribe(&[item("Value")], 10.0).await;
    next(&mut others).await;
    for value in 1..5 {
        simulator.set("Value", value).unwrap();
        next(&mut others).await;
    }
    assert_eq!(calls.load(Ordering::Relaxed), after);
    peer.session.set_monitoring_mode(id, MonitoringMode::Reporting, &[handle]).await.unwrap();
    while calls.load(Ordering::Relaxed) == after {
        next(&mut changes).await;
    }
    peer.session.delete_subscription(id).await.unwrap();
    let after = calls.load(Ordering::Relaxed);
    for value in 5..9 {
        simulator.set("Value", value).unwrap();
        next(&mut others).await;
    }
    assert_eq!(calls.load(Ordering::Relaxed), after);
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_monitored_is_refused() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let mut name = monitor(&item("Bucket Brigade.Int4"), 0.0, false);
    name.item_to_monitor.attribute_id = attribute_number(AttributeId::DisplayName);
    let mut wrong = name.clone();
    wrong.item_to_monitor.attribute_id = attribute_number(AttributeId::InverseName);
    let mut range = monitor(&item("Bucket Brigade.ArrayOfReal8"), 0.0, true);
    range.item_to_monitor.index_range = opcua::types::NumericRange::Range(2, 1);
    let requests = vec![
        monitor(&item("None"), 0.0, true),
        monitor(&NodeId::new(0, 999_999), 0.0, true),
        monitor(&item("Write Only.Int4"), 0.0, true),
        name,
        wrong,
        range,
        monitor(&item("Read Error.Int4"), 0.0, true),
        monitor(&NodeId::new(0, 2258), 0.0, true),
    ];
    let (results, mut changes) = peer.subscribe_with(requests).await;
    let statuses: Vec<StatusCode> = results.iter().map(|result| result.status_code).collect();
    assert_eq!(
        statuses,
        [
            StatusCode::BadNodeIdUnknown,
            StatusCode::BadNodeIdUnknown,
            StatusCode::BadNotReadable,
            StatusCode::Good,
            StatusCode::BadAttributeIdInvalid,
            StatusCode::BadIndexRangeInvalid,
            StatusCode::Good,
            StatusCode::Good,
        ]
    );
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(changes.recv().await.unwrap());
    }
    assert!(seen.iter().any(|(_, value)| value.status == Some(StatusCode::BadNotReadable)));
}

#[tokio::test(flavor = "current_thread")]
async fn random_items_move_on_with_every_sample() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let mut changes = peer.subscribe(&items(&["Random.Int4"]), 20.0).await;
    for expected in [41, 18467, 6334, 26500, 19169, 15724] {
        assert_eq!(next(&mut changes).await.value, Some(Variant::Int32(expected)));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn items_left_to_the_subscription_are_told_too() {
    let simulator = plain().await;
    let peer = Peer::connect(&simulator).await;
    let mut changes = peer.subscribe(&[item("Value")], -1.0).await;
    double(&mut changes).await;
    for value in 2..5 {
        simulator.set("Value", value).unwrap();
        let change = next(&mut changes).await;
        assert_eq!(change.value, Some(Variant::Double(f64::from(value))));
        assert!(change.server_timestamp.is_some());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_changed_interval_loses_nothing() {
    let simulator = plain().await;
    let peer = Peer::connect(&simulator).await;
    let mut request = monitor(&item("Value"), 0.0, true);
    request.requested_parameters.client_handle = 77;
    let (id, results, mut changes) = peer.subscription(vec![request]).await;
    double(&mut changes).await;
    let modified = opcua::types::MonitoredItemModifyRequest {
        monitored_item_id: results[0].monitored_item_id,
        requested_parameters: opcua::types::MonitoringParameters {
            client_handle: 77,
            sampling_interval: 5000.0,
            queue_size: 100,
            discard_oldest: true,
            ..Default::default()
        },
    };
    let stamps = opcua::types::TimestampsToReturn::Both;
    let result = peer.session.modify_monitored_items(id, stamps, &[modified]).await.unwrap();
    assert_eq!(result[0].status_code, StatusCode::Good);
    for value in 2..8 {
        simulator.set("Value", value).unwrap();
        assert_eq!(next(&mut changes).await.value, Some(Variant::Double(f64::from(value))));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn nobody_samples_for_clients_that_are_gone() {
    let calls = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&calls);
    let simulator = Simulator::builder()
        .item(Item::new("Calls", 0u32).read_with(move || Ok(count.fetch_add(1, Ordering::Relaxed))))
        .start()
        .await
        .unwrap();
    let gone = Peer::connect(&simulator).await;
    // It lives for 30 publishing intervals of 10 ms without a sign of its client.
    let (_, _, mut changes) = gone.subscription_for(30, vec![monitor(&item("Calls"), 10.0, true)]).await;
    next(&mut changes).await;
    gone.vanish();
    let mut last = calls.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = calls.load(Ordering::Relaxed);
        if now == last {
            break;
        }
        last = now;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_closure_may_set_other_items() {
    let handle: Arc<std::sync::OnceLock<Simulator>> = Arc::default();
    let inside = Arc::clone(&handle);
    let simulator = Simulator::builder()
        .item(Item::new("Copy", 0))
        .item(Item::new("Source", 0).write_with(move |value| {
            inside.get().unwrap().set("Copy", value).unwrap();
            Ok(())
        }))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    handle.set(simulator).unwrap();
    let mut changes = peer.subscribe(&[item("Copy")], 0.0).await;
    next(&mut changes).await;
    assert_eq!(peer.write("Source", 5).await, StatusCode::Good);
    assert_eq!(next(&mut changes).await.value, Some(Variant::Int32(5)));
}
