//! [`Resolver`]: from a tag to the node it means on this server, remembered until the next reconnect.

mod alias_names;
mod candidates;
mod find;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::client::limits::{Limits, Service, chunked};
use crate::da::{ItemIds, ItemIdsReport, Recognized, recognize};
use crate::engine::Sample;
use crate::engine::client::{Aim, Attribute, Failure, Link, Target};
use crate::status::code;
use crate::tag::FoundBy;
use crate::{Error, NodeId, Operation, QualifiedName, Status, Tag, TagKind, Value};

/// Far more than any server has tags. A program that makes up names without end must not fill the memory.
const MAX_REMEMBERED: usize = 1_000_000;

/// The node id of the namespace table (Part 5, 6.3.1 `NamespaceArray`).
const NAMESPACE_ARRAY: u32 = 2255;

/// `ProductName` and `ManufacturerName` of the server's `BuildInfo` (Part 5, 12.4), and the method `FindAlias` of its
/// `Aliases` object (Part 17, 9.2).
const PRODUCT: u32 = 2261;
const VENDOR: u32 = 2263;
const FIND_ALIAS: u32 = 23_476;

/// A resolved tag.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) target: Target,
    /// The part of the array that the tag means, its alias included.
    pub(crate) range: Option<Box<str>>,
    pub(crate) by: FoundBy,
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
        Arc::new(Resolved {
            target: Target::value(node),
            range: None,
            by: FoundBy::NodeId,
            node_type: OnceLock::new(),
        })
    }

    /// What the server gave, as the tag asked for it: a range of one element is that element, for servers answer it with
    /// an array of one (Part 4, 7.27).
    ///
    /// More elements than the range has mean that the server ignored it, as asyncua 2.1 does. Which ones were meant
    /// cannot be told for sure from what came, so nothing is better than the wrong ones.
    pub(crate) fn cut(&self, value: Value) -> Result<Value, Status> {
        // Most values are none; they need not look at the target.
        let Value::Array(array) = &value else { return Ok(value) };
        if !self.target.has_range() {
            return Ok(value);
        }
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
    /// Counts the looks at the server: nodes found before another look may be others now.
    looks: AtomicU64,
    recognized: RwLock<Arc<Recognized>>,
    /// Whether it is worth asking the server for alias names.
    find_alias: AtomicBool,
}

impl Resolver {
    pub(crate) fn new(rule: ItemIds) -> Resolver {
        Resolver {
            rule,
            known: RwLock::default(),
            namespaces: RwLock::default(),
            looks: AtomicU64::new(0),
            recognized: RwLock::default(),
            find_alias: AtomicBool::new(false),
        }
    }

    /// Which look at the server the nodes of now come from.
    pub(crate) fn look(&self) -> u64 {
        self.looks.load(Ordering::Acquire)
    }

    /// The namespace table as last read.
    pub(crate) fn namespaces(&self) -> Arc<Vec<String>> {
        self.namespaces.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the namespace table and forgets every node: a server may come back with its namespaces in another order
    /// (Part 5, 6.3.1).
    pub(crate) async fn refresh(&self, link: &Link) -> Result<(), Failure> {
        let mut samples = read_about(link).await?.into_iter();
        let names = samples.next().map(|sample| sample.value.get::<Vec<String>>());
        let Some(Ok(names)) = names else {
            let status = code::BAD_UNKNOWN_RESPONSE;
            return Err(Failure { status, detail: "the server has no namespace table".into() });
        };
        let text = |sample: Option<Sample>| {
            let good = sample.filter(|sample| sample.status.is_good());
            good.and_then(|sample| sample.value.get::<String>().ok()).unwrap_or_default()
        };
        let (product, vendor) = (text(samples.next()), text(samples.next()));
        let find_alias = samples.next().is_some_and(|sample| sample.status.is_good());
        self.find_alias.store(find_alias, Ordering::Relaxed);
        let recognized = match self.rule.inner() {
            ItemIds::Auto => recognize(&names, &product, &vendor),
            _ => Recognized::default(),
        };
        if let Some(convention) = recognized.convention {
            tracing::debug!(%convention, why = %recognized.evidence.join("; "), "item ids");
        }
        *self.recognized.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(recognized);
        *self.namespaces.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
        self.looks.fetch_add(1, Ordering::AcqRel);
        self.forget_all();
        Ok(())
    }

    fn recognized(&self) -> Arc<Recognized> {
        self.recognized.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How item ids are looked up, and why.
    pub(crate) fn report(&self) -> ItemIdsReport {
        let recognized = self.recognized();
        ItemIdsReport {
            rule: self.rule.clone(),
            recognized: recognized.convention,
            evidence: recognized.evidence.clone(),
            alias_names: self.find_alias.load(Ordering::Relaxed),
        }
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
        self.search(link, limits, &namespaces).leads(items, &self.rule).await
    }

    fn search<'a>(
        &'a self,
        link: &'a Link,
        limits: &'a Limits,
        namespaces: &'a [String],
    ) -> find::Search<'a> {
        let recognized = self.recognized().convention;
        find::Search { link, limits, namespaces, recognized, find_alias: &self.find_alias }
    }

    async fn find(&self, tags: &[&Tag], link: &Link, limits: &Limits) -> Result<Vec<Answer>, Failure> {
        let namespaces = self.namespaces();
        let search = self.search(link, limits, &namespaces);
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
                let find::Found { node, range, by } = node?;
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
                let range = range.map(String::into_boxed_str);
                let resolved = Arc::new(Resolved { target, range, by, node_type: OnceLock::new() });
                if lasting {
                    known.insert((*tag).clone(), resolved.clone());
                }
                Ok(resolved)
            })
            .collect())
    }
}

/// Everything that is asked right after connecting, in one request: the namespace table, and what tells the product. A
/// server that takes only one node at a time is asked for the first alone.
async fn read_about(link: &Link) -> Result<Vec<Sample>, Failure> {
    let value = |id| Target::value(&NodeId::numeric(0, id));
    let find_alias = value(FIND_ALIAS).attribute(Attribute::NodeClass);
    let targets = [value(NAMESPACE_ARRAY), value(PRODUCT), value(VENDOR), find_alias];
    match link.read(&targets, 0.0).await {
        Err(failure) if failure.is_too_much() => link.read(&[value(NAMESPACE_ARRAY)], 0.0).await,
        result => result,
    }
}
