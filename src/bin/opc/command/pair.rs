//! [`Pair`]: a name and a value.

use std::borrow::Cow;

use serde::Serialize;

use crate::output::{Record, Title};

/// A line of `info` and `config`.
#[derive(Serialize)]
pub(super) struct Pair<'a> {
    name: Cow<'static, str>,
    value: Cow<'a, str>,
}

impl<'a> Pair<'a> {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'a, str>>) -> Pair<'a> {
        Pair { name: name.into(), value: value.into() }
    }
}

impl Record for Pair<'_> {
    const FIELDS: &'static [&'static str] = &["name", "value"];
    const TITLES: &'static [Title] = &[Title::Always("Name"), Title::Always("Value")];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        vec![Record::name(self), Record::value(self)]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        self.fields()
    }

    fn name(&self) -> Cow<'_, str> {
        self.name.as_ref().into()
    }

    fn value(&self) -> Cow<'_, str> {
        self.value.as_ref().into()
    }
}
