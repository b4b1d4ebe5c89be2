//! `node_type`: what a node holds.

use openopc::sim::Item;
use openopc::{Array, DataType, Error, NodeType, Status, Value};

use crate::support::served;

fn shape(node: &NodeType) -> (Option<DataType>, i32) {
    (node.data_type, node.value_rank)
}

#[tokio::test(flavor = "current_thread")]
async fn a_node_has_a_type_though_it_has_no_value_to_read() {
    let matrix = Value::from(Array::matrix([1, 2], vec![1.0, 2.0]).unwrap());
    let (simulator, opc) = served([
        Item::new("Level", 1.5),
        Item::new("Empty", None::<i16>).data_type(DataType::Int16),
        Item::new("Secret", "x").write_only(),
        Item::new("List", vec![1u8, 2]),
        Item::new("Matrix", matrix),
        Item::new("Any", 1).data_type(DataType::Variant),
    ])
    .await;
    let tags = ["Level", "Empty", "Secret", "List", "Matrix", "range=1;List", "Any"];
    let nodes = opc.node_type_many(tags).await.unwrap();
    let shapes: Vec<_> = nodes.iter().map(|node| shape(node.as_ref().unwrap())).collect();
    assert_eq!(
        shapes[..6],
        [
            (Some(DataType::Double), -1),
            (Some(DataType::Int16), -1),
            (Some(DataType::String), -1),
            (Some(DataType::Byte), 1),
            (Some(DataType::Double), 2),
            (Some(DataType::Byte), 1),
        ]
    );
    assert!([None, Some(DataType::Variant)].contains(&shapes[6].0), "{:?}", shapes[6]);
    // Asked once, then remembered.
    simulator.clear_requests();
    assert_eq!(shape(&opc.node_type("Level").await.unwrap()), (Some(DataType::Double), -1));
    assert_eq!(simulator.requests(), []);
    opc.close().await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn every_tag_has_its_own_answer() {
    let (_simulator, opc) = served([Item::new("Level", 1.5)]).await;
    // The Objects folder has no data type.
    let nodes = opc.node_type_many(["ns=two;s=X", "Level", "Nope", "ns=2;s=Nope", "i=85"]).await.unwrap();
    assert!(matches!(&nodes[0], Err(Error::InvalidTag { .. })), "{nodes:?}");
    assert_eq!(nodes[1].as_ref().unwrap().data_type, Some(DataType::Double));
    assert!(matches!(&nodes[2], Err(Error::Resolve { .. })), "{nodes:?}");
    for (index, name) in [(3, "BadNodeIdUnknown"), (4, "BadAttributeIdInvalid")] {
        let error = nodes[index].as_ref().unwrap_err();
        assert_eq!(error.status(), Status::named(name), "{error}");
    }
    opc.close().await.unwrap();
    assert!(matches!(opc.node_type("Level").await, Err(Error::Closed { .. })));
}
