//! Looking for the nodes that tags mean, by each kind of tag and each rule for item ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;

use super::candidates::first_of;
use super::{
    FoundBy, Limits, Link, NodeId, QualifiedName, Service, Status, Tag, TagKind, Unresolved, chunked,
};
use crate::Identifier;
use crate::da::{Candidate, Convention, ItemIds};
use crate::engine::client::{Failure, Reference};
use crate::status::code;

/// The Objects folder, where browse names start (Part 5, 8.2.4).
const OBJECTS: u32 = 85;

/// Longer than any item id has segments, so that a loop in the address space ends.
const MAX_DEPTH: usize = 64;

pub(super) type Node = Result<Found, Unresolved>;

/// Where a tag leads.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) node: NodeId,
    /// The part of its array that an alias stands for.
    pub(super) range: Option<String>,
    pub(super) by: FoundBy,
}

impl From<NodeId> for Found {
    fn from(node: NodeId) -> Found {
        Found { node, range: None, by: FoundBy::NodeId }
    }
}

/// One look at one server.
pub(super) struct Search<'a> {
    pub(super) link: &'a Link,
    pub(super) limits: &'a Limits,
    pub(super) namespaces: &'a [String],
    /// What the server was recognized as.
    pub(super) recognized: Option<Convention>,
    pub(super) find_alias: &'a AtomicBool,
}

impl Search<'_> {
    /// One node per tag, in order.
    pub(super) async fn nodes(&self, tags: &[&Tag], rule: &ItemIds) -> Result<Vec<Node>, Failure> {
        let mut nodes: Vec<Node> = vec![Err(Unresolved::nothing()); tags.len()];
        let (mut paths, mut items) = (Vec::new(), Vec::new());
        for (index, tag) in tags.iter().enumerate() {
            match tag.kind() {
                TagKind::NodeId(node) => set(&mut nodes, index, Ok(node.clone().into())),
                TagKind::NamespaceUri { uri, identifier } => {
                    set(&mut nodes, index, self.in_namespace(uri, identifier));
                }
                TagKind::Path(path) => paths.push((index, path)),
                TagKind::Item(item) => items.push((index, item)),
            }
        }
        if !paths.is_empty() {
            let texts: Vec<&[QualifiedName]> = paths.iter().map(|(_, path)| *path).collect();
            for ((index, _), node) in paths.iter().zip(self.paths(&texts).await?) {
                set(&mut nodes, *index, node);
            }
        }
        if !items.is_empty() {
            let texts: Vec<&str> = items.iter().map(|(_, item)| *item).collect();
            for ((index, _), node) in items.iter().zip(self.items(&texts, rule).await?) {
                set(&mut nodes, *index, node);
            }
        }
        Ok(nodes)
    }

    fn in_namespace(&self, uri: &str, identifier: &Identifier) -> Node {
        let index = self.namespaces.iter().position(|name| name == uri);
        let namespace = index.and_then(|index| u16::try_from(index).ok()).ok_or_else(Unresolved::nothing)?;
        Ok(NodeId { namespace, identifier: identifier.clone() }.into())
    }

    async fn paths(&self, paths: &[&[QualifiedName]]) -> Result<Vec<Node>, Failure> {
        let results = chunked(self.limits, Service::Translate, paths, |part| async move {
            self.link.translate(&part).await
        })
        .await?;
        let node = |result: Result<Vec<NodeId>, Status>| result.map_or_else(refused, one_of);
        Ok(results.into_iter().map(|result| by(FoundBy::Path, node(result))).collect())
    }

    /// Item ids by a rule. Rules nest at most as deep as the caller built them.
    pub(super) async fn items(&self, items: &[&str], rule: &ItemIds) -> Result<Vec<Node>, Failure> {
        match rule {
            ItemIds::Auto => self.automatic(items).await,
            ItemIds::Convention(convention) => self.conventional(items, *convention).await,
            ItemIds::AliasNames => Ok(all_by(FoundBy::AliasName, self.alias_names(items).await?)),
            ItemIds::Identifier { namespace_uri } => Ok(items
                .iter()
                .map(|item| self.in_namespace(namespace_uri, &Identifier::String((*item).to_owned())))
                .map(|node| by(FoundBy::Identifier, node))
                .collect()),
            ItemIds::BrowseNames { root, separator } => {
                // A root that is an item id itself is looked up the automatic way, or the rule would need itself.
                let root = Box::pin(self.nodes(&[root], &ItemIds::Auto)).await?.pop();
                match root {
                    Some(Ok(root)) => {
                        let nodes = self.walk(&root.node, items, *separator).await?;
                        Ok(all_by(FoundBy::BrowseNames, nodes))
                    }
                    _ => Ok(vec![Err(Unresolved::nothing()); items.len()]),
                }
            }
            ItemIds::Aliases(aliases) => self.aliases(items, aliases, None).await,
            ItemIds::AliasesThen(aliases, rest) => self.aliases(items, aliases, Some(rest)).await,
        }
    }

    async fn aliases(
        &self,
        items: &[&str],
        aliases: &BTreeMap<String, Tag>,
        rest: Option<&ItemIds>,
    ) -> Result<Vec<Node>, Failure> {
        let mut nodes: Vec<Node> = vec![Err(Unresolved::nothing()); items.len()];
        let (mut named, mut plain) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            match aliases.get(*item) {
                Some(tag) => named.push((index, tag)),
                None => plain.push((index, *item)),
            }
        }
        if !named.is_empty() {
            let tags: Vec<&Tag> = named.iter().map(|(_, tag)| *tag).collect();
            let found = Box::pin(self.nodes(&tags, rest.unwrap_or(&ItemIds::Auto))).await?;
            for ((index, tag), node) in named.iter().zip(found) {
                let range = tag.range().map(ToOwned::to_owned);
                set(&mut nodes, *index, node.map(|found| Found { range, by: FoundBy::Alias, ..found }));
            }
        }
        if let (Some(rest), false) = (rest, plain.is_empty()) {
            let texts: Vec<&str> = plain.iter().map(|(_, item)| *item).collect();
            let found = Box::pin(self.items(&texts, rest)).await?;
            for ((index, _), node) in plain.iter().zip(found) {
                set(&mut nodes, *index, node);
            }
        }
        Ok(nodes)
    }

    /// The string identifier in every namespace, browse names under Objects, what the recognized convention adds, and
    /// the server's alias names.
    async fn automatic(&self, items: &[&str]) -> Result<Vec<Node>, Failure> {
        let plan = |item: &str| {
            let mut plan = vec![Candidate::anywhere(item)];
            plan.extend(self.recognized.into_iter().flat_map(|convention| convention.candidates(item)));
            plan
        };
        // All at once; but what the convention adds waits for the browse names.
        let levels = self.existing(items, plan).await?;
        let (mut nodes, mut added) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        for levels in levels {
            let mut levels = levels.into_iter();
            nodes.push(by(FoundBy::Identifier, first_of(levels.next())));
            added.push(first_of(levels));
        }
        self.browse_names(items, &mut nodes).await?;
        for (node, added) in nodes.iter_mut().zip(added) {
            if is_nothing(node)
                && let Some(convention) = self.recognized
            {
                *node = by(FoundBy::Convention(convention), added);
            }
        }
        self.last_resort(items, &mut nodes).await?;
        Ok(nodes)
    }

    /// The candidates of a convention, then the automatic way.
    async fn conventional(&self, items: &[&str], convention: Convention) -> Result<Vec<Node>, Failure> {
        let plan = |item: &str| {
            let mut plan = convention.candidates(item);
            plan.push(Candidate::anywhere(item));
            plan
        };
        let levels = self.existing(items, plan).await?;
        let found = |(levels, item): (Vec<_>, &&str)| {
            let how = |found: Found| match &found.node.identifier {
                Identifier::String(id) if id == item => Found { by: FoundBy::Identifier, ..found },
                _ => Found { by: FoundBy::Convention(convention), ..found },
            };
            first_of(levels).map(how)
        };
        let mut nodes: Vec<Node> = levels.into_iter().zip(items).map(found).collect();
        self.browse_names(items, &mut nodes).await?;
        self.last_resort(items, &mut nodes).await?;
        Ok(nodes)
    }

    /// Browse names under Objects, for what has not been found.
    async fn browse_names(&self, items: &[&str], nodes: &mut [Node]) -> Result<(), Failure> {
        let (open, texts) = open(items, nodes);
        if !open.is_empty() {
            let found = self.walk(&NodeId::numeric(0, OBJECTS), &texts, '.').await?;
            let found = all_by(FoundBy::BrowseNames, found);
            open.into_iter().zip(found).for_each(|(index, node)| set(nodes, index, node));
        }
        Ok(())
    }

    /// The server's alias names, for what nothing else has found.
    async fn last_resort(&self, items: &[&str], nodes: &mut [Node]) -> Result<(), Failure> {
        let (open, texts) = open(items, nodes);
        if !open.is_empty() {
            let found = all_by(FoundBy::AliasName, self.alias_names_at_last(&texts).await?);
            open.into_iter().zip(found).for_each(|(index, node)| set(nodes, index, node));
        }
        Ok(())
    }

    /// Follows browse names from `root`, level by level and all items together. A name may itself contain the separator,
    /// so at each node every child that the rest of the item id starts with is followed.
    async fn walk(&self, root: &NodeId, items: &[&str], separator: char) -> Result<Vec<Node>, Failure> {
        let mut hits: Vec<Vec<NodeId>> = vec![Vec::new(); items.len()];
        let mut front: Vec<(usize, NodeId, &str)> =
            items.iter().enumerate().map(|(index, item)| (index, root.clone(), *item)).collect();
        let mut children: HashMap<NodeId, Vec<Reference>> = HashMap::new();
        for _ in 0..MAX_DEPTH {
            if front.is_empty() {
                break;
            }
            let mut parents: Vec<NodeId> = front.iter().map(|(_, node, _)| node.clone()).collect();
            parents.sort_unstable();
            parents.dedup();
            parents.retain(|parent| !children.contains_key(parent));
            let listings = chunked(self.limits, Service::Browse, &parents, |part| async move {
                self.link.children(&part).await
            })
            .await?;
            children.extend(parents.into_iter().zip(listings.into_iter().map(Result::unwrap_or_default)));
            let mut next = Vec::new();
            for (index, node, rest) in front {
                for child in children.get(&node).into_iter().flatten() {
                    let Some(after) = rest.strip_prefix(child.name.name.as_str()) else { continue };
                    if after.is_empty() {
                        if let Some(hits) = hits.get_mut(index)
                            && !hits.contains(&child.node)
                        {
                            hits.push(child.node.clone());
                        }
                    } else if let Some(after) = after.strip_prefix(separator)
                        && !child.name.name.is_empty()
                    {
                        next.push((index, child.node.clone(), after));
                    }
                }
            }
            next.sort_unstable();
            next.dedup();
            front = next;
        }
        Ok(hits.into_iter().map(one_of).collect())
    }
}

/// What was found, with a word on how.
fn by(how: FoundBy, node: Node) -> Node {
    node.map(|found| Found { by: how, ..found })
}

fn all_by(how: FoundBy, nodes: Vec<Node>) -> Vec<Node> {
    nodes.into_iter().map(|node| by(how, node)).collect()
}

/// Nothing was found, and nothing stood in the way.
fn is_nothing(node: &Node) -> bool {
    matches!(node, Err(unresolved) if unresolved.candidates.is_empty())
}

/// The item ids that nothing has been found for, and where they are.
fn open<'a>(items: &[&'a str], nodes: &[Node]) -> (Vec<usize>, Vec<&'a str>) {
    let all = items.iter().zip(nodes).enumerate();
    all.filter(|(_, (_, node))| is_nothing(node)).map(|(index, (item, _))| (index, *item)).unzip()
}

fn set(nodes: &mut [Node], index: usize, node: Node) {
    if let Some(slot) = nodes.get_mut(index) {
        *slot = node;
    }
}

/// A path that leads nowhere means nothing; whatever else a server says is its refusal to look.
fn refused(status: Status) -> Node {
    let nowhere = [code::BAD_NO_MATCH, code::BAD_NODE_ID_UNKNOWN, code::BAD_NODE_ID_INVALID];
    let status = (!nowhere.contains(&status.code())).then_some(status);
    Err(Unresolved { candidates: Vec::new(), status })
}

/// Exactly one node is an answer; none or several are not.
pub(super) fn one_of(mut nodes: Vec<NodeId>) -> Node {
    match nodes.len() {
        1 => nodes.pop().map(Found::from).ok_or_else(Unresolved::nothing),
        _ => Err(Unresolved { candidates: nodes.into_iter().map(Tag::node).collect(), status: None }),
    }
}
