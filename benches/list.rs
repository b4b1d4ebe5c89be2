//! Browsing 10,000 items in one folder: nodes a second.
//!
//! The facade also makes sure that each item id leads to its node alone, which costs a Read of as many nodes.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use opcua::client::Session;
use opcua::types::{BrowseDescription, BrowseDirection, NodeId, ReferenceTypeId};
use openopc::ListOptions;

use crate::support::{MASS, facade, node, raw, runtimes, simulator};

/// All pages of what is below a folder.
async fn browse(session: &Session, folder: &NodeId) -> usize {
    let description = BrowseDescription {
        node_id: folder.clone(),
        browse_direction: BrowseDirection::Forward,
        reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
        include_subtypes: true,
        node_class_mask: 3,
        result_mask: 63,
    };
    let mut page = session.browse(&[description], 0, None).await.unwrap().remove(0);
    let mut count = 0;
    loop {
        count += black_box(page.references.unwrap_or_default()).len();
        if page.continuation_point.is_null_or_empty() {
            return count;
        }
        page = session.browse_next(false, &[page.continuation_point]).await.unwrap().remove(0);
    }
}

pub(crate) fn benches(criterion: &mut Criterion) {
    let simulator = simulator();
    for (name, runtime) in runtimes() {
        let (opc, session) =
            runtime.block_on(async { (facade(&simulator).await, raw(simulator.url()).await) });
        let mut group = criterion.benchmark_group(format!("list 10,000 items/{name}"));
        group.throughput(Throughput::Elements(MASS as u64));
        let folder = node("~folder/Mass");
        group.bench_function("raw", |b| {
            b.to_async(&runtime).iter(|| async { assert_eq!(browse(&session, &folder).await, MASS) });
        });
        group.bench_function("facade", |b| {
            b.to_async(&runtime).iter(|| async { assert_eq!(opc.list("Mass").await.unwrap().len(), MASS) });
        });
        group.bench_function("facade, recursive", |b| {
            let options = ListOptions::new().recursive(true);
            b.to_async(&runtime)
                .iter(|| async { assert_eq!(opc.list_with("Mass", &options).await.unwrap().len(), MASS) });
        });
        group.finish();
    }
}
