//! What the tests of the client share.

use std::time::Duration;

use openopc::sim::{Item, Request, Service, Simulator};
use openopc::{Client, Reading};
use tokio::sync::mpsc;

/// Far longer than anything here takes: whoever waits so long hangs.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A refresh that tests do not have to wait for.
pub(crate) const FAST: Duration = Duration::from_millis(20);

/// The future's output; fails where it never comes.
#[track_caller]
pub(crate) fn within<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        tokio::time::timeout(LONG, future).await.unwrap_or_else(|_| panic!("{place}: this never happens"))
    }
}

/// Waits for a counter or a state that nothing announces.
#[track_caller]
pub(crate) fn until(mut done: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let start = std::time::Instant::now();
        while !done() {
            assert!(start.elapsed() < LONG, "{place}: this never happens");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// As [`until`], on this thread.
#[track_caller]
pub(crate) fn until_blocking(mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "this never happens");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A simulator with these items, and a client of it.
pub(crate) async fn served(items: impl IntoIterator<Item = Item>) -> (Simulator, Client) {
    let simulator = Simulator::builder().items(items).start().await.unwrap();
    let client = openopc::open(simulator.url()).await.unwrap();
    (simulator, client)
}

/// `N0` … with the number as the value.
pub(crate) fn numbered(count: i32) -> impl Iterator<Item = Item> {
    (0..count).map(|n| Item::new(format!("N{n}"), n).writable())
}

/// Where the readings of a callback come out.
pub(crate) struct Readings(mpsc::UnboundedReceiver<Reading>);

impl Readings {
    #[track_caller]
    pub(crate) fn next(&mut self) -> impl Future<Output = Reading> + '_ {
        let next = within(self.0.recv());
        async move { next.await.expect("the callback is gone") }
    }

    /// `None` once the callback is gone.
    pub(crate) async fn last(&mut self) -> Option<Reading> {
        within(self.0.recv()).await
    }

    /// What has come so far.
    pub(crate) fn now(&mut self) -> Option<Reading> {
        self.0.try_recv().ok()
    }
}

/// A callback that passes its readings on.
pub(crate) fn collect() -> (impl FnMut(Reading) + Send + 'static, Readings) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let callback = move |reading| {
        let _ = sender.send(reading);
    };
    (callback, Readings(receiver))
}

/// All requests but the client's question, every few seconds, whether the server is still there.
pub(crate) fn sent(simulator: &Simulator) -> Vec<Request> {
    let keep_alive = |request: &Request| request.service == Service::Read && request.items == ["i=2259"];
    simulator.requests().into_iter().filter(|request| !keep_alive(request)).collect()
}

/// The requests to one service that name at least one of the simulator's own items.
pub(crate) fn requests(simulator: &Simulator, service: Service) -> Vec<Request> {
    let own = |item: &String| !item.starts_with("i=") && !item.starts_with("ns=");
    let mut requests = sent(simulator);
    requests.retain(|request| request.service == service && request.items.iter().any(own));
    requests
}

/// An error and its sources, as programs print them.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Rows of the tables of a guide: the right-hand column must be code that stands in the test's own text, or one of the
/// `words` that say why there is nothing to call. How many there are.
pub(crate) fn tried_rows(guide: &str, begins: &str, tests: &str, words: &[&str]) -> usize {
    let squeezed = |code: &str| code.split_whitespace().collect::<String>();
    let tests = squeezed(tests);
    let mut rows = 0;
    for line in guide.lines().filter(|line| line.starts_with(begins) && line.ends_with(" |")) {
        let ours = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        if ["here", "---"].contains(&ours) {
            continue;
        }
        rows += 1;
        if words.contains(&ours) {
            continue;
        }
        // The first piece of code of the cell.
        let code = ours.split('`').nth(1).unwrap_or_else(|| panic!("no code and no reason: {line}"));
        let code = squeezed(code.trim_end_matches('?').trim_end_matches(".await"));
        assert!(tests.contains(&code), "not tried: {ours}");
    }
    rows
}
