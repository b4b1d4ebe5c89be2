//! Who is to be told of which item.
//!
//! The engine knows the monitored items too, but not in a way that serves: it filters values by their times and keeps
//! back what it takes for too early, for ever if nothing follows (async-opcua-server 0.19.0, `monitored_item.rs:402` and
//! `subscription.rs:677`). So items are told of here, in two ways. An item that holds a value is told of when the value
//! changes; its sampling interval is revised to 0, which says just that. An item that is alive is sampled on the grid
//! of its interval, and its source times are the instants of the grid, exactly one interval or more apart.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::nodes::DefaultTypeTree;
use opcua::server::node_manager::{MonitoredItemRef, MonitoredItemUpdateRef, ServerContext};
use opcua::server::notify::SubscriptionDataNotifierBatch;
use opcua::server::{CreateMonitoredItem, MonitoredItem, MonitoredItemHandle, SubscriptionCache};
use opcua::sync::RwLock;
use opcua::types::{
    AttributeId, DataValue, MonitoringMode, NodeId, NumericRange, StatusCode, TimestampsToReturn, VariableId,
};
use tokio::sync::Notify;

use super::attributes::View;
use super::history::{Notifier, Told};
use super::registry::{Member, Monitor, Owner, Registry, grid};
use super::sessions::Sessions;
use crate::sim::history::Rounds;
use crate::sim::history::event::Kept;
use crate::sim::{Host, Key, Node, Sample, Space};

pub(super) struct Monitors {
    space: Arc<Space>,
    subscriptions: Arc<SubscriptionCache>,
    namespace: u16,
    /// The shortest interval of a living item.
    shortest: Duration,
    types: Arc<RwLock<DefaultTypeTree>>,
    inner: Mutex<Registry>,
    sessions: Sessions,
    /// Who is looked at for the historian.
    rounds: Rounds,
    /// Wakes the sampler when there is something new to wait for.
    pub(super) wake: Notify,
}

/// Small enough that the engine takes it for "as fast as it comes" and answers the client with 0.
const ON_CHANGE_MS: f64 = 1e-4;

/// For monitored items that leave the interval to the subscription, which does not show it to us.
const UNKNOWN_INTERVAL: i64 = 100_000;

impl Monitors {
    pub(super) fn new(
        space: Arc<Space>,
        context: &ServerContext,
        namespace: u16,
        shortest: Duration,
    ) -> Monitors {
        let rounds = Rounds::new(&space);
        Monitors {
            space,
            subscriptions: Arc::clone(&context.subscriptions),
            types: Arc::clone(&context.type_tree),
            namespace,
            shortest: shortest.max(Duration::from_millis(1)),
            inner: Mutex::default(),
            sessions: Sessions::default(),
            rounds,
            wake: Notify::new(),
        }
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> View<'_> {
        View { space: &self.space, namespace: self.namespace }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.space.time.now()
    }

    pub(super) fn until(&self, then: DateTime<Utc>) -> Option<Duration> {
        self.space.time.until(then)
    }

    pub(super) fn is_manual(&self) -> bool {
        self.space.time.is_manual()
    }

    /// Gives a new monitored item its first value.
    pub(super) fn create(&self, view: View<'_>, session: u32, key: Key, request: &mut CreateMonitoredItem) {
        let read = request.item_to_monitor().clone();
        let now = self.space.time.now();
        let node = match key {
            Key::Item(item) if read.attribute_id == AttributeId::Value => {
                self.space.node(item).map(|node| (item, node))
            }
            _ => None,
        };
        let Some((item, node)) = node else {
            if read.attribute_id == AttributeId::EventNotifier && matches!(key, Key::Folder(_)) {
                // What happens is told as it happens: there is no first value.
                request.set_status(StatusCode::Good);
                return;
            }
            let value = view.read(key, &read, TimestampsToReturn::Both, now);
            if value.status() == StatusCode::BadAttributeIdInvalid
                || read.attribute_id == AttributeId::EventNotifier
            {
                request.set_status(StatusCode::BadAttributeIdInvalid);
            } else {
                request.set_initial_value(value);
                request.set_status(StatusCode::Good);
            }
            return;
        };
        if !node.readable {
            request.set_status(StatusCode::BadNotReadable);
            return;
        }
        let wanted = request.sampling_interval();
        let timeless = wanted < 0.0;
        let interval =
            node.is_live().then(|| if timeless { UNKNOWN_INTERVAL } else { self.interval(wanted) });
        if interval.is_none() || self.space.time.factor() < 1.0 {
            request.revise_sampling_interval(ON_CHANGE_MS);
        }
        let instant = interval.map_or(now, |interval| grid(now, interval));
        let sample = self.space.served(node, instant);
        let (version, source_time) = (sample.version, sample.source_time);
        request.set_initial_value(self.data_value(item, sample, timeless));
        request.set_status(StatusCode::Good);
        let enabled = request.monitoring_mode() != MonitoringMode::Disabled;
        let told = (!timeless).then_some(source_time);
        let monitor =
            Monitor { handle: request.handle(), version, enabled, timeless, interval, pace: None, told };
        let mut inner = self.lock();
        inner.add(item, &monitor, instant);
        inner.insert(item, monitor, session);
        drop(inner);
        self.wake.notify_one();
    }

    /// The interval of a living item in microseconds of the simulator's time.
    fn interval(&self, millis: f64) -> i64 {
        let factor = self.space.time.factor();
        let real = (millis / 1e3).max(self.shortest.as_secs_f64());
        let span = if factor > 0.0 { real * factor } else { real };
        let span = Duration::try_from_secs_f64(span).unwrap_or(Duration::MAX);
        // Longer than a thousand years is for ever.
        i64::try_from(span.as_micros()).unwrap_or(i64::MAX).clamp(1, 1 << 55)
    }

    fn data_value(&self, item: u32, sample: Sample, timeless: bool) -> DataValue {
        let now = self.space.time.now();
        let stamps = if timeless { TimestampsToReturn::Server } else { TimestampsToReturn::Both };
        // The engine cuts out the index range itself.
        self.view().data_value(Key::Item(item), sample, &NumericRange::None, stamps, now)
    }

    pub(super) fn modify(&self, view: View<'_>, items: &[&MonitoredItemUpdateRef]) {
        let now = self.space.time.now();
        let mut inner = self.lock();
        for update in items {
            let Some(Key::Item(item)) = view.key(update.node_id()) else { continue };
            let Some(node) = self.space.node(item) else { continue };
            let wanted = update.update().revised_sampling_interval;
            let Some(monitor) = inner.monitor(item, update.handle()) else { continue };
            monitor.timeless = wanted < 0.0;
            if node.is_live() {
                monitor.interval = Some(if wanted < 0.0 { UNKNOWN_INTERVAL } else { self.interval(wanted) });
            }
            // Changing an item makes the engine filter by time again.
            monitor.pace = (wanted > 0.0).then(|| self.interval(wanted));
            let copy = Monitor { ..*monitor };
            inner.leave(|handle| handle == update.handle());
            inner.add(item, &copy, now);
        }
        drop(inner);
        self.wake.notify_one();
    }

    pub(super) fn set_mode(&self, view: View<'_>, mode: MonitoringMode, items: &[&MonitoredItemRef]) {
        let enabled = mode != MonitoringMode::Disabled;
        let mut inner = self.lock();
        let mut woken = Vec::new();
        for reference in items {
            let Some(Key::Item(item)) = view.key(reference.node_id()) else { continue };
            let Some(monitor) = inner.monitor(item, reference.handle()) else { continue };
            let wakes = enabled && !monitor.enabled;
            monitor.enabled = enabled;
            if wakes {
                // The engine did not hear of anything meanwhile.
                monitor.version = monitor.version.wrapping_sub(1);
                woken.push(item);
            }
        }
        let handles: HashSet<_> = items.iter().map(|item| item.handle()).collect();
        inner.enable(&handles, enabled);
        drop(inner);
        for item in woken {
            self.changed(item);
        }
    }

    pub(super) fn delete(&self, view: View<'_>, items: &[&MonitoredItemRef]) {
        let handles: HashSet<_> = items.iter().map(|item| item.handle()).collect();
        let mut inner = self.lock();
        for reference in items {
            let Some(Key::Item(item)) = view.key(reference.node_id()) else { continue };
            inner.remove(item, |handle| handle == reference.handle());
        }
        inner.leave(|handle| handles.contains(&handle));
    }

    /// Forgets subscriptions that have ended by themselves, because nobody asked for their changes any more. The engine
    /// does not say so: it forgets the items before it would have said which (async-opcua-server 0.19.0,
    /// `subscription.rs:527`).
    ///
    /// Returns whether there are any left.
    pub(super) fn sweep(&self) -> bool {
        let owners = self.lock().subscriptions.clone();
        let sessions = self.sessions.ids();
        let lives = |session: u32, id: u32| {
            let subscriptions = self.subscriptions.get_session_subscriptions(session);
            subscriptions
                .is_some_and(|all| all.lock().get(id).is_some_and(|subscription| !subscription.is_empty()))
        };
        // It may have gone to another session.
        let dead = |id: u32, owner: Owner| {
            !lives(owner.session, id) && !sessions.iter().any(|session| lives(*session, id))
        };
        let dead: HashSet<u32> =
            owners.into_iter().filter(|(id, owner)| dead(*id, *owner)).map(|(id, _)| id).collect();
        let mut inner = self.lock();
        if !dead.is_empty() {
            let gone = |handle: MonitoredItemHandle| dead.contains(&handle.subscription_id);
            let items: Vec<u32> = inner.monitors.keys().copied().collect();
            for item in items {
                inner.remove(item, gone);
            }
            inner.leave(gone);
        }
        !inner.subscriptions.is_empty()
    }

    /// Tells those who have not heard of it yet.
    fn tell(&self, monitors: &mut [Monitor], item: u32, node: &Node, sample: &Sample) {
        let mut values = Vec::new();
        for monitor in
            monitors.iter_mut().filter(|monitor| monitor.enabled && monitor.version != sample.version)
        {
            monitor.version = sample.version;
            // Between two instants of its grid a living item has no time that would pass the engine's filter.
            let timeless = monitor.timeless || node.is_live() || monitor.is_early(sample.source_time);
            monitor.told = (!timeless).then_some(sample.source_time);
            values.push((monitor.handle, self.data_value(item, sample.clone(), timeless)));
        }
        self.push(&node.id, |batch| {
            for (handle, value) in values.drain(..) {
                batch.data_value_to_item(value, &handle);
            }
        });
    }

    /// Hands values to the engine. It wants to know a monitored node first, but then takes values for any.
    fn push(&self, id: &str, fill: impl FnOnce(&mut SubscriptionDataNotifierBatch<'_>)) -> bool {
        let mut notifier = self.subscriptions.data_notifier();
        let Some(mut batch) = notifier.notify_for((self.namespace, id), AttributeId::Value) else {
            return false;
        };
        fill(&mut batch);
        true
    }

    /// Samples every group that is due and tells fresh items what they missed. Returns when the next group is due.
    pub(super) fn sample_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.settle();
        self.rounds.go(&self.space, now);
        loop {
            let (instant, members) = {
                let mut inner = self.lock();
                let next = inner.groups.iter_mut().min_by_key(|(_, group)| group.due);
                let Some((interval, group)) = next.filter(|(_, group)| group.due <= now) else {
                    drop(inner);
                    return self.next_due();
                };
                let step = TimeDelta::microseconds(*interval);
                let instant = if self.space.time.is_manual() { group.due } else { grid(now, *interval) };
                group.due = instant.checked_add_signed(step).unwrap_or(DateTime::<Utc>::MAX_UTC);
                (instant, Arc::clone(&group.members))
            };
            // Closures of the program are called in here, so no lock is held.
            self.sample(instant, &members);
        }
    }

    /// When a group is due or the historian looks.
    fn next_due(&self) -> Option<DateTime<Utc>> {
        let group = self.lock().groups.values().map(|group| group.due).min();
        group.into_iter().chain(self.rounds.due()).min()
    }

    /// The historian has its first look.
    pub(super) fn begin(&self) {
        self.rounds.go(&self.space, self.now());
    }

    fn sample(&self, instant: DateTime<Utc>, members: &[Member]) {
        let mut values: Vec<(MonitoredItemHandle, DataValue)> = Vec::with_capacity(members.len());
        let mut last: Option<(u32, Sample)> = None;
        for member in members.iter().filter(|member| member.enabled && member.from <= instant) {
            let Some(node) = self.space.node(member.item) else { continue };
            let sample = match &last {
                Some((item, sample)) if *item == member.item => sample.clone(),
                _ => {
                    let sample = self.space.served(node, instant);
                    last = Some((member.item, sample.clone()));
                    sample
                }
            };
            values.push((member.handle, self.data_value(member.item, sample, member.timeless)));
        }
        let mut ids = members.iter().filter_map(|member| self.space.node(member.item)).map(|node| &node.id);
        ids.any(|id| {
            self.push(id, |batch| {
                for (handle, value) in values.drain(..) {
                    batch.data_value_to_item(value, &handle);
                }
            })
        });
    }

    /// The engine has taken in what was created before: it can be told what changed meanwhile.
    pub(super) fn settle(&self) {
        let fresh = std::mem::take(&mut self.lock().fresh);
        for item in fresh {
            self.changed(item);
        }
    }
}

impl Host for Monitors {
    fn changed(&self, item: u32) {
        let Some(node) = self.space.node(item) else { return };
        if !node.is_live() {
            // Under the lock, or of two changes the older could be told last.
            let mut inner = self.lock();
            let Some(monitors) = inner.monitors.get_mut(&item) else { return };
            self.tell(monitors, item, node, &self.space.served(node, self.now()));
        } else if self.space.time.is_manual() {
            // With any other clock its next sample is near. A closure of the program may be called, so no lock is
            // held, and not unless there is something to tell.
            let version = node.state().version;
            let stale = |monitor: &Monitor| monitor.enabled && monitor.version != version;
            if self.lock().monitors.get(&item).is_some_and(|monitors| monitors.iter().any(stale)) {
                let sample = self.space.served(node, self.now());
                if let Some(monitors) = self.lock().monitors.get_mut(&item) {
                    self.tell(monitors, item, node, &sample);
                }
            }
        }
    }

    fn advance(&self, to: DateTime<Utc>) {
        loop {
            // Whoever looks at the clock in between sees the time of the samples.
            let due = self.next_due();
            let next = due.map_or(to, |due| due.min(to));
            self.space.time.set(next.max(self.space.time.now()));
            self.sample_due(next);
            if next >= to {
                return;
            }
        }
    }

    fn service_level(&self, level: u8) {
        let id: NodeId = VariableId::Server_ServiceLevel.into();
        let value = DataValue::new_now(level);
        self.subscriptions.notify_data_change([(value, &id, AttributeId::Value)].into_iter());
    }

    fn happened(&self, event: &Kept) {
        let view = self.view();
        let told = Told::new(&view, event.clone());
        let types = self.types.read();
        let hears = |item: &MonitoredItem| {
            let read = item.item_to_monitor();
            read.attribute_id == AttributeId::EventNotifier
                && Notifier::of(&view, &read.node_id).is_some_and(|notifier| notifier.tells(&view, event))
        };
        // Not the engine's own way to all of them: it would tell the Server object once for each folder.
        for session in self.sessions.ids() {
            let Some(all) = self.subscriptions.get_session_subscriptions(session) else { continue };
            let mut all = all.lock();
            for id in all.subscription_ids() {
                let Some(subscription) = all.get_mut(id) else { continue };
                let items: Vec<u32> =
                    subscription.items().filter(|item| hears(item)).map(MonitoredItem::id).collect();
                for item in items {
                    subscription.notify_event(&item, &told, &*types);
                }
            }
        }
    }

    fn clients(&self) -> Vec<String> {
        self.sessions.names()
    }
}
