//! `opc list`

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use openopc::{Client, Entry, EntryKind, Error, ListOptions, NodeId};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::repeat;
use crate::args::{Format, Global, List};
use crate::connect;
use crate::exit::{Exit, Failure, chain};
use crate::input::{self, STDIN};
use crate::output::{About, Printer, Progress, Record, Title, note, on_screen, quoted};
use crate::stop::Stop;

/// How many lines may wait before they are sent off.
const FLUSH: usize = 256;

pub(super) async fn run(global: &Global, args: &List) -> Result<Exit, Failure> {
    let patterns = patterns(args)?;
    // The names alone, for pipes and for reading; values in columns need a table.
    let plain = if global.rotate.is_some() { Format::Table } else { Format::Values };
    let global = &Global { output: Some(global.output.unwrap_or(plain)), ..global.clone() };
    let mut stop = Stop::listen()?;
    let client = repeat::open(global, &args.repeat, &mut stop).await?;
    let mut printer = Printer::new(global, &About { title: "Items", server: client.url() });
    let result = repeat::rounds(&args.repeat, &mut stop, async |stop| {
        let mut listing = Listing::new(&printer, args.recursive || args.flat, patterns.len());
        let mut result = Ok(());
        for pattern in &patterns {
            result = listing.of(&client, pattern, options(args, global), stop, &mut printer).await;
            if result.is_err() {
                break;
            }
        }
        let shown = printer.round();
        let Listing { listed, failed, .. } = listing;
        if result.is_err() || global.format() == Format::Table {
            note(format_args!("Listed {listed} item{}", if listed == 1 { "" } else { "s" }));
        }
        shown?;
        result.map(|()| if failed { Exit::SomeFailed } else { Exit::Good })
    })
    .await;
    let finished = printer.finish();
    connect::close(&client, &mut stop).await;
    finished?;
    result
}

/// The patterns of the arguments and of stdin; everything, where there are none.
fn patterns(args: &List) -> Result<Vec<String>, Failure> {
    let mut patterns: Vec<String> =
        args.patterns.iter().filter(|pattern| *pattern != STDIN).cloned().collect();
    if args.pipe || patterns.len() < args.patterns.len() {
        for line in input::lines()?.lines {
            patterns.push(line.map_err(|broken| Failure::Usage(broken.to_string()))?.tag);
        }
    } else if patterns.is_empty() {
        patterns.push("*".to_owned());
    }
    Ok(patterns)
}

fn options(args: &List, global: &Global) -> ListOptions {
    // Only what is shown is asked for.
    let shown = !matches!(global.format(), Format::Values | Format::Pairs) && global.rotate.is_none();
    let mut options = ListOptions::new()
        .recursive(args.recursive)
        .flat(args.flat)
        .standard(args.standard)
        .case_sensitive(args.case_sensitive)
        .with_access(shown);
    if let Some(kind) = args.kind {
        options = options.kind(kind.into());
    }
    if let Some(rights) = args.access {
        options = options.access(rights.into());
    }
    match args.limit {
        Some(limit) => options.limit(limit),
        None => options,
    }
}

/// One listing, of one pattern after the other.
struct Listing {
    /// What was listed, so that nothing is twice; nothing where one pattern alone sees to that.
    seen: Option<Seen>,
    listed: usize,
    failed: bool,
    deep: bool,
    progress: Progress,
}

impl Listing {
    fn new(printer: &Printer, deep: bool, patterns: usize) -> Listing {
        let progress = Progress::open("listed", !(on_screen() && printer.prints_at_once()));
        Listing { seen: (patterns > 1).then(Seen::default), listed: 0, failed: false, deep, progress }
    }

    async fn of(
        &mut self,
        client: &Client,
        pattern: &str,
        options: ListOptions,
        stop: &mut Stop,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let mut entries = client.list_stream(pattern, &options);
        let mut any = false;
        let deep = self.deep;
        loop {
            let next = stop.unless(async { Ok::<_, Failure>(entries.next().await) }).await?;
            match next {
                None => break,
                Some(Ok(entry)) => {
                    any = true;
                    if self.seen.as_mut().is_none_or(|seen| seen.insert(&entry.node_id)) {
                        self.listed += 1;
                        printer.print(&Line { entry: &entry, deep })?;
                        self.progress.advance(1);
                        if self.listed.is_multiple_of(FLUSH) {
                            printer.flush()?;
                        }
                    }
                }
                // Of one branch; the others follow.
                Some(Err(error @ (Error::Item { .. } | Error::TooDeep { .. }))) => {
                    any = true;
                    self.failed = true;
                    note(format_args!("error: {}", chain(&error)));
                }
                Some(Err(error)) => return Err(error.into()),
            }
        }
        if !any {
            self.failed = true;
            note(format_args!("nothing matches `{pattern}`"));
        }
        Ok(())
    }
}

/// Nodes, of each a print of 128 bits: a server may have millions, and two of them share one less often than memory fails.
#[derive(Default)]
struct Seen {
    hashers: [RandomState; 2],
    prints: HashSet<(u64, u64)>,
}

impl Seen {
    /// Whether it is new.
    fn insert(&mut self, node: &NodeId) -> bool {
        let [one, other] = &self.hashers;
        self.prints.insert((one.hash_one(node), other.hash_one(node)))
    }
}

/// One entry's line.
struct Line<'a> {
    entry: &'a Entry,
    /// Of a listing of more than one level.
    deep: bool,
}

impl Line<'_> {
    fn kind(&self) -> &'static str {
        match self.entry.kind {
            EntryKind::Branch => "Branch",
            EntryKind::Leaf => "Leaf",
        }
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = self.entry;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tag", &entry.tag)?;
        map.serialize_entry("item_id", entry.item_id.as_str())?;
        map.serialize_entry("path", &entry.path)?;
        map.serialize_entry("name", &entry.name)?;
        map.serialize_entry("kind", self.kind())?;
        map.serialize_entry("access", &entry.access.map(|access| access.to_string()))?;
        map.end()
    }
}

impl Record for Line<'_> {
    const FIELDS: &'static [&'static str] = &["tag", "item_id", "path", "name", "kind", "access"];
    const TITLES: &'static [Title] = &[
        Title::Always("Tag"),
        Title::Always("Kind"),
        Title::IfAny("Access"),
        Title::Always("Name"),
        Title::Always("Path"),
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        let entry = self.entry;
        vec![
            entry.tag.as_str().into(),
            entry.item_id.as_str().into(),
            entry.path.as_str().into(),
            entry.name.as_str().into(),
            self.kind().into(),
            entry.access.map(|access| access.to_string()).unwrap_or_default().into(),
        ]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        let entry = self.entry;
        vec![
            entry.tag.as_str().into(),
            self.kind().into(),
            entry.access.map(|access| access.to_string()).unwrap_or_default().into(),
            entry.name.as_str().into(),
            entry.path.as_str().into(),
        ]
    }

    fn name(&self) -> Cow<'_, str> {
        self.entry.tag.as_str().into()
    }

    /// A leaf as `read -` takes it; a branch by its name, as OpenOPC has it, or where it is, if that is not said already.
    fn value(&self) -> Cow<'_, str> {
        quoted(match self.entry.kind {
            EntryKind::Leaf => self.entry.tag.as_str(),
            EntryKind::Branch if self.deep => &self.entry.path,
            EntryKind::Branch => &self.entry.name,
        })
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_seen_once() {
        let mut seen = Seen::default();
        for new in [1000, 0] {
            assert_eq!((0..1000).filter(|n| seen.insert(&NodeId::numeric(2, *n))).count(), new);
        }
        assert!(!seen.insert(&NodeId::numeric(2, 7)) && seen.insert(&NodeId::numeric(3, 7)));
    }
}
