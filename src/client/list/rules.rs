//! [`Rules`]: what of a tree one pattern wants.

use crate::da::wildcard::Wildcard;
use crate::engine::client::Child;
use crate::{QualifiedName, Tag, TagKind};

use super::options::Pattern;
use super::place::Place;
use super::{EntryKind, ListOptions};

/// One pattern and the options that say how it is meant.
pub(super) struct Rules {
    wildcard: Wildcard,
    /// The namespaces of a browse path's names, where the pattern is one; 0 is any.
    namespaces: Vec<u16>,
    reach: Reach,
    kind: Option<EntryKind>,
    standard: bool,
}

/// How far down a pattern goes.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// As many levels as it has.
    Levels,
    /// As many levels as it has, then everything below.
    Recursive,
    /// Everything, by its whole name.
    Flat,
}

/// What is wanted of the children of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    /// The levels of the pattern that they are compared with: several where names have separators in them.
    levels: Vec<usize>,
    /// All of them.
    children: bool,
    /// All of them and what is below.
    all: bool,
}

impl Rules {
    pub(super) fn new(pattern: &Pattern, options: &ListOptions) -> Rules {
        let reach = match (options.flat, options.recursive) {
            (true, _) => Reach::Flat,
            (false, true) => Reach::Recursive,
            (false, false) => Reach::Levels,
        };
        let deep = (reach != Reach::Levels).then_some(EntryKind::Leaf);
        let case = options.case_sensitive;
        let (names, wildcard) = match pattern {
            Pattern::Path(names) => (names.clone(), None),
            Pattern::Text(text) => match path(text) {
                Some(names) => (names, None),
                None => (Vec::new(), Some(Wildcard::new(text, case))),
            },
        };
        let literal = || Wildcard::literal(names.iter().map(|name| name.name.as_str()), case);
        let wildcard = wildcard.unwrap_or_else(literal);
        Rules {
            wildcard,
            namespaces: names.iter().map(|name| name.namespace).collect(),
            reach,
            kind: options.kind.or(deep),
            standard: options.standard,
        }
    }

    /// What is wanted of the children of the Objects folder.
    pub(super) fn start(&self) -> Wanted {
        match self.reach {
            Reach::Flat => Wanted { all: true, ..Wanted::default() },
            _ => Wanted { levels: vec![0], ..Wanted::default() },
        }
    }

    /// Whether a child is to be shown, and what is wanted of its own children.
    pub(super) fn child(&self, place: &Place, child: &Child) -> (bool, Option<Wanted>) {
        if place.is_root() && self.hides(child) {
            return (false, None);
        }
        let wanted = &place.wanted;
        let mut shown = wanted.children;
        let mut next = Wanted::default();
        if wanted.all {
            next.all = true;
            shown |= self.reach != Reach::Flat || self.is_named(place, child);
        }
        let in_namespace = |level: &&usize| {
            let namespace = self.namespaces.get(**level).copied().unwrap_or(0);
            namespace == 0 || namespace == child.name.namespace
        };
        for level in wanted.levels.iter().filter(in_namespace) {
            for count in self.wildcard.spans(*level, &child.name.name) {
                if level + count < self.wildcard.levels() {
                    next.levels.push(level + count);
                } else if self.reach == Reach::Recursive {
                    shown = true;
                    next.all = true;
                } else if self.wildcard.is_literal() && !child.is_variable {
                    next.children = true;
                } else {
                    shown = true;
                }
            }
        }
        next.levels.sort_unstable();
        next.levels.dedup();
        let fits = self.kind.is_none_or(|kind| kind == EntryKind::of(child));
        (shown && fits, (next != Wanted::default()).then_some(next))
    }

    /// The standard's own objects beside the server's items: `Server`, `Aliases`, `Locations`.
    fn hides(&self, child: &Child) -> bool {
        child.node.namespace == 0 && !self.standard && !self.wildcard.begins_with(&child.name.name)
    }

    fn is_named(&self, place: &Place, child: &Child) -> bool {
        self.wildcard.matches(&super::entry::item_id(&child.node))
            || self.wildcard.matches(&place.dotted(child))
    }
}

/// The names of `/2:Plant/2:Boiler`. Without any index, and without a `&` that takes the meaning from a character, it may
/// as well be a pattern that begins with a separator.
fn path(text: &str) -> Option<Vec<QualifiedName>> {
    let tag = Tag::parse(text).ok().filter(|tag| tag.range().is_none())?;
    match tag.kind() {
        TagKind::Path(names) if text.contains('&') || names.iter().any(|name| name.namespace != 0) => {
            Some(names.to_vec())
        }
        _ => None,
    }
}
