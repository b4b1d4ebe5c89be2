//! From nothing to a simulator that answers, and to a client that has read.

use std::hint::black_box;

use criterion::Criterion;
use openopc::sim::{Item, Simulator};

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulator start");
    group.sample_size(20);
    group.bench_function("preset", |b| {
        b.iter(|| black_box(Simulator::builder().preset().start_blocking().unwrap()));
    });
    group.bench_function("100,000 items", |b| {
        b.iter(|| {
            let items = (0..100_000).map(|n| Item::new(format!("Area{}.Item{n}", n % 100), 0.5));
            black_box(Simulator::builder().items(items).start_blocking().unwrap())
        });
    });
    group.bench_function("open(\"sim:\") and one read", |b| {
        b.iter(|| {
            let opc = openopc::blocking::open("sim:").unwrap();
            black_box(opc.read("Random.Int4").unwrap())
        });
    });
    group.finish();
}
