//! `list` while servers go and networks break.

use std::time::{Duration, Instant};

use openopc::sim::{Item, Limits, Simulator, SimulatorBuilder};
use openopc::{Client, Error, ListOptions, State, Tag};

use crate::client_network::{Network, Proxy};
use crate::support::{until, within};

const COUNT: usize = 3_000;

/// Pages so small that a listing takes hundreds of requests.
fn mass() -> SimulatorBuilder {
    let mut limits = Limits::default();
    limits.references_per_node = 10;
    Simulator::builder().items((0..COUNT).map(|n| Item::new(format!("Mass.N{n}"), 0))).limits(limits)
}

async fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder(simulator.url()).reconnect(None, Duration::from_millis(20));
    within(builder.open()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_goes_on_when_the_server_is_back() {
    for options in [ListOptions::new(), ListOptions::new().recursive(true)] {
        let mut simulator = mass().start().await.unwrap();
        let client = client(&simulator).await;
        let mut entries = client.list_stream("Mass", &options.patience(Duration::from_secs(20)));
        let mut found = Vec::new();
        for restart in 0..2 {
            while found.len() < 100 * (restart + 1) {
                found.push(within(entries.next()).await.unwrap().unwrap());
            }
            let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
            within(simulator.stop()).await.unwrap();
            until(|| client.state() == State::Reconnecting).await;
            simulator = mass().listen(address).start().await.unwrap();
        }
        while let Some(entry) = within(entries.next()).await {
            found.push(entry.unwrap());
        }
        assert_eq!(found.len(), COUNT);
        for (n, entry) in found.iter().enumerate() {
            assert_eq!(entry.tag, Tag::item(format!("Mass.N{n}")), "each once, in order");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_and_cuts_are_waited_for() {
    let simulator = mass().start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let client = within(proxy.client().open()).await.unwrap();
    let mut entries = client.list_stream("Mass", &ListOptions::new());
    let mut count = 0;
    for network in [Network::Silent, Network::Cut, Network::Silent] {
        for _ in 0..200 {
            within(entries.next()).await.unwrap().unwrap();
            count += 1;
        }
        proxy.is(network);
        until(|| client.state() == State::Reconnecting).await;
        proxy.is(Network::Cut);
        proxy.is(Network::Works);
    }
    while let Some(entry) = within(entries.next()).await {
        entry.unwrap();
        count += 1;
    }
    assert_eq!(count, COUNT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patience_ends() {
    let simulator = mass().start().await.unwrap();
    let client = client(&simulator).await;
    let patience = Duration::from_millis(300);
    let mut entries = client.list_stream("Mass", &ListOptions::new().patience(patience));
    within(entries.next()).await.unwrap().unwrap();
    within(simulator.stop()).await.unwrap();
    until(|| client.state() == State::Reconnecting).await;
    let start = Instant::now();
    let error = loop {
        // What had come before.
        if let Err(error) = within(entries.next()).await.unwrap() {
            break error;
        }
    };
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    assert!(error.to_string().starts_with("list failed: not connected"), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    assert!(within(entries.next()).await.is_none(), "the error of the call is the last result");
    // A listing does not even begin without a connection.
    let start = Instant::now();
    let error = within(client.list("*")).await.unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_a_listing() {
    let simulator = mass().start().await.unwrap();
    let client = client(&simulator).await;
    let mut entries = client.list_stream("Mass", &ListOptions::new());
    within(entries.next()).await.unwrap().unwrap();
    within(client.close()).await.unwrap();
    let error = loop {
        if let Err(error) = within(entries.next()).await.unwrap() {
            break error;
        }
    };
    assert!(matches!(error, Error::Closed { .. }), "{error:?}");
}
