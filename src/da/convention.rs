//! [`Convention`]: how a product writes item ids, and which nodes such an id can stand for.
//!
//! Everything here is a pure function of the item id. What is asked of the server, and what several answers mean, is
//! decided where tags are resolved.

mod com;
mod ignition;
pub(super) mod kepware;
mod matrikon;
mod rockwell;
mod siemens;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::NodeId;

/// How a product writes item ids.
///
/// | convention | item ids | nodes they stand for, in this order |
/// | --- | --- | --- |
/// | `KepServerEx` | `Channel1.Device1.Tag1`, `_System._Time`, `Channel1.Device1.K0001@Long` | the id as string identifier in the namespace `KEPServerEX`; then without the type behind `@` |
/// | `Matrikon` | `Random.Int4`, `.Alias`, `Simulation Items.Random.Int4` | the id; without the browse root; with and without the dot of a root alias |
/// | `RsLinx` | `[TOPIC]Tag`, `[TOPIC]PROGRAM:Main.Tag`, `[TOPIC]Tag[10],L5` | the id, `::[TOPIC]Tag`, `TOPIC.Tag`; then as `Rockwell` |
/// | `FactoryTalk` | `::[TOPIC]PROGRAM:Main.Tag` | the id, `[TOPIC]…`, `TOPIC.…`; then as `Rockwell` |
/// | `Rockwell` | `Tag[10]`, `Tag[1,2]`, `Tag[10],L5` | the element's own node; then the array's, of which only the element or the block is read |
/// | `Siemens` | `DB.x`, `"DB"."x"`, `DB.arr[3]` | the id; its segments with quotes; without quotes |
/// | `Ignition` | `[Device]Folder/Tag`, `Device.Folder.Tag` | the id; with `/` between folders and brackets around the device |
/// | `ComWrapper` | `Random.Int4` | the identifier that the OPC Foundation's wrapper makes of it, `0:Random.Int4`; the id |
/// | `ComProxy` | `ns-4;i-10`, `ns*4;i*10` | the node id it was made from (Part 8, A.4.2.3, and the OPC Foundation's sample code) |
///
/// Where the table names no namespace, the identifier is looked for in every one. The first in the order that is one node
/// wins; two nodes with the same identifier in two namespaces are an error that lists both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Convention {
    /// KEPServerEX.
    KepServerEx,
    /// Matrikon's servers.
    Matrikon,
    /// RSLinx Classic.
    RsLinx,
    /// FactoryTalk Linx.
    FactoryTalk,
    /// Logix arrays, by whatever server.
    Rockwell,
    /// Siemens S7-1200 and S7-1500.
    Siemens,
    /// Ignition.
    Ignition,
    /// The OPC Foundation's COM UA wrapper: a UA server in front of a DA server.
    ComWrapper,
    /// The OPC Foundation's COM UA proxy: a DA server in front of a UA server, whose item ids somebody kept.
    ComProxy,
}

impl Convention {
    /// Every convention there is.
    pub const ALL: &'static [Convention] = &[
        Convention::KepServerEx,
        Convention::Matrikon,
        Convention::RsLinx,
        Convention::FactoryTalk,
        Convention::Rockwell,
        Convention::Siemens,
        Convention::Ignition,
        Convention::ComWrapper,
        Convention::ComProxy,
    ];

    /// The nodes an item id can stand for, the likeliest first, none of them twice.
    #[cfg_attr(not(feature = "client"), allow(dead_code, reason = "only a client looks for nodes"))]
    pub(crate) fn candidates(self, item: &str) -> Vec<Candidate> {
        let mut all = match self {
            Convention::KepServerEx => kepware::candidates(item),
            Convention::Matrikon => matrikon::candidates(item),
            Convention::RsLinx => rockwell::rslinx(item),
            Convention::FactoryTalk => rockwell::factory_talk(item),
            Convention::Rockwell => rockwell::arrays(vec![item.to_owned()]),
            Convention::Siemens => siemens::candidates(item),
            Convention::Ignition => ignition::candidates(item),
            Convention::ComWrapper => com::wrapper(item),
            Convention::ComProxy => com::proxy(item),
        };
        let mut seen = Vec::with_capacity(all.len());
        all.retain(|candidate| {
            let new = !seen.contains(candidate);
            if new {
                seen.push(candidate.clone());
            }
            new
        });
        all
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Convention::KepServerEx => "KEPServerEX",
            Convention::Matrikon => "Matrikon",
            Convention::RsLinx => "RSLinx",
            Convention::FactoryTalk => "FactoryTalk",
            Convention::Rockwell => "Rockwell arrays",
            Convention::Siemens => "Siemens",
            Convention::Ignition => "Ignition",
            Convention::ComWrapper => "COM UA wrapper",
            Convention::ComProxy => "COM UA proxy",
        })
    }
}

/// A node that an item id can stand for, or one in each namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) place: Place,
    /// The part of the node's array that is meant.
    pub(crate) range: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// This string identifier, in whatever namespace.
    Anywhere(String),
    /// This string identifier in the namespace with this URI.
    In { uri: &'static str, id: String },
    /// This node.
    Node(NodeId),
}

impl Candidate {
    pub(crate) fn anywhere(id: impl Into<String>) -> Candidate {
        Candidate { place: Place::Anywhere(id.into()), range: None }
    }
}
