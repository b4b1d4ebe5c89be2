//! From [`Item`]s to the [`Space`] they make.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use super::check::Shape;
use super::clock::Time;
use super::history::{EventRecord, Historian, History, Series};
use super::item::{Item, Source};
use super::node::{Details, Node, State};
use super::space::{Folder, Key, OWN, Space};
use crate::value::clip;
use crate::{DataType, Error, Result, Value};

/// The longest string identifier OPC UA allows, in bytes to be safe (Part 3, 8.2.4).
const MAX_ID: usize = 4096;

/// Checks every item and builds the tree.
pub(crate) fn space(
    mut items: Vec<Item>,
    folders: &'static [&'static [&'static str]],
    time: Time,
    seed: u64,
    historian: Historian,
) -> Result<Space> {
    let mut space = Space::new(time, seed);
    space.historian = Arc::new(historian);
    space.fixed = folders;
    space.nodes.reserve_exact(items.len());
    space.by_id.reserve(items.len());
    for path in folders {
        folder(&mut space, path);
    }
    // An item can be above another, so the one above goes first.
    items.sort_by_key(|item| item.id.matches('.').count());
    let now = space.time.now();
    for item in items {
        add(&mut space, item, now)?;
    }
    kept(&space)?;
    Ok(space)
}

/// Adds the other names of items.
pub(crate) fn aliases(space: &mut Space, aliases: Vec<(String, String)>) -> Result<()> {
    for (alias, item) in aliases {
        let fault = |what: &str| Error::Config(format!("simulator alias `{alias}`: {what}"));
        if alias.is_empty() || alias.len() > MAX_ID {
            return Err(fault("an alias has 1 to 4096 bytes"));
        }
        let Some(index) = space.by_id.get(item.as_str()).copied() else {
            return Err(fault(&format!("there is no item `{item}`")));
        };
        space.aliases.add(alias, index);
    }
    Ok(())
}

fn add(space: &mut Space, item: Item, now: DateTime<Utc>) -> Result<()> {
    let fault = |what: &str| Error::Config(format!("simulator item `{}`: {what}", item.id));
    if let Some(what) = id_fault(&item.id) {
        return Err(Error::Config(format!("simulator item `{}`: {what}", clip(&item.id))));
    }
    if space.by_id.contains_key(item.id.as_str()) {
        return Err(fault("is there twice"));
    }
    let (shape, initial) = shape(&item).map_err(|what| fault(&what))?;
    if let Some(what) = contradiction(&item, shape) {
        return Err(fault(&what));
    }
    let index = u32::try_from(space.nodes.len()).map_err(|_| fault("is one too many"))?;
    let (parent, name) = place(space, &item.id, item.details.folders);
    let details = item.details;
    let mut node = Node {
        id: item.id.as_str().into(),
        name,
        parent,
        shape,
        readable: item.readable,
        writable: item.writable,
        source: item.source,
        details: (details != Details::default()).then(|| Box::new(details)),
        history: None,
        state: Mutex::new(State::new(initial, now)),
    };
    if let Some(history) = item.history {
        let unmade = |status| {
            Error::Sim(format!("simulator item `{}`: its history cannot be kept: {status}", item.id))
        };
        let loaded = !history.samples.is_empty();
        let historian = Arc::clone(&space.historian);
        let series =
            Series::new(Arc::clone(&node.id), *history, shape.data_type, node.is_live(), historian, now);
        let series = Arc::new(series.map_err(unmade)?);
        if item.initial == Value::Null
            && !node.is_live()
            && let Some(latest) = series.latest().map_err(unmade)?
            && fits(&latest.value, shape)
        {
            node.state = Mutex::new(State::at(latest));
        }
        node.history = Some(series);
        if !loaded {
            node.look();
        }
    }
    push(space, node, index);
    Ok(())
}

fn push(space: &mut Space, node: Node, index: u32) {
    let parent = node.parent;
    space.by_id.insert(Arc::clone(&node.id), index);
    space.nodes.push(node);
    hang(space, parent, Key::Item(index));
}

/// What is to be put into a space that has been one before.
enum Piece<'a> {
    Kept(&'a Node),
    New(Box<Item>),
}

/// The space of a server that has been started again: what is `kept` of its items, and new ones.
pub(crate) fn renewed(
    old: &Space,
    kept: impl Fn(&str) -> bool,
    new: Vec<Item>,
    reset: bool,
) -> Result<Space> {
    let mut space = old.successor(reset);
    for path in space.fixed {
        folder(&mut space, path);
    }
    let mut pieces: Vec<Piece<'_>> =
        old.nodes.iter().filter(|node| kept(&node.id)).map(Piece::Kept).collect();
    pieces.extend(new.into_iter().map(|item| Piece::New(Box::new(item))));
    pieces.sort_by_key(|piece| match piece {
        Piece::Kept(node) => node.id.matches('.').count(),
        Piece::New(item) => item.id.matches('.').count(),
    });
    let now = space.time.now();
    for piece in pieces {
        match piece {
            Piece::Kept(node) => keep(&mut space, node, reset.then_some(now))?,
            Piece::New(item) => add(&mut space, *item, now)?,
        }
    }
    for (alias, item) in old.alias_pairs() {
        if let Some(index) = space.by_id.get(item.as_str()).copied() {
            space.aliases.add(alias, index);
        }
    }
    self::kept(&space)?;
    // The historian tells what it could not keep; the server is back all the same.
    let _ = space.historian.happened(&EventRecord::restarted(), now);
    Ok(space)
}

/// The first values of items are kept, where they are to be.
fn kept(space: &Space) -> Result<()> {
    space
        .historian
        .flush()
        .map_err(|status| Error::Sim(format!("the historian cannot keep values: {status}")))
}

fn keep(space: &mut Space, node: &Node, reset: Option<DateTime<Utc>>) -> Result<()> {
    let fault = |what: &str| Error::Config(format!("simulator item `{}`: {what}", node.id));
    if space.by_id.contains_key(&node.id) {
        return Err(fault("is there twice"));
    }
    let index = u32::try_from(space.nodes.len()).map_err(|_| fault("is one too many"))?;
    let folders = node.details.as_deref().and_then(|details| details.folders);
    let (parent, name) = place(space, &node.id, folders);
    push(space, node.renewed(name, parent, reset), index);
    Ok(())
}

/// The type of the item, and the initial value in that type.
fn shape(item: &Item) -> Result<(Shape, Value), String> {
    let Some(data_type) = item.data_type else {
        if item.initial == Value::Null {
            return Err("has no initial value, so it needs a `data_type`".into());
        }
        return Ok((Shape::of(&item.initial), item.initial.clone()));
    };
    let dimensions = item.initial.dimensions().len();
    if item.initial == Value::Null {
        return Ok((Shape { data_type, dimensions: 0 }, Value::Null));
    }
    let initial =
        item.initial.clone().convert(data_type).map_err(|error| format!("its initial value: {error}"))?;
    // An array of `Byte` may have become a `ByteString`, and the reverse.
    let dimensions = if data_type == DataType::Variant { dimensions } else { initial.dimensions().len() };
    Ok((Shape { data_type, dimensions }, initial))
}

/// What is wrong with an id, if something is.
pub(super) fn id_fault(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("has an empty id".into());
    }
    if id.starts_with(OWN) {
        return Some("ids that start with `~` are the simulator's own".into());
    }
    (id.len() > MAX_ID).then(|| format!("has an id of {} bytes, {MAX_ID} are allowed", id.len()))
}

/// What is wrong with an item, whatever others there are.
pub(super) fn fault(item: &Item) -> Option<String> {
    match shape(item) {
        Ok((shape, _)) => contradiction(item, shape),
        Err(what) => Some(what),
    }
}

/// What the builder methods say against each other.
fn contradiction(item: &Item, shape: Shape) -> Option<String> {
    let ranges = [("range", item.details.range), ("instrument range", item.details.instrument_range)];
    for (name, range) in ranges {
        if let Some((low, high)) = range
            && !(low.is_finite() && high.is_finite() && low < high)
        {
            return Some(format!("its {name} {low}..{high} is empty or not finite"));
        }
    }
    if !item.details.states.is_empty() && item.details.labels.is_some() {
        return Some("it is either one of many states or one of two".into());
    }
    if let Some(what) = item.history.as_deref().and_then(|history| history_fault(item, shape, history)) {
        return Some(what);
    }
    match &item.source {
        Source::Signal(_) if shape.dimensions > 0 => Some("an array cannot follow a signal".into()),
        Source::Signal(signal) => {
            let list = matches!(**signal, super::Signal::List { .. });
            if list && item.writable {
                return Some("a list of values cannot be moved by a write, so it cannot be writable".into());
            }
            signal.fault(shape.data_type)
        }
        Source::Closures(closures)
            if item.writable && closures.read.is_some() && closures.write.is_none() =>
        {
            Some("has `read_with` and is writable, so it needs `write_with` too".into())
        }
        _ => None,
    }
}

/// An item of this shape can have had it. A file of history may be of a time when the item had another type.
fn fits(value: &Value, shape: Shape) -> bool {
    let any = shape.data_type == DataType::Variant || *value == Value::Null;
    any || shape.accept(value.clone()).ok().as_ref() == Some(value)
}

/// What is wrong with the history of an item.
fn history_fault(item: &Item, shape: Shape, history: &History) -> Option<String> {
    let signal = matches!(item.source, Source::Signal(_) | Source::Dice(_));
    if let Some(what) = history.fault(signal) {
        return Some(what);
    }
    let odd = history.samples.iter().find(|sample| !fits(&sample.value, shape))?;
    let (kind, time) = (odd.value.type_text(), odd.time);
    Some(format!("its history holds a {kind} at {time} where {} is due", shape.data_type))
}

/// Where the item is browsed, and where its browse name starts in its id.
fn place(space: &mut Space, id: &str, folders: Option<&[&str]>) -> (Option<Key>, usize) {
    let name = match id.rfind('.') {
        // With an empty part anywhere there is nothing to name a folder by: the whole id is the name.
        Some(dot) if id.split('.').all(|part| !part.is_empty()) => dot + 1,
        _ => 0,
    };
    if let Some(path) = folders {
        return (folder(space, path), name);
    }
    let Some(above) = id.get(..name.saturating_sub(1)).filter(|above| !above.is_empty()) else {
        return (None, 0);
    };
    let mut parent = None;
    let mut end = 0;
    for part in above.split('.') {
        end += part.len() + usize::from(end > 0);
        let here = above.get(..end).unwrap_or(above);
        parent = match space.by_id.get(here) {
            Some(item) => Some(Key::Item(*item)),
            None => Some(child_folder(space, parent, here, part.len())),
        };
    }
    (parent, name)
}

/// The folder at this path, made with all that are above it where it is not there yet.
fn folder(space: &mut Space, path: &[&str]) -> Option<Key> {
    let mut parent = None;
    let mut whole = String::new();
    for part in path {
        if !whole.is_empty() {
            whole.push('.');
        }
        whole.push_str(part);
        parent = Some(child_folder(space, parent, &whole, part.len()));
    }
    parent
}

fn child_folder(space: &mut Space, parent: Option<Key>, path: &str, name: usize) -> Key {
    if let Some(index) = space.by_path.get(path) {
        return Key::Folder(*index);
    }
    // There are never more folders than parts of ids, and ids were counted.
    let index = u32::try_from(space.folders.len()).unwrap_or(u32::MAX);
    let folder = Folder { path: path.to_owned(), name: path.len() - name, parent, children: Vec::new() };
    space.folders.push(folder);
    space.by_path.insert(path.to_owned(), index);
    hang(space, parent, Key::Folder(index));
    Key::Folder(index)
}

fn hang(space: &mut Space, parent: Option<Key>, key: Key) {
    match parent {
        Some(Key::Folder(index)) => {
            let folder = usize::try_from(index).ok().and_then(|index| space.folders.get_mut(index));
            if let Some(folder) = folder {
                folder.children.push(key);
            }
        }
        Some(Key::Item(index)) => space.below.entry(index).or_default().push(key),
        _ => space.roots.push(key),
    }
}
