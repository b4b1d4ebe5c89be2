//! Alias files on disk, and what can be wrong with a line of one.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Aliases, csv, toml};
use crate::{Error, Result, Tag};

/// What is wrong, and in which line.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) line: Option<usize>,
    pub(super) what: String,
}

impl Fault {
    pub(super) fn at(line: usize, what: impl Into<String>) -> Fault {
        Fault { line: Some(line), what: what.into() }
    }

    fn into_error(self, file: &str) -> Error {
        let what = self.what;
        Error::Config(match self.line {
            Some(line) => format!("{file}, line {line}: {what}"),
            None => format!("{file}: {what}"),
        })
    }
}

/// Aliases as they are read, with the lines they come from.
#[derive(Default)]
pub(super) struct Reading {
    found: BTreeMap<String, (Tag, usize)>,
    pub(super) skipped: Vec<String>,
}

impl Reading {
    pub(super) fn add(&mut self, alias: &str, tag: &str, line: usize) -> std::result::Result<(), Fault> {
        if alias.is_empty() {
            return Err(Fault::at(line, "an alias without a name"));
        }
        let tag = Tag::parse(tag).map_err(|error| Fault::at(line, format!("alias `{alias}`: {error}")))?;
        if let Some((other, first)) = self.found.get(alias)
            && *other != tag
        {
            let what = format!("alias `{alias}` is `{tag}`, but `{other}` in line {first}");
            return Err(Fault::at(line, what));
        }
        self.found.entry(alias.to_owned()).or_insert((tag, line));
        Ok(())
    }

    pub(super) fn finish(self) -> Aliases {
        let tags = self.found.into_iter().map(|(alias, (tag, _))| (alias, tag)).collect();
        Aliases { tags, skipped: self.skipped }
    }
}

/// Files that end so are TOML; whatever else is CSV.
fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

impl Aliases {
    /// Reads an alias file: `*.toml` as [`parse_toml`](Aliases::parse_toml), anything else as
    /// [`parse_csv`](Aliases::parse_csv). Blocks while the file is read.
    ///
    /// # Errors
    /// [`Error::Config`] where the file cannot be read, or is broken; the message has the path and the line.
    pub fn load(path: impl AsRef<Path>) -> Result<Aliases> {
        load(path.as_ref())
    }

    /// Writes an alias file, which [`load`](Aliases::load) reads. A file that is there already is replaced.
    ///
    /// # Errors
    /// [`Error::Config`] where the file cannot be written, or an alias cannot be written as CSV: one with spaces at an
    /// end, or a line break.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        save(self, path.as_ref())
    }

    /// Reads the table `[aliases]`; the rest of the text may be anything.
    ///
    /// ```
    /// let aliases = openopc::da::Aliases::parse_toml(
    ///     r#"
    ///     [aliases]
    ///     "Old.Id" = "ns=2;s=New"
    ///     Line1.Speed = "[PLC]Speed"
    ///     "#,
    /// )?;
    /// assert_eq!(aliases.get("Line1.Speed"), Some(&openopc::Tag::item("[PLC]Speed")));
    /// # Ok::<(), openopc::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] with the line where the text is no TOML, has no such table, or a value is no tag.
    pub fn parse_toml(text: &str) -> Result<Aliases> {
        toml::parse(text).map_err(|fault| fault.into_error("aliases"))
    }

    /// Reads a comma-separated list as DA tools export it, with or without a header, in UTF-8:
    ///
    /// - two columns, the alias and what it stands for: an item id, or any other tag;
    /// - the aliases of a Matrikon server: `"Group","Name","Item Path",type,read-only,poll,rate,scaling,…`. The alias is
    ///   `Group.Name`, and `.Name` where there is no group. Data type, rights and rates are the server's business here;
    ///   an alias that scales its value is left out and told by [`skipped`](Aliases::skipped).
    ///
    /// Quotes are doubled inside of quotes, spaces around a field do not count, and lines that start with `#` are comments.
    ///
    /// ```
    /// let aliases = openopc::da::Aliases::parse_csv("alias,item id\nOld.Id,ns=2;s=New\n\"North\",\"PV\",\"Com1.Plc1.4\",5,1,0,0,0\n")?;
    /// assert_eq!(aliases.get("Old.Id"), Some(&openopc::Tag::string(2, "New")));
    /// assert_eq!(aliases.get("North.PV"), Some(&openopc::Tag::item("Com1.Plc1.4")));
    /// # Ok::<(), openopc::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] with the number of the line that is neither, or whose alias already means something else.
    pub fn parse_csv(text: &str) -> Result<Aliases> {
        csv::parse(text).map_err(|fault| fault.into_error("aliases"))
    }
}

fn load(path: &Path) -> Result<Aliases> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::Config(format!("cannot read {file}: {error}")))?;
    let parsed = if is_toml(path) { toml::parse(&text) } else { csv::parse(&text) };
    parsed.map_err(|fault| fault.into_error(&file))
}

fn save(aliases: &Aliases, path: &Path) -> Result<()> {
    let file = path.display().to_string();
    let text = if is_toml(path) { Ok(toml::text(aliases)) } else { csv::text(aliases) };
    let text = text.map_err(|fault| fault.into_error(&file))?;
    std::fs::write(path, text).map_err(|error| Error::Config(format!("cannot write {file}: {error}")))
}
