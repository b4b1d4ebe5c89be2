//! [`Resolver`]: from a tag to the node it means on this server, remembered until the next reconnect.

mod find;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::client::limits::{Limits, Service, chunked};
use crate::da::ItemIds;
use crate::engine::client::{Aim, Failure, Link, Target};
use crate::status::code;
use crate::{Error, NodeId, Operation, QualifiedName, Status, Tag, TagKind, Value};

/// Far more than any server has tags. A program that makes up names without end must not fill the memory.
const MAX_REMEMBERED: usize = 1_000_000;

/// The node id of the namespace table (Part 5, 6.3.1 `NamespaceArray`).
const NAMESPACE_ARRAY: u32 = 2255;

/// A resolved tag.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) target: Target,
    /// The part of the array that the tag means, its alias included.
    pub(crate) range: Option<String>,
    /// What a write must know, once it has been asked for.
    pub(crate) node_type: OnceLock<super::NodeType>,
}

/// Why a tag means nothing here: no candidate, or several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unresolved {
    pub(crate) candidates: Vec<Tag>,
    /// The server did not say what there is, but why it does not.
    pub(crate) status: Option<Status>,
}

impl Unresolved {
    fn nothing() -> Unresolved {
        Unresolved { candidates: Vec::new(), status: None }
    }

    /// As the error of a verb.
    pub(crate) fn into_error(self, operation: Operation, tag: Tag) -> Error {
        match self.status {
            Some(status) => Error::Item { operation, tag, status },
            None => Error::Resolve { operation, tag, candidates: self.candidates },
        }
    }
}

impl Aim for Arc<Resolved> {
    fn target(&self) -> &Target {
        &self.target
    }
}

impl Resolved {
    /// The whole value of a node that no tag was looked up for.
    pub(crate) fn whole(node: &NodeId) -> Arc<Resolved> {
        Arc::new(Resolved { target: Target::value(node), range: None, node_type: OnceLock::new() })
    }

    /// What the server gave, as the tag asked for it: a range of one element is that element, for servers answer it with
    /// an array of one (Part 4, 7.27).
    ///
    /// More elements than the range has mean that the server ignored it, as asyncua 2.1 does. Which ones were meant
    /// cannot be told for sure from what came, so nothing is better than the wrong ones.
    pub(crate) fn cut(&self, value: Value) -> Result<Value, Status> {
        let (Value::Array(array), true) = (&value, self.target.has_range()) else { return Ok(value) };
        if self.target.max_elements().is_some_and(|most| array.len() > most) {
            return Err(code::BAD_UNKNOWN_RESPONSE);
        }
        if array.len() == 1 && self.target.is_element() {
            return Ok(array.get(0).unwrap_or(value));
        }
        Ok(value)
    }
}

/// What a tag means here.
pub(crate) type Answer = Result<Arc<Resolved>, Unresolved>;

/// Finds nodes by the rule for item ids, and remembers what it found.
pub(crate) struct Resolver {
    rule: ItemIds,
    known: RwLock<HashMap<Tag, Arc<Resolved>>>,
    namespaces: RwLock<Arc<Vec<String>>>,
}

impl Resolver {
    pub(crate) fn new(rule: ItemIds) -> Resolver {
        Resolver { rule, known: RwLock::default(), namespaces: RwLock::default() }
    }

    /// The namespace table as last read.
    pub(crate) fn namespaces(&self) -> Arc<Vec<String>> {
        self.namespaces.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the namespace table and forgets every node: a server may come back with its namespaces in another order
    /// (Part 5, 6.3.1).
    pub(crate) async fn refresh(&self, link: &Link) -> Result<(), Failure> {
        let target = Target::value(&NodeId::numeric(0, NAMESPACE_ARRAY));
        let sample = link.read(&[target], 0.0).await?.pop();
        let names = sample.map(|sample| sample.value.get::<Vec<String>>());
        let Some(Ok(names)) = names else {
            let status = code::BAD_UNKNOWN_RESPONSE;
            return Err(Failure { status, detail: "the server has no namespace table".into() });
        };
        *self.namespaces.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
        self.forget_all();
        Ok(())
    }

    /// What is remembered of a tag.
    pub(crate) fn known(&self, tag: &Tag) -> Option<Arc<Resolved>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(tag).cloned()
    }

    /// Every node may be another one when the server is back.
    pub(crate) fn forget_all(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The node is gone: the next use looks again.
    pub(crate) fn forget(&self, tag: &Tag) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(tag);
    }

    /// One answer per tag, in order. Only tags not seen before cost round trips, all of them together as few as the
    /// server's limits allow.
    pub(crate) async fn resolve(
        &self,
        tags: &[&Tag],
        link: &Link,
        limits: &Limits,
    ) -> Result<Vec<Answer>, Failure> {
        let mut answers: Vec<Option<Answer>> = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            tags.iter().map(|tag| known.get(*tag).cloned().map(Ok)).collect()
        };
        let mut open: Vec<&Tag> =
            tags.iter().zip(&answers).filter(|(_, answer)| answer.is_none()).map(|(tag, _)| *tag).collect();
        if !open.is_empty() {
            let mut seen = std::collections::HashSet::new();
            open.retain(|tag| seen.insert(*tag));
            let found = self.find(&open, link, limits).await?;
            let found: HashMap<&Tag, Answer> = open.into_iter().zip(found).collect();
            for (tag, answer) in tags.iter().zip(&mut answers) {
                if answer.is_none() {
                    *answer = found.get(tag).cloned();
                }
            }
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(Unresolved::nothing()))).collect())
    }

    /// Whether each of these item ids, which are the string identifiers of these nodes, would resolve to its node. Nothing
    /// is remembered: whoever lists a whole server will not use most of it.
    pub(crate) async fn leads(
        &self,
        items: &[(&str, &NodeId)],
        link: &Link,
        limits: &Limits,
    ) -> Result<Vec<bool>, Failure> {
        let namespaces = self.namespaces();
        find::Search { link, limits, namespaces: &namespaces }.leads(items, &self.rule).await
    }

    async fn find(&self, tags: &[&Tag], link: &Link, limits: &Limits) -> Result<Vec<Answer>, Failure> {
        let namespaces = self.namespaces();
        let search = find::Search { link, limits, namespaces: &namespaces };
        let nodes = search.nodes(tags, &self.rule).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Found with a table that has been read anew meanwhile: good for this call, but not to be remembered.
        let lasting = Arc::ptr_eq(&namespaces, &self.namespaces());
        if known.len() + tags.len() > MAX_REMEMBERED {
            known.clear();
        }
        Ok(tags
            .iter()
            .zip(nodes)
            .map(|(tag, node)| {
                let find::Found { node, range } = node?;
                let range = match (tag.range(), range) {
                    (Some(range), None) => Some(range.to_owned()),
                    (None, range) => range,
                    // A part of a part: OPC UA has no such thing.
                    (Some(_), Some(_)) => return Err(Unresolved::nothing()),
                };
                let target = match &range {
                    None => Target::value(&node),
                    Some(range) => Target::range(&node, range).ok_or_else(Unresolved::nothing)?,
                };
                let resolved = Arc::new(Resolved { target, range, node_type: OnceLock::new() });
                if lasting {
                    known.insert((*tag).clone(), resolved.clone());
                }
                Ok(resolved)
            })
            .collect())
    }
}
