//! [`Tag`]: where a value lives.

mod error;
mod into;
#[cfg(feature = "client")]
mod location;
#[cfg(feature = "client")]
mod node_type;
mod parse;
mod range;
#[cfg(feature = "client")]
mod resolve;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::error::ParseTagError;
pub use self::into::IntoTag;
#[cfg(feature = "client")]
pub use self::location::{FoundBy, Location};
#[cfg(feature = "client")]
pub use self::node_type::NodeType;
#[cfg(feature = "client")]
pub(crate) use self::resolve::{Answer, Resolved, Resolver};
use crate::value::{Identifier, NodeId, QualifiedName};

/// Where a value lives: a node, or an item id that the client looks up on its server.
///
/// | text | is |
/// | --- | --- |
/// | `ns=2;s=Random.Int4`, `i=2258` | a node id (Part 6, 5.3.1.10) |
/// | `nsu=urn:plant:line1;s=Pump` | a node id by namespace URI, looked up after every connect |
/// | `/2:Plant/2:Boiler/2:Level` | browse names from the Objects folder; a name without an index is of namespace 0 |
/// | `item:…` | an item id, whatever follows |
/// | `range=0:9;…` | one of the above or below, and of its array only these elements |
/// | anything else | an item id, verbatim: `Random.Int4`, `[PLC]Motor.Speed`, `"DB"."x"` |
///
/// In browse names, `/ . < > : # ! &` are written with `&` in front (Part 4, A.2): `/2:Random&.Int4`.
///
/// Text that starts with `i=`, `s=`, `g=`, `b=`, `ns=`, `nsu=`, `svr=`, `range=` or `/` is never an item id: if the
/// rest does not fit, it is an error, so that a slip of the pen does not become a search for an odd name. Item ids
/// that start so are written with `item:`, or made with [`Tag::item`].
///
/// Cheap to clone. Two tags are equal if they mean the same, however they were written.
///
/// ```
/// use openopc::{NodeId, Tag, TagKind};
///
/// let tag: Tag = "ns=2;s=Random.Int4".parse()?;
/// assert_eq!(tag, Tag::string(2, "Random.Int4"));
///
/// let tag = Tag::parse("Random.Int4")?;
/// assert!(matches!(tag.kind(), TagKind::Item("Random.Int4")));
///
/// let tag = Tag::parse("range=0:9;Random.ArrayOfReal8")?;
/// assert_eq!(tag.range(), Some("0:9"));
/// assert_eq!(tag, Tag::item("Random.ArrayOfReal8").index_range("0:9")?);
///
/// let error = Tag::parse("ns=two;s=Pump").unwrap_err();
/// assert_eq!(error.to_string(), "invalid tag `ns=two;s=Pump`: expected a namespace index from 0 to 65535 at 3");
/// # Ok::<(), openopc::ParseTagError>(())
/// ```
#[derive(Clone)]
pub struct Tag(Arc<Repr>);

/// There may be a hundred thousand of them: what is rare is boxed, and what is part of the text is not kept twice.
struct Repr {
    text: Box<str>,
    kind: Kind,
    /// So many bytes of the text, after `range=`, are the index range.
    range: Option<NonZeroUsize>,
    /// Of what the tag means, once for the many times it is looked up.
    hash: u64,
}

#[derive(Clone, Debug)]
enum Kind {
    NodeId(Box<NodeId>),
    NamespaceUri(Box<Named>),
    Path(Box<[QualifiedName]>),
    /// The end of the text, this many bytes.
    Item {
        length: usize,
    },
}

/// What a node is called in a namespace.
#[derive(Clone, Debug)]
struct Named {
    uri: String,
    identifier: Identifier,
}

/// How a [`Tag`] addresses its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagKind<'a> {
    /// `ns=2;s=Random.Int4`, `i=2258`
    NodeId(&'a NodeId),
    /// `nsu=urn:plant:line1;s=Pump`; the index is looked up after every (re)connect.
    NamespaceUri {
        /// The namespace.
        uri: &'a str,
        /// What the node is called in it.
        identifier: &'a Identifier,
    },
    /// `/2:Plant/2:Boiler`, from the Objects folder.
    Path(&'a [QualifiedName]),
    /// An item id, verbatim.
    Item(&'a str),
}

impl Tag {
    /// Reads a tag from text.
    ///
    /// # Errors
    /// [`ParseTagError`] where the text is empty, or starts as a node id, a path or an index range and does not go on
    /// as one.
    pub fn parse(text: impl AsRef<str>) -> Result<Tag, ParseTagError> {
        Tag::parse_text(text.as_ref())
    }

    fn parse_text(text: &str) -> Result<Tag, ParseTagError> {
        let (kind, range) = parse::parse(text).map_err(|malformed| ParseTagError::new(text, malformed))?;
        Ok(Tag::assemble(text.into(), kind, range))
    }

    /// `range` is the one that the text has in front.
    fn assemble(text: Box<str>, kind: Kind, range: Option<&str>) -> Tag {
        // Keys of its own for each process: tags may come from the network.
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let range = range.and_then(|range| NonZeroUsize::new(range.len()));
        let mut repr = Repr { text, kind, range, hash: 0 };
        repr.hash = KEYS.hash_one((repr.kind(), repr.range()));
        Tag(Arc::new(repr))
    }

    /// `ns=…;i=…`
    pub fn numeric(namespace: u16, id: u32) -> Tag {
        Tag::node(NodeId::numeric(namespace, id))
    }

    /// `ns=…;s=…`
    pub fn string(namespace: u16, id: impl Into<String>) -> Tag {
        Tag::node(NodeId::string(namespace, id))
    }

    /// The node with this id.
    pub fn node(id: NodeId) -> Tag {
        Tag::new(Kind::NodeId(Box::new(id)), None)
    }

    /// An item id, never read as anything else.
    pub fn item(id: impl Into<String>) -> Tag {
        Tag::item_in(&id.into(), None)
    }

    /// A node by the URI of its namespace.
    ///
    /// # Errors
    /// [`ParseTagError`] where the URI is empty.
    pub fn namespace_uri(uri: impl Into<String>, identifier: Identifier) -> Result<Tag, ParseTagError> {
        Tag::new(Kind::NamespaceUri(Box::new(Named { uri: uri.into(), identifier })), None).checked()
    }

    /// The node at the end of these browse names, which start below the Objects folder.
    ///
    /// # Errors
    /// [`ParseTagError`] where there are none, or one is empty.
    pub fn path(names: impl IntoIterator<Item = QualifiedName>) -> Result<Tag, ParseTagError> {
        Tag::new(Kind::Path(names.into_iter().collect()), None).checked()
    }

    /// The node by the URI of its namespace, which lasts longer than an index; by its id where that has none.
    #[cfg(feature = "client")]
    pub(crate) fn lasting(node: NodeId, uri: Option<&str>) -> Tag {
        let uri = uri.filter(|_| node.namespace != 0);
        uri.and_then(|uri| Tag::namespace_uri(uri, node.identifier.clone()).ok())
            .unwrap_or_else(|| Tag::node(node))
    }

    /// These browse names as the text of a path, whether it can be a tag or not.
    #[cfg(feature = "client")]
    pub(crate) fn path_text(names: &[QualifiedName]) -> String {
        parse::path_text(names)
    }

    /// A tag made of parts that may not be a tag together: the parser decides.
    fn checked(self) -> Result<Tag, ParseTagError> {
        Tag::parse_text(self.as_str())
    }

    fn new(kind: Kind, range: Option<&str>) -> Tag {
        let body = match &kind {
            Kind::NodeId(id) => id.to_string(),
            Kind::NamespaceUri(named) => parse::uri_text(&named.uri, &named.identifier),
            Kind::Path(path) => parse::path_text(path),
            Kind::Item { .. } => String::new(),
        };
        Tag::assemble(parse::with_range(range, &body), kind, range)
    }

    fn item_in(id: &str, range: Option<&str>) -> Tag {
        let prefix = if parse::needs_prefix(id) { parse::ITEM } else { "" };
        let text = parse::with_range(range, &format!("{prefix}{id}"));
        Tag::assemble(text, Kind::Item { length: id.len() }, range)
    }

    /// One element or a part of an array, as OPC UA writes it: `"3"`, `"0:9"`, `"1:2,0:4"`.
    ///
    /// # Errors
    /// [`ParseTagError`] unless it is one index or one rising range per dimension.
    pub fn index_range(self, range: &str) -> Result<Tag, ParseTagError> {
        range::check(range).map_err(|malformed| ParseTagError::new(range, malformed))?;
        Ok(match self.kind() {
            TagKind::Item(id) => Tag::item_in(id, Some(range)),
            _ => Tag::new(self.0.kind.clone(), Some(range)),
        })
    }

    /// How the tag addresses its node.
    pub fn kind(&self) -> TagKind<'_> {
        self.0.kind()
    }

    /// The index range, where the tag has one.
    pub fn range(&self) -> Option<&str> {
        self.0.range()
    }

    /// The text the tag was read from, or that reads as it.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl Repr {
    fn kind(&self) -> TagKind<'_> {
        match &self.kind {
            Kind::NodeId(id) => TagKind::NodeId(id),
            Kind::NamespaceUri(named) => {
                TagKind::NamespaceUri { uri: &named.uri, identifier: &named.identifier }
            }
            Kind::Path(path) => TagKind::Path(path),
            Kind::Item { length } => {
                let start = self.text.len().saturating_sub(*length);
                TagKind::Item(self.text.get(start..).unwrap_or_default())
            }
        }
    }

    fn range(&self) -> Option<&str> {
        self.text.strip_prefix(parse::RANGE)?.get(..self.range?.get())
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Tag) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.hash == other.0.hash && self.kind() == other.kind() && self.range() == other.range())
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({:?})", self.as_str())
    }
}

/// Reads back as an equal tag. An item id that would read as something else has `item:` in front.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Tag {
    type Err = ParseTagError;

    fn from_str(text: &str) -> Result<Tag, ParseTagError> {
        Tag::parse_text(text)
    }
}

/// As its text.
impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// From its text.
impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tag, D::Error> {
        let text = String::deserialize(deserializer)?;
        Tag::parse_text(&text).map_err(serde::de::Error::custom)
    }
}
