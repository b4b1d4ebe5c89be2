//! Foreign clients reading and changing the past in our simulator.

use std::sync::{Arc, OnceLock, Weak};

use chrono::{DateTime, TimeDelta, Utc};
use openopc::history::Sample;
use openopc::sim::{EventRecord, History, Item, Limits, Simulator};
use openopc::{DataType, Status};

use crate::peers::Stack;

const BAD: Status = Status::from_bits(0x8000_0000);

async fn reads_our_history(stack: Stack) {
    let start: DateTime<Utc> = "2020-01-01T00:00:00Z".parse().expect("it is a time");
    let line = |count: i32| {
        let sample = |n: i32| Sample::new(start + TimeDelta::seconds(n.into()), f64::from(n));
        History::recorded().samples((0..count).map(sample))
    };
    let item = |id, count| Item::new(id, None::<f64>).data_type(DataType::Double).history(line(count));
    let mut limits = Limits::default();
    limits.history_values = 100;
    // Whoever writes it hears of it.
    let rings = Arc::<OnceLock<Weak<Simulator>>>::default();
    let ring = Arc::clone(&rings);
    let bell = Item::new("Yard.Bell", 0).write_with(move |value| {
        let simulator = ring.get().and_then(Weak::upgrade).ok_or(BAD)?;
        let event =
            EventRecord::new("the bell rings").source("Yard.Bell").severity(700).field("Times", value);
        simulator.emit(event).map_err(|_| BAD)
    });
    let builder = Simulator::builder()
        .item(bell)
        .item(item("Line", 1_000))
        .item(item("Edit", 10))
        .event(EventRecord::new("serviced").severity(300).time(start))
        .limits(limits);
    let simulator = Arc::new(builder.start().await.expect("the simulator starts"));
    rings.set(Arc::downgrade(&simulator)).expect("it is set once");
    let url = simulator.url().to_owned();
    tokio::task::spawn_blocking(move || stack.run("history_client", &url))
        .await
        .expect("the client's checks hold");
}

#[tokio::test]
async fn asyncua_reads_our_history() {
    reads_our_history(Stack::Asyncua).await;
}

#[tokio::test]
async fn node_opcua_reads_our_history() {
    reads_our_history(Stack::NodeOpcua).await;
}
