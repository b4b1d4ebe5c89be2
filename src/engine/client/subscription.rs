//! Subscriptions and monitored items, and the way notifications leave the engine.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::services::{CreateMonitoredItems, DeleteMonitoredItems, Publish, SetPublishingMode};
use opcua::client::{MonitoredItemMap, OnSubscriptionNotificationCore, UARequest};
use opcua::types::{
    DataChangeFilter, DataChangeNotification, DataChangeTrigger, ExtensionObject, MonitoredItemCreateRequest,
    MonitoringMode, MonitoringParameters, NotificationMessage, StatusChangeNotification, StatusCode,
    TimestampsToReturn,
};

use crate::Status;
use crate::engine::{Sample, convert};
use crate::subscribe::Deadband;
use crate::tag::Resolved;

use super::call::call;
use super::{Failure, Link};

/// What a subscription on the server says.
pub(crate) enum Notice {
    /// Changed values, by client handle.
    Data(Vec<(u32, Sample)>),
    /// The subscription itself changed state: it is gone, or was transferred.
    Status(Status),
    /// Messages before this one never came; `first` where none at all has come before.
    Gap { first: bool },
}

/// Where notices go. Called on the engine's task with its subscription lock held (async-opcua-client 0.19,
/// `session/services/subscriptions/service.rs:2338`): it must only push, never wait and never call back.
pub(crate) trait Sink: Send + Sync + 'static {
    fn notice(&self, notice: Notice);
}

struct Callback {
    sink: Arc<dyn Sink>,
    count: Count,
}

/// Follows the sequence numbers of a subscription, which the engine does not look at.
#[derive(Debug, Default)]
struct Count {
    last: Option<u32>,
}

impl Count {
    /// Whether messages before this one are missing. They count from 1, after the largest number again, and a
    /// keep-alive has the number that the next message will have (Part 4, 5.14.1.1 and 7.26).
    fn misses(&mut self, number: u32, keep_alive: bool) -> bool {
        let expected = self.last.map_or(1, |last| last.wrapping_add(1).max(1));
        let misses = number > expected;
        if misses || !keep_alive {
            self.last = Some(if keep_alive { number.wrapping_sub(1) } else { number });
        }
        misses
    }
}

impl OnSubscriptionNotificationCore for Callback {
    fn on_subscription_notification(&mut self, message: NotificationMessage, _items: MonitoredItemMap<'_>) {
        let first = self.count.last.is_none();
        let keep_alive = message.notification_data.as_ref().is_none_or(Vec::is_empty);
        if self.count.misses(message.sequence_number, keep_alive) {
            self.sink.notice(Notice::Gap { first });
        }
        for body in message.notification_data.into_iter().flatten() {
            if body.inner_as::<DataChangeNotification>().is_some() {
                let Some(data) = body.into_inner_as::<DataChangeNotification>() else { continue };
                let items = data.monitored_items.unwrap_or_default();
                let values = items.into_iter().map(|item| (item.client_handle, convert::sample(item.value)));
                self.sink.notice(Notice::Data(values.collect()));
            } else if let Some(change) = body.inner_as::<StatusChangeNotification>() {
                self.sink.notice(Notice::Status(Status::from_bits(change.status.bits())));
            }
        }
    }
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
    /// `CreateSubscription` (Part 4, 5.14.2). The server's id and the publishing interval it granted.
    pub(crate) async fn create_subscription(
        &self,
        publishing: Duration,
        keep_alive: u32,
        sink: Arc<dyn Sink>,
    ) -> Result<(u32, Duration), Failure> {
        // At least three keep-alives must fit in a lifetime (Part 4, 5.14.2.2).
        let lifetime = keep_alive.saturating_mul(6);
        let callback = Callback { sink, count: Count::default() };
        let created =
            self.session.create_subscription(publishing, lifetime, keep_alive, 0, 0, true, callback);
        let id = call("CreateSubscription", 1, created).await?;
        let granted = self
            .session
            .subscription_state()
            .lock()
            .get(id)
            .map(opcua::client::Subscription::publishing_interval);
        Ok((id, granted.unwrap_or(publishing)))
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

    /// Whether the server still knows a subscription; one that does not answer may well.
    pub(crate) async fn is_alive(&self, subscription: u32) -> bool {
        let request = SetPublishingMode::new(true, &self.session)
            .subscription_ids(vec![subscription])
            .timeout(self.timeout);
        let gone = [StatusCode::BadSubscriptionIdInvalid, StatusCode::BadNoSubscription];
        match call("SetPublishingMode", 1, request.send(self.session.channel())).await {
            Ok(response) => !response.results.unwrap_or_default().iter().any(|status| gone.contains(status)),
            Err(failure) => !gone.iter().any(|status| status.bits() == failure.status.bits()),
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
            item_to_monitor: item.node.target.request().clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_messages_are_noticed_and_nothing_else() {
        let misses = |messages: &[(u32, bool)]| {
            let mut count = Count::default();
            messages.iter().map(|(number, keep_alive)| count.misses(*number, *keep_alive)).collect::<Vec<_>>()
        };
        assert_eq!(
            misses(&[(1, true), (1, false), (2, false), (3, true), (3, true), (3, false)]),
            [false; 6]
        );
        assert_eq!(misses(&[(1, false), (3, false), (4, false)]), [false, true, false]);
        assert_eq!(
            misses(&[(1, false), (3, true), (3, false)]),
            [false, true, false],
            "told by a keep-alive"
        );
        assert_eq!(misses(&[(2, true), (2, false)]), [true, false], "the first one never came");
        assert_eq!(
            misses(&[(1, false), (1, true), (2, false)]),
            [false; 3],
            "a keep-alive with the last number"
        );
        let mut count = Count { last: Some(u32::MAX) };
        assert!(!count.misses(1, false), "after the largest number comes 1");
    }
}
