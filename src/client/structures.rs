//! [`Structures`]: what the server's structures are made of, asked when one is first seen and remembered until the next
//! reconnect.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::engine::Sample;
use crate::engine::client::{Attribute, Failure, Reference, Target};
use crate::engine::convert::{self, Described, DescribedField, structure};
use crate::value::{Definition, Field, Kind, Layout, Types};
use crate::{DataType, NodeId, Status, Value};

use super::Inner;
use super::limits::{Service, chunked};

/// Structures in structures, and types in variants: deeper than any real ones.
const MAX_ROUNDS: usize = 32;
/// More data types than one value is made of; ends a server that makes them up.
const MAX_TYPES: usize = 1000;
/// More than any server has.
const MAX_REMEMBERED: usize = 10_000;
/// More fields than any structure has.
const MAX_FIELDS: usize = 10_000;
/// Deeper than any chain of subtypes; ends a loop in a server's type tree.
const MAX_SUPERTYPES: usize = 32;

/// `Enumeration` (Part 3, 8.40): written as `Int32`.
const ENUMERATION: u32 = 29;

#[derive(Default)]
pub(crate) struct Structures {
    state: RwLock<State>,
}

#[derive(Clone, Default)]
struct State {
    types: Arc<Types>,
    /// Encodings that the server does not describe.
    unknown: Arc<HashSet<NodeId>>,
    /// Counts how often all was forgotten.
    age: u64,
}

impl Structures {
    fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A server may come back with other types under the same ids.
    pub(crate) fn forget_all(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = State { age: state.age + 1, ..State::default() };
    }

    /// Remembers what was learnt, unless all was forgotten meanwhile.
    fn remember(&self, age: u64, types: Types, unknown: HashSet<NodeId>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.age == age {
            state.types = Arc::new(types);
            state.unknown = Arc::new(unknown);
        }
    }

    /// The value with its structures decoded; `Err` gives it back where the server has to be asked first.
    pub(crate) fn decode(&self, value: Value) -> Result<Value, Value> {
        if !structure::is_encoded(&value) {
            return Ok(value);
        }
        let state = self.state();
        let mut open = Vec::new();
        let decoded = structure::decode(value.clone(), &state.types, &mut open);
        if open.iter().all(|encoding| state.unknown.contains(encoding)) { Ok(decoded) } else { Err(value) }
    }
}

impl Inner {
    /// Decodes the structures among values that were read, and asks the server for the definitions that are not known.
    /// What it does not tell leaves the values as they are.
    pub(crate) async fn decode(&self, samples: &mut [Sample]) {
        for _ in 0..MAX_ROUNDS {
            let state = self.structures().state();
            let mut open = Vec::new();
            let mut decoded = Vec::new();
            for sample in samples.iter_mut().filter(|sample| structure::is_encoded(&sample.value)) {
                let value = structure::decode(sample.value.clone(), &state.types, &mut open);
                decoded.push((&mut sample.value, value));
            }
            let mut seen = HashSet::new();
            open.retain(|encoding| !state.unknown.contains(encoding) && seen.insert(encoding.clone()));
            // Where the connection fails meanwhile, the values are what they are, and the next read asks again.
            if open.is_empty() || self.learn_structures(&state, &open).await.is_err() {
                for (place, value) in decoded {
                    *place = value;
                }
                break;
            }
        }
    }

    /// Asks for the data types of encodings, for their definitions, and for those of their fields.
    async fn learn_structures(&self, state: &State, encodings: &[NodeId]) -> Result<(), Failure> {
        // A server that makes up types without end must not fill the memory.
        let keep = |kept: usize| kept < MAX_REMEMBERED;
        let mut types = Some(&*state.types).filter(|types| keep(types.len())).cloned().unwrap_or_default();
        let mut unknown =
            Some(&*state.unknown).filter(|unknown| keep(unknown.len())).cloned().unwrap_or_default();
        let data_types = match self.encoded_types(encodings).await {
            Ok(data_types) => data_types,
            Err(failure) if failure.is_disconnected() || failure.is_timeout() => return Err(failure),
            // A server that cannot be browsed; what the standard says holds for it too.
            Err(_) => encodings.iter().map(convert::standard_encoding).collect(),
        };
        let wanted = data_types.iter().flatten().filter(|id| types.definition(id).is_none());
        let wanted: Vec<NodeId> = wanted.cloned().collect();
        let mut learnt = Learnt::default();
        self.describe(wanted, &types, &mut learnt).await?;
        let simple = self.built_ins(&learnt.simple).await?;
        for (id, name, described) in learnt.structures {
            if let Some(definition) = define(id, name, described, &simple, &learnt.open) {
                types.add(definition);
            }
        }
        for (encoding, data_type) in encodings.iter().cloned().zip(data_types) {
            match data_type {
                Some(data_type) if types.definition(&data_type).is_some() => {
                    types.add_encoding(encoding, data_type);
                }
                _ => {
                    unknown.insert(encoding);
                }
            }
        }
        self.structures().remember(state.age, types, unknown);
        Ok(())
    }

    /// The data type that each encoding belongs to (Part 3, 7.13 `HasEncoding`).
    async fn encoded_types(&self, encodings: &[NodeId]) -> Result<Vec<Option<NodeId>>, Failure> {
        let link = &self.link();
        let ask = |part: Vec<NodeId>| async move { link.encoded_types(&part).await };
        let listings = chunked(self.limits(), Service::Browse, encodings, ask).await?;
        let first = |listing: Result<Vec<Reference>, Status>| Some(listing.ok()?.into_iter().next()?.node);
        let own = |(encoding, listing)| first(listing).or_else(|| convert::standard_encoding(encoding));
        Ok(encodings.iter().zip(listings).map(own).collect())
    }

    /// Reads the definitions of data types, then those of their fields, and so on: one request for each level.
    async fn describe(
        &self,
        mut front: Vec<NodeId>,
        known: &Types,
        learnt: &mut Learnt,
    ) -> Result<(), Failure> {
        let mut seen: HashSet<NodeId> = HashSet::new();
        for _ in 0..MAX_ROUNDS {
            front.retain(|id| seen.insert(id.clone()));
            if front.is_empty() || seen.len() > MAX_TYPES {
                break;
            }
            let attributes = [Attribute::DataTypeDefinition, Attribute::BrowseName, Attribute::IsAbstract];
            let targets: Vec<Target> = front
                .iter()
                .flat_map(|id| attributes.map(|attribute| Target::value(id).attribute(attribute)))
                .collect();
            let link = &self.link();
            let read = |part: Vec<Target>| async move { link.read(&part, 0.0).await };
            let samples = chunked(self.limits(), Service::Read, &targets, read).await?;
            let mut samples = samples.into_iter().map(|sample| sample.value);
            let mut next = Vec::new();
            for id in std::mem::take(&mut front) {
                let (definition, name, is_abstract) = (samples.next(), samples.next(), samples.next());
                let told = definition.and_then(|value| convert::described(&value));
                let name = name.and_then(|value| value.get::<crate::QualifiedName>().ok());
                let name = name.map_or_else(|| id.to_string(), |name| name.name);
                if is_abstract == Some(Value::Boolean(true)) {
                    learnt.open.insert(id.clone());
                }
                match told.or_else(|| convert::standard(&id).map(|(_, described)| described)) {
                    Some(Described::Structure { fields, .. }) if fields.len() > MAX_FIELDS => {}
                    Some(described @ Described::Structure { .. }) => {
                        if let Described::Structure { fields, .. } = &described {
                            let field_types = fields.iter().map(|field| &field.data_type);
                            let open = |id: &&NodeId| {
                                convert::data_type_of(id).is_none() && known.definition(id).is_none()
                            };
                            next.extend(field_types.filter(open).cloned());
                        }
                        learnt.structures.push((id, name, described));
                    }
                    Some(Described::Numbers) | None => learnt.simple.push(id),
                }
            }
            front = next;
        }
        Ok(())
    }

    /// The built-in type behind each data type that is no structure, level by level up the type tree.
    async fn built_ins(&self, ids: &[NodeId]) -> Result<HashMap<NodeId, DataType>, Failure> {
        let mut found = HashMap::new();
        let mut front: Vec<(NodeId, NodeId)> = ids.iter().map(|id| (id.clone(), id.clone())).collect();
        for _ in 0..MAX_SUPERTYPES {
            front.retain(|(id, ancestor)| {
                let built_in = convert::data_type_of(ancestor)
                    .or_else(|| (*ancestor == NodeId::numeric(0, ENUMERATION)).then_some(DataType::Int32));
                built_in.map(|built_in| found.insert(id.clone(), built_in)).is_none() && built_in.is_none()
            });
            if front.is_empty() {
                break;
            }
            let ancestors: Vec<NodeId> = front.iter().map(|(_, ancestor)| ancestor.clone()).collect();
            let link = &self.link();
            let ask = |part: Vec<NodeId>| async move { link.supertypes(&part).await };
            let listings = chunked(self.limits(), Service::Browse, &ancestors, ask).await?;
            let parent =
                |listing: Result<Vec<Reference>, Status>| Some(listing.ok()?.into_iter().next()?.node);
            let up = |((id, _), listing)| Some((id, parent(listing)?));
            front = front.into_iter().zip(listings).filter_map(up).collect();
        }
        Ok(found)
    }
}

/// What the server told of data types.
#[derive(Default)]
struct Learnt {
    structures: Vec<(NodeId, String, Described)>,
    /// Enumerations, and names for built-in types.
    simple: Vec<NodeId>,
    /// Abstract types: a value says itself what it is.
    open: HashSet<NodeId>,
}

/// The definition, unless a field is of a type that cannot be told.
fn define(
    id: NodeId,
    name: String,
    described: Described,
    simple: &HashMap<NodeId, DataType>,
    open: &HashSet<NodeId>,
) -> Option<Definition> {
    let Described::Structure { encoding, union, subtyped, optional, fields } = described else { return None };
    let field = |field: DescribedField| {
        let DescribedField { name, data_type, rank, optional } = field;
        let built_in = convert::data_type_of(&data_type).or_else(|| simple.get(&data_type).copied());
        let kind = match built_in {
            // The flag says that subtypes may stand there (Part 3, 8.51).
            Some(DataType::Structure) if simple.contains_key(&data_type) && !open.contains(&data_type) => {
                // It has fields of its own, and the server does not tell them.
                return None;
            }
            Some(DataType::Structure) => Kind::BuiltIn(DataType::Structure),
            Some(_) if subtyped && optional => Kind::BuiltIn(DataType::Variant),
            Some(built_in) => Kind::BuiltIn(built_in),
            None if open.contains(&data_type) || (subtyped && optional) => Kind::BuiltIn(DataType::Structure),
            None => Kind::Structure(data_type),
        };
        let rank = match rank {
            -1 => 0,
            rank => usize::try_from(rank).ok().filter(|rank| *rank > 0)?,
        };
        Some(Field { name, kind, rank, optional: optional && !subtyped })
    };
    let mut fields = fields.into_iter().map(field).collect::<Option<Vec<Field>>>()?;
    let layout = match (union, optional) {
        (true, _) => Layout::Union,
        (false, true) => Layout::Optional,
        (false, false) => Layout::Plain,
    };
    if layout != Layout::Optional {
        for field in &mut fields {
            field.optional = false;
        }
    }
    // The mask has 32 bits.
    if fields.iter().filter(|field| field.optional).count() > 32 {
        return None;
    }
    Some(Definition { name, id, encoding, layout, fields })
}
