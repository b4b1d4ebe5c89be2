//! Aggregates over a million values, against a plain loop over the same `Vec`.

use std::hint::black_box;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput};
use openopc::Value;
use openopc::history::{Aggregate, ProcessSpec, Sample, aggregate};

const VALUES: i32 = 1_000_000;

fn samples() -> Vec<Sample> {
    let start = DateTime::<Utc>::from_timestamp(1_700_000_000, 0).unwrap();
    let value = |at: i32| f64::from(at % 1_000) / 7.0;
    (0..VALUES).map(|at| Sample::new(start + TimeDelta::milliseconds(at.into()), value(at))).collect()
}

/// What one would write by hand: the mean of the good values.
fn mean(samples: Vec<Sample>) -> f64 {
    let (mut sum, mut number) = (0.0, 0_u32);
    for sample in samples {
        if let (true, Value::Double(value)) = (sample.status.is_good(), sample.value) {
            sum += value;
            number += 1;
        }
    }
    sum / f64::from(number)
}

pub(crate) fn benches(c: &mut Criterion) {
    let samples = samples();
    let (first, last) = (samples[0].time, samples[samples.len() - 1].time);
    let mut group = c.benchmark_group("aggregates");
    group.throughput(Throughput::Elements(samples.len() as u64));
    group.bench_function("loop", |b| {
        b.iter_batched(|| samples.clone(), |samples| black_box(mean(samples)), BatchSize::LargeInput);
    });
    for function in [
        Aggregate::Average,
        Aggregate::TimeAverage,
        Aggregate::TimeAverage2,
        Aggregate::Maximum,
        Aggregate::StandardDeviationSample,
        Aggregate::DurationGood,
    ] {
        for (name, interval) in [("one row", Duration::ZERO), ("10,000 rows", Duration::from_millis(100))] {
            let spec = ProcessSpec::new(function, first..last, interval);
            group.bench_function(format!("{function}, {name}"), |b| {
                b.iter_batched(
                    || samples.clone(),
                    |samples| aggregate(samples, &spec).unwrap().for_each(|row| _ = black_box(row.unwrap())),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}
