//! The arithmetic of aggregates against the standard's example data.
//!
//! `data/aggregates_expected.json` holds the facts of `AggregateExamples.csv` of the OPC Foundation's UA-Nodeset (OPC
//! Foundation MIT License 1.00; its `source` says which commit), which Part 13, Annex A.1 refers to. Its `suspect` lists
//! where the tables contradict the text; those are not compared, and the text is followed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use openopc::history::{Aggregate, AggregateConfiguration, Origin, Process, ProcessSpec, Sample, aggregate};
use openopc::{Status, TimeRange, Value};
use serde_json::Value as Json;

const EXPECTED: &str = include_str!("data/aggregates_expected.json");
const TOLERANCE: f64 = 0.0006;

fn noon(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::milliseconds(milliseconds)
}

fn samples(historian: &Json) -> Vec<Sample> {
    let points = historian["points"].as_array().unwrap().iter();
    points
        .map(|point| {
            let value = point[1].as_f64().map_or(Value::Null, Value::Double);
            let status = Status::named(point[2].as_str().unwrap()).unwrap();
            Sample::with_status(noon(point[0].as_i64().unwrap()), value, status)
        })
        .collect()
}

fn spec(historian: &Json, aggregate: Aggregate, interval: u64) -> ProcessSpec {
    let config = &historian["config"];
    let percent = |name: &str| u8::try_from(config[name].as_u64().unwrap()).unwrap();
    ProcessSpec {
        configuration: AggregateConfiguration {
            treat_uncertain_as_bad: config["treat_uncertain_as_bad"].as_bool().unwrap(),
            percent_data_bad: percent("percent_data_bad"),
            percent_data_good: percent("percent_data_good"),
            use_sloped_extrapolation: config["use_sloped_extrapolation"].as_bool().unwrap(),
        },
        stepped: config["stepped"].as_bool().unwrap(),
        ..ProcessSpec::new(aggregate, noon(0)..noon(100_000), Duration::from_millis(interval))
    }
}

fn bits(status: Status) -> String {
    let mut bits = String::new();
    match status.origin() {
        Origin::Raw => {}
        Origin::Calculated => bits.push('C'),
        Origin::Interpolated => bits.push('I'),
    }
    if status.has_multiple_values() {
        bits.push('M');
    }
    if status.is_partial() {
        bits.push('P');
    }
    bits
}

/// What of a row the tables are not to be trusted with.
#[derive(Default)]
struct Doubt {
    value: bool,
    status: bool,
}

fn doubt(aggregate: Aggregate, historian: &str, row: &Json) -> Doubt {
    use Aggregate as A;
    let good = row[2] == "Good" && !row[3].as_str().unwrap().contains('P');
    match aggregate {
        A::AnnotationCount => Doubt { value: true, status: true },
        A::Total if historian == "Historian3" => Doubt { value: true, status: true },
        A::Total | A::Total2 => Doubt { value: !good, status: false },
        A::DurationBad | A::PercentBad if historian == "Historian3" && row[0] == 80_000 => {
            Doubt { value: true, status: false }
        }
        A::StandardDeviationPopulation
        | A::StandardDeviationSample
        | A::VariancePopulation
        | A::VarianceSample => Doubt { value: false, status: true },
        _ => Doubt::default(),
    }
}

fn differs(row: &Sample, expected: &Json, doubt: &Doubt) -> bool {
    let value = match &expected[1] {
        Json::Null => row.value == Value::Null,
        Json::String(name) => row.value == Value::StatusCode(Status::named(name).unwrap()),
        number => row
            .value
            .to_f64_lossy()
            .is_some_and(|value| (value - number.as_f64().unwrap()).abs() <= TOLERANCE),
    };
    let status = row.status.name() == expected[2].as_str().unwrap();
    let time = row.time == noon(expected[0].as_i64().unwrap());
    let bits = bits(row.status) == expected[3].as_str().unwrap();
    !(time && (value || doubt.value) && ((status && bits) || doubt.status))
}

#[test]
fn every_table_of_the_standard_is_met() {
    let expected: Json = serde_json::from_str(EXPECTED).unwrap();
    let mut wrong = Vec::new();
    let (mut tables, mut rows, mut doubted) = (0, 0, 0);
    for table in expected["expected"].as_array().unwrap() {
        let name = table["historian"].as_str().unwrap();
        let historian = &expected["raw"][name];
        let function: Aggregate = table["aggregate"].as_str().unwrap().parse().unwrap();
        let spec = spec(historian, function, table["interval_ms"].as_u64().unwrap());
        let got: Vec<_> = aggregate(samples(historian), &spec).unwrap().collect::<Result<_, _>>().unwrap();
        let wanted = table["rows"].as_array().unwrap();
        assert_eq!(got.len(), wanted.len(), "{function} of {name}");
        assert_eq!(spec.rows(), Ok(wanted.len() as u64));
        tables += 1;
        for (row, wanted) in got.iter().zip(wanted) {
            let doubt = doubt(function, name, wanted);
            rows += 1;
            doubted += usize::from(doubt.value || doubt.status);
            if differs(row, wanted, &doubt) {
                let time = (row.time - noon(0)).num_milliseconds();
                let got = format!("{time} {} {} {}", row.value, row.status.name(), bits(row.status));
                wrong.push(format!("{function} of {name}: {got}, expected {wanted}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{} rows", wrong.len());
    assert_eq!((tables, rows, doubted), (111, 937, 136));
}
