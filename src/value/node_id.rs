//! [`NodeId`] and [`ExpandedNodeId`].

use std::fmt;
use std::str::FromStr;

use super::ConvertError;
use super::text::{Malformed, digits, guid_text, parse_guid};
use crate::engine::convert::{base64, from_base64};

/// The id of a node on one server (Part 3, 8.2), with the text form of Part 6, 5.3.1.10.
///
/// ```
/// use openopc::NodeId;
///
/// let id: NodeId = "ns=2;s=Random.Int4".parse()?;
/// assert_eq!(id, NodeId::string(2, "Random.Int4"));
/// assert_eq!(NodeId::numeric(0, 2258).to_string(), "i=2258");
/// assert!("ns=2;Random.Int4".parse::<NodeId>().is_err());
/// # Ok::<(), openopc::ConvertError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The index of the namespace in the server's table. Servers may reorder that table when they restart.
    pub namespace: u16,
    /// What the node is called in that namespace.
    pub identifier: Identifier,
}

/// What a node is called within its namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// `i=2258`
    Numeric(u32),
    /// `s=Random.Int4`
    String(String),
    /// `g=72962b91-fa75-4ae6-8d28-b404dc7daf63`, the bytes in the order they are written in
    Guid([u8; 16]),
    /// `b=AQID`, base64
    Opaque(Vec<u8>),
}

impl NodeId {
    /// `ns=…;i=…`
    pub const fn numeric(namespace: u16, id: u32) -> NodeId {
        NodeId { namespace, identifier: Identifier::Numeric(id) }
    }

    /// `ns=…;s=…`
    pub fn string(namespace: u16, id: impl Into<String>) -> NodeId {
        NodeId { namespace, identifier: Identifier::String(id.into()) }
    }

    /// `i=0`, which is the id of nothing.
    pub fn is_null(&self) -> bool {
        *self == NodeId::numeric(0, 0)
    }

    pub(crate) fn parse(text: &str) -> Result<NodeId, Malformed> {
        let Some(rest) = text.strip_prefix("ns=") else {
            return Ok(NodeId { namespace: 0, identifier: Identifier::parse(text)? });
        };
        let (index, tail) = rest
            .split_once(';')
            .ok_or(Malformed::new(text.len(), "`;` and an identifier after the namespace index"))?;
        let namespace = digits(index).ok_or(Malformed::new(3, "a namespace index from 0 to 65535"))?;
        let offset = text.len() - tail.len();
        let identifier = Identifier::parse(tail).map_err(|malformed| malformed.shifted(offset))?;
        Ok(NodeId { namespace, identifier })
    }
}

impl Identifier {
    pub(crate) fn parse(text: &str) -> Result<Identifier, Malformed> {
        let value = text.get(2..).unwrap_or_default();
        match text.as_bytes() {
            [b'i', b'=', ..] => digits(value)
                .map(Identifier::Numeric)
                .ok_or(Malformed::new(2, "a number from 0 to 4294967295")),
            [b's', b'=', ..] => Ok(Identifier::String(value.to_owned())),
            [b'g', b'=', ..] => {
                parse_guid(value).map(Identifier::Guid).map_err(|malformed| malformed.shifted(2))
            }
            [b'b', b'=', ..] => from_base64(value).map(Identifier::Opaque).ok_or(Malformed::new(2, "base64")),
            _ => Err(Malformed::new(0, "`i=`, `s=`, `g=` or `b=`")),
        }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identifier::Numeric(id) => write!(f, "i={id}"),
            Identifier::String(id) => write!(f, "s={id}"),
            Identifier::Guid(id) => write!(f, "g={}", guid_text(id)),
            Identifier::Opaque(id) => write!(f, "b={}", base64(id)),
        }
    }
}

/// `ns=2;s=Random.Int4`; namespace 0 is left out.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace != 0 {
            write!(f, "ns={};", self.namespace)?;
        }
        self.identifier.fmt(f)
    }
}

impl FromStr for NodeId {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<NodeId, ConvertError> {
        NodeId::parse(text)
            .map_err(|Malformed { at, expected }| ConvertError::syntax(text, "NodeId", at, expected))
    }
}

/// The id of a node that may live on another server, or whose namespace is given by its URI (Part 4, 7.16).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpandedNodeId {
    /// The index of the server in the server table; 0 is the server that gave the id.
    pub server_index: u32,
    /// The namespace; where it is given, the index in `node` means nothing.
    pub namespace_uri: Option<String>,
    /// The id.
    pub node: NodeId,
}

impl ExpandedNodeId {
    /// The id, where it is one of the server that gave it and needs no namespace table.
    pub fn local(&self) -> Option<&NodeId> {
        (self.server_index == 0 && self.namespace_uri.is_none()).then_some(&self.node)
    }

    fn parse(text: &str) -> Result<ExpandedNodeId, Malformed> {
        let (server_index, rest) = match text.strip_prefix("svr=") {
            None => (0, text),
            Some(rest) => {
                let (index, tail) =
                    rest.split_once(';').ok_or(Malformed::new(text.len(), "`;` and a node id"))?;
                (digits(index).ok_or(Malformed::new(4, "a server index"))?, tail)
            }
        };
        let shift = |malformed: Malformed| malformed.shifted(text.len() - rest.len());
        if rest.starts_with("nsu=") {
            let (uri, identifier) = parse_uri_id(rest).map_err(shift)?;
            return Ok(ExpandedNodeId {
                server_index,
                namespace_uri: Some(uri),
                node: NodeId { namespace: 0, identifier },
            });
        }
        let node = NodeId::parse(rest).map_err(shift)?;
        Ok(ExpandedNodeId { server_index, namespace_uri: None, node })
    }
}

impl From<NodeId> for ExpandedNodeId {
    fn from(node: NodeId) -> ExpandedNodeId {
        ExpandedNodeId { server_index: 0, namespace_uri: None, node }
    }
}

/// `svr=1;nsu=urn:plant;s=Pump`; what is zero or absent is left out.
impl fmt::Display for ExpandedNodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.server_index != 0 {
            write!(f, "svr={};", self.server_index)?;
        }
        match &self.namespace_uri {
            Some(uri) => f.write_str(&uri_id_text(uri, &self.node.identifier)),
            None => self.node.fmt(f),
        }
    }
}

impl FromStr for ExpandedNodeId {
    type Err = ConvertError;

    fn from_str(text: &str) -> Result<ExpandedNodeId, ConvertError> {
        ExpandedNodeId::parse(text)
            .map_err(|Malformed { at, expected }| ConvertError::syntax(text, "ExpandedNodeId", at, expected))
    }
}

/// `nsu=urn:plant:line1;s=Pump`. Part 6, 5.3.1.11 escapes `;` and `%` in the URI.
pub(crate) fn parse_uri_id(text: &str) -> Result<(String, Identifier), Malformed> {
    let rest = text.strip_prefix("nsu=").ok_or(Malformed::new(0, "`nsu=`"))?;
    let (uri, tail) = rest
        .split_once(';')
        .ok_or(Malformed::new(text.len(), "`;` and an identifier after the namespace URI"))?;
    if uri.is_empty() {
        return Err(Malformed::new(4, "a namespace URI"));
    }
    let offset = text.len() - tail.len();
    let identifier = Identifier::parse(tail).map_err(|malformed| malformed.shifted(offset))?;
    Ok((uri.replace("%3B", ";").replace("%3b", ";").replace("%25", "%"), identifier))
}

/// The reverse of [`parse_uri_id`].
pub(crate) fn uri_id_text(uri: &str, identifier: &Identifier) -> String {
    format!("nsu={};{identifier}", uri.replace('%', "%25").replace(';', "%3B"))
}
