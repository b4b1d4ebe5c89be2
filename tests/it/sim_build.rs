//! Starting and ending simulators.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use opcua::types::{NodeId, StatusCode, TimestampsToReturn, Variant};
use openopc::sim::{Clock, Item, Limits, Signal, Simulator, SimulatorBuilder};
use openopc::{DataType, Error};

use crate::peer::{Peer, item, monitor, read_id};

async fn refusal(builder: SimulatorBuilder) -> String {
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, Error::Config(_) | Error::Sim(_)), "{error:?}");
    error.to_string()
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_work_is_refused_with_the_reason() {
    let wave = Signal::Sine { low: 0.0, high: 1.0, period: Duration::from_secs(1) };
    let list = Signal::List { values: vec![1.into()], every: Duration::from_secs(1) };
    let cases = [
        (vec![Item::new("Twice", 1), Item::new("Twice", 2)], "`Twice`: is there twice"),
        (vec![Item::new("", 1)], "empty id"),
        (vec![Item::new("~x", 1)], "`~x`"),
        (vec![Item::new("x".repeat(5000), 1)], "5000 bytes"),
        (vec![Item::new("A", None::<i32>)], "needs a `data_type`"),
        (vec![Item::new("A", 300).data_type(DataType::Byte)], "300 is outside"),
        (vec![Item::new("A", 1).range(2.0, 1.0)], "range 2..1"),
        (vec![Item::new("A", "x").signal(wave.clone())], "cannot be a String"),
        (vec![Item::new("A", vec![1.0]).signal(wave)], "an array cannot follow"),
        (vec![Item::new("A", 1).signal(list).writable()], "cannot be writable"),
        (vec![Item::new("A", 1).writable().read_with(|| Ok(1))], "needs `write_with`"),
    ];
    for (items, text) in cases {
        let error = refusal(Simulator::builder().items(items)).await;
        assert!(error.contains(text), "{error}");
    }
    let error = refusal(Simulator::builder().clock(Clock::Scaled(0.0))).await;
    assert!(error.contains("0 times as fast"), "{error}");
    assert!(refusal(Simulator::builder().listen("nowhere")).await.contains("`nowhere`"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(refusal(Simulator::builder().listen(&address)).await.contains(&address));
}

#[tokio::test(flavor = "current_thread")]
async fn a_listener_of_ones_own_is_used() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let simulator = Simulator::builder().preset().listener(listener).start().await.unwrap();
    assert_eq!(simulator.url(), format!("opc.tcp://127.0.0.1:{port}"));
    let peer = Peer::connect(&simulator).await;
    // The engine listens elsewhere, but clients are told of this port.
    let client = opcua::client::ClientBuilder::new()
        .application_name("x")
        .application_uri("urn:x")
        .pki_dir("\0")
        .client()
        .unwrap();
    let endpoints = client.get_server_endpoints_from_url(simulator.url()).await.unwrap();
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0].endpoint_url.as_ref(), format!("opc.tcp://127.0.0.1:{port}"));
    peer.close().await;
}

#[tokio::test(flavor = "current_thread")]
async fn stopping_frees_the_port_and_tells_clients() {
    let simulator = Simulator::start().await.unwrap();
    let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    let peer = Peer::connect(&simulator).await;
    assert_eq!(simulator.connections(), 1);
    simulator.stop().await.unwrap();
    assert!(TcpStream::connect(&address).is_err());
    drop(TcpListener::bind(&address).unwrap());
    assert!(peer.session.read(&[NodeId::new(0, 2258).into()], TimestampsToReturn::Both, 0.0).await.is_err());
}

/// Dropping sends word; the thread ends on its own.
fn wait_until_gone(address: &str) {
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn it_starts_and_drops_without_a_runtime() {
    let simulator = Simulator::builder().preset().start_blocking().unwrap();
    let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    assert_eq!(simulator.get("Random.Int2").unwrap().get::<i16>().unwrap(), 41);
    drop(simulator);
    wait_until_gone(&address);
}

#[test]
fn it_outlives_the_runtime_it_was_started_in() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let simulator = runtime.block_on(Simulator::start()).unwrap();
    drop(runtime);
    let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    let other = tokio::runtime::Runtime::new().unwrap();
    let peer = other.block_on(Peer::connect(&simulator));
    drop(simulator);
    wait_until_gone(&address);
    drop(peer);
}

#[tokio::test]
async fn many_live_side_by_side() {
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(Simulator::start().await.unwrap());
    }
    for simulator in &all {
        let peer = Peer::connect(simulator).await;
        assert_eq!(peer.read_one("Random.Int2").await.value, Some(Variant::Int16(41)));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn seeds_make_other_random_numbers() {
    let one = Simulator::builder().preset().seed(1).start().await.unwrap();
    let two = Simulator::builder().preset().seed(2).start().await.unwrap();
    let draw = |simulator: &Simulator| -> Vec<i32> {
        (0..5).map(|_| simulator.get("Random.Int4").unwrap().get().unwrap()).collect()
    };
    assert_ne!(draw(&one), draw(&two));
}

#[tokio::test(flavor = "current_thread")]
async fn limits_are_kept_and_advertised() {
    let mut limits = Limits::default();
    limits.nodes_per_read = 3;
    limits.nodes_per_write = 4;
    limits.nodes_per_browse = 5;
    limits.nodes_per_translate = 6;
    limits.monitored_items_per_call = 7;
    limits.monitored_items_per_subscription = 8;
    let simulator = Simulator::builder().preset().limits(limits).start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let advertised = [(11705, 3), (11707, 4), (11710, 5), (11712, 6), (11714, 7)];
    for (id, limit) in advertised {
        let value = peer.read(&[NodeId::new(0, id)]).await.remove(0).value;
        assert_eq!(value, Some(Variant::UInt32(limit)), "i={id}");
    }
    let reads = vec![read_id(&item("Random.Int4"), opcua::types::AttributeId::Value, ""); 4];
    let error = peer.session.read(&reads, TimestampsToReturn::Both, 0.0).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::BadTooManyOperations);
    let eight = vec![monitor(&item("Bucket Brigade.Int4"), 0.0, true); 7];
    let (id, results, _changes) = peer.subscription(eight.clone()).await;
    assert_eq!(results.len(), 7);
    let error = peer.session.create_monitored_items(id, TimestampsToReturn::Both, eight).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::BadTooManyMonitoredItems);
}

#[tokio::test(flavor = "current_thread")]
async fn only_a_manual_clock_is_advanced() {
    let simulator = Simulator::start().await.unwrap();
    assert!(matches!(simulator.advance(Duration::from_secs(1)), Err(Error::Sim(_))));
    let simulator = Simulator::builder().manual_clock().start().await.unwrap();
    assert!(matches!(simulator.advance(Duration::MAX), Err(Error::Sim(_))));
}

#[test]
fn simulators_go_between_threads() {
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<Simulator>();
    check::<SimulatorBuilder>();
}

#[test]
fn nothing_is_left_in_the_file_system() {
    let here = std::env::current_dir().unwrap();
    let simulator = Simulator::builder().preset().start_blocking().unwrap();
    drop(simulator);
    assert!(!here.join("pki").exists());
}

#[test]
fn nothing_is_left_in_memory() {
    let guard = Arc::new(());
    let held = Arc::clone(&guard);
    let item = Item::new("Live", 0).read_with(move || {
        let _ = &held;
        Ok(1)
    });
    let simulator = Simulator::builder().preset().item(item).start_blocking().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let peer = Peer::connect(&simulator).await;
        let mut changes = peer.subscribe(&[crate::peer::item("Live")], 10.0).await;
        crate::peer::next(&mut changes).await;
        peer.close().await;
    });
    assert_eq!(Arc::strong_count(&guard), 2);
    drop(simulator);
    while Arc::strong_count(&guard) > 1 {
        std::thread::yield_now();
    }
}
