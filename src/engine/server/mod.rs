//! The engine's server, serving the items of a simulator.
//!
//! The engine asks a list of node managers, first come first served. Ours are [`front`], which answers for every node
//! and asks the engine's own manager of namespace 0 where it must, and [`back`], which has the last word on browses.

mod attributes;
mod back;
mod browse;
mod config;
mod front;
mod monitor;
mod sampler;
mod sessions;
mod standard;
mod translate;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use opcua::server::ServerHandle;
use tokio::sync::{mpsc, oneshot};

use crate::sim::{Limits, Space};

/// Told once whether the server could start.
pub(crate) type Ready = Box<dyn FnOnce(Result<(), String>) + Send>;

/// What the simulator decides about the server.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The host name in the endpoints' URLs.
    pub(crate) host: String,
    pub(crate) limits: Limits,
}

/// A running server on a thread of its own.
#[derive(Debug)]
pub(crate) struct Server {
    /// Dropping it ends the server.
    stop: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<Result<(), String>>,
    connections: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// The engine decodes nested `DiagnosticInfo` by recursion without a limit
/// (async-opcua-types 0.19.0, diagnostic_info.rs:232); this is reserved, not used, unless somebody sends that.
const STACK: usize = 64 * 1024 * 1024;

impl Server {
    pub(crate) fn start(
        space: Arc<Space>,
        settings: Settings,
        listener: TcpListener,
        ready: Ready,
    ) -> Result<Server, String> {
        listener.set_nonblocking(true).map_err(|error| format!("cannot prepare the socket: {error}"))?;
        let (stop, stopped) = oneshot::channel();
        let (send, ended) = mpsc::channel(1);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let thread = std::thread::Builder::new()
            .name("openopc-sim".into())
            .stack_size(STACK)
            .spawn(move || {
                let result = serve(space, settings, listener, &count, ready, stopped);
                // Nobody waits for it unless `stop` was called.
                let _ = send.try_send(result);
            })
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Server { stop: Some(stop), ended, connections, thread: Some(thread) })
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Ends the server and waits for the end.
    pub(crate) async fn stop(&mut self) -> Result<(), String> {
        drop(self.stop.take());
        let result = self.ended.recv().await.unwrap_or_else(|| Err("its thread panicked".into()));
        // The thread has nothing left to do but to end.
        drop(self.thread.take());
        result
    }
}

/// One thread for everything: a request would otherwise cost a hop to another core, which takes longer than the
/// request.
fn serve(
    space: Arc<Space>,
    settings: Settings,
    listener: TcpListener,
    connections: &Arc<AtomicUsize>,
    ready: Ready,
    stopped: oneshot::Receiver<()>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            ready(Err(format!("cannot start a runtime: {error}")));
            return Err(error.to_string());
        }
    };
    runtime.block_on(async move {
        match config::build(&space, &settings) {
            Ok((server, handle, front)) => {
                let listener = match tokio::net::TcpListener::from_std(listener) {
                    Ok(listener) => listener,
                    Err(error) => {
                        ready(Err(format!("cannot use the socket: {error}")));
                        return Err(error.to_string());
                    }
                };
                let _ = connections;
                run(server, handle, front, listener, ready, stopped).await
            }
            Err(error) => {
                ready(Err(error.clone()));
                Err(error)
            }
        }
    })
}

async fn run(
    server: opcua::server::Server,
    handle: ServerHandle,
    monitors: Arc<monitor::Monitors>,
    listener: tokio::net::TcpListener,
    ready: Ready,
    stopped: oneshot::Receiver<()>,
) -> Result<(), String> {
    let sampler = tokio::spawn(sampler::run(monitors));
    let serving = server.run_with(listener);
    tokio::pin!(serving);
    // The socket listens already and the engine starts accepting at its first poll: whoever connects from now on is
    // served.
    ready(Ok(()));
    let result = tokio::select! {
        result = &mut serving => result,
        _ = stopped => {
            handle.cancel();
            // A client that does not read its goodbye must not keep the server alive.
            tokio::time::timeout(std::time::Duration::from_secs(1), &mut serving).await.unwrap_or(Ok(()))
        }
    };
    sampler.abort();
    result
}
