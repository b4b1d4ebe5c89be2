//! What the server says it can do with the past (Part 11, 5.4.2; Part 13, 4.2.1).

use opcua::server::address_space::AddressSpace;
use opcua::types::{NodeId, ObjectId, ReferenceTypeId, VariableId, Variant};

use crate::engine::convert;
use crate::history::Aggregate;
use crate::sim::Limits;

/// The value of a property of `HistoryServerCapabilities`, which the engine has all false
/// (async-opcua-server 0.19.0, server.rs:175).
pub(in super::super) fn capability(variable: VariableId, limits: &Limits) -> Option<Variant> {
    use VariableId as V;
    Some(match variable {
        V::HistoryServerCapabilities_MaxReturnDataValues => Variant::from(limits.history_values),
        V::HistoryServerCapabilities_MaxReturnEventValues => Variant::from(limits.history_events),
        V::HistoryServerCapabilities_AccessHistoryDataCapability
        | V::HistoryServerCapabilities_AccessHistoryEventsCapability
        | V::HistoryServerCapabilities_InsertDataCapability
        | V::HistoryServerCapabilities_ReplaceDataCapability
        | V::HistoryServerCapabilities_UpdateDataCapability
        | V::HistoryServerCapabilities_DeleteRawCapability
        | V::HistoryServerCapabilities_DeleteAtTimeCapability
        | V::HistoryServerCapabilities_InsertAnnotationCapability
        | V::HistoryServerCapabilities_ServerTimestampSupported => Variant::from(true),
        V::HistoryServerCapabilities_InsertEventCapability
        | V::HistoryServerCapabilities_ReplaceEventCapability
        | V::HistoryServerCapabilities_UpdateEventCapability
        | V::HistoryServerCapabilities_DeleteEventCapability => Variant::from(false),
        _ => return None,
    })
}

/// Puts every aggregate into both folders that tell clients which there are.
pub(in super::super) fn offer_aggregates(space: &mut AddressSpace) {
    let folders = [
        ObjectId::HistoryServerCapabilities_AggregateFunctions,
        ObjectId::Server_ServerCapabilities_AggregateFunctions,
    ];
    for folder in folders {
        let folder = NodeId::from(folder);
        for aggregate in Aggregate::ALL {
            let function = convert::to_node_id(aggregate.node_id());
            space.insert_reference(&folder, &function, ReferenceTypeId::Organizes);
        }
    }
}
