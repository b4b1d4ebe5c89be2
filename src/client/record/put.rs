//! From a [`Draft`] to the tags under a branch.

use std::sync::Arc;

use crate::client::Inner;
use crate::status::code;
use crate::tag::Resolved;
use crate::value::{Draft, applied, has_fields};
use crate::{Error, Operation, ReadOptions, Result, Tag, Value, WriteOptions};

use super::tree::{Place, Tree, missing};

const OPERATION: Operation = Operation::WriteFrom;

impl Inner {
    /// Writes what the draft holds: all of it, or nothing where a tag is missing or a value does not fit.
    pub(crate) async fn put(&self, branch: Tag, draft: Draft) -> Result<()> {
        let mut tree = self.tree(OPERATION, &branch).await?;
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
            for (place, mut fields) in parents {
                fields.retain(|(_, draft)| *draft != Draft::Nothing);
                let complete = fields.iter().all(|(name, _)| tree.child(place, name).is_some());
                if !complete && tree.node(place).is_some_and(|node| node.may_have_value(place)) {
                    values.push((place, Draft::Fields(fields)));
                    continue;
                }
                for (name, draft) in fields {
                    front.push((child(&tree, place, &name)?, draft));
                }
            }
        }
        let values = self.put_structures(&branch, &tree, values).await?;
        self.put_values(branch, tree, values).await
    }

    /// Structures as they will be: what is there now, with what the draft sets.
    async fn put_structures(
        &self,
        branch: &Tag,
        tree: &Tree,
        mut values: Vec<(Place, Draft)>,
    ) -> Result<Vec<(Place, Draft)>> {
        let places: Vec<Place> =
            values.iter().filter(|(_, draft)| has_fields(draft)).map(|(place, _)| *place).collect();
        if places.is_empty() {
            return Ok(values);
        }
        let tags = places.iter().map(|place| Ok(tree.tag(*place, branch))).collect();
        let readings = self.read_all(tags, &ReadOptions::new(), None).await;
        let readings = readings.map_err(|error| error.of(OPERATION, None))?;
        let slots = values.iter_mut().filter(|(_, draft)| has_fields(draft));
        for ((place, slot), reading) in slots.zip(readings) {
            let draft = std::mem::replace(slot, Draft::Nothing);
            let label = tree.node(*place).map_or_else(|| branch.clone(), |node| node.label.clone());
            let current = match reading {
                Ok(reading) => reading.get::<Value>().map_err(|error| error.of(OPERATION, Some(&label)))?,
                // An object, so the field has no tag.
                Err(Error::Item { status, .. }) if status.code() == code::BAD_ATTRIBUTE_ID_INVALID => {
                    Value::Null
                }
                Err(error) => return Err(error.of(OPERATION, Some(&label))),
            };
            if let (Draft::Fields(fields), false) = (&draft, matches!(current, Value::Structure(_))) {
                for (name, _) in fields {
                    child(tree, *place, name)?;
                }
            }
            match applied(Some(&current), draft, None) {
                Ok(value) => *slot = Draft::Value(value),
                Err(source) => return Err(Error::Convert { operation: OPERATION, tag: label, source }),
            }
        }
        Ok(values)
    }

    async fn put_values(&self, branch: Tag, tree: Tree, values: Vec<(Place, Draft)>) -> Result<()> {
        let mut targets: Vec<(Tag, Tag)> = Vec::with_capacity(values.len());
        for (place, _) in &values {
            let Some(node) = tree.node(*place) else { continue };
            targets.push((tree.tag(*place, &branch), node.label.clone()));
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
