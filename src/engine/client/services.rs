//! [`Link`]: the services of one session, in our types.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::services::{Read, TranslateBrowsePaths, Write};
use opcua::client::{Session, UARequest};
use opcua::types::{
    BrowsePath, DataValue, ObjectId, ReferenceTypeId, RelativePath, RelativePathElement, TimestampsToReturn,
    WriteValue,
};

use crate::client::Endpoint;
use crate::engine::{Sample, convert};
use crate::{NodeId, QualifiedName, Status, Value};

use super::call::call;
use super::{Aim, Failure};

/// The services of one session. Clones share it; it survives reconnects.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) session: Arc<Session>,
    pub(super) timeout: Duration,
    pub(super) chosen: Arc<Chosen>,
}

/// What was settled when the session was prepared.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) client_name: String,
    /// As the user named it.
    pub(crate) host: String,
    pub(crate) endpoint: Endpoint,
}

impl Link {
    pub(crate) fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    pub(crate) fn session(&self) -> Arc<Session> {
        self.session.clone()
    }

    /// Read (Part 4, 5.11.2). One sample per target, in order.
    pub(crate) async fn read<T: Aim>(&self, targets: &[T], max_age: f64) -> Result<Vec<Sample>, Failure> {
        let request = Read::new(&self.session)
            .nodes_to_read(targets.iter().map(|aim| aim.target().request()).collect())
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
                node_id: id.node_id,
                attribute_id: id.attribute_id,
                index_range: id.index_range,
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
}
