//! Every request is told as a `tracing` event, as OpenOPC's trace told its calls.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{FAST, LONG, numbered, served, within};

/// Keeps the lines of one target.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "openopc::call" && *metadata.level() <= Level::DEBUG
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            "status" => write!(self.0, " {value:?}").unwrap(),
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_request_is_told() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let (_simulator, opc) = served(numbered(3)).await;
    let start = std::time::Instant::now();
    loop {
        // Other tests ask at the same time whether anybody wants these events; what they are answered is remembered.
        tracing::callsite::rebuild_interest_cache();
        opc.read("N0").await.unwrap();
        if !std::mem::take(&mut *lines.0.lock().unwrap()).is_empty() {
            break;
        }
        assert!(start.elapsed() < LONG, "nothing is told");
    }
    opc.read_many(["N0", "N1", "N2"]).await.unwrap();
    opc.write("N0", 1).await.unwrap();
    let subscription = within(opc.subscribe(["N0", "N1"], FAST, |_| {})).await.unwrap();
    within(subscription.unsubscribe()).await.unwrap();
    let told = lines.0.lock().unwrap().clone();
    let mut rest = told.iter();
    for service in ["Read", "Write", "CreateSubscription", "CreateMonitoredItems", "DeleteSubscriptions"] {
        assert!(rest.any(|told| told.starts_with(service)), "{service} is missing in {told:?}");
    }
    assert!(told.iter().any(|line| line == "Read(3)"), "{told:?}");
    assert!(told.iter().any(|line| line == "Write(1)"), "{told:?}");
}
