//! Foreign clients against our simulator.

use openopc::sim::Simulator;

use crate::peers::Stack;

async fn runs_against_our_simulator(stack: Stack) {
    let builder = Simulator::builder().preset().alias("Old.Int4", "Random.Int4");
    let simulator = builder.start().await.expect("the simulator starts");
    let url = simulator.url().to_owned();
    tokio::task::spawn_blocking(move || stack.client(&url)).await.expect("the client's checks hold");
}

#[tokio::test]
async fn asyncua_client() {
    runs_against_our_simulator(Stack::Asyncua).await;
}

#[tokio::test]
async fn node_opcua_client() {
    runs_against_our_simulator(Stack::NodeOpcua).await;
}

/// Unmodified, with policy None: it refuses servers that give it no nonce.
#[tokio::test]
async fn open62541_client() {
    runs_against_our_simulator(Stack::Open62541).await;
}
