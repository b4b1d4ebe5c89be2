//! [`Location`]: where a tag leads on a server, and by which rule.

use std::fmt;

use super::Tag;
use crate::da::Convention;

/// Where a tag leads on this server; given by [`Client::locate_many`](crate::Client::locate_many).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The tag as it was asked for.
    pub tag: Tag,
    /// The node, as a `ns=…` tag with the index range that was meant. Good until the next reconnect: a server may come back
    /// with its namespaces in another order.
    pub node: Tag,
    /// The same node by the URI of its namespace, `nsu=…`: what to write down.
    pub lasting: Tag,
    /// By which rule it was found.
    pub found_by: FoundBy,
}

/// What told which node a tag means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FoundBy {
    /// The tag is a node id. Nobody asked whether there is such a node.
    NodeId,
    /// The tag is a path of browse names with namespaces.
    Path,
    /// The item id is the string identifier of the node.
    Identifier,
    /// The item id is browse names, one below the other.
    BrowseNames,
    /// A product writes item ids so.
    Convention(Convention),
    /// The server's `FindAlias` knows the name (OPC 10000-17, 6.3.2).
    AliasName,
    /// An alias that this client was given.
    Alias,
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            FoundBy::NodeId => "node id",
            FoundBy::Path => "path",
            FoundBy::Identifier => "identifier",
            FoundBy::BrowseNames => "browse names",
            FoundBy::Convention(convention) => return f.pad(&format!("convention of {convention}")),
            FoundBy::AliasName => "alias name",
            FoundBy::Alias => "alias",
        })
    }
}
