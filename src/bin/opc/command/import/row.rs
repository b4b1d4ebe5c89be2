//! One item's line of output.

use std::borrow::Cow;

use openopc::Tag;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::look::Outcome;
use crate::input::Named;
use crate::output::{Record, Title, Tone};

pub(super) struct Row<'a> {
    pub(super) item: &'a Named,
    pub(super) outcome: &'a Outcome,
}

impl Row<'_> {
    fn node(&self) -> Option<&Tag> {
        match self.outcome {
            Outcome::Placed(location) => Some(&location.node),
            _ => None,
        }
    }

    fn how(&self) -> Option<String> {
        match self.outcome {
            Outcome::Placed(location) => Some(location.found_by.to_string()),
            _ => None,
        }
    }

    fn candidates(&self) -> Vec<&Tag> {
        match self.outcome {
            Outcome::Placed(_) => Vec::new(),
            Outcome::Several(tags) => tags.iter().collect(),
            Outcome::Nothing { nearest, .. } => nearest.iter().map(|near| &near.tag).collect(),
        }
    }

    fn listed(&self) -> String {
        let tags: Vec<&str> = self.candidates().into_iter().map(Tag::as_str).collect();
        tags.join(" | ")
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tag", &self.item.id)?;
        map.serialize_entry("node", &self.node())?;
        map.serialize_entry("how", &self.how())?;
        map.serialize_entry("candidates", &self.candidates())?;
        if let Some(error) = self.error() {
            map.serialize_entry("error", &error)?;
        }
        map.end()
    }
}

impl Record for Row<'_> {
    const FIELDS: &'static [&'static str] = &["tag", "node", "how", "candidates", "error"];
    const TITLES: &'static [Title] = &[
        Title::Always("Tag"),
        Title::Always("Node"),
        Title::IfAny("Found by"),
        Title::IfAny("Error"),
        Title::IfAny("Candidates"),
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        vec![
            self.item.id.as_str().into(),
            self.value(),
            self.how().unwrap_or_default().into(),
            self.listed().into(),
            self.error().unwrap_or_default().into(),
        ]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        vec![
            self.item.id.as_str().into(),
            self.value(),
            self.how().unwrap_or_default().into(),
            self.error().unwrap_or_default().into(),
            self.listed().into(),
        ]
    }

    fn name(&self) -> Cow<'_, str> {
        self.item.id.as_str().into()
    }

    fn value(&self) -> Cow<'_, str> {
        self.node().map(Tag::as_str).unwrap_or_default().into()
    }

    fn error(&self) -> Option<String> {
        match self.outcome {
            Outcome::Placed(_) => None,
            Outcome::Several(tags) => Some(format!("it could be {} nodes", tags.len())),
            Outcome::Nothing { error, .. } => Some(error.clone()),
        }
    }

    fn tone(&self) -> Tone {
        if self.outcome.is_placed() { Tone::Plain } else { Tone::Bad }
    }
}
