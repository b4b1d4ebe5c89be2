//! The simulator, driven by the engine's own client.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::{ClientBuilder, DataChangeCallback, IdentityToken, Session};
use opcua::types::{
    AttributeId, BrowseDescription, BrowseDirection, DataValue, MonitoredItemCreateRequest, NodeId,
    ReadValueId, StatusCode, TimestampsToReturn, Variant, WriteValue,
};
use openopc::sim::{Item, Signal, Simulator};
use tokio::sync::mpsc;

pub(crate) struct Peer {
    pub(crate) session: Arc<Session>,
    task: tokio::task::JoinHandle<StatusCode>,
}

impl Peer {
    pub(crate) async fn connect(simulator: &Simulator) -> Peer {
        let mut client = ClientBuilder::new()
            .application_name("test client")
            .application_uri("urn:openopc:test")
            .create_sample_keypair(false)
            .trust_server_certs(true)
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

    pub(crate) async fn read(&self, ids: &[NodeId]) -> Vec<DataValue> {
        let nodes: Vec<ReadValueId> = ids.iter().cloned().map(ReadValueId::from).collect();
        self.session.read(&nodes, TimestampsToReturn::Both, 0.0).await.unwrap()
    }

    pub(crate) async fn write(&self, id: &NodeId, value: impl Into<Variant>) -> StatusCode {
        self.session.write(&[WriteValue::value_attr(id.clone(), value.into())]).await.unwrap()[0]
    }

    pub(crate) async fn browse(&self, id: &NodeId) -> Vec<(String, NodeId)> {
        let description = BrowseDescription {
            node_id: id.clone(),
            browse_direction: BrowseDirection::Forward,
            reference_type_id: opcua::types::ReferenceTypeId::HierarchicalReferences.into(),
            include_subtypes: true,
            node_class_mask: 0,
            result_mask: 63,
        };
        let result = self.session.browse(&[description], 0, None).await.unwrap();
        let references = result[0].references.clone().unwrap_or_default();
        references.into_iter().map(|r| (r.browse_name.name.to_string(), r.node_id.node_id)).collect()
    }

    pub(crate) async fn subscribe(
        &self,
        ids: &[NodeId],
        sampling: f64,
    ) -> mpsc::UnboundedReceiver<(NodeId, DataValue)> {
        let (send, receive) = mpsc::unbounded_channel();
        let callback = DataChangeCallback::new(move |value, item| {
            let _ = send.send((item.item_to_monitor().node_id.clone(), value));
        });
        let id = self
            .session
            .create_subscription(Duration::from_millis(20), 1000, 100, 0, 0, true, callback)
            .await
            .unwrap();
        let items = ids
            .iter()
            .map(|id| {
                let mut request: MonitoredItemCreateRequest = id.clone().into();
                request.requested_parameters.sampling_interval = sampling;
                request.requested_parameters.queue_size = 1000;
                request
            })
            .collect();
        let results = self.session.create_monitored_items(id, TimestampsToReturn::Both, items).await.unwrap();
        for result in results {
            assert_eq!(result.result.status_code, StatusCode::Good);
        }
        receive
    }
}

pub(crate) fn item(id: &str) -> NodeId {
    NodeId::new(2, id)
}

#[tokio::test(flavor = "current_thread")]
async fn openopcs_tutorial_reads_the_same_numbers() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let ids: Vec<NodeId> = ["Int1", "Int2", "Int4", "UInt1", "UInt2", "UInt4"]
        .iter()
        .map(|name| item(&format!("Random.{name}")))
        .collect();
    let values: Vec<Variant> = peer.read(&ids).await.into_iter().map(|value| value.value.unwrap()).collect();
    assert_eq!(
        values,
        [
            Variant::SByte(0),
            Variant::Int16(18467),
            Variant::Int32(6334),
            Variant::Byte(206),
            Variant::UInt16(19169),
            Variant::UInt32(15724)
        ]
    );
    peer.close().await;
    simulator.stop().await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn the_tree_is_browsed_as_in_opc_da() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let roots = peer.browse(&NodeId::new(0, 85)).await;
    let names: Vec<&str> = roots.iter().map(|(name, _)| name.as_str()).collect();
    for name in
        ["Simulation Items", "Configured Aliases", "#MonitorACLFile", "@ClientCount", "@Clients", "Server"]
    {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let groups = peer.browse(&roots[0].1).await;
    assert_eq!(groups.len(), 8);
    let random = groups.iter().find(|(name, _)| name == "Random").unwrap();
    let leaves = peer.browse(&random.1).await;
    assert_eq!(leaves.len(), 17);
    assert_eq!(leaves[0].1, item("Random.ArrayOfReal8"));
    peer.close().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_written_value_is_read_back_and_notified() {
    let simulator = Simulator::builder()
        .item(Item::new("Plant.Temp", 20.5).writable())
        .item(Item::new("Plant.Wave", 0.0).signal(Signal::Ramp {
            from: 0.0,
            to: 1e6,
            period: Duration::from_secs(1000),
        }))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let (temp, wave) = (item("Plant.Temp"), item("Plant.Wave"));
    let mut changes = peer.subscribe(&[temp.clone()], 0.0).await;
    let (_, first) = changes.recv().await.unwrap();
    assert_eq!(first.value, Some(Variant::Double(20.5)));
    assert_eq!(peer.write(&temp, 21.5).await, StatusCode::Good);
    assert_eq!(peer.write(&temp, 21i32).await, StatusCode::BadTypeMismatch);
    assert_eq!(peer.write(&wave, 21.0).await, StatusCode::BadNotWritable);
    assert_eq!(peer.write(&item("Plant.None"), 21.0).await, StatusCode::BadNodeIdUnknown);
    let (_, next) = changes.recv().await.unwrap();
    assert_eq!(next.value, Some(Variant::Double(21.5)));
    simulator.set("Plant.Temp", 22).unwrap();
    let (_, next) = changes.recv().await.unwrap();
    assert_eq!(next.value, Some(Variant::Double(22.0)));
    let mut waves = peer.subscribe(&[wave], 50.0).await;
    let mut last = None;
    for _ in 0..5 {
        let (_, value) = waves.recv().await.unwrap();
        assert_ne!(Some(&value.value), last.as_ref());
        last = Some(value.value);
    }
    let _ = AttributeId::Value;
    peer.close().await;
}
