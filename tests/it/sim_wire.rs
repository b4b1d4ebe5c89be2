//! What comes over the simulator's port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use opcua::types::{
    BinaryEncodable, ContextOwned, DiagnosticInfo, StatusCode, UAString, Variant, WriteValue,
};
use openopc::sim::Simulator;

use crate::peer::{Peer, item};

fn connect(simulator: &Simulator) -> TcpStream {
    let stream = TcpStream::connect(simulator.url().trim_start_matches("opc.tcp://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// What the server says before it closes.
fn farewell(mut stream: TcpStream) -> (u32, Vec<u8>) {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    assert_eq!(&bytes[..4], b"ERRF");
    (u32::from_le_bytes(bytes[8..12].try_into().unwrap()), bytes)
}

#[test]
fn what_is_not_opc_ua_is_answered_and_closed() {
    let simulator = Simulator::builder().preset().start_blocking().unwrap();
    let cases: [(&[u8], StatusCode); 6] = [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", StatusCode::BadTcpMessageTypeInvalid),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", StatusCode::BadTcpMessageTypeInvalid),
        (b"HELF\xFF\xFF\xFF\x7F", StatusCode::BadTcpMessageTooLarge),
        (b"HELF\x01\0\0\0", StatusCode::BadTcpMessageTypeInvalid),
        (b"MSGF\x20\0\0\0", StatusCode::BadTcpMessageTypeInvalid),
        (b"\n", StatusCode::BadTcpMessageTypeInvalid),
    ];
    for (bytes, status) in cases {
        let mut stream = connect(&simulator);
        stream.write_all(bytes).unwrap();
        let start = Instant::now();
        assert_eq!(farewell(stream).0, status.bits(), "{bytes:?}");
        assert!(start.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(simulator.traffic().refused, 6);
    // Who says nothing is asked to leave.
    assert_eq!(farewell(connect(&simulator)).0, StatusCode::BadTimeout.bits());
    while simulator.connections() > 0 {
        std::thread::yield_now();
    }
}

/// A `DiagnosticInfo` this deep inside others, built and taken apart without recursion.
fn nested(depth: usize) -> Variant {
    let mut info = DiagnosticInfo::null();
    for _ in 0..depth {
        info = DiagnosticInfo { inner_diagnostic_info: Some(Box::new(info)), ..DiagnosticInfo::null() };
    }
    Variant::DiagnosticInfo(Box::new(info))
}

#[test]
fn nested_diagnostics_cannot_overflow() {
    // The client recurses as well when it encodes.
    let attack = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let simulator = Simulator::start().await.unwrap();
            for depth in [1000, 19_000, 60_000, 300_000] {
                let peer = Peer::connect(&simulator).await;
                let write = WriteValue::value_attr(item("Bucket Brigade.Int4"), nested(depth));
                let answer = peer.session.write(&[write]).await;
                if depth < 20_000 {
                    assert_eq!(answer.unwrap(), [StatusCode::BadTypeMismatch]);
                } else {
                    assert!(answer.is_err(), "{depth} levels were decoded");
                }
            }
            let peer = Peer::connect(&simulator).await;
            assert_eq!(peer.read_one("Bucket Brigade.Int4").await.value, Some(Variant::Int32(0)));
        });
    };
    std::thread::Builder::new().stack_size(1 << 30).spawn(attack).unwrap().join().unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn the_answer_to_activate_session_has_a_nonce() {
    let simulator = Simulator::start().await.unwrap();
    // The engine's client keeps the nonce to itself, so this looks at the bytes.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tap = listener.local_addr().unwrap();
    let behind = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = std::sync::Arc::clone(&seen);
    let task = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (client, _) = listener.accept().await.unwrap();
        let server = tokio::net::TcpStream::connect(behind).await.unwrap();
        let (mut client_read, mut client_write) = client.into_split();
        let (mut server_read, mut server_write) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut client_read, &mut server_write).await });
        let mut buffer = [0; 65_536];
        loop {
            let count = server_read.read(&mut buffer).await.unwrap();
            if count == 0 {
                return;
            }
            keep.lock().unwrap().extend_from_slice(&buffer[..count]);
            client_write.write_all(&buffer[..count]).await.unwrap();
        }
    });
    let mut client = opcua::client::ClientBuilder::new()
        .application_name("x")
        .application_uri("urn:x")
        .create_sample_keypair(false)
        .pki_dir("\0")
        .session_retry_limit(0)
        .client()
        .unwrap();
    let endpoint = opcua::types::EndpointDescription {
        endpoint_url: UAString::from(format!("opc.tcp://{tap}/")),
        security_policy_uri: "http://opcfoundation.org/UA/SecurityPolicy#None".into(),
        security_mode: opcua::types::MessageSecurityMode::None,
        user_identity_tokens: Some(vec![opcua::types::UserTokenPolicy {
            policy_id: "anonymous".into(),
            ..opcua::types::UserTokenPolicy::anonymous()
        }]),
        ..Default::default()
    };
    let (session, event_loop) =
        client.connect_to_endpoint_directly(endpoint, opcua::client::IdentityToken::Anonymous).unwrap();
    let running = event_loop.spawn();
    assert!(session.wait_for_connection().await);
    session.disconnect().await.unwrap();
    running.await.unwrap();
    task.await.unwrap();
    let seen = seen.lock().unwrap();
    let mut at = 0;
    let mut nonces = Vec::new();
    while at < seen.len() {
        let size = u32::from_le_bytes(seen[at + 4..at + 8].try_into().unwrap()) as usize;
        let chunk = &seen[at..at + size];
        if chunk.starts_with(b"MSG") && chunk[24..28] == [1, 0, 0xD6, 1] {
            // Time, handle, result, diagnostics, strings, additional header; then the nonce.
            let nonce = 28 + 8 + 4 + 4 + 1 + 4 + 3;
            assert_eq!(chunk[nonce..nonce + 4], 32u32.to_le_bytes());
            nonces.push(chunk[nonce + 4..nonce + 36].to_vec());
        }
        at += size;
    }
    assert_eq!(at, seen.len());
    assert_eq!(nonces.len(), 1);
    assert_ne!(nonces[0], [0; 32]);
}

#[tokio::test(flavor = "current_thread")]
async fn large_requests_in_many_chunks_arrive_whole() {
    let simulator = Simulator::builder()
        .item(openopc::sim::Item::new("Big", vec![0.0f64]).writable())
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let values: Vec<f64> = (0..200_000).map(f64::from).collect();
    assert_eq!(peer.write("Big", values.clone()).await, StatusCode::Good);
    assert_eq!(peer.read_one("Big").await.value, Some(values.into()));
    assert!(simulator.traffic().received > 1_600_000);
    let _ = ContextOwned::default().context();
    let _ = Variant::from(1).byte_len(&ContextOwned::default().context());
}
