//! The last node manager: it has the last word on browses.

use async_trait::async_trait;
use opcua::nodes::DefaultTypeTree;
use opcua::server::diagnostics::NamespaceMetadata;
use opcua::server::node_manager::memory::CoreNodeManager;
use opcua::server::node_manager::{BrowseNode, NodeManager, NodeManagersRef, RequestContext, ServerContext};
use opcua::types::{NodeId, StatusCode};

use super::front::Front;
use super::history::offer_aggregates;

/// The engine's manager of namespace 0 calls every browse good, of whatever node
/// (async-opcua-server 0.19.0, `memory/mod.rs:712`). This one comes after it and says which nodes there are.
pub(super) struct Back(NodeManagersRef);

impl Back {
    pub(super) fn new(context: ServerContext) -> Back {
        Back(context.node_managers)
    }
}

#[async_trait]
impl NodeManager for Back {
    fn owns_node(&self, _id: &NodeId) -> bool {
        false
    }

    fn name(&self) -> &'static str {
        "openopc-back"
    }

    fn namespaces_for_user(&self, _context: &RequestContext) -> Vec<NamespaceMetadata> {
        Vec::new()
    }

    /// Comes after the engine's manager has made its nodes.
    async fn init(&self, _types: &mut DefaultTypeTree, _context: ServerContext) {
        if let Some(core) = self.0.get_of_type::<CoreNodeManager>() {
            offer_aggregates(&mut core.address_space().write());
        }
    }

    async fn browse(&self, context: &RequestContext, nodes: &mut [BrowseNode]) -> Result<(), StatusCode> {
        let Some(front) = self.0.get_of_type::<Front>() else { return Ok(()) };
        for node in nodes {
            node.set_status(front.browse_status(context, node));
        }
        Ok(())
    }

    async fn translate_browse_paths_to_node_ids(
        &self,
        _context: &RequestContext,
        _nodes: &mut [&mut opcua::server::node_manager::BrowsePathItem],
    ) -> Result<(), StatusCode> {
        Ok(())
    }
}
