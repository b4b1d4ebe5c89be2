//! From a [`Draft`] to the tags under a branch.

use std::sync::Arc;

use crate::client::Inner;
use crate::tag::Resolved;
use crate::value::Draft;
use crate::{Error, Operation, Result, Tag, WriteOptions};

use super::tree::{Place, Tree, missing};

const OPERATION: Operation = Operation::WriteFrom;

impl Inner {
    /// Writes what the draft holds: all of it, or nothing where a tag is missing or a value does not fit.
    pub(crate) async fn put(&self, branch: Tag, draft: Draft) -> Result<()> {
        let id = self.branch(OPERATION, &branch).await?;
        let mut tree = Tree::new(branch.clone(), id);
        let mut values: Vec<(Place, Draft)> = Vec::new();
        let mut front = vec![(0, draft)];
        while !front.is_empty() {
            let mut parents: Vec<(Place, Vec<(String, Draft)>)> = Vec::new();
            for (place, draft) in front {
                match draft {
                    Draft::Nothing => {}
                    Draft::Fields(fields) => parents.push((place, fields)),
                    other => values.push((place, other)),
                }
            }
            let names = |(place, fields): &(Place, Vec<(String, Draft)>)| {
                (*place, Some(fields.iter().map(|(name, _)| name.clone()).collect()))
            };
            let wanted: Vec<(Place, Option<Vec<String>>)> = parents.iter().map(names).collect();
            self.children_of(OPERATION, &mut tree, &wanted).await?;
            front = Vec::new();
            for (place, fields) in parents {
                for (name, draft) in fields {
                    if draft != Draft::Nothing {
                        front.push((child(&tree, place, &name)?, draft));
                    }
                }
            }
        }
        self.put_values(branch, tree, values).await
    }

    async fn put_values(&self, branch: Tag, tree: Tree, values: Vec<(Place, Draft)>) -> Result<()> {
        let mut targets: Vec<(Tag, Tag)> = Vec::with_capacity(values.len());
        for (place, _) in &values {
            let Some(node) = tree.node(*place) else { continue };
            // The branch may be a part of an array.
            let tag = if *place == 0 { branch.clone() } else { Tag::node(node.id.clone()) };
            targets.push((tag, node.label.clone()));
        }
        let tags: Vec<&Tag> = targets.iter().map(|(tag, _)| tag).collect();
        let mut nodes: Vec<Arc<Resolved>> = Vec::with_capacity(tags.len());
        for (node, (_, label)) in self.resolve(OPERATION, &tags).await?.into_iter().zip(&targets) {
            nodes.push(node.map_err(|error| error.of(OPERATION, Some(label)))?);
        }
        self.learn_types(&nodes).await.map_err(|failure| self.error(OPERATION, failure))?;

        let mut writes = Vec::with_capacity(nodes.len());
        let mut labels = Vec::with_capacity(nodes.len());
        for (((_, draft), (tag, label)), node) in values.into_iter().zip(targets).zip(nodes) {
            let fit = |draft: Draft| {
                let node_type = node.node_type.get();
                let value = draft.typed(node_type.and_then(|node_type| node_type.data_type))?;
                let (part, element) = (node.target.has_range(), node.target.is_element());
                node_type.map_or(Ok(value.clone()), |node_type| node_type.fit(value, part, element))
            };
            match fit(draft) {
                Ok(value) => writes.push(Ok((tag, value))),
                Err(source) => return Err(Error::Convert { operation: OPERATION, tag: label, source }),
            }
            labels.push(label);
        }
        let results =
            self.write_all(writes, &WriteOptions::new()).await.map_err(|error| error.of(OPERATION, None))?;
        let (mut written, mut failed) = (Vec::new(), Vec::new());
        for (label, result) in labels.into_iter().zip(results) {
            match result {
                Ok(()) => written.push(label),
                Err(error) => failed.push(error.of(OPERATION, Some(&label))),
            }
        }
        match failed.len() {
            0 => Ok(()),
            1 if written.is_empty() => failed.pop().map_or(Ok(()), Err),
            _ => Err(Error::Fields { operation: OPERATION, tag: branch, written, failed }),
        }
    }
}

/// The one child with this name.
fn child(tree: &Tree, place: Place, name: &str) -> Result<Place> {
    let (operation, parent) = (OPERATION, tree.node(place));
    let label = parent.map_or_else(|| Tag::item(name), |parent| missing(&parent.label, name));
    let Some(child) = tree.child(place, name) else {
        return Err(match parent.and_then(|parent| parent.refused) {
            Some(status) => Error::Item { operation, tag: label, status },
            None => Error::Resolve { operation, tag: label, candidates: Vec::new() },
        });
    };
    match tree.node(child).filter(|node| !node.twins.is_empty()) {
        Some(node) => {
            let candidates = [&node.id].into_iter().chain(&node.twins).cloned().map(Tag::node).collect();
            Err(Error::Resolve { operation, tag: node.label.clone(), candidates })
        }
        None => Ok(child),
    }
}
