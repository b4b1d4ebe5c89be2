//! Asking for properties: two requests at the same time, and one more for what the first ones found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::client::Inner;
use crate::client::limits::{Service, chunked, read_each};
use crate::client::types::Seen;
use crate::engine::Sample;
use crate::engine::client::{Attribute, Failure, Reference, Target};
use crate::engine::convert::structure;
use crate::status::code;
use crate::tag::Resolved;
use crate::{DataType, Error, Identifier, NodeId, Operation, ParseTagError, Result, Status, Tag, Value};

use super::Properties;
use super::raw::{Answer, Found, Listing};
use super::wanted::{Wanted, is_numbered, names_values};

const OPERATION: Operation = Operation::Properties;

/// `NodeClass` Variable (Part 3, 8.29).
const VARIABLE: i32 = 2;

/// The last of the built-in types and of the abstract numbers (Part 6, 5.1.2); behind them come enumerations and others.
const LAST_BUILT_IN: u32 = 28;

impl Inner {
    /// One answer per tag, in order.
    pub(super) async fn properties_of(
        &self,
        tags: Vec<Result<Tag, ParseTagError>>,
        wanted: &Wanted,
    ) -> Result<Vec<Result<Properties>>> {
        self.check_open(OPERATION)?;
        let names: Vec<&Tag> = tags.iter().flatten().collect();
        if !names.is_empty() {
            self.check_connected(OPERATION)?;
        }
        let look = self.resolver().look();
        let answers = self.find(OPERATION, &names).await?;
        let nodes: Vec<Arc<Resolved>> = answers.iter().flatten().cloned().collect();
        // On the heap: what is asked at once makes a future of many kilobytes, which would be every caller's.
        let asked =
            Box::pin(self.ask(&nodes, wanted)).await.map_err(|failure| self.error(OPERATION, failure))?;
        if !nodes.is_empty() {
            // What was asked after a reconnect, or of another server, may have been of other nodes.
            self.check_same(OPERATION, look)?;
        }
        let (mut answers, mut asked) = (answers.into_iter(), asked.into_iter());
        Ok(tags
            .into_iter()
            .map(|tag| {
                let tag = tag.map_err(|error| Error::InvalidTag { operation: OPERATION, error })?;
                let resolved = match answers.next() {
                    Some(Ok(resolved)) => resolved,
                    Some(Err(unresolved)) => return Err(unresolved.into_error(OPERATION, tag)),
                    None => return Err(Error::Resolve { operation: OPERATION, tag, candidates: Vec::new() }),
                };
                match asked.next() {
                    Some(answer) => self.assemble(tag, &resolved, answer, wanted),
                    None => Err(item(tag, code::BAD_UNKNOWN_RESPONSE)),
                }
            })
            .collect())
    }

    async fn ask(&self, nodes: &[Arc<Resolved>], wanted: &Wanted) -> Result<Vec<Answer>, Failure> {
        if nodes.is_empty() {
            return Ok(Vec::new());
        }
        let attributes = wanted.attributes();
        let target = |node: &Resolved, attribute| match attribute {
            // With the range of the tag.
            Attribute::Value => node.target.clone(),
            attribute => node.target.attribute(attribute),
        };
        let targets: Vec<Target> = nodes
            .iter()
            .flat_map(|node| attributes.iter().map(|attribute| target(node, *attribute)))
            .collect();
        let ids: Vec<NodeId> = nodes.iter().map(|node| node.target.node()).collect();
        let listed: &[NodeId] = if wanted.wants_listing() { &ids } else { &[] };
        let link = self.link();
        let (mut samples, listings) =
            tokio::try_join!(read_each(&link, self.limits(), &targets, 0.0), self.list_properties(listed),)?;
        self.decode_any(&mut samples).await;
        let (mut samples, mut listings) = (samples.into_iter(), listings.into_iter());
        let mut answers: Vec<Answer> = ids
            .into_iter()
            .map(|node| {
                let samples = attributes.iter().copied().zip(samples.by_ref()).collect();
                let listing = listings.next().unwrap_or_else(|| Ok(Vec::new()));
                Answer { node, samples, listing, found: Vec::new(), of_type: None }
            })
            .collect();
        if wanted.wants_type() {
            let mut seen = Seen::new();
            for (node, answer) in nodes.iter().zip(&answers) {
                if let (Some(data_type), Some(rank)) =
                    (answer.sample(Attribute::DataType), answer.sample(Attribute::ValueRank))
                {
                    self.learn_type(node, data_type.clone(), rank.clone(), &mut seen).await?;
                }
            }
        }
        let enumerations = self.enumerations(nodes, &answers, wanted).await?;
        self.read_found(&mut answers, &enumerations, wanted).await?;
        Ok(answers)
    }

    /// What properties the nodes have. A server that does not let itself be browsed has told nothing, and that is no reason
    /// to tell nothing else.
    async fn list_properties(&self, nodes: &[NodeId]) -> Result<Vec<Listing>, Failure> {
        let list = |part: Vec<NodeId>| async move { self.link().properties(&part).await };
        match chunked(self.limits(), Service::Browse, nodes, list).await {
            Err(failure) if !failure.is_disconnected() && !failure.is_timeout() => {
                Ok(vec![Err(failure.status); nodes.len()])
            }
            result => result,
        }
    }

    /// The properties that name the values of the data types which are enumerations, for nodes that do not name them
    /// themselves.
    async fn enumerations(
        &self,
        nodes: &[Arc<Resolved>],
        answers: &[Answer],
        wanted: &Wanted,
    ) -> Result<HashMap<NodeId, Reference>, Failure> {
        if !wanted.wants_enumeration() {
            return Ok(HashMap::new());
        }
        let types: HashSet<NodeId> = nodes
            .iter()
            .zip(answers)
            .filter(|(node, answer)| {
                let built_in = node.node_type.get().and_then(|known| known.data_type);
                built_in == Some(DataType::Int32) && !answer.has_names()
            })
            .filter_map(|(_, answer)| answer.data_type().cloned())
            .filter(|id| !is_built_in(id))
            .collect();
        let types: Vec<NodeId> = types.into_iter().collect();
        let listings = self.list_properties(&types).await?;
        let named = |(id, listing): (NodeId, Listing)| {
            let mut references = listing.ok()?.into_iter();
            Some((id, references.find(|reference| names_values(&reference.name))?))
        };
        Ok(types.into_iter().zip(listings).filter_map(named).collect())
    }

    /// Decodes structures, if there are any: apart, so that what has none stays small.
    async fn decode_any(&self, samples: &mut [Sample]) {
        if samples.iter().any(|sample| structure::is_encoded(&sample.value)) {
            Box::pin(self.decode(samples)).await;
        }
    }

    /// Reads the values of the properties that were found, each once.
    async fn read_found(
        &self,
        answers: &mut [Answer],
        enumerations: &HashMap<NodeId, Reference>,
        wanted: &Wanted,
    ) -> Result<(), Failure> {
        let listed = answers.iter().flat_map(|answer| answer.listing.iter().flatten());
        let needed = listed.chain(enumerations.values()).filter(|reference| wanted.reads(&reference.name));
        // Those with a number come first: the standard says what their structures hold, so they stay as they are.
        let mut needed: Vec<&Reference> = needed.collect();
        needed.sort_by_key(|reference| !is_numbered(&reference.name));
        let mut places: HashMap<NodeId, usize> = HashMap::new();
        let mut targets = Vec::new();
        let mut numbered = 0;
        for reference in needed {
            places.entry(reference.node.clone()).or_insert_with(|| {
                targets.push(Target::value(&reference.node));
                targets.len() - 1
            });
            if is_numbered(&reference.name) {
                numbered = targets.len();
            }
        }
        let mut samples = read_each(&self.link(), self.limits(), &targets, 0.0).await?;
        self.decode_any(samples.get_mut(numbered..).unwrap_or_default()).await;
        let found = |reference: &Reference| -> Found {
            let place = places.get(&reference.node).filter(|_| wanted.reads(&reference.name));
            (reference.name.clone(), place.and_then(|place| samples.get(*place)).cloned())
        };
        for answer in answers {
            answer.found = answer.listing.iter().flatten().map(found).collect();
            if !answer.has_names()
                && let Some(reference) = answer.data_type().and_then(|id| enumerations.get(id))
            {
                answer.of_type = Some(found(reference));
            }
        }
        Ok(())
    }

    fn assemble(
        &self,
        tag: Tag,
        resolved: &Resolved,
        mut answer: Answer,
        wanted: &Wanted,
    ) -> Result<Properties> {
        let class = answer.sample(Attribute::NodeClass).cloned();
        let class = class.unwrap_or_else(|| Sample::status(code::BAD_UNKNOWN_RESPONSE));
        if class.status.is_bad() {
            if class.status.code() == code::BAD_NODE_ID_UNKNOWN {
                // It may have moved; the next use looks again.
                self.resolver().forget(&tag);
            }
            return Err(item(tag, class.status));
        }
        if let Some(sample) = answer.sample_mut(Attribute::Value) {
            match resolved.cut(std::mem::take(&mut sample.value)) {
                Ok(value) => sample.value = value,
                Err(status) => *sample = Sample::status(status),
            }
        }
        let mut properties = Properties::new(tag, answer.node.clone(), wanted.ids());
        properties.is_variable = class.value == Value::Int32(VARIABLE);
        properties.refused = answer.refused(wanted, properties.is_variable);
        answer.fill(&mut properties, resolved);
        Ok(properties)
    }
}

fn item(tag: Tag, status: Status) -> Error {
    Error::Item { operation: OPERATION, tag, status }
}

fn is_built_in(id: &NodeId) -> bool {
    matches!(id, NodeId { namespace: 0, identifier: Identifier::Numeric(number) } if *number <= LAST_BUILT_IN)
}
