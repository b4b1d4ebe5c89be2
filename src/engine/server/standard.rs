//! Namespace 0: the engine's own nodes, with what the engine gets wrong put right.

use std::sync::Arc;

use chrono::Utc;
use opcua::server::ServerStatusWrapper;
use opcua::server::address_space::EventNotifier;
use opcua::server::node_manager::memory::{CoreNodeManager, InMemoryNodeManagerImpl as _};
use opcua::server::node_manager::{NodeManagersRef, ParsedReadValueId, RequestContext};
use opcua::types::{
    AttributeId, DataValue, ExtensionObject, LocalizedText, NodeId, NumericRange, ServerStatusDataType,
    StatusCode, TimestampsToReturn, VariableId, Variant,
};

use super::attributes::{failed, index_range, stamped};
use super::history::{capability, is_server};
use crate::engine::convert;
use crate::sim::{Limits, code};

/// The engine's manager of namespace 0.
pub(super) struct Standard {
    managers: NodeManagersRef,
    status: Arc<ServerStatusWrapper>,
    limits: Limits,
}

impl Standard {
    pub(super) fn new(
        managers: NodeManagersRef,
        status: Arc<ServerStatusWrapper>,
        limits: Limits,
    ) -> Standard {
        Standard { managers, status, limits }
    }

    /// `None` only while the server goes down.
    pub(super) fn core(&self) -> Option<Arc<CoreNodeManager>> {
        self.managers.get_of_type::<CoreNodeManager>()
    }

    pub(super) fn exists(&self, id: &NodeId) -> bool {
        id.namespace == 0 && self.core().is_some_and(|core| core.address_space().read().node_exists(id))
    }

    /// Reads a node of namespace 0.
    ///
    /// The engine ignores which times were asked for (async-opcua-server 0.19.0, memory/core.rs), so the values are
    /// taken from below its Read.
    pub(super) async fn read(
        &self,
        context: &RequestContext,
        read: &ParsedReadValueId,
        max_age: f64,
        stamps: TimestampsToReturn,
    ) -> DataValue {
        let now = Utc::now();
        if index_range(&read.index_range).is_some_and(|range| range.is_invalid()) {
            return failed(code::BAD_INDEX_RANGE_INVALID, stamps, now);
        }
        if read.attribute_id == AttributeId::EventNotifier && is_server(&read.node_id) {
            let notifier = EventNotifier::SUBSCRIBE_TO_EVENTS | EventNotifier::HISTORY_READ;
            let value = DataValue {
                value: Some(Variant::from(notifier.bits())),
                status: Some(StatusCode::Good),
                ..DataValue::default()
            };
            return stamped(value, stamps, None, now);
        }
        if read.attribute_id != AttributeId::Value {
            let value =
                self.core().map(|core| core.address_space().read().read(context, read, max_age, stamps));
            return stamped(value.unwrap_or_default(), stamps, None, now);
        }
        let capability = || capability(read.node_id.as_variable_id().ok()?, &self.limits);
        let ours = self.live(&read.node_id).or_else(capability).or_else(|| fixed(context, &read.node_id));
        if let Some(value) = ours.filter(|_| read.index_range == NumericRange::None) {
            let value =
                DataValue { value: Some(value), status: Some(StatusCode::Good), ..DataValue::default() };
            return stamped(value, stamps, Some(now), now);
        }
        let Some(core) = self.core() else { return DataValue::default() };
        let values = core.inner().read_values(context, core.address_space(), &[read], max_age, stamps).await;
        let value = values.into_iter().next().unwrap_or_default();
        let source = value.source_timestamp.filter(|time| !time.is_null()).map(convert::from_date_time);
        stamped(value, stamps, source, now)
    }

    /// What stands still in the engine though it should move, and what is null though it may not be.
    fn live(&self, id: &NodeId) -> Option<Variant> {
        let now = convert::to_date_time(Utc::now());
        Some(match id.as_variable_id().ok()? {
            VariableId::Server_ServerStatus => {
                Variant::from(ExtensionObject::from_message(ServerStatusDataType {
                    start_time: self.status.start_time(),
                    current_time: now,
                    state: self.status.state(),
                    build_info: self.status.build_info(),
                    seconds_till_shutdown: self.status.seconds_till_shutdown().unwrap_or_default(),
                    shutdown_reason: self.status.shutdown_reason().unwrap_or_else(LocalizedText::null),
                }))
            }
            VariableId::Server_ServerStatus_CurrentTime => Variant::from(now),
            VariableId::Server_ServerStatus_SecondsTillShutdown => {
                Variant::from(self.status.seconds_till_shutdown().unwrap_or_default())
            }
            VariableId::Server_ServerStatus_ShutdownReason => {
                Variant::from(self.status.shutdown_reason().unwrap_or_else(LocalizedText::null))
            }
            _ => return None,
        })
    }
}

/// What the engine leaves empty, gives another type or keeps from anonymous users though it is no secret.
fn fixed(context: &RequestContext, id: &NodeId) -> Option<Variant> {
    let variable = id.as_variable_id().ok()?;
    if context.info.diagnostics.is_mapped(variable) {
        return context.info.diagnostics.get(variable)?.value;
    }
    let limits = &context.info.config.limits;
    let most = |limit: usize| Variant::from(u32::try_from(limit).unwrap_or(u32::MAX));
    Some(match variable {
        VariableId::Server_ServerCapabilities_MinSupportedSampleRate => {
            Variant::from(limits.subscriptions.min_sampling_interval_ms)
        }
        VariableId::Server_ServerCapabilities_LocaleIdArray => {
            Variant::from(context.info.config.locale_ids.clone())
        }
        VariableId::Server_ServerCapabilities_MaxSessions => most(limits.max_sessions),
        VariableId::Server_ServerCapabilities_MaxSubscriptionsPerSession => {
            most(limits.subscriptions.max_subscriptions_per_session)
        }
        VariableId::Server_ServerCapabilities_MaxMonitoredItemsPerSubscription => {
            most(limits.subscriptions.max_monitored_items_per_sub)
        }
        VariableId::Server_ServerCapabilities_MaxMonitoredItemsQueueSize => {
            most(limits.subscriptions.max_monitored_item_queue_size)
        }
        VariableId::Server_ServerRedundancy_RedundancySupport => Variant::from(0i32),
        VariableId::Server_ServerDiagnostics_EnabledFlag => Variant::from(true),
        VariableId::Server_Auditing => Variant::from(false),
        _ => return None,
    })
}
