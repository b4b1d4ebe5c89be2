//! The engine's own client: a peer for the simulator that shares no code with our client.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::{ClientBuilder, DataChangeCallback, IdentityToken, Session};
use opcua::types::{
    AttributeId, BrowseDescription, BrowseDirection, BrowsePath, BrowseResult, DataChangeFilter,
    DataChangeTrigger, DataValue, ExtensionObject, MonitoredItemCreateRequest, MonitoredItemCreateResult,
    NodeId, QualifiedName, ReadValueId, ReferenceTypeId, RelativePath, RelativePathElement, StatusCode,
    TimestampsToReturn, Variant, WriteValue,
};
use openopc::sim::Simulator;
use tokio::sync::mpsc;

pub(crate) type Changes = mpsc::UnboundedReceiver<(NodeId, DataValue)>;

pub(crate) struct Peer {
    pub(crate) session: Arc<Session>,
    task: tokio::task::JoinHandle<StatusCode>,
}

/// An item of the simulator.
pub(crate) fn item(id: &str) -> NodeId {
    NodeId::new(2, id)
}

pub(crate) fn items(ids: &[&str]) -> Vec<NodeId> {
    ids.iter().map(|id| item(id)).collect()
}

#[expect(clippy::as_conversions, reason = "the engine gives the number no other way")]
pub(crate) fn attribute_number(attribute: AttributeId) -> u32 {
    attribute as u32
}

pub(crate) fn read_id(id: &NodeId, attribute: AttributeId, range: &str) -> ReadValueId {
    ReadValueId {
        node_id: id.clone(),
        attribute_id: attribute_number(attribute),
        index_range: range.parse().unwrap(),
        ..ReadValueId::default()
    }
}

impl Peer {
    pub(crate) async fn connect(simulator: &Simulator) -> Peer {
        let mut client = ClientBuilder::new()
            .application_name("test client")
            .application_uri("urn:openopc:test")
            .create_sample_keypair(false)
            .pki_dir("\0")
            .session_retry_limit(0)
            .max_message_size(64 << 20)
            .max_chunk_count(10_000)
            .max_array_length(1_000_000)
            .client()
            .unwrap();
        let (session, event_loop) =
            client.connect_to_matching_endpoint(simulator.url(), IdentityToken::Anonymous).await.unwrap();
        let task = event_loop.spawn();
        assert!(session.wait_for_connection().await);
        Peer { session, task }
    }

    pub(crate) async fn close(self) {
        self.session.disconnect().await.unwrap();
        self.task.await.unwrap();
    }

    /// Goes without a word.
    pub(crate) fn vanish(self) {
        self.task.abort();
    }

    pub(crate) async fn read(&self, ids: &[NodeId]) -> Vec<DataValue> {
        let nodes: Vec<ReadValueId> = ids.iter().cloned().map(ReadValueId::from).collect();
        self.session.read(&nodes, TimestampsToReturn::Both, 0.0).await.unwrap()
    }

    pub(crate) async fn read_one(&self, id: &str) -> DataValue {
        self.read(&[item(id)]).await.remove(0)
    }

    pub(crate) async fn attribute(&self, id: &NodeId, attribute: AttributeId) -> DataValue {
        let read = read_id(id, attribute, "");
        self.session.read(&[read], TimestampsToReturn::Both, 0.0).await.unwrap().remove(0)
    }

    pub(crate) async fn range(&self, id: &str, range: &str) -> DataValue {
        let read = read_id(&item(id), AttributeId::Value, range);
        self.session.read(&[read], TimestampsToReturn::Both, 0.0).await.unwrap().remove(0)
    }

    pub(crate) async fn write(&self, id: &str, value: impl Into<Variant>) -> StatusCode {
        self.write_value(WriteValue::value_attr(item(id), value.into())).await
    }

    pub(crate) async fn write_range(&self, id: &str, range: &str, value: impl Into<Variant>) -> StatusCode {
        let mut write = WriteValue::value_attr(item(id), value.into());
        write.index_range = range.parse().unwrap();
        self.write_value(write).await
    }

    pub(crate) async fn write_value(&self, value: WriteValue) -> StatusCode {
        self.session.write(&[value]).await.unwrap()[0]
    }

    pub(crate) async fn browse_with(
        &self,
        id: &NodeId,
        direction: BrowseDirection,
        reference: ReferenceTypeId,
        most: u32,
    ) -> BrowseResult {
        let description = BrowseDescription {
            node_id: id.clone(),
            browse_direction: direction,
            reference_type_id: reference.into(),
            include_subtypes: true,
            node_class_mask: 0,
            result_mask: 63,
        };
        self.session.browse(&[description], most, None).await.unwrap().remove(0)
    }

    /// What is below a node: browse names and ids.
    pub(crate) async fn children(&self, id: &NodeId) -> Vec<(String, NodeId)> {
        let forward = BrowseDirection::Forward;
        let result = self.browse_with(id, forward, ReferenceTypeId::HierarchicalReferences, 0).await;
        assert_eq!(result.status_code, StatusCode::Good);
        assert!(result.continuation_point.is_null());
        let references = result.references.unwrap_or_default();
        references.into_iter().map(|r| (r.browse_name.name.to_string(), r.node_id.node_id)).collect()
    }

    /// Follows names of namespace 2 from a node.
    pub(crate) async fn path(&self, from: NodeId, names: &[(u16, &str)]) -> (StatusCode, Vec<NodeId>) {
        let elements = names.iter().map(|(namespace, name)| RelativePathElement {
            reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
            is_inverse: false,
            include_subtypes: true,
            target_name: QualifiedName::new(*namespace, *name),
        });
        let relative_path = RelativePath { elements: Some(elements.collect()) };
        let path = BrowsePath { starting_node: from, relative_path };
        let result = self.session.translate_browse_paths_to_node_ids(&[path]).await.unwrap().remove(0);
        let targets = result.targets.unwrap_or_default();
        (result.status_code, targets.into_iter().map(|target| target.target_id.node_id).collect())
    }

    pub(crate) async fn subscribe(&self, ids: &[NodeId], sampling: f64) -> Changes {
        let requests = ids.iter().map(|id| monitor(id, sampling, true)).collect();
        let (results, changes) = self.subscribe_with(requests).await;
        assert!(results.iter().all(|result| result.status_code == StatusCode::Good), "{results:?}");
        changes
    }

    pub(crate) async fn subscribe_with(
        &self,
        requests: Vec<MonitoredItemCreateRequest>,
    ) -> (Vec<MonitoredItemCreateResult>, Changes) {
        let (_, results, changes) = self.subscription(requests).await;
        (results, changes)
    }

    pub(crate) async fn subscription(
        &self,
        requests: Vec<MonitoredItemCreateRequest>,
    ) -> (u32, Vec<MonitoredItemCreateResult>, Changes) {
        self.subscription_for(10_000, requests).await
    }

    /// With this lifetime in publishing intervals of 10 ms.
    pub(crate) async fn subscription_for(
        &self,
        lifetime: u32,
        requests: Vec<MonitoredItemCreateRequest>,
    ) -> (u32, Vec<MonitoredItemCreateResult>, Changes) {
        let (send, changes) = mpsc::unbounded_channel();
        let callback = DataChangeCallback::new(move |value, item| {
            let _ = send.send((item.item_to_monitor().node_id.clone(), value));
        });
        let interval = Duration::from_millis(10);
        let id = self
            .session
            .create_subscription(interval, lifetime, lifetime / 10, 0, 0, true, callback)
            .await
            .unwrap();
        let results =
            self.session.create_monitored_items(id, TimestampsToReturn::Both, requests).await.unwrap();
        (id, results.into_iter().map(|created| created.result).collect(), changes)
    }
}

/// A request with room for every change; `filter` is whether it says the default filter or none.
pub(crate) fn monitor(id: &NodeId, sampling: f64, filter: bool) -> MonitoredItemCreateRequest {
    let mut request: MonitoredItemCreateRequest = id.clone().into();
    request.requested_parameters.sampling_interval = sampling;
    request.requested_parameters.queue_size = 10_000;
    if filter {
        request.requested_parameters.filter = ExtensionObject::from_message(DataChangeFilter {
            trigger: DataChangeTrigger::StatusValue,
            deadband_type: 0,
            deadband_value: 0.0,
        });
    }
    request
}

/// The next change, which must come.
pub(crate) async fn next(changes: &mut Changes) -> DataValue {
    let next = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await;
    next.expect("no change came").expect("the subscription ended").1
}
