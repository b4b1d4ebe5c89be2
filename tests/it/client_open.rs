//! Opening: what can be wrong, and how it is said.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use openopc::sim::Simulator;
use openopc::{Client, Error, Event, Identity, Security, ServerState, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{chain, until, within};

const SHORT: Duration = Duration::from_millis(300);

/// A port that nobody listens on: it was free a moment ago.
async fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

/// A TCP server that sends `greeting` at once and `answer` to whatever comes first, then closes.
async fn impostor(greeting: &'static [u8], answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = socket.write_all(greeting).await;
                let mut buffer = [0; 1024];
                if !answer.is_empty() && socket.read(&mut buffer).await.is_ok() {
                    let _ = socket.write_all(answer).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_malformed_url_is_told_what_to_write_instead() {
    for (url, words) in [
        ("", &["not a server URL", "opc.tcp://HOST:PORT"][..]),
        ("localhost:4840", &["opc.tcp://HOST:PORT"]),
        ("http://localhost:4840", &["`http`", "write opc.tcp://localhost:4840"]),
        ("opc.https://localhost", &["`opc.https`", "write opc.tcp://localhost"]),
        ("opc.tcp://", &["no host", "opc.tcp://HOST:PORT"]),
        ("opc.tcp://:4840", &["no host"]),
        ("opc.tcp://localhost:port", &["`port`", "1 to 65535"]),
        ("opc.tcp://localhost:99999", &["`99999`"]),
        ("opc.tcp://[::1", &["closing `]`"]),
        ("opc.tcp://joe:secret@localhost", &["identity"]),
        ("sim:x", &["`sim:` takes nothing behind it", "`x`"]),
        ("sim:/", &["`sim:` takes nothing behind it"]),
    ] {
        let error = within(openopc::open(url)).await.unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{url}: {error:?}");
        let text = chain(&error);
        for word in words {
            assert!(text.contains(word), "{url}: {text}");
        }
    }
}

#[tokio::test]
async fn nothing_happens_in_no_time() {
    for builder in [
        Client::builder("opc.tcp://localhost").open_timeout(Duration::ZERO),
        Client::builder("opc.tcp://localhost").request_timeout(Duration::ZERO),
        Client::builder("opc.tcp://localhost").keep_alive(Duration::ZERO),
        Client::builder("opc.tcp://localhost").reconnect(None, Duration::ZERO),
    ] {
        let error = within(builder.open()).await.unwrap_err();
        assert!(matches!(&error, Error::Config(text) if text.contains("zero")), "{error}");
    }
}

#[tokio::test]
async fn endless_timeouts_are_long_ones() {
    let simulator = Simulator::start().await.unwrap();
    let client = Client::builder(simulator.url())
        .open_timeout(Duration::MAX)
        .request_timeout(Duration::MAX)
        .keep_alive(Duration::MAX)
        .reconnect(None, Duration::MAX);
    let client = within(client.open()).await.unwrap();
    assert_eq!(within(client.read_as::<f64>("Bucket Brigade.Real8")).await.unwrap(), 0.0);
    within(client.close()).await.unwrap();
}

#[tokio::test]
async fn a_refused_port_is_an_open_error() {
    let url = format!("opc.tcp://127.0.0.1:{}", free_port().await);
    let error = within(openopc::open(&url)).await.unwrap_err();
    assert!(matches!(&error, Error::Open { url: told, .. } if *told == url), "{error:?}");
    assert!(error.is_connection() && error.is_retryable() && !error.is_timeout());
    assert!(chain(&error).contains("refused"), "{}", chain(&error));
}

#[tokio::test]
async fn an_unknown_host_is_an_open_error() {
    let error = within(openopc::open("opc.tcp://nosuchhost.invalid")).await.unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error:?}");
    assert!(chain(&error).contains("nosuchhost.invalid"), "{}", chain(&error));
}

#[tokio::test]
async fn a_host_that_never_answers_is_left_after_the_open_timeout() {
    // One that takes the connection into its backlog and no further, and one that takes it and stays silent.
    let deaf = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addresses = [deaf.local_addr().unwrap(), silent.local_addr().unwrap()];
    let holding = tokio::spawn(async move {
        let mut held = vec![];
        while let Ok((socket, _)) = silent.accept().await {
            held.push(socket);
        }
    });
    for address in addresses {
        let builder = Client::builder(format!("opc.tcp://{address}")).open_timeout(SHORT);
        let error = within(builder.open()).await.unwrap_err();
        assert!(matches!(error, Error::Open { .. }), "{error:?}");
        assert!(error.is_timeout() && error.is_connection(), "{}", chain(&error));
        assert!(chain(&error).contains("300ms"), "{}", chain(&error));
    }
    holding.abort();
}

#[tokio::test]
async fn a_server_that_falls_silent_while_it_is_asked_is_a_timeout() {
    // The timeout of one request ends before that of opening, on a server that answers discovery and no more.
    let simulator = Simulator::start().await.unwrap();
    let target = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("opc.tcp://{}", listener.local_addr().unwrap());
    let proxy = tokio::spawn(async move {
        let (mut asking, _) = listener.accept().await.unwrap();
        let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut asking, &mut server).await;
        let silent = listener.accept().await;
        std::future::pending::<()>().await;
        drop(silent);
    });
    let error = within(Client::builder(url).open_timeout(SHORT * 2).request_timeout(SHORT).open()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::Open { .. }) && error.is_timeout(), "{}", chain(&error));
    proxy.abort();
}

#[tokio::test]
async fn a_server_of_another_kind_is_an_open_error() {
    const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";
    // A message header that promises four gigabytes.
    const HUGE: &[u8] = b"ACKF\xff\xff\xff\xff\0\0\0\0\0\0\0\0";
    for (greeting, answer) in [(&b""[..], &b""[..]), (b"", HTTP), (SSH, b""), (b"", &[0; 64]), (b"", HUGE)] {
        let address = impostor(greeting, answer).await;
        let builder = Client::builder(format!("opc.tcp://{address}")).open_timeout(Duration::from_secs(5));
        let error = within(builder.open()).await.unwrap_err();
        assert!(matches!(error, Error::Open { .. }), "{error:?}");
        assert!(!error.is_timeout(), "it answered: {}", chain(&error));
    }
}

#[tokio::test]
async fn a_server_without_the_wanted_security_says_what_it_has() {
    let simulator = Simulator::start().await.unwrap();
    for (security, name) in [(Security::SignAndEncrypt, "SignAndEncrypt"), (Security::Sign, "Sign")] {
        let directory = std::env::temp_dir().join(format!("openopc-it-{}-{name}", std::process::id()));
        let builder = Client::builder(simulator.url()).security(security).pki_dir(&directory);
        let error = within(builder.open()).await.unwrap_err();
        let _ = std::fs::remove_dir_all(&directory);
        match &error {
            Error::Security { wanted, offered, .. } => assert_eq!((&**wanted, &**offered), (name, "None")),
            other => panic!("{other:?}"),
        }
        assert!(!error.is_retryable());
    }
    assert!(simulator.clients().is_empty());
}

#[tokio::test]
async fn an_identity_the_server_does_not_take_is_never_sent() {
    let simulator = Simulator::start().await.unwrap();
    let user = Identity::User { name: "joe".into(), password: "secret".into() };
    let error = within(Client::builder(simulator.url()).identity(user).open()).await.unwrap_err();
    let text = chain(&error);
    assert!(matches!(error, Error::Config(_)), "{text}");
    assert!(text.contains("Anonymous") || text.contains("in clear"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(simulator.clients().is_empty());
}

#[tokio::test]
async fn the_bundled_simulator_is_this_clients_alone() {
    let (one, two) = (openopc::open("sim:").await.unwrap(), openopc::open("sim:").await.unwrap());
    assert_eq!(one.url(), "sim:");
    one.write("Bucket Brigade.Int4", 5).await.unwrap();
    assert_eq!(one.read_as::<i32>("Bucket Brigade.Int4").await.unwrap(), 5);
    assert_eq!(two.read_as::<i32>("Bucket Brigade.Int4").await.unwrap(), 0);
    within(one.close()).await.unwrap();
    within(two.close()).await.unwrap();
}

#[tokio::test]
async fn info_and_ping_tell_about_the_server() {
    let simulator = Simulator::start().await.unwrap();
    let before = chrono::Utc::now();
    let client = Client::builder(simulator.url()).name("info test").open().await.unwrap();
    let info = within(client.info()).await.unwrap();
    assert_eq!(info.state, ServerState::Running);
    assert_eq!(info.namespaces[0], "http://opcfoundation.org/UA/");
    assert_eq!(info.namespaces[2], openopc::sim::NAMESPACE);
    for text in [&info.vendor, &info.product, &info.version, &info.uri] {
        assert!(!text.is_empty(), "{info:?}");
    }
    assert!(info.started.unwrap() <= info.now.unwrap());
    assert!(info.now.unwrap() >= before && info.now.unwrap() <= chrono::Utc::now());
    assert!(within(client.ping()).await.unwrap() < Duration::from_secs(30));
    assert_eq!(client.state(), State::Connected);
    assert_eq!(simulator.clients(), ["info test"]);
    within(client.close()).await.unwrap();
}

#[tokio::test]
async fn the_first_connection_is_an_event_and_the_end_is_the_last() {
    let simulator = Simulator::start().await.unwrap();
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let builder = Client::builder(simulator.url()).on_event(move |event| {
        let _ = sender.send(event);
    });
    let client = within(builder.open()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    within(client.close()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Closed));
    drop(client);
    assert_eq!(within(events.recv()).await, None, "the callback goes with the client");
}

/// A server keeps a session it was not told the end of, often for an hour, and has only few.
#[tokio::test]
async fn giving_up_while_opening_leaves_no_session() {
    let simulator = Simulator::start().await.unwrap();
    for step in 0..60 {
        let patience = Duration::from_micros(step * 250);
        let _ = tokio::time::timeout(patience, openopc::open(simulator.url())).await;
    }
    until(|| simulator.clients().is_empty() && simulator.connections() == 0).await;
    let metrics = tokio::runtime::Handle::current().metrics();
    until(|| metrics.num_alive_tasks() == 0).await;
}
