//! Foreign clients reading and changing the past in our simulator.

use chrono::{DateTime, TimeDelta, Utc};
use openopc::DataType;
use openopc::history::Sample;
use openopc::sim::{EventRecord, History, Item, Limits, Simulator};

use crate::peers::Stack;

async fn reads_our_history(stack: Stack) {
    let start: DateTime<Utc> = "2020-01-01T00:00:00Z".parse().expect("it is a time");
    let line = |count: i32| {
        let sample = |n: i32| Sample::new(start + TimeDelta::seconds(n.into()), f64::from(n));
        History::recorded().samples((0..count).map(sample))
    };
    let item = |id, history| Item::new(id, None::<f64>).data_type(DataType::Double).history(history);
    let mut limits = Limits::default();
    limits.history_values = 100;
    let builder = Simulator::builder()
        .item(item("Line", line(1_000)))
        .item(item("Edit", line(10).annotation(start + TimeDelta::seconds(1), "Ada", "calibrated")))
        .event(EventRecord::new("serviced").severity(300).time(start))
        .limits(limits);
    let simulator = builder.start().await.expect("the simulator starts");
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
