//! The simulator's preset and its books.

use opcua::types::{StatusCode, Variant};
use openopc::sim::{Service, Simulator};

use crate::peer::{Peer, item, items};

#[tokio::test(flavor = "current_thread")]
async fn openopcs_tutorial_reads_the_same_numbers() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let ids =
        items(&["Random.Int1", "Random.Int2", "Random.Int4", "Random.UInt1", "Random.UInt2", "Random.UInt4"]);
    let values: Vec<Variant> = peer.read(&ids).await.into_iter().map(|value| value.value.unwrap()).collect();
    // The outputs 41, 18467, 6334, 26500, 19169 and 15724 in the scales of their types.
    let expected = [
        Variant::SByte(0),
        Variant::Int16(18467),
        Variant::Int32(6334),
        Variant::Byte(206),
        Variant::UInt16(19169),
        Variant::UInt32(15724),
    ];
    assert_eq!(values, expected);
    peer.close().await;
    simulator.stop().await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn the_groups_behave_as_they_are_named() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    for member in ["Int4", "String", "ArrayOfReal8", "Time"] {
        let id = |group: &str| format!("{group}.{member}");
        let held = peer.read_one(&id("Bucket Brigade")).await;
        let value = held.value.clone().unwrap();
        assert_eq!(held.status, Some(StatusCode::Good));
        assert_eq!(peer.write(&id("Bucket Brigade"), value.clone()).await, StatusCode::Good);
        assert_eq!(peer.write(&id("Random"), value.clone()).await, StatusCode::BadNotWritable);
        assert_eq!(peer.read_one(&id("Read Error")).await.status, Some(StatusCode::BadNotReadable));
        assert_eq!(peer.read_one(&id("Write Error")).await.value, held.value);
        assert_eq!(peer.write(&id("Write Error"), value.clone()).await, StatusCode::BadNotWritable);
        assert_eq!(peer.read_one(&id("Write Only")).await.status, Some(StatusCode::BadNotReadable));
        assert_eq!(peer.write(&id("Write Only"), value).await, StatusCode::Good);
    }
    assert_eq!(peer.read_one("#MonitorACLFile").await.value, Some(Variant::Boolean(true)));
    assert_eq!(peer.read_one("@ClientCount").await.value, Some(Variant::Int32(1)));
    assert_eq!(peer.read_one("@Clients").await.value, Some(Variant::from(vec!["test client".to_owned()])));
    let other = Peer::connect(&simulator).await;
    assert_eq!(simulator.clients().len(), 2);
    other.close().await;
    assert_eq!(peer.read_one("@ClientCount").await.value, Some(Variant::Int32(1)));
}

#[tokio::test(flavor = "current_thread")]
async fn qualities_go_through_all_that_opc_da_knows() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let mut names = Vec::new();
    for _ in 0..15 {
        let value = peer.read_one("Random.Qualities").await;
        let status = value.status.unwrap();
        assert_eq!(value.value.is_none(), status.is_bad());
        names.push(status.to_string());
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 15);
}

#[tokio::test(flavor = "current_thread")]
async fn waves_are_functions_of_time_and_a_write_moves_them() {
    let simulator = Simulator::builder().preset().manual_clock().start().await.unwrap();
    let read = |id: &str| simulator.get(id).unwrap().value.to_f64_lossy().unwrap();
    // The manual clock starts on the minute.
    assert_eq!(read("Saw-toothed Waves.Int1"), -100.0);
    assert_eq!(read("Square Waves.Boolean"), 0.0);
    simulator.advance(std::time::Duration::from_secs(15)).unwrap();
    assert_eq!(read("Saw-toothed Waves.Int1"), -50.0);
    assert_eq!(read("Triangle Waves.Real8"), 0.0);
    assert_eq!(read("Triangle Waves.Money"), 500.0);
    assert_eq!(read("Square Waves.Boolean"), 1.0);
    let peer = Peer::connect(&simulator).await;
    assert_eq!(peer.write("Triangle Waves.Real8", 7.5).await, StatusCode::Good);
    assert_eq!(peer.write("Square Waves.Boolean", false).await, StatusCode::Good);
    assert_eq!(read("Triangle Waves.Real8"), 7.5);
    assert_eq!(read("Square Waves.Boolean"), 0.0);
    simulator.advance(std::time::Duration::from_secs(15)).unwrap();
    assert_eq!(read("Triangle Waves.Real8"), 107.5);
}

#[tokio::test(flavor = "current_thread")]
async fn requests_are_kept_as_they_came() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    let ids = [item("Random.Int2"), opcua::types::NodeId::new(0, 2258), item("No.Such"), item("Random.Int2")];
    peer.read(&ids).await;
    peer.write("Bucket Brigade.Int4", 5).await;
    // The engine's client asks for this and that in namespace 0 by itself.
    let mut requests = simulator.requests();
    requests.retain(|request| request.items.iter().any(|item| !item.starts_with("i=")));
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].service, Service::Read);
    assert_eq!(requests[0].items, ["Random.Int2", "i=2258", "ns=2;s=No.Such", "Random.Int2"]);
    assert_eq!(
        (requests[1].service, &*requests[1].items),
        (Service::Write, &["Bucket Brigade.Int4".to_owned()][..])
    );
    assert_eq!(simulator.read_count("Random.Int2").unwrap(), 2);
    assert_eq!(simulator.write_count("Bucket Brigade.Int4").unwrap(), 1);
    assert!(simulator.request_count(Service::Read) >= 1);
    assert_eq!(simulator.request_count(Service::Write), 1);
    simulator.clear_requests();
    assert_eq!(simulator.request_count(Service::Write), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn every_service_is_counted() {
    let simulator = Simulator::start().await.unwrap();
    let peer = Peer::connect(&simulator).await;
    assert_eq!(simulator.request_count(Service::CreateSession), 1);
    assert_eq!(simulator.request_count(Service::ActivateSession), 1);
    let mut changes = peer.subscribe(&[item("Bucket Brigade.Int4")], 0.0).await;
    crate::peer::next(&mut changes).await;
    assert_eq!(simulator.request_count(Service::CreateSubscription), 1);
    assert_eq!(simulator.request_count(Service::CreateMonitoredItems), 1);
    assert!(simulator.request_count(Service::Publish) >= 1);
    peer.close().await;
    assert_eq!(simulator.request_count(Service::CloseSession), 1);
}
