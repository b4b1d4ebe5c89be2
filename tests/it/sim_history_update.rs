//! Changing the past of the simulator's items, with the engine's own client.

use opcua::client::{HistoryUpdateAction, Session};
use opcua::types::PerformUpdateType::{Insert, Remove, Replace, Update};
use opcua::types::StatusCode as S;
use opcua::types::{
    DataValue, DeleteAtTimeDetails, DeleteRawModifiedDetails, ExtensionObject, HistoryUpdateResult,
    PerformUpdateType, StatusCode, UpdateDataDetails, UpdateStructureDataDetails, Variant,
};
use openopc::TimeRange;
use openopc::history::Sample;
use openopc::sim::{History, Item, Limits, Signal};

use crate::sim_history::{at, double, node, raw, read, samples, served, time, values, wanted};

fn value(second: i64, value: impl Into<Variant>) -> DataValue {
    DataValue {
        value: Some(value.into()),
        status: Some(StatusCode::Good),
        source_timestamp: Some(at(second).into()),
        ..DataValue::default()
    }
}

async fn change(session: &Session, action: HistoryUpdateAction) -> HistoryUpdateResult {
    session.history_update(&[action]).await.unwrap().remove(0)
}

async fn updated(
    session: &Session,
    item: &str,
    values: Vec<DataValue>,
    kind: PerformUpdateType,
) -> HistoryUpdateResult {
    let details =
        UpdateDataDetails { node_id: node(item), perform_insert_replace: kind, update_values: Some(values) };
    change(session, HistoryUpdateAction::UpdateDataDetails(details)).await
}

/// Each value has to be taken.
pub(crate) async fn update(session: &Session, item: &str, new: &[(i64, f64)], kind: PerformUpdateType) {
    let values = new.iter().map(|(second, number)| value(*second, *number)).collect();
    let result = updated(session, item, values, kind).await;
    assert!(result.operation_results.unwrap().iter().all(StatusCode::is_good));
}

#[tokio::test]
async fn each_operation_has_its_own_status() {
    let history = History::recorded().samples(samples((0..4).map(|n| at(n * 10))));
    let (simulator, client) = served([double("A").history(history)], Limits::default()).await;
    let session = client.session();
    let timeless = DataValue { source_timestamp: None, ..value(0, 1.0) };
    for (kind, values, expected) in [
        (Insert, vec![value(0, 9.0), value(5, 9.0)], vec![S::BadEntryExists, S::Good]),
        (Replace, vec![value(1, 9.0), value(10, 9.0)], vec![S::BadNoEntryExists, S::Good]),
        (Update, vec![value(15, 9.0), value(20, 9.0)], vec![S::GoodEntryInserted, S::GoodEntryReplaced]),
        (
            Insert,
            vec![value(6, 1i32), value(7, 9.0), timeless],
            vec![S::BadTypeMismatch, S::Good, S::BadInvalidTimestamp],
        ),
    ] {
        let result = updated(&session, "A", values, kind).await;
        assert_eq!((result.status_code, result.operation_results), (S::Good, Some(expected)));
    }
    let result = updated(&session, "A", vec![value(0, 1.0)], Remove).await;
    assert_eq!(result.status_code, S::BadHistoryOperationInvalid);
    let result = updated(&session, "A", Vec::new(), Insert).await;
    assert_eq!(result.status_code, S::BadNothingToDo);
    let past = simulator.history("A", TimeRange { start: at(0), end: at(100) }).unwrap();
    let expected = [(0, 0.0), (5, 9.0), (7, 9.0), (10, 9.0), (15, 9.0), (20, 9.0), (30, 3.0)];
    assert_eq!(past, expected.map(|(second, number)| Sample::new(at(second), number)));
}

#[tokio::test]
async fn deleting_takes_values_or_what_they_were() {
    let history = History::recorded().samples(samples((0..10).map(at)));
    let (simulator, client) = served([double("A").history(history)], Limits::default()).await;
    let session = client.session();
    let left = || -> Vec<i64> {
        let past = simulator.history("A", TimeRange { start: at(0), end: at(100) }).unwrap();
        past.iter().map(|sample| (sample.time - at(0)).num_seconds()).collect()
    };
    let delete = |modified, start: i64, end: i64| {
        HistoryUpdateAction::DeleteRawModifiedDetails(DeleteRawModifiedDetails {
            node_id: node("A"),
            is_delete_modified: modified,
            start_time: at(start).into(),
            end_time: at(end).into(),
        })
    };
    assert_eq!(change(&session, delete(false, 2, 4)).await.status_code, StatusCode::Good);
    assert_eq!(left(), [0, 1, 4, 5, 6, 7, 8, 9]);
    assert_eq!(change(&session, delete(false, 5, 5)).await.status_code, StatusCode::Good);
    assert_eq!(left(), [0, 1, 4, 6, 7, 8, 9]);
    assert_eq!(change(&session, delete(false, 2, 4)).await.status_code, StatusCode::BadNoData);
    assert_eq!(change(&session, delete(false, 4, 2)).await.status_code, StatusCode::BadInvalidArgument);
    let times = DeleteAtTimeDetails {
        node_id: node("A"),
        req_times: Some([7, 77, 8].map(|second| at(second).into()).to_vec()),
    };
    let result = change(&session, HistoryUpdateAction::DeleteAtTimeDetails(times)).await;
    let expected = vec![StatusCode::Good, StatusCode::BadNoEntryExists, StatusCode::Good];
    assert_eq!(result.operation_results, Some(expected));
    assert_eq!(left(), [0, 1, 4, 6, 9]);
    // What was deleted is still known, until that is deleted too.
    let details = opcua::types::ReadRawModifiedDetails {
        is_read_modified: true,
        ..raw(Some(at(0)), Some(at(100)), 0, false)
    };
    let modified = |result: &opcua::types::HistoryReadResult| -> Vec<i64> {
        let data = result.history_data.inner_as::<opcua::types::HistoryModifiedData>().unwrap();
        data.data_values.iter().flatten().map(|value| (time(value) - at(0)).num_seconds()).collect()
    };
    assert_eq!(modified(&read(&session, details.clone(), &[wanted("A")]).await[0]), [2, 3, 5, 7, 8]);
    assert_eq!(change(&session, delete(true, 3, 8)).await.status_code, StatusCode::Good);
    assert_eq!(modified(&read(&session, details.clone(), &[wanted("A")]).await[0]), [2, 8]);
    let backward = opcua::types::ReadRawModifiedDetails {
        is_read_modified: true,
        ..raw(Some(at(100)), Some(at(0)), 0, false)
    };
    assert_eq!(modified(&read(&session, backward, &[wanted("A")]).await[0]), [8, 2]);
}

#[tokio::test]
async fn what_cannot_be_changed_says_why() {
    let wave = Signal::Ramp { from: 0.0, to: 1.0, period: std::time::Duration::from_secs(1) };
    let items = [
        Item::new("Fixed", 1.0).history(History::recorded().read_only()),
        Item::new("Wave", 0.0).signal(wave).history(History::computed(std::time::Duration::from_secs(1))),
        Item::new("Plain", 1.0),
    ];
    let (_simulator, client) = served(items, Limits::default()).await;
    let session = client.session();
    for (item, status) in [
        ("Fixed", StatusCode::BadNotWritable),
        ("Wave", StatusCode::BadNotWritable),
        ("Plain", StatusCode::BadHistoryOperationUnsupported),
        ("None", StatusCode::BadNodeIdUnknown),
    ] {
        let result = updated(&session, item, vec![value(0, 1.0)], Insert).await;
        assert_eq!((result.status_code, result.operation_results), (status, None), "{item}");
    }
}

#[tokio::test]
async fn annotations_are_written_and_read() {
    let history = History::recorded().samples(samples((0..4).map(at))).annotation(at(1), "Ada", "calibrated");
    let (_simulator, client) = served([double("A").history(history)], Limits::default()).await;
    let session = client.session();
    let note = |second: i64, message: &str, user: &str| {
        let annotation = opcua::types::Annotation {
            message: message.into(),
            user_name: user.into(),
            annotation_time: at(50).into(),
        };
        value(second, ExtensionObject::from_message(annotation))
    };
    let update = |kind, values: Vec<DataValue>| {
        HistoryUpdateAction::UpdateStructureDataDetails(UpdateStructureDataDetails {
            node_id: node("~Annotations/A"),
            perform_insert_replace: kind,
            update_values: Some(values),
        })
    };
    for (kind, values, expected) in [
        (Insert, vec![note(2, "odd", "Bob"), note(3, "even", "")], vec![S::Good, S::Good]),
        (Insert, vec![note(2, "odd", "Bob")], vec![S::BadEntryExists]),
        (Replace, vec![note(0, "none", "Bob")], vec![S::BadNoEntryExists]),
        (Update, vec![note(2, "odder", "Bob")], vec![S::GoodEntryReplaced]),
        (Remove, vec![note(3, "", ""), note(3, "", "")], vec![S::Good, S::BadNoEntryExists]),
        (Insert, vec![value(2, 1.0)], vec![S::BadTypeMismatch]),
    ] {
        let result = change(&session, update(kind, values)).await;
        assert_eq!((result.status_code, result.operation_results), (S::Good, Some(expected)));
    }
    let details = raw(Some(at(0)), Some(at(100)), 0, false);
    let result = &read(&session, details.clone(), &[wanted("~Annotations/A")]).await[0];
    let found: Vec<_> = values(result)
        .into_iter()
        .map(|value| {
            let Some(Variant::ExtensionObject(object)) = &value.value else { panic!("{value:?}") };
            let annotation = object.inner_as::<opcua::types::Annotation>().unwrap();
            (time(&value), annotation.message.to_string(), annotation.user_name.to_string())
        })
        .collect();
    let expected = [(at(1), "calibrated", "Ada"), (at(2), "odder", "Bob")];
    assert_eq!(found, expected.map(|(time, message, user)| (time, message.to_owned(), user.to_owned())));
    let bounds = opcua::types::ReadRawModifiedDetails { return_bounds: true, ..details };
    let refused = &read(&session, bounds, &[wanted("~Annotations/A")]).await[0];
    assert_eq!(refused.status_code, StatusCode::BadBoundNotSupported);
}
