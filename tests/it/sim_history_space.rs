//! What the simulator says about its history: capabilities, aggregates, the configuration of each item; and events.

use std::collections::BTreeMap;

use opcua::client::Session;
use opcua::types::{
    AttributeId, BrowseDescription, BrowseDirection, BrowseResultMask, ContentFilter, ContentFilterElement,
    EventFilter, FilterOperator, HistoryEvent, HistoryReadResult, HistoryReadValueId, LiteralOperand, NodeId,
    ObjectId, ObjectTypeId, QualifiedName, ReadEventDetails, ReadValueId, ReferenceTypeId,
    SimpleAttributeOperand, StatusCode, TimestampsToReturn, Variant,
};
use openopc::history::{Aggregate, AggregateConfiguration, Sample};
use openopc::sim::{EventRecord, History, Item, Limits, Restart, Simulator};

use crate::sim_history::{aggregate_number, at, double, node, raw, read, served, wanted};

async fn below(
    session: &Session,
    id: impl Into<NodeId>,
    reference: ReferenceTypeId,
) -> BTreeMap<String, NodeId> {
    let description = BrowseDescription {
        node_id: id.into(),
        browse_direction: BrowseDirection::Forward,
        reference_type_id: reference.into(),
        include_subtypes: true,
        node_class_mask: 0,
        result_mask: BrowseResultMask::All as u32,
    };
    let found = session.browse(&[description], 0, None).await.unwrap().remove(0);
    let references = found.references.unwrap_or_default().into_iter();
    references.map(|one| (one.browse_name.name.to_string(), one.node_id.node_id)).collect()
}

pub(crate) async fn attribute(
    session: &Session,
    id: impl Into<NodeId>,
    attribute: AttributeId,
) -> Option<Variant> {
    let id = ReadValueId::new(id.into(), attribute);
    session.read(&[id], TimestampsToReturn::Neither, 0.0).await.unwrap().remove(0).value
}

async fn value(session: &Session, id: impl Into<NodeId>) -> Option<Variant> {
    attribute(session, id, AttributeId::Value).await
}

#[tokio::test]
async fn the_server_says_what_it_can_do() {
    let mut limits = Limits::default();
    (limits.history_values, limits.history_events) = (123, 45);
    let (_simulator, client) = served([], limits).await;
    let session = client.session();
    let offered = below(&session, ObjectId::HistoryServerCapabilities, ReferenceTypeId::HasProperty).await;
    let mut said = BTreeMap::new();
    for (name, id) in offered {
        said.insert(name, value(&session, id).await.unwrap());
    }
    let events =
        ["InsertEventCapability", "ReplaceEventCapability", "UpdateEventCapability", "DeleteEventCapability"];
    for (name, value) in &said {
        let expected = match name.as_str() {
            "MaxReturnDataValues" => Variant::UInt32(123),
            "MaxReturnEventValues" => Variant::UInt32(45),
            name => Variant::Boolean(!events.contains(&name)),
        };
        assert_eq!(*value, expected, "{name}");
    }
    assert_eq!(said.len(), 15);
    for folder in [
        ObjectId::HistoryServerCapabilities_AggregateFunctions,
        ObjectId::Server_ServerCapabilities_AggregateFunctions,
    ] {
        let found = below(&session, folder, ReferenceTypeId::Organizes).await;
        assert_eq!(found.len(), 37);
        for aggregate in Aggregate::ALL {
            assert_eq!(found[aggregate.name()], NodeId::new(0, aggregate_number(*aggregate)));
        }
    }
    let server = below(&session, ObjectId::Server_ServerCapabilities, ReferenceTypeId::HasComponent).await;
    assert!(server.values().any(|id| *id == ObjectId::HistoryServerCapabilities), "{server:?}");
    let notifier = attribute(&session, ObjectId::Server, AttributeId::EventNotifier).await;
    assert_eq!(notifier, Some(Variant::Byte(5)));
}

#[tokio::test]
async fn an_item_says_how_its_past_is_kept() {
    let configuration = AggregateConfiguration {
        treat_uncertain_as_bad: false,
        percent_data_bad: 70,
        percent_data_good: 60,
        use_sloped_extrapolation: true,
    };
    let history = History::recorded()
        .samples([Sample::new(at(7), 1.0)])
        .capacity(10)
        .stepped(true)
        .configuration(configuration);
    let items = [
        double("A.B").history(history),
        Item::new("Read", 1.0).history(History::recorded().read_only()),
        Item::new("Plain", 1.0),
    ];
    let (_simulator, client) = served(items, Limits::default()).await;
    let session = client.session();
    let configurations = below(&session, node("A.B"), ReferenceTypeId::HasHistoricalConfiguration).await;
    let configuration = configurations["HA Configuration"].clone();
    let definition = below(&session, configuration.clone(), ReferenceTypeId::HasTypeDefinition).await;
    assert_eq!(definition["HistoricalDataConfigurationType"], ObjectTypeId::HistoricalDataConfigurationType);
    let properties = below(&session, configuration.clone(), ReferenceTypeId::HasProperty).await;
    let components = below(&session, configuration, ReferenceTypeId::HasComponent).await;
    let aggregates =
        below(&session, components["AggregateConfiguration"].clone(), ReferenceTypeId::HasProperty).await;
    let mut said = BTreeMap::new();
    for (name, id) in properties.into_iter().chain(aggregates) {
        said.insert(name, value(&session, id).await.unwrap());
    }
    let expected = [
        ("MaxCountStoredValues", Variant::UInt32(10)),
        ("PercentDataBad", Variant::Byte(70)),
        ("PercentDataGood", Variant::Byte(60)),
        ("ServerTimestampSupported", Variant::Boolean(true)),
        ("StartOfArchive", Variant::from(opcua::types::DateTime::from(at(7)))),
        ("StartOfOnlineArchive", Variant::from(opcua::types::DateTime::from(at(7)))),
        ("Stepped", Variant::Boolean(true)),
        ("TreatUncertainAsBad", Variant::Boolean(false)),
        ("UseSlopedExtrapolation", Variant::Boolean(true)),
    ];
    assert_eq!(said, expected.map(|(name, value)| (name.to_owned(), value)).into());
    for (item, historizing, access) in [("A.B", true, 1 | 4 | 8), ("Read", true, 1 | 4), ("Plain", false, 1)]
    {
        let flag = attribute(&session, node(item), AttributeId::Historizing).await;
        assert_eq!(flag, Some(Variant::Boolean(historizing)), "{item}");
        let level = attribute(&session, node(item), AttributeId::UserAccessLevel).await;
        assert_eq!(level, Some(Variant::Byte(access)), "{item}");
    }
    assert!(below(&session, node("Plain"), ReferenceTypeId::HierarchicalReferences).await.is_empty());
    let notes = &below(&session, node("A.B"), ReferenceTypeId::HasProperty).await["Annotations"];
    assert_eq!(
        attribute(&session, notes.clone(), AttributeId::AccessLevel).await,
        Some(Variant::Byte(4 | 8))
    );
    // Our own client finds them by their paths.
    let stepped = client.read("/2:A/2:B/HA Configuration/Stepped").await.unwrap();
    assert!(stepped.get::<bool>().unwrap());
}

pub(crate) fn field(name: &str) -> SimpleAttributeOperand {
    SimpleAttributeOperand {
        type_definition_id: ObjectTypeId::BaseEventType.into(),
        browse_path: Some(vec![QualifiedName::new(0, name)]),
        attribute_id: AttributeId::Value as u32,
        index_range: opcua::types::NumericRange::None,
    }
}

pub(crate) fn asked(count: u32, where_clause: ContentFilter) -> ReadEventDetails {
    ReadEventDetails {
        num_values_per_node: count,
        start_time: at(-1000).into(),
        end_time: at(1000).into(),
        filter: EventFilter {
            select_clauses: Some(["Time", "Message", "Severity", "Batch", "SourceName"].map(field).to_vec()),
            where_clause,
        },
    }
}

pub(crate) fn server() -> HistoryReadValueId {
    HistoryReadValueId { node_id: ObjectId::Server.into(), ..wanted("") }
}

pub(crate) fn events(result: &HistoryReadResult) -> Vec<Vec<Variant>> {
    let found = result.history_data.inner_as::<HistoryEvent>().expect("this is no HistoryEvent");
    found.events.iter().flatten().map(|event| event.event_fields.clone().unwrap()).collect()
}

pub(crate) fn messages(result: &HistoryReadResult) -> Vec<String> {
    let message = |fields: &Vec<Variant>| match &fields[1] {
        Variant::LocalizedText(text) => text.text.to_string(),
        other => panic!("{other:?}"),
    };
    events(result).iter().map(message).collect()
}

#[tokio::test]
async fn events_are_kept_and_read() {
    let simulator = Simulator::builder()
        .item(Item::new("Pump", 1.0))
        .event(EventRecord::new("serviced").time(at(-60)))
        .manual_clock()
        .start()
        .await
        .unwrap();
    let failed = EventRecord::new("failed").source("Pump").severity(900).field("Batch", 7);
    simulator.emit(failed).unwrap();
    simulator.restart(Restart::new()).await.unwrap();
    for (event, word) in [
        (EventRecord::new("x").source("None"), "None"),
        (EventRecord::new("x").severity(0), "severities"),
        (EventRecord::new("x").severity(1001), "severities"),
    ] {
        assert!(simulator.emit(event).unwrap_err().to_string().contains(word));
    }
    let client = openopc::open(simulator.url()).await.unwrap();
    let session = client.session();
    let all = &read(&session, asked(0, ContentFilter::default()), &[server()]).await[0];
    assert_eq!(all.status_code, StatusCode::Good);
    assert_eq!(messages(all), ["serviced", "failed", "The server was started again"]);
    let fields = &events(all)[1];
    let time = Variant::from(opcua::types::DateTime::from(at(0)));
    assert_eq!((&fields[0], &fields[2], &fields[3]), (&time, &Variant::UInt16(900), &Variant::Int32(7)));
    assert_eq!(fields[4], Variant::from("Pump"));
    assert_eq!(events(all)[0][3], Variant::Empty);
    // Page by page.
    let first = &read(&session, asked(2, ContentFilter::default()), &[server()]).await[0];
    assert_eq!(messages(first), ["serviced", "failed"]);
    let next = HistoryReadValueId { continuation_point: first.continuation_point.clone(), ..server() };
    let second = &read(&session, asked(2, ContentFilter::default()), &[next]).await[0];
    assert_eq!(messages(second), ["The server was started again"]);
    assert!(second.continuation_point.is_null());
    // Only urgent ones.
    let urgent = |operator| ContentFilter {
        elements: Some(vec![ContentFilterElement {
            filter_operator: operator,
            filter_operands: Some(vec![
                opcua::types::ExtensionObject::from_message(field("Severity")),
                opcua::types::ExtensionObject::from_message(LiteralOperand { value: Variant::UInt16(800) }),
            ]),
        }]),
    };
    let filtered = &read(&session, asked(0, urgent(FilterOperator::GreaterThan)), &[server()]).await[0];
    assert_eq!(messages(filtered), ["failed"]);
    // By type, as most clients ask, and by text.
    let listed = |name: &str, values: Vec<Variant>| {
        let mut operands = vec![opcua::types::ExtensionObject::from_message(field(name))];
        let literal = |value| opcua::types::ExtensionObject::from_message(LiteralOperand { value });
        operands.extend(values.into_iter().map(literal));
        ContentFilter {
            elements: Some(vec![ContentFilterElement {
                filter_operator: FilterOperator::InList,
                filter_operands: Some(operands),
            }]),
        }
    };
    let of_type = listed("EventType", vec![NodeId::from(ObjectTypeId::BaseEventType).into()]);
    let filtered = &read(&session, asked(0, of_type), &[server()]).await[0];
    assert_eq!(messages(filtered), ["serviced", "failed"]);
    let of_source = listed("SourceName", vec![Variant::from("Valve"), Variant::from("Pump")]);
    let filtered = &read(&session, asked(0, of_source), &[server()]).await[0];
    assert_eq!(messages(filtered), ["failed"]);
    let viewed = ContentFilter {
        elements: Some(vec![ContentFilterElement {
            filter_operator: FilterOperator::InView,
            filter_operands: Some(vec![opcua::types::ExtensionObject::from_message(field("Severity"))]),
        }]),
    };
    // What is no filter, and whose events these are not.
    let mut nothing = asked(0, ContentFilter::default());
    nothing.filter.select_clauses = None;
    for (details, node, status) in [
        (nothing, server(), StatusCode::BadEventFilterInvalid),
        (asked(0, viewed), server(), StatusCode::BadFilterOperatorUnsupported),
        (asked(0, ContentFilter::default()), wanted("Pump"), StatusCode::BadHistoryOperationUnsupported),
        (asked(0, ContentFilter::default()), wanted("None"), StatusCode::BadNodeIdUnknown),
    ] {
        assert_eq!(read(&session, details, &[node]).await[0].status_code, status);
    }
    assert_eq!(
        read(&session, raw(Some(at(0)), Some(at(1)), 0, false), &[wanted("Pump")]).await[0].status_code,
        StatusCode::BadHistoryOperationUnsupported
    );
}
