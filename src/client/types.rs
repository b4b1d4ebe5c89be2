//! What a write must know about a node: asked once, remembered with the node.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::client::{Attribute, Failure, Target};
use crate::engine::convert;
use crate::tag::{NodeType, Resolved};
use crate::{DataType, NodeId, Value};

use super::Inner;
use super::limits::{Service, chunked};

/// Deeper than any chain of subtypes; ends a loop in a server's type tree.
const MAX_SUPERTYPES: usize = 32;

/// `Enumeration` (Part 3, 8.40): written as `Int32`.
const ENUMERATION: u32 = 29;

impl Inner {
    /// Learns the data type and value rank of every node that has not been written yet, all in as few requests as the
    /// server allows. A node that does not tell is left unknown: the write itself will say why.
    pub(super) async fn learn_types(&self, nodes: &[Arc<Resolved>]) -> Result<(), Failure> {
        let unknown: Vec<&Arc<Resolved>> =
            nodes.iter().filter(|node| node.node_type.get().is_none()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let mut targets = Vec::with_capacity(unknown.len() * 2);
        for node in &unknown {
            targets.push(node.target.attribute(Attribute::DataType));
            targets.push(node.target.attribute(Attribute::ValueRank));
        }
        let samples = chunked(self.limits(), Service::Read, &targets, |part: Vec<Target>| async move {
            self.link().read(&part, 0.0).await
        })
        .await?;
        let mut samples = samples.into_iter();
        let mut seen: HashMap<NodeId, Option<DataType>> = HashMap::new();
        for node in unknown {
            let (Some(data_type), Some(rank)) = (samples.next(), samples.next()) else { break };
            let Value::NodeId(id) = data_type.value else { continue };
            let rank = match rank.value {
                Value::Int32(rank) if rank.is_good_rank() => rank,
                _ => ANY_RANK,
            };
            // Thousands of nodes share a handful of types, and each step up the tree is a request.
            let data_type = if let Some(data_type) = seen.get(&id) {
                *data_type
            } else {
                let data_type = self.built_in(id.clone()).await?;
                seen.insert(id, data_type);
                data_type
            };
            // Two writes may have asked at once; they learnt the same.
            let _ = node.node_type.set(NodeType { data_type, rank });
        }
        Ok(())
    }

    /// The built-in type that values of a data type are sent as; `None` for abstract types, which take several.
    async fn built_in(&self, mut id: NodeId) -> Result<Option<DataType>, Failure> {
        for _ in 0..MAX_SUPERTYPES {
            if let Some(data_type) = convert::data_type_of(&id) {
                return Ok(Some(data_type));
            }
            if id == NodeId::numeric(0, ENUMERATION) {
                return Ok(Some(DataType::Int32));
            }
            let listing = self.link().supertypes(std::slice::from_ref(&id)).await?.pop();
            match listing.and_then(|listing| listing.ok()?.into_iter().next()) {
                Some(parent) => id = parent.node,
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// `ValueRank` any (Part 3, 5.6.2).
const ANY_RANK: i32 = -2;

trait Rank {
    fn is_good_rank(&self) -> bool;
}

impl Rank for i32 {
    fn is_good_rank(&self) -> bool {
        *self >= -3
    }
}
