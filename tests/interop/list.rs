//! Listing foreign servers: their whole trees, and everything listed is read back.

use std::collections::HashSet;
use std::time::Duration;

use openopc::da::Access;
use openopc::{Client, Entry, EntryKind, ListOptions, Tag};

use crate::peers::Stack;

fn ids(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.item_id.as_str()).collect()
}

async fn list(opc: &Client, pattern: &str, options: &ListOptions) -> Vec<Entry> {
    let listing = tokio::time::timeout(Duration::from_secs(120), opc.list_with(pattern, options));
    listing.await.expect("it ends").unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// All that a tree says can be read is read, by the tags that the listing gave.
async fn reads_back(opc: &Client, options: ListOptions) -> Vec<Entry> {
    let entries = list(opc, "*", &options.recursive(true).access(Access::READ)).await;
    let readings = opc.read_many(&entries).await.expect("one call");
    let mut failed = Vec::new();
    for (entry, reading) in entries.iter().zip(readings) {
        assert_eq!(entry.kind, EntryKind::Leaf, "{entry:?}");
        match reading {
            Ok(reading) => assert_eq!(reading.tag, entry.tag),
            Err(error) => failed.push(format!("{} ({}): {error}", entry.path, entry.node_id)),
        }
    }
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), entries.len());
    let nodes: HashSet<&Tag> = entries.iter().map(|entry| &entry.tag).collect();
    assert_eq!(nodes.len(), entries.len(), "each node once");
    entries
}

async fn patterns(opc: &Client) {
    let plain = ListOptions::new();
    let roots = list(opc, "*", &plain).await;
    assert!(
        roots.iter().any(|entry| entry.name == "Interop" && entry.kind == EntryKind::Branch),
        "{roots:?}"
    );
    assert!(roots.iter().all(|entry| entry.name != "Server"));
    // Names with dots in them are one level, and are matched as two.
    assert_eq!(ids(&list(opc, "Interop.Counter.Int32", &plain).await), ["Counter.Int32"]);
    assert_eq!(ids(&list(opc, "interop.*.Int32", &plain.clone().kind(EntryKind::Leaf)).await).len(), 7);
    let scalars = list(opc, "Interop.Scalar.*", &plain).await;
    assert!(scalars.len() >= 21 && scalars.iter().all(|entry| entry.name.starts_with("Scalar.")));
    let twins = list(opc, "Interop.Dup?.Twin", &plain).await;
    assert_eq!(ids(&twins), ["Dup1.Twin", "Dup2.Twin"]);
    for (n, twin) in (1..).zip(&twins) {
        assert_eq!(opc.read_as::<i32>(twin).await.expect("by its tag"), n);
        assert_eq!(opc.read_as::<i32>(&*twin.path).await.expect("by its path"), n);
    }
    let mass = list(opc, "Interop.Mass", &plain).await;
    assert_eq!(mass.len(), 5000);
    let tags: HashSet<Tag> = mass.iter().map(|entry| entry.tag.clone()).collect();
    assert_eq!(tags, (0..5000).map(|n| Tag::item(format!("Mass.{n}"))).collect(), "each by its item id");
    assert_eq!(list(opc, "Mass.12[3-5]?", &plain.clone().flat(true)).await.len(), 30);
    assert_eq!(list(opc, "Interop.Mass", &plain.clone().limit(7)).await, mass[..7]);
    let fixed = &list(opc, "Interop.ReadOnly.*", &plain.clone().with_access(true)).await[0];
    assert_eq!(fixed.access, Some(Access::READ));
    assert!(list(opc, "Interop.No.Such.*", &plain).await.is_empty());
}

async fn everything(stack: Stack) {
    let Some(server) = stack.server() else { return };
    let opc = openopc::open(&server.url).await.expect("it opens");
    patterns(&opc).await;
    let own = reads_back(&opc, ListOptions::new()).await;
    let all = reads_back(&opc, ListOptions::new().standard(true)).await;
    assert!(own.len() > 5040 && all.len() > own.len() + 20, "{} and {}", own.len(), all.len());
    let status = list(&opc, "Server.ServerStatus.*", &ListOptions::new()).await;
    assert!(status.iter().any(|entry| entry.tag.as_str() == "i=2258"), "{status:?}");
    opc.close().await.expect("it closes");
    println!("{stack:?} server: {} leaves of its own, {} in all", own.len(), all.len());
}

#[tokio::test]
async fn asyncua_tree() {
    everything(Stack::Asyncua).await;
}

#[tokio::test]
async fn node_opcua_tree() {
    everything(Stack::NodeOpcua).await;
}

#[tokio::test]
async fn open62541_tree() {
    everything(Stack::Open62541).await;
}
