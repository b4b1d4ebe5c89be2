//! The TCP connection: our own connector, so that the address is the user's and no segment waits for another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opcua::client::transport::{
    Connector, SecureChannelState, StreamConnection, StreamConnector, StreamTransport, Transport,
    TransportConfiguration, TransportPollResult,
};
use opcua::core::comms::tcp_codec::TcpCodec;
use opcua::types::{ByteString, DecodingOptions, EndpointDescription, Error, StatusCode};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::FramedRead;

use super::ConnectOptions;
use super::event_loop::Backoff;

/// Connects to the host and port the user named, whatever the server's endpoints advertise: behind NAT, a container or
/// a tunnel only the user's address works.
#[derive(Clone)]
pub(super) struct Tcp {
    pub(super) host: Arc<str>,
    pub(super) port: u16,
    /// Sent in the Hello message.
    pub(super) url: String,
    /// For TCP and Hello together: neither has a limit of its own (async-opcua-client 0.19, `transport/stream.rs`).
    pub(super) timeout: Duration,
    /// Paces attempts after the first.
    pub(super) backoff: Option<Arc<Backoff>>,
    /// That of the session the connections are for.
    pub(super) nonce: Option<Arc<Nonce>>,
}

impl Tcp {
    /// To the user's address, one attempt.
    pub(super) fn once(options: &ConnectOptions) -> Tcp {
        Tcp {
            host: options.address.host.as_str().into(),
            port: options.address.port,
            url: options.address.to_string(),
            timeout: options.connect_timeout,
            backoff: None,
            nonce: None,
        }
    }
}

type Connection = StreamConnection<OwnedReadHalf, OwnedWriteHalf>;

impl Connector for Tcp {
    type Transport = Line;

    async fn connect(
        &self,
        channel: Arc<SecureChannelState>,
        outgoing: opcua::client::transport::RequestRecv,
        config: TransportConfiguration,
    ) -> Result<Self::Transport, Error> {
        if let Some(backoff) = &self.backoff {
            backoff.wait().await;
        }
        let to = self.clone();
        let dial = move |url: String, options: DecodingOptions| dial(to.clone(), url, options);
        let connector = StreamConnector::new(dial, self.url.clone());
        let nonce = self.nonce.clone();
        match tokio::time::timeout(self.timeout, connector.connect(channel.clone(), outgoing, config)).await {
            Ok(result) => result.map(|transport| Line { transport, channel, nonce }),
            Err(_) => Err(Error::new(
                StatusCode::BadTimeout,
                format!("{} port {} did not answer within {:?}", self.host, self.port, self.timeout),
            )),
        }
    }

    fn default_endpoint(&self) -> EndpointDescription {
        EndpointDescription::from(self.url.as_str())
    }
}

/// The engine's connection, with one thing put right.
pub(super) struct Line {
    transport: StreamTransport<OwnedReadHalf, OwnedWriteHalf>,
    channel: Arc<SecureChannelState>,
    /// Until it has been given back.
    nonce: Option<Arc<Nonce>>,
}

impl Transport for Line {
    async fn poll(&mut self) -> TransportPollResult {
        let result = self.transport.poll().await;
        if let Some(nonce) = &self.nonce
            && self.channel.secure_channel().read().secure_channel_id() != 0
        {
            // The channel is open, and nothing has been sent on it yet.
            nonce.give_back(&self.channel);
            self.nonce = None;
        }
        result
    }

    fn connected_url(&self) -> &str {
        self.transport.connected_url()
    }
}

/// The nonce that the server gave with the session: with it the session is taken up on another channel (Part 4, 5.7.3).
///
/// The engine has one place for this and for the nonce of the channel (async-opcua-client 0.19, `transport/state.rs:217`). A
/// new channel's takes the place of the session's, so what the engine signs and encrypts then is refused, and with security
/// no session would ever be taken up.
#[derive(Default)]
pub(super) struct Nonce(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    channel: Option<Arc<SecureChannelState>>,
    nonce: Option<ByteString>,
}

impl Nonce {
    /// The session has just been activated.
    pub(super) fn keep(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.nonce = kept
            .channel
            .as_ref()
            .map(|channel| channel.secure_channel().read().remote_nonce_as_byte_string());
    }

    fn give_back(&self, channel: &Arc<SecureChannelState>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.channel = Some(channel.clone());
        if let Some(nonce) = &kept.nonce
            && let Err(error) = channel.secure_channel().write().set_remote_nonce_from_byte_string(nonce)
        {
            // Then the server refuses the session, and there will be a new one.
            tracing::debug!(%error, "the session's nonce cannot be used");
        }
    }
}

async fn dial(to: Tcp, url: String, options: DecodingOptions) -> Result<Connection, Error> {
    let Tcp { host, port, backoff, .. } = to;
    let failed = |error: std::io::Error| {
        Error::new(StatusCode::BadCommunicationError, format!("cannot reach {host} port {port}: {error}"))
    };
    let socket = TcpStream::connect((&*host, port)).await.map_err(failed)?;
    if let Some(backoff) = backoff {
        backoff.answer();
    }
    // The engine leaves Nagle's algorithm on; a request that fits one segment would wait for the last one's ACK.
    socket.set_nodelay(true).map_err(failed)?;
    let (reader, writer) = socket.into_split();
    Ok(StreamConnection::new(FramedRead::new(reader, TcpCodec::new(options)), writer, url))
}
