//! The engine's server, serving the items of a simulator.
//!
//! The engine asks a list of node managers, first come first served. Ours are [`front`], which answers for every node
//! and asks the engine's own manager of namespace 0 where it must, and [`back`], which has the last word on browses.

mod alias;
mod attributes;
mod back;
mod browse;
mod config;
mod front;
mod history;
mod life;
mod monitor;
mod pki;
mod registry;
mod sampler;
mod sessions;
mod standard;
mod translate;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use opcua::server::ServerHandle;
use tokio::sync::{mpsc, watch};

use self::life::{Command, Commands, Inbox, Life};
use self::monitor::Monitors;
use self::pki::Pki;
use crate::Security;
use crate::sim::gate::{self, Counters, Rules, Traffic};
use crate::sim::{Current, Limits, Plan, Space};

/// Told once whether the server could start.
pub(crate) type Ready = Box<dyn FnOnce(Result<(), String>) + Send>;

/// What the simulator decides about the server.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The host name in the endpoints' URLs.
    pub(crate) host: String,
    pub(crate) limits: Limits,
    /// The URI of the namespace of the items.
    pub(crate) namespace: String,
    /// Namespaces without nodes that come before it.
    pub(crate) namespaces_first: Vec<String>,
    /// `ManufacturerName` and `ProductName`.
    pub(crate) made_by: (String, String),
    pub(crate) security: Security,
    pub(crate) users: Vec<User>,
    pub(crate) allow_anonymous: bool,
}

/// Who may log in.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
}

impl User {
    /// What the engine knows the user by. It is never that of anonymous users, whatever the name.
    fn token(&self) -> String {
        format!("user {}", self.name)
    }
}

/// Shows no password.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A running server on a thread of its own.
#[derive(Debug)]
pub(crate) struct Server {
    /// Dropping it ends the server.
    commands: Option<Commands>,
    ended: mpsc::Receiver<Result<(), String>>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
}

/// Reserved, not used, unless somebody sends diagnostics that lie [`NESTING`] deep in each other.
const STACK: usize = 64 * 1024 * 1024;

/// What fits into [`STACK`] twice over without optimization: see the test `nested_diagnostics_cannot_overflow`.
const NESTING: usize = 20_000;

/// How long clients have to take leave.
const FAREWELL: Duration = Duration::from_secs(1);

impl Server {
    pub(crate) fn start(
        current: Arc<Current>,
        settings: Settings,
        listener: TcpListener,
        ready: Ready,
    ) -> Result<Server, String> {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (send, ended) = mpsc::channel(1);
        let counters = Arc::<Counters>::default();
        let thread = Life::new(current, settings, listener, Arc::clone(&counters), inbox)?;
        let thread = std::thread::Builder::new()
            .name("openopc-sim".into())
            .stack_size(STACK)
            // Nobody waits for the result unless `stop` was called.
            .spawn(move || _ = send.try_send(thread.lead(ready)))
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Server { commands: Some(commands), ended, counters, thread: Some(thread) })
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.counters.read()
    }

    /// The server is gone at once. A command that is dropped unheard was for a server that had ended.
    pub(crate) fn crash(&self, done: Box<dyn FnOnce() + Send>) {
        self.send(Command::Crash(done));
    }

    /// Starts it again; if it runs, it crashes first.
    pub(crate) fn restart(&self, plan: Plan, ready: Ready) {
        self.send(Command::Restart(plan, ready));
    }

    /// What starts the server again if it is down by then.
    pub(crate) fn revival(&self, plan: Plan) -> impl FnOnce() + Send + Sync + 'static {
        let commands = self.commands.as_ref().map(Commands::downgrade);
        // Only the one call takes the plan out; the lock is there so that guards can be shared.
        let plan = std::sync::Mutex::new(plan);
        move || {
            let plan = plan.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(commands) = commands.and_then(|commands| commands.upgrade()) {
                let _ = commands.send(Command::Revive(plan));
            }
        }
    }

    fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(command);
        }
    }

    /// Ends the server and waits for the end.
    pub(crate) async fn stop(&mut self) -> Result<(), String> {
        drop(self.commands.take());
        let result = self.ended.recv().await.unwrap_or_else(|| Err("its thread panicked".into()));
        // The thread has nothing left to do but to end.
        drop(self.thread.take());
        result
    }
}

/// What one life of the server starts with.
struct Start<'a> {
    space: Arc<Space>,
    settings: &'a Settings,
    pki: Option<&'a Pki>,
    listener: TcpListener,
    counters: Arc<Counters>,
}

impl Start<'_> {
    async fn prepare(self) -> Result<Running, String> {
        let Start { space, settings, pki, listener, counters } = self;
        let socket = |error| format!("cannot use the socket: {error}");
        let address = listener.local_addr().map_err(socket)?;
        let (server, handle, monitors) = config::build(&space, settings, pki, address.port())?;
        monitors.begin();
        let public = tokio::net::TcpListener::from_std(listener).map_err(socket)?;
        let private = private_listener().map_err(socket)?;
        let behind = private.local_addr().map_err(socket)?;
        let serving = tokio::spawn(server.run_with(private));
        // The engine notes the port it listens on when it is ready, and shows it to clients; ours is what they need.
        let port = &handle.info().port;
        while port.load(Ordering::Relaxed) == 0 {
            if serving.is_finished() {
                return Err("the engine ended at once".into());
            }
            tokio::task::yield_now().await;
        }
        port.store(address.port(), Ordering::Relaxed);
        let message_size = usize::try_from(settings.limits.message_size).unwrap_or(usize::MAX);
        let rules = Rules { space, message_size, nesting: NESTING };
        let (close, closing) = watch::channel(());
        let gate = tokio::spawn(gate::run(public, behind, rules, counters, closing));
        Ok(Running { handle, monitors, serving, gate, close })
    }
}

/// Where the engine listens.
///
/// The engine never sets `TCP_NODELAY` on its connections, so one of many small answers would wait for the others to be
/// acknowledged, 40 ms and longer. But connections take the option over from the socket that accepts them.
fn private_listener() -> std::io::Result<tokio::net::TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(1024)
}

/// The parts that run on the thread.
struct Running {
    handle: ServerHandle,
    monitors: Arc<Monitors>,
    serving: tokio::task::JoinHandle<Result<(), String>>,
    gate: tokio::task::JoinHandle<()>,
    close: watch::Sender<()>,
}

impl Running {
    /// Serves until a command ends it. A server that crashes says nothing to anybody.
    async fn run(mut self, inbox: &mut Inbox) -> Result<Option<Command>, String> {
        let sampling = sampler::run(&self.monitors);
        tokio::pin!(sampling);
        loop {
            tokio::select! {
                result = &mut self.serving => {
                    return result.unwrap_or_else(|error| Err(error.to_string())).map(|()| None);
                }
                // Never ends by itself.
                () = &mut sampling => {}
                command = inbox.recv() => match command {
                    None => break,
                    Some(Command::Revive(_)) => {}
                    Some(command) => return Ok(Some(command)),
                },
            }
        }
        let _ = self.close.send(());
        self.handle.cancel();
        // A client that does not read its farewell must not keep the server alive.
        let farewell = async {
            let _ = (&mut self.serving).await;
            let _ = (&mut self.gate).await;
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        Ok(None)
    }
}
