//! [`IntoTag`]: what can stand where a tag is expected.

use super::{ParseTagError, Tag};
use crate::Reading;
use crate::da::ItemId;
use crate::value::NodeId;

/// What can be passed where a tag is expected: a [`Tag`] or the result of parsing one, text, `(namespace, id)`, a [`NodeId`], a [`Reading`], an
/// [`ItemId`] or an entry of a listing. Text is parsed, see [`Tag::parse`]; an [`ItemId`] is not.
///
/// Sealed: the list may grow, but only here.
pub trait IntoTag: sealed::Sealed {
    #[doc(hidden)]
    fn into_tag(self) -> Result<Tag, ParseTagError>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! into_tag {
    ($($ty:ty: |$value:pat_param| $tag:expr),* $(,)?) => {$(
        impl sealed::Sealed for $ty {}
        impl IntoTag for $ty {
            fn into_tag(self) -> Result<Tag, ParseTagError> {
                let $value = self;
                $tag
            }
        }
    )*};
}

into_tag! {
    Tag: |tag| Ok(tag),
    &Tag: |tag| Ok(tag.clone()),
    &str: |text| Tag::parse(text),
    &&str: |text| Tag::parse(*text),
    String: |text| Tag::parse(text),
    &String: |text| Tag::parse(text.as_str()),
    (u16, u32): |(namespace, id)| Ok(Tag::numeric(namespace, id)),
    (u16, &str): |(namespace, id)| Ok(Tag::string(namespace, id)),
    (u16, String): |(namespace, id)| Ok(Tag::string(namespace, id)),
    Result<Tag, ParseTagError>: |tag| tag,
    NodeId: |id| Ok(Tag::node(id)),
    &NodeId: |id| Ok(Tag::node(id.clone())),
    Reading: |reading| Ok(reading.tag),
    &Reading: |reading| Ok(reading.tag.clone()),
    ItemId: |id| Ok(Tag::item(id.as_str())),
    &ItemId: |id| Ok(Tag::item(id.as_str())),
}

#[cfg(feature = "client")]
into_tag! {
    crate::Entry: |entry| Ok(entry.tag),
    &crate::Entry: |entry| Ok(entry.tag.clone()),
}
