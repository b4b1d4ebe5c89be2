//! Groups: defined by their first read, read by name, from the cache or the device.

use std::time::Duration;

use openopc::da::Source;
use openopc::sim::{Item, Service, Simulator};
use openopc::{Error, Quality, Result, Value};

use crate::support::{FAST, LONG, numbered, requests, served, until, within};

fn values(results: Vec<Result<openopc::Reading>>) -> Vec<Value> {
    results.into_iter().map(|result| result.unwrap().value).collect()
}

fn numbers(numbers: impl IntoIterator<Item = i32>) -> Vec<Value> {
    numbers.into_iter().map(Value::Int32).collect()
}

fn reads(simulator: &Simulator) -> usize {
    requests(simulator, Service::Read)
        .iter()
        .filter(|request| request.items.iter().any(|item| item.starts_with('N')))
        .count()
}

#[tokio::test]
async fn the_first_read_goes_to_the_device_and_later_ones_to_the_cache() {
    let (simulator, opc) = served(numbered(3)).await;
    let group = opc.group("test").update_rate(FAST);
    assert!(matches!(group.read().await, Err(Error::Group { name, .. }) if name == "test"));
    assert!(!group.is_defined());

    assert_eq!(values(group.read_many(["N0", "N1", "N2"]).await.unwrap()), numbers(0..3));
    assert_eq!(opc.groups(), ["test"]);
    let device = simulator.read_count("N1").unwrap();
    simulator.set("N1", 41).unwrap();
    // The cache follows, through another handle as well, and no read reaches the item.
    let again = opc.group("test");
    // Until the first notification, what is not there yet is asked for.
    let start = std::time::Instant::now();
    loop {
        let sent = reads(&simulator);
        let held = values(again.read().await.unwrap()) == numbers([0, 41, 2]);
        if held && reads(&simulator) == sent {
            break;
        }
        assert!(start.elapsed() < LONG, "the cache never follows");
        tokio::task::yield_now().await;
    }
    let sent = reads(&simulator);
    for _ in 0..10 {
        assert_eq!(values(again.read().await.unwrap()), numbers([0, 41, 2]));
    }
    assert_eq!(reads(&simulator), sent, "a cached read sends nothing");

    let before = simulator.read_count("N1").unwrap();
    assert!(before >= device);
    values(again.clone().source(Source::Device).read().await.unwrap());
    assert_eq!(simulator.read_count("N1").unwrap(), before + 1);
    values(again.source(Source::Cache).read().await.unwrap());
    assert_eq!(simulator.read_count("N1").unwrap(), before + 1);
}

#[tokio::test]
async fn a_rebuild_changes_the_items_and_reads_the_device_once() {
    let (simulator, opc) = served(numbered(4)).await;
    let group = opc.group("g").update_rate(FAST);
    values(group.read_many(["N0", "N1"]).await.unwrap());
    let error = group.read_many(["N0", "N2"]).await.unwrap_err();
    assert!(error.to_string().contains("`g` is defined with other items"), "{error}");
    assert_eq!(values(group.read_many(["N0", "N1"]).await.unwrap()), numbers([0, 1]));

    let before = simulator.read_count("N3").unwrap();
    assert_eq!(values(group.rebuild(["N3", "N0"]).await.unwrap()), numbers([3, 0]));
    assert_eq!(simulator.read_count("N3").unwrap(), before + 1);
    let deleted = |request: &openopc::sim::Request| request.service == Service::DeleteMonitoredItems;
    within(until(|| simulator.requests().iter().filter(|r| deleted(r)).any(|r| r.items == ["N1"]))).await;
    assert_eq!(group.tags().len(), 2);

    assert!(group.remove().await.unwrap());
    assert!(!group.remove().await.unwrap());
    assert!(opc.groups().is_empty());
    within(until(|| simulator.request_count(Service::DeleteSubscriptions) == 1)).await;
    // A name may be used again, for a rebuild too.
    assert_eq!(values(group.rebuild(["N2"]).await.unwrap()), numbers([2]));
}

#[tokio::test]
async fn an_inactive_group_is_out_of_service_in_the_cache_only() {
    let (simulator, opc) = served(numbered(2)).await;
    let group = opc.group("idle").active(false).update_rate(FAST);
    assert_eq!(values(group.read_many(["N0", "N1"]).await.unwrap()), numbers([0, 1]));
    assert_eq!(simulator.request_count(Service::CreateSubscription), 0);
    for reading in group.read().await.unwrap() {
        let reading = reading.unwrap();
        assert_eq!(reading.quality(), Quality::Bad);
        assert_eq!(reading.status.name(), "BadOutOfService");
    }
    assert_eq!(values(group.clone().source(Source::Device).read().await.unwrap()), numbers([0, 1]));

    group.set_active(true).await.unwrap();
    assert!(group.is_active());
    assert_eq!(values(group.read().await.unwrap()), numbers([0, 1]));
    group.set_active(false).await.unwrap();
    assert_eq!(group.read().await.unwrap().len(), 2);
    within(until(|| simulator.request_count(Service::DeleteMonitoredItems) > 0)).await;
}

#[tokio::test]
async fn each_item_has_its_own_error_in_a_group_too() {
    let (_simulator, opc) = served(numbered(1)).await;
    let group = opc.group("mixed").update_rate(FAST);
    for _ in 0..3 {
        let results = group.clone().read_many(["N0", "nowhere"]).await.unwrap();
        assert_eq!(results.len(), 2);
        assert_eq!(results[0].as_ref().unwrap().value, Value::Int32(0));
        let error = results[1].as_ref().unwrap_err();
        assert_eq!(error.tag().unwrap().as_str(), "nowhere");
    }
}

#[tokio::test]
async fn chunks_and_pauses_are_kept() {
    let (simulator, opc) = served(numbered(10)).await;
    let tags: Vec<String> = (0..10).map(|n| format!("N{n}")).collect();
    let group = opc.group("cut").active(false).chunk(4).pause(Duration::from_millis(1));
    assert_eq!(values(group.read_many(&tags).await.unwrap()), numbers(0..10));
    simulator.clear_requests();
    values(group.source(Source::Device).read().await.unwrap());
    let sizes: Vec<usize> = requests(&simulator, Service::Read).iter().map(|r| r.items.len()).collect();
    assert_eq!(sizes, [4, 4, 2]);
}

#[tokio::test]
async fn two_who_define_a_group_at_once_share_it() {
    let (simulator, opc) = served(numbered(2)).await;
    let (one, other) = (opc.group("shared"), opc.group("shared"));
    let (one, other) = tokio::join!(one.read_many(["N0", "N1"]), other.read_many(["N0", "N1"]));
    assert_eq!((values(one.unwrap()), values(other.unwrap())), (numbers([0, 1]), numbers([0, 1])));
    assert_eq!(opc.groups(), ["shared"]);
    assert_eq!(simulator.request_count(Service::CreateSubscription), 1);
}

#[tokio::test]
async fn a_group_does_not_keep_its_client_open() {
    let simulator = Simulator::builder().item(Item::new("A", 1)).start().await.unwrap();
    let opc = openopc::open(simulator.url()).await.unwrap();
    values(opc.group("g").read_many(["A"]).await.unwrap());
    drop(opc);
    within(until(|| simulator.request_count(Service::CloseSession) == 1)).await;
}

#[test]
fn groups_work_without_async() {
    let simulator = Simulator::builder().items(numbered(2)).start_blocking().unwrap();
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    let group = opc.group("plain").update_rate(FAST);
    assert!(matches!(group.subscribe(|_| {}), Err(Error::Group { .. })));
    assert_eq!(values(group.read_many(["N0", "N1"]).unwrap()), numbers([0, 1]));
    assert_eq!(values(group.read().unwrap()), numbers([0, 1]));
    let (sender, readings) = std::sync::mpsc::channel();
    let subscription = group.subscribe(move |reading| sender.send(reading).unwrap_or_default()).unwrap();
    assert!(readings.recv_timeout(LONG).is_ok());
    subscription.unsubscribe().unwrap();
    assert_eq!(opc.groups(), ["plain"]);
    assert!(group.remove().unwrap());
    opc.close().unwrap();
    assert!(matches!(group.read(), Err(Error::Closed { .. })));
}

#[tokio::test]
async fn a_deadband_counts_for_items_with_a_range_only() {
    let analog = Item::new("Analog", 50.0).range(0.0, 200.0).writable();
    let plain = Item::new("Plain", 50.0).writable();
    let text = Item::new("Text", "a").writable();
    let (simulator, opc) = served([analog, plain, text]).await;
    let wide = opc.group("wide").deadband(150.0);
    assert!(matches!(wide.read_many(["Analog"]).await, Err(Error::Config(_))));
    assert!(!wide.is_defined());

    let group = opc.group("dead").update_rate(FAST).deadband(10.0);
    let tags = ["Analog", "Plain", "Text"];
    group.read_many(tags).await.unwrap().into_iter().for_each(|result| _ = result.unwrap());
    let (callback, mut readings) = crate::support::collect();
    let subscription = group.subscribe(callback).await.unwrap();
    for _ in tags {
        assert_eq!(readings.next().await.quality(), Quality::Good);
    }
    assert!(subscription.rejected().is_empty());
    // 10 percent of 200 are 20.
    simulator.set("Analog", 69.0).unwrap();
    simulator.set("Plain", 51.0).unwrap();
    let reading = readings.next().await;
    assert_eq!((reading.tag.as_str(), reading.value), ("Plain", Value::Double(51.0)));
    simulator.set("Analog", 71.0).unwrap();
    simulator.set("Text", "b").unwrap();
    let mut told = vec![readings.next().await.value, readings.next().await.value];
    told.sort_by_key(|value| matches!(value, Value::String(_)));
    assert_eq!(told, [Value::Double(71.0), Value::from("b")]);
}

#[tokio::test]
async fn a_rate_of_zero_is_as_fast_as_the_server_can_and_the_granted_rate_is_told() {
    let (_simulator, opc) = served(numbered(1)).await;
    let fast = opc.group("fast").update_rate(Duration::ZERO);
    assert_eq!(fast.granted().publishing_interval(), Duration::ZERO, "what was asked");
    values(fast.read_many(["N0"]).await.unwrap());
    let granted = fast.granted();
    assert!(granted.publishing_interval() > Duration::ZERO, "{granted:?}");
    assert!(granted.publishing_interval() < Duration::from_secs(1), "{granted:?}");

    let slow = opc.group("slow").update_rate(Duration::from_secs(2));
    values(slow.read_many(["N0"]).await.unwrap());
    assert_eq!(slow.granted().publishing_interval(), Duration::from_secs(2));
}

#[tokio::test]
async fn a_group_removed_while_others_rebuild_it_holds_nothing() {
    for _ in 0..10 {
        let (simulator, opc) = served(numbered(3)).await;
        let group = opc.group("g").update_rate(FAST);
        values(group.read_many(["N0"]).await.unwrap());
        let (one, other, removed) =
            tokio::join!(group.rebuild(["N0", "N1"]), group.rebuild(["N2"]), group.remove());
        drop((one, other));
        removed.unwrap();
        if !opc.groups().is_empty() {
            // Defined again by the one who came last.
            group.remove().await.unwrap();
        }
        simulator.clear_requests();
        let options = openopc::ReadOptions::new().source(Source::Cache);
        for result in opc.read_with(["N0", "N1", "N2"], &options).await.unwrap() {
            result.unwrap();
        }
        let sent = requests(&simulator, Service::Read);
        assert!(sent.iter().any(|request| request.items.len() == 3), "nothing is held any more: {sent:?}");
    }
}

#[tokio::test]
async fn what_a_subscription_was_refused_is_still_read() {
    let item = Item::new("A", 1);
    let (simulator, opc) = served([item]).await;
    let group = opc.group("g").update_rate(FAST);
    group.read_many(["A", "Later"]).await.unwrap();
    let first = group.read().await.unwrap().remove(1).unwrap_err();
    assert!(matches!(first, Error::Resolve { .. }), "{first}");
    drop(simulator);
}
