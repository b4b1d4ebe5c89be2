//! Finding nodes: a thousand item ids nobody has asked for, and the same again.

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use openopc::Tag;

use crate::support::{facade, mass, runtimes, simulator};

pub(crate) fn benches(criterion: &mut Criterion) {
    let simulator = simulator();
    let tags: Vec<Tag> = (0..1000).map(|n| Tag::item(mass(n))).collect();
    for (name, runtime) in runtimes() {
        let opc = runtime.block_on(facade(&simulator));
        let mut group = criterion.benchmark_group(format!("resolve and read 1,000 item ids/{name}"));
        group.bench_function("cold", |b| {
            // A client of its own each time; only a new one has nothing to remember.
            b.iter_batched(
                || runtime.block_on(facade(&simulator)),
                |opc| {
                    runtime.block_on(async {
                        black_box(opc.read_many(&tags).await.unwrap());
                        opc
                    })
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("warm", |b| {
            b.to_async(&runtime).iter(|| async { black_box(opc.read_many(&tags).await.unwrap()) });
        });
        group.finish();
    }
}
