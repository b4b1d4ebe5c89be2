//! Alias Names (OPC 10000-17): the method `FindAlias`.

use opcua::nodes::TypeTree;
use opcua::server::node_manager::MethodCall;
use opcua::types::{
    AliasNameDataType, ExpandedNodeId, ExtensionObject, MethodId, NodeId, ObjectId, ReferenceTypeId,
    StatusCode, Variant,
};

use super::attributes::View;
use crate::like::Pattern;
use crate::sim::Key;

/// The categories that every server has, each with its method (Part 17, clause 9).
const CATEGORIES: [(ObjectId, MethodId); 3] = [
    (ObjectId::Aliases, MethodId::Aliases_FindAlias),
    (ObjectId::TagVariables, MethodId::TagVariables_FindAlias),
    (ObjectId::Topics, MethodId::Topics_FindAlias),
];

impl View<'_> {
    /// Answers a call of `FindAlias`; `false` where it is a call of something else.
    ///
    /// A method may be called by its own id or by that of its declaration in the object's type (Part 4, 5.12.2).
    pub(super) fn find_alias(&self, call: &mut MethodCall, types: &dyn TypeTree) -> bool {
        let Some((category, method)) = CATEGORIES.iter().find(|(object, _)| call.object_id() == object)
        else {
            return false;
        };
        let declared = NodeId::from(MethodId::AliasNameCategoryType_FindAlias);
        if *call.method_id() != NodeId::from(*method) && *call.method_id() != declared {
            return false;
        }
        // All aliases are below `TagVariables`, which is below `Aliases`.
        let empty = *category == ObjectId::Topics;
        match call.arguments() {
            [Variant::String(pattern), Variant::NodeId(filter)] => {
                match pattern.value().as_deref().and_then(Pattern::parse) {
                    None => call.set_argument_error(vec![StatusCode::BadInvalidArgument, StatusCode::Good]),
                    Some(pattern) => {
                        let found = if empty { Vec::new() } else { self.aliases(&pattern, filter, types) };
                        call.set_outputs(vec![Variant::from(found)]);
                        call.set_status(StatusCode::Good);
                    }
                }
            }
            [pattern, filter] => {
                let check = |fits| if fits { StatusCode::Good } else { StatusCode::BadTypeMismatch };
                let pattern = check(matches!(pattern, Variant::String(_)));
                let filter = check(matches!(filter, Variant::NodeId(_)));
                call.set_argument_error(vec![pattern, filter]);
            }
            [] | [_] => call.set_status(StatusCode::BadArgumentsMissing),
            _ => call.set_status(StatusCode::BadTooManyArguments),
        }
        true
    }

    fn aliases(&self, pattern: &Pattern, filter: &NodeId, types: &dyn TypeTree) -> Vec<ExtensionObject> {
        let reference = NodeId::from(ReferenceTypeId::AliasFor);
        if !filter.is_null() && *filter != reference && !types.is_subtype_of(&reference, filter) {
            return Vec::new();
        }
        let named = self.space.aliases_like(pattern).map(|(index, alias)| {
            let nodes = alias.items.iter().map(|item| ExpandedNodeId::new(self.node_id(Key::Item(*item))));
            ExtensionObject::from_message(AliasNameDataType {
                alias_name: self.browse_name(Key::Alias(index)),
                referenced_nodes: Some(nodes.collect()),
            })
        });
        named.collect()
    }
}
