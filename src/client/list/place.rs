//! [`Place`]: a node on the way, and how one got there.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use crate::engine::client::Child;
use crate::{NodeId, QualifiedName};

use super::rules::Wanted;

/// The Objects folder (Part 5, 8.2.4).
const OBJECTS: u32 = 85;

/// A node whose children are wanted.
#[derive(Debug)]
pub(super) struct Place {
    parent: Option<Arc<Place>>,
    pub(super) node: NodeId,
    name: QualifiedName,
    pub(super) is_variable: bool,
    /// Levels below the Objects folder.
    pub(super) depth: usize,
    pub(super) wanted: Wanted,
}

impl Place {
    pub(super) fn root(wanted: Wanted) -> Place {
        Place {
            parent: None,
            node: NodeId::numeric(0, OBJECTS),
            name: QualifiedName::default(),
            is_variable: false,
            depth: 0,
            wanted,
        }
    }

    pub(super) fn below(parent: &Arc<Place>, child: Child, wanted: Wanted) -> Place {
        Place {
            parent: Some(parent.clone()),
            node: child.node,
            name: child.name,
            is_variable: child.is_variable,
            depth: parent.depth + 1,
            wanted,
        }
    }

    pub(super) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// The browse names from the Objects folder to here, from the first.
    pub(super) fn names(&self) -> Vec<&QualifiedName> {
        let mut names = Vec::with_capacity(self.depth + 1);
        let mut place = self;
        while let Some(parent) = &place.parent {
            names.push(&place.name);
            place = parent;
        }
        names.reverse();
        names
    }

    /// The names from the Objects folder to a child, with dots between.
    pub(super) fn dotted(&self, child: &Child) -> String {
        let mut text = String::new();
        for name in self.names() {
            text.push_str(&name.name);
            text.push('.');
        }
        text.push_str(&child.name.name);
        text
    }
}

/// What has been met, so that loops end and nothing is given twice: 16 bytes for each, however long the node ids.
///
/// Two that are taken for the same by chance would need 10 million nodes and then a chance of one in 10^24; the keys are
/// random, so a server cannot arrange it.
#[derive(Default)]
pub(super) struct Seen {
    keys: [RandomState; 2],
    met: HashSet<u128>,
}

impl Seen {
    /// `true` where it is new.
    pub(super) fn insert(&mut self, what: impl Hash) -> bool {
        let [high, low] = &self.keys;
        self.met.insert((u128::from(high.hash_one(&what)) << 64) | u128::from(low.hash_one(&what)))
    }
}
