//! Which [`Convention`] a server follows, by what it says about itself.

use std::fmt;

use super::convention::kepware;
use super::{Convention, ItemIds};

/// Namespace URIs that only one product has; `*` stands for whatever follows.
const NAMESPACES: &[(&str, Convention)] = &[
    (kepware::NAMESPACE, Convention::KepServerEx),
    ("http://www.siemens.com/simatic-s7-opcua", Convention::Siemens),
    ("urn:inductiveautomation:ignition:opcua:*", Convention::Ignition),
    // The wrapper's own types.
    ("http://opcfoundation.org/UA/SDK/COMInterop", Convention::ComWrapper),
];

/// Parts of names, in lower case, that a product or its maker has in `BuildInfo`.
const NAMES: &[(&str, Convention)] = &[
    ("kepserverex", Convention::KepServerEx),
    ("kepware", Convention::KepServerEx),
    ("matrikon", Convention::Matrikon),
    ("rslinx", Convention::RsLinx),
    ("factorytalk", Convention::FactoryTalk),
    ("simatic s7", Convention::Siemens),
    ("inductive automation", Convention::Ignition),
];

/// What was found out about a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recognized {
    pub(crate) convention: Option<Convention>,
    pub(crate) evidence: Vec<String>,
}

/// Looks at the namespace table first, and at names only where that says nothing. Two conventions by the same kind of
/// evidence are none: a server in front of several others, say.
pub(crate) fn recognize(namespaces: &[String], product: &str, vendor: &str) -> Recognized {
    let mut found = Vec::new();
    for uri in namespaces {
        for (known, convention) in NAMESPACES {
            let fits = match known.strip_suffix('*') {
                Some(prefix) => uri.starts_with(prefix),
                None => uri == known,
            };
            if fits {
                found.push((*convention, format!("the server has the namespace `{uri}`")));
            }
        }
    }
    if found.is_empty() {
        for (what, name) in [("product", product), ("manufacturer", vendor)] {
            let lower = name.to_lowercase();
            let fits = NAMES.iter().find(|(known, _)| lower.contains(known));
            found.extend(
                fits.map(|(_, convention)| (*convention, format!("the server's {what} is `{name}`"))),
            );
        }
    }
    let convention = found.first().map(|(convention, _)| *convention);
    let agreed = convention.filter(|first| found.iter().all(|(convention, _)| convention == first));
    let mut evidence: Vec<String> = found
        .into_iter()
        .map(|(convention, why)| if agreed.is_some() { why } else { format!("{convention}: {why}") })
        .collect();
    if evidence.is_empty() {
        evidence.push("no namespace and no product name of the server belongs to a known convention".into());
    }
    Recognized { convention: agreed, evidence }
}

/// How item ids are looked up on a server, and why so; given by [`Client::item_ids`](crate::Client::item_ids).
///
/// Prints as one line: ``automatic, then as KEPServerEX writes them: the server has the namespace `KEPServerEX` ``.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ItemIdsReport {
    /// The rule that the client was opened with.
    pub rule: ItemIds,
    /// The convention recognized since the last connect, under [`ItemIds::Auto`] only. Its candidates come after those
    /// of `Auto`, so it finds more, and never something else.
    pub recognized: Option<Convention>,
    /// What it was recognized by, or why none was; one sentence each.
    pub evidence: Vec<String>,
    /// The server has the method `FindAlias` (Part 17, 9.2), and has not refused it so far.
    pub alias_names: bool,
}

impl fmt::Display for ItemIdsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule.inner() {
            ItemIds::Auto => f.write_str("automatic")?,
            ItemIds::Identifier { namespace_uri } => write!(f, "identifiers in `{namespace_uri}`")?,
            ItemIds::BrowseNames { root, separator } => {
                write!(f, "browse names below `{root}`, separated by `{separator}`")?;
            }
            ItemIds::Aliases(aliases) => write!(f, "{} aliases only", aliases.len())?,
            ItemIds::Convention(convention) => write!(f, "as {convention} writes them, then automatic")?,
            ItemIds::AliasNames => f.write_str("the server's alias names only")?,
            // The innermost rule is none of these.
            ItemIds::AliasesThen(..) => {}
        }
        if let Some(convention) = self.recognized {
            write!(f, ", then as {convention} writes them")?;
        }
        match self.rule.aliases() {
            0 => {}
            count => write!(f, "; {count} aliases before that")?,
        }
        if !self.evidence.is_empty() {
            write!(f, ": {}", self.evidence.join("; "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uris(uris: &[&str]) -> Vec<String> {
        uris.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn namespaces_come_first() {
        let all = [
            ("KEPServerEX", Convention::KepServerEx),
            ("http://www.siemens.com/simatic-s7-opcua", Convention::Siemens),
            ("urn:inductiveautomation:ignition:opcua:tags", Convention::Ignition),
            ("http://opcfoundation.org/UA/SDK/COMInterop", Convention::ComWrapper),
        ];
        for (uri, convention) in all {
            let found = recognize(&uris(&["http://opcfoundation.org/UA/", uri]), "Matrikon", "Matrikon");
            assert_eq!(found.convention, Some(convention));
            assert_eq!(found.evidence, [format!("the server has the namespace `{uri}`")]);
        }
    }

    #[test]
    fn names_are_looked_at_where_namespaces_say_nothing() {
        let all = [
            ("KEPServerEX", "PTC", Convention::KepServerEx),
            ("OPC UA Server", "Kepware Inc.", Convention::KepServerEx),
            ("MatrikonOPC Tunneller", "", Convention::Matrikon),
            ("RSLinx Classic", "Rockwell Automation", Convention::RsLinx),
            ("FactoryTalk Linx Gateway", "Rockwell Automation", Convention::FactoryTalk),
            ("SIMATIC S7-1500", "Siemens AG", Convention::Siemens),
            ("Ignition OPC UA Server", "Inductive Automation", Convention::Ignition),
        ];
        for (product, vendor, convention) in all {
            assert_eq!(recognize(&[], product, vendor).convention, Some(convention), "{product}");
        }
    }

    #[test]
    fn two_conventions_are_none() {
        let found = recognize(&uris(&["KEPServerEX", "http://www.siemens.com/simatic-s7-opcua"]), "", "");
        assert_eq!(found.convention, None);
        assert_eq!(
            found.evidence,
            [
                "KEPServerEX: the server has the namespace `KEPServerEX`",
                "Siemens: the server has the namespace `http://www.siemens.com/simatic-s7-opcua`"
            ]
        );
        assert_eq!(recognize(&[], "RSLinx", "Matrikon").convention, None);
        assert_eq!(recognize(&uris(&["urn:openopc:sim"]), "openopc simulator", "openopc").convention, None);
    }
}
