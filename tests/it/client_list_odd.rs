//! `list`, and what else browses, on a server that is not ours and has no sense: it forbids, goes round in circles, never
//! ends, loses its place, and comes back with its namespaces in another order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opcua::crypto::SecurityPolicy;
use opcua::nodes::DefaultTypeTree;
use opcua::server::diagnostics::NamespaceMetadata;
use opcua::server::node_manager::memory::{CoreNodeManagerBuilder, InMemoryNodeManagerBuilder};
use opcua::server::node_manager::{
    AddReferenceResult, BrowseNode, NodeManager, NodeMetadata, RequestContext, ServerContext,
};
use opcua::server::{ANONYMOUS_USER_TOKEN_ID, ServerBuilder, ServerEndpoint, ServerHandle};
use opcua::types::{
    ExpandedNodeId, LocalizedText, MessageSecurityMode, NodeClass, NodeId, ObjectId, QualifiedName,
    ReferenceTypeId, StatusCode,
};
use openopc::{Client, Entry, Error, ListOptions, State};
use serde::de::IgnoredAny;

use crate::support::{until, within};

const NAMESPACE: &str = "urn:odd";

/// What is below a node: names of branches end with `/`, and are also the string identifiers. With `0:` before it a name is
/// of the standard's namespace.
type Tree = fn(&str) -> Result<Vec<String>, StatusCode>;

struct Odd {
    namespace: u16,
    namespaces: Vec<NamespaceMetadata>,
    tree: Tree,
}

/// How many references have been given.
struct Next(usize);

#[async_trait]
impl NodeManager for Odd {
    fn owns_node(&self, id: &NodeId) -> bool {
        id.namespace == self.namespace
    }

    fn name(&self) -> &'static str {
        "odd"
    }

    fn namespaces_for_user(&self, _context: &RequestContext) -> Vec<NamespaceMetadata> {
        self.namespaces.clone()
    }

    async fn init(&self, _types: &mut DefaultTypeTree, _context: ServerContext) {}

    async fn browse(&self, context: &RequestContext, nodes: &mut [BrowseNode]) -> Result<(), StatusCode> {
        for node in nodes {
            let path = match &node.node_id().identifier {
                opcua::types::Identifier::String(path) if node.node_id().namespace == self.namespace => {
                    path.to_string()
                }
                _ if *node.node_id() == ObjectId::ObjectsFolder => String::new(),
                _ => continue,
            };
            let children = match (self.tree)(&path) {
                Ok(children) => children,
                Err(status) => {
                    node.set_status(status);
                    continue;
                }
            };
            node.set_status(StatusCode::Good);
            let start = node.take_continuation_point::<Next>().map_or(0, |next| next.0);
            for (index, child) in children.iter().enumerate().skip(start) {
                let reference = self.child(child).into_ref_desc(true, ReferenceTypeId::Organizes);
                if let AddReferenceResult::Full(_) =
                    node.add(context.get_type_tree_for_user().get(), reference)
                {
                    node.set_next_continuation_point(Box::new(Next(index)));
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Odd {
    fn child(&self, path: &str) -> NodeMetadata {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap();
        let standard = name.strip_prefix("0:");
        let (namespace, name) = standard.map_or((self.namespace, name), |name| (0, name));
        NodeMetadata {
            node_id: ExpandedNodeId::new(NodeId::new(self.namespace, path)),
            type_definition: ExpandedNodeId::null(),
            browse_name: QualifiedName::new(namespace, name),
            display_name: LocalizedText::new("", name),
            node_class: if path.ends_with('/') { NodeClass::Object } else { NodeClass::Variable },
        }
    }
}

struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// `before` are namespaces that come before its own.
    async fn start(address: &str, before: &'static [&'static str], tree: Tree) -> Server {
        let listener = loop {
            // The port of a server that has just gone may not be free yet.
            match tokio::net::TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let odd = move |context: ServerContext| {
            let mut types = context.type_tree.write();
            let metadata = |uri: &&str| NamespaceMetadata {
                namespace_index: types.namespaces_mut().add_namespace(uri),
                namespace_uri: (*uri).to_owned(),
                ..NamespaceMetadata::default()
            };
            let namespaces: Vec<_> = before.iter().chain(&[NAMESPACE]).map(metadata).collect();
            Odd { namespace: namespaces.last().unwrap().namespace_index, namespaces, tree }
        };
        let endpoint = ServerEndpoint::new(
            "/",
            SecurityPolicy::None,
            MessageSecurityMode::None,
            &[ANONYMOUS_USER_TOKEN_ID.to_owned()],
        );
        let mut builder = ServerBuilder::new()
            .without_node_managers()
            .with_node_manager(InMemoryNodeManagerBuilder::new(CoreNodeManagerBuilder))
            .with_node_manager(odd)
            .application_name("odd")
            .application_uri("urn:odd:server")
            .host("127.0.0.1")
            .discovery_urls(vec![format!("opc.tcp://{address}")])
            .add_endpoint("none", endpoint)
            .create_sample_keypair(false);
        builder.config_mut().pki_dir = "\0".into();
        builder.config_mut().limits.operational.max_references_per_browse_node = 10;
        builder.config_mut().limits.max_browse_continuation_points = 2;
        let (server, handle) = builder.build().unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { server.run_with(listener).await.unwrap() });
        until(|| handle.info().port.load(Ordering::Relaxed) != 0).await;
        Server { address, handle, task }
    }

    fn url(&self) -> String {
        format!("opc.tcp://{}", self.address)
    }

    async fn stop(self) {
        self.handle.cancel();
        within(self.task).await.unwrap();
    }
}

async fn odd(tree: Tree) -> (Server, Client) {
    let server = Server::start("127.0.0.1:0", &[], tree).await;
    let client = within(openopc::open(server.url())).await.unwrap();
    (server, client)
}

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.item_id.as_str()).collect()
}

fn recursive() -> ListOptions {
    ListOptions::new().recursive(true)
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn a_server_that_forbids_browsing() {
    let (_server, client) = odd(|_| Err(StatusCode::BadUserAccessDenied)).await;
    let error = within(client.list("*")).await.unwrap_err();
    assert!(matches!(error, Error::Service { .. }), "{error:?}");
    assert_eq!(error.to_string(), "list failed: BadUserAccessDenied");
    let mut entries = client.list_stream("A.B.*", &recursive());
    assert!(matches!(within(entries.next()).await, Some(Err(Error::Service { .. }))));
    assert!(within(entries.next()).await.is_none());
}

#[tokio::test]
async fn a_branch_that_is_forbidden_is_an_error_among_the_others() {
    let (_server, client) = odd(|path| match path {
        "" => Ok(names(["A/", "Secret/", "B/"])),
        "A/" => Ok(names(["A/x"])),
        "B/" => Ok(names(["B/y", "B/Gone/"])),
        "Secret/" => Err(StatusCode::BadUserAccessDenied),
        "B/Gone/" => Err(StatusCode::BadNodeIdUnknown),
        _ => Ok(Vec::new()),
    })
    .await;
    let mut entries = client.list_stream("*", &recursive());
    assert_eq!(within(entries.next()).await.unwrap().unwrap().item_id.as_str(), "A/x");
    let error = within(entries.next()).await.unwrap().unwrap_err();
    let path = match &error {
        Error::Item { tag, .. } => tag.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(path.ends_with(":Secret"), "{path}");
    assert_eq!(error.to_string(), format!("list `{path}`: BadUserAccessDenied"));
    assert_eq!(within(entries.next()).await.unwrap().unwrap().item_id.as_str(), "B/y");
    assert!(within(entries.next()).await.is_none());
    // All or nothing where a list is asked for; what is elsewhere is not concerned.
    assert!(matches!(within(client.list_with("*", &recursive())).await, Err(Error::Item { .. })));
    assert_eq!(texts(&within(client.list_with("B", &recursive())).await.unwrap()), ["B/y"]);
    assert_eq!(texts(&within(client.list("*")).await.unwrap()), ["A/", "Secret/", "B/"]);
}

#[tokio::test]
async fn a_limit_counts_entries_and_not_errors() {
    let (_server, client) = odd(|path| match path {
        "" => Ok((0..200).map(|n| format!("B{n}/")).collect()),
        "B100/" => Err(StatusCode::BadUserAccessDenied),
        branch if branch.ends_with('/') => Ok((0..9).map(|n| format!("{branch}{n}")).collect()),
        _ => Ok(Vec::new()),
    })
    .await;
    let mut entries = client.list_stream("*", &recursive().limit(920));
    let (mut found, mut errors) = (Vec::new(), 0);
    while let Some(entry) = within(entries.next()).await {
        match entry {
            Ok(entry) => found.push(entry),
            Err(_) => errors += 1,
        }
    }
    let branches = (0..200).filter(|branch| *branch != 100);
    let expected: Vec<String> =
        branches.flat_map(|branch| (0..9).map(move |n| format!("B{branch}/{n}"))).take(920).collect();
    assert_eq!((texts(&found), errors), (expected.iter().map(String::as_str).collect(), 1));
}

#[tokio::test]
async fn what_is_listed_lists_back() {
    let (_server, client) = odd(|path| match path {
        "" => Ok(names(["0:A.B/", "0:*/", "0:[x]/", "C/"])),
        branch if branch.ends_with('/') => Ok(vec![format!("{branch}x")]),
        _ => Ok(Vec::new()),
    })
    .await;
    let entries = within(client.list("*")).await.unwrap();
    assert_eq!(entries.len(), 4);
    for entry in &entries {
        let below = within(client.list(entry)).await.unwrap();
        assert_eq!(texts(&below), [format!("{}x", entry.item_id)], "{}", entry.path);
    }
    // As text, where it can be nothing but a path.
    assert_eq!(entries[0].path, "/A&.B");
    assert_eq!(texts(&within(client.list("/A&.B")).await.unwrap()), ["0:A.B/x"]);
    assert_eq!(within(client.list("/*")).await.unwrap(), entries);
}

#[tokio::test]
async fn circles_and_trees_without_end() {
    let (_server, client) = odd(|path| match path {
        "" => Ok(names(["A/", "B/"])),
        "A/" => Ok(names(["B/", "A/", "A/x"])),
        "B/" => Ok(names(["A/", "A/x", "B/y", "Deep/"])),
        deep if deep.starts_with("Deep/") => Ok(vec![format!("{deep}t/")]),
        _ => Ok(Vec::new()),
    })
    .await;
    let mut entries = client.list_stream("*", &recursive());
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    while let Some(entry) = within(entries.next()).await {
        match entry {
            Ok(entry) => found.push(entry),
            Err(error) => errors.push(error),
        }
    }
    let mut ids = texts(&found);
    ids.sort_unstable();
    assert_eq!(ids, ["A/x", "B/y"]);
    assert!(matches!(&errors[..], [Error::TooDeep { .. }]), "{errors:?}");
    assert!(errors[0].to_string().ends_with(": more than 64 levels deep"), "{}", errors[0]);
    assert_eq!(texts(&within(client.list("*.*.*.*.*.*.y")).await.unwrap()), ["B/y"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn namespaces_in_another_order() {
    let tree: Tree = |path| match path {
        "" => Ok((0..30).map(|n| format!("F{n}/")).collect()),
        folder if folder.ends_with('/') => Ok((0..100).map(|n| format!("{folder}L{n}")).collect()),
        _ => Ok(Vec::new()),
    };
    let server = Server::start("127.0.0.1:0", &["urn:a", "urn:b"], tree).await;
    let builder = Client::builder(server.url()).reconnect(None, Duration::from_millis(20));
    let client = within(builder.open()).await.unwrap();
    let mut entries = client.list_stream("*", &recursive());
    let mut found = Vec::new();
    while found.len() < 50 {
        found.push(within(entries.next()).await.unwrap().unwrap());
    }
    let address = server.address.to_string();
    server.stop().await;
    until(|| client.state() == State::Reconnecting).await;
    let _server = Server::start(&address, &[], tree).await;
    while let Some(entry) = within(entries.next()).await {
        found.push(entry.unwrap());
    }
    let expected: Vec<String> = (0..30).flat_map(|f| (0..100).map(move |n| format!("F{f}/L{n}"))).collect();
    assert_eq!(found.len(), expected.len());
    assert!(texts(&found) == expected, "each once, in order");
    let (first, last) = (&found[0], &found[2_999]);
    assert_eq!(first.node_id.namespace, last.node_id.namespace + 2);
    assert_eq!(first.path.replace(&format!("{}:", first.node_id.namespace), ""), "/F0/L0");
    assert_eq!(last.path.replace(&format!("{}:", last.node_id.namespace), ""), "/F29/L99");
}

/// How many branches are below each branch of the root.
async fn counts(client: &Client) -> Result<BTreeMap<String, usize>, Error> {
    let root = "nsu=urn:odd;s=Root/";
    #[expect(clippy::zero_sized_map_values, reason = "only the names count")]
    let all = client.read_into::<BTreeMap<String, BTreeMap<String, IgnoredAny>>>(root).await?;
    Ok(all.into_iter().map(|(name, below)| (name, below.len())).collect())
}

fn two_pages(path: &str) -> Vec<String> {
    match path {
        "Root/" => names(["Root/A/", "Root/B/"]),
        "Root/A/" | "Root/B/" => (0..15).map(|n| format!("{path}{n}/")).collect(),
        _ => Vec::new(),
    }
}

fn all_pages() -> BTreeMap<String, usize> {
    BTreeMap::from([("A".to_owned(), 15), ("B".to_owned(), 15)])
}

#[tokio::test]
async fn a_place_that_is_lost_is_looked_for_again() {
    static PAGES: AtomicUsize = AtomicUsize::new(0);
    static LOSES: AtomicUsize = AtomicUsize::new(1);
    let (_server, client) = odd(|path| {
        // Every other page of it is a second one.
        if path == "Root/A/"
            && PAGES.fetch_add(1, Ordering::Relaxed) % 2 == 1
            && LOSES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        {
            return Err(StatusCode::BadContinuationPointInvalid);
        }
        Ok(two_pages(path))
    })
    .await;
    assert_eq!(within(counts(&client)).await.unwrap(), all_pages());
    assert_eq!(PAGES.swap(0, Ordering::Relaxed), 4);
    // Only so often, and only that branch is lost.
    LOSES.store(usize::MAX, Ordering::Relaxed);
    let error = within(counts(&client)).await.unwrap_err();
    assert!(matches!(&error, Error::Item { tag, .. } if tag.as_str().ends_with("Root/.A")), "{error:?}");
    assert!(error.to_string().ends_with(": BadContinuationPointInvalid"), "{error}");
    assert_eq!(PAGES.swap(0, Ordering::Relaxed), 8);
    LOSES.store(0, Ordering::Relaxed);
    assert_eq!(within(counts(&client)).await.unwrap(), all_pages());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_fails_gives_its_places_back() {
    static PAGES: AtomicUsize = AtomicUsize::new(0);
    static BUSY: AtomicBool = AtomicBool::new(true);
    let tree: Tree = |path| {
        if path == "Root/A/" && PAGES.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            // Not as a worker of the runtime, whose next task would wait with it; and not for ever if the test has failed.
            let started = std::time::Instant::now();
            tokio::task::block_in_place(|| {
                while BUSY.load(Ordering::Relaxed) && started.elapsed() < Duration::from_secs(60) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
        Ok(two_pages(path))
    };
    let server = Server::start("127.0.0.1:0", &[], tree).await;
    let builder = Client::builder(server.url()).request_timeout(Duration::from_millis(500));
    let client = within(builder.open()).await.unwrap();
    // The server remembers two places, and one of them is left each time.
    for _ in 0..2 {
        BUSY.store(true, Ordering::Relaxed);
        let error = within(counts(&client)).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        BUSY.store(false, Ordering::Relaxed);
    }
    assert_eq!(within(counts(&client)).await.unwrap(), all_pages());
}
