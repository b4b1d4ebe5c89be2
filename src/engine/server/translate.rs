//! Browse paths through our nodes.

use opcua::nodes::TypeTree;
use opcua::server::node_manager::BrowsePathItem;
use opcua::types::{NodeId, ReferenceTypeId, RelativePathElement, StatusCode};

use super::attributes::View;
use super::browse::{Spot, downward, link};
use crate::sim::Key;

impl View<'_> {
    /// Follows a path that starts at a node of ours, or at the Objects folder.
    pub(super) fn translate(&self, item: &mut BrowsePathItem<'_>, types: &dyn TypeTree) {
        let path = item.path();
        let spot = self.spot(item.node_id());
        if spot.is_none() && item.node_id().namespace == self.namespace {
            item.set_status(StatusCode::BadNodeIdUnknown);
            return;
        }
        // From nodes that are not ours, the engine's manager follows it, and asks again from each node on the way.
        let Some(spot) = spot else { return };
        let mut here = vec![spot];
        if path.is_empty() {
            return;
        }
        for element in path {
            here =
                here.into_iter().flat_map(|spot| self.step(spot, element, types)).map(Spot::Ours).collect();
            if here.is_empty() {
                return;
            }
        }
        for key in here.into_iter().filter_map(Spot::key) {
            item.add_element(self.node_id(key), path.len(), None);
        }
    }

    /// The nodes one step further.
    fn step(&self, spot: Spot, element: &RelativePathElement, types: &dyn TypeTree) -> Vec<Key> {
        let from = spot.key();
        let wanted = |reference: ReferenceTypeId| follows(element, &reference.into(), types);
        let target = &element.target_name;
        let named = |key: &Key| target.is_null() || self.browse_name(*key) == *target;
        if wanted(ReferenceTypeId::AliasFor) {
            let across: Vec<Key> = self.across(from, !element.is_inverse).filter(named).collect();
            if !across.is_empty() {
                return across;
            }
        }
        if spot == Spot::TagVariables {
            let here = !element.is_inverse && wanted(ReferenceTypeId::HasComponent);
            return self.alias_keys().filter(|key| here && named(key)).collect();
        }
        if element.is_inverse {
            let above = from.filter(|key| wanted(self.upward(*key))).and_then(|key| self.space.parent(key));
            return above.filter(named).into_iter().collect();
        }
        let properties = from.filter(|_| wanted(ReferenceTypeId::HasProperty));
        let properties = properties.into_iter().flat_map(|key| self.space.properties(key));
        let archives = from.into_iter().flat_map(|key| self.space.archives(key));
        let archives =
            archives.filter(|key| matches!(key, Key::Archive(_, archive) if wanted(link(*archive))));
        let properties = properties.chain(archives).filter(named);
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
