//! `servers`, `endpoints` and `info`: what there is to connect to, and what one is connected to.

use std::time::Duration;

use openopc::sim::{Service, Simulator};
use openopc::{Client, Error, IdentityKind, Operation, Security, ServerKind, ServerState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{chain, sent, within};

#[tokio::test]
async fn a_server_tells_of_itself() {
    let simulator = Simulator::start().await.unwrap();
    // Spawned: what a verb gives must be `Send`.
    let servers = tokio::spawn(openopc::servers(simulator.url().to_owned())).await.unwrap().unwrap();
    assert_eq!(servers.len(), 1, "{servers:?}");
    let server = &servers[0];
    assert_eq!((server.name.as_str(), server.kind), ("openopc simulator", ServerKind::Server));
    assert_eq!(server.uri, "urn:openopc:simulator");
    assert_eq!(server.urls, [simulator.url()]);
    // What it says of itself leads to it.
    let endpoints = tokio::spawn(openopc::endpoints(server.urls[0].clone())).await.unwrap().unwrap();
    assert_eq!(endpoints.len(), 1, "{endpoints:?}");
    let endpoint = &endpoints[0];
    assert_eq!(endpoint.url, simulator.url());
    assert_eq!((endpoint.security, endpoint.policy.as_str()), (Some(Security::None), "None"));
    assert_eq!(endpoint.identities, [IdentityKind::Anonymous]);
    assert_eq!(endpoint.transport, "uatcp-uasc-uabinary");
    assert_eq!(endpoint.thumbprint, None);
    assert_eq!(&endpoint.server, server);
    for (service, count) in
        [(Service::FindServers, 1), (Service::GetEndpoints, 1), (Service::CreateSession, 0)]
    {
        assert_eq!(simulator.request_count(service), count, "{service}");
    }
    let client =
        Client::builder(endpoint.url.clone()).security(endpoint.security.unwrap()).open().await.unwrap();
    client.close().await.unwrap();
}

#[tokio::test]
async fn the_bundled_simulator_can_be_asked_too() {
    assert_eq!(within(openopc::servers("sim:")).await.unwrap()[0].name, "openopc simulator");
    assert_eq!(within(openopc::endpoints("sim:")).await.unwrap().len(), 1);
}

#[test]
fn the_same_without_async() {
    let servers = openopc::blocking::servers("sim:").unwrap();
    assert_eq!(servers[0].kind.to_string(), "Server");
    let endpoints = openopc::blocking::endpoints("sim:").unwrap();
    assert_eq!(endpoints[0].identities[0].to_string(), "Anonymous");
}

/// Asks both ways; the errors.
async fn refused(url: &str, timeout: Duration) -> [Error; 2] {
    let builder = || Client::builder(url).open_timeout(timeout);
    let servers = within(builder().servers()).await.unwrap_err();
    let endpoints = within(builder().endpoints()).await.unwrap_err();
    assert_eq!(servers.operation(), Some(Operation::Servers));
    assert_eq!(endpoints.operation(), Some(Operation::Endpoints));
    for (error, verb) in [(&servers, "servers"), (&endpoints, "endpoints")] {
        assert_eq!(error.to_string(), format!("{verb} failed: cannot ask {url}"));
        assert!(error.is_connection() && error.is_retryable());
    }
    [servers, endpoints]
}

#[tokio::test]
async fn where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("opc.tcp://{}", listener.local_addr().unwrap());
    drop(listener);
    for error in refused(&url, Duration::from_secs(10)).await {
        assert!(chain(&error).contains("cannot reach 127.0.0.1"), "{}", chain(&error));
        assert!(!error.is_timeout());
    }
}

#[tokio::test]
async fn where_somebody_else_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("opc.tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut hello = [0; 64];
                let _ = socket.read(&mut hello).await;
                let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
            });
        }
    });
    for error in refused(&url, Duration::from_secs(10)).await {
        assert!(!error.is_timeout(), "{}", chain(&error));
        assert!(chain(&error).len() > error.to_string().len() + 5, "it says why: {}", chain(&error));
    }
}

#[tokio::test]
async fn where_nobody_ever_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("opc.tcp://{}", listener.local_addr().unwrap());
    let after = Duration::from_millis(150);
    for error in refused(&url, after).await {
        assert!(error.is_timeout(), "{}", chain(&error));
        assert!(chain(&error).ends_with("timed out after 150ms"), "{}", chain(&error));
    }
    drop(listener);
}

#[tokio::test]
async fn what_cannot_work_is_said_before_anything_is_sent() {
    for url in ["", "localhost", "http://localhost:4840", "opc.tcp://"] {
        assert!(matches!(openopc::servers(url).await, Err(Error::Config(_))), "{url}");
        assert!(matches!(openopc::endpoints(url).await, Err(Error::Config(_))), "{url}");
    }
}

#[tokio::test]
async fn info_tells_what_openopc_told() {
    let simulator = Simulator::start().await.unwrap();
    let opc = Client::builder(simulator.url()).name("line 3").open().await.unwrap();
    simulator.clear_requests();
    let info = opc.info().await.unwrap();
    let asked: Vec<Service> = sent(&simulator).iter().map(|request| request.service).collect();
    assert_eq!(asked, [Service::Read]);
    let pairs: Vec<(&str, String)> = info.pairs().collect();
    let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for ((name, text), (expected, is)) in pairs.iter().zip([
        ("Protocol", "OPC UA, TCP, no security".to_owned()),
        ("Class", format!("openopc {version}")),
        ("Client Name", "line 3".to_owned()),
        ("OPC Host", "127.0.0.1".to_owned()),
        ("OPC Server", "openopc simulator".to_owned()),
        ("State", "Running".to_owned()),
        ("Version", format!("{version} (Build 1)")),
        ("Browser", "Hierarchical".to_owned()),
        ("Start Time", pairs[8].1.clone()),
        ("Current Time", pairs[9].1.clone()),
        ("Vendor", "openopc".to_owned()),
    ]) {
        assert_eq!((*name, text), (expected, &is));
    }
    assert_eq!(pairs.len(), 11);
    assert!(time(&pairs[8].1) <= time(&pairs[9].1));
    assert_eq!((info.security, info.policy.as_str()), (Security::None, "None"));
    assert_eq!((info.url.as_str(), info.host.as_str()), (simulator.url(), "127.0.0.1"));
    assert_eq!(info.limits.nodes_per_read, Some(100_000));
    assert_eq!(info.limits.sessions, Some(200));
    assert_eq!(info.limits.browse_continuation_points, Some(1000));
    assert_eq!(info.service_level, Some(255));
    assert_eq!(info.product_uri, "https://docs.rs/openopc");
}

#[test]
fn states_have_the_words_and_numbers_of_opc_da() {
    for (state, number, name) in [
        (ServerState::Running, Some(1), "Running"),
        (ServerState::Failed, Some(2), "Failed"),
        (ServerState::NoConfiguration, Some(3), "NoConfig"),
        (ServerState::Suspended, Some(4), "Suspended"),
        (ServerState::Test, Some(5), "Test"),
        (ServerState::CommunicationFault, Some(6), "CommFault"),
        (ServerState::Shutdown, None, "Shutdown"),
        (ServerState::Unknown, None, "Unknown"),
    ] {
        assert_eq!((state.da_number(), state.da_name()), (number, name));
    }
}
