//! Subscriptions and monitored items, and the way notifications leave the engine.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::UARequest;
use opcua::client::services::{
    CreateMonitoredItems, DeleteMonitoredItems, Publish, SetPublishingMode, TransferSubscriptions,
};
use opcua::types::{
    DataChangeFilter, DataChangeTrigger, ExtensionObject, MonitoredItemCreateRequest,
    MonitoredItemNotification, MonitoringMode, MonitoringParameters, TimestampsToReturn,
};

use crate::Status;
use crate::engine::{Sample, convert};
use crate::subscribe::Deadband;
use crate::tag::Resolved;

use super::call::call;
use super::messages::{Callback, Messages, is_gone};
use super::{Failure, Link};

/// What a subscription on the server says.
pub(crate) enum Notice {
    /// Changed values.
    Data(Changes),
    /// The subscription itself changed state: it is gone, or was transferred.
    Status(Status),
    /// Messages are missing. Those after them wait until they are asked for ([`Link::catch_up`]).
    Missing,
}

/// Changed values, as the engine decoded them.
pub(crate) struct Changes(pub(super) Vec<MonitoredItemNotification>);

impl Changes {
    /// The client handles, in the same order.
    pub(crate) fn handles(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|item| item.client_handle)
    }

    /// Each with its client handle; made ours one by one, as they are asked for.
    pub(crate) fn into_values(self) -> impl Iterator<Item = (u32, Sample)> {
        self.0.into_iter().map(|item| (item.client_handle, convert::sample(item.value)))
    }
}

/// Where notices go. Called on the engine's task with its subscription lock held (async-opcua-client 0.19,
/// `session/services/subscriptions/service.rs:2338`): it must only push, never wait and never call back.
pub(crate) trait Sink: Send + Sync + 'static {
    fn notice(&self, notice: Notice);
}

/// A subscription that was made on the server.
pub(crate) struct Subscribed {
    pub(crate) id: u32,
    /// The publishing interval it granted.
    pub(crate) granted: Duration,
    /// The server says something at least this often.
    pub(crate) keep_alive: Duration,
    pub(crate) messages: Arc<Messages>,
}

/// One item to monitor.
pub(crate) struct ItemRequest {
    pub(crate) handle: u32,
    pub(crate) node: Arc<Resolved>,
    pub(crate) sampling: Duration,
    pub(crate) queue: u32,
    pub(crate) deadband: Option<Deadband>,
}

impl Link {
    /// `CreateSubscription` (Part 4, 5.14.2).
    pub(crate) async fn create_subscription(
        &self,
        publishing: Duration,
        keep_alive: u32,
        sink: Arc<dyn Sink>,
    ) -> Result<Subscribed, Failure> {
        // At least three keep-alives must fit in a lifetime (Part 4, 5.14.2.2).
        let lifetime = keep_alive.saturating_mul(6);
        let messages = Messages::new(sink);
        let callback = Callback(messages.clone());
        let created =
            self.session.create_subscription(publishing, lifetime, keep_alive, 0, 0, true, callback);
        let id = call("CreateSubscription", 1, created).await?;
        let granted = |subscription: &opcua::client::Subscription| {
            (subscription.publishing_interval(), subscription.max_keep_alive_count())
        };
        let granted = self.session.subscription_state().lock().get(id).map(granted);
        let (granted, keep_alive) = granted.unwrap_or((publishing, keep_alive));
        let keep_alive = granted.max(Duration::from_millis(1)).saturating_mul(keep_alive);
        Ok(Subscribed { id, granted, keep_alive, messages })
    }

    /// Publishing goes on: after a reconnect the engine waits for this word, so that nothing comes before what is asked
    /// for again.
    pub(crate) fn publish(&self) {
        self.session.trigger_publish_now();
    }

    /// `TransferSubscriptions` (Part 4, 5.14.7) to this session, each with the current values of all its items. One answer
    /// each: whether it is here now.
    pub(crate) async fn transfer(&self, subscriptions: Vec<u32>) -> Result<Vec<bool>, Failure> {
        let expected = subscriptions.len();
        let request = TransferSubscriptions::new(&self.session)
            .subscription_ids(subscriptions)
            .send_initial_values(true)
            .timeout(self.timeout);
        let response = call("TransferSubscriptions", expected, request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != expected {
            return Err(Failure::wrong_count(expected, results.len()));
        }
        Ok(results.iter().map(|result| result.status_code.is_good()).collect())
    }

    /// Has a server that kept the session over a loss throw away what it was asked to publish over the old connection.
    /// Call it while the session has no subscriptions.
    ///
    /// An async-opcua server (0.19, `subscriptions/session_subscriptions.rs`) answers those requests first, into the void,
    /// and with them the first values of new subscriptions. A Publish without a subscription makes it refuse them all.
    pub(crate) async fn forget_publishes(&self) {
        // A server that queues it answers with a message that is then missing from its subscription, which is noticed.
        let patience = self.timeout.min(Duration::from_secs(1));
        let _ =
            call("Publish", 0, Publish::new(&self.session).timeout(patience).send(self.session.channel()))
                .await;
    }

    /// Closes the connection to a server that does not answer; the engine makes a new one.
    pub(crate) async fn hang_up(&self) {
        self.session.channel().close_channel().await;
    }

    /// Whether the server still knows a subscription.
    pub(crate) async fn is_alive(&self, subscription: u32) -> Result<bool, Failure> {
        let request = SetPublishingMode::new(true, &self.session)
            .subscription_ids(vec![subscription])
            .timeout(self.timeout);
        match call("SetPublishingMode", 1, request.send(self.session.channel())).await {
            Ok(response) => {
                let results = response.results.unwrap_or_default();
                Ok(!results.iter().any(|status| is_gone(Status::from_bits(status.bits()))))
            }
            Err(failure) if is_gone(failure.status) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Deletes subscriptions, and forgets them even where the server no longer knows them.
    pub(crate) async fn delete_subscriptions(&self, ids: &[u32]) -> Result<(), Failure> {
        if !ids.is_empty() {
            call("DeleteSubscriptions", ids.len(), self.session.delete_subscriptions(ids)).await?;
        }
        Ok(())
    }

    /// `CreateMonitoredItems` (Part 4, 5.13.2). The server's item id and granted sampling interval, or its refusal.
    ///
    /// Goes past the engine's own item cache, which keeps about a kilobyte per item.
    pub(crate) async fn create_items(
        &self,
        subscription: u32,
        items: Vec<ItemRequest>,
    ) -> Result<Vec<Result<(u32, Duration), Status>>, Failure> {
        let expected = items.len();
        let requests = items.into_iter().map(|item| MonitoredItemCreateRequest {
            item_to_monitor: item.node.target.request(),
            monitoring_mode: MonitoringMode::Reporting,
            requested_parameters: MonitoringParameters {
                client_handle: item.handle,
                sampling_interval: item.sampling.as_secs_f64() * 1000.0,
                filter: ExtensionObject::from_message(filter(item.deadband)),
                queue_size: item.queue,
                discard_oldest: true,
            },
        });
        let request = CreateMonitoredItems::new(subscription, &self.session)
            .items_to_create(requests.collect())
            .timestamps_to_return(TimestampsToReturn::Both)
            .timeout(self.timeout);
        let response = call("CreateMonitoredItems", expected, request.send(self.session.channel())).await?;
        if response.results.len() != expected {
            return Err(Failure::wrong_count(expected, response.results.len()));
        }
        Ok(response
            .results
            .into_iter()
            .map(|created| {
                let result = created.result;
                if result.status_code.is_bad() {
                    return Err(Status::from_bits(result.status_code.bits()));
                }
                let millis = result.revised_sampling_interval.clamp(0.0, 1e12);
                Ok((result.monitored_item_id, Duration::from_secs_f64(millis / 1000.0)))
            })
            .collect())
    }

    /// `DeleteMonitoredItems` (Part 4, 5.13.6). An item the server no longer knows is as good as deleted.
    pub(crate) async fn delete_items(&self, subscription: u32, items: Vec<u32>) -> Result<(), Failure> {
        if !items.is_empty() {
            let count = items.len();
            let request = DeleteMonitoredItems::new(subscription, &self.session)
                .items_to_delete(items)
                .timeout(self.timeout);
            call("DeleteMonitoredItems", count, request.send(self.session.channel())).await?;
        }
        Ok(())
    }
}

/// Always explicit: the default filter is not the same on every server, and some compare the value alone.
fn filter(deadband: Option<Deadband>) -> DataChangeFilter {
    // Part 4, 7.22.2 `DeadbandType`.
    let (deadband_type, deadband_value) = match deadband {
        None => (0, 0.0),
        Some(Deadband::Absolute(value)) => (1, value),
        Some(Deadband::Percent(value) | Deadband::Analog(value)) => (2, value),
    };
    DataChangeFilter { trigger: DataChangeTrigger::StatusValue, deadband_type, deadband_value }
}
