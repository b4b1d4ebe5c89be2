//! Browsing our nodes.

use opcua::nodes::TypeTree;
use opcua::server::node_manager::{AddReferenceResult, BrowseNode, NodeMetadata};
use opcua::types::{
    ExpandedNodeId, LocalizedText, NodeClass, NodeId, ObjectId, ObjectTypeId, QualifiedName,
    ReferenceDescription, ReferenceTypeId, StatusCode, VariableTypeId,
};

use super::attributes::View;
use crate::sim::Key;
use crate::sim::history::{Archive, Link};

/// Where a browse goes on: how many references of the node have been dealt with.
struct Next(usize);

/// Where a browse starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spot {
    Objects,
    /// Where aliases hang.
    TagVariables,
    Ours(Key),
}

impl Spot {
    /// Our node, if it is one.
    pub(super) fn key(self) -> Option<Key> {
        match self {
            Spot::Ours(key) => Some(key),
            Spot::Objects | Spot::TagVariables => None,
        }
    }
}

impl View<'_> {
    /// This node has been browsed in part.
    pub(super) fn is_continued(node: &BrowseNode) -> bool {
        node.continuation_point::<Next>().is_some()
    }

    /// Where a browse or a path starts, if it is for us to know what is there.
    pub(super) fn spot(&self, id: &NodeId) -> Option<Spot> {
        if *id == ObjectId::ObjectsFolder {
            Some(Spot::Objects)
        } else if *id == ObjectId::TagVariables {
            Some(Spot::TagVariables)
        } else {
            self.key(id).map(Spot::Ours)
        }
    }

    /// Browses a node of ours, or adds what of ours hangs below a node that the engine owns.
    pub(super) fn browse(&self, node: &mut BrowseNode, types: &dyn TypeTree) {
        let Some(spot) = self.spot(node.node_id()) else { return };
        node.set_status(StatusCode::Good);
        let start = node.take_continuation_point::<Next>().map_or(0, |next| next.0);
        for (index, reference) in self.references(spot, node, types).enumerate().skip(start) {
            if let AddReferenceResult::Full(_) = node.add(types, reference) {
                node.set_next_continuation_point(Box::new(Next(index)));
                return;
            }
        }
    }

    /// All references of a node that the filter on reference types lets through, always in the same order.
    fn references<'b>(
        &'b self,
        spot: Spot,
        node: &BrowseNode,
        types: &dyn TypeTree,
    ) -> impl Iterator<Item = ReferenceDescription> + use<'b> {
        let wanted = |reference: ReferenceTypeId, forward: bool| {
            let direction = if forward { node.allows_forward() } else { node.allows_inverse() };
            direction && node.allows_reference_type(&reference.into(), types)
        };
        let key = spot.key();
        let above = key.filter(|key| wanted(self.upward(*key), false)).map(|key| {
            let parent = match key {
                Key::Alias(_) => tag_variables(),
                _ => self.space.parent(key).map_or_else(objects, |parent| self.metadata(parent)),
            };
            parent.into_ref_desc(false, self.upward(key))
        });
        let definition = key
            .filter(|_| wanted(ReferenceTypeId::HasTypeDefinition, true))
            .map(|key| type_metadata(self.type_definition(key)))
            .map(|meta| meta.into_ref_desc(true, ReferenceTypeId::HasTypeDefinition));
        let properties = key.filter(|_| wanted(ReferenceTypeId::HasProperty, true));
        let properties = properties
            .into_iter()
            .flat_map(|key| self.space.properties(key))
            .map(|key| self.metadata(key).into_ref_desc(true, ReferenceTypeId::HasProperty));
        let across = [true, false].into_iter().filter(|forward| wanted(ReferenceTypeId::AliasFor, *forward));
        let archives = key.into_iter().flat_map(|key| self.space.archives(key)).filter_map(|key| match key {
            Key::Archive(_, archive) if wanted(link(archive), true) => {
                Some(self.metadata(key).into_ref_desc(true, link(archive)))
            }
            _ => None,
        });
        let archives: Vec<_> = archives.collect();
        let across: Vec<bool> = across.collect();
        let across = across.into_iter().flat_map(move |forward| {
            let describe = move |to| self.metadata(to).into_ref_desc(forward, ReferenceTypeId::AliasFor);
            self.across(key, forward).map(describe)
        });
        let downward = if spot == Spot::TagVariables { ReferenceTypeId::HasComponent } else { downward(key) };
        let (children, aliases) = match spot {
            _ if !wanted(downward, true) => (&[][..], 0),
            Spot::TagVariables => (&[][..], self.space.aliases().len()),
            _ => (self.space.children(key), 0),
        };
        let children = children.iter().copied().chain(self.alias_keys().take(aliases));
        let children = children.map(move |child| self.metadata(child).into_ref_desc(true, downward));
        definition.into_iter().chain(above).chain(properties).chain(archives).chain(across).chain(children)
    }

    /// Along `AliasFor`: forward from an alias to its items, else from an item to its aliases.
    pub(super) fn across(&self, key: Option<Key>, forward: bool) -> impl Iterator<Item = Key> {
        let alias = match key {
            Some(Key::Alias(alias)) if forward => self.space.alias(alias),
            _ => None,
        };
        let items = alias.into_iter().flat_map(|alias| alias.items.iter().copied().map(Key::Item));
        let aliases = key.filter(|_| !forward).into_iter().flat_map(|key| self.space.aliases_of(key));
        items.chain(aliases)
    }

    /// Every alias.
    pub(super) fn alias_keys(&self) -> impl Iterator<Item = Key> {
        (0..).zip(self.space.aliases()).map(|(index, _)| Key::Alias(index))
    }

    /// The reference by which a node hangs below its parent.
    pub(super) fn upward(&self, key: Key) -> ReferenceTypeId {
        match key {
            Key::Property(..) => ReferenceTypeId::HasProperty,
            Key::Archive(_, archive) => link(archive),
            Key::Alias(_) => ReferenceTypeId::HasComponent,
            _ => downward(self.space.parent(key)),
        }
    }
}

/// Folders organize; an item with items below it is made of them.
pub(super) fn downward(key: Option<Key>) -> ReferenceTypeId {
    if matches!(key, Some(Key::Item(_))) { ReferenceTypeId::HasComponent } else { ReferenceTypeId::Organizes }
}

/// The reference by which a node that says how a past is kept hangs below another.
pub(super) fn link(archive: Archive) -> ReferenceTypeId {
    match archive.link() {
        Link::Configuration => ReferenceTypeId::HasHistoricalConfiguration,
        Link::Component => ReferenceTypeId::HasComponent,
        Link::Property => ReferenceTypeId::HasProperty,
    }
}

/// The Objects folder as the standard describes it.
fn objects() -> NodeMetadata {
    standard(ObjectId::ObjectsFolder, "Objects", ObjectTypeId::FolderType)
}

/// And the folder of aliases of variables.
fn tag_variables() -> NodeMetadata {
    standard(ObjectId::TagVariables, "TagVariables", ObjectTypeId::AliasNameCategoryType)
}

fn standard(id: ObjectId, name: &'static str, definition: ObjectTypeId) -> NodeMetadata {
    NodeMetadata {
        node_id: ExpandedNodeId::new(NodeId::from(id)),
        type_definition: ExpandedNodeId::new(NodeId::from(definition)),
        browse_name: QualifiedName::new(0, name),
        display_name: LocalizedText::new("", name),
        node_class: NodeClass::Object,
    }
}

fn type_metadata(id: NodeId) -> NodeMetadata {
    let (name, node_class) = if id == ObjectTypeId::FolderType {
        ("FolderType", NodeClass::ObjectType)
    } else if id == ObjectTypeId::AliasNameType {
        ("AliasNameType", NodeClass::ObjectType)
    } else if id == ObjectTypeId::HistoricalDataConfigurationType {
        ("HistoricalDataConfigurationType", NodeClass::ObjectType)
    } else if id == ObjectTypeId::AggregateConfigurationType {
        ("AggregateConfigurationType", NodeClass::ObjectType)
    } else if id == VariableTypeId::PropertyType {
        ("PropertyType", NodeClass::VariableType)
    } else if id == VariableTypeId::AnalogItemType {
        ("AnalogItemType", NodeClass::VariableType)
    } else if id == VariableTypeId::AnalogUnitType {
        ("AnalogUnitType", NodeClass::VariableType)
    } else if id == VariableTypeId::BaseAnalogType {
        ("BaseAnalogType", NodeClass::VariableType)
    } else if id == VariableTypeId::TwoStateDiscreteType {
        ("TwoStateDiscreteType", NodeClass::VariableType)
    } else if id == VariableTypeId::MultiStateDiscreteType {
        ("MultiStateDiscreteType", NodeClass::VariableType)
    } else {
        ("BaseDataVariableType", NodeClass::VariableType)
    };
    NodeMetadata {
        node_id: ExpandedNodeId::new(id),
        type_definition: ExpandedNodeId::null(),
        browse_name: QualifiedName::new(0, name),
        display_name: LocalizedText::new("", name),
        node_class,
    }
}
