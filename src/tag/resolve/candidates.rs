//! Asking which of many nodes exist: all candidates of all item ids in as few Read requests as the server's limits allow.

use std::collections::HashMap;

use super::find::{Found, Node, Search};
use super::{NodeId, Service, Tag, Target, Unresolved, Value, chunked};
use crate::da::{Candidate, ItemIds, Place};
use crate::engine::Sample;
use crate::engine::client::{Attribute, Failure};
use crate::status::code;

/// The nodes of one candidate that exist.
pub(super) struct Level {
    nodes: Vec<NodeId>,
    range: Option<String>,
}

/// For so many item ids the candidates are looked up at a time: they take several times the memory of what is found.
const AT_ONCE: usize = 10_000;

impl Search<'_> {
    /// For each item id, in order, which nodes of each candidate of its plan there are.
    pub(super) async fn existing(
        &self,
        items: &[&str],
        plan: impl Fn(&str) -> Vec<Candidate>,
    ) -> Result<Vec<Vec<Level>>, Failure> {
        let mut levels = Vec::with_capacity(items.len());
        for part in items.chunks(AT_ONCE) {
            let plans: Vec<Vec<Candidate>> = part.iter().map(|item| plan(item)).collect();
            levels.append(&mut self.planned(&plans).await?);
        }
        Ok(levels)
    }

    async fn planned(&self, plans: &[Vec<Candidate>]) -> Result<Vec<Vec<Level>>, Failure> {
        // Two candidates may be one node: it is asked for once.
        let mut asked: HashMap<NodeId, usize> = HashMap::new();
        let mut asked_for: Vec<NodeId> = Vec::new();
        let mut wanted = Vec::with_capacity(plans.len());
        for plan in plans {
            let mut levels = Vec::with_capacity(plan.len());
            for candidate in plan {
                let mut nodes = Vec::new();
                for node in self.nodes_of(&candidate.place) {
                    let index = *asked.entry(node.clone()).or_insert_with(|| {
                        asked_for.push(node.clone());
                        asked_for.len() - 1
                    });
                    nodes.push((index, node));
                }
                levels.push((nodes, candidate.range.as_ref()));
            }
            wanted.push(levels);
        }
        let exist = self.exist(&asked_for).await?;
        let exists = |index: usize| exist.get(index).copied().unwrap_or_default();
        let level = |(nodes, range): (Vec<(usize, NodeId)>, Option<&String>)| Level {
            nodes: nodes.into_iter().filter(|(index, _)| exists(*index)).map(|(_, node)| node).collect(),
            range: range.cloned(),
        };
        Ok(wanted.into_iter().map(|levels| levels.into_iter().map(level).collect()).collect())
    }

    /// The nodes that a candidate names, whether there are such or not.
    fn nodes_of(&self, place: &Place) -> Vec<NodeId> {
        let namespaces = self.own_namespaces();
        match place {
            Place::Node(node) => vec![node.clone()],
            Place::Anywhere(id) => namespaces.map(|namespace| NodeId::string(namespace, id)).collect(),
            Place::In { uri, id } => {
                let here = |namespace: &u16| {
                    self.namespaces.get(usize::from(*namespace)).is_some_and(|name| name == uri)
                };
                namespaces.filter(here).map(|namespace| NodeId::string(namespace, id)).collect()
            }
        }
    }

    /// All but that of the standard, which has no string identifiers.
    fn own_namespaces(&self) -> std::ops::Range<u16> {
        1..u16::try_from(self.namespaces.len()).unwrap_or(u16::MAX)
    }

    /// Whether each item id, the string identifier of its node, is that node by the rule.
    pub(super) async fn leads(
        &self,
        items: &[(&str, &NodeId)],
        rule: &ItemIds,
    ) -> Result<Vec<bool>, Failure> {
        if *rule != ItemIds::Auto {
            let texts: Vec<&str> = items.iter().map(|(item, _)| *item).collect();
            let nodes = self.items(&texts, rule).await?;
            let leads = |(node, (_, own)): (Node, &(&str, &NodeId))| matches!(node, Ok(Found { node, range: None, .. }) if node == **own);
            return Ok(nodes.into_iter().zip(items).map(leads).collect());
        }
        // The node itself is there; what matters is whether another namespace has one of that name.
        let others = |(_, own): &(&str, &NodeId)| {
            let own = own.namespace;
            self.own_namespaces().filter(move |namespace| *namespace != own)
        };
        let candidates: Vec<NodeId> = items
            .iter()
            .flat_map(|item| others(item).map(|namespace| NodeId::string(namespace, item.0)))
            .collect();
        let mut exist = self.exist(&candidates).await?.into_iter();
        let alone = |item: &(&str, &NodeId)| {
            let own = self.own_namespaces().contains(&item.1.namespace);
            let rivals = exist.by_ref().take(others(item).count()).filter(|exists| *exists).count();
            own && rivals == 0
        };
        Ok(items.iter().map(alone).collect())
    }

    /// Whether there is such a node.
    async fn exist(&self, candidates: &[NodeId]) -> Result<Vec<bool>, Failure> {
        let targets: Vec<Target> =
            candidates.iter().map(|node| Target::value(node).attribute(Attribute::NodeClass)).collect();
        let samples =
            chunked(
                self.limits,
                Service::Read,
                &targets,
                |part| async move { self.link.read(&part, 0.0).await },
            )
            .await?;
        // A node that exists but hides from this user may refuse even its class; it is still the node that was meant.
        let unknown = [code::BAD_NODE_ID_UNKNOWN, code::BAD_NODE_ID_INVALID];
        let exists = |sample: Sample| {
            !unknown.contains(&sample.status.code())
                && (sample.status.is_bad() || sample.value != Value::Null)
        };
        Ok(samples.into_iter().map(exists).collect())
    }
}

/// The first level with any node decides: one is an answer, several are none.
pub(super) fn first_of(levels: impl IntoIterator<Item = Level>) -> Node {
    let Some(Level { mut nodes, range }) = levels.into_iter().find(|level| !level.nodes.is_empty()) else {
        return Err(Unresolved::nothing());
    };
    if nodes.len() == 1
        && let Some(node) = nodes.pop()
    {
        return Ok(Found { range, ..Found::from(node) });
    }
    let candidate = |node| {
        let tag = Tag::node(node);
        match &range {
            None => Some(tag),
            Some(range) => tag.index_range(range).ok(),
        }
    };
    Err(Unresolved { candidates: nodes.into_iter().filter_map(candidate).collect(), status: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(nodes: &[NodeId], range: Option<&str>) -> Level {
        Level { nodes: nodes.to_vec(), range: range.map(str::to_owned) }
    }

    #[test]
    fn the_first_level_with_one_node_wins() {
        let (one, two) = (NodeId::string(2, "a"), NodeId::string(3, "a"));
        let found =
            first_of([level(&[], None), level(std::slice::from_ref(&two), Some("3")), level(&[one], None)])
                .unwrap();
        assert_eq!((found.node, found.range.as_deref()), (two, Some("3")));
        assert_eq!(first_of([level(&[], None)]).unwrap_err(), Unresolved::nothing());
        assert_eq!(first_of([]).unwrap_err(), Unresolved::nothing());
    }

    #[test]
    fn several_nodes_on_one_level_are_an_error_that_lists_them() {
        let (one, two, three) = (NodeId::string(2, "a"), NodeId::string(3, "a"), NodeId::string(2, "b"));
        let error = first_of([level(&[one, two], Some("1:2")), level(&[three], None)]).unwrap_err();
        let listed: Vec<String> = error.candidates.iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["range=1:2;ns=2;s=a", "range=1:2;ns=3;s=a"]);
    }
}
