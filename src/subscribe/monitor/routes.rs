//! [`Routes`]: from the handle in a notification to the queue of a subscription.

mod route;
mod table;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::State;
use crate::client::Inner;
use crate::engine::Sample;
use crate::engine::client::{Changes, Notice, Sink};
use crate::engine::convert::structure;
use crate::subscribe::queue::{Inlet, Queue};
use crate::tag::Resolved;

use self::table::Table;
use super::lock;
use super::task::Command;

pub(super) use self::route::Route;

/// Where the notifications of one server subscription go.
pub(super) struct Routes {
    /// For the task that asks what a structure is made of.
    me: Weak<Routes>,
    inner: Weak<Inner>,
    by_handle: Mutex<Table>,
    /// Tells the task what is to be done.
    commands: mpsc::WeakUnboundedSender<Command>,
    rate: Duration,
    /// The task has been asked to make the subscription again and has not done so yet.
    asked: AtomicBool,
    /// How often the very first message was missing.
    first_missed: AtomicU32,
}

/// More often than this, and the server does not count as the standard says: its first message is not missing at all.
const MAX_FIRST_MISSED: u32 = 5;

/// So many routes are looked up before their values are passed on.
const LOOKED_UP: usize = 16;

/// How often the server is asked for what the values that wait are made of.
const MAX_ASKED: usize = 4;

/// A queue that is being put into, so that it is locked once for the values of one subscription, which mostly come together.
#[derive(Default)]
struct Open<'a>(Option<Inlet<'a>>);

impl<'a> Open<'a> {
    fn of(&mut self, queue: &'a Queue) -> &mut Inlet<'a> {
        let open = self.0.take().filter(|open| open.is_of(queue));
        self.0.insert(open.unwrap_or_else(|| queue.open()))
    }

    /// `false` where the tag was taken out. Looks into no queue but the one that is open, or the first.
    fn expects(&mut self, route: &'a Route) -> bool {
        let open = self.0.get_or_insert_with(|| route.queue.open());
        !open.is_of(&route.queue) || open.has(route.slot)
    }
}

impl Routes {
    pub(super) fn new(
        inner: &Arc<Inner>,
        rate: Duration,
        commands: mpsc::WeakUnboundedSender<Command>,
    ) -> Arc<Routes> {
        Arc::new_cyclic(|me| Routes {
            me: me.clone(),
            inner: Arc::downgrade(inner),
            by_handle: Mutex::default(),
            commands,
            rate,
            asked: AtomicBool::new(false),
            first_missed: AtomicU32::new(0),
        })
    }

    /// The handle of a route, never 0; `None` where there are more than a server can have.
    pub(super) fn insert(&self, route: Route) -> Option<u32> {
        lock(&self.by_handle).insert(route)
    }

    pub(super) fn remove(&self, handles: impl Iterator<Item = u32>) {
        let mut by_handle = lock(&self.by_handle);
        for handle in handles {
            by_handle.remove(handle);
        }
    }

    pub(super) fn clear(&self) {
        lock(&self.by_handle).clear();
        self.asked.store(false, Ordering::SeqCst);
    }

    /// Has the subscription made again.
    fn again(&self) {
        if !self.asked.swap(true, Ordering::SeqCst) {
            self.send(Command::Again { rate: self.rate });
        }
    }

    fn send(&self, command: Command) {
        if let Some(commands) = self.commands.upgrade() {
            let _ = commands.send(command);
        }
    }

    /// What the tag of this handle means.
    pub(super) fn node(&self, handle: u32) -> Option<Arc<Resolved>> {
        lock(&self.by_handle).get(handle).map(|route| route.resolved.clone())
    }

    /// A value that was read, where none has come by itself meanwhile.
    pub(super) fn found(&self, handle: u32, sample: Sample) {
        let by_handle = lock(&self.by_handle);
        if let Some(route) = by_handle.get(handle).filter(|route| route.queue.is_open(route.slot)) {
            route.queue.push_found(route.slot, route.cut(sample));
        }
    }

    /// Nothing newer is known of a tag than what it had before it was lost.
    pub(super) fn returned(&self, handle: u32) {
        if let Some(route) = lock(&self.by_handle).get(handle) {
            route.queue.push_returned(route.slot);
        }
    }

    /// For this long the values of this tag may be ones that are known.
    pub(super) fn expect_known(&self, handle: u32, patience: Duration) {
        if let Some(route) = lock(&self.by_handle).get(handle) {
            route.expect_known(patience);
        }
    }

    /// For this long the server may send the newest value of this tag once more.
    pub(super) fn expect_again(&self, handle: u32, patience: Duration) {
        if let Some(route) = lock(&self.by_handle).get(handle) {
            route.expect_again(patience);
        }
    }

    /// The very first message is missing for good: whether the server may be believed that there was one.
    pub(super) fn believes_first_missed(&self) -> bool {
        self.first_missed.fetch_add(1, Ordering::SeqCst) < MAX_FIRST_MISSED
    }

    fn deliver(&self, changes: Changes) {
        let by_handle = lock(&self.by_handle);
        let (mut open, mut unknown) = (Open::default(), Vec::new());
        let handles: Vec<u32> = changes.handles().collect();
        let mut values = changes.into_values();
        for part in handles.chunks(LOOKED_UP) {
            // Of many thousand tags none is in the processor's cache, and it fetches several at once faster than one after
            // the other.
            let mut routes = [None; LOOKED_UP];
            for (route, handle) in routes.iter_mut().zip(part) {
                // None is a tag that was taken out while its last value was on the way.
                *route = by_handle.get(*handle);
            }
            for route in &mut routes {
                *route = route.filter(|route| open.expects(route));
            }
            for (route, (handle, sample)) in routes.into_iter().zip(values.by_ref().take(part.len())) {
                if let Some(route) = route
                    && let Some(sample) = self.decoded(handle, route, sample, &mut unknown)
                {
                    route.tell(sample, open.of(&route.queue));
                }
            }
        }
        drop(open);
        drop(by_handle);
        self.ask(unknown);
    }

    /// The sample with its structures decoded; `None` where it has to wait, with its handle in `unknown` if it is the
    /// first that does.
    fn decoded(
        &self,
        handle: u32,
        route: &Route,
        mut sample: Sample,
        unknown: &mut Vec<u32>,
    ) -> Option<Sample> {
        if route.holds.get() {
            route.hold(sample);
            return None;
        }
        if !structure::is_encoded(&sample.value) {
            return Some(sample);
        }
        let inner = self.inner.upgrade()?;
        match inner.structures().decode(sample.value) {
            Ok(value) => {
                sample.value = value;
                Some(sample)
            }
            Err(value) => {
                sample.value = value;
                route.hold(sample);
                unknown.push(handle);
                None
            }
        }
    }

    /// Asks the server, away from the engine's thread, and lets go what waited.
    fn ask(&self, handles: Vec<u32>) {
        let (Some(routes), Some(inner)) = (self.me.upgrade(), self.inner.upgrade()) else { return };
        if handles.is_empty() {
            return;
        }
        inner.runtime().clone().spawn(async move {
            for _ in 0..MAX_ASKED {
                let mut samples = routes.held(&handles);
                let open = |sample: &Sample| inner.structures().decode(sample.value.clone()).is_err();
                samples.retain(open);
                if samples.is_empty() {
                    break;
                }
                inner.decode(&mut samples).await;
            }
            routes.release(&inner, &handles);
        });
    }

    fn held(&self, handles: &[u32]) -> Vec<Sample> {
        let by_handle = lock(&self.by_handle);
        handles.iter().filter_map(|handle| by_handle.get(*handle)).flat_map(Route::held).collect()
    }

    fn release(&self, inner: &Inner, handles: &[u32]) {
        let by_handle = lock(&self.by_handle);
        // What came before a loss is no longer true; the value of now is read after it.
        let connected = inner.state() == State::Connected;
        let mut open = Open::default();
        for route in handles.iter().filter_map(|handle| by_handle.get(*handle)) {
            let held = route.release();
            if !connected && held.is_some() {
                route.lossy.set(true);
            }
            for sample in held.filter(|_| connected).into_iter().flatten() {
                let value = inner.structures().decode(sample.value).unwrap_or_else(|value| value);
                route.tell(Sample { value, ..sample }, open.of(&route.queue));
            }
        }
    }
}

impl Sink for Routes {
    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Data(changes) => self.deliver(changes),
            Notice::Status(status) if status.is_bad() => self.again(),
            Notice::Missing => {
                tracing::debug!("messages of a subscription are missing");
                self.send(Command::Repair { rate: self.rate });
            }
            Notice::Status(_) => {}
        }
    }
}
