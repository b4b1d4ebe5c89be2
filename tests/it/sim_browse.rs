//! The simulator's address space.

use opcua::types::{
    AttributeId, BrowseDirection, LocalizedText, NodeId, QualifiedName, ReferenceTypeId, StatusCode,
    UAString, VariableTypeId, Variant,
};
use openopc::sim::{Item, Limits, Simulator};

use AttributeId as A;

use crate::peer::{Peer, item};

const OBJECTS: u32 = 85;

#[tokio::test(flavor = "current_thread")]
async fn the_preset_is_browsed_as_in_opc_da() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let roots = peer.children(&NodeId::new(0, OBJECTS)).await;
    let names: Vec<&str> = roots.iter().map(|(name, _)| name.as_str()).collect();
    for name in
        ["Simulation Items", "Configured Aliases", "#MonitorACLFile", "@ClientCount", "@Clients", "Server"]
    {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let groups = peer.children(&roots[0].1).await;
    let mut counts = Vec::new();
    for (name, id) in &groups {
        counts.push((name.as_str(), peer.children(id).await.len()));
    }
    let expected = [
        ("Bucket Brigade", 14),
        ("Random", 17),
        ("Read Error", 14),
        ("Saw-toothed Waves", 9),
        ("Square Waves", 9),
        ("Triangle Waves", 9),
        ("Write Error", 14),
        ("Write Only", 14),
    ];
    assert_eq!(counts, expected);
    let random = peer.children(&groups[1].1).await;
    assert_eq!(random[0], ("ArrayOfReal8".to_owned(), item("Random.ArrayOfReal8")));
}

#[tokio::test(flavor = "current_thread")]
async fn ids_make_folders_and_items_can_have_items_below() {
    let simulator = Simulator::builder()
        .item(Item::new("Plant.Boiler.Temp", 1.0))
        .item(Item::new("Plant.Boiler", 2.0))
        .item(Item::new("Plant.Tank.Level", 3.0))
        .item(Item::new("Alone", 4.0))
        .item(Item::new("odd..id", 5.0))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let roots = peer.children(&NodeId::new(0, OBJECTS)).await;
    let names: Vec<&str> = roots.iter().map(|(name, _)| name.as_str()).take(3).collect();
    assert_eq!(names, ["Alone", "Plant", "odd..id"]);
    assert_eq!(roots[2].1, item("odd..id"));
    let plant = peer.children(&roots[1].1).await;
    assert_eq!(
        plant,
        [("Boiler".to_owned(), item("Plant.Boiler")), ("Tank".to_owned(), item("~folder/Plant.Tank"))]
    );
    assert_eq!(peer.children(&item("Plant.Boiler")).await, [("Temp".to_owned(), item("Plant.Boiler.Temp"))]);
    // Upwards it is the same way.
    let inverse = BrowseDirection::Inverse;
    let up = peer.browse_with(&roots[1].1, inverse, ReferenceTypeId::HierarchicalReferences, 0).await;
    let up = up.references.unwrap();
    assert_eq!(up.len(), 1);
    assert_eq!(up[0].node_id.node_id, NodeId::new(0, OBJECTS));
    assert!(!up[0].is_forward);
    let up = peer
        .browse_with(&item("Plant.Boiler.Temp"), inverse, ReferenceTypeId::HierarchicalReferences, 0)
        .await;
    assert_eq!(up.references.unwrap()[0].node_id.node_id, item("Plant.Boiler"));
}

#[tokio::test(flavor = "current_thread")]
async fn browse_paths_lead_to_items() {
    let simulator = Simulator::builder()
        .preset()
        .item(Item::new("Plant.Boiler.Temp", 1.0).range(0.0, 10.0))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let temp = [(2, "Plant"), (2, "Boiler"), (2, "Temp")];
    let objects = NodeId::new(0, OBJECTS);
    assert_eq!(peer.path(objects.clone(), &temp).await, (StatusCode::Good, vec![item("Plant.Boiler.Temp")]));
    let from_root = [(0, "Objects"), (2, "Simulation Items"), (2, "Random"), (2, "Int4")];
    assert_eq!(
        peer.path(NodeId::new(0, 84), &from_root).await,
        (StatusCode::Good, vec![item("Random.Int4")])
    );
    let (status, range) = peer.path(item("Plant.Boiler.Temp"), &[(0, "EURange")]).await;
    assert_eq!(status, StatusCode::Good);
    let range = peer.read(&range).await.remove(0).value.unwrap();
    let Variant::ExtensionObject(range) = range else { panic!("{range:?}") };
    assert_eq!(range.inner_as::<opcua::types::Range>().unwrap().high, 10.0);
    // What the engine itself has is still found.
    let status = [(0, "ServerStatus"), (0, "CurrentTime")];
    assert_eq!(
        peer.path(NodeId::new(0, 2253), &status).await,
        (StatusCode::Good, vec![NodeId::new(0, 2258)])
    );
    assert_eq!(peer.path(objects.clone(), &[(2, "Plant"), (2, "Pump")]).await.0, StatusCode::BadNoMatch);
    assert_eq!(peer.path(objects, &[(0, "Plant")]).await.0, StatusCode::BadNoMatch);
    assert_eq!(peer.path(item("None"), &[(2, "Plant")]).await.0, StatusCode::BadNodeIdUnknown);
}

#[tokio::test(flavor = "current_thread")]
async fn browsing_what_is_not_there_says_so() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let (forward, all) = (BrowseDirection::Forward, ReferenceTypeId::References);
    for id in [item("None"), item("~folder/None"), NodeId::new(0, 999_999), NodeId::new(7, 1)] {
        let result = peer.browse_with(&id, forward, all, 0).await;
        assert_eq!(result.status_code, StatusCode::BadNodeIdUnknown, "{id}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn long_lists_come_in_pages() {
    let mut limits = Limits::default();
    limits.references_per_node = 7;
    let items = (0..20).map(|index| Item::new(format!("Many.Item{index:02}"), index));
    let flat = (0..10).map(|index| Item::new(format!("Flat{index}"), index));
    let simulator = Simulator::builder().items(items).items(flat).limits(limits).start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    for (id, least) in [(item("~folder/Many"), 20), (NodeId::new(0, OBJECTS), 12)] {
        let (forward, organizes) = (BrowseDirection::Forward, ReferenceTypeId::HierarchicalReferences);
        let mut result = peer.browse_with(&id, forward, organizes, 0).await;
        let mut names = Vec::new();
        loop {
            assert_eq!(result.status_code, StatusCode::Good);
            let references = result.references.unwrap_or_default();
            assert!(references.len() <= 7);
            names.extend(references.into_iter().map(|reference| reference.browse_name.name.to_string()));
            if result.continuation_point.is_null() {
                break;
            }
            result = peer.session.browse_next(false, &[result.continuation_point]).await.unwrap().remove(0);
        }
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "something came twice");
        assert!(all >= least, "{names:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_attribute_is_what_the_item_says() {
    let simulator = Simulator::builder()
        .item(Item::new("A.Temp", 1.0f32).range(0.0, 10.0).unit("°C").description("Hot.").writable())
        .item(Item::new("A.Text", "x").unit("kg"))
        .item(Item::new("A.Matrix", vec![vec![1, 2], vec![3, 4]]).write_only())
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let text = |text: &str| LocalizedText { locale: UAString::null(), text: text.into() };
    let get = async |id: &str, attribute| peer.attribute(&item(id), attribute).await;
    let temp = [
        (A::NodeId, Variant::from(item("A.Temp"))),
        (A::NodeClass, Variant::Int32(2)),
        (A::BrowseName, Variant::from(QualifiedName::new(2, "Temp"))),
        (A::DisplayName, Variant::from(text("Temp"))),
        (A::Description, Variant::from(text("Hot."))),
        (A::WriteMask, Variant::UInt32(0)),
        (A::UserWriteMask, Variant::UInt32(0)),
        (A::DataType, Variant::from(NodeId::new(0, 10))),
        (A::ValueRank, Variant::Int32(-1)),
        (A::AccessLevel, Variant::Byte(0x63)),
        (A::UserAccessLevel, Variant::Byte(0x63)),
        (A::AccessLevelEx, Variant::UInt32(0x63)),
        (A::MinimumSamplingInterval, Variant::Double(0.0)),
        (A::Historizing, Variant::Boolean(false)),
    ];
    for (attribute, value) in temp {
        assert_eq!(get("A.Temp", attribute).await.value, Some(value), "{attribute:?}");
    }
    assert_eq!(get("A.Temp", A::ArrayDimensions).await.status, Some(StatusCode::BadAttributeIdInvalid));
    assert_eq!(get("A.Matrix", A::ValueRank).await.value, Some(Variant::Int32(2)));
    assert_eq!(get("A.Matrix", A::ArrayDimensions).await.value, Some(Variant::from(vec![0u32, 0])));
    assert_eq!(get("A.Matrix", A::AccessLevel).await.value, Some(Variant::Byte(0x62)));
    let folder = "~folder/A";
    assert_eq!(get(folder, A::NodeClass).await.value, Some(Variant::Int32(1)));
    // `SubscribeToEvents` and `HistoryRead`.
    assert_eq!(get(folder, A::EventNotifier).await.value, Some(Variant::Byte(1 | 4)));
    assert_eq!(get(folder, A::Value).await.status, Some(StatusCode::BadAttributeIdInvalid));
    let types = [
        ("A.Temp", VariableTypeId::AnalogItemType),
        ("A.Text", VariableTypeId::AnalogUnitType),
        ("A.Matrix", VariableTypeId::BaseDataVariableType),
        ("~EURange/A.Temp", VariableTypeId::PropertyType),
    ];
    for (id, definition) in types {
        let forward = BrowseDirection::Forward;
        let result = peer.browse_with(&item(id), forward, ReferenceTypeId::HasTypeDefinition, 0).await;
        assert_eq!(result.references.unwrap()[0].node_id.node_id, NodeId::from(definition));
    }
    let properties = peer.children(&item("A.Temp")).await;
    let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["EURange", "EngineeringUnits"]);
}
