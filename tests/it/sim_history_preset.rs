//! The preset has a past, so that what a newcomer tries first works.

use std::time::Duration;

use openopc::history::Aggregate;
use openopc::sim::{Simulator, SimulatorBuilder};
use openopc::{HistoryQuery, Quality, Reading, TimeRange, Value};

use crate::support::within;

const HOUR: Duration = Duration::from_secs(3600);

fn preset() -> SimulatorBuilder {
    Simulator::builder().preset().manual_clock()
}

fn last_hour(simulator: &Simulator) -> TimeRange {
    TimeRange { start: simulator.now() - HOUR, end: simulator.now() }
}

fn values(simulator: &Simulator, item: &str) -> Vec<Value> {
    simulator.history(item, last_hour(simulator)).unwrap().into_iter().map(|sample| sample.value).collect()
}

#[tokio::test]
async fn signals_and_random_values_have_a_past_that_nobody_kept() {
    let simulator = preset().start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    for item in ["Random.Real8", "Triangle Waves.Int4", "Square Waves.Boolean", "Random.ArrayOfString"] {
        let past = within(opc.history(item, last_hour(&simulator))).await.unwrap();
        assert_eq!(past.len(), 3600, "{item}");
        assert!(past.iter().any(|reading| reading.value != past[0].value), "{item}");
        assert!(past.iter().all(|reading| reading.quality() == Quality::Good), "{item}");
    }
    let within_range = |reading: &Reading| reading.get::<f64>().is_ok_and(|number| number.abs() < 1.0);
    let hours = TimeRange { start: simulator.now() - HOUR * 24, end: simulator.now() };
    let averages = HistoryQuery::aggregate(hours, Aggregate::TimeAverage, HOUR);
    let averages = within(opc.history_with("Triangle Waves.Real8", &averages)).await.unwrap();
    assert!(averages.len() == 24 && averages.iter().all(within_range), "{averages:?}");
    // The past does not draw the numbers that reads do.
    assert_eq!(simulator.get("Random.Int2").unwrap().value, Value::Int16(41));
}

#[tokio::test]
async fn the_past_is_of_the_seed_the_item_and_the_time_alone() {
    let (one, other) = (preset().start().await.unwrap(), preset().start().await.unwrap());
    let seeded = preset().seed(2).start().await.unwrap();
    one.get("Random.Real8").unwrap();
    assert_eq!(values(&one, "Random.Real8"), values(&other, "Random.Real8"));
    assert_ne!(values(&one, "Random.Real8"), values(&seeded, "Random.Real8"));
    assert_ne!(values(&one, "Random.UInt4"), values(&one, "Random.Int4"));
    // Each of the 15 statuses in turn, a value where it may have one.
    let qualities = one.history("Random.Qualities", last_hour(&one)).unwrap();
    for (sample, after) in qualities.iter().zip(qualities.iter().skip(15)) {
        assert_eq!((sample.status, &sample.value), (after.status, &after.value));
        assert_eq!(sample.status.is_bad(), sample.value == Value::Null);
    }
    let kinds: std::collections::HashSet<u32> = qualities.iter().map(|sample| sample.status.bits()).collect();
    assert_eq!(kinds.len(), 15);
}

#[tokio::test]
async fn a_write_moves_the_past_of_a_wave_from_then_on() {
    let simulator = preset().start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    let before = values(&simulator, "Saw-toothed Waves.Real8");
    simulator.advance(Duration::from_secs(1)).unwrap();
    within(opc.write("Saw-toothed Waves.Real8", 5000.0)).await.unwrap();
    let after = values(&simulator, "Saw-toothed Waves.Real8");
    assert_eq!(after[..3600], before[1..]);
    assert_eq!(after[3600], Value::Double(5000.0));
}

#[tokio::test]
async fn what_is_written_to_a_bucket_is_recorded_within_bounds() {
    let simulator = preset().start().await.unwrap();
    let opc = within(openopc::open(simulator.url())).await.unwrap();
    simulator.advance(Duration::from_secs(1)).unwrap();
    within(opc.write("Bucket Brigade.Int4", 42)).await.unwrap();
    let past = within(opc.history("Bucket Brigade.Int4", simulator.now() - HOUR..simulator.now() + HOUR));
    let past: Vec<i32> = past.await.unwrap().iter().map(|reading| reading.get().unwrap()).collect();
    assert_eq!(past, [0, 42]);
    for (item, most) in [("Bucket Brigade.Int4", 10_000), ("Bucket Brigade.String", 1_000)] {
        for number in 0..most + 5 {
            simulator.advance(Duration::from_millis(1)).unwrap();
            simulator.set(item, if most == 1_000 { Value::from("x") } else { number.into() }).unwrap();
        }
        assert_eq!(values(&simulator, item).len(), usize::try_from(most).unwrap(), "{item}");
    }
}
