//! Who is to be told of which item.
//!
//! The engine knows the monitored items too, but not in a way that serves: it filters values by their times and keeps
//! back what it takes for too early, for ever if nothing follows (async-opcua-server 0.19.0, `monitored_item.rs:402` and
//! `subscription.rs:677`). So items are told of here, in two ways. An item that holds a value is told of when the value
//! changes; its sampling interval is revised to 0, which says just that. An item that is alive is sampled on the grid
//! of its interval, and its source times are the instants of the grid, exactly one interval or more apart.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::server::node_manager::{MonitoredItemRef, MonitoredItemUpdateRef};
use opcua::server::notify::SubscriptionDataNotifierBatch;
use opcua::server::{CreateMonitoredItem, MonitoredItemHandle, SubscriptionCache};
use opcua::types::{AttributeId, DataValue, MonitoringMode, NumericRange, StatusCode, TimestampsToReturn};
use tokio::sync::Notify;

use super::attributes::View;
use super::sessions::Sessions;
use crate::sim::{Host, Key, Sample, Space};

pub(super) struct Monitors {
    space: Arc<Space>,
    subscriptions: Arc<SubscriptionCache>,
    namespace: u16,
    /// The shortest interval of a living item.
    shortest: Duration,
    inner: Mutex<Inner>,
    sessions: Sessions,
    /// Wakes the sampler when there is something new to wait for.
    pub(super) wake: Notify,
}

#[derive(Default)]
struct Inner {
    /// By item.
    monitors: HashMap<u32, Vec<Monitor>>,
    /// Living items by interval in microseconds.
    groups: BTreeMap<i64, Group>,
    /// Created since the sampler last ran. The engine learns of them only after we do, so what changed in between
    /// went past them.
    fresh: Vec<(u32, MonitoredItemHandle)>,
}

struct Monitor {
    handle: MonitoredItemHandle,
    /// The last version of the value that was told.
    version: u32,
    enabled: bool,
    /// The engine would replace the source times of such an item by older ones (`monitored_item.rs:421`), so it gets
    /// none.
    timeless: bool,
    /// The interval in microseconds if it is sampled.
    interval: Option<i64>,
    /// The shortest time between two source times, in microseconds, where the engine insists on one.
    pace: Option<i64>,
    /// The source time told last, if there was one.
    told: Option<DateTime<Utc>>,
}

impl Monitor {
    /// Whether the engine would keep back a value with this source time.
    fn is_early(&self, source_time: DateTime<Utc>) -> bool {
        let (Some(pace), Some(told)) = (self.pace, self.told) else { return false };
        source_time.signed_duration_since(told) < TimeDelta::microseconds(pace)
    }
}

/// Living items with the same interval.
struct Group {
    due: DateTime<Utc>,
    members: Arc<Vec<Member>>,
}

#[derive(Clone, Copy)]
struct Member {
    item: u32,
    handle: MonitoredItemHandle,
    enabled: bool,
    timeless: bool,
    /// Its first sample after the initial value.
    from: DateTime<Utc>,
}

/// Small enough that the engine takes it for "as fast as it comes" and answers the client with 0.
const ON_CHANGE_MS: f64 = 1e-4;

/// For monitored items that leave the interval to the subscription, which does not show it to us.
const UNKNOWN_INTERVAL: i64 = 100_000;

impl Monitors {
    pub(super) fn new(
        space: Arc<Space>,
        subscriptions: Arc<SubscriptionCache>,
        namespace: u16,
        shortest: Duration,
    ) -> Monitors {
        Monitors {
            space,
            subscriptions,
            namespace,
            shortest,
            inner: Mutex::default(),
            sessions: Sessions::default(),
            wake: Notify::new(),
        }
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
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
    pub(super) fn create(&self, view: View<'_>, key: Key, request: &mut CreateMonitoredItem) {
        let read = request.item_to_monitor().clone();
        let now = self.space.time.now();
        let node = match key {
            Key::Item(item) if read.attribute_id == AttributeId::Value => {
                self.space.node(item).map(|node| (item, node))
            }
            _ => None,
        };
        let Some((item, node)) = node else {
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
        let sample = node.sample(&self.space, instant);
        let (version, source_time) = (sample.version, sample.source_time);
        request.set_initial_value(self.data_value(item, sample, timeless));
        request.set_status(StatusCode::Good);
        let enabled = request.monitoring_mode() != MonitoringMode::Disabled;
        let told = (!timeless).then_some(source_time);
        let monitor =
            Monitor { handle: request.handle(), version, enabled, timeless, interval, pace: None, told };
        let mut inner = self.lock();
        inner.add(item, &monitor, instant);
        inner.fresh.push((item, monitor.handle));
        inner.monitors.entry(item).or_default().push(monitor);
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
            inner.leave(&HashSet::from([update.handle()]));
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
        for item in woken {
            self.tell(&mut inner, item);
        }
    }

    pub(super) fn delete(&self, view: View<'_>, items: &[&MonitoredItemRef]) {
        let handles: HashSet<_> = items.iter().map(|item| item.handle()).collect();
        let mut inner = self.lock();
        for reference in items {
            let Some(Key::Item(item)) = view.key(reference.node_id()) else { continue };
            if let Some(monitors) = inner.monitors.get_mut(&item) {
                monitors.retain(|monitor| monitor.handle != reference.handle());
                if monitors.is_empty() {
                    inner.monitors.remove(&item);
                }
            }
        }
        inner.leave(&handles);
    }

    /// Tells of the value of an item that is not alive, each monitored item once.
    fn tell(&self, inner: &mut Inner, item: u32) {
        let Some(node) = self.space.node(item) else { return };
        let manual = self.space.time.is_manual();
        if node.is_live() && !manual {
            return;
        }
        let Some(monitors) = inner.monitors.get_mut(&item) else { return };
        let sample = node.sample(&self.space, self.space.time.now());
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
        loop {
            let (instant, members) = {
                let mut inner = self.lock();
                let (interval, group) = inner.groups.iter_mut().min_by_key(|(_, group)| group.due)?;
                if group.due > now {
                    return Some(group.due);
                }
                let step = TimeDelta::microseconds(*interval);
                let instant = if self.space.time.is_manual() { group.due } else { grid(now, *interval) };
                group.due = instant.checked_add_signed(step).unwrap_or(DateTime::<Utc>::MAX_UTC);
                (instant, Arc::clone(&group.members))
            };
            // Closures of the program are called in here, so no lock is held.
            self.sample(instant, &members);
        }
    }

    fn sample(&self, instant: DateTime<Utc>, members: &[Member]) {
        let mut values: Vec<(MonitoredItemHandle, DataValue)> = Vec::with_capacity(members.len());
        let mut last: Option<(u32, Sample)> = None;
        for member in members.iter().filter(|member| member.enabled && member.from <= instant) {
            let Some(node) = self.space.node(member.item) else { continue };
            let sample = match &last {
                Some((item, sample)) if *item == member.item => sample.clone(),
                _ => {
                    let sample = node.sample(&self.space, instant);
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
        let mut inner = self.lock();
        for (item, _) in std::mem::take(&mut inner.fresh) {
            self.tell(&mut inner, item);
        }
    }
}

impl Host for Monitors {
    fn changed(&self, item: u32) {
        let mut inner = self.lock();
        self.tell(&mut inner, item);
    }

    fn advance(&self, to: DateTime<Utc>) {
        loop {
            // Whoever looks at the clock in between sees the time of the samples.
            let due = self.lock().groups.values().map(|group| group.due).min();
            let next = due.map_or(to, |due| due.min(to));
            self.space.time.set(next.max(self.space.time.now()));
            self.sample_due(next);
            if next >= to {
                return;
            }
        }
    }

    fn clients(&self) -> Vec<String> {
        self.sessions.names()
    }
}

/// The last instant of the grid of this interval, not after `time`.
fn grid(time: DateTime<Utc>, interval: i64) -> DateTime<Utc> {
    let micros = time.timestamp_micros();
    DateTime::from_timestamp_micros(micros - micros.rem_euclid(interval)).unwrap_or(time)
}

impl Inner {
    fn monitor(&mut self, item: u32, handle: MonitoredItemHandle) -> Option<&mut Monitor> {
        self.monitors.get_mut(&item)?.iter_mut().find(|monitor| monitor.handle == handle)
    }

    /// Puts a living item into the group of its interval. It has been sampled at `sampled` last.
    fn add(&mut self, item: u32, monitor: &Monitor, sampled: DateTime<Utc>) {
        let Some(interval) = monitor.interval else { return };
        let from =
            sampled.checked_add_signed(TimeDelta::microseconds(interval)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let due = grid(from, interval);
        let group = self.groups.entry(interval).or_insert_with(|| Group { due, members: Arc::default() });
        let Monitor { handle, enabled, timeless, .. } = *monitor;
        Arc::make_mut(&mut group.members).push(Member { item, handle, enabled, timeless, from });
    }

    fn leave(&mut self, handles: &HashSet<MonitoredItemHandle>) {
        self.groups.retain(|_, group| {
            if group.members.iter().any(|member| handles.contains(&member.handle)) {
                Arc::make_mut(&mut group.members).retain(|member| !handles.contains(&member.handle));
            }
            !group.members.is_empty()
        });
    }

    fn enable(&mut self, handles: &HashSet<MonitoredItemHandle>, enabled: bool) {
        for group in self.groups.values_mut() {
            if group.members.iter().any(|member| handles.contains(&member.handle)) {
                let members = Arc::make_mut(&mut group.members);
                members.iter_mut().filter(|member| handles.contains(&member.handle)).for_each(|member| {
                    member.enabled = enabled;
                });
            }
        }
    }
}
