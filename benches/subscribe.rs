//! Ten thousand tags that change every 100 ms: processor time of the client side for ten thousand changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::Criterion;
use opcua::client::DataChangeCallback;
use opcua::types::{MonitoredItemCreateRequest, MonitoringParameters, TimestampsToReturn};

use crate::support::{MASS, client_cpu, facade, live, node, raw, runtimes, simulator};

const REFRESH: Duration = Duration::from_millis(100);

/// Processor time until `count` has grown by `iterations` times ten thousand.
fn measure(count: &AtomicUsize, iterations: u64) -> Duration {
    let wanted = MASS * usize::try_from(iterations).unwrap();
    let (start, cpu) = (count.load(Ordering::Relaxed), client_cpu());
    let began = count.load(Ordering::Relaxed);
    let mut now = began;
    while now - start < wanted {
        std::thread::sleep(Duration::from_millis(2));
        now = count.load(Ordering::Relaxed);
    }
    // More than wanted may have come; what is told is for exactly as many.
    let share = wanted as f64 / (now - start) as f64;
    (client_cpu() - cpu).mul_f64(share)
}

pub(crate) fn benches(criterion: &mut Criterion) {
    let simulator = simulator();
    let [_, (_, runtime)] = runtimes();
    let mut group = criterion.benchmark_group("10,000 changes, 10,000 tags at 100 ms");
    group.sample_size(10).measurement_time(Duration::from_secs(5));

    let count = Arc::new(AtomicUsize::new(0));
    {
        let session = runtime.block_on(raw(&simulator));
        let seen = count.clone();
        runtime.block_on(async {
            let callback = DataChangeCallback::new(move |value, _| {
                std::hint::black_box(value);
                seen.fetch_add(1, Ordering::Relaxed);
            });
            let id = session.create_subscription(REFRESH, 300, 50, 0, 0, true, callback).await.unwrap();
            let items = (0..MASS).map(|n| MonitoredItemCreateRequest {
                requested_parameters: MonitoringParameters {
                    sampling_interval: 100.0,
                    queue_size: 1,
                    discard_oldest: true,
                    ..MonitoredItemCreateRequest::from(node(&live(n))).requested_parameters
                },
                ..node(&live(n)).into()
            });
            session.create_monitored_items(id, TimestampsToReturn::Both, items.collect()).await.unwrap();
        });
        group.bench_function("raw", |b| b.iter_custom(|iterations| measure(&count, iterations)));
        runtime.block_on(session.disconnect()).unwrap();
    }

    let count = Arc::new(AtomicUsize::new(0));
    let opc = runtime.block_on(facade(&simulator));
    let seen = count.clone();
    let subscription = runtime
        .block_on(opc.subscribe((0..MASS).map(live), REFRESH, move |reading| {
            std::hint::black_box(reading);
            seen.fetch_add(1, Ordering::Relaxed);
        }))
        .unwrap();
    assert!(subscription.rejected().is_empty());
    group.bench_function("facade", |b| b.iter_custom(|iterations| measure(&count, iterations)));
    println!("{:?}", subscription.stats());
    runtime.block_on(subscription.unsubscribe()).unwrap();
    group.finish();
}
