//! Subscriptions and monitored items, and the way notifications leave the engine.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::services::{CreateMonitoredItems, DeleteMonitoredItems};
use opcua::client::{MonitoredItemMap, OnSubscriptionNotificationCore, UARequest};
use opcua::types::{
    DataChangeFilter, DataChangeNotification, DataChangeTrigger, DeadbandType, ExtensionObject,
    MonitoredItemCreateRequest, MonitoringMode, MonitoringParameters, NotificationMessage,
    StatusChangeNotification, TimestampsToReturn,
};

use crate::Status;
use crate::engine::{Sample, convert};
use crate::subscribe::Deadband;
use crate::tag::Resolved;

use super::{Failure, Link};

/// What a subscription on the server says.
pub(crate) enum Notice {
    /// Changed values, by client handle.
    Data(Vec<(u32, Sample)>),
    /// The subscription itself changed state: it is gone, or was transferred.
    Status(Status),
}

/// Where notices go. Called on the engine's task with its subscription lock held (async-opcua-client 0.19,
/// `session/services/subscriptions/service.rs:2338`): it must only push, never wait and never call back.
pub(crate) trait Sink: Send + Sync + 'static {
    fn notice(&self, notice: Notice);
}

struct Callback(Arc<dyn Sink>);

impl OnSubscriptionNotificationCore for Callback {
    fn on_subscription_notification(&mut self, message: NotificationMessage, _items: MonitoredItemMap<'_>) {
        for body in message.notification_data.into_iter().flatten() {
            if body.inner_as::<DataChangeNotification>().is_some() {
                let Some(data) = body.into_inner_as::<DataChangeNotification>() else { continue };
                let items = data.monitored_items.unwrap_or_default();
                let values = items.into_iter().map(|item| (item.client_handle, convert::sample(item.value)));
                self.0.notice(Notice::Data(values.collect()));
            } else if let Some(change) = body.inner_as::<StatusChangeNotification>() {
                self.0.notice(Notice::Status(Status::from_bits(change.status.bits())));
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
        let id = self
            .session
            .create_subscription(publishing, lifetime, keep_alive, 0, 0, true, Callback(sink))
            .await?;
        let granted = self
            .session
            .subscription_state()
            .lock()
            .get(id)
            .map(opcua::client::Subscription::publishing_interval);
        Ok((id, granted.unwrap_or(publishing)))
    }

    /// Deletes subscriptions, and forgets them even where the server no longer knows them.
    pub(crate) async fn delete_subscriptions(&self, ids: &[u32]) -> Result<(), Failure> {
        if !ids.is_empty() {
            self.session.delete_subscriptions(ids).await?;
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
        let response = CreateMonitoredItems::new(subscription, &self.session)
            .items_to_create(requests.collect())
            .timestamps_to_return(TimestampsToReturn::Both)
            .timeout(self.timeout)
            .send(self.session.channel())
            .await?;
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
            DeleteMonitoredItems::new(subscription, &self.session)
                .items_to_delete(items)
                .timeout(self.timeout)
                .send(self.session.channel())
                .await?;
        }
        Ok(())
    }
}

/// Always explicit: the default filter is not the same on every server, and some compare the value alone.
fn filter(deadband: Option<Deadband>) -> DataChangeFilter {
    let (kind, value) = match deadband {
        None => (DeadbandType::None, 0.0),
        Some(Deadband::Absolute(value)) => (DeadbandType::Absolute, value),
        Some(Deadband::Percent(value)) => (DeadbandType::Percent, value),
    };
    let deadband_type = match kind {
        DeadbandType::None => 0,
        DeadbandType::Absolute => 1,
        DeadbandType::Percent => 2,
    };
    DataChangeFilter { trigger: DataChangeTrigger::StatusValue, deadband_type, deadband_value: value }
}
