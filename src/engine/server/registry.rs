//! The monitored items of ours that there are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use opcua::server::MonitoredItemHandle;

#[derive(Default)]
pub(super) struct Registry {
    /// By item.
    pub(super) monitors: HashMap<u32, Vec<Monitor>>,
    /// Living items by interval in microseconds.
    pub(super) groups: BTreeMap<i64, Group>,
    /// Created since the sampler last ran. The engine learns of them only after we do, so what changed in between
    /// went past them.
    pub(super) fresh: Vec<u32>,
    /// How many monitored items each subscription has, and the session that created one last.
    pub(super) subscriptions: HashMap<u32, Owner>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Owner {
    pub(super) session: u32,
    pub(super) items: usize,
}

pub(super) struct Monitor {
    pub(super) handle: MonitoredItemHandle,
    /// The last version of the value that was told.
    pub(super) version: u32,
    pub(super) enabled: bool,
    /// The engine would replace the source times of such an item by older ones (`monitored_item.rs:421`), so it gets
    /// none.
    pub(super) timeless: bool,
    /// The interval in microseconds if it is sampled.
    pub(super) interval: Option<i64>,
    /// The shortest time between two source times, in microseconds, where the engine insists on one.
    pub(super) pace: Option<i64>,
    /// The source time told last, if there was one.
    pub(super) told: Option<DateTime<Utc>>,
}

impl Monitor {
    /// Whether the engine would keep back a value with this source time.
    pub(super) fn is_early(&self, source_time: DateTime<Utc>) -> bool {
        let (Some(pace), Some(told)) = (self.pace, self.told) else { return false };
        source_time.signed_duration_since(told) < TimeDelta::microseconds(pace)
    }
}

/// Living items with the same interval.
pub(super) struct Group {
    pub(super) due: DateTime<Utc>,
    pub(super) members: Arc<Vec<Member>>,
}

#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) item: u32,
    pub(super) handle: MonitoredItemHandle,
    pub(super) enabled: bool,
    pub(super) timeless: bool,
    /// Its first sample after the initial value.
    pub(super) from: DateTime<Utc>,
}

impl Registry {
    pub(super) fn insert(&mut self, item: u32, monitor: Monitor, session: u32) {
        let owner = self.subscriptions.entry(monitor.handle.subscription_id).or_default();
        owner.session = session;
        owner.items += 1;
        self.fresh.push(item);
        self.monitors.entry(item).or_default().push(monitor);
    }

    /// Forgets monitored items of one item.
    pub(super) fn remove(&mut self, item: u32, gone: impl Fn(MonitoredItemHandle) -> bool) {
        let Some(monitors) = self.monitors.get_mut(&item) else { return };
        monitors.retain(|monitor| {
            let gone = gone(monitor.handle);
            if gone && let Some(owner) = self.subscriptions.get_mut(&monitor.handle.subscription_id) {
                owner.items -= 1;
                if owner.items == 0 {
                    self.subscriptions.remove(&monitor.handle.subscription_id);
                }
            }
            !gone
        });
        if monitors.is_empty() {
            self.monitors.remove(&item);
        }
    }

    pub(super) fn monitor(&mut self, item: u32, handle: MonitoredItemHandle) -> Option<&mut Monitor> {
        self.monitors.get_mut(&item)?.iter_mut().find(|monitor| monitor.handle == handle)
    }

    /// Puts a living item into the group of its interval. It has been sampled at `sampled` last.
    pub(super) fn add(&mut self, item: u32, monitor: &Monitor, sampled: DateTime<Utc>) {
        let Some(interval) = monitor.interval else { return };
        let from =
            sampled.checked_add_signed(TimeDelta::microseconds(interval)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let due = grid(from, interval);
        let group = self.groups.entry(interval).or_insert_with(|| Group { due, members: Arc::default() });
        let Monitor { handle, enabled, timeless, .. } = *monitor;
        Arc::make_mut(&mut group.members).push(Member { item, handle, enabled, timeless, from });
    }

    /// Takes monitored items out of their groups.
    pub(super) fn leave(&mut self, gone: impl Fn(MonitoredItemHandle) -> bool) {
        self.groups.retain(|_, group| {
            if group.members.iter().any(|member| gone(member.handle)) {
                Arc::make_mut(&mut group.members).retain(|member| !gone(member.handle));
            }
            !group.members.is_empty()
        });
    }

    pub(super) fn enable(&mut self, handles: &HashSet<MonitoredItemHandle>, enabled: bool) {
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

/// The last instant of the grid of this interval, not after `time`.
pub(super) fn grid(time: DateTime<Utc>, interval: i64) -> DateTime<Utc> {
    let micros = time.timestamp_micros();
    DateTime::from_timestamp_micros(micros - micros.rem_euclid(interval)).unwrap_or(time)
}
