//! Faults of the network, and what a client makes of them.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use openopc::sim::{Direction, Fault, Simulator, When};
use openopc::{Client, ClientBuilder, Error, Event, Quality, Reading, State, Value};
use tokio::sync::mpsc;

use crate::support::{FAST, collect, numbered, until, within};

/// A client that comes back soon, and its events.
struct Seen {
    simulator: Simulator,
    client: Client,
    events: mpsc::UnboundedReceiver<Event>,
}

async fn seen() -> Seen {
    seen_with(|builder| builder).await
}

async fn seen_with(more: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Seen {
    let simulator = Simulator::builder().items(numbered(3)).start().await.unwrap();
    let (sender, mut events) = mpsc::unbounded_channel();
    let builder = Client::builder(simulator.url())
        .reconnect(None, Duration::from_millis(20))
        .request_timeout(Duration::from_secs(20))
        .on_event(move |event| _ = sender.send(event));
    let client = within(more(builder).open()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    Seen { simulator, client, events }
}

impl Seen {
    async fn event(&mut self) -> Event {
        within(self.events.recv()).await.unwrap()
    }

    /// The next event that is not about an attempt.
    async fn turn(&mut self) -> Event {
        loop {
            match self.event().await {
                Event::Retrying { .. } | Event::RetryFailed { .. } => {}
                other => return other,
            }
        }
    }

    /// For the newest connection alone.
    fn own(&self) -> When {
        When::always().connection(self.simulator.traffic().accepted)
    }

    async fn lost_and_found(&mut self) {
        assert!(matches!(self.turn().await, Event::Disconnected { .. }));
        assert!(matches!(self.turn().await, Event::Connected { .. }));
    }
}

fn lost(reading: &Reading) -> bool {
    reading.status.name() == "BadNoCommunication"
}

/// What a subscription tells of a loss: one bad reading, then the value again.
async fn a_loss_is_told(fault: Fault) {
    let mut seen = seen().await;
    let (callback, mut readings) = collect();
    let _subscription = within(seen.client.subscribe(["N1"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.value, Value::Int32(1));
    let guard = seen.simulator.inject(fault);
    within(guard.wait_fired()).await;
    let reading = readings.next().await;
    assert!(lost(&reading) && reading.value == Value::Int32(1), "{reading:?}");
    seen.lost_and_found().await;
    assert_eq!(readings.next().await.quality(), Quality::Good);
    assert_eq!(within(seen.client.read_as::<i32>("N2")).await.unwrap(), 2);
    assert_eq!(guard.fired(), 1, "what was opened afterwards stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_connections_are_told_and_come_back() {
    a_loss_is_told(Fault::Drop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_connections_are_told_and_come_back() {
    a_loss_is_told(Fault::Reset).await;
}

#[tokio::test]
async fn a_reset_is_one_on_the_wire_and_a_drop_is_not() {
    use tokio::io::AsyncReadExt as _;
    for (fault, wanted) in [(Fault::Reset, Err(std::io::ErrorKind::ConnectionReset)), (Fault::Drop, Ok(0))] {
        let simulator = Simulator::start().await.unwrap();
        let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        until(|| simulator.connections() == 1).await;
        let guard = simulator.inject(fault);
        let read = within(stream.read(&mut [0; 1])).await;
        assert_eq!(read.map_err(|error| error.kind()), wanted);
        assert_eq!(guard.fired(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_can_be_dropped_and_others_stay() {
    let mut seen = seen().await;
    let mine = seen.own();
    let other = within(openopc::open(seen.simulator.url())).await.unwrap();
    let guard = seen.simulator.inject_when(Fault::Drop, mine);
    within(guard.wait_fired()).await;
    seen.lost_and_found().await;
    assert_eq!(guard.fired(), 1);
    assert_eq!(other.state(), State::Connected);
    assert_eq!(within(other.read_as::<i32>("N1")).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drop_can_come_later() {
    let mut seen = seen().await;
    let soon = When::always().after(Duration::from_millis(50));
    let start = Instant::now();
    let guard = seen.simulator.inject_when(Fault::Drop, soon);
    assert_eq!(guard.fired(), 0);
    within(guard.wait_fired()).await;
    assert!(start.elapsed() >= Duration::from_millis(50));
    seen.lost_and_found().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_connections_are_tried_again_until_one_is_taken() {
    let mut seen = seen().await;
    let refuse = seen.simulator.inject(Fault::Refuse);
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 1, "what is open stays");
    assert_eq!(refuse.fired(), 0);
    let _drop = seen.simulator.inject(Fault::Drop);
    within(refuse.wait_fired_times(3)).await;
    assert!(matches!(seen.event().await, Event::Disconnected { .. }));
    let mut attempts = vec![];
    while attempts.len() < 3 {
        match seen.event().await {
            Event::Retrying { attempt, .. } => attempts.push(attempt),
            Event::RetryFailed { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(attempts, [1, 2, 3]);
    let error = within(seen.client.read("N1")).await.unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    drop(refuse);
    assert!(matches!(seen.turn().await, Event::Connected { .. }));
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_client_that_is_refused_from_the_start_says_so() {
    let simulator = Simulator::start().await.unwrap();
    let refuse = simulator.inject(Fault::Refuse);
    let builder = Client::builder(simulator.url()).open_timeout(Duration::from_millis(500));
    assert!(matches!(within(builder.open()).await.unwrap_err(), Error::Open { .. }));
    assert!(refuse.fired() > 0);
}

/// Neither the question nor the answer arrives until the fault ends.
async fn a_stall_is_waited_out(direction: Direction) {
    let mut seen = seen().await;
    within(seen.client.read("N1")).await.unwrap();
    let stall = seen.simulator.inject(Fault::Stall(direction));
    let client = seen.client.clone();
    let mut read = tokio::spawn(async move { client.read_as::<i32>("N1").await });
    within(stall.wait_fired()).await;
    let early = tokio::time::timeout(Duration::from_millis(50), &mut read).await;
    assert!(early.is_err(), "{early:?}");
    drop(stall);
    assert_eq!(within(read).await.unwrap().unwrap(), 1);
    assert_eq!(seen.client.state(), State::Connected);
    assert!(seen.events.try_recv().is_err(), "nothing was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_to_the_server_is_waited_out() {
    a_stall_is_waited_out(Direction::ToServer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_to_the_client_is_waited_out() {
    a_stall_is_waited_out(Direction::ToClient).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_that_lasts_is_a_timeout_and_then_good_again() {
    let timeout = Duration::from_millis(200);
    let seen = seen_with(|builder| builder.request_timeout(timeout)).await;
    within(seen.client.read("N1")).await.unwrap();
    let stall = seen.simulator.inject(Fault::Stall(Direction::Both));
    let error = within(seen.client.read("N1")).await.unwrap_err();
    assert!(error.is_timeout() || error.is_connection(), "{error:?}");
    assert!(stall.fired() > 0);
    drop(stall);
    until(|| seen.client.state() == State::Connected).await;
    while !matches!(within(seen.client.read_as::<i32>("N1")).await, Ok(1)) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_ends_by_itself_where_it_is_told_to() {
    let seen = seen().await;
    within(seen.client.read("N1")).await.unwrap();
    let span = Duration::from_millis(100);
    let start = Instant::now();
    let stall = seen.simulator.inject_when(Fault::Stall(Direction::ToServer), When::always().lasting(span));
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 1);
    assert!(start.elapsed() >= span);
    assert_eq!(stall.fired(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_makes_answers_late() {
    let seen = seen().await;
    within(seen.client.read("N1")).await.unwrap();
    let span = Duration::from_millis(60);
    let delay = seen.simulator.inject(Fault::Delay(Direction::Both, span));
    let start = Instant::now();
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 1);
    assert!(start.elapsed() >= 2 * span, "{:?}", start.elapsed());
    assert_eq!(delay.fired(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttle_makes_answers_slow() {
    let seen = seen().await;
    within(seen.client.read("N1")).await.unwrap();
    let before = seen.simulator.traffic().sent;
    let rate = NonZeroU32::new(500).unwrap();
    let throttle = seen.simulator.inject(Fault::Throttle(Direction::ToClient, rate));
    let start = Instant::now();
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 1);
    let took = start.elapsed();
    until(|| seen.simulator.traffic().sent > before).await;
    assert!(took >= Duration::from_millis(100), "an answer has more than 50 bytes: {took:?}");
    assert_eq!(throttle.fired(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_line_is_told_and_a_write_on_it_may_have_landed() {
    let mut seen = seen().await;
    within(seen.client.write("N1", 5)).await.unwrap();
    // The answer is cut in the middle, so the write has been carried out.
    let cut = seen.simulator.inject_when(Fault::Cut(Direction::ToClient, 20), seen.own());
    let error = within(seen.client.write("N1", 6)).await.unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }) && !error.is_retryable(), "{error:?}");
    within(cut.wait_fired()).await;
    seen.lost_and_found().await;
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 6);
    assert_eq!(cut.fired(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_cut_on_the_way_to_the_server_swallows_the_request() {
    let mut seen = seen().await;
    within(seen.client.write("N1", 5)).await.unwrap();
    let cut = seen.simulator.inject_when(Fault::Cut(Direction::ToServer, 20), seen.own());
    let error = within(seen.client.write("N1", 6)).await.unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
    seen.lost_and_found().await;
    assert_eq!(cut.fired(), 1);
    assert_eq!(within(seen.client.read_as::<i32>("N1")).await.unwrap(), 5);
}
