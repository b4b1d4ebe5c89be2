//! Browsing our nodes.

use opcua::nodes::TypeTree;
use opcua::server::node_manager::{AddReferenceResult, BrowseNode, NodeMetadata};
use opcua::types::{
    ExpandedNodeId, LocalizedText, NodeClass, NodeId, ObjectId, ObjectTypeId, QualifiedName,
    ReferenceDescription, ReferenceTypeId, StatusCode, VariableTypeId,
};

use super::attributes::View;
use crate::sim::Key;

/// Where a browse goes on: how many references of the node have been dealt with.
struct Next(usize);

impl View<'_> {
    /// This node has been browsed in part.
    pub(super) fn is_continued(node: &BrowseNode) -> bool {
        node.continuation_point::<Next>().is_some()
    }

    /// Browses a node of ours, or adds what of ours hangs below the Objects folder, which the engine owns.
    pub(super) fn browse(&self, node: &mut BrowseNode, types: &dyn TypeTree) {
        let key = if is_objects(node.node_id()) {
            None
        } else {
            match self.key(node.node_id()) {
                Some(key) => Some(key),
                None => return,
            }
        };
        node.set_status(StatusCode::Good);
        let start = node.take_continuation_point::<Next>().map_or(0, |next| next.0);
        for (index, reference) in self.references(key, node, types).enumerate().skip(start) {
            if let AddReferenceResult::Full(_) = node.add(types, reference) {
                node.set_next_continuation_point(Box::new(Next(index)));
                return;
            }
        }
    }

    /// All references of a node that the filter on reference types lets through, always in the same order.
    fn references<'b>(
        &'b self,
        key: Option<Key>,
        node: &BrowseNode,
        types: &dyn TypeTree,
    ) -> impl Iterator<Item = ReferenceDescription> + use<'b> {
        let wanted = |reference: ReferenceTypeId, forward: bool| {
            let direction = if forward { node.allows_forward() } else { node.allows_inverse() };
            direction && node.allows_reference_type(&reference.into(), types)
        };
        let above = key.filter(|key| wanted(self.upward(*key), false)).map(|key| {
            let parent = self.space.parent(key).map_or_else(objects, |parent| self.metadata(parent));
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
        let children = if wanted(downward(key), true) { self.space.children(key) } else { &[] };
        let children =
            children.iter().map(move |child| self.metadata(*child).into_ref_desc(true, downward(key)));
        definition.into_iter().chain(above).chain(properties).chain(children)
    }

    /// The reference by which a node hangs below its parent.
    pub(super) fn upward(&self, key: Key) -> ReferenceTypeId {
        match key {
            Key::Property(..) => ReferenceTypeId::HasProperty,
            _ => downward(self.space.parent(key)),
        }
    }
}

/// Folders organize; an item with items below it is made of them.
pub(super) fn downward(key: Option<Key>) -> ReferenceTypeId {
    if matches!(key, Some(Key::Item(_))) { ReferenceTypeId::HasComponent } else { ReferenceTypeId::Organizes }
}

pub(super) fn is_objects(id: &NodeId) -> bool {
    *id == ObjectId::ObjectsFolder
}

/// The Objects folder as the standard describes it.
fn objects() -> NodeMetadata {
    NodeMetadata {
        node_id: ExpandedNodeId::new(NodeId::from(ObjectId::ObjectsFolder)),
        type_definition: ExpandedNodeId::new(NodeId::from(ObjectTypeId::FolderType)),
        browse_name: QualifiedName::new(0, "Objects"),
        display_name: LocalizedText::new("", "Objects"),
        node_class: NodeClass::Object,
    }
}

fn type_metadata(id: NodeId) -> NodeMetadata {
    let (name, node_class) = if id == ObjectTypeId::FolderType {
        ("FolderType", NodeClass::ObjectType)
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
