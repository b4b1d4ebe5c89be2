//! Events: told where they happen, kept as long as there is room for them, on disk for longer than the simulator.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::{MonitoredItem, OnSubscriptionNotification, Session};
use opcua::types::{
    AttributeId, ContentFilter, ContentFilterElement, EventFilter, ExtensionObject, FilterOperator,
    HistoryReadValueId, LiteralOperand, MonitoredItemCreateRequest, MonitoringMode, MonitoringParameters,
    NodeId, ObjectId, ObjectTypeId, ReadValueId, StatusCode, TimestampsToReturn, Variant,
};
use openopc::sim::{EventRecord, Item, Simulator, SimulatorBuilder};
use tokio::sync::mpsc;

use crate::sim_config::Folder;
use crate::sim_history::{at, node, read};
use crate::sim_history_space::{asked, attribute, field, messages, server};
use crate::support::within;

fn plant() -> SimulatorBuilder {
    let items = ["Plant.Boiler.Temp", "Plant.Pump", "Yard.Gate"].map(|id| Item::new(id, 1.0));
    Simulator::builder().items(items).manual_clock()
}

fn folder(path: &str) -> NodeId {
    node(&format!("~folder/{path}"))
}

/// The events of the past that a node tells.
async fn past(session: &Session, node_id: impl Into<NodeId>) -> Vec<String> {
    let wanted = HistoryReadValueId { node_id: node_id.into(), ..server() };
    let result = &read(session, asked(0, ContentFilter::default()), &[wanted]).await[0];
    assert!(result.status_code.is_good(), "{}", result.status_code);
    messages(result)
}

struct Heard(mpsc::UnboundedSender<(NodeId, String)>);

impl OnSubscriptionNotification for Heard {
    fn on_event(&mut self, fields: Option<Vec<Variant>>, item: &MonitoredItem) {
        let Some(Variant::LocalizedText(text)) = fields.unwrap_or_default().into_iter().next() else {
            panic!("the first field is the message");
        };
        let _ = self.0.send((item.item_to_monitor().node_id.clone(), text.text.to_string()));
    }
}

/// What is told of the events of these nodes that pass.
async fn listen(
    session: &Session,
    nodes: &[NodeId],
    where_clause: ContentFilter,
) -> mpsc::UnboundedReceiver<(NodeId, String)> {
    let (send, heard) = mpsc::unbounded_channel();
    let interval = Duration::from_millis(10);
    let subscription = session.create_subscription(interval, 100, 20, 0, 0, true, Heard(send)).await.unwrap();
    let select_clauses = Some(vec![field("Message")]);
    let filter = EventFilter { select_clauses, where_clause };
    let request = |node_id: &NodeId| MonitoredItemCreateRequest {
        item_to_monitor: ReadValueId::new(node_id.clone(), AttributeId::EventNotifier),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            filter: ExtensionObject::from_message(filter.clone()),
            queue_size: 100,
            ..MonitoringParameters::default()
        },
    };
    let requests = nodes.iter().map(request).collect();
    let created =
        session.create_monitored_items(subscription, TimestampsToReturn::Both, requests).await.unwrap();
    assert!(created.iter().all(|item| item.result.status_code == StatusCode::Good), "{created:?}");
    heard
}

fn of_severity(least: u16) -> ContentFilter {
    let operands = [
        ExtensionObject::from_message(field("Severity")),
        ExtensionObject::from_message(LiteralOperand { value: Variant::UInt16(least) }),
    ];
    let elements = vec![ContentFilterElement {
        filter_operator: FilterOperator::GreaterThanOrEqual,
        filter_operands: Some(operands.to_vec()),
    }];
    ContentFilter { elements: Some(elements) }
}

#[tokio::test]
async fn a_folder_tells_of_what_is_below_it() {
    let simulator = plant().start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    let session = opc.session();
    for (message, source) in [
        ("hot", Some("Plant.Boiler.Temp")),
        ("stuck", Some("Plant.Pump")),
        ("open", Some("Yard.Gate")),
        ("noon", None),
    ] {
        let event = EventRecord::new(message);
        simulator
            .emit(match source {
                Some(source) => event.source(source),
                None => event,
            })
            .unwrap();
    }
    assert_eq!(past(&session, ObjectId::Server).await, ["hot", "stuck", "open", "noon"]);
    assert_eq!(past(&session, folder("Plant")).await, ["hot", "stuck"]);
    assert_eq!(past(&session, folder("Plant.Boiler")).await, ["hot"]);
    assert_eq!(past(&session, folder("Yard")).await, ["open"]);
    // It says that it can be listened to, and that it has a past.
    let notifier = attribute(&session, folder("Plant"), AttributeId::EventNotifier).await;
    assert_eq!(notifier, Some(Variant::Byte(1 | 4)));
}

#[tokio::test]
async fn who_listens_hears_each_event_once() {
    let simulator = plant().start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    let session: Arc<Session> = opc.session();
    let all = [ObjectId::Server.into(), folder("Plant"), folder("Plant.Boiler"), folder("Yard")];
    let mut heard = listen(&session, &all, ContentFilter::default()).await;
    let mut urgent = listen(&session, &all[..1], of_severity(800)).await;
    let operand = LiteralOperand { value: NodeId::from(ObjectTypeId::SystemEventType).into() };
    let of_system = ContentFilterElement {
        filter_operator: FilterOperator::OfType,
        filter_operands: Some(vec![ExtensionObject::from_message(operand)]),
    };
    let mut system = listen(&session, &all[..1], ContentFilter { elements: Some(vec![of_system]) }).await;
    // What was before is not told.
    let events = [
        EventRecord::new("hot").source("Plant.Boiler.Temp").severity(800),
        EventRecord::new("open").source("Yard.Gate").severity(100),
        EventRecord::new("later").severity(900).event_type(openopc::NodeId::numeric(0, 2130)),
    ];
    for event in events {
        simulator.emit(event).unwrap();
    }
    let mut told = Vec::new();
    while told.len() < 6 {
        told.push(within(heard.recv()).await.unwrap());
    }
    let of = |node: &NodeId| -> Vec<&str> {
        told.iter().filter(|(from, _)| from == node).map(|(_, message)| message.as_str()).collect()
    };
    assert_eq!(of(&all[0]), ["hot", "open", "later"]);
    assert_eq!((of(&all[1]), of(&all[2]), of(&all[3])), (vec!["hot"], vec!["hot"], vec!["open"]));
    let mut messages = Vec::new();
    while messages.len() < 2 {
        messages.push(within(urgent.recv()).await.unwrap().1);
    }
    assert_eq!(messages, ["hot", "later"]);
    assert_eq!(within(system.recv()).await.unwrap().1, "later");
    // Each of them was told of once: the next that comes is the next that happens.
    simulator.emit(EventRecord::new("end").severity(1000)).unwrap();
    assert_eq!(within(heard.recv()).await.unwrap().1, "end");
    assert_eq!(within(urgent.recv()).await.unwrap().1, "end");
}

#[tokio::test]
async fn events_on_disk_are_there_the_next_time() {
    let folder = Folder::new("events");
    let store = folder.0.join("plant.redb");
    let start = || async {
        let built = EventRecord::new("built").time(at(-100)).source("Yard.Gate").field("By", "me");
        let builder = plant().event(built).event_capacity(4).history_file(&store);
        let simulator = within(builder.start()).await.unwrap();
        let opc = within(openopc::open(simulator.url())).await.unwrap();
        (simulator, opc)
    };
    let (first, opc) = start().await;
    first.emit(EventRecord::new("hot").source("Plant.Pump").field("Batch", 7)).unwrap();
    assert_eq!(past(&opc.session(), ObjectId::Server).await, ["built", "hot"]);
    drop(first);
    // What is given at each start is there once, and what is kept is bounded.
    let (second, opc) = start().await;
    let session = opc.session();
    assert_eq!(past(&session, ObjectId::Server).await, ["built", "hot"]);
    assert_eq!(past(&session, self::folder("Plant")).await, ["hot"]);
    second.advance(Duration::from_secs(1)).unwrap();
    for message in ["one", "two", "three"] {
        second.emit(EventRecord::new(message)).unwrap();
    }
    assert_eq!(past(&session, ObjectId::Server).await, ["hot", "one", "two", "three"]);
    assert!(plant().event_capacity(0).start().await.unwrap_err().to_string().contains("event_capacity"));
}
