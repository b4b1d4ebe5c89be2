//! [`Aliases`]: other names for tags, and the files they are kept in.

#[cfg(feature = "aliases")]
mod csv;
#[cfg(feature = "aliases")]
mod file;
#[cfg(test)]
#[cfg(feature = "aliases")]
mod tests;
#[cfg(feature = "aliases")]
mod toml;

use std::collections::BTreeMap;

use super::ItemIds;
use crate::Tag;

/// Other names for tags: the ids a program has always used, and where they are found today.
///
/// With the feature `aliases` they are kept in files, see `load`.
///
/// ```
/// use openopc::Tag;
/// use openopc::da::{Aliases, ItemIds};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let mut aliases = Aliases::default();
/// aliases.insert("Line1.Speed", Tag::item("Random.Int4"));
/// let opc = openopc::Client::builder("sim:").item_ids(aliases.then(ItemIds::Auto)).open().await?;
/// let reading = opc.read("Line1.Speed").await?;
/// # opc.close().await
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aliases {
    tags: BTreeMap<String, Tag>,
    skipped: Vec<String>,
}

impl Aliases {
    /// Adds an alias, and gives back what it stood for before.
    pub fn insert(&mut self, alias: impl Into<String>, tag: Tag) -> Option<Tag> {
        self.tags.insert(alias.into(), tag)
    }

    /// What an alias stands for.
    pub fn get(&self, alias: &str) -> Option<&Tag> {
        self.tags.get(alias)
    }

    /// All of them, in alphabetical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tag)> {
        self.tags.iter().map(|(alias, tag)| (alias.as_str(), tag))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// The aliases of a file that were left out because they are more than another name, one sentence each:
    /// ``line 7: `North.Level` is scaled``.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// These aliases, and `rest` for every other item id: [`ItemIds::AliasesThen`].
    pub fn then(self, rest: ItemIds) -> ItemIds {
        ItemIds::AliasesThen(self.tags, Box::new(rest))
    }
}

impl From<Aliases> for BTreeMap<String, Tag> {
    fn from(aliases: Aliases) -> BTreeMap<String, Tag> {
        aliases.tags
    }
}

impl From<BTreeMap<String, Tag>> for Aliases {
    fn from(tags: BTreeMap<String, Tag>) -> Aliases {
        Aliases { tags, skipped: Vec::new() }
    }
}

impl FromIterator<(String, Tag)> for Aliases {
    fn from_iter<T: IntoIterator<Item = (String, Tag)>>(aliases: T) -> Aliases {
        Aliases::from(aliases.into_iter().collect::<BTreeMap<_, _>>())
    }
}
