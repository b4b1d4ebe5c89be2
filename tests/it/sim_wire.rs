//! What comes over the simulator's port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use opcua::types::{StatusCode, UAString};
use openopc::sim::Simulator;

use crate::peer::Peer;

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

const NO_TEXT: [u8; 4] = [0xFF; 4];

/// A chunk with this body after its header.
fn chunk(kind: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len() + 8).unwrap();
    [&kind[..], &size.to_le_bytes(), &body].concat()
}

fn request_header() -> Vec<u8> {
    // No session, no time, handle 1, no diagnostics, no audit entry, no timeout, nothing additional.
    [&[0; 2][..], &[0; 8], &1u32.to_le_bytes(), &[0; 4], &NO_TEXT, &[0; 4], &[0; 3]].concat()
}

fn read_chunk(stream: &mut TcpStream) -> Vec<u8> {
    let mut chunk = vec![0; 8];
    stream.read_exact(&mut chunk).unwrap();
    let size = u32::from_le_bytes(chunk[4..8].try_into().unwrap());
    chunk.resize(usize::try_from(size).unwrap(), 0);
    stream.read_exact(&mut chunk[8..]).unwrap();
    chunk
}

/// Opens a channel without security; what comes back is the connection and the channel's id.
fn open_channel(simulator: &Simulator) -> (TcpStream, [u8; 4]) {
    let mut stream = connect(simulator);
    let url = simulator.url().as_bytes();
    let length = u32::try_from(url.len()).unwrap().to_le_bytes();
    let buffer = 65_535u32.to_le_bytes();
    stream.write_all(&chunk(*b"HELF", &[&[0; 4], &buffer, &buffer, &[0; 8], &length, url])).unwrap();
    assert!(read_chunk(&mut stream).starts_with(b"ACK"));
    let policy = b"http://opcfoundation.org/UA/SecurityPolicy#None";
    let length = u32::try_from(policy.len()).unwrap().to_le_bytes();
    let (one, lifetime) = (1u32.to_le_bytes(), 60_000u32.to_le_bytes());
    let security = [&[0; 4][..], &length, policy, &NO_TEXT, &NO_TEXT].concat();
    let body = [&[1, 0, 0xBE, 1][..], &request_header(), &[0; 8], &one, &NO_TEXT, &lifetime].concat();
    stream.write_all(&chunk(*b"OPNF", &[&security, &one, &one, &body])).unwrap();
    let answer = read_chunk(&mut stream);
    (stream, answer[8..12].try_into().unwrap())
}

/// A Write of one value: a `DiagnosticInfo` this deep in others.
fn nested_write(depth: usize) -> Vec<u8> {
    let one = 1u32.to_le_bytes();
    let node = [&[0; 2][..], &13u32.to_le_bytes(), &NO_TEXT, &[1, 25]].concat();
    [&[1, 0, 0xA1, 2][..], &request_header(), &one, &node, &vec![0x40; depth], &[0]].concat()
}

/// Not even a session is needed for this.
#[test]
fn nested_diagnostics_cannot_overflow() {
    let simulator = Simulator::builder().preset().start_blocking().unwrap();
    for depth in [1000, 19_000, 21_000, 60_000, 1_000_000] {
        let (mut stream, channel) = open_channel(&simulator);
        let body = nested_write(depth);
        let count = body.chunks(60_000).count();
        let mut refused = false;
        for (index, part) in body.chunks(60_000).enumerate() {
            let kind = if index + 1 == count { *b"MSGF" } else { *b"MSGC" };
            let sequence = u32::try_from(index + 2).unwrap().to_le_bytes();
            let (token, request) = (1u32.to_le_bytes(), 2u32.to_le_bytes());
            refused |=
                stream.write_all(&chunk(kind, &[&channel, &token, &sequence, &request, part])).is_err();
        }
        assert!(!refused);
        let answer = read_chunk(&mut stream);
        if depth < 20_000 {
            assert!(answer.starts_with(b"MSGF"), "{depth} levels: {:?}", &answer[..12]);
        } else {
            assert!(answer.starts_with(b"ERRF"), "{depth} levels");
            assert_eq!(answer[8..12], StatusCode::BadEncodingLimitsExceeded.bits().to_le_bytes());
        }
    }
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
        let mut buffer = vec![0; 65_536];
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
        let size = u32::from_le_bytes(seen[at + 4..at + 8].try_into().unwrap());
        let size = usize::try_from(size).unwrap();
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
}
