//! Aliases of items (OPC 10000-17).

use std::collections::HashMap;

use super::space::{Key, Space};
use crate::like::Pattern;

/// Another name for items.
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) items: Vec<u32>,
}

/// All of them; the position is the number in [`Key::Alias`].
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    all: Vec<Alias>,
    by_name: HashMap<String, u32>,
    /// The aliases of each item that has any.
    of_items: HashMap<u32, Vec<u32>>,
}

impl Aliases {
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    fn get(&self, index: u32) -> Option<&Alias> {
        self.all.get(usize::try_from(index).ok()?)
    }

    /// Gives an item another name, which other items may have as well.
    pub(super) fn add(&mut self, name: String, item: u32) {
        let index = self.find(&name).unwrap_or_else(|| {
            let index = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.by_name.insert(name.clone(), index);
            self.all.push(Alias { name, items: Vec::new() });
            index
        });
        let known = usize::try_from(index).ok().and_then(|index| self.all.get_mut(index));
        if let Some(alias) = known.filter(|alias| !alias.items.contains(&item)) {
            alias.items.push(item);
            self.of_items.entry(item).or_default().push(index);
        }
    }
}

impl Space {
    /// Every alias with each of its items' ids.
    pub(super) fn alias_pairs(&self) -> Vec<(String, String)> {
        let item = |index: &u32| self.node(*index).map(|node| node.id.to_string());
        let of = |alias: &Alias| -> Vec<(String, String)> {
            let items = alias.items.iter().filter_map(item);
            items.map(|item| (alias.name.clone(), item)).collect()
        };
        self.aliases.all.iter().flat_map(of).collect()
    }

    pub(crate) fn alias(&self, alias: u32) -> Option<&Alias> {
        self.aliases.get(alias)
    }

    pub(crate) fn aliases(&self) -> &[Alias] {
        &self.aliases.all
    }

    /// The aliases that fit a pattern. One without wildcards, as most are, is looked up.
    pub(crate) fn aliases_like(&self, pattern: &Pattern) -> impl Iterator<Item = (u32, &Alias)> {
        let text = pattern.text();
        let one = text.as_deref().and_then(|text| self.aliases.find(text));
        let one = one.and_then(|index| Some((index, self.alias(index)?)));
        let all: &[Alias] = if text.is_some() { &[] } else { self.aliases() };
        let fitting = (0..).zip(all).filter(move |(_, alias)| pattern.matches(&alias.name));
        one.into_iter().chain(fitting)
    }

    /// The aliases of an item.
    pub(crate) fn aliases_of(&self, key: Key) -> impl Iterator<Item = Key> {
        let of = if let Key::Item(item) = key { self.aliases.of_items.get(&item) } else { None };
        of.into_iter().flatten().copied().map(Key::Alias)
    }
}
