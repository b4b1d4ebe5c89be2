//! Several servers that stand in for each other.

use std::net::Ipv4Addr;
use std::time::Duration;

use openopc::sim::{Direction, Fault, Item, ItemFault, Restart, Service, Simulator};
use openopc::{Client, ClientBuilder, Error, Event, FailBack, Operation, Quality, Reading, State, Value};
use tokio::net::TcpSocket;
use tokio::sync::mpsc;

use crate::support::{FAST, chain, collect, sent, until, until_blocking, within};

type Events = mpsc::UnboundedReceiver<Event>;

/// Its items say which server it is.
async fn server(who: i32) -> Simulator {
    let items = [Item::new("Who", who).writable(), Item::new("Slow", who).writable()];
    Simulator::builder().items(items).start().await.unwrap()
}

/// As [`server`], with its items in another namespace than the others have them.
async fn odd_server(who: i32) -> Simulator {
    let simulator = server(who).await;
    within(simulator.restart(Restart::new().namespaces_first(["urn:first"]))).await.unwrap();
    simulator
}

/// Where nobody listens, nor anybody else can.
struct Nobody {
    url: String,
    _port: TcpSocket,
}

fn nobody() -> Nobody {
    let port = TcpSocket::new_v4().unwrap();
    port.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    Nobody { url: format!("opc.tcp://{}", port.local_addr().unwrap()), _port: port }
}

fn url(simulator: &Simulator) -> String {
    simulator.url().to_owned()
}

/// A client that looks often, and does not wait long.
fn builder<const N: usize>(urls: [&str; N]) -> ClientBuilder {
    Client::builder(urls)
        .keep_alive(Duration::from_millis(30))
        .reconnect(None, Duration::from_millis(20))
        .request_timeout(Duration::from_secs(5))
        .fail_back(FailBack::Never)
}

async fn open(builder: ClientBuilder) -> (Client, Events) {
    let (sender, events) = mpsc::unbounded_channel();
    let client = within(builder.on_event(move |event| _ = sender.send(event)).open()).await.unwrap();
    (client, events)
}

/// The next event that is no attempt.
async fn next(events: &mut Events) -> Event {
    loop {
        match within(events.recv()).await.unwrap() {
            Event::Retrying { .. } | Event::RetryFailed { .. } | Event::Unavailable { .. } => {}
            event => return event,
        }
    }
}

fn moved(from: &Simulator, to: &Simulator, level: u8) -> Event {
    Event::Moved { from: url(from), to: url(to), service_level: Some(level) }
}

const CONNECTED: Event = Event::Connected { resumed: false };

async fn who(client: &Client) -> i32 {
    within(client.read_as::<i32>("Who")).await.unwrap()
}

/// How often the client has asked this server how well it is.
fn looks(simulator: &Simulator) -> usize {
    sent(simulator).iter().filter(|request| request.items == ["i=2267"]).count()
}

/// Waits for this many more looks.
async fn looked(simulator: &Simulator, more: usize) {
    let before = looks(simulator);
    until(|| looks(simulator) >= before + more).await;
}

fn is_lost(reading: &Reading) -> bool {
    reading.status.name() == "BadNoCommunication"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_that_answers_is_opened() {
    let (dead, second, third) = (nobody(), server(2).await, server(3).await);
    let (client, mut events) = open(builder([&dead.url, second.url(), third.url()])).await;
    match within(events.recv()).await {
        Some(Event::Unavailable { url, reason }) => {
            assert_eq!(url, dead.url);
            assert!(reason.contains("cannot reach") && !reason.contains("opc.tcp"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(within(events.recv()).await, Some(CONNECTED));
    assert_eq!(client.url(), second.url());
    assert_eq!(client.urls().collect::<Vec<_>>(), [&dead.url, second.url(), third.url()]);
    let info = within(client.info()).await.unwrap();
    assert_eq!((info.url.as_str(), info.service_level), (second.url(), Some(255)));
    assert_eq!(who(&client).await, 2);
    assert_eq!(third.request_count(Service::CreateSession), 0, "nobody asks those behind a healthy one");
    within(client.close()).await.unwrap();
}

/// The best one is in the middle, and its namespaces are others than those of the one that was looked at last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_none_is_healthy_the_best_is_opened() {
    let (first, second, third) = (server(1).await, odd_server(2).await, server(3).await);
    first.set_service_level(100);
    second.set_service_level(199);
    third.set_service_level(1);
    let (client, mut events) = open(builder([first.url(), second.url(), third.url()])).await;
    assert_eq!(within(events.recv()).await, Some(CONNECTED));
    assert_eq!(client.url(), second.url());
    assert_eq!(who(&client).await, 2);
    // Those that were only looked at were told goodbye.
    until(|| first.clients().is_empty() && third.clients().is_empty()).await;
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_equals_the_first_is_opened() {
    let (first, second) = (server(1).await, server(2).await);
    first.set_service_level(0);
    second.set_service_level(0);
    let (client, _events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(client.url(), first.url());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_none_answers_the_error_names_all() {
    let (one, other) = (nobody(), nobody());
    let (one, other) = (&one.url, &other.url);
    let error = within(builder([one, other]).open()).await.unwrap_err();
    assert!(matches!(error, Error::Open { .. }) && error.is_connection());
    let text = chain(&error);
    assert!(text.starts_with(&format!("cannot open {one}, {other}: {one}: ")), "{text}");
    assert!(text.contains(&format!("; {other}: ")), "{text}");
    assert_eq!(text.matches("cannot reach").count(), 2, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_cannot_work_are_refused() {
    let none: [&str; 0] = [];
    for (error, words) in [
        (within(openopc::open(none)).await.unwrap_err(), "empty"),
        (within(openopc::open(["sim:", "opc.tcp://plant"])).await.unwrap_err(), "cannot be one of several"),
        (within(openopc::open(["opc.tcp://plant", "plant"])).await.unwrap_err(), "`plant`"),
    ] {
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains(words), "{error}");
    }
    let simulator = server(1).await;
    let client = within(openopc::open([simulator.url(), simulator.url()])).await.unwrap();
    assert_eq!(client.urls().count(), 1, "given twice, there once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_one_server_asks_for_no_level() {
    let simulator = server(1).await;
    let (client, _events) = open(builder([simulator.url()])).await;
    let keep_alives = || simulator.requests().iter().filter(|request| request.items == ["i=2259"]).count();
    until(|| keep_alives() >= 3).await;
    assert_eq!(looks(&simulator), 0);
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_server_is_replaced_by_the_next() {
    let (first, second) = (server(1).await, odd_server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    let (callback, mut readings) = collect();
    let subscription = within(client.subscribe(["Who"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(1));
    assert_eq!(within(client.resolve("Who")).await.unwrap().as_str(), "ns=2;s=Who");

    within(first.crash()).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    assert_eq!(next(&mut events).await, moved(&first, &second, 255));
    let gap = next(&mut events).await;
    assert!(matches!(gap, Event::Gap { first, last } if first < last), "{gap:?}");
    assert_eq!(next(&mut events).await, CONNECTED);
    assert_eq!((client.state(), client.url()), (State::Connected, second.url()));

    let lost = readings.next().await;
    assert!(is_lost(&lost) && lost.value == Value::Int32(1), "{lost:?}");
    let back = readings.next().await;
    assert_eq!((back.value, back.status.is_good()), (Value::Int32(2), true));
    second.set("Who", 20).unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(20));
    assert!(subscription.rejected().is_empty());
    // Everything is looked up again.
    assert_eq!(within(client.resolve("Who")).await.unwrap().as_str(), "ns=3;s=Who");
    within(client.write("Who", 21)).await.unwrap();
    assert_eq!(second.get("Who").unwrap().value, Value::Int32(21));
    assert_eq!(within(client.info()).await.unwrap().url, second.url());
    within(client.close()).await.unwrap();
    assert_eq!(next(&mut events).await, Event::Closed);
    until(|| second.clients().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_no_longer_healthy_is_left_properly() {
    let (first, second) = (server(1).await, server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["Who"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(1));

    second.set_service_level(200);
    first.set_service_level(199);
    // Without a word of a lost connection.
    assert_eq!(next(&mut events).await, moved(&first, &second, 200));
    assert!(matches!(next(&mut events).await, Event::Gap { .. }));
    assert_eq!(next(&mut events).await, CONNECTED);
    assert!(is_lost(&readings.next().await));
    assert_eq!(readings.next().await.value, Value::Int32(2));
    assert_eq!(first.request_count(Service::CloseSession), 1);
    until(|| first.clients().is_empty()).await;
    assert_eq!(who(&client).await, 2);
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_degraded_servers_the_higher_level_is_the_better() {
    let (first, second) = (server(1).await, server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    second.set_service_level(100);
    first.set_service_level(100);
    // Neither worse nor better: it is asked, told goodbye and not moved to.
    until(|| second.request_count(Service::CloseSession) >= 3).await;
    assert_eq!(client.url(), first.url());
    assert!(events.try_recv().is_err());
    second.set_service_level(101);
    assert_eq!(next(&mut events).await, moved(&first, &second, 101));
    assert_eq!(next(&mut events).await, CONNECTED);
    assert_eq!(who(&client).await, 2);
    within(client.close()).await.unwrap();
}

/// Others are lost or worse, so it stays where it is, as often as it looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stays_where_there_is_nothing_better() {
    let (first, second) = (server(1).await, nobody());
    let (client, mut events) = open(builder([first.url(), &second.url])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    first.set_service_level(0);
    looked(&first, 5).await;
    assert_eq!(who(&client).await, 1);
    assert!(events.try_recv().is_err());
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_by_rule() {
    let (first, second) = (server(1).await, server(2).await);
    let back = FailBack::After(Duration::from_millis(200));
    let (client, mut events) = open(builder([first.url(), second.url()]).fail_back(back)).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    for _ in 0..2 {
        within(first.crash()).await.unwrap();
        assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
        assert_eq!(next(&mut events).await, moved(&first, &second, 255));
        assert_eq!(next(&mut events).await, CONNECTED);
        assert_eq!(who(&client).await, 2);
        first.clear_requests();
        within(first.restart(Restart::new())).await.unwrap();
        assert_eq!(next(&mut events).await, moved(&second, &first, 255));
        assert!(first.request_count(Service::CreateSession) >= 2, "one look is not enough");
        assert_eq!(next(&mut events).await, CONNECTED);
        assert_eq!(who(&client).await, 1);
        until(|| second.clients().is_empty()).await;
    }
    // On the preferred one there is nobody to ask.
    let asked = second.request_count(Service::CreateSession);
    looked(&first, 5).await;
    assert_eq!(second.request_count(Service::CreateSession), asked);
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_only_to_a_server_that_is_as_well() {
    let (first, second) = (server(1).await, server(2).await);
    let back = FailBack::After(Duration::from_millis(50));
    first.set_service_level(150);
    let (client, mut events) = open(builder([first.url(), second.url()]).fail_back(back)).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    assert_eq!(client.url(), second.url());
    let asked = first.request_count(Service::CloseSession);
    until(|| first.request_count(Service::CloseSession) >= asked + 4).await;
    assert_eq!(client.url(), second.url());
    first.set_service_level(200);
    assert_eq!(next(&mut events).await, moved(&second, &first, 200));
    assert_eq!(next(&mut events).await, CONNECTED);
    within(client.close()).await.unwrap();
}

/// A server whose level goes up and down is left once, not at every turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_level_that_flaps_moves_nobody_to_and_fro() {
    let (first, second) = (server(1).await, server(2).await);
    let back = FailBack::After(Duration::from_secs(3600));
    let (client, mut events) = open(builder([first.url(), second.url()]).fail_back(back)).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    first.set_service_level(10);
    assert_eq!(next(&mut events).await, moved(&first, &second, 255));
    assert_eq!(next(&mut events).await, CONNECTED);
    for level in [255, 10, 255, 10] {
        first.set_service_level(level);
        looked(&second, 3).await;
    }
    assert_eq!(client.url(), second.url());
    assert!(events.try_recv().is_err());
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_back() {
    let (first, second) = (server(1).await, server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    within(first.crash()).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    assert_eq!(next(&mut events).await, moved(&first, &second, 255));
    assert_eq!(next(&mut events).await, CONNECTED);
    first.clear_requests();
    within(first.restart(Restart::new())).await.unwrap();
    looked(&second, 5).await;
    assert_eq!(first.request_count(Service::CreateSession), 0, "nobody asks it");
    // But it is there when the other one is lost.
    within(second.crash()).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    assert_eq!(next(&mut events).await, moved(&second, &first, 255));
    assert_eq!(next(&mut events).await, CONNECTED);
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_all_are_down_all_are_tried() {
    let (first, second) = (server(1).await, server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    for (returns, values) in [(&second, 2), (&second, 2), (&first, 1), (&first, 1)] {
        let from = client.url().to_owned();
        within(first.crash()).await.unwrap();
        within(second.crash()).await.unwrap();
        assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
        let (mut present, mut other) = (0, 0);
        while present < 2 || other < 2 {
            match within(events.recv()).await.unwrap() {
                Event::RetryFailed { .. } => present += 1,
                Event::Unavailable { url, .. } if url != from => other += 1,
                Event::Retrying { .. } => {}
                event => panic!("{event:?}"),
            }
        }
        let error = within(client.read("Who")).await.unwrap_err();
        assert!(matches!(&error, Error::Disconnected { url, .. } if *url == from), "{error:?}");
        within(returns.restart(Restart::new())).await.unwrap();
        let event = next(&mut events).await;
        if from == returns.url() {
            assert_eq!(event, CONNECTED, "where it was");
        } else {
            assert!(matches!(&event, Event::Moved { to, .. } if to == returns.url()), "{event:?}");
            assert_eq!(next(&mut events).await, CONNECTED);
        }
        assert_eq!(who(&client).await, values);
    }
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_that_are_used_up_close_the_client() {
    let (first, second) = (server(1).await, server(2).await);
    let builder = builder([first.url(), second.url()]).reconnect(Some(3), Duration::from_millis(20));
    let (client, mut events) = open(builder).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    within(first.crash()).await.unwrap();
    within(second.crash()).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    let mut tried = 0;
    loop {
        match within(events.recv()).await.unwrap() {
            Event::Unavailable { .. } => tried += 1,
            Event::Closed => break,
            _ => {}
        }
    }
    assert_eq!((tried, client.state()), (3, State::Closed));
}

/// The server that is being opened says nothing at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_does_not_wait_for_a_search() {
    let (first, second) = (server(1).await, server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    let stalled = second.inject(Fault::Stall(Direction::Both));
    within(first.crash()).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Disconnected { .. }));
    until(|| stalled.fired() > 0).await;
    within(client.close()).await.unwrap();
    assert_eq!((next(&mut events).await, client.state()), (Event::Closed, State::Closed));
    drop(stalled);
    until(|| second.clients().is_empty() && second.connections() == 0).await;
}

/// It may have been carried out or not, so nobody does it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_when_the_server_is_left_says_so() {
    let (first, second) = (server(1).await, server(2).await);
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    assert_eq!(within(client.read_as::<i32>("Slow")).await.unwrap(), 1);
    let slow = first.inject(Fault::item("Slow", ItemFault::Latency(Duration::from_secs(3))));
    let calls = [Operation::Write, Operation::Read].map(|operation| {
        let client = client.clone();
        tokio::spawn(async move {
            match operation {
                Operation::Write => client.write("Slow", 7).await.unwrap_err(),
                _ => client.read("Slow").await.unwrap_err(),
            }
        })
    });
    until(|| slow.fired() >= 2).await;
    first.set_service_level(1);
    for call in calls {
        let error = within(call).await.unwrap();
        assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
        assert_eq!(error.is_retryable(), error.operation() == Some(Operation::Read));
    }
    assert_eq!(next(&mut events).await, moved(&first, &second, 255));
    assert_eq!(next(&mut events).await, CONNECTED);
    assert_eq!(second.write_count("Slow").unwrap(), 0, "never on another server");
    assert_eq!(within(client.read_as::<i32>("Slow")).await.unwrap(), 2);
    within(client.close()).await.unwrap();
}

/// Writes to names go on while servers with other namespaces take turns: none lands on a node of another name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_to_a_node_of_another_server() {
    // Under the index that the first one has its items in, the second one has none: an old node would be an error.
    let first = server(1).await;
    let second = odd_server(2).await;
    let (client, mut events) = open(builder([first.url(), second.url()])).await;
    assert_eq!(next(&mut events).await, CONNECTED);
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let writing = tokio::spawn({
        let client = client.clone();
        async move {
            let (mut done, mut n) = (0, 0);
            while !*stopped.borrow_and_update() {
                n += 1;
                match client.write("Who", n).await {
                    Ok(()) => done += 1,
                    Err(Error::Disconnected { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error:?}"),
                }
            }
            done
        }
    });
    for (bad, good) in [(&first, &second), (&second, &first), (&first, &second)] {
        good.set_service_level(255);
        bad.set_service_level(0);
        assert_eq!(next(&mut events).await, moved(bad, good, 255));
        assert_eq!(next(&mut events).await, CONNECTED);
        let before = good.write_count("Who").unwrap();
        until(|| good.write_count("Who").unwrap() > before + 10).await;
    }
    stop.send(true).unwrap();
    let done = within(writing).await.unwrap();
    let written = first.write_count("Who").unwrap() + second.write_count("Who").unwrap();
    assert!(written >= done, "{written} arrived, {done} were reported");
    within(client.close()).await.unwrap();
}

#[test]
fn without_async() {
    let (first, second) =
        [1, 2].map(|who| Simulator::builder().item(Item::new("Who", who)).start_blocking().unwrap()).into();
    let opc = builder([first.url(), second.url()]).open_blocking().unwrap();
    assert_eq!(opc.read_as::<i32>("Who").unwrap(), 1);
    first.set_service_level(0);
    until_blocking(|| opc.url() == second.url() && opc.state() == State::Connected);
    assert_eq!(opc.read_as::<i32>("Who").unwrap(), 2);
    assert_eq!(opc.urls().count(), 2);
    opc.close().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_what_there_is_asks_the_first_that_answers() {
    let (dead, second) = (nobody(), server(2).await);
    let endpoints = within(openopc::endpoints([&dead.url, second.url()])).await.unwrap();
    assert_eq!(endpoints[0].url, second.url());
    let servers = within(openopc::servers(vec![dead.url.clone(), url(&second)])).await.unwrap();
    assert_eq!(servers.len(), 1);
    let error = within(openopc::servers([&dead.url])).await.unwrap_err();
    assert!(matches!(&error, Error::Discovery { url, .. } if *url == dead.url), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulators_level_is_read_and_told() {
    let simulator = server(1).await;
    let client = within(openopc::open(simulator.url())).await.unwrap();
    assert_eq!(within(client.read_as::<u8>("i=2267")).await.unwrap(), 255);
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["i=2267"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Byte(255));
    simulator.set_service_level(0);
    let told = readings.next().await;
    assert_eq!((told.value.clone(), told.quality()), (Value::Byte(0), Quality::Good));
    within(simulator.restart(Restart::new())).await.unwrap();
    let again = within(openopc::open(simulator.url())).await.unwrap();
    assert_eq!(within(again.info()).await.unwrap().service_level, Some(0));
}
