//! The first node manager: it answers for every node.
//!
//! Being first, it sees each request whole and in order, which is what the log and the random numbers need.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use opcua::nodes::DefaultTypeTree;
use opcua::server::CreateMonitoredItem;
use opcua::server::diagnostics::NamespaceMetadata;
use opcua::server::node_manager::{
    BrowseNode, BrowsePathItem, ExternalReferenceRequest, HistoryNode, HistoryUpdateNode, MethodCall,
    MonitoredItemRef, MonitoredItemUpdateRef, NodeManager, ParsedReadValueId, ReadNode, RegisterNodeItem,
    RequestContext, ServerContext, WriteNode,
};
use opcua::types::{
    AttributeId, MonitoringMode, NodeClass, NodeId, ReadAnnotationDataDetails, ReadAtTimeDetails,
    ReadEventDetails, ReadProcessedDetails, ReadRawModifiedDetails, StatusCode, TimestampsToReturn,
};

use super::attributes::{View, failed, index_range, value};
use super::history::{Reader, Updater};
use super::monitor::Monitors;
use super::sessions::Sessions;
use super::standard::Standard;
use crate::Status;
use crate::engine::convert;
use crate::sim::fault::Late;
use crate::sim::history::Archive;
use crate::sim::{Change, Key, Limits, Logged, Service, Space, code};

pub(super) struct Front {
    space: Arc<Space>,
    namespace: u16,
    monitors: Arc<Monitors>,
    standard: Standard,
    /// All but the standard's and the server's own.
    namespaces: Vec<(u16, String)>,
    limits: Limits,
}

impl Front {
    pub(super) fn new(
        space: Arc<Space>,
        namespace: u16,
        namespaces: Vec<(u16, String)>,
        monitors: Arc<Monitors>,
        limits: Limits,
        context: ServerContext,
    ) -> Front {
        let standard = Standard::new(context.node_managers, context.status, limits.clone());
        Front { space, namespace, monitors, standard, namespaces, limits }
    }

    fn view(&self) -> View<'_> {
        View { space: &self.space, namespace: self.namespace }
    }

    fn sessions(&self) -> &Sessions {
        self.monitors.sessions()
    }

    fn record<'a>(&self, service: Service, nodes: impl Iterator<Item = &'a NodeId>) {
        let view = self.view();
        self.space.record(service, nodes.map(|id| logged(view.key(id), id)).collect());
    }

    fn exists(&self, id: &NodeId) -> bool {
        self.view().key(id).is_some() || self.standard.exists(id)
    }

    /// What a browse of a node is to say when every manager has added its references.
    pub(super) fn browse_status(&self, context: &RequestContext, node: &BrowseNode) -> StatusCode {
        if !self.exists(node.node_id()) {
            return StatusCode::BadNodeIdUnknown;
        }
        let types = context.get_type_tree_for_user();
        let filter = node.reference_type_id();
        if !filter.is_null() && types.get().get(filter) != Some(NodeClass::ReferenceType) {
            return StatusCode::BadReferenceTypeIdInvalid;
        }
        StatusCode::Good
    }

    fn write_one(&self, node: &WriteNode) -> Result<(), Status> {
        let write = node.value();
        let view = self.view();
        let Some(key) = view.key(&write.node_id) else {
            let known = self.standard.exists(&write.node_id);
            return Err(if known { code::BAD_NOT_WRITABLE } else { code::BAD_NODE_ID_UNKNOWN });
        };
        let item = match key {
            Key::Item(item) => item,
            Key::Folder(_)
            | Key::Alias(_)
            | Key::Archive(_, Archive::Configuration | Archive::Aggregates)
                if write.attribute_id == AttributeId::Value =>
            {
                return Err(code::BAD_ATTRIBUTE_ID_INVALID);
            }
            _ => return Err(code::BAD_NOT_WRITABLE),
        };
        if write.attribute_id != AttributeId::Value {
            return Err(code::BAD_NOT_WRITABLE);
        }
        let Some(target) = self.space.node(item) else { return Err(code::BAD_NODE_ID_UNKNOWN) };
        {
            let mut state = target.state();
            state.writes = state.writes.saturating_add(1);
        }
        let mut written = value(write.value.value.clone());
        if let Some(range) = index_range(&write.index_range) {
            if !target.writable {
                return Err(code::BAD_NOT_WRITABLE);
            }
            let whole = target.sample(&self.space, self.space.time.now());
            written = range.replaced(&whole.value, &written)?;
        }
        let change = Change {
            value: written,
            status: write.value.status.map(convert::from_status),
            source_time: write
                .value
                .source_timestamp
                .filter(|time| !time.is_null())
                .map(convert::from_date_time),
        };
        target.write(&self.space, change)?;
        self.space.changed(item);
        Ok(())
    }

    /// The past of the item is.
    fn is_kept(&self, node: &WriteNode) -> bool {
        matches!(self.view().key(&node.value().node_id), Some(Key::Item(item)) if self.space.past(item).is_some())
    }

    /// Adds the faults that want the answer to a request for this node late, and by how much.
    fn late(&self, key: Option<Key>, now: DateTime<Utc>, late: &mut Vec<Late>) {
        if let Some(Key::Item(item)) = key
            && let Some(node) = self.space.node(item)
        {
            late.extend(self.space.faults.latency(&node.id, now));
        }
    }

    /// A request for the past of these nodes has come: what reads it, and what makes the answer late.
    fn reader(&self, nodes: &[&mut HistoryNode], stamps: TimestampsToReturn) -> (Reader<'_>, Vec<Late>) {
        self.record(Service::HistoryRead, nodes.iter().map(|node| node.node_id()));
        let late = self.late_for(nodes.iter().map(|node| node.node_id()));
        (Reader::new(self.view(), &self.standard, &self.limits, stamps, nodes.len()), late)
    }

    /// What makes the answer to a request for the past of these nodes late.
    fn late_for<'a>(&self, nodes: impl Iterator<Item = &'a NodeId>) -> Vec<Late> {
        let now = self.space.time.now();
        let mut late = Vec::new();
        for id in nodes {
            self.late(self.view().key(id), now, &mut late);
        }
        late
    }
}

/// Waits as long as the one that wants it longest.
async fn hold_up(late: Vec<Late>) {
    let start = tokio::time::Instant::now();
    for (fault, span) in late {
        fault.hold_up(span.saturating_sub(start.elapsed())).await;
    }
}

fn logged(key: Option<Key>, id: &NodeId) -> Logged {
    match key {
        Some(Key::Item(item)) => Logged::Item(item),
        _ => Logged::Other(id.to_string().into()),
    }
}

#[async_trait]
impl NodeManager for Front {
    fn owns_node(&self, _id: &NodeId) -> bool {
        true
    }

    /// Their history, that is.
    fn owns_server_events(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        "openopc-front"
    }

    fn namespaces_for_user(&self, context: &RequestContext) -> Vec<NamespaceMetadata> {
        self.sessions().see(context);
        let namespace = |namespace_uri: &str, namespace_index| NamespaceMetadata {
            namespace_uri: namespace_uri.to_owned(),
            namespace_index,
            ..NamespaceMetadata::default()
        };
        let own = namespace(context.info.application_uri.as_ref(), 1);
        let others = self.namespaces.iter().map(|(index, uri)| namespace(uri, *index));
        std::iter::once(own).chain(others).collect()
    }

    async fn init(&self, _types: &mut DefaultTypeTree, _context: ServerContext) {}

    async fn resolve_external_references(
        &self,
        _context: &RequestContext,
        items: &mut [&mut ExternalReferenceRequest],
    ) {
        let view = self.view();
        for item in items {
            if let Some(key) = view.key(item.node_id()) {
                item.set(view.metadata(key));
            }
        }
    }

    async fn read(
        &self,
        context: &RequestContext,
        max_age: f64,
        stamps: TimestampsToReturn,
        nodes: &mut [&mut ReadNode],
    ) -> Result<(), StatusCode> {
        let view = self.view();
        let now = self.space.time.now();
        let mut log = Vec::with_capacity(nodes.len());
        let mut late = Vec::new();
        for node in nodes {
            let read = node.node();
            let key = view.key(&read.node_id);
            log.push(logged(key, &read.node_id));
            if read.attribute_id == AttributeId::Value {
                self.late(key, now, &mut late);
            }
            let result = if let Some(key) = key {
                view.read(key, read, stamps, now)
            } else if read.node_id.namespace == 0 {
                self.standard.read(context, read, max_age, stamps).await
            } else {
                failed(code::BAD_NODE_ID_UNKNOWN, stamps, now)
            };
            node.set_result(result);
        }
        self.space.record(Service::Read, log);
        hold_up(late).await;
        Ok(())
    }

    async fn write(&self, _context: &RequestContext, nodes: &mut [&mut WriteNode]) -> Result<(), StatusCode> {
        self.record(Service::Write, nodes.iter().map(|node| &node.value().node_id));
        let now = self.space.time.now();
        let mut late = Vec::new();
        for node in nodes.iter_mut() {
            self.late(self.view().key(&node.value().node_id), now, &mut late);
            let result = self.write_one(node);
            node.set_status(result.map_or_else(convert::to_status, |()| StatusCode::Good));
        }
        // What is acknowledged is kept. All in one go: a store on disk takes its time each time.
        if let Err(status) = self.space.historian.flush() {
            for node in nodes.iter_mut().filter(|node| node.status().is_good() && self.is_kept(node)) {
                node.set_status(convert::to_status(status));
            }
        }
        hold_up(late).await;
        Ok(())
    }

    async fn browse(&self, context: &RequestContext, nodes: &mut [BrowseNode]) -> Result<(), StatusCode> {
        // Where a node comes with a place to go on from, this is a `BrowseNext`.
        let begun = nodes.iter().filter(|node| !View::is_continued(node));
        let begun: Vec<&NodeId> = begun.map(BrowseNode::node_id).collect();
        if !begun.is_empty() {
            self.record(Service::Browse, begun.into_iter());
        }
        let types = context.get_type_tree_for_user();
        let view = self.view();
        for node in nodes {
            view.browse(node, types.get());
        }
        Ok(())
    }

    async fn translate_browse_paths_to_node_ids(
        &self,
        context: &RequestContext,
        nodes: &mut [&mut BrowsePathItem],
    ) -> Result<(), StatusCode> {
        // The engine comes back with what other managers found; only the first call is the client's.
        let first = |node: &&&mut BrowsePathItem<'_>| node.iteration_number() == 0;
        if nodes.iter().any(|node| first(&node)) {
            let ids: Vec<NodeId> = nodes.iter().filter(first).map(|node| node.node_id().clone()).collect();
            self.record(Service::TranslateBrowsePaths, ids.iter());
        }
        let types = context.get_type_tree_for_user();
        let view = self.view();
        for node in nodes.iter_mut().filter(|node| node.unmatched_browse_name().is_none()) {
            view.translate(node, types.get());
        }
        Ok(())
    }

    async fn register_nodes(
        &self,
        _context: &RequestContext,
        nodes: &mut [&mut RegisterNodeItem],
    ) -> Result<(), StatusCode> {
        self.record(Service::RegisterNodes, nodes.iter().map(|node| node.node_id()));
        if nodes.iter().any(|node| !self.exists(node.node_id())) {
            return Err(StatusCode::BadNodeIdUnknown);
        }
        for node in nodes {
            node.set_registered(true);
        }
        Ok(())
    }

    async fn unregister_nodes(&self, _context: &RequestContext, nodes: &[&NodeId]) -> Result<(), StatusCode> {
        self.record(Service::UnregisterNodes, nodes.iter().copied());
        Ok(())
    }

    async fn create_monitored_items(
        &self,
        context: &RequestContext,
        items: &mut [&mut CreateMonitoredItem],
    ) -> Result<(), StatusCode> {
        self.record(Service::CreateMonitoredItems, items.iter().map(|item| &item.item_to_monitor().node_id));
        let mut rest: Vec<&mut CreateMonitoredItem> = Vec::new();
        let view = self.view();
        for item in items.iter_mut() {
            let ParsedReadValueId { node_id: id, index_range: range, .. } = item.item_to_monitor();
            if index_range(range).is_some_and(|range| range.is_invalid()) {
                item.set_status(StatusCode::BadIndexRangeInvalid);
            } else if let Some(key) = view.key(id) {
                self.monitors.create(view, context.session_id, key, item);
            } else if self.standard.exists(id) {
                rest.push(item);
            }
        }
        if let Some(core) = self.standard.core().filter(|_| !rest.is_empty()) {
            core.create_monitored_items(context, &mut rest).await?;
            for item in rest {
                let read = item.item_to_monitor().clone();
                if item.status_code().is_good() && read.attribute_id == AttributeId::Value {
                    let stamps = item.timestamps_to_return();
                    item.set_initial_value(self.standard.read(context, &read, 0.0, stamps).await);
                }
            }
        }
        Ok(())
    }

    async fn modify_monitored_items(&self, context: &RequestContext, items: &[&MonitoredItemUpdateRef]) {
        self.record(Service::ModifyMonitoredItems, items.iter().map(|item| item.node_id()));
        let view = self.view();
        let (ours, rest): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| view.key(item.node_id()).is_some());
        self.monitors.modify(view, &ours);
        if let Some(core) = self.standard.core().filter(|_| !rest.is_empty()) {
            core.modify_monitored_items(context, &rest).await;
        }
    }

    async fn set_monitoring_mode(
        &self,
        context: &RequestContext,
        mode: MonitoringMode,
        items: &[&MonitoredItemRef],
    ) {
        self.record(Service::SetMonitoringMode, items.iter().map(|item| item.node_id()));
        let view = self.view();
        let (ours, rest): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| view.key(item.node_id()).is_some());
        self.monitors.set_mode(view, mode, &ours);
        if let Some(core) = self.standard.core().filter(|_| !rest.is_empty()) {
            core.set_monitoring_mode(context, mode, &rest).await;
        }
    }

    async fn delete_monitored_items(&self, context: &RequestContext, items: &[&MonitoredItemRef]) {
        self.record(Service::DeleteMonitoredItems, items.iter().map(|item| item.node_id()));
        let view = self.view();
        let (ours, rest): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| view.key(item.node_id()).is_some());
        self.monitors.delete(view, &ours);
        if let Some(core) = self.standard.core().filter(|_| !rest.is_empty()) {
            core.delete_monitored_items(context, &rest).await;
        }
    }

    async fn call(&self, context: &RequestContext, calls: &mut [&mut MethodCall]) -> Result<(), StatusCode> {
        self.record(Service::Call, calls.iter().map(|call| call.method_id()));
        let mut rest = Vec::new();
        for call in calls.iter_mut() {
            if self.view().find_alias(call, context.get_type_tree_for_user().get()) {
                continue;
            }
            if !self.exists(call.object_id()) {
                call.set_status(StatusCode::BadNodeIdUnknown);
            } else if self.standard.exists(call.object_id()) && self.standard.exists(call.method_id()) {
                rest.push(&mut **call);
            } else {
                call.set_status(StatusCode::BadMethodInvalid);
            }
        }
        match self.standard.core().filter(|_| !rest.is_empty()) {
            Some(core) => core.call(context, &mut rest).await,
            None => Ok(()),
        }
    }

    async fn history_read_raw_modified(
        &self,
        _context: &RequestContext,
        details: &ReadRawModifiedDetails,
        nodes: &mut [&mut HistoryNode],
        stamps: TimestampsToReturn,
    ) -> Result<(), StatusCode> {
        let (reader, late) = self.reader(nodes, stamps);
        for node in nodes {
            reader.raw_or_modified(details, node);
        }
        hold_up(late).await;
        Ok(())
    }

    async fn history_read_processed(
        &self,
        _context: &RequestContext,
        details: &ReadProcessedDetails,
        nodes: &mut [&mut HistoryNode],
        stamps: TimestampsToReturn,
    ) -> Result<(), StatusCode> {
        let (reader, late) = self.reader(nodes, stamps);
        let count = nodes.len();
        for (index, node) in nodes.iter_mut().enumerate() {
            reader.processed(details, (index, count), node);
        }
        hold_up(late).await;
        Ok(())
    }

    async fn history_read_at_time(
        &self,
        _context: &RequestContext,
        details: &ReadAtTimeDetails,
        nodes: &mut [&mut HistoryNode],
        stamps: TimestampsToReturn,
    ) -> Result<(), StatusCode> {
        let (reader, late) = self.reader(nodes, stamps);
        for node in nodes {
            reader.at_times(details, node);
        }
        hold_up(late).await;
        Ok(())
    }

    async fn history_read_annotations(
        &self,
        _context: &RequestContext,
        details: &ReadAnnotationDataDetails,
        nodes: &mut [&mut HistoryNode],
        stamps: TimestampsToReturn,
    ) -> Result<(), StatusCode> {
        let (reader, late) = self.reader(nodes, stamps);
        for node in nodes {
            reader.annotations_at(details, node);
        }
        hold_up(late).await;
        Ok(())
    }

    async fn history_read_events(
        &self,
        context: &RequestContext,
        details: &ReadEventDetails,
        nodes: &mut [&mut HistoryNode],
        stamps: TimestampsToReturn,
    ) -> Result<(), StatusCode> {
        let (reader, _) = self.reader(nodes, stamps);
        let types = context.get_type_tree_for_user();
        for node in nodes {
            reader.events(details, types.get(), node);
        }
        Ok(())
    }

    async fn history_update(
        &self,
        context: &RequestContext,
        nodes: &mut [&mut HistoryUpdateNode],
    ) -> Result<(), StatusCode> {
        self.record(Service::HistoryUpdate, nodes.iter().map(|node| node.details().node_id()));
        let late = self.late_for(nodes.iter().map(|node| node.details().node_id()));
        let updater = Updater::new(self.view(), &self.standard, context);
        for node in nodes {
            updater.update(node);
        }
        hold_up(late).await;
        Ok(())
    }
}
