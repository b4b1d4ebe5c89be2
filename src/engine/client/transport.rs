//! The TCP connection: our own connector, so that the address is the user's and no segment waits for another.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::transport::{
    Connector, StreamConnection, StreamConnector, StreamTransport, TransportConfiguration,
};
use opcua::core::comms::tcp_codec::TcpCodec;
use opcua::types::{DecodingOptions, EndpointDescription, Error, StatusCode};
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
        }
    }
}

type Connection = StreamConnection<OwnedReadHalf, OwnedWriteHalf>;

impl Connector for Tcp {
    type Transport = StreamTransport<OwnedReadHalf, OwnedWriteHalf>;

    async fn connect(
        &self,
        channel: Arc<opcua::client::transport::SecureChannelState>,
        outgoing: opcua::client::transport::RequestRecv,
        config: TransportConfiguration,
    ) -> Result<Self::Transport, Error> {
        if let Some(backoff) = &self.backoff {
            backoff.wait().await;
        }
        let to = self.clone();
        let dial = move |url: String, options: DecodingOptions| dial(to.clone(), url, options);
        let connector = StreamConnector::new(dial, self.url.clone());
        match tokio::time::timeout(self.timeout, connector.connect(channel, outgoing, config)).await {
            Ok(result) => result,
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
