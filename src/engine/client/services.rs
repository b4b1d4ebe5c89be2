//! [`Link`]: the services of one session, in our types.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::services::{Browse, BrowseNext, Read, TranslateBrowsePaths, Write};
use opcua::client::{Session, UARequest};
use opcua::types::{
    BrowseDescription, BrowseDirection, BrowsePath, BrowseResult, ByteString, DataValue, ObjectId,
    ReferenceTypeId, RelativePath, RelativePathElement, StatusCode, TimestampsToReturn, WriteValue,
};

use crate::engine::{Sample, convert};
use crate::{NodeId, QualifiedName, Status, Value};

use super::call::call;
use super::{Aim, Failure};

/// A server may answer `BrowseNext` with new continuation points for ever; no real node has this many pages.
const MAX_BROWSE_PAGES: usize = 100_000;

/// `BrowseResultMask` with `NodeClass` and `BrowseName` (Part 4, 5.9.2.2).
const RESULT_MASK: u32 = 4 | 8;

/// One forward hierarchical reference, as Browse gives it.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) node: NodeId,
    pub(crate) name: QualifiedName,
    pub(crate) class: NodeClass,
}

/// What a node is, as far as a tag can be one (Part 3, 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NodeClass {
    /// A branch.
    Object,
    /// A tag with a value, and perhaps others below it.
    Variable,
    /// A method or a type.
    Other,
}

/// The services of one session. Clones share it; it survives reconnects.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) session: Arc<Session>,
    pub(super) timeout: Duration,
}

impl Link {
    pub(crate) fn session(&self) -> Arc<Session> {
        self.session.clone()
    }

    /// Read (Part 4, 5.11.2). One sample per target, in order.
    pub(crate) async fn read<T: Aim>(&self, targets: &[T], max_age: f64) -> Result<Vec<Sample>, Failure> {
        let request = Read::new(&self.session)
            .nodes_to_read(targets.iter().map(|aim| aim.target().request().clone()).collect())
            .timestamps_to_return(TimestampsToReturn::Both)
            .max_age(max_age)
            .timeout(self.timeout);
        let response = call("Read", targets.len(), request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != targets.len() {
            return Err(Failure::wrong_count(targets.len(), results.len()));
        }
        Ok(results.into_iter().map(convert::sample).collect())
    }

    /// Write (Part 4, 5.11.4). One status per item, in order.
    pub(crate) async fn write<T: Aim>(&self, items: Vec<(T, Value)>) -> Result<Vec<Status>, Failure> {
        let expected = items.len();
        let nodes = items.into_iter().map(|(aim, value)| {
            let id = aim.target().request();
            WriteValue {
                node_id: id.node_id.clone(),
                attribute_id: id.attribute_id,
                index_range: id.index_range.clone(),
                // No status and no times: many servers refuse a write that carries them.
                value: DataValue { value: Some(convert::to_variant(value)), ..DataValue::null() },
            }
        });
        let request = Write::new(&self.session).nodes_to_write(nodes.collect()).timeout(self.timeout);
        let response = call("Write", expected, request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != expected {
            return Err(Failure::wrong_count(expected, results.len()));
        }
        Ok(results.into_iter().map(|status| Status::from_bits(status.bits())).collect())
    }

    /// `TranslateBrowsePathsToNodeIds` (Part 4, 5.9.4), each path from the Objects folder along hierarchical references.
    /// Every node a path leads to, or the status where there is none.
    pub(crate) async fn translate(
        &self,
        paths: &[&[QualifiedName]],
    ) -> Result<Vec<Result<Vec<NodeId>, Status>>, Failure> {
        let browse_paths = paths.iter().map(|path| BrowsePath {
            starting_node: ObjectId::ObjectsFolder.into(),
            relative_path: RelativePath {
                elements: Some(
                    path.iter()
                        .map(|name| RelativePathElement {
                            reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
                            is_inverse: false,
                            include_subtypes: true,
                            target_name: convert::to_qualified_name(name.clone()),
                        })
                        .collect(),
                ),
            },
        });
        let request = TranslateBrowsePaths::new(&self.session)
            .browse_paths(browse_paths.collect())
            .timeout(self.timeout);
        let response =
            call("TranslateBrowsePathsToNodeIds", paths.len(), request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != paths.len() {
            return Err(Failure::wrong_count(paths.len(), results.len()));
        }
        Ok(results
            .into_iter()
            .map(|result| {
                if result.status_code.is_bad() {
                    return Err(Status::from_bits(result.status_code.bits()));
                }
                Ok(result
                    .targets
                    .unwrap_or_default()
                    .into_iter()
                    // An index below the maximum means the path left this server part-way (Part 4, 5.9.4.2).
                    .filter(|target| {
                        target.remaining_path_index == u32::MAX && target.target_id.server_index == 0
                    })
                    .map(|target| convert::node_id(target.target_id.node_id.clone()))
                    .collect())
            })
            .collect())
    }

    /// The children of each node along hierarchical references, all pages of them; or the status where a node could
    /// not be browsed.
    pub(crate) async fn children(
        &self,
        nodes: &[NodeId],
    ) -> Result<Vec<Result<Vec<Reference>, Status>>, Failure> {
        self.browse(nodes, BrowseDirection::Forward, ReferenceTypeId::HierarchicalReferences).await
    }

    /// The supertypes of each data type: one, except for the root.
    pub(crate) async fn supertypes(
        &self,
        nodes: &[NodeId],
    ) -> Result<Vec<Result<Vec<Reference>, Status>>, Failure> {
        self.browse(nodes, BrowseDirection::Inverse, ReferenceTypeId::HasSubtype).await
    }

    /// The data type that each encoding is one of.
    pub(crate) async fn encoded_types(
        &self,
        encodings: &[NodeId],
    ) -> Result<Vec<Result<Vec<Reference>, Status>>, Failure> {
        self.browse(encodings, BrowseDirection::Inverse, ReferenceTypeId::HasEncoding).await
    }

    async fn browse(
        &self,
        nodes: &[NodeId],
        browse_direction: BrowseDirection,
        reference_type: ReferenceTypeId,
    ) -> Result<Vec<Result<Vec<Reference>, Status>>, Failure> {
        let descriptions = nodes.iter().map(|node| BrowseDescription {
            node_id: convert::to_node_id(node.clone()),
            browse_direction,
            reference_type_id: reference_type.into(),
            include_subtypes: true,
            // All classes.
            node_class_mask: 0,
            result_mask: RESULT_MASK,
        });
        let response = Browse::new(&self.session)
            .nodes_to_browse(descriptions.collect())
            .timeout(self.timeout)
            .send(self.session.channel())
            .await?;
        let results = response.results.unwrap_or_default();
        if results.len() != nodes.len() {
            return Err(Failure::wrong_count(nodes.len(), results.len()));
        }
        let mut children = Vec::with_capacity(nodes.len());
        let mut again = Vec::new();
        for (index, mut result) in results.into_iter().enumerate() {
            if result.status_code == StatusCode::BadNoContinuationPoints && nodes.len() > 1 {
                again.push(index);
            }
            if result.status_code.is_bad() {
                children.push(Err(Status::from_bits(result.status_code.bits())));
                continue;
            }
            let mut references = take_references(&mut result);
            let mut pages = 0;
            while !result.continuation_point.is_null_or_empty() {
                pages += 1;
                if pages > MAX_BROWSE_PAGES {
                    return Err(Failure::new(
                        StatusCode::BadContinuationPointInvalid,
                        "the server never ends a browse",
                    ));
                }
                result = self.next_page(result.continuation_point).await?;
                references.append(&mut take_references(&mut result));
            }
            children.push(Ok(references));
        }
        // The server could not remember its place in so many nodes at once (Part 4, 5.9.2); now the others are done.
        for index in again {
            if let (Some(node), Some(slot)) = (nodes.get(index), children.get_mut(index)) {
                let one = Box::pin(self.browse(std::slice::from_ref(node), browse_direction, reference_type));
                if let Some(result) = one.await?.pop() {
                    *slot = result;
                }
            }
        }
        Ok(children)
    }

    async fn next_page(&self, continuation_point: ByteString) -> Result<BrowseResult, Failure> {
        let response = BrowseNext::new(&self.session)
            .continuation_point(continuation_point)
            .timeout(self.timeout)
            .send(self.session.channel())
            .await?;
        let page =
            response.results.unwrap_or_default().into_iter().next().ok_or(Failure::wrong_count(1, 0))?;
        if page.status_code.is_bad() {
            return Err(Failure::new(page.status_code, "the server lost its place in a browse"));
        }
        Ok(page)
    }
}

fn take_references(result: &mut BrowseResult) -> Vec<Reference> {
    result
        .references
        .take()
        .unwrap_or_default()
        .into_iter()
        .filter(|reference| reference.node_id.server_index == 0)
        .map(|reference| Reference {
            node: convert::node_id(reference.node_id.node_id.clone()),
            name: convert::from_qualified_name(reference.browse_name),
            class: match reference.node_class {
                opcua::types::NodeClass::Object => NodeClass::Object,
                opcua::types::NodeClass::Variable => NodeClass::Variable,
                _ => NodeClass::Other,
            },
        })
        .collect()
}
