//! An OPC DA tag list of 18,000 lines, looked up by a client that has seen none of them: `opc import` without the files.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use openopc::sim::{Item, Request, Service, Simulator};
use openopc::{Client, Tag};

use crate::support::{facade, runtimes};

const LINES: usize = 18_000;
/// As in real lists, some are not there any more.
const GONE: usize = 50;

/// The identifiers in both namespaces of the server, 36,000 nodes of which 10,000 go into one request; then, of what is not
/// there, the names below the Objects folder and the server's alias names.
const REQUESTS: [usize; 3] = [4, 2, 1];

fn line(n: usize) -> String {
    format!("Line{}.Unit{}.Tag{n}", n % 9, n % 150)
}

async fn place(opc: &Client, tags: &[Tag]) -> usize {
    black_box(opc.locate_many(tags).await.unwrap()).iter().flatten().count()
}

pub(crate) fn benches(criterion: &mut Criterion) {
    let items = (0..LINES - GONE).map(|n| Item::new(line(n), 0.5));
    let simulator = Simulator::builder().items(items).start_blocking().unwrap();
    let tags: Vec<Tag> = (0..LINES).map(|n| Tag::item(line(n))).collect();
    for (name, runtime) in runtimes() {
        runtime.block_on(async {
            let opc = facade(&simulator).await;
            simulator.clear_requests();
            assert_eq!(place(&opc, &tags).await, LINES - GONE);
            let count = |service| {
                // One item is the question whether the server is still there, or a further page.
                let asked = |request: &&Request| request.service == service && request.items.len() > 1;
                simulator.requests().iter().filter(asked).count()
            };
            assert_eq!([Service::Read, Service::Browse, Service::Call].map(count), REQUESTS);
        });
        let mut group = criterion.benchmark_group(format!("import 18,000 item ids/{name}"));
        group.throughput(Throughput::Elements(LINES as u64)).sample_size(10);
        group.bench_function("cold", |b| {
            b.iter_batched(
                || runtime.block_on(facade(&simulator)),
                |opc| {
                    runtime.block_on(async {
                        place(&opc, &tags).await;
                        opc
                    })
                },
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}
