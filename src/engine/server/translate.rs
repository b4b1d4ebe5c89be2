//! Browse paths through our nodes.

use opcua::nodes::TypeTree;
use opcua::server::node_manager::BrowsePathItem;
use opcua::types::{NodeId, ReferenceTypeId, RelativePathElement, StatusCode};

use super::attributes::View;
use super::browse::{downward, is_objects};
use crate::sim::Key;

impl View<'_> {
    /// Follows a path that starts at a node of ours, or at the Objects folder.
    pub(super) fn translate(&self, item: &mut BrowsePathItem<'_>, types: &dyn TypeTree) {
        let path = item.path();
        let mut here = if is_objects(item.node_id()) {
            vec![None]
        } else if item.node_id().namespace == self.namespace {
            let Some(key) = self.key(item.node_id()) else {
                item.set_status(StatusCode::BadNodeIdUnknown);
                return;
            };
            vec![Some(key)]
        } else {
            // The engine's manager follows it, and asks again from each node on the way.
            return;
        };
        if path.is_empty() {
            return;
        }
        for element in path {
            here = here.into_iter().flat_map(|key| self.step(key, element, types)).map(Some).collect();
            if here.is_empty() {
                return;
            }
        }
        for key in here.into_iter().flatten() {
            item.add_element(self.node_id(key), path.len(), None);
        }
    }

    /// The nodes one step further.
    fn step(&self, from: Option<Key>, element: &RelativePathElement, types: &dyn TypeTree) -> Vec<Key> {
        let wanted = |reference: ReferenceTypeId| follows(element, &reference.into(), types);
        let target = &element.target_name;
        let named = |key: &Key| target.is_null() || self.browse_name(*key) == *target;
        if element.is_inverse {
            let above = from.filter(|key| wanted(self.upward(*key))).and_then(|key| self.space.parent(key));
            return above.filter(named).into_iter().collect();
        }
        let properties = from.filter(|_| wanted(ReferenceTypeId::HasProperty));
        let properties = properties.into_iter().flat_map(|key| self.space.properties(key)).filter(named);
        if !wanted(downward(from)) {
            return properties.collect();
        }
        if target.is_null() {
            return self.space.children(from).iter().copied().chain(properties).collect();
        }
        let children = self.space.named(from, target.name.as_ref());
        children.into_iter().filter(named).chain(properties).collect()
    }
}

fn follows(element: &RelativePathElement, reference: &NodeId, types: &dyn TypeTree) -> bool {
    let asked = &element.reference_type_id;
    asked.is_null()
        || asked == reference
        || (element.include_subtypes && types.is_subtype_of(reference, asked))
}
