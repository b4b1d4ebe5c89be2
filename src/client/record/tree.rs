//! [`Tree`]: the tags under a branch, found level by level and read together.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::Inner;
use crate::client::limits::{Service, chunked};
use crate::client::read::ReadOptions;
use crate::engine::client::{Failure, NodeClass};
use crate::status::code;
use crate::{Error, Identifier, NodeId, Operation, QualifiedName, Reading, Result, Status, Tag, TagKind};

use super::shape::Shape;

/// More tags than any struct or map of one call is meant to hold; ends an address space without an end.
const MAX_NODES: usize = 100_000;

/// A place in a tree.
pub(crate) type Place = usize;

/// A branch with what was found below it. The first node is the branch itself.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// The server's namespaces, as the nodes mean them.
    namespaces: Arc<Vec<String>>,
}

pub(crate) struct Node {
    /// What an error calls it.
    pub(crate) label: Tag,
    pub(crate) name: String,
    pub(crate) id: NodeId,
    class: NodeClass,
    parent: Place,
    pub(crate) children: Vec<Place>,
    names: HashMap<String, Place>,
    /// Other nodes of the same name beside it.
    pub(crate) twins: Vec<NodeId>,
    /// Why it has no children.
    pub(crate) refused: Option<Status>,
    /// Taken by whoever wants the value.
    reading: Mutex<Option<Result<Reading>>>,
}

impl Tree {
    pub(crate) fn node(&self, place: Place) -> Option<&Node> {
        self.nodes.get(place)
    }

    /// The child with this name.
    pub(crate) fn child(&self, place: Place, name: &str) -> Option<Place> {
        self.node(place)?.names.get(name).copied()
    }

    /// The tag to read or write a node by: the branch as it was given, for it may be a part of an array, else one that
    /// still means this node where the server has come back with its namespaces in another order.
    pub(crate) fn tag(&self, place: Place, branch: &Tag) -> Tag {
        let node = self.node(place).filter(|_| place > 0);
        node.map_or_else(
            || branch.clone(),
            |node| {
                let uri = self.namespaces.get(usize::from(node.id.namespace));
                Tag::lasting(node.id.clone(), uri.map(String::as_str))
            },
        )
    }

    pub(crate) fn new(branch: Tag, id: NodeId, namespaces: Arc<Vec<String>>) -> Tree {
        let class = NodeClass::Other;
        Tree { nodes: vec![Node::new(branch, String::new(), id, class, 0)], namespaces }
    }

    /// Notes what was found below a node; the places of those that are new.
    fn add(&mut self, parent: Place, found: Vec<Found>) -> Vec<Place> {
        let mut places = Vec::with_capacity(found.len());
        let Some(label) = self.node(parent).map(|node| node.label.clone()) else { return places };
        for Found { name, id, class } in found {
            if self.is_above(parent, &id) {
                continue;
            }
            let twin = self.child(parent, &name.name);
            match twin.and_then(|twin| self.nodes.get_mut(twin)) {
                Some(twin) if twin.id == id || twin.twins.contains(&id) => {}
                Some(twin) => twin.twins.push(id),
                None => {
                    let place = self.nodes.len();
                    let label = below(&label, &name);
                    if let Some(node) = self.nodes.get_mut(parent) {
                        node.children.push(place);
                        node.names.insert(name.name.clone(), place);
                    }
                    self.nodes.push(Node::new(label, name.name, id, class, parent));
                    places.push(place);
                }
            }
        }
        places
    }

    /// Address spaces have loops.
    fn is_above(&self, mut place: Place, id: &NodeId) -> bool {
        while let Some(node) = self.node(place) {
            if node.id == *id {
                return true;
            }
            if place == 0 {
                break;
            }
            place = node.parent;
        }
        false
    }
}

impl Node {
    fn new(label: Tag, name: String, id: NodeId, class: NodeClass, parent: Place) -> Node {
        let (children, names, twins) = (Vec::new(), HashMap::new(), Vec::new());
        let (refused, reading) = (None, Mutex::new(None));
        Node { label, name, id, class, parent, children, names, twins, refused, reading }
    }

    pub(crate) fn reading(&self) -> MutexGuard<'_, Option<Result<Reading>>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The class of the branch itself is not known.
    pub(crate) fn may_have_value(&self, place: Place) -> bool {
        self.class == NodeClass::Variable || place == 0
    }
}

/// A child as Browse gives it.
struct Found {
    name: QualifiedName,
    id: NodeId,
    class: NodeClass,
}

/// What an error calls the tag with this name under a branch.
pub(crate) fn below(branch: &Tag, name: &QualifiedName) -> Tag {
    let fallback = || Tag::item(format!("{branch}.{}", name.name));
    match branch.kind() {
        TagKind::Item(item) => Tag::item(format!("{item}.{}", name.name)),
        TagKind::Path(path) => {
            Tag::path(path.iter().cloned().chain([name.clone()])).unwrap_or_else(|_| fallback())
        }
        TagKind::NodeId(NodeId { namespace, identifier: Identifier::String(id) }) => {
            Tag::string(*namespace, format!("{id}.{}", name.name))
        }
        TagKind::NamespaceUri { uri, identifier: Identifier::String(id) } => {
            let identifier = Identifier::String(format!("{id}.{}", name.name));
            Tag::namespace_uri(uri, identifier).unwrap_or_else(|_| fallback())
        }
        _ => fallback(),
    }
}

/// As [`below`], for a name of which the server knows nothing.
pub(crate) fn missing(branch: &Tag, name: &str) -> Tag {
    let namespace = match branch.kind() {
        TagKind::Path(path) => path.last().map_or(0, |last| last.namespace),
        _ => 0,
    };
    below(branch, &QualifiedName::new(namespace, name))
}

impl Inner {
    /// The node a branch means, with nothing below it so far.
    pub(super) async fn tree(&self, operation: Operation, branch: &Tag) -> Result<Tree> {
        self.check_connected(operation)?;
        let namespaces = self.resolver().namespaces();
        match self.resolve(operation, &[branch]).await?.pop() {
            Some(resolved) => Ok(Tree::new(branch.clone(), resolved?.target.node(), namespaces)),
            None => Err(Error::Resolve { operation, tag: branch.clone(), candidates: Vec::new() }),
        }
    }

    /// The children of each node, level by level: those that `wanted` names, or all tags and branches.
    pub(super) async fn children_of(
        &self,
        operation: Operation,
        tree: &mut Tree,
        wanted: &[(Place, Option<Vec<String>>)],
    ) -> Result<Vec<Vec<Place>>> {
        let parents: Vec<NodeId> =
            wanted.iter().filter_map(|(place, _)| tree.node(*place)).map(|node| node.id.clone()).collect();
        let link = &self.link();
        let browse = |part: Vec<NodeId>| async move { link.children(&part).await };
        let listings = chunked(self.limits(), Service::Browse, &parents, browse)
            .await
            .map_err(|failure| self.error(operation, failure))?;
        if *self.resolver().namespaces() != *tree.namespaces {
            // The server has come back as another meanwhile, and what was asked may not have been what was meant.
            let failure = Failure { status: code::BAD_CONNECTION_CLOSED, detail: String::new() };
            return Err(self.error(operation, failure));
        }
        let mut places = Vec::with_capacity(wanted.len());
        for ((place, names), listing) in wanted.iter().zip(listings) {
            let references = match listing {
                Ok(references) => references,
                Err(status) => {
                    if let Some(node) = tree.nodes.get_mut(*place) {
                        node.refused = Some(status);
                    }
                    places.push(Vec::new());
                    continue;
                }
            };
            let names: Option<HashSet<&str>> =
                names.as_ref().map(|names| names.iter().map(String::as_str).collect());
            let found = references
                .into_iter()
                .filter(|reference| reference.class != NodeClass::Other)
                .filter(|reference| {
                    names.as_ref().is_none_or(|names| names.contains(reference.name.name.as_str()))
                })
                .map(|reference| Found { name: reference.name, id: reference.node, class: reference.class });
            places.push(tree.add(*place, found.collect()));
            if tree.nodes.len() > MAX_NODES {
                let tag = tree.node(0).map_or_else(|| Tag::numeric(0, 0), |node| node.label.clone());
                return Err(Error::Item { operation, tag, status: code::BAD_TOO_MANY_MATCHES });
            }
        }
        Ok(places)
    }

    /// What a type of this shape needs of a branch: found level by level, read in one go.
    pub(crate) async fn gather(&self, branch: Tag, shape: &Shape) -> Result<Tree> {
        let operation = Operation::ReadInto;
        let mut tree = self.tree(operation, &branch).await?;
        // A part of an array has nothing below it.
        let mut front: Vec<(Place, &Shape)> =
            if branch.range().is_some() { Vec::new() } else { vec![(0, shape)] };
        let mut values: Vec<Place> = if front.is_empty() { vec![0] } else { Vec::new() };
        while !front.is_empty() {
            let mut wanted = Vec::with_capacity(front.len());
            let mut parents = Vec::with_capacity(front.len());
            for (place, shape) in front {
                let class = tree.node(place).map(|node| node.class);
                let is_variable = class == Some(NodeClass::Variable);
                match shape {
                    Shape::Struct(fields) => {
                        let names = fields.iter().map(|(name, _)| (*name).to_owned()).collect();
                        wanted.push((place, Some(names)));
                        parents.push((place, shape));
                    }
                    Shape::Unknown if !is_variable => {
                        wanted.push((place, None));
                        parents.push((place, shape));
                    }
                    _ if is_variable || place == 0 => values.push(place),
                    _ => {}
                }
            }
            let children = self.children_of(operation, &mut tree, &wanted).await?;
            front = Vec::new();
            for ((place, shape), children) in parents.into_iter().zip(children) {
                let Some(node) = tree.node(place) else { continue };
                // What is not below a variable may be in its value, which may be a structure.
                let complete = match shape {
                    Shape::Struct(fields) => fields.iter().all(|(name, _)| tree.child(place, name).is_some()),
                    _ => !node.children.is_empty(),
                };
                if !complete && node.may_have_value(place) {
                    values.push(place);
                }
                front.extend(children.into_iter().filter_map(|child| {
                    let name = &tree.node(child)?.name;
                    let shape = match shape {
                        Shape::Struct(fields) => &fields.iter().find(|(field, _)| field == name)?.1,
                        _ => &Shape::Unknown,
                    };
                    Some((child, shape))
                }));
            }
        }
        self.read_values(tree, &values, &branch).await
    }

    async fn read_values(&self, mut tree: Tree, places: &[Place], branch: &Tag) -> Result<Tree> {
        let operation = Operation::ReadInto;
        let tag = |place: &Place| Ok(tree.tag(*place, branch));
        let readings = self.read_all(places.iter().map(tag).collect(), &ReadOptions::new(), None).await;
        let readings = readings.map_err(|error| error.of(operation, None))?;
        for (place, reading) in places.iter().zip(readings) {
            let Some(node) = tree.nodes.get_mut(*place) else { continue };
            let reading = match reading {
                // The branch is an object, as most are.
                Err(Error::Item { status, .. })
                    if status.code() == code::BAD_ATTRIBUTE_ID_INVALID
                        && node.class != NodeClass::Variable =>
                {
                    continue;
                }
                other => other.map_err(|error| error.of(operation, Some(&node.label))),
            };
            node.reading = Mutex::new(Some(reading));
        }
        Ok(tree)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn tree(namespaces: &[&str]) -> Tree {
        let namespaces = namespaces.iter().map(|uri| (*uri).to_owned()).collect();
        Tree::new(Tag::item("Plant"), NodeId::string(1, "Plant"), Arc::new(namespaces))
    }

    fn found(namespace: u16, id: &str, name: &str) -> Found {
        let (name, id) = (QualifiedName::new(namespace, name), NodeId::string(namespace, id));
        Found { name, id, class: NodeClass::Variable }
    }

    #[test]
    fn many_siblings_take_no_longer_each_than_few() {
        let names: Vec<String> = (0..60_000).map(|n| format!("N{n}")).collect();
        let mut tree = tree(&[]);
        let start = Instant::now();
        let places = tree.add(0, names.iter().map(|name| found(1, name, name)).collect());
        assert!(names.iter().zip(&places).all(|(name, place)| tree.child(0, name) == Some(*place)));
        // It was a minute and more when each was compared with all others.
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(tree.add(0, vec![found(1, "N1", "N1"), found(2, "N1", "N1")]), [0; 0]);
        assert_eq!(tree.node(2).unwrap().twins, [NodeId::string(2, "N1")]);
    }

    #[test]
    fn nodes_are_meant_by_what_their_namespace_is_called() {
        let mut tree = tree(&["http://opcfoundation.org/UA/", "urn:a", "urn:b"]);
        let branch = Tag::item("Plant");
        tree.add(0, vec![found(2, "x", "x"), found(0, "y", "y"), found(7, "z", "z")]);
        let tags: Vec<String> = (0..4).map(|place| tree.tag(place, &branch).to_string()).collect();
        assert_eq!(tags, ["Plant", "nsu=urn:b;s=x", "s=y", "ns=7;s=z"]);
    }
}
