//! A thousand values in one call.

use std::hint::black_box;

use criterion::Criterion;
use opcua::types::{AttributeId, Variant, WriteValue};

use crate::support::{facade, mass, node, raw, runtimes, simulator};

pub(crate) fn benches(criterion: &mut Criterion) {
    let simulator = simulator();
    for (name, runtime) in runtimes() {
        let session = runtime.block_on(raw(simulator.url()));
        let opc = runtime.block_on(facade(&simulator));
        let ids: Vec<String> = (0..1000).map(mass).collect();

        let mut group = criterion.benchmark_group(format!("write 1,000 values/{name}"));
        let values: Vec<WriteValue> = ids
            .iter()
            .map(|id| {
                WriteValue::new(
                    node(id),
                    AttributeId::Value,
                    opcua::types::NumericRange::None,
                    Variant::from(1.5).into(),
                )
            })
            .collect();
        group.bench_function("raw", |b| {
            b.to_async(&runtime).iter(|| async { black_box(session.write(&values).await.unwrap()) });
        });
        let pairs: Vec<(openopc::Tag, f64)> = ids.iter().map(|id| (openopc::Tag::item(id), 1.5)).collect();
        group.bench_function("facade", |b| {
            b.to_async(&runtime).iter(|| async {
                black_box(opc.write_many(pairs.iter().map(|(t, v)| (t, *v))).await.unwrap())
            });
        });
        group.finish();
    }
}
