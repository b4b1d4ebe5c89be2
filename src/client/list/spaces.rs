//! [`Spaces`]: namespaces by number as they were when the walk began, whatever the server's table says since.

use std::sync::Arc;

use crate::engine::client::Child;
use crate::{NodeId, QualifiedName};

/// A server may come back with its namespaces in another order (Part 5, 6.3.1). What waits in a walk keeps the numbers it
/// had; they are turned into the server's own on the way out and back on the way in.
#[derive(Default)]
pub(super) struct Spaces {
    /// The server's table as last seen.
    table: Arc<Vec<String>>,
    /// The namespaces the walk has met, by its own numbers.
    known: Vec<Known>,
    /// The walk's number of each of the server's.
    inward: Vec<u16>,
}

struct Known {
    /// Nothing where the server used an index that is not in its table.
    uri: Option<String>,
    now: Option<u16>,
}

impl Spaces {
    /// Whether the table is still this one.
    pub(super) fn is(&self, table: &Arc<Vec<String>>) -> bool {
        Arc::ptr_eq(&self.table, table)
    }

    /// The server's table has been read, perhaps anew: `true` where it was not the one before.
    pub(super) fn renew(&mut self, table: Arc<Vec<String>>) -> bool {
        if self.is(&table) {
            return false;
        }
        self.known.iter_mut().filter(|known| known.uri.is_some()).for_each(|known| known.now = None);
        self.inward.clear();
        for (index, uri) in (0_u16..).zip(table.iter()) {
            let own =
                self.known.iter().position(|known| known.uri.as_ref() == Some(uri)).unwrap_or_else(|| {
                    self.known.push(Known { uri: Some(uri.clone()), now: None });
                    self.known.len() - 1
                });
            if let Some(known) = self.known.get_mut(own) {
                // A table may name a URI twice; the first is meant.
                known.now.get_or_insert(index);
            }
            self.inward.push(u16::try_from(own).unwrap_or(u16::MAX));
        }
        self.table = table;
        true
    }

    fn inward(&mut self, index: u16) -> u16 {
        if let Some(own) = self.inward.get(usize::from(index)) {
            return *own;
        }
        let stray = |known: &Known| known.uri.is_none() && known.now == Some(index);
        let own = self.known.iter().position(stray).unwrap_or_else(|| {
            self.known.push(Known { uri: None, now: Some(index) });
            self.known.len() - 1
        });
        u16::try_from(own).unwrap_or(u16::MAX)
    }

    /// The server's number, unless the namespace is gone.
    fn outward(&self, own: u16) -> Option<u16> {
        self.known.get(usize::from(own))?.now
    }

    /// A child as the server named it, in the walk's numbers.
    pub(super) fn child_in(&mut self, mut child: Child) -> Child {
        child.node.namespace = self.inward(child.node.namespace);
        child.name.namespace = self.inward(child.name.namespace);
        child
    }

    /// The id the server knows the node by now.
    pub(super) fn node_out(&self, node: &NodeId) -> Option<NodeId> {
        Some(NodeId { namespace: self.outward(node.namespace)?, identifier: node.identifier.clone() })
    }

    /// The name the server knows now.
    pub(super) fn name_out(&self, name: &QualifiedName) -> Option<QualifiedName> {
        Some(QualifiedName { namespace: self.outward(name.namespace)?, name: name.name.clone() })
    }

    /// The URI of a namespace.
    pub(super) fn uri(&self, own: u16) -> Option<&str> {
        self.known.get(usize::from(own))?.uri.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(uris: &[&str]) -> Arc<Vec<String>> {
        Arc::new(uris.iter().map(|uri| (*uri).to_owned()).collect())
    }

    fn child(namespace: u16) -> Child {
        let name = QualifiedName::new(namespace, "x");
        Child { node: NodeId::string(namespace, "x"), name, is_variable: true }
    }

    #[test]
    fn nodes_keep_their_numbers_when_the_table_changes() {
        let mut spaces = Spaces::default();
        spaces.renew(table(&["ua", "a", "b"]));
        let before = spaces.child_in(child(2));
        assert_eq!(spaces.node_out(&before.node), Some(NodeId::string(2, "x")));
        spaces.renew(table(&["ua", "b", "c"]));
        assert_eq!(spaces.child_in(child(1)), before, "b is the same, whatever its index");
        assert_eq!(spaces.node_out(&before.node), Some(NodeId::string(1, "x")));
        assert_eq!(spaces.uri(before.node.namespace), Some("b"));
        let a = NodeId::string(1, "x");
        assert_eq!(spaces.node_out(&a), None, "a is gone");
        let stray = spaces.child_in(child(40));
        assert_eq!(spaces.name_out(&stray.name), Some(QualifiedName::new(40, "x")));
        spaces.renew(table(&["ua", "a", "b"]));
        assert_eq!(spaces.node_out(&a), Some(a));
        assert_eq!(spaces.node_out(&before.node), Some(NodeId::string(2, "x")));
    }
}
