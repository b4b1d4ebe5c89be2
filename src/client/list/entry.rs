//! [`Entry`]: one line of a listing.

use std::borrow::Cow;
use std::fmt;

use crate::da::{Access, ItemId};
use crate::engine::client::Child;
use crate::{Identifier, NodeId, Tag};

/// One line of a listing: a branch, or a leaf with a value.
///
/// It can be passed wherever a tag is expected, and means the very node that was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Reads back as this node: the item id where that alone leads here, else the node by its namespace URI.
    pub tag: Tag,
    /// The item id as OPC DA users know it: the string identifier of the node, or the text of its id where it has none.
    pub item_id: ItemId,
    /// The id of the node, as long as the session lasts.
    pub node_id: NodeId,
    /// The browse path, `/2:Simulation Items/2:Random/2:Int4`, which reads as a [`Tag`]. A node that can be reached on
    /// several ways is listed once, on the first of them.
    pub path: String,
    /// The last name of the path, without its namespace.
    pub name: String,
    /// Branch or leaf.
    pub kind: EntryKind,
    /// What may be done with the value, where that was asked for; branches have none.
    pub access: Option<Access>,
}

/// Whether an [`Entry`] has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// An object.
    Branch,
    /// A variable. It may have leaves of its own below it.
    Leaf,
}

impl EntryKind {
    pub(super) fn of(child: &Child) -> EntryKind {
        if child.is_variable { EntryKind::Leaf } else { EntryKind::Branch }
    }
}

/// As OpenOPC's `include_type` says it.
impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EntryKind::Branch => "Branch",
            EntryKind::Leaf => "Leaf",
        })
    }
}

/// As OpenOPC lists it: a leaf by its item id, a branch by its name.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.kind {
            EntryKind::Branch => &self.name,
            EntryKind::Leaf => self.item_id.as_str(),
        })
    }
}

/// The string identifier, else the text of the id.
pub(super) fn item_id(node: &NodeId) -> Cow<'_, str> {
    match &node.identifier {
        Identifier::String(text) => Cow::Borrowed(text),
        _ => Cow::Owned(node.to_string()),
    }
}
