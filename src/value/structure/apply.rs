//! Setting what a Rust value sets of a structure, and nothing else.

use std::sync::Arc;

use super::{Definition, Kind, Layout, Slot, Structure, Types, wire};
use crate::value::{Array, ConvertError, ConvertReason, DataType, Draft, Value};

/// Deeper than any structure is; a definition that contains itself ends here.
const MAX_DEPTH: usize = 32;

impl Structure {
    /// Sets what the draft holds; what it does not hold stays as it is.
    pub(crate) fn apply(&mut self, draft: Draft) -> Result<(), ConvertError> {
        let Draft::Fields(fields) = draft else {
            let name = self.type_name().to_owned();
            return match draft {
                Draft::Nothing => Ok(()),
                Draft::Value(Value::Structure(other)) if other.type_id() == self.type_id() => {
                    *self = other;
                    Ok(())
                }
                other => {
                    let from = other.typed(None).map_or_else(|_| "a list".into(), |value| value.type_text());
                    Err(ConvertError::between(from, name, ConvertReason::WrongType, ""))
                }
            };
        };
        for (name, draft) in fields {
            if draft != Draft::Nothing {
                self.apply_field(&name, draft)?;
            }
        }
        Ok(())
    }

    fn apply_field(&mut self, name: &str, draft: Draft) -> Result<(), ConvertError> {
        let index = self.index(name).ok_or_else(|| ConvertError::missing(name))?;
        let Some(field) = self.0.definition.fields.get(index) else { return Ok(()) };
        let value = match &field.kind {
            // What is a structure on both sides keeps what is not set.
            kind if has_fields(&draft) => {
                let fresh = match kind {
                    Kind::Structure(id) => self.types().definition(id).cloned(),
                    Kind::BuiltIn(_) => None,
                };
                applied(self.get(name), draft, fresh.map(|fresh| (fresh, self.types().clone())))
            }
            kind => draft.typed(Some(kind.data_type())),
        };
        let value = value.map_err(|error| error.in_field(name))?;
        self.set_at(index, value).map_err(|error| error.in_field(name))
    }

    /// Everything zero, empty or not there. `None` where the definition has no end.
    fn blank(definition: &Arc<Definition>, types: &Arc<Types>, depth: usize) -> Option<Structure> {
        let fields = definition.fields.iter().map(|field| {
            if field.optional || definition.layout == Layout::Union {
                return Some(None);
            }
            let value = match &field.kind {
                _ if field.rank > 0 => Value::Null,
                Kind::Structure(id) if depth < MAX_DEPTH => {
                    Value::Structure(Structure::blank(types.definition(id)?, types, depth + 1)?)
                }
                Kind::Structure(_) => return None,
                Kind::BuiltIn(data_type) => wire::zero(*data_type),
            };
            let (value, bytes) = wire::field(field, types, value).ok()?;
            Some(Some(Slot { value, bytes: bytes.into() }))
        });
        Some(Structure::new(definition.clone(), types.clone(), fields.collect::<Option<_>>()?))
    }
}

/// The draft names fields, so that it is a structure or several.
pub(crate) fn has_fields(draft: &Draft) -> bool {
    match draft {
        Draft::Fields(_) => true,
        Draft::List(items) => items.iter().any(has_fields),
        _ => false,
    }
}

/// The value with what the draft sets: a structure, or an array of them. What is not there yet begins as a blank of
/// `fresh`.
pub(crate) fn applied(
    current: Option<&Value>,
    draft: Draft,
    fresh: Option<(Arc<Definition>, Arc<Types>)>,
) -> Result<Value, ConvertError> {
    if let Draft::List(items) = draft {
        let array = current.and_then(Value::as_array).filter(|array| array.dimensions().len() == 1);
        // A longer array has more of the same.
        let first = array.and_then(|array| match array.get(0)? {
            Value::Structure(structure) => Some((structure.definition().clone(), structure.types().clone())),
            _ => None,
        });
        let fresh = fresh.or(first);
        let item = |(index, item): (usize, Draft)| {
            let current = array.and_then(|array| array.get(index));
            applied(current.as_ref(), item, fresh.clone()).map_err(|error| error.at(index))
        };
        let values = items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?;
        return Array::new(DataType::Structure, values).map(Value::Array);
    }
    let blank = || Structure::blank(&fresh.as_ref()?.0, &fresh.as_ref()?.1, 0);
    let structure = match current {
        Some(Value::Structure(structure)) => Some(structure.clone()),
        Some(Value::Array(_)) => None,
        _ => blank(),
    };
    if let Some(mut structure) = structure {
        structure.apply(draft)?;
        return Ok(Value::Structure(structure));
    }
    let to = current.map_or_else(|| "Structure".to_owned(), Value::type_text);
    Err(ConvertError::between("a struct", to, ConvertReason::WrongType, "its fields are not known"))
}
