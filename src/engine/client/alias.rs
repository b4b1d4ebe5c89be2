//! The methods of Alias Names (OPC 10000-17).

use opcua::client::UARequest;
use opcua::client::services::Call;
use opcua::types::{
    AliasNameDataType, CallMethodRequest, CallMethodResult, MethodId, NodeId, ObjectId, ReferenceTypeId,
    Variant,
};

use super::call::call;
use super::{Failure, Link};
use crate::engine::convert;
use crate::status::code;
use crate::{ExpandedNodeId, Status};

/// An alias and the nodes it stands for.
pub(crate) type Alias = (String, Vec<ExpandedNodeId>);

impl Link {
    /// `FindAlias` of the server's `Aliases` object (Part 17, 6.3.2 and 9.2), one call of the method for each pattern, all in
    /// one request. Every alias that fits, or the status with which the server refused.
    pub(crate) async fn find_alias(
        &self,
        patterns: &[String],
    ) -> Result<Vec<Result<Vec<Alias>, Status>>, Failure> {
        let calls = patterns.iter().map(|pattern| CallMethodRequest {
            object_id: ObjectId::Aliases.into(),
            method_id: MethodId::Aliases_FindAlias.into(),
            input_arguments: Some(vec![
                Variant::from(pattern.as_str()),
                Variant::from(NodeId::from(ReferenceTypeId::AliasFor)),
            ]),
        });
        let results = self.call_methods(calls.collect()).await?;
        Ok(results.into_iter().map(aliases).collect())
    }

    /// Call (Part 4, 5.12.2). One result per method, in order.
    async fn call_methods(&self, methods: Vec<CallMethodRequest>) -> Result<Vec<CallMethodResult>, Failure> {
        let expected = methods.len();
        let request = Call::new(&self.session).methods_to_call(methods).timeout(self.timeout);
        let response = call("Call", expected, request.send(self.session.channel())).await?;
        let results = response.results.unwrap_or_default();
        if results.len() != expected {
            return Err(Failure::wrong_count(expected, results.len()));
        }
        Ok(results)
    }
}

fn aliases(result: CallMethodResult) -> Result<Vec<Alias>, Status> {
    if result.status_code.is_bad() {
        return Err(Status::from_bits(result.status_code.bits()));
    }
    let found = match result.output_arguments.unwrap_or_default().into_iter().next() {
        Some(Variant::Array(array)) => array.values,
        // An empty list may come as null.
        Some(Variant::Empty) => Vec::new(),
        Some(one) => vec![one],
        None => return Err(code::BAD_UNKNOWN_RESPONSE),
    };
    found.into_iter().map(alias).collect::<Option<_>>().ok_or(code::BAD_UNKNOWN_RESPONSE)
}

fn alias(value: Variant) -> Option<Alias> {
    let Variant::ExtensionObject(object) = value else { return None };
    let alias: AliasNameDataType = *object.into_inner_as()?;
    let nodes = alias.referenced_nodes.unwrap_or_default();
    let nodes = nodes.into_iter().filter_map(|node| convert::from_expanded_node_id(node).ok()).collect();
    Some((convert::from_qualified_name(alias.alias_name).name, nodes))
}
