//! One connection through the gate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};

use super::frame::{Header, error};
use super::inward::{BAD_TIMEOUT, Inward, Refusal, Verdict};
use super::outward::corrected;
use super::wire::{End, Wire};
use super::{Counters, Rules};
use crate::sim::fault::Direction;

/// How long a client may take to say hello.
const PATIENCE: Duration = Duration::from_secs(3);

/// Bytes read at once.
const READ: usize = 64 * 1024;

/// Serves a connection to its end.
pub(super) async fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    rules: Rules,
    counters: Arc<Counters>,
    number: u64,
) {
    let wire = Wire::new(number, &rules.space.faults);
    if wire.is_refused() {
        reset(&client);
        return;
    }
    counters.open.fetch_add(1, Ordering::Relaxed);
    let end = tokio::select! {
        // Whatever goes wrong here is the end of one connection, which both sides see by themselves.
        _ = pass(&mut client, server, rules, &counters, &wire) => End::Close,
        end = wire.ended() => end,
    };
    if end == End::Reset {
        reset(&client);
    }
    drop(client);
    counters.open.fetch_sub(1, Ordering::Relaxed);
}

/// Makes the end of a connection a reset.
fn reset(client: &TcpStream) {
    if let Err(error) = client.set_zero_linger() {
        tracing::warn!(%error, "the simulator cannot reset a connection, so it closes it");
    }
}

async fn pass(
    client: &mut TcpStream,
    server: SocketAddr,
    rules: Rules,
    counters: &Counters,
    wire: &Wire,
) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // Borrowed halves: owned ones say goodbye when they are dropped, which a reset must not.
    let (client_read, mut client_write) = client.split();
    let (server_read, server_write) = server.into_split();
    let unsecured = AtomicBool::new(false);
    let refusal = {
        let inward = inward(client_read, server_write, rules, &unsecured, counters, wire);
        let outward = outward(server_read, &mut client_write, &unsecured, counters, wire);
        tokio::pin!(inward, outward);
        tokio::select! {
            refusal = &mut inward => {
                let refusal = refusal?;
                if refusal.is_none() {
                    // The client has said its last word; the server may have some left.
                    outward.await?;
                }
                refusal
            }
            result = &mut outward => {
                result?;
                None
            }
        }
    };
    if let Some((status, reason)) = refusal {
        counters.refused.fetch_add(1, Ordering::Relaxed);
        client_write.write_all(&error(status, reason)).await?;
    }
    client_write.shutdown().await
}

/// Client to server, until the client ends or has to go.
async fn inward(
    mut client: ReadHalf<'_>,
    mut server: OwnedWriteHalf,
    rules: Rules,
    unsecured: &AtomicBool,
    counters: &Counters,
    wire: &Wire,
) -> std::io::Result<Option<Refusal>> {
    let mut inward = Inward::new(rules);
    let mut buffer = Vec::with_capacity(READ);
    let hello = tokio::time::timeout(PATIENCE, client.read_buf(&mut buffer)).await;
    let Ok(first) = hello else { return Ok(Some((BAD_TIMEOUT, "no hello within three seconds"))) };
    let mut count = first?;
    while count > 0 {
        counters.received.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
        let cut = wire.pass(Direction::ToServer, count).await;
        if let Some(allowed) = cut {
            buffer.truncate((buffer.len() - count) + allowed);
        }
        let mut done = 0;
        let mut sent = 0;
        loop {
            let rest = buffer.get(done..).unwrap_or_default();
            let header = match inward.header(rest) {
                Ok(Some(header)) if rest.len() >= header.size => header,
                Ok(_) => break,
                Err(refusal) => return Ok(Some(refusal)),
            };
            let chunk = rest.get(..header.size).unwrap_or_default();
            let verdict = match inward.chunk(header, chunk) {
                Ok(verdict) => verdict,
                Err(refusal) => return Ok(Some(refusal)),
            };
            unsecured.store(inward.is_unsecured(), Ordering::Relaxed);
            if verdict != Verdict::Pass {
                server.write_all(buffer.get(sent..done).unwrap_or_default()).await?;
                sent = done + header.size;
            }
            if let Verdict::Replace(bytes) = verdict {
                server.write_all(&bytes).await?;
            }
            done += header.size;
        }
        // Everything that passed in one go.
        server.write_all(buffer.get(sent..done).unwrap_or_default()).await?;
        if cut.is_some() {
            wire.cut().await;
        }
        buffer.drain(..done);
        buffer.reserve(READ);
        count = client.read_buf(&mut buffer).await?;
    }
    server.shutdown().await?;
    Ok(None)
}

/// Server to client, until the server ends.
async fn outward(
    mut server: OwnedReadHalf,
    client: &mut WriteHalf<'_>,
    unsecured: &AtomicBool,
    counters: &Counters,
    wire: &Wire,
) -> std::io::Result<()> {
    // Different for each connection of the process.
    static SEED: AtomicU64 = AtomicU64::new(0x6F70_656E_6F70_6321);
    let mut buffer = Vec::with_capacity(READ);
    while server.read_buf(&mut buffer).await? > 0 {
        let mut done = 0;
        let mut sent = 0;
        let mut out = Vec::new();
        while let Some(rest) = buffer.get(done..)
            && let Ok(Some(header)) = Header::parse(rest)
            && let Some(chunk) = rest.get(..header.size)
        {
            let seed = || SEED.fetch_add(1, Ordering::Relaxed);
            if unsecured.load(Ordering::Relaxed)
                && let Some(bytes) = corrected(header, chunk, true, seed())
            {
                out.extend(buffer.get(sent..done).unwrap_or_default());
                out.extend(bytes);
                sent = done + header.size;
            }
            done += header.size;
        }
        // Without a correction nothing is copied.
        let whole: &[u8] = if out.is_empty() {
            buffer.get(..done).unwrap_or_default()
        } else {
            out.extend(buffer.get(sent..done).unwrap_or_default());
            &out
        };
        if !whole.is_empty()
            && let Some(allowed) = wire.pass(Direction::ToClient, whole.len()).await
        {
            client.write_all(whole.get(..allowed).unwrap_or(whole)).await?;
            wire.cut().await;
        }
        client.write_all(whole).await?;
        counters.sent.fetch_add(u64::try_from(done).unwrap_or_default(), Ordering::Relaxed);
        buffer.drain(..done);
        buffer.reserve(READ);
    }
    Ok(())
}
