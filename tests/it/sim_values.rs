//! Reading and writing the simulator's items.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};

use opcua::types::{
    AttributeId, DataValue, DateTime, NodeId, StatusCode, TimestampsToReturn, Variant, WriteValue,
};
use openopc::sim::{Item, Simulator};
use openopc::{DataType, Error, Status, Value};

use crate::peer::{Peer, attribute_number, item, items, read_id};

#[tokio::test(flavor = "current_thread")]
async fn writes_must_be_of_the_exact_type() {
    let values: Vec<(&str, Variant)> = vec![
        ("Boolean", true.into()),
        ("Int1", 1i8.into()),
        ("UInt1", 1u8.into()),
        ("Int2", 1i16.into()),
        ("UInt2", 1u16.into()),
        ("Int4", 1i32.into()),
        ("UInt4", 1u32.into()),
        ("Real4", 1f32.into()),
        ("Real8", 1f64.into()),
        ("String", "1".into()),
        ("Time", DateTime::now().into()),
        ("ArrayOfReal8", vec![1.0, 2.0].into()),
        ("ArrayOfString", vec!["a".to_owned()].into()),
    ];
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    for (target, right) in &values {
        let id = format!("Bucket Brigade.{target}");
        for (name, value) in &values {
            let expected = if name == target { StatusCode::Good } else { StatusCode::BadTypeMismatch };
            assert_eq!(peer.write(&id, value.clone()).await, expected, "{name} to {target}");
        }
        assert_eq!(peer.read_one(&id).await.value.as_ref(), Some(right));
    }
    assert_eq!(peer.write("Bucket Brigade.Int4", Variant::Empty).await, StatusCode::BadTypeMismatch);
    assert_eq!(peer.write("Bucket Brigade.String", Variant::Empty).await, StatusCode::Good);
    assert_eq!(peer.read_one("Bucket Brigade.String").await.status, Some(StatusCode::Good));
}

#[tokio::test(flavor = "current_thread")]
async fn refused_writes_say_why() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let attribute = |id: NodeId, attribute: AttributeId| WriteValue {
        node_id: id,
        attribute_id: attribute_number(attribute),
        value: DataValue::value_only("x"),
        ..WriteValue::default()
    };
    let target = item("Bucket Brigade.String");
    let cases = [
        (attribute(target.clone(), AttributeId::DisplayName), StatusCode::BadNotWritable),
        (attribute(item("None"), AttributeId::Value), StatusCode::BadNodeIdUnknown),
        (attribute(item("~folder/Simulation Items"), AttributeId::Value), StatusCode::BadAttributeIdInvalid),
        (attribute(NodeId::new(0, 2258), AttributeId::Value), StatusCode::BadNotWritable),
        (attribute(NodeId::new(0, 999_999), AttributeId::Value), StatusCode::BadNodeIdUnknown),
    ];
    for (write, status) in cases {
        assert_eq!(peer.write_value(write.clone()).await, status, "{write:?}");
    }
    let invalid = WriteValue { attribute_id: 99, ..WriteValue::value_attr(target, "x".into()) };
    assert_eq!(peer.write_value(invalid).await, StatusCode::BadAttributeIdInvalid);
}

#[tokio::test(flavor = "current_thread")]
async fn a_status_and_a_time_can_be_written_where_they_can_be_kept() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let time = DateTime::ymd_hms(2020, 2, 3, 4, 5, 6);
    let mut write = WriteValue::value_attr(item("Bucket Brigade.Int4"), 7.into());
    write.value.status = Some(StatusCode::UncertainLastUsableValue);
    write.value.source_timestamp = Some(time);
    assert_eq!(peer.write_value(write.clone()).await, StatusCode::Good);
    let read = peer.read_one("Bucket Brigade.Int4").await;
    assert_eq!(read.status, Some(StatusCode::UncertainLastUsableValue));
    assert_eq!(read.source_timestamp, Some(time));
    write.node_id = item("Triangle Waves.Int4");
    assert_eq!(peer.write_value(write).await, StatusCode::BadWriteNotSupported);
}

#[tokio::test(flavor = "current_thread")]
async fn parts_of_arrays_are_read_and_written() {
    let simulator = Simulator::builder()
        .item(Item::new("Array", vec![1, 2, 3, 4]).writable())
        .item(Item::new("Matrix", vec![vec![1, 2, 3], vec![4, 5, 6]]).writable())
        .item(Item::new("Text", "abcdef").writable())
        .item(Item::new("Number", 1).writable())
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    assert_eq!(peer.range("Array", "1").await.value, Some(vec![2].into()));
    assert_eq!(peer.range("Array", "2:9").await.value, Some(vec![3, 4].into()));
    assert_eq!(peer.range("Array", "4").await.status, Some(StatusCode::BadIndexRangeNoData));
    assert_eq!(peer.range("Array", "0,0").await.status, Some(StatusCode::BadIndexRangeInvalid));
    assert_eq!(peer.range("Number", "0").await.status, Some(StatusCode::BadIndexRangeInvalid));
    assert_eq!(peer.range("Text", "1:3").await.value, Some("bcd".into()));
    let Some(Variant::Array(block)) = peer.range("Matrix", "0:1,1:2").await.value else { panic!("no array") };
    assert_eq!((block.dimensions.unwrap(), block.values.len()), (vec![2, 2], 4));
    assert_eq!(block.values[2], Variant::Int32(5));
    assert_eq!(peer.write_range("Array", "1:2", vec![7, 8]).await, StatusCode::Good);
    assert_eq!(peer.read_one("Array").await.value, Some(vec![1, 7, 8, 4].into()));
    assert_eq!(peer.write_range("Array", "1:2", vec![7]).await, StatusCode::BadIndexRangeInvalid);
    assert_eq!(peer.write_range("Array", "3:4", vec![7, 8]).await, StatusCode::BadIndexRangeNoData);
    assert_eq!(peer.write_range("Array", "0", vec![0.5]).await, StatusCode::BadTypeMismatch);
    assert_eq!(peer.write_range("Text", "0:1", "XY").await, StatusCode::Good);
    assert_eq!(peer.read_one("Text").await.value, Some("XYcdef".into()));
    // A range that is none concerns one node, not the request.
    let mut reads = vec![read_id(&item("Array"), AttributeId::Value, "0"); 3];
    reads[1].index_range = opcua::types::NumericRange::Range(3, 1);
    let results = peer.session.read(&reads, TimestampsToReturn::Both, 0.0).await.unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result.status.unwrap()).collect();
    assert_eq!(statuses, [StatusCode::Good, StatusCode::BadIndexRangeInvalid, StatusCode::Good]);
    let mut write = WriteValue::value_attr(item("Array"), vec![1].into());
    write.index_range = opcua::types::NumericRange::Range(3, 1);
    assert_eq!(peer.write_value(write).await, StatusCode::BadIndexRangeInvalid);
}

#[tokio::test(flavor = "current_thread")]
async fn only_the_times_asked_for_come() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    for id in [item("Bucket Brigade.Int4"), NodeId::new(0, 2256), NodeId::new(0, 2259)] {
        for (stamps, source, server) in [
            (TimestampsToReturn::Source, true, false),
            (TimestampsToReturn::Server, false, true),
            (TimestampsToReturn::Both, true, true),
            (TimestampsToReturn::Neither, false, false),
        ] {
            let reads = [read_id(&id, AttributeId::Value, "")];
            let value = peer.session.read(&reads, stamps, 0.0).await.unwrap().remove(0);
            assert_eq!(value.source_timestamp.is_some(), source, "{id} {stamps:?}");
            assert_eq!(value.server_timestamp.is_some(), server, "{id} {stamps:?}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_servers_status_moves() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let time = async || {
        let value = peer.read(&[NodeId::new(0, 2256)]).await.remove(0).value.unwrap();
        let Variant::ExtensionObject(object) = value else { panic!("{value:?}") };
        let status = object.inner_as::<opcua::types::ServerStatusDataType>().unwrap();
        assert_eq!(status.build_info.manufacturer_name.as_ref(), "openopc");
        assert_eq!(status.build_info.software_version.as_ref(), env!("CARGO_PKG_VERSION"));
        status.current_time
    };
    let first = time().await;
    while time().await == first {}
    let expected = [
        (2272, Variant::Double(10.0)),
        (2294, Variant::Boolean(true)),
        (2277, Variant::UInt32(1)),
        (3709, Variant::Int32(0)),
        (2992, Variant::UInt32(0)),
        (24095, Variant::UInt32(200)),
    ];
    for (id, value) in expected {
        assert_eq!(peer.read(&[NodeId::new(0, id)]).await.remove(0).value, Some(value), "i={id}");
    }
    let namespaces = peer.read(&[NodeId::new(0, 2255)]).await.remove(0).value.unwrap();
    let expected = ["http://opcfoundation.org/UA/", "urn:openopc:simulator", "urn:openopc:sim"];
    assert_eq!(namespaces, Variant::from(expected.map(str::to_owned).to_vec()));
}

#[tokio::test(flavor = "current_thread")]
async fn programs_serve_their_own_values() {
    let level = Arc::new(AtomicI32::new(7));
    let written: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (live, keep) = (Arc::clone(&level), Arc::clone(&written));
    let simulator = Simulator::builder()
        .item(Item::new("Live", 0.0).read_with(move || Ok(live.load(Ordering::Relaxed))))
        .item(Item::new("Sick", 0).read_with(|| Err::<i32, _>(Status::named("BadSensorFailure").unwrap())))
        .item(Item::new("Odd", 0).read_with(|| Ok("no number")))
        .item(Item::new("Sink", 0).write_with(move |value| {
            if value == Value::Int32(13) {
                return Err(Status::named("BadOutOfRange").unwrap());
            }
            keep.lock().unwrap().push(value);
            Ok(())
        }))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    assert_eq!(peer.read_one("Live").await.value, Some(Variant::Double(7.0)));
    level.store(8, Ordering::Relaxed);
    assert_eq!(peer.read_one("Live").await.value, Some(Variant::Double(8.0)));
    assert_eq!(peer.read_one("Sick").await.status, Some(StatusCode::BadSensorFailure));
    assert_eq!(peer.read_one("Odd").await.status, Some(StatusCode::BadTypeMismatch));
    assert_eq!(peer.write("Sink", 5).await, StatusCode::Good);
    assert_eq!(peer.write("Sink", 13).await, StatusCode::BadOutOfRange);
    assert_eq!(peer.write("Sink", 5.0).await, StatusCode::BadTypeMismatch);
    assert_eq!(peer.read_one("Sink").await.value, Some(Variant::Int32(5)));
    assert_eq!(*written.lock().unwrap(), [Value::Int32(5)]);
    assert!(matches!(simulator.set("Live", 1.0), Err(Error::Sim(_))));
}

#[tokio::test(flavor = "current_thread")]
async fn a_panicking_closure_is_one_bad_value() {
    let simulator = Simulator::builder()
        .item(Item::new("Broken", 0).read_with(|| -> Result<i32, Status> { panic!("read") }))
        .item(Item::new("Sink", 0).write_with(|_| panic!("write")))
        .item(Item::new("Fine", 1))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    let values = peer.read(&items(&["Broken", "Fine", "Broken"])).await;
    assert_eq!(values[0].status, Some(StatusCode::BadInternalError));
    assert_eq!(values[1].value, Some(Variant::Int32(1)));
    assert_eq!(values[2].status, Some(StatusCode::BadInternalError));
    assert_eq!(peer.write("Sink", 1).await, StatusCode::BadInternalError);
    assert_eq!(simulator.panics(), 3);
    assert_eq!(peer.read_one("Fine").await.value, Some(Variant::Int32(1)));
}

#[tokio::test(flavor = "current_thread")]
async fn the_program_sets_values_and_statuses() {
    let simulator = Simulator::builder()
        .item(Item::new("Value", 1.0))
        .item(Item::new("Unknown", None::<i32>).data_type(DataType::Int32))
        .start()
        .await
        .unwrap();
    let peer = Peer::connect(&simulator).await;
    simulator.set("Value", 2).unwrap();
    assert_eq!(peer.read_one("Value").await.value, Some(Variant::Double(2.0)));
    let sick = Status::named("BadSensorFailure").unwrap();
    simulator.set_status("Value", sick).unwrap();
    let value = peer.read_one("Value").await;
    assert_eq!((value.value, value.status), (None, Some(StatusCode::BadSensorFailure)));
    assert_eq!(simulator.get("Value").unwrap().status, sick);
    simulator.set_status("Value", Status::GOOD).unwrap();
    assert_eq!(peer.read_one("Value").await.value, Some(Variant::Double(2.0)));
    assert_eq!(peer.read_one("Unknown").await.value, Some(Variant::Empty));
    simulator.set("Unknown", 5u8).unwrap();
    assert_eq!(peer.read_one("Unknown").await.value, Some(Variant::Int32(5)));
    for (item, value) in [("Value", Value::from("x")), ("None", 1.into()), ("Unknown", 1.5.into())] {
        let error = simulator.set(item, value).unwrap_err();
        assert!(error.to_string().contains(item), "{error}");
    }
}
