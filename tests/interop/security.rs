//! Signed and encrypted, with stacks nobody here wrote.

use std::path::Path;
use std::time::Duration;

use openopc::sim::Simulator;
use openopc::{Client, ClientBuilder, Event, Security};
use tokio::sync::mpsc;

use crate::peers::Stack;
use crate::support::{flows, tag, within};

fn builder(url: &str, pki: &Path) -> ClientBuilder {
    Client::builder(url)
        .security(Security::SignAndEncrypt)
        .pki_dir(pki)
        .reconnect(None, Duration::from_millis(100))
}

async fn open(builder: ClientBuilder) -> (Client, mpsc::UnboundedReceiver<Event>) {
    let (sender, mut events) = mpsc::unbounded_channel();
    let opc = within(builder.on_event(move |event| _ = sender.send(event)).open()).await.expect("a session");
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    (opc, events)
}

/// The certificates that were turned away are trusted; how many there were.
fn trust_rejected(pki: &Path) -> usize {
    let files = std::fs::read_dir(pki.join("rejected")).expect("a folder");
    let move_it = |file: std::io::Result<std::fs::DirEntry>| {
        let file = file.expect("a file");
        std::fs::rename(file.path(), pki.join("trusted").join(file.file_name())).expect("it can be moved");
    };
    files.map(move_it).count()
}

/// Killed and started again, asyncua has another key and another certificate: nobody does anything, but where the new one has
/// to be trusted first.
async fn comes_back_with_another_certificate(trust_any: bool) {
    let Some(server) = Stack::Asyncua.secure("0") else { return };
    let pki = tempfile::tempdir().expect("a folder");
    let url = server.url.clone();
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port").to_owned();
    let builder = builder(&url, pki.path()).trust_any_certificate(trust_any);
    if !trust_any {
        let refused = within(builder.clone().open()).await.expect_err("it is not trusted");
        let text = format!("{refused}: {:?}", std::error::Error::source(&refused).map(ToString::to_string));
        assert!(text.contains("not trusted") && text.contains("rejected"), "{text}");
        assert_eq!(trust_rejected(pki.path()), 1);
    }
    let (opc, mut events) = open(builder).await;
    assert_eq!(within(opc.info()).await.expect("it answers").security, Security::SignAndEncrypt);
    let tags = [tag("Counter.Int32"), tag("ReadOnly.Int32")];
    let mut watch = within(opc.watch(tags, Duration::from_millis(100))).await.expect("a subscription");
    flows(&mut watch).await;
    drop(server);
    let _server = Stack::Asyncua.secure(&port).expect("it is installed");
    let mut trusted = trust_any;
    loop {
        match within(events.recv()).await.expect("the client is open") {
            Event::RetryFailed { reason, .. } if reason.contains("is not trusted") && !trusted => {
                assert_eq!(trust_rejected(pki.path()), 1);
                trusted = true;
            }
            Event::Connected { resumed } => break assert!(!resumed),
            _ => {}
        }
    }
    assert!(trusted);
    flows(&mut watch).await;
    opc.close().await.expect("it closes");
}

#[tokio::test]
async fn asyncua_comes_back_with_another_certificate() {
    comes_back_with_another_certificate(true).await;
}

#[tokio::test]
async fn asyncua_comes_back_with_another_certificate_that_has_to_be_trusted() {
    comes_back_with_another_certificate(false).await;
}

async fn runs_against_our_simulator(stack: Stack) {
    let builder = Simulator::builder().preset().security(Security::Best);
    let simulator = builder.user("joe", "secret").allow_anonymous(true).start().await.expect("it starts");
    let url = simulator.url().to_owned();
    let run = tokio::task::spawn_blocking(move || stack.run("secure_client", &url));
    run.await.expect("the client's checks hold");
}

#[tokio::test]
async fn asyncua_client() {
    runs_against_our_simulator(Stack::Asyncua).await;
}

#[tokio::test]
async fn node_opcua_client() {
    runs_against_our_simulator(Stack::NodeOpcua).await;
}
