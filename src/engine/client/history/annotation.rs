//! Annotations, which are values of a structure of the standard's (Part 11, 6.6.6).

use chrono::{DateTime, Utc};
use opcua::types::{Annotation, ExtensionObject, Variant};

use crate::Value;
use crate::engine::convert;

/// What somebody wrote.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    pub(crate) message: String,
    pub(crate) user: Option<String>,
    pub(crate) written: Option<DateTime<Utc>>,
}

/// The annotations of a value of the property `Annotations`: one, or some servers' several.
pub(crate) fn notes(value: &Value) -> Option<Vec<Note>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Opaque(opaque) => match opaque.variant() {
            Variant::ExtensionObject(object) => {
                object.inner_as::<Annotation>().map(|annotation| vec![note(annotation.clone())])
            }
            _ => None,
        },
        Value::Array(array) => {
            let notes: Option<Vec<Vec<Note>>> = array.iter().map(|value| notes(&value)).collect();
            notes.map(|notes| notes.into_iter().flatten().collect())
        }
        _ => None,
    }
}

fn note(annotation: Annotation) -> Note {
    Note {
        message: annotation.message.into(),
        user: (!annotation.user_name.is_empty()).then(|| annotation.user_name.into()),
        written: convert::from_timestamp(Some(annotation.annotation_time)),
    }
}

/// As the server wants it.
pub(super) fn to_variant(note: Note) -> Variant {
    let annotation = Annotation {
        message: note.message.into(),
        user_name: note.user.map_or_else(opcua::types::UAString::null, Into::into),
        annotation_time: note.written.map_or_else(opcua::types::DateTime::null, convert::to_date_time),
    };
    Variant::ExtensionObject(ExtensionObject::from_message(annotation))
}
