//! [`Inner`]: one session's life from opening to closing, and what all verbs share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::da::Groups;
use crate::engine::Sample;
use crate::engine::client::{EventLoop, Failure, Link, LinkEvent, Task, progress};
use crate::engine::convert::structure;
use crate::subscribe::Monitor;
use crate::tag::{Answer, Resolved, Resolver};
use crate::{Error, Event, Operation, Result, State, Status, Tag};

use super::FailBack;
use super::attempt::{Found, Learnt, Taken};
use super::batch::{Batch, Wire};
use super::builder::EventCallback;
use super::limits::{Limits, Service, read_each};
use super::open::{Bundled, Settings};
use super::order::Order;
use super::redundancy::{Refused, Roaming, Servers};
use super::structures::Structures;

/// How long a server may take to say goodbye.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server that is left for a better one may: nobody can do anything meanwhile.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// Between two attempts to ask a server that is back what has changed.
const LEARN_AGAIN: Duration = Duration::from_secs(1);

/// What the user's handles share. The session closes when it is dropped.
pub(crate) struct Handle {
    inner: Arc<Inner>,
    /// Gone with the client.
    _simulator: Bundled,
}

impl Handle {
    pub(super) fn new(inner: Arc<Inner>, bundled: Bundled) -> Handle {
        Handle { inner, _simulator: bundled }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.shut(None);
    }
}

/// What the verbs and the session's task share.
pub(crate) struct Inner {
    request_timeout: Duration,
    fail_back: FailBack,
    servers: Arc<Servers>,
    resolver: Resolver,
    limits: Arc<Limits>,
    batch: Batch<Reads>,
    order: Order,
    structures: Structures,
    monitor: OnceLock<Monitor>,
    groups: Groups,
    /// Where the session lives, whatever runtime its verbs are called on.
    runtime: tokio::runtime::Handle,
    state: watch::Sender<State>,
    /// Somebody has asked to close; the goodbye may still be on its way.
    closing: AtomicBool,
    commands: mpsc::UnboundedSender<Command>,
    events: Option<mpsc::UnboundedSender<Event>>,
}

enum Command {
    Close(Option<oneshot::Sender<()>>),
}

/// Batched reads go to the server, in chunks it takes.
struct Reads {
    servers: Arc<Servers>,
    limits: Arc<Limits>,
}

impl Wire for Reads {
    type Item = Arc<Resolved>;

    fn limit(&self) -> usize {
        self.limits.chunk(Service::Read)
    }

    async fn read(&self, nodes: &[Arc<Resolved>], max_age: f64) -> Result<Vec<Sample>, Failure> {
        read_each(&self.servers.link(), &self.limits, nodes, max_age).await
    }
}

/// The session works: everything that keeps it so.
pub(super) fn start(
    servers: Servers,
    event_loop: EventLoop,
    learnt: Learnt,
    settings: Settings,
    refused: Vec<Refused>,
) -> Arc<Inner> {
    let (servers, Learnt { resolver, limits }) = (Arc::new(servers), learnt);
    let (commands, inbox) = mpsc::unbounded_channel();
    let runtime = tokio::runtime::Handle::current();
    let inner = Arc::new(Inner {
        request_timeout: settings.request_timeout,
        fail_back: settings.fail_back,
        batch: Batch::new(Reads { servers: servers.clone(), limits: limits.clone() }, runtime.clone()),
        servers,
        resolver,
        limits,
        order: Order::default(),
        structures: Structures::default(),
        monitor: OnceLock::new(),
        groups: Groups::default(),
        runtime,
        state: watch::Sender::new(State::Connected),
        closing: AtomicBool::new(false),
        commands,
        events: settings.on_event.map(events_task),
    });
    for server in refused {
        inner.tell(server.event());
    }
    inner.tell(Event::Connected { resumed: false });
    tokio::spawn(drive(inner.clone(), event_loop, inbox));
    inner
}

/// What may be different after every connect: the namespaces, the nodes, the limits.
pub(super) async fn learn(link: &Link, resolver: &Resolver, limits: &Limits) -> Result<(), Failure> {
    resolver.refresh(link).await?;
    limits.refresh(link).await
}

/// Calls the user's callback away from the connection, which must not wait for it.
fn events_task(callback: EventCallback) -> mpsc::UnboundedSender<Event> {
    let (sender, mut events) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            let call = std::panic::AssertUnwindSafe(|| callback(event));
            if std::panic::catch_unwind(call).is_err() {
                tracing::error!("the on_event callback panicked");
            }
        }
    });
    sender
}

fn retry_failed(failure: Failure) -> Event {
    let Failure { status, detail } = failure;
    let reason = if detail.is_empty() { status.to_string() } else { detail };
    Event::RetryFailed { status, reason }
}

/// Keeps the session: polls the connection, follows its events, moves to another server, closes it.
async fn drive(inner: Arc<Inner>, mut event_loop: EventLoop, mut inbox: mpsc::UnboundedReceiver<Command>) {
    let end = End(inner.clone());
    // Beside the connection, not in its way: it talks to the server, and only this loop moves the messages. Dropped where
    // it stands when the connection is lost again, so that nothing of it is done afterwards.
    let mut restoring: Option<Task> = None;
    let mut roaming = Roaming::new(inner.clone());
    roaming.settled();
    // There is a session, whether or not everything on it is there again.
    let mut up = true;
    // Not once the attempts at the present server are used up, while others are still tried.
    let mut running = true;
    let mut replies: Vec<oneshot::Sender<()>> = loop {
        tokio::select! {
            event = event_loop.next(), if running => match event {
                Some(LinkEvent::Connected { resumed }) => {
                    up = true;
                    roaming.stop();
                    restoring = Some(Box::pin(inner.clone().restore(resumed)));
                }
                Some(LinkEvent::Lost(status)) => {
                    (up, restoring) = (false, None);
                    inner.lost(status);
                    roaming.lost();
                }
                Some(LinkEvent::NothingToPublish) => {
                    if let Some(monitor) = inner.monitor.get() {
                        monitor.check();
                    }
                }
                Some(LinkEvent::Failed(failure)) => inner.tell(retry_failed(failure)),
                // The state is that of a lost connection, so nobody works with the old one.
                Some(LinkEvent::Renewed(link)) => inner.servers.renew(Arc::new(link)),
                Some(LinkEvent::Retrying { attempt, after }) => inner.tell(Event::Retrying { attempt, after }),
                None if roaming.is_seeking() => running = false,
                None => break Vec::new(),
            },
            () = progress(&mut restoring) => {
                restoring = None;
                roaming.settled();
            }
            found = roaming.next() => match found {
                Some(found) => {
                    roaming.moved();
                    if inner.change(found, &mut event_loop).await {
                        (up, running) = (true, true);
                        restoring = Some(Box::pin(inner.clone().restore(false)));
                    } else if inner.state() == State::Connected {
                        roaming.settled();
                    } else {
                        roaming.lost();
                    }
                }
                None if running => {}
                None => break Vec::new(),
            },
            command = inbox.recv() => {
                let Some(Command::Close(reply)) = command else { break Vec::new() };
                if up {
                    say_goodbye(&inner.link(), &mut event_loop, inner.request_timeout.min(CLOSE_TIMEOUT)).await;
                }
                break reply.into_iter().collect();
            }
        }
    };
    drop(roaming);
    drop(restoring);
    // The state first: calls that the end of the connection interrupts look at it.
    drop(end);
    drop(event_loop);
    inbox.close();
    while let Ok(Command::Close(reply)) = inbox.try_recv() {
        replies.extend(reply);
    }
    for reply in replies {
        let _ = reply.send(());
    }
}

/// The session's end, however it comes: also when its runtime is dropped, task and all.
struct End(Arc<Inner>);

impl Drop for End {
    fn drop(&mut self) {
        let End(inner) = self;
        // Before the monitor is looked for: one that is made from now on finds the client closed.
        inner.state.send_replace(State::Closed);
        if let Some(monitor) = inner.monitor.get() {
            monitor.close();
        }
        inner.tell(Event::Closed);
    }
}

pub(super) async fn say_goodbye(link: &Link, event_loop: &mut EventLoop, timeout: Duration) {
    let session = link.session();
    let goodbye = session.disconnect();
    let finish = async {
        tokio::pin!(goodbye);
        loop {
            tokio::select! {
                _ = &mut goodbye => break,
                event = event_loop.next() => if event.is_none() { break },
            }
        }
    };
    if tokio::time::timeout(timeout, finish).await.is_err() {
        tracing::debug!("closed without the server's answer");
    }
}

impl Inner {
    /// Of the server in use.
    pub(crate) fn url(&self) -> &str {
        self.servers.url()
    }

    pub(super) fn servers(&self) -> &Servers {
        &self.servers
    }

    pub(super) fn fail_back(&self) -> FailBack {
        self.fail_back
    }

    /// The session with the server in use. Whoever holds it stays with that server.
    pub(crate) fn link(&self) -> Arc<Link> {
        self.servers.link()
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    pub(crate) fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    pub(crate) fn structures(&self) -> &Structures {
        &self.structures
    }

    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    pub(crate) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Resolves when the client is closed for good.
    pub(crate) async fn closed(&self) {
        let mut state = self.state.subscribe();
        // The sender lives in `self`, so waiting ends only with the state.
        let _ = state.wait_for(|state| *state == State::Closed).await;
    }

    /// Resolves when the session works, or is closed for good.
    pub(crate) async fn not_reconnecting(&self) {
        let mut state = self.state.subscribe();
        let _ = state.wait_for(|state| *state != State::Reconnecting).await;
    }

    fn is_closed(&self) -> bool {
        self.closing.load(Ordering::SeqCst) || self.state() == State::Closed
    }

    /// Fails every verb on a closed client.
    pub(crate) fn check_open(&self, operation: Operation) -> Result<()> {
        if self.is_closed() { Err(Error::Closed { operation }) } else { Ok(()) }
    }

    /// Fails every verb that needs the server while it is away, or back but not looked at again: until then a tag may
    /// mean another node than it did.
    pub(crate) fn check_connected(&self, operation: Operation) -> Result<()> {
        self.check_open(operation)?;
        match self.state() {
            State::Reconnecting => Err(Error::Disconnected { operation, url: self.url().to_owned() }),
            _ => Ok(()),
        }
    }

    /// Fails where the connection is not the one that nodes were found on: they may mean others now.
    pub(crate) fn check_same(&self, operation: Operation, look: u64) -> Result<()> {
        self.check_connected(operation)?;
        if self.resolver.look() == look {
            Ok(())
        } else {
            Err(Error::Disconnected { operation, url: self.url().to_owned() })
        }
    }

    /// The session that nodes of this look belong to. A client that moves in the same moment leaves it behind, closed: what
    /// is sent there never reaches another server.
    pub(crate) fn link_of(&self, operation: Operation, look: u64) -> Result<Arc<Link>> {
        // In this order: a session of before a move is closed, and after one the look is another.
        let link = self.link();
        self.check_same(operation, look)?;
        Ok(link)
    }

    pub(crate) fn runtime(&self) -> &tokio::runtime::Handle {
        &self.runtime
    }

    /// The subscriptions of this client; made with the first one.
    pub(crate) fn monitor(self: &Arc<Self>) -> &Monitor {
        let monitor = self.monitor.get_or_init(|| Monitor::start(self));
        if self.state() == State::Closed {
            // The session ended just before and could not close what was not there.
            monitor.close();
        }
        monitor
    }

    pub(crate) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The last value that a subscription holds for a tag.
    pub(super) fn cached(&self, tag: &Tag) -> Option<Sample> {
        self.monitor.get()?.last(tag)
    }

    pub(crate) async fn batch(
        &self,
        nodes: Vec<Arc<Resolved>>,
        max_age: f64,
    ) -> Result<Vec<Sample>, Failure> {
        let mut samples = self.batch.read(nodes, max_age, self.request_timeout).await?;
        if samples.iter().any(|sample| structure::is_encoded(&sample.value)) {
            // Apart, so that a plain read stays small.
            Box::pin(self.decode(&mut samples)).await;
        }
        Ok(samples)
    }

    /// A whole call that failed, as the error of its verb. One that failed because the client was closed meanwhile says so.
    pub(crate) fn error(&self, operation: Operation, failure: Failure) -> Error {
        if self.is_closed() && (failure.is_disconnected() || failure.is_timeout()) {
            return Error::Closed { operation };
        }
        failure.into_error(operation, self.url(), self.request_timeout)
    }

    /// What the tags mean: one answer each, in order.
    pub(super) async fn find(&self, operation: Operation, tags: &[&Tag]) -> Result<Vec<Answer>> {
        let answers = self.resolver.resolve(tags, &self.link(), &self.limits).await;
        answers.map_err(|failure| self.error(operation, failure))
    }

    /// As [`find`](Self::find), with errors that name their tags.
    pub(crate) async fn resolve(
        &self,
        operation: Operation,
        tags: &[&Tag],
    ) -> Result<Vec<Result<Arc<Resolved>>>> {
        let answers = self.find(operation, tags).await?;
        let name = |(answer, tag): (Answer, &&Tag)| {
            answer.map_err(|unresolved| unresolved.into_error(operation, (*tag).clone()))
        };
        Ok(answers.into_iter().zip(tags).map(name).collect())
    }

    pub(crate) fn tell(&self, event: Event) {
        tracing::debug!(url = self.url(), ?event, "connection");
        if let Some(events) = &self.events {
            let _ = events.send(event);
        }
    }

    fn lost(&self, status: Status) {
        self.resolver.forget_all();
        self.structures.forget_all();
        if self.state.send_replace(State::Reconnecting) == State::Connected {
            if let Some(monitor) = self.monitor.get() {
                monitor.lost();
            }
            self.tell(Event::Disconnected { status });
        }
    }

    /// Leaves the present server for another one; `false` where that one is gone as well.
    async fn change(&self, found: Found, event_loop: &mut EventLoop) -> bool {
        let (index, service_level) = (found.index, found.level);
        let Some(Taken { link, event_loop: next, .. }) = found.take().await else { return false };
        // From here on nothing is begun with the old server, and nothing that it answers is believed.
        if self.state.send_replace(State::Reconnecting) == State::Connected {
            let patience = self.request_timeout.min(LEAVE_TIMEOUT);
            say_goodbye(&self.link(), event_loop, patience).await;
            // What it still said while it was left was true; now nothing is.
            if let Some(monitor) = self.monitor.get() {
                monitor.lost();
            }
        }
        *event_loop = next;
        let from = self.url().to_owned();
        self.servers.move_to(index, link);
        self.resolver.forget_all();
        self.structures.forget_all();
        self.tell(Event::Moved { from, to: self.url().to_owned(), service_level });
        true
    }

    /// After a reconnect: looks up again what may have changed, then brings the subscriptions back.
    async fn restore(self: Arc<Self>, resumed: bool) {
        // Without the namespace table a tag could mean anything. Where the connection is the trouble, its loss ends this.
        let link = self.link();
        while let Err(failure) = learn(&link, &self.resolver, &self.limits).await {
            self.tell(retry_failed(failure));
            tokio::time::sleep(LEARN_AGAIN).await;
        }
        // Lined up before anybody is told that the session works: tags added from then on come behind it.
        let restored = self.monitor.get().map(|monitor| monitor.restore(link.clone(), resumed));
        self.state.send_replace(State::Connected);
        if let Some(restored) = restored {
            restored.await;
        }
        self.tell(Event::Connected { resumed });
    }

    pub(super) async fn close(&self) {
        let (sender, done) = oneshot::channel();
        if self.shut(Some(sender)) {
            let _ = done.await;
        }
        self.closed().await;
    }

    /// Asks the session's task to close; `false` where it has ended already.
    fn shut(&self, reply: Option<oneshot::Sender<()>>) -> bool {
        self.closing.store(true, Ordering::SeqCst);
        self.commands.send(Command::Close(reply)).is_ok()
    }
}
