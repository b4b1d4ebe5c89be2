//! [`ListOptions`] and [`Patterns`].

use std::time::Duration;

use crate::da::Access;
use crate::{QualifiedName, Tag, TagKind};

use super::{Entry, EntryKind};

/// Choices for [`Client::list_with`](crate::Client::list_with) and [`Client::list_stream`](crate::Client::list_stream).
///
/// ```
/// use openopc::{EntryKind, ListOptions, da::Access};
///
/// let leaves = ListOptions::new().recursive(true).access(Access::WRITE).limit(100);
/// let branches = ListOptions::new().recursive(true).kind(EntryKind::Branch);
/// # let _ = (leaves, branches);
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, and nobody sees them")]
pub struct ListOptions {
    pub(super) recursive: bool,
    pub(super) flat: bool,
    pub(super) kind: Option<EntryKind>,
    pub(super) access: Option<Access>,
    pub(super) with_access: bool,
    pub(super) limit: Option<usize>,
    pub(super) standard: bool,
    pub(super) case_sensitive: bool,
    pub(super) patience: Duration,
}

impl Default for ListOptions {
    fn default() -> ListOptions {
        ListOptions {
            recursive: false,
            flat: false,
            kind: None,
            access: None,
            with_access: false,
            limit: None,
            standard: false,
            case_sensitive: false,
            patience: Duration::from_secs(60),
        }
    }
}

impl ListOptions {
    /// What [`Client::list`](crate::Client::list) does.
    pub fn new() -> ListOptions {
        ListOptions::default()
    }

    /// All leaves that match, and all below branches and leaves that match, however deep. Default `false`.
    #[must_use]
    pub fn recursive(mut self, yes: bool) -> Self {
        self.recursive = yes;
        self
    }

    /// The pattern is for the whole item id, or for the whole path with dots between its names, and `*` takes dots too:
    /// `*.Real4` is every leaf called so. The whole tree is looked through. Default `false`.
    #[must_use]
    pub fn flat(mut self, yes: bool) -> Self {
        self.flat = yes;
        self
    }

    /// Only branches, or only leaves. Default: both; only leaves in a listing that is recursive or flat.
    #[must_use]
    pub fn kind(mut self, kind: EntryKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only leaves that allow this user at least so much, as in OPC DA; branches are not concerned. The access of every
    /// leaf is read from the server, many at a time.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// Reads the access of every leaf, for [`Entry::access`](crate::Entry::access). Default `false`, unless
    /// [`access`](Self::access) is asked for.
    #[must_use]
    pub fn with_access(mut self, yes: bool) -> Self {
        self.with_access = yes;
        self
    }

    /// At most so many entries. The rest of the tree is not browsed.
    #[must_use]
    pub fn limit(mut self, entries: usize) -> Self {
        self.limit = Some(entries);
        self
    }

    /// Also what the standard puts beside a server's items: `Server`, `Aliases`, `Locations`. Without this a pattern sees
    /// them only where it begins with their name: `Server.ServerStatus.*`. Default `false`.
    #[must_use]
    pub fn standard(mut self, yes: bool) -> Self {
        self.standard = yes;
        self
    }

    /// Tells upper and lower case apart. Default `false`, as in OpenOPC.
    #[must_use]
    pub fn case_sensitive(mut self, yes: bool) -> Self {
        self.case_sensitive = yes;
        self
    }

    /// How long a listing that has begun waits for a lost connection, or tries again where answers time out, before it
    /// fails. Default 60 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// One pattern or several, for [`Client::list`](crate::Client::list): text, or an array, a slice or a vector of texts; or an
/// [`Entry`](crate::Entry), whose path it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(pub(super) Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Text(String),
    /// The way to an entry: no character in its names means another.
    Path(Vec<QualifiedName>),
}

impl Pattern {
    pub(super) fn text(text: impl Into<String>) -> Pattern {
        Pattern::Text(text.into())
    }
}

macro_rules! one {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Patterns {
            fn from(pattern: $ty) -> Patterns {
                Patterns(vec![Pattern::text(pattern)])
            }
        }
    )*};
}

one!(&str, String, &String);

/// What is in a branch that was listed, or the leaf itself.
impl From<&Entry> for Patterns {
    fn from(entry: &Entry) -> Patterns {
        let path = Tag::parse(&entry.path).ok();
        Patterns(vec![match path.as_ref().map(Tag::kind) {
            Some(TagKind::Path(names)) => Pattern::Path(names.to_vec()),
            // A name that is empty.
            _ => Pattern::text(&entry.path),
        }])
    }
}

impl<T: Into<String>> From<Vec<T>> for Patterns {
    fn from(patterns: Vec<T>) -> Patterns {
        patterns.into_iter().collect()
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Patterns {
    fn from(patterns: [T; N]) -> Patterns {
        patterns.into_iter().collect()
    }
}

impl<T: Clone + Into<String>> From<&[T]> for Patterns {
    fn from(patterns: &[T]) -> Patterns {
        patterns.iter().cloned().collect()
    }
}

impl<T: Clone + Into<String>> From<&Vec<T>> for Patterns {
    fn from(patterns: &Vec<T>) -> Patterns {
        patterns.iter().cloned().collect()
    }
}

impl<T: Clone + Into<String>, const N: usize> From<&[T; N]> for Patterns {
    fn from(patterns: &[T; N]) -> Patterns {
        patterns.iter().cloned().collect()
    }
}

impl<T: Into<String>> FromIterator<T> for Patterns {
    fn from_iter<I: IntoIterator<Item = T>>(patterns: I) -> Patterns {
        Patterns(patterns.into_iter().map(Pattern::text).collect())
    }
}
