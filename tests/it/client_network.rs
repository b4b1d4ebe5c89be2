//! Networks that break: a cut that the server survives, and silence.

use std::net::Ipv4Addr;
use std::time::Duration;

use openopc::sim::{Limits, Service, Simulator};
use openopc::{Client, ClientBuilder, Error, Event, State, Value};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::support::{FAST, collect, numbered, requests, until, within};

/// What the network between client and server is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Network {
    Works,
    /// Every connection ends, and new ones are refused.
    Cut,
    /// Connections stay, and nothing gets through.
    Silent,
}

/// A network that can be broken.
pub(crate) struct Proxy {
    url: String,
    network: watch::Sender<Network>,
}

impl Proxy {
    pub(crate) async fn to(simulator: &Simulator) -> Proxy {
        let target = simulator.url().trim_start_matches("opc.tcp://").to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("opc.tcp://{}", listener.local_addr().unwrap());
        let (network, state) = watch::channel(Network::Works);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = state.clone();
                if *state.borrow() != Network::Cut {
                    tokio::spawn(carry(client, target.clone(), state));
                }
            }
        });
        Proxy { url, network }
    }

    pub(crate) fn is(&self, network: Network) {
        self.network.send_replace(network);
    }

    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder(&self.url)
            .reconnect(None, Duration::from_millis(20))
            .keep_alive(Duration::from_millis(100))
            .request_timeout(Duration::from_millis(500))
    }
}

async fn carry(mut client: TcpStream, target: String, mut state: watch::Receiver<Network>) {
    let mut server = TcpStream::connect(target).await.unwrap();
    loop {
        let now = *state.borrow_and_update();
        tokio::select! {
            // First, so that nothing sent after a change gets through as before it.
            biased;
            _ = state.changed() => {}
            result = tokio::io::copy_bidirectional(&mut client, &mut server), if now == Network::Works => {
                let _ = result;
                return;
            }
        }
        if *state.borrow() == Network::Cut || state.has_changed().is_err() {
            return;
        }
    }
}

async fn next_connected(events: &mut mpsc::UnboundedReceiver<Event>) -> Event {
    loop {
        let event = within(events.recv()).await.unwrap();
        if matches!(event, Event::Connected { .. }) {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_survives_is_taken_up_again() {
    // Room for one subscription: there is no other one beside it.
    let mut limits = Limits::default();
    limits.subscriptions_per_session = 1;
    let simulator = Simulator::builder().items(numbered(3)).limits(limits).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let (sender, mut events) = mpsc::unbounded_channel();
    let client = proxy.client().on_event(move |event| _ = sender.send(event)).open();
    let client = within(client).await.unwrap();
    assert_eq!(next_connected(&mut events).await, Event::Connected { resumed: false });
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["N0", "N1"], FAST, callback)).await.unwrap();
    readings.next().await;
    readings.next().await;
    for round in 1..=3 {
        proxy.is(Network::Cut);
        until(|| client.state() == State::Reconnecting).await;
        for _ in 0..2 {
            assert_eq!(readings.next().await.status.name(), "BadNoCommunication");
        }
        // What changes while nobody hears it is there on the return.
        simulator.set("N0", round * 100).unwrap();
        proxy.is(Network::Works);
        assert_eq!(next_connected(&mut events).await, Event::Connected { resumed: true });
        let mut values = [readings.next().await.get::<i32>().unwrap(), readings.next().await.get().unwrap()];
        values.sort_unstable();
        assert_eq!(values, [1, round * 100]);
        simulator.set("N0", round * 100 + 1).unwrap();
        assert_eq!(readings.next().await.value, Value::Int32(round * 100 + 1));
        assert_eq!(within(client.read_as::<i32>("N2")).await.unwrap(), 2);
    }
    assert_eq!(
        requests(&simulator, Service::CreateMonitoredItems).len(),
        1,
        "the subscription is the first one"
    );
    assert_eq!(simulator.clients().len(), 1);
    assert_eq!(subscription.stats().dropped, 0);
    within(client.close()).await.unwrap();
    assert!(simulator.clients().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_a_timeout_and_then_a_loss() {
    let simulator = Simulator::builder().items(numbered(3)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let client = within(proxy.client().open()).await.unwrap();
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["N0"], FAST, callback)).await.unwrap();
    readings.next().await;
    within(client.read_many(["N1", "N2"])).await.unwrap();
    proxy.is(Network::Silent);
    let reads: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.read("N1").await })
        })
        .collect();
    for read in reads {
        match within(read).await.unwrap().unwrap_err() {
            Error::Timeout { after, .. } => assert_eq!(after, Duration::from_millis(500)),
            Error::Disconnected { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    // Two questions without an answer are enough, though the connection still stands.
    until(|| client.state() == State::Reconnecting).await;
    assert_eq!(readings.next().await.status.name(), "BadNoCommunication");
    proxy.is(Network::Cut);
    proxy.is(Network::Works);
    until(|| client.state() == State::Connected).await;
    while readings.next().await.value != Value::Int32(0) {}
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_in_silence_does_not_take_for_ever() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let client = within(proxy.client().keep_alive(Duration::from_secs(60)).open()).await.unwrap();
    let mut watch = within(client.watch(["N0"], FAST)).await.unwrap();
    within(watch.next()).await.unwrap();
    let before = metrics.num_alive_tasks();
    proxy.is(Network::Silent);
    let subscribing = {
        let client = client.clone();
        tokio::spawn(async move { client.watch(["N0"], FAST * 2).await.map(drop) })
    };
    within(client.close()).await.unwrap();
    assert!(matches!(within(subscribing).await.unwrap(), Err(Error::Closed { .. } | Error::Timeout { .. })));
    while within(watch.next()).await.is_some() {}
    drop((client, watch));
    until(|| metrics.num_alive_tasks() < before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_through_a_breaking_network_end_and_keep_their_order() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let client = within(proxy.client().open()).await.unwrap();
    let writing = {
        let client = client.clone();
        tokio::spawn(async move {
            let (mut done, mut failed) = (vec![], 0);
            for n in 1..=300 {
                match client.write("N0", n).await {
                    Ok(()) => done.push(n),
                    Err(error) => {
                        assert!(error.is_connection() || error.is_timeout(), "{error:?}");
                        assert!(!error.is_retryable(), "it may have been carried out");
                        failed += 1;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
            }
            (done, failed)
        })
    };
    for _ in 0..3 {
        let before = requests(&simulator, Service::Write).len();
        until(|| requests(&simulator, Service::Write).len() > before + 5 || writing.is_finished()).await;
        proxy.is(Network::Cut);
        until(|| client.state() == State::Reconnecting).await;
        proxy.is(Network::Works);
        until(|| client.state() == State::Connected).await;
    }
    let (done, failed) = within(writing).await.unwrap();
    assert!(!done.is_empty() && failed > 0, "{} done, {failed} failed", done.len());
    let written = simulator.write_count("N0").unwrap();
    assert!(usize::try_from(written).unwrap() >= done.len());
    within(client.write("N0", 1000)).await.unwrap();
    assert_eq!(simulator.get("N0").unwrap().value, Value::Int32(1000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_never_comes_may_have_landed() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let client = within(proxy.client().request_timeout(Duration::from_secs(20)).open()).await.unwrap();
    within(client.write("N0", 1)).await.unwrap();
    proxy.is(Network::Silent);
    let writing = {
        let client = client.clone();
        tokio::spawn(async move { client.write("N0", 2).await })
    };
    proxy.is(Network::Cut);
    let error = within(writing).await.unwrap().unwrap_err();
    assert!(matches!(&error, Error::Disconnected { operation: openopc::Operation::Write, .. }), "{error:?}");
    assert!(!error.is_retryable() && error.is_connection());
    let value = simulator.get("N0").unwrap().value;
    assert!([Value::Int32(1), Value::Int32(2)].contains(&value), "{value:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_do_not_return_in_one_instant() {
    let simulator = Simulator::builder().items(numbered(1)).start().await.unwrap();
    let proxy = Proxy::to(&simulator).await;
    let (sender, mut waits) = mpsc::unbounded_channel();
    let mut clients = vec![];
    for _ in 0..20 {
        let sender = sender.clone();
        let builder = proxy.client().reconnect(None, Duration::from_secs(2)).on_event(move |event| {
            if let Event::Retrying { attempt: 1, after } = event {
                let _ = sender.send(after);
            }
        });
        clients.push(within(builder.open()).await.unwrap());
    }
    proxy.is(Network::Cut);
    let mut first = std::collections::HashSet::new();
    for _ in 0..clients.len() {
        let after = within(waits.recv()).await.unwrap();
        assert!(after <= Duration::from_secs(2) && after >= Duration::from_millis(250), "{after:?}");
        first.insert(after);
    }
    assert!(first.len() >= 10, "{first:?}");
    proxy.is(Network::Works);
    until(|| clients.iter().all(|client| client.state() == State::Connected)).await;
}
