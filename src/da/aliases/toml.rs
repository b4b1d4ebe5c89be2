//! Aliases in the table `[aliases]` of a TOML file.

use ::toml::Table;
use ::toml::de::{DeTable, DeValue};

use super::Aliases;
use super::file::{Fault, Reading};

const TABLE: &str = "aliases";

pub(super) fn parse(text: &str) -> Result<Aliases, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = DeTable::parse(text).map_err(|error| Fault {
        line: error.span().map(|span| line(text, span.start)),
        what: error.message().to_owned(),
    })?;
    let aliases = file.get_ref().get(TABLE);
    let Some(DeValue::Table(aliases)) = aliases.map(::toml::Spanned::get_ref) else {
        return Err(Fault { line: None, what: "there is no table `[aliases]`".into() });
    };
    let mut reading = Reading::default();
    add(&mut reading, text, "", aliases)?;
    Ok(reading.finish())
}

/// To TOML, `Line1.Speed` without quotes is a table in a table; here it is the id it looks like. Tables lie in each other
/// only as deep as the parser allows.
fn add(reading: &mut Reading, text: &str, above: &str, table: &DeTable<'_>) -> Result<(), Fault> {
    for (key, value) in table {
        let line = line(text, value.span().start);
        let alias = format!("{above}{}", key.get_ref());
        match value.get_ref() {
            DeValue::String(tag) => reading.add(&alias, tag, line)?,
            DeValue::Table(table) => add(reading, text, &format!("{alias}."), table)?,
            _ => return Err(Fault::at(line, format!("alias `{alias}`: the tag has to be a text in quotes"))),
        }
    }
    Ok(())
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

pub(super) fn text(aliases: &Aliases) -> String {
    let tags: Table =
        aliases.iter().map(|(alias, tag)| (alias.to_owned(), tag.as_str().to_owned().into())).collect();
    Table::from_iter([(TABLE.to_owned(), ::toml::Value::Table(tags))]).to_string()
}
