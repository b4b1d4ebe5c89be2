//! The lives of one server: it can crash and be started again.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::pki::Pki;
use super::{Ready, Settings, Start};
use crate::Security;
use crate::sim::gate::Counters;
use crate::sim::{Current, Plan};

pub(super) enum Command {
    /// Ends it without a goodbye, and says when it is gone.
    Crash(Box<dyn FnOnce() + Send>),
    /// Starts it again, after a crash if it runs.
    Restart(Plan, Ready),
    /// Starts it again if it is down.
    Revive(Plan),
}

pub(super) type Commands = mpsc::UnboundedSender<Command>;
pub(super) type Inbox = mpsc::UnboundedReceiver<Command>;

/// What outlives a crash.
pub(super) struct Life {
    current: Arc<Current>,
    settings: Settings,
    /// Made with the first life; none without security.
    pki: Option<Pki>,
    address: SocketAddr,
    listener: Option<TcpListener>,
    counters: Arc<Counters>,
    inbox: Inbox,
}

impl Life {
    pub(super) fn new(
        current: Arc<Current>,
        settings: Settings,
        listener: TcpListener,
        counters: Arc<Counters>,
        inbox: Inbox,
    ) -> Result<Life, String> {
        let address = listener.local_addr().map_err(|error| format!("no local address: {error}"))?;
        prepared(&listener)?;
        Ok(Life { current, settings, pki: None, address, listener: Some(listener), counters, inbox })
    }

    /// All of them, one after the other, until nobody holds the server any more.
    pub(super) fn lead(mut self, ready: Ready) -> Result<(), String> {
        let mut ready = ready;
        loop {
            let command = match self.live(ready) {
                Ok(Some(command)) => command,
                ended => return ended.map(|_| ()),
            };
            match self.rise(command) {
                Some(next) => ready = next,
                None => return Ok(()),
            }
        }
    }

    /// One of them; what ended it, if it is not the end of all.
    ///
    /// One thread for everything: with more, each request would hop to another core, which takes longer than the
    /// request.
    fn live(&mut self, ready: Ready) -> Result<Option<Command>, String> {
        let Some(listener) = self.listener.take() else { return Err("has no socket to listen on".into()) };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                ready(Err(format!("cannot start a runtime: {error}")));
                return Err(error.to_string());
            }
        };
        if let Err(error) = self.prove() {
            ready(Err(error.clone()));
            return Err(error);
        }
        let Life { current, settings, pki, counters, inbox, .. } = self;
        let counters = Arc::clone(counters);
        let start = Start { space: current.get(), settings, pki: pki.as_ref(), listener, counters };
        // With the runtime go its sockets: what a crash is to the other side.
        runtime.block_on(async move {
            match start.prepare().await {
                Ok(running) => {
                    ready(Ok(()));
                    running.run(inbox).await
                }
                Err(error) => {
                    ready(Err(error.clone()));
                    Err(error)
                }
            }
        })
    }

    /// Waits until the server is to live again; `None` where that is never.
    fn rise(&mut self, mut command: Command) -> Option<Ready> {
        self.counters.closed();
        loop {
            match command {
                Command::Crash(done) => done(),
                Command::Restart(plan, ready) => match self.renew(plan) {
                    Ok(()) => return Some(ready),
                    Err(error) => ready(Err(error)),
                },
                Command::Revive(plan) => match self.renew(plan) {
                    Ok(()) => return Some(Box::new(|_| {})),
                    Err(error) => tracing::error!(%error, "the simulator cannot come back"),
                },
            }
            command = self.inbox.blocking_recv()?;
        }
    }

    /// Has a certificate where one is needed.
    fn prove(&mut self) -> Result<(), String> {
        if self.settings.security != Security::None && self.pki.is_none() {
            self.pki = Some(Pki::new(&self.settings.host)?);
        }
        Ok(())
    }

    fn renew(&mut self, plan: Plan) -> Result<(), String> {
        let listener = TcpListener::bind(self.address)
            .map_err(|error| format!("cannot listen on {} again: {error}", self.address))?;
        prepared(&listener)?;
        let mut namespaces = self.settings.namespaces_first.clone();
        let Plan { space, new_certificate } = plan;
        if new_certificate {
            let none = "there is no certificate to be new: the simulator has no security";
            self.pki.as_ref().ok_or(none)?.renew()?;
        }
        self.current.renew(|old| space(old, &mut namespaces)).map_err(|error| error.to_string())?;
        self.settings.namespaces_first = namespaces;
        self.listener = Some(listener);
        Ok(())
    }
}

fn prepared(listener: &TcpListener) -> Result<(), String> {
    listener.set_nonblocking(true).map_err(|error| format!("cannot prepare the socket: {error}"))
}
