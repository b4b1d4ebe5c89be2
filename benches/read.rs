//! One tag, a thousand tags, and sixty-four single reads at once.

use std::hint::black_box;

use criterion::Criterion;
use opcua::types::{ReadValueId, TimestampsToReturn};
use tokio::task::JoinSet;

use crate::support::{facade, mass, raw, runtimes, simulator, value_of};

const BOTH: TimestampsToReturn = TimestampsToReturn::Both;

pub(crate) fn benches(criterion: &mut Criterion) {
    let simulator = simulator();
    for (name, runtime) in runtimes() {
        let session = runtime.block_on(raw(simulator.url()));
        let opc = runtime.block_on(facade(&simulator));

        let mut group = criterion.benchmark_group(format!("read 1 tag/{name}"));
        let one = [value_of("Mass.0")];
        group.bench_function("raw", |b| {
            b.to_async(&runtime).iter(|| async { black_box(session.read(&one, BOTH, 0.0).await.unwrap()) });
        });
        group.bench_function("facade", |b| {
            b.to_async(&runtime).iter(|| async { black_box(opc.read("Mass.0").await.unwrap()) });
        });
        group.finish();

        let mut group = criterion.benchmark_group(format!("read 1,000 tags/{name}"));
        let ids: Vec<String> = (0..1000).map(mass).collect();
        let nodes: Vec<ReadValueId> = ids.iter().map(|id| value_of(id)).collect();
        group.bench_function("raw", |b| {
            b.to_async(&runtime).iter(|| async { black_box(session.read(&nodes, BOTH, 0.0).await.unwrap()) });
        });
        let tags: Vec<openopc::Tag> = ids.iter().map(openopc::Tag::item).collect();
        group.bench_function("facade", |b| {
            b.to_async(&runtime).iter(|| async { black_box(opc.read_many(&tags).await.unwrap()) });
        });
        group.bench_function("facade, from text", |b| {
            b.to_async(&runtime).iter(|| async { black_box(opc.read_many(&ids).await.unwrap()) });
        });
        group.finish();

        let mut group = criterion.benchmark_group(format!("64 single reads at once/{name}"));
        group.bench_function("raw", |b| {
            b.to_async(&runtime).iter(|| async {
                let mut reads = JoinSet::new();
                for node in &nodes[..64] {
                    let (session, node) = (session.clone(), [node.clone()]);
                    reads.spawn(async move { session.read(&node, BOTH, 0.0).await.unwrap() });
                }
                black_box(reads.join_all().await)
            });
        });
        group.bench_function("facade", |b| {
            b.to_async(&runtime).iter(|| async {
                let mut reads = JoinSet::new();
                for tag in &tags[..64] {
                    let (opc, tag) = (opc.clone(), tag.clone());
                    reads.spawn(async move { opc.read(tag).await.unwrap() });
                }
                black_box(reads.join_all().await)
            });
        });
        group.finish();
    }

    let mut group = criterion.benchmark_group("read 1 tag/blocking");
    let [_, (_, runtime)] = runtimes();
    let session = runtime.block_on(raw(simulator.url()));
    let one = [value_of("Mass.0")];
    group.bench_function("raw", |b| {
        // What a program without async does with the engine.
        b.iter(|| black_box(runtime.block_on(session.read(&one, BOTH, 0.0)).unwrap()));
    });
    let opc = openopc::blocking::open(simulator.url()).unwrap();
    group.bench_function("facade", |b| b.iter(|| black_box(opc.read("Mass.0").unwrap())));
    group.finish();
}
