//! Asking the server for its own alias names (OPC 10000-17).

use std::sync::atomic::Ordering;

use super::find::{Node, Search, one_of};
use super::{NodeId, Service, Unresolved, chunked};
use crate::engine::client::Failure;
use crate::status::code;
use crate::{ExpandedNodeId, Status, like};

/// How servers say that they declare the method, or know of it, and do not have it for this client.
const NOT_HERE: [Status; 10] = [
    code::BAD_METHOD_INVALID,
    code::BAD_NODE_ID_INVALID,
    code::BAD_NODE_ID_UNKNOWN,
    code::BAD_NOT_EXECUTABLE,
    code::BAD_NOTHING_TO_DO,
    code::BAD_NOT_IMPLEMENTED,
    code::BAD_NOT_SUPPORTED,
    code::BAD_SERVICE_UNSUPPORTED,
    code::BAD_USER_ACCESS_DENIED,
    // node-opcua 2.186, of a method that its address space declares and nobody has written.
    code::BAD_INTERNAL_ERROR,
];

impl Search<'_> {
    /// What `FindAlias` knows of each item id, all of them in as few Call requests as the server's limits allow.
    ///
    /// An answer that there is no such method here is remembered until the next connect.
    pub(super) async fn alias_names(&self, items: &[&str]) -> Result<Vec<Node>, Failure> {
        let patterns: Vec<String> = items.iter().map(|item| like::literal(item)).collect();
        let results = chunked(self.limits, Service::Call, &patterns, |part| async move {
            self.link.find_alias(&part).await
        })
        .await?;
        if results.iter().any(|result| matches!(result, Err(status) if NOT_HERE.contains(&status.code()))) {
            self.find_alias.store(false, Ordering::Relaxed);
        }
        let nodes = items.iter().zip(results).map(|(item, result)| self.alias(item, result));
        Ok(nodes.collect())
    }

    /// Alias names where nothing else has found anything: whatever keeps the server from answering, the item id is just
    /// not known.
    pub(super) async fn alias_names_at_last(&self, items: &[&str]) -> Result<Vec<Node>, Failure> {
        let nothing = || vec![Err(Unresolved::nothing()); items.len()];
        if !self.find_alias.load(Ordering::Relaxed) {
            return Ok(nothing());
        }
        match self.alias_names(items).await {
            Ok(mut nodes) => {
                for node in &mut nodes {
                    if let Err(unresolved) = node {
                        unresolved.status = None;
                    }
                }
                Ok(nodes)
            }
            Err(failure) if failure.is_disconnected() || failure.is_timeout() => Err(failure),
            Err(failure) => {
                if NOT_HERE.contains(&failure.status.code()) {
                    self.find_alias.store(false, Ordering::Relaxed);
                }
                Ok(nothing())
            }
        }
    }

    /// The namespace of an alias does not count (Part 17, 6.2), and a server that does not know the escapes of patterns
    /// may have found more than was asked for.
    fn alias(&self, item: &str, result: Result<Vec<(String, Vec<ExpandedNodeId>)>, Status>) -> Node {
        let aliases = result.map_err(|status| Unresolved { candidates: Vec::new(), status: Some(status) })?;
        let mut nodes: Vec<NodeId> = Vec::new();
        for (_, targets) in aliases.into_iter().filter(|(name, _)| name == item) {
            for node in targets.into_iter().filter_map(|target| self.here(target)) {
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
        one_of(nodes)
    }

    /// The node, where it is one of this server.
    fn here(&self, target: ExpandedNodeId) -> Option<NodeId> {
        if target.server_index != 0 {
            return None;
        }
        match &target.namespace_uri {
            None => Some(target.node),
            Some(uri) => {
                let index = self.namespaces.iter().position(|name| name == uri)?;
                Some(NodeId { namespace: u16::try_from(index).ok()?, identifier: target.node.identifier })
            }
        }
    }
}
