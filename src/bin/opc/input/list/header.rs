//! Which column of a list is what.

use std::num::NonZeroUsize;

use super::{Broken, PATH, Reading, SCALING, records};

/// What the column of the ids is called, in lower case and without spaces, the surest first.
const IDS: [&str; 13] = [
    "itemid",
    "opcitemid",
    "opcitem",
    "opctag",
    "opcitempath",
    "itemname",
    "itempath",
    "item",
    "tagname",
    "tag",
    "opcaddress",
    "name",
    "id",
];

/// Names that make a header even of a single column, as no item is called so.
const SURE: [&str; 5] = ["itemid", "opcitemid", "opcitem", "tagname", "aliasname"];

/// What the column is called that has other names for what is in one of the [`TARGETS`].
const ALIASES: [&str; 4] = ["alias", "aliasname", "oldid", "old"];
const TARGETS: [&str; 11] =
    ["itemid", "opcitemid", "itempath", "nodeid", "node", "newid", "new", "target", "path", "item", "tag"];

/// Where a tag export has the address in the device, which is no item id.
const ADDRESS: &str = "address";

/// Which column is what, from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    id: usize,
    target: Option<usize>,
    kepware: bool,
}

impl Columns {
    /// Of a list without a header.
    pub(super) fn plain(column: Option<NonZeroUsize>) -> Columns {
        Columns { id: column.map_or(0, |column| column.get() - 1), target: None, kepware: false }
    }

    pub(super) fn is_kepware(&self) -> bool {
        self.kepware
    }

    /// The columns, if these fields are their names. `column` is where somebody says that the ids are.
    fn of(fields: &[String], column: Option<NonZeroUsize>) -> Option<Columns> {
        let names: Vec<String> =
            fields.iter().map(|field| field.to_lowercase().replace([' ', '_', '-'], "")).collect();
        let find =
            |known: &[&str]| known.iter().find_map(|name| names.iter().position(|field| field == name));
        let alias = find(&ALIASES);
        let first = find(&IDS).or(alias)?;
        let sure = names.len() > 1 || SURE.iter().any(|name| names.iter().any(|field| field == name));
        if !sure {
            return None;
        }
        if column.is_some() {
            return Some(Columns::plain(column));
        }
        if let Some(alias) = alias {
            return Some(Columns { id: alias, target: find(&TARGETS), kepware: false });
        }
        let kepware = names.first().is_some_and(|name| name == "tagname") && find(&[ADDRESS]).is_some();
        Some(Columns { id: if kepware { 0 } else { first }, target: None, kepware })
    }

    pub(super) fn read(
        &self,
        (line, fields): (u64, Vec<String>),
        reading: &mut Reading<'_>,
    ) -> Result<(), Broken> {
        let field = |column: usize| fields.get(column).map(String::as_str).filter(|field| !field.is_empty());
        let id = field(self.id).ok_or_else(|| {
            let why = format!("there is no item id in column {}", self.id + 1);
            Broken { line, why }
        })?;
        reading.add(line, id, self.target.and_then(field), false)
    }
}

/// What separates the columns, and which is which if the first line says so.
pub(super) fn of(bytes: &[u8], column: Option<NonZeroUsize>) -> (u8, Option<Columns>) {
    for comma in [b',', b';', b'\t'] {
        if let Some(Ok((_, fields))) = records(bytes, comma).next()
            && let Some(columns) = Columns::of(&fields, column)
        {
            return (comma, Some(columns));
        }
    }
    (b',', None)
}

/// `"Group","Name","Path",<type>,<read-only>,<poll>,<rate>,<scaling>` and the scaling's parameters.
pub(super) fn is_matrikon(fields: &[String]) -> bool {
    let number = |field: &String| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    fields.len() > SCALING && fields.iter().skip(PATH + 1).take(SCALING - PATH).all(number)
}
