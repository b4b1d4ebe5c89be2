//! [`ItemIds`]: how item ids become nodes.

use std::collections::BTreeMap;

use super::Convention;
use crate::Tag;

/// How item ids become nodes on a server.
///
/// Tags of the other kinds (`ns=2;s=…`, `nsu=…`, `/2:Plant/…`) say themselves what they mean; this rule is for
/// plain item ids only.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum ItemIds {
    /// In this order:
    ///
    /// 1. the string identifier in every namespace of the server,
    /// 2. browse names under the Objects folder, separated by `.`,
    /// 3. what the [`Convention`] adds that the server was recognized by after connecting, where there is one,
    /// 4. the server's own alias names (Part 17), where it has a method to ask for them.
    ///
    /// More than one hit at the same step is an error that lists the candidates. Later steps never change what an earlier
    /// one finds. [`Client::item_ids`](crate::Client::item_ids) tells what was recognized.
    #[default]
    Auto,
    /// As a product writes them; what that does not find, as [`Auto`](ItemIds::Auto).
    Convention(Convention),
    /// Only what the server's `FindAlias` method knows (Part 17, 6.3.2). An alias of several nodes is an error that lists
    /// them.
    AliasNames,
    /// The item id is the string identifier in this namespace (KEPServerEX, COM wrappers).
    Identifier {
        /// The URI of the namespace.
        namespace_uri: String,
    },
    /// The item id's segments are browse names below `root`, in any namespace.
    BrowseNames {
        /// Where the first segment is looked up.
        root: Tag,
        /// What separates segments: `.` in most DA servers.
        separator: char,
    },
    /// Only what is written down. An alias may point to any tag, but not to another alias.
    Aliases(BTreeMap<String, Tag>),
    /// What is written down first, the inner rule for the rest.
    AliasesThen(BTreeMap<String, Tag>, Box<ItemIds>),
}

impl ItemIds {
    /// Item ids of KEPServerEX: [`Convention::KepServerEx`].
    pub fn kepware() -> ItemIds {
        ItemIds::Convention(Convention::KepServerEx)
    }

    /// Item ids of Matrikon's servers: [`Convention::Matrikon`].
    pub fn matrikon() -> ItemIds {
        ItemIds::Convention(Convention::Matrikon)
    }

    /// Item ids of RSLinx Classic: [`Convention::RsLinx`].
    pub fn rslinx() -> ItemIds {
        ItemIds::Convention(Convention::RsLinx)
    }

    /// Item ids of FactoryTalk Linx: [`Convention::FactoryTalk`].
    pub fn factory_talk() -> ItemIds {
        ItemIds::Convention(Convention::FactoryTalk)
    }

    /// Item ids of Siemens S7 controllers: [`Convention::Siemens`].
    pub fn siemens() -> ItemIds {
        ItemIds::Convention(Convention::Siemens)
    }

    /// Item ids of Ignition: [`Convention::Ignition`].
    pub fn ignition() -> ItemIds {
        ItemIds::Convention(Convention::Ignition)
    }

    /// The rule for what is no alias.
    #[cfg(feature = "client")]
    pub(crate) fn inner(&self) -> &ItemIds {
        match self {
            ItemIds::AliasesThen(_, rest) => rest.inner(),
            rule => rule,
        }
    }

    /// How many aliases come before the inner rule.
    #[cfg(feature = "client")]
    pub(crate) fn aliases(&self) -> usize {
        match self {
            ItemIds::AliasesThen(aliases, rest) => aliases.len() + rest.aliases(),
            _ => 0,
        }
    }
}
