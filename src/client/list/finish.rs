//! From what was found to entries: access, item ids and tags that read back.

use std::sync::Arc;

use crate::client::limits::{Service, chunked};
use crate::da::{Access, ItemId};
use crate::engine::client::{Attribute, Failure, Target};
use crate::status::code;
use crate::{Error, Identifier, NodeId, QualifiedName, Result, Tag, Value};

use super::place::Place;
use super::run::{Run, Stop};
use super::walk::{MAX_DEPTH, Out, Why};
use super::{Entry, EntryKind, OPERATION, entry};

impl Run {
    /// The entries and errors of what was found, in order; without those whose access is not what was asked for.
    pub(super) async fn finish(&mut self, found: Vec<Out>) -> Result<Vec<Result<Entry>>, Stop> {
        loop {
            self.connected().await?;
            let made = found.iter().map(|out| self.made(out)).collect::<Result<Vec<_>, _>>()?;
            match self.complete(made).await {
                // Nodes mean something else now than when they were asked about.
                Ok(_) if !self.is_same() => {}
                Ok(entries) => {
                    self.works();
                    return Ok(entries);
                }
                Err(failure) => self.wait(failure).await?,
            }
        }
    }

    async fn complete(&self, mut made: Vec<Result<Entry>>) -> Result<Vec<Result<Entry>>, Failure> {
        if self.options.with_access || self.options.access.is_some() {
            self.read_access(&mut made).await?;
        }
        if let Some(wanted) = self.options.access {
            made.retain(|entry| {
                entry
                    .as_ref()
                    .ok()
                    .and_then(|entry| entry.access)
                    .is_none_or(|access| access.includes(wanted))
            });
        }
        let inner = self.client.inner();
        let ids: Vec<(&str, &NodeId)> = made
            .iter()
            .flatten()
            .filter(|entry| matches!(entry.node_id.identifier, Identifier::String(_)))
            .map(|entry| (entry.item_id.as_str(), &entry.node_id))
            .collect();
        let mut leads = inner.resolver().leads(&ids, &inner.link(), inner.limits()).await?.into_iter();
        for entry in made.iter_mut().flatten() {
            if matches!(entry.node_id.identifier, Identifier::String(_)) && leads.next() == Some(true) {
                entry.tag = Tag::item(entry.item_id.as_str());
            }
        }
        Ok(made)
    }

    async fn read_access(&self, made: &mut [Result<Entry>]) -> Result<(), Failure> {
        let leaves = || |entry: &&mut Entry| entry.kind == EntryKind::Leaf;
        let targets: Vec<Target> = made
            .iter_mut()
            .flatten()
            .filter(leaves())
            .map(|entry| Target::value(&entry.node_id).attribute(Attribute::UserAccessLevel))
            .collect();
        let inner = self.client.inner();
        let read = |part: Vec<Target>| async move { inner.link().read(&part, 0.0).await };
        let samples = chunked(inner.limits(), Service::Read, &targets, read).await?;
        for (entry, sample) in made.iter_mut().flatten().filter(leaves()).zip(samples) {
            // A server that does not tell is a server that does not allow.
            let level = if let Value::Byte(level) = sample.value { level } else { 0 };
            entry.access = Some(Access::from_bits(level));
        }
        Ok(())
    }

    /// An entry that lacks its access and its final tag, or the error of a branch.
    fn made(&self, out: &Out) -> Result<Result<Entry>, Stop> {
        match out {
            Out::Failed { place, why: Why::Status(status) } if place.is_root() => {
                Err(Stop::Failed(Error::Service { operation: OPERATION, status: *status, source: None }))
            }
            Out::Failed { place, why } => {
                let (operation, tag) = (OPERATION, self.place_tag(place));
                Ok(Err(match why {
                    Why::Status(status) => Error::Item { operation, tag, status: *status },
                    Why::TooDeep => Error::TooDeep { operation, tag, levels: MAX_DEPTH },
                }))
            }
            Out::Found { parent, child } => {
                let Some(node) = self.spaces.node_out(&child.node) else {
                    // The namespace went with a restart of the server, after the node was found.
                    let (operation, tag) = (OPERATION, self.exact(&child.node));
                    return Ok(Err(Error::Item { operation, tag, status: code::BAD_NODE_ID_UNKNOWN }));
                };
                Ok(Ok(Entry {
                    tag: self.exact(&child.node),
                    item_id: ItemId::new(entry::item_id(&node)),
                    path: Tag::path_text(&self.names(parent, Some(&child.name))),
                    name: child.name.name.clone(),
                    kind: EntryKind::of(child),
                    access: None,
                    node_id: node,
                }))
            }
        }
    }

    /// The node by its namespace URI, which lasts longer than an index.
    fn exact(&self, node: &NodeId) -> Tag {
        let there = self.spaces.node_out(node).unwrap_or_else(|| node.clone());
        Tag::lasting(there, self.spaces.uri(node.namespace))
    }

    fn place_tag(&self, place: &Arc<Place>) -> Tag {
        Tag::path(self.names(place, None)).unwrap_or_else(|_| self.exact(&place.node))
    }

    /// The names on the way, as the server knows them now.
    fn names(&self, place: &Place, last: Option<&QualifiedName>) -> Vec<QualifiedName> {
        let names = place.names().into_iter().chain(last);
        names.map(|name| self.spaces.name_out(name).unwrap_or_else(|| name.clone())).collect()
    }
}
