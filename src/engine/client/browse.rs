//! Browsing: the references of nodes, all at once or page by page.

use std::collections::VecDeque;
use std::time::Duration;

use opcua::client::UARequest;
use opcua::client::services::{Browse, BrowseNext};
use opcua::types as ua;
use opcua::types::{
    BrowseDescription, BrowseDirection, BrowseResult, ByteString, NodeClassMask, ReferenceDescription,
    ReferenceTypeId, StatusCode, VariableTypeId,
};

use crate::engine::convert;
use crate::status::code;
use crate::{NodeId, QualifiedName, Status};

use super::call::call;
use super::{Failure, Link};

/// A server may answer `BrowseNext` with new continuation points for ever; no real node has this many pages.
const MAX_BROWSE_PAGES: usize = 100_000;

/// How often a node is browsed anew whose place the server has lost.
const ATTEMPTS: usize = 3;

/// How long a call that has failed anyway waits for the server to take its continuation points back.
const RELEASE: Duration = Duration::from_secs(1);

/// `BrowseResultMask` with `NodeClass` and `BrowseName` (Part 4, 5.9.2.2).
const NAMES: u32 = 4 | 8;

/// As well `ReferenceTypeId` and `TypeDefinition`: what tells items from properties.
const KINDS: u32 = 1 | NAMES | 32;

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

impl From<ua::NodeClass> for NodeClass {
    fn from(class: ua::NodeClass) -> NodeClass {
        match class {
            ua::NodeClass::Object => NodeClass::Object,
            ua::NodeClass::Variable => NodeClass::Variable,
            _ => NodeClass::Other,
        }
    }
}

/// An object or a variable below a node; properties are neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) node: NodeId,
    pub(crate) name: QualifiedName,
    pub(crate) is_variable: bool,
}

/// Where the server goes on with a node, as long as it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Continuation(Vec<u8>);

impl Continuation {
    #[cfg(test)]
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Continuation {
        Continuation(bytes.into())
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Some of the children of a node.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) children: Vec<Child>,
    pub(crate) next: Option<Continuation>,
}

/// The references of one node, or why they cannot be told.
type Listing = Result<Vec<Reference>, Status>;

/// One node's part of an answer.
pub(crate) type PageResult = Result<Page, Status>;

impl Link {
    /// The first pages of the children of these nodes, one result each in order; `most` references on each.
    pub(crate) async fn browse_pages(
        &self,
        nodes: Vec<NodeId>,
        most: u32,
    ) -> Result<Vec<PageResult>, Failure> {
        let expected = nodes.len();
        let descriptions = nodes.into_iter().map(|node| BrowseDescription {
            node_id: convert::to_node_id(node),
            browse_direction: BrowseDirection::Forward,
            reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
            include_subtypes: true,
            node_class_mask: (NodeClassMask::OBJECT | NodeClassMask::VARIABLE).bits(),
            result_mask: KINDS,
        });
        let request = Browse::new(&self.session)
            .nodes_to_browse(descriptions.collect())
            .max_references_per_node(most)
            .timeout(self.timeout);
        let response = call("Browse", expected, request.send(self.session.channel())).await?;
        pages(response.results, expected)
    }

    /// The next page of each, one result each in order.
    pub(crate) async fn next_pages(&self, points: Vec<Continuation>) -> Result<Vec<PageResult>, Failure> {
        let expected = points.len();
        let request = BrowseNext::new(&self.session)
            .continuation_points(points.into_iter().map(|point| ByteString::from(point.0)).collect())
            .timeout(self.timeout);
        let response = call("BrowseNext", expected, request.send(self.session.channel())).await?;
        pages(response.results, expected)
    }

    /// Tells the server that nobody will ask for the rest.
    pub(crate) async fn release_pages(&self, points: Vec<Continuation>) -> Result<(), Failure> {
        let count = points.len();
        let request = BrowseNext::new(&self.session)
            .continuation_points(points.into_iter().map(|point| ByteString::from(point.0)).collect())
            .release_continuation_points(true)
            .timeout(self.timeout);
        call("BrowseNext", count, request.send(self.session.channel())).await?;
        Ok(())
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

    /// The properties of each node.
    pub(crate) async fn properties(
        &self,
        nodes: &[NodeId],
    ) -> Result<Vec<Result<Vec<Reference>, Status>>, Failure> {
        self.browse(nodes, BrowseDirection::Forward, ReferenceTypeId::HasProperty).await
    }

    async fn browse(
        &self,
        nodes: &[NodeId],
        direction: BrowseDirection,
        reference_type: ReferenceTypeId,
    ) -> Result<Vec<Listing>, Failure> {
        let mut listings = self.browse_once(nodes, direction, reference_type).await?;
        for (node, listing) in nodes.iter().zip(&mut listings) {
            for attempt in 0..ATTEMPTS {
                let again = match listing {
                    // The server could not remember its place in so many nodes at once (Part 4, 5.9.2); now the others are
                    // done.
                    Err(status) if status.code() == code::BAD_NO_CONTINUATION_POINTS => {
                        attempt == 0 && nodes.len() > 1
                    }
                    Err(status) => status.code() == code::BAD_CONTINUATION_POINT_INVALID,
                    Ok(_) => false,
                };
                if !again {
                    break;
                }
                let mut one = self.browse_once(std::slice::from_ref(node), direction, reference_type).await?;
                if let Some(result) = one.pop() {
                    *listing = result;
                }
            }
        }
        Ok(listings)
    }

    /// All pages of each node, or the status with which the first or a later one did not come.
    async fn browse_once(
        &self,
        nodes: &[NodeId],
        browse_direction: BrowseDirection,
        reference_type: ReferenceTypeId,
    ) -> Result<Vec<Listing>, Failure> {
        let descriptions = nodes.iter().map(|node| BrowseDescription {
            node_id: convert::to_node_id(node.clone()),
            browse_direction,
            reference_type_id: reference_type.into(),
            include_subtypes: true,
            // All classes.
            node_class_mask: 0,
            result_mask: NAMES,
        });
        let request =
            Browse::new(&self.session).nodes_to_browse(descriptions.collect()).timeout(self.timeout);
        let response = call("Browse", nodes.len(), request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != nodes.len() {
            return Err(Failure::wrong_count(nodes.len(), results.len()));
        }
        let mut listings = Vec::with_capacity(nodes.len());
        let mut open = VecDeque::new();
        for (index, result) in results.into_iter().enumerate() {
            listings.push(references(result).map(|(references, point)| {
                open.extend(point.map(|point| (index, point)));
                references
            }));
        }
        while let Some((index, point)) = open.pop_front() {
            match self.rest(point).await {
                Ok(rest) => {
                    if let Some(listing) = listings.get_mut(index) {
                        append(listing, rest);
                    }
                }
                Err(failure) => {
                    self.give_up(open.into_iter().map(|(_, point)| point), &failure).await;
                    return Err(failure);
                }
            }
        }
        Ok(listings)
    }

    /// The pages after the first.
    async fn rest(&self, point: Continuation) -> Result<Listing, Failure> {
        let mut all = Vec::new();
        let mut next = Some(point);
        for _ in 0..MAX_BROWSE_PAGES {
            let Some(point) = next else { return Ok(Ok(all)) };
            let request = BrowseNext::new(&self.session)
                .continuation_point(ByteString::from(point.0))
                .timeout(self.timeout);
            let response = call("BrowseNext", 1, request.send(self.session.channel())).await?;
            let page = response.results.unwrap_or_default().into_iter().next();
            match references(page.ok_or(Failure::wrong_count(1, 0))?) {
                Ok((mut references, point)) => {
                    all.append(&mut references);
                    next = point;
                }
                Err(status) => return Ok(Err(status)),
            }
        }
        let failure = Failure::new(StatusCode::BadContinuationPointInvalid, "the server never ends a browse");
        self.give_up(next, &failure).await;
        Err(failure)
    }

    /// Gives back what the server remembers for a call that has failed, for it remembers only so much.
    async fn give_up(&self, points: impl IntoIterator<Item = Continuation>, failure: &Failure) {
        let points: Vec<Continuation> = points.into_iter().collect();
        if points.is_empty() || failure.is_disconnected() {
            return;
        }
        // Whoever called has waited for an answer already.
        match tokio::time::timeout(RELEASE, self.release_pages(points)).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                tracing::debug!(status = %failure.status, "continuation points not released");
            }
            Err(_) => tracing::debug!("continuation points released, and no answer"),
        }
    }
}

/// The references of a page, and where the next one is.
fn references(mut result: BrowseResult) -> Result<(Vec<Reference>, Option<Continuation>), Status> {
    if result.status_code.is_bad() {
        return Err(Status::from_bits(result.status_code.bits()));
    }
    let references = take_references(&mut result);
    let point = result.continuation_point;
    let next = (!point.is_null_or_empty()).then(|| Continuation(point.value.unwrap_or_default()));
    Ok((references, next))
}

fn append(listing: &mut Listing, rest: Listing) {
    match (&mut *listing, rest) {
        (Ok(references), Ok(mut rest)) => references.append(&mut rest),
        (_, rest) => *listing = rest,
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
            class: reference.node_class.into(),
        })
        .collect()
}

fn pages(results: Option<Vec<BrowseResult>>, expected: usize) -> Result<Vec<PageResult>, Failure> {
    let results = results.unwrap_or_default();
    if results.len() != expected {
        return Err(Failure::wrong_count(expected, results.len()));
    }
    Ok(results.into_iter().map(page).collect())
}

fn page(result: BrowseResult) -> PageResult {
    if result.status_code.is_bad() {
        return Err(Status::from_bits(result.status_code.bits()));
    }
    let point = result.continuation_point;
    let next = (!point.is_null_or_empty()).then(|| Continuation(point.value.unwrap_or_default()));
    let children = result.references.unwrap_or_default().into_iter().filter_map(child).collect();
    Ok(Page { children, next })
}

/// Nothing where the reference leads to a property, to another server, or to what has neither a value nor items.
fn child(reference: ReferenceDescription) -> Option<Child> {
    let is_variable = match reference.node_class.into() {
        NodeClass::Object => false,
        NodeClass::Variable => true,
        NodeClass::Other => return None,
    };
    let property = reference.reference_type_id == ReferenceTypeId::HasProperty
        || reference.type_definition.node_id == VariableTypeId::PropertyType;
    if property || reference.node_id.server_index != 0 {
        return None;
    }
    Some(Child {
        node: convert::node_id(reference.node_id.node_id),
        name: convert::from_qualified_name(reference.browse_name),
        is_variable,
    })
}
