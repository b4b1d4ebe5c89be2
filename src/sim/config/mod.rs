//! [`Config`]: a simulator described in a TOML file.

mod access;
mod event;
mod finding;
mod history;
mod item;
mod limits;
mod section;
mod signal;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::finding::Sheet;
pub use self::finding::{Finding, Place, Severity};
use self::section::{Entry, Section};
use super::{Clock, EventRecord, Item, Limits, SimulatorBuilder, preset};
use crate::engine::server::User;
use crate::{Error, Result, Security};

/// A simulator as a TOML file describes it: [`SimulatorBuilder::config_file`] starts from one.
///
/// The guide [`simulator`](crate::guide::simulator) has every key.
///
/// ```
/// use std::path::Path;
///
/// use openopc::sim::{Config, Simulator};
///
/// const PLANT: &str = r#"
/// seed = 7
/// [[item]]
/// id = "Boiler.Temperature"
/// type = "Double"
/// range = [0.0, 120.0]
/// signal = { kind = "sine", low = 10.0, high = 90.0, period = "10s" }
/// "#;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let config = Config::parse(PLANT, Path::new("."))?;
/// let plant = Simulator::builder().config(config).start().await?;
/// assert!(plant.get("Boiler.Temperature")?.get::<f64>()? >= 10.0);
///
/// let error = Config::parse("sead = 7", Path::new(".")).unwrap_err();
/// assert!(error.to_string().contains("configuration:1:1: error: the file has no key `sead`; did you mean `seed`?"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "give it to `SimulatorBuilder::config`"]
pub struct Config {
    pub(super) seed: Option<u64>,
    pub(super) clock: Option<Clock>,
    pub(super) preset: bool,
    pub(super) namespace: Option<String>,
    pub(super) product: Option<(String, String)>,
    pub(super) limits: Option<Limits>,
    pub(super) aliases: Vec<(String, String)>,
    pub(super) items: Vec<Item>,
    pub(super) events: Vec<EventRecord>,
    pub(super) event_capacity: Option<usize>,
    pub(super) history_file: Option<PathBuf>,
    pub(super) security: Option<Security>,
    pub(super) users: Vec<User>,
    pub(super) allow_anonymous: Option<bool>,
    historizing: usize,
    samples: usize,
}

impl Config {
    /// Reads a file, and the CSV files it names, relative to it.
    ///
    /// # Errors
    /// [`Error::Config`] with everything that is wrong, a line each: `plant.toml:7:10: error: …`.
    pub fn load(path: impl AsRef<Path>) -> Result<Config> {
        let (config, findings) = Config::check(path);
        config.ok_or_else(|| error(&findings))
    }

    /// Reads a text; paths in it are relative to `base`.
    ///
    /// # Errors
    /// As for [`load`](Config::load); the file is called `configuration`.
    pub fn parse(text: &str, base: impl AsRef<Path>) -> Result<Config> {
        let (config, findings) = examine(text, Path::new("configuration"), base.as_ref());
        config.ok_or_else(|| error(&findings))
    }

    /// Reads a file as [`load`](Config::load) does, and tells everything there is to say about it, warnings too, in the
    /// order of the lines. There is a configuration unless there is an error.
    pub fn check(path: impl AsRef<Path>) -> (Option<Config>, Vec<Finding>) {
        let path = path.as_ref();
        match std::fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => examine(&text, path, path.parent().unwrap_or(Path::new(""))),
            Ok(Err(_)) => (None, vec![whole(path, "this is no text in UTF-8".into())]),
            Err(error) => (None, vec![whole(path, format!("cannot read it: {error}"))]),
        }
    }
}

/// What it amounts to: `12 items, 3 with a past (100000 samples from files)`.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        let (items, samples) = (self.items.len(), self.samples);
        write!(f, "{items} item{}", plural(items))?;
        if self.historizing > 0 {
            write!(f, ", {} with a past ({samples} sample{} from files)", self.historizing, plural(samples))?;
        }
        if self.preset { write!(f, ", and the preset") } else { Ok(()) }
    }
}

/// A finding about the file as a whole.
fn whole(path: &Path, message: String) -> Finding {
    Finding { severity: Severity::Error, file: path.to_owned(), place: None, message }
}

fn error(findings: &[Finding]) -> Error {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    Error::Config(errors.map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn examine(text: &str, file: &Path, base: &Path) -> (Option<Config>, Vec<Finding>) {
    // What Windows programs put in front of UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sheet = Sheet { file, base, text, findings: Vec::new() };
    let (table, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        sheet.error(fault.span().unwrap_or(0..0), fault.message().to_owned());
    }
    // Of a text that is no TOML nothing else can be said.
    let config = if faults.is_empty() { Some(config(&mut sheet, table.get_ref())) } else { None };
    let config = config.filter(|_| !sheet.has_errors());
    let mut findings = sheet.findings;
    // Those of another file stay behind the configuration's own.
    findings.sort_by_key(|finding| {
        (finding.file != file, finding.place.as_ref().map(|place| (place.line, place.column)))
    });
    (config, findings)
}

fn config<'a>(sheet: &mut Sheet<'_>, table: &'a DeTable<'a>) -> Config {
    let mut section = Section::new(table, 0..0, "the file");
    let seed = section.whole(sheet, "seed", (0, u64::MAX.into()));
    let clock = section.text(sheet, "clock").and_then(|(text, span)| clock(sheet, text, span));
    let preset = section.flag(sheet, "preset").unwrap_or_default();
    let namespace = section.text(sheet, "namespace").and_then(|(uri, span)| {
        let fit = super::builder::is_namespace(uri);
        if !fit {
            sheet.error(span, format!("`{uri}` cannot be the items' namespace"));
        }
        fit.then(|| uri.to_owned())
    });
    let product = section.get("product").and_then(|entry| product(sheet, entry));
    let limits_section = section.get("limits").and_then(|entry| Section::of(sheet, entry, "`limits`"));
    let limits = limits_section.map(|section| limits::limits(sheet, section));
    let history_file = section.text(sheet, "history_store").and_then(|(path, span)| {
        let can = cfg!(feature = "redb");
        if !can {
            sheet
                .error(span, "this program keeps no history on disk: it is built without the feature `redb`");
        }
        can.then(|| sheet.base.join(path))
    });
    let access = access::access(sheet, &mut section);
    let event_capacity = section.whole(sheet, "event_capacity", (1, i64::MAX.into()));
    let aliases_entry = section.get("aliases");
    let mut aliases = Vec::new();
    let mut config = Config {
        seed,
        clock,
        preset,
        namespace,
        product,
        limits,
        aliases: Vec::new(),
        items: Vec::new(),
        events: Vec::new(),
        event_capacity,
        history_file,
        security: access.security,
        users: access.users,
        allow_anonymous: access.allow_anonymous,
        historizing: 0,
        samples: 0,
    };
    let ids = items(sheet, section.get("item"), &mut config);
    if let Some(section) = aliases_entry.and_then(|entry| Section::of(sheet, entry, "`aliases`")) {
        collect_aliases(sheet, "", section.table(), &mut aliases);
    }
    let of_preset = |id: &str| preset && preset::items().iter().any(|item| item.id == id);
    let is_item = |id: &str| ids.contains_key(id) || of_preset(id);
    for (alias, item, span) in aliases {
        if is_item(&item) {
            config.aliases.push((alias, item));
        } else {
            sheet.error(span, format!("there is no item `{item}`"));
        }
    }
    if let Some(entry) = section.get("event") {
        config.events = event::events(sheet, entry, is_item);
    }
    section.finish(sheet);
    if config.items.is_empty() && !preset && !sheet.has_errors() {
        sheet.warn(0..0, "there is no [[item]], and no `preset = true`: the server has nothing to show");
    }
    config
}

/// Every item, and where its id is.
fn items(
    sheet: &mut Sheet<'_>,
    entry: Option<Entry<'_>>,
    config: &mut Config,
) -> HashMap<String, Range<usize>> {
    let mut ids: HashMap<String, Range<usize>> = HashMap::new();
    let preset: HashSet<String> = if config.preset {
        preset::items().into_iter().map(|item| item.id).collect()
    } else {
        HashSet::new()
    };
    let Some(entry) = entry else { return ids };
    let DeValue::Array(all) = entry.get_ref() else {
        sheet.error(entry.span(), "items stand below [[item]], each with its own");
        return ids;
    };
    for entry in all {
        let Some(section) = Section::of(sheet, entry, "an item") else { continue };
        let id = id_of(entry);
        if let Some((id, span)) = &id {
            if let Some(first) = ids.get(id) {
                let line = sheet.line(first.start);
                sheet.error(span.clone(), format!("the item `{id}` is there already, in line {line}"));
            } else if preset.contains(id) {
                sheet.error(span.clone(), format!("the item `{id}` is one of the preset's"));
            } else {
                ids.insert(id.clone(), span.clone());
            }
        }
        if let Some(read) = item::item(sheet, section) {
            config.historizing += usize::from(read.has_history);
            config.samples += read.samples;
            config.items.push(read.item);
        }
    }
    ids
}

fn id_of(entry: &Spanned<DeValue<'_>>) -> Option<(String, Range<usize>)> {
    let id = entry.get_ref().as_table()?.get("id")?;
    Some((id.get_ref().as_str()?.to_owned(), id.span()))
}

/// `real`, `scaled:10`, `manual`, `manual:2005-07-01T12:00:00Z`
fn clock(sheet: &mut Sheet<'_>, text: &str, span: Range<usize>) -> Option<Clock> {
    let clock = match text.split_once(':') {
        None if text == "real" => Some(Clock::Real),
        None if text == "manual" => Some(Clock::Manual),
        Some(("scaled", factor)) => {
            let factor =
                factor.trim().parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
            factor.map(Clock::Scaled)
        }
        Some(("manual", time)) => time.trim().parse().ok().map(Clock::ManualFrom),
        _ => None,
    };
    if clock.is_none() {
        let message = format!(
            "`{text}` is no clock: write \"real\", \"scaled:10\" for ten times as fast, \"manual\", or \
             \"manual:2005-07-01T12:00:00Z\""
        );
        sheet.error(span, message);
    } else if matches!(clock, Some(Clock::Manual | Clock::ManualFrom(_))) {
        sheet.warn(
            span,
            "time stands still until a program calls `Simulator::advance`, which `opc simulate` never does",
        );
    }
    clock
}

fn product(sheet: &mut Sheet<'_>, entry: Entry<'_>) -> Option<(String, String)> {
    let mut section = Section::of(sheet, entry, "`product`")?;
    let mut text = |key| section.needed(sheet, key).and_then(|entry| section::text(sheet, entry, key));
    let (manufacturer, name) = (text("manufacturer"), text("name"));
    section.finish(sheet);
    Some((manufacturer?.to_owned(), name?.to_owned()))
}

/// To TOML, `Line1.Speed` without quotes is a table in a table; here it is the alias it looks like.
fn collect_aliases(
    sheet: &mut Sheet<'_>,
    above: &str,
    table: &DeTable<'_>,
    aliases: &mut Vec<(String, String, Range<usize>)>,
) {
    for (key, entry) in table {
        let alias = format!("{above}{}", key.get_ref());
        match entry.get_ref() {
            DeValue::String(item) => aliases.push((alias, item.to_string(), entry.span())),
            DeValue::Array(items) => {
                for item in items {
                    if let Some(id) = section::text(sheet, item, &alias) {
                        aliases.push((alias.clone(), id.to_owned(), item.span()));
                    }
                }
            }
            DeValue::Table(table) => collect_aliases(sheet, &format!("{alias}."), table, aliases),
            _ => {
                sheet.error(entry.span(), format!("the alias `{alias}` is for the id of an item, in quotes"));
            }
        }
    }
}

impl SimulatorBuilder {
    /// What a configuration says: its items are added to those there are, its settings replace those before.
    pub fn config(mut self, config: Config) -> SimulatorBuilder {
        let Config {
            seed,
            clock,
            preset,
            namespace,
            product,
            limits,
            aliases,
            items,
            events,
            event_capacity,
            history_file,
            security,
            users,
            allow_anonymous,
            ..
        } = config;
        self = self.items(items);
        self = aliases.into_iter().fold(self, |builder, (alias, item)| builder.alias(alias, item));
        self = events.into_iter().fold(self, SimulatorBuilder::event);
        self = users.into_iter().fold(self, |builder, user| builder.user(user.name, user.password));
        if let Some(security) = security {
            self = self.security(security);
        }
        if let Some(yes) = allow_anonymous {
            self = self.allow_anonymous(yes);
        }
        if preset {
            self = self.preset();
        }
        if let Some(seed) = seed {
            self = self.seed(seed);
        }
        if let Some(clock) = clock {
            self = self.clock(clock);
        }
        if let Some(uri) = namespace {
            self = self.namespace_uri(uri);
        }
        if let Some((manufacturer, name)) = product {
            self = self.product(manufacturer, name);
        }
        if let Some(limits) = limits {
            self = self.limits(limits);
        }
        if let Some(events) = event_capacity {
            self = self.event_capacity(events);
        }
        #[cfg(feature = "redb")]
        if let Some(path) = history_file {
            self = self.history_file(path);
        }
        #[cfg(not(feature = "redb"))]
        let _ = history_file;
        self
    }

    /// What a TOML file says, see [`Config`]: its items are added to those there are, its settings replace those before.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn config_file(self, path: impl AsRef<Path>) -> Result<SimulatorBuilder> {
        Ok(self.config(Config::load(path)?))
    }
}
