//! Ten thousand tags that change every 100 ms: processor time of the client side for ten thousand changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::Criterion;
use opcua::client::{DataChangeCallback, Session};
use opcua::types::{MonitoredItemCreateRequest, MonitoringParameters, TimestampsToReturn};
use openopc::sim::Simulator;
use openopc::{Client, Reading, Subscription};

use crate::support::{MASS, client_cpu, facade, live, node, raw, runtimes, simulator};

const REFRESH: Duration = Duration::from_millis(100);

/// Processor time until `count` has grown by `iterations` times ten thousand.
async fn measure(count: &AtomicUsize, iterations: u64) -> Duration {
    let wanted = MASS * usize::try_from(iterations).unwrap();
    let (start, cpu) = (count.load(Ordering::Relaxed), client_cpu());
    loop {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let came = count.load(Ordering::Relaxed) - start;
        if came >= wanted {
            // More than wanted may have come; what is told is for exactly as many.
            return client_cpu().saturating_sub(cpu).mul_f64(wanted as f64 / came as f64);
        }
    }
}

async fn subscribe_raw(simulator: &Simulator, count: &Arc<AtomicUsize>) -> Arc<Session> {
    let session = raw(simulator).await;
    let seen = count.clone();
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
    session
}

async fn subscribe_facade(simulator: &Simulator, count: &Arc<AtomicUsize>) -> (Client, Subscription) {
    let opc = facade(simulator).await;
    let seen = count.clone();
    let callback = move |reading: Reading| {
        std::hint::black_box(reading);
        seen.fetch_add(1, Ordering::Relaxed);
    };
    let subscription = opc.subscribe((0..MASS).map(live), REFRESH, callback).await.unwrap();
    assert!(subscription.rejected().is_empty());
    (opc, subscription)
}

pub(crate) fn benches(criterion: &mut Criterion) {
    let simulator = simulator();
    for (name, runtime) in runtimes() {
        let mut group =
            criterion.benchmark_group(format!("10,000 changes of 10,000 tags at 100 ms, CPU/{name}"));
        group.sample_size(10).measurement_time(Duration::from_secs(5));

        let count = Arc::new(AtomicUsize::new(0));
        let session = runtime.block_on(subscribe_raw(&simulator, &count));
        group.bench_function("raw", |b| b.iter_custom(|n| runtime.block_on(measure(&count, n))));
        runtime.block_on(session.disconnect()).unwrap();

        let count = Arc::new(AtomicUsize::new(0));
        let (opc, subscription) = runtime.block_on(subscribe_facade(&simulator, &count));
        group.bench_function("facade", |b| b.iter_custom(|n| runtime.block_on(measure(&count, n))));
        runtime.block_on(subscription.unsubscribe()).unwrap();
        runtime.block_on(opc.close()).unwrap();
        group.finish();
    }
}
