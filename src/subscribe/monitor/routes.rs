//! [`Routes`]: from the handle in a notification to the queue of a subscription.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::client::Inner;
use crate::engine::Sample;
use crate::engine::client::{Notice, Sink};
use crate::engine::convert::structure;
use crate::subscribe::Delivery;
use crate::subscribe::queue::{Queue, Slot};
use crate::tag::Resolved;
use crate::{State, Value};

use super::lock;
use super::task::Command;

/// Where the notifications of one server subscription go.
pub(super) struct Routes {
    /// For the task that asks what a structure is made of.
    me: Weak<Routes>,
    inner: Weak<Inner>,
    by_handle: Mutex<HashMap<u32, Route>>,
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

/// One tag of one subscription.
pub(super) struct Route {
    pub(super) queue: Arc<Queue>,
    pub(super) slot: Slot,
    pub(super) resolved: Arc<Resolved>,
    /// What was replaced by something newer is not lost.
    newest_only: bool,
    /// Values before the next one were lost.
    lossy: Cell<bool>,
    /// Until then what comes may be older than a value that was read, or the same.
    known: Cell<Option<Instant>>,
    /// Until then the server may send the newest value again, behind others and itself; the last one since.
    again: RefCell<Option<(Instant, Option<Sample>)>>,
    /// What came since a structure that nobody knows yet: in order, until the server has told of it.
    held: RefCell<Option<VecDeque<Sample>>>,
}

/// While the server is asked what a structure is made of, at most this many values of a tag wait for its answer.
const MAX_HELD: usize = 1000;

/// How often the server is asked for what the values that wait are made of.
const MAX_ASKED: usize = 4;

impl Route {
    pub(super) fn new(
        queue: Arc<Queue>,
        slot: Slot,
        resolved: Arc<Resolved>,
        delivery: Delivery,
        lossy: bool,
    ) -> Route {
        let newest_only = delivery == Delivery::Latest;
        let (lossy, known, held) = (Cell::new(lossy && !newest_only), Cell::new(None), RefCell::new(None));
        Route { queue, slot, resolved, newest_only, lossy, known, again: RefCell::default(), held }
    }

    /// What the reader is told of a sample; nothing where it knows as much.
    fn ready(&self, mut sample: Sample) -> Option<Sample> {
        if self.newest_only && sample.status.overflowed() {
            // A queue of one has none (Part 4, 5.13.1.5), but there are servers that say so.
            sample.status = sample.status.without_overflow();
        }
        if let Some(until) = self.known.get() {
            if !self.lossy.get() && Instant::now() < until && self.queue.knows(self.slot, &sample) {
                return None;
            }
            self.known.set(None);
        }
        if self.is_again(&sample) {
            return None;
        }
        Some(cut(self, sample))
    }

    /// It is the value before it, sent again.
    fn is_again(&self, sample: &Sample) -> bool {
        let mut again = self.again.borrow_mut();
        let Some((until, last)) = &mut *again else { return false };
        let repeated = match last {
            Some(last) => repeats(sample, last),
            None => self.queue.told(self.slot).is_some_and(|last| repeats(sample, &last)),
        };
        if repeated || self.lossy.get() || Instant::now() > *until {
            let drop = repeated && !self.lossy.get();
            *again = None;
            return drop;
        }
        *last = Some(sample.clone());
        false
    }

    fn hold(&self, sample: Sample) {
        let mut held = self.held.borrow_mut();
        let held = held.get_or_insert_default();
        if held.len() == MAX_HELD {
            held.pop_front();
            self.lossy.set(true);
        }
        held.push_back(sample);
    }
}

/// The same value of the same moment.
fn repeats(sample: &Sample, last: &Sample) -> bool {
    sample.source_time.is_some()
        && sample.source_time == last.source_time
        && sample.status == last.status
        && sample.value == last.value
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

    pub(super) fn insert(&self, handle: u32, route: Route) {
        lock(&self.by_handle).insert(handle, route);
    }

    pub(super) fn remove(&self, handles: impl Iterator<Item = u32>) {
        let mut by_handle = lock(&self.by_handle);
        for handle in handles {
            by_handle.remove(&handle);
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
        lock(&self.by_handle).get(&handle).map(|route| route.resolved.clone())
    }

    /// A value that was read, where none has come by itself meanwhile.
    pub(super) fn found(&self, handle: u32, sample: Sample) {
        let by_handle = lock(&self.by_handle);
        if let Some(route) = by_handle.get(&handle).filter(|route| route.queue.is_open(route.slot)) {
            route.queue.push_found(route.slot, cut(route, sample));
        }
    }

    /// Nothing newer is known of a tag than what it had before it was lost.
    pub(super) fn returned(&self, handle: u32) {
        if let Some(route) = lock(&self.by_handle).get(&handle) {
            route.queue.push_returned(route.slot);
        }
    }

    /// For this long the values of this tag may be ones that are known.
    pub(super) fn expect_known(&self, handle: u32, patience: Duration) {
        if let Some(route) = lock(&self.by_handle).get(&handle) {
            route.known.set(Instant::now().checked_add(patience));
        }
    }

    /// For this long the server may send the newest value of this tag once more.
    pub(super) fn expect_again(&self, handle: u32, patience: Duration) {
        if let Some(route) = lock(&self.by_handle).get(&handle) {
            *route.again.borrow_mut() = Instant::now().checked_add(patience).map(|until| (until, None));
        }
    }

    /// The very first message is missing for good: whether the server may be believed that there was one.
    pub(super) fn believes_first_missed(&self) -> bool {
        self.first_missed.fetch_add(1, Ordering::SeqCst) < MAX_FIRST_MISSED
    }

    fn deliver(&self, values: Vec<(u32, Sample)>) {
        let by_handle = lock(&self.by_handle);
        let mut unknown = Vec::new();
        let values = values.into_iter().filter_map(|(handle, sample)| {
            // A tag that was taken out while its last value was on the way.
            let route = by_handle.get(&handle)?;
            let sample = self.decoded(handle, route, sample, &mut unknown)?;
            Some((route, route.ready(sample)?))
        });
        push(values);
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
        if route.held.borrow().is_some() {
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
        let routes = handles.iter().filter_map(|handle| by_handle.get(handle));
        routes.flat_map(|route| route.held.borrow().iter().flatten().cloned().collect::<Vec<_>>()).collect()
    }

    fn release(&self, inner: &Inner, handles: &[u32]) {
        let by_handle = lock(&self.by_handle);
        // What came before a loss is no longer true; the value of now is read after it.
        let connected = inner.state() == State::Connected;
        let values = handles.iter().filter_map(|handle| by_handle.get(handle)).flat_map(|route| {
            let held = route.held.take();
            if !connected && held.is_some() {
                route.lossy.set(true);
            }
            held.filter(|_| connected).into_iter().flatten().filter_map(move |sample| {
                let value = inner.structures().decode(sample.value).unwrap_or_else(|value| value);
                Some((route, route.ready(Sample { value, ..sample })?))
            })
        });
        push(values);
    }
}

/// Puts values, ready as they are, into the queues of their subscriptions.
fn push<'a>(mut values: impl Iterator<Item = (&'a Route, Sample)>) {
    let Some((first, sample)) = values.next() else { return };
    // Values of one subscription mostly come together; its queue is locked once for all of them.
    let mut queue = &first.queue;
    let mut run = vec![(first.slot, sample)];
    for (route, sample) in values {
        if !Arc::ptr_eq(queue, &route.queue) {
            queue.push_all(run.drain(..));
            queue = &route.queue;
        }
        run.push((route.slot, sample));
    }
    queue.push_all(run.into_iter());
}

/// As for reads: the part that the tag asked for.
fn cut(route: &Route, mut sample: Sample) -> Sample {
    if route.lossy.replace(false) {
        sample.status = sample.status.with_overflow();
    }
    match route.resolved.cut(sample.value) {
        Ok(value) => Sample { value, ..sample },
        Err(status) => Sample { value: Value::Null, status, ..sample },
    }
}

impl Sink for Routes {
    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Data(values) => self.deliver(values),
            Notice::Status(status) if status.is_bad() => self.again(),
            Notice::Missing => {
                tracing::debug!("messages of a subscription are missing");
                self.send(Command::Repair { rate: self.rate });
            }
            Notice::Status(_) => {}
        }
    }
}
