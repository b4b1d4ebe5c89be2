//! [`ItemIds`]: how item ids become nodes.

use std::collections::BTreeMap;

use crate::Tag;

/// How item ids become nodes on a server.
///
/// Tags of the other kinds (`ns=2;s=…`, `nsu=…`, `/2:Plant/…`) say themselves what they mean; this rule is for
/// plain item ids only.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum ItemIds {
    /// The string identifier in every namespace of the server, then browse names under the Objects folder.
    /// More than one hit at the same step is an error that lists the candidates.
    #[default]
    Auto,
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
