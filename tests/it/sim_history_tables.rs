//! The standard's example data of the aggregates, through the wire: see `history_aggregates`.

use opcua::types::{
    AggregateConfiguration as Asked, DataValue, HistoryReadValueId, NodeId, ReadProcessedDetails, StatusCode,
    Variant,
};
use openopc::history::{Aggregate, Sample};
use openopc::sim::{History, Limits};
use openopc::{Status, Value};
use serde_json::Value as Json;

use crate::history_aggregates::{EXPECTED, bits, differs, doubt, noon, samples, spec};
use crate::sim_history::{aggregate_number, double, read, served, time, values, wanted};

fn row(value: &DataValue) -> Sample {
    let status = Status::from_bits(value.status.unwrap().bits());
    let inside = match &value.value {
        None => Value::Null,
        Some(Variant::Double(number)) => Value::Double(*number),
        Some(Variant::UInt32(number)) => Value::UInt32(*number),
        Some(Variant::Int32(number)) => Value::Int32(*number),
        Some(Variant::StatusCode(status)) => Value::StatusCode(Status::from_bits(status.bits())),
        other => panic!("{other:?}"),
    };
    Sample::with_status(time(value), inside, status)
}

#[tokio::test]
async fn every_table_of_the_standard_comes_over_the_wire() {
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let historians = expected["raw"].as_object().unwrap();
    let items = historians.iter().map(|(name, historian)| {
        let spec = spec(historian, Aggregate::Average, 1_000);
        let history = History::recorded()
            .samples(samples(historian))
            .stepped(spec.stepped)
            .configuration(spec.configuration);
        double(name).history(history)
    });
    let mut limits = Limits::default();
    // Two pages or more for every table.
    limits.history_values = 4;
    let (_simulator, client) = served(items, limits).await;
    let session = client.session();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for table in expected["expected"].as_array().unwrap() {
        let name = table["historian"].as_str().unwrap();
        let function: Aggregate = table["aggregate"].as_str().unwrap().parse().unwrap();
        let interval = table["interval_ms"].as_u64().unwrap();
        let asked = spec(&historians[name], function, interval).configuration;
        // Once as the item has it, once as the client says.
        for use_server_capabilities_defaults in [true, false] {
            let aggregate_configuration = if use_server_capabilities_defaults {
                Asked { use_server_capabilities_defaults, ..Asked::default() }
            } else {
                Asked {
                    use_server_capabilities_defaults,
                    treat_uncertain_as_bad: asked.treat_uncertain_as_bad,
                    percent_data_bad: asked.percent_data_bad,
                    percent_data_good: asked.percent_data_good,
                    use_sloped_extrapolation: asked.use_sloped_extrapolation,
                }
            };
            let details = ReadProcessedDetails {
                start_time: noon(0).into(),
                end_time: noon(100_000).into(),
                processing_interval: f64::from(u32::try_from(interval).unwrap()),
                aggregate_type: Some(vec![NodeId::new(0, aggregate_number(function))]),
                aggregate_configuration,
            };
            let mut node = wanted(name);
            let mut found = Vec::new();
            for _ in 0..20 {
                let result = &read(&session, details.clone(), &[node]).await[0];
                assert_eq!(result.status_code, StatusCode::Good, "{function} of {name}");
                found.extend(values(result));
                let continuation_point = result.continuation_point.clone();
                node = HistoryReadValueId { continuation_point, ..wanted(name) };
                if node.continuation_point.is_null() {
                    break;
                }
            }
            let wanted = table["rows"].as_array().unwrap();
            assert_eq!(found.len(), wanted.len(), "{function} of {name}");
            for (row, wanted) in found.iter().map(row).zip(wanted) {
                rows += 1;
                if differs(&row, wanted, &doubt(function, name, wanted)) {
                    let got =
                        format!("{} {} {} {}", row.time, row.value, row.status.name(), bits(row.status));
                    wrong.push(format!("{function} of {name}: {got}, expected {wanted}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(rows, 2 * 987);
}
