//! `node_type`: what a write must know about a node, asked once and remembered with the node.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::client::{Attribute, Failure, Target};
use crate::engine::{Sample, convert};
use crate::status::code;
use crate::tag::{NodeType, Resolved};
use crate::{Client, DataType, Error, IntoTag, NodeId, Operation, ParseTagError, Result, Status, Tag, Value};

use super::Inner;
use super::limits::{Service, chunked};

/// Deeper than any chain of subtypes; ends a loop in a server's type tree.
const MAX_SUPERTYPES: usize = 32;

/// `Enumeration` (Part 3, 8.40): written as `Int32`.
const ENUMERATION: u32 = 29;

/// `ValueRank` any (Part 3, 5.6.2).
const ANY_RANK: i32 = -2;

/// The least `ValueRank` there is: scalar or one dimension.
const LEAST_RANK: i32 = -3;

const OPERATION: Operation = Operation::Resolve;

impl Client {
    /// What a node holds, as the server describes it: the built-in type and the rank. An index range in the tag changes
    /// nothing. Asked once, then remembered until the next reconnect; a write asks the same.
    ///
    /// For programs that turn text into values, with [`Value::parse`] or [`Value::parse_array`]: a node that has no value
    /// yet or cannot be read has a type all the same.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openopc::Result<()> {
    /// use openopc::{DataType, Value};
    ///
    /// let opc = openopc::open("sim:").await?;
    /// let node = opc.node_type("Write Only.Int2").await?;
    /// assert_eq!((node.data_type, node.value_rank), (Some(DataType::Int16), -1));
    /// # opc.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidTag`], [`Error::Resolve`]; [`Error::Item`] where the server does not tell, or the node is not a
    /// variable; [`Error::Disconnected`], [`Error::Timeout`], [`Error::Service`], [`Error::Closed`] for the call.
    pub async fn node_type(&self, tag: impl IntoTag) -> Result<NodeType> {
        let tag = tag.into_tag().map_err(|error| Error::InvalidTag { operation: OPERATION, error })?;
        match self.inner().node_types(vec![Ok(tag.clone())]).await?.pop() {
            Some(result) => result,
            None => Err(untold(tag, code::BAD_UNKNOWN_RESPONSE)),
        }
    }

    /// What many nodes hold: one result per tag, in the order given.
    ///
    /// # Errors
    /// The outer error is the call's, each inner one its tag's, as in [`node_type`](Self::node_type).
    pub async fn node_type_many<I>(&self, tags: I) -> Result<Vec<Result<NodeType>>>
    where
        I: IntoIterator,
        I::Item: IntoTag,
    {
        let tags = tags.into_iter().map(IntoTag::into_tag).collect();
        self.inner().node_types(tags).await
    }
}

/// The built-in types of the data types met so far.
pub(super) type Seen = HashMap<NodeId, Option<DataType>>;

fn untold(tag: Tag, status: Status) -> Error {
    Error::Item { operation: OPERATION, tag, status }
}

impl Inner {
    async fn node_types(&self, tags: Vec<Result<Tag, ParseTagError>>) -> Result<Vec<Result<NodeType>>> {
        self.check_open(OPERATION)?;
        let names: Vec<&Tag> = tags.iter().flatten().collect();
        if !names.is_empty() {
            self.check_connected(OPERATION)?;
        }
        let look = self.resolver().look();
        let nodes = self.resolve(OPERATION, &names).await?;
        let known: Vec<Arc<Resolved>> = nodes.iter().flatten().cloned().collect();
        let told = self.learn_types(&known).await.map_err(|failure| self.error(OPERATION, failure))?;
        if !known.is_empty() {
            self.check_same(OPERATION, look)?;
        }
        let (mut nodes, mut told) = (nodes.into_iter(), told.into_iter());
        let mut next = |tag: Tag| {
            let node =
                nodes.next().unwrap_or_else(|| Err(untold(tag.clone(), code::BAD_UNKNOWN_RESPONSE)))?;
            let status = told.next().unwrap_or(code::BAD_UNKNOWN_RESPONSE);
            node.node_type.get().cloned().ok_or_else(|| untold(tag, status))
        };
        Ok(tags
            .into_iter()
            .map(|tag| {
                tag.map_err(|error| Error::InvalidTag { operation: OPERATION, error }).and_then(&mut next)
            })
            .collect())
    }

    /// Learns the data type and value rank of every node that has not been written yet, all in as few requests as the
    /// server allows: one status per node, of which a bad one says why the node does not tell. Such a node is left
    /// unknown, and a write to it is sent as it is.
    pub(super) async fn learn_types(&self, nodes: &[Arc<Resolved>]) -> Result<Vec<Status>, Failure> {
        let mut told = vec![Status::GOOD; nodes.len()];
        let unknown: Vec<(&Arc<Resolved>, &mut Status)> =
            nodes.iter().zip(&mut told).filter(|(node, _)| node.node_type.get().is_none()).collect();
        if unknown.is_empty() {
            return Ok(told);
        }
        let mut targets = Vec::with_capacity(unknown.len() * 2);
        for (node, _) in &unknown {
            targets.push(node.target.attribute(Attribute::DataType));
            targets.push(node.target.attribute(Attribute::ValueRank));
        }
        let samples = chunked(self.limits(), Service::Read, &targets, |part: Vec<Target>| async move {
            self.link().read(&part, 0.0).await
        })
        .await?;
        let mut samples = samples.into_iter();
        let mut seen = Seen::new();
        for (node, status) in unknown {
            *status = match (samples.next(), samples.next()) {
                (Some(data_type), Some(rank)) => self.learn_type(node, data_type, rank, &mut seen).await?,
                _ => code::BAD_UNKNOWN_RESPONSE,
            };
        }
        Ok(told)
    }

    /// Remembers what a node holds, by the attributes that were read of it. A bad status says why they do not tell.
    pub(super) async fn learn_type(
        &self,
        node: &Resolved,
        data_type: Sample,
        rank: Sample,
        seen: &mut Seen,
    ) -> Result<Status, Failure> {
        let Value::NodeId(id) = data_type.value else {
            let told = data_type.status.is_bad();
            return Ok(if told { data_type.status } else { code::BAD_UNKNOWN_RESPONSE });
        };
        let value_rank = match rank.value {
            Value::Int32(rank) if rank >= LEAST_RANK => rank,
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
        let _ = node.node_type.set(NodeType { data_type, value_rank });
        Ok(Status::GOOD)
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
