//! [`Service`]: what a client can ask for.

use std::fmt;

macro_rules! services {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal,)*) => {
        /// A service of OPC UA (Part 4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Service { $($(#[doc = $doc])* $name,)* }

        impl Service {
            /// Every service the simulator tells apart.
            pub const ALL: &'static [Service] = &[$(Service::$name),*];

            /// The service whose request has this number in the binary encoding (Part 6, A.4).
            pub(crate) const fn from_id(id: u16) -> Option<Service> {
                match id { $($id => Some(Service::$name),)* _ => None }
            }
        }
    };
}

services! {
    /// What servers does this one know?
    FindServers = 422,
    /// Where and how can I connect?
    GetEndpoints = 428,
    /// Begins a session.
    CreateSession = 461,
    /// Says who is using a session.
    ActivateSession = 467,
    /// Ends a session.
    CloseSession = 473,
    /// What is connected to this node?
    Browse = 527,
    /// And what else?
    BrowseNext = 533,
    /// `TranslateBrowsePathsToNodeIds`: which node does this path lead to?
    TranslateBrowsePaths = 554,
    /// These nodes will be used often.
    RegisterNodes = 560,
    /// They will be no more.
    UnregisterNodes = 566,
    /// Reads attributes, values above all.
    Read = 631,
    /// Reads the past.
    HistoryRead = 664,
    /// Writes values.
    Write = 673,
    /// Changes the past.
    HistoryUpdate = 700,
    /// Calls methods.
    Call = 712,
    /// Adds items to a subscription.
    CreateMonitoredItems = 751,
    /// Changes them.
    ModifyMonitoredItems = 763,
    /// Turns them on and off.
    SetMonitoringMode = 769,
    /// Ties them together.
    SetTriggering = 775,
    /// Removes items from a subscription. In the log also what goes with a subscription.
    DeleteMonitoredItems = 781,
    /// Begins a subscription.
    CreateSubscription = 787,
    /// Changes one.
    ModifySubscription = 793,
    /// Turns publishing on and off.
    SetPublishingMode = 799,
    /// Waits for changes.
    Publish = 826,
    /// Asks for changes again.
    Republish = 832,
    /// Takes subscriptions along to another session.
    TransferSubscriptions = 841,
    /// Ends subscriptions.
    DeleteSubscriptions = 847,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_number_of_its_own() {
        for service in Service::ALL {
            let ids: Vec<u16> = (0..=u16::MAX).filter(|id| Service::from_id(*id) == Some(*service)).collect();
            assert_eq!(ids.len(), 1, "{service}");
        }
    }
}
