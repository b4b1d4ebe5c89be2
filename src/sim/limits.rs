//! [`Limits`]: what the simulator allows its clients.

use std::time::Duration;

/// What the simulator allows its clients, and says so in its `OperationLimits`.
///
/// The defaults are generous. Small limits show how a client copes with a server that has little to give.
///
/// ```
/// use openopc::sim::{Limits, Simulator};
///
/// let mut limits = Limits::default();
/// limits.nodes_per_read = 10;
/// let builder = Simulator::builder().preset().limits(limits);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Nodes in one Read. Default 100,000.
    pub nodes_per_read: u32,
    /// Nodes in one Write. Default 100,000.
    pub nodes_per_write: u32,
    /// Nodes in one Browse. Default 100,000.
    pub nodes_per_browse: u32,
    /// Paths in one `TranslateBrowsePathsToNodeIds`. Default 100,000.
    pub nodes_per_translate: u32,
    /// Nodes in one `RegisterNodes`. Default 100,000.
    pub nodes_per_register: u32,
    /// Nodes in one `HistoryRead`, of data or of events. Default 10,000.
    pub nodes_per_history_read: u32,
    /// Nodes in one `HistoryUpdate`. Default 10,000.
    pub nodes_per_history_update: u32,
    /// Values of one node in one answer to `HistoryRead`, at least 1: a client that asks for more gets a continuation
    /// point. Default 10,000; there are fewer where they are large, or many nodes are asked for at a time.
    pub history_values: u32,
    /// Events in one answer to `HistoryRead`, at least 1. Default 10,000.
    pub history_events: u32,
    /// `HistoryRead` continuation points of one session, at least 1. Default 1,000.
    pub history_continuation_points: u16,
    /// Items in one `CreateMonitoredItems`, `ModifyMonitoredItems`, `SetMonitoringMode` or `DeleteMonitoredItems`.
    /// Default 100,000.
    pub monitored_items_per_call: u32,
    /// Methods in one Call. Default 100,000.
    pub methods_per_call: u32,
    /// References of one node in one answer to Browse; a client that asks for more gets a continuation point.
    /// At least 1. Default 1,000.
    pub references_per_node: u32,
    /// Browse continuation points of one session. Default 1,000.
    pub continuation_points: u16,
    /// Sessions at a time. Default 200.
    pub sessions: u32,
    /// Subscriptions of one session. Default 1,000.
    pub subscriptions_per_session: u32,
    /// Monitored items of one subscription. Default 1,000,000.
    pub monitored_items_per_subscription: u32,
    /// Publish requests that one session may have waiting. Default 100.
    pub publish_requests: u32,
    /// Values in the queue of one monitored item. Default 100,000.
    pub queue_size: u32,
    /// Values in one answer to Publish. Default 1,000: the engine closes connections over longer arrays than its
    /// client expects, and that is what it expects.
    pub notifications_per_publish: u32,
    /// The shortest publishing interval. Default 10 ms.
    pub publishing_interval: Duration,
    /// The shortest sampling interval of items whose value changes by itself, at least 1 ms. Default 10 ms.
    pub sampling_interval: Duration,
    /// The longest session without a request before it ends. Default one hour.
    pub session_timeout: Duration,
    /// Bytes of one message, at least 8,192. Default 16 MiB.
    pub message_size: u32,
    /// Elements of one array. Default 1,000,000.
    pub array_length: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            nodes_per_read: 100_000,
            nodes_per_write: 100_000,
            nodes_per_browse: 100_000,
            nodes_per_translate: 100_000,
            nodes_per_register: 100_000,
            nodes_per_history_read: 10_000,
            nodes_per_history_update: 10_000,
            history_values: 10_000,
            history_events: 10_000,
            history_continuation_points: 1_000,
            monitored_items_per_call: 100_000,
            methods_per_call: 100_000,
            references_per_node: 1_000,
            continuation_points: 1_000,
            sessions: 200,
            subscriptions_per_session: 1_000,
            monitored_items_per_subscription: 1_000_000,
            publish_requests: 100,
            queue_size: 100_000,
            notifications_per_publish: 1_000,
            publishing_interval: Duration::from_millis(10),
            sampling_interval: Duration::from_millis(10),
            session_timeout: Duration::from_secs(3600),
            message_size: 16 * 1024 * 1024,
            array_length: 1_000_000,
        }
    }
}
