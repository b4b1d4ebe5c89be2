//! What the server has that is like an item id it has not.

mod index;

use std::collections::HashMap;

use openopc::{Client, EntryKind, Error, Identifier, ListOptions, Tag};

use self::index::Index;
use super::look::Outcome;
use super::wanted;
use crate::exit::{Failure, chain};
use crate::input::Named;
use crate::output::{Progress, note};
use crate::stop::Stop;

/// How many items of the server are compared. They are kept in memory, and more of them have no better one among them.
const MAX_ITEMS: usize = 500_000;

/// How many ids are compared before the session and Ctrl-C have a turn.
const TURN: usize = 64;

/// An item of the server that is like another id.
#[derive(Clone, Debug)]
pub(super) struct Near {
    pub(super) tag: Tag,
    /// The text it was compared by.
    pub(super) id: String,
}

/// Gives each outcome of nothing what is like it, by one listing of the server.
pub(super) async fn suggest(
    client: &Client,
    most: usize,
    items: &[Named],
    outcomes: &mut [Outcome],
    stop: &mut Stop,
) -> Result<(), Failure> {
    let missing = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Nothing { .. })).count();
    if most == 0 || missing == 0 {
        return Ok(());
    }
    let (ids, tags) = list(client, stop).await?;
    let index = Index::new(&ids);
    let mut progress = Progress::of(missing, "comparing", true);
    let mut turn = 0;
    for (item, outcome) in items.iter().zip(outcomes) {
        let Outcome::Nothing { nearest, .. } = outcome else { continue };
        let near = |at: usize| Some(Near { tag: tags.get(at)?.clone(), id: ids.get(at)?.clone() });
        *nearest = index.nearest(wanted(item), most).into_iter().filter_map(near).collect();
        progress.advance(1);
        turn += 1;
        if turn % TURN == 0 {
            stop.unless(async {
                tokio::task::yield_now().await;
                Ok::<(), Failure>(())
            })
            .await?;
        }
    }
    Ok(())
}

/// All leaves: the text to compare by, and the tag.
async fn list(client: &Client, stop: &mut Stop) -> Result<(Vec<String>, Vec<Tag>), Failure> {
    let options = ListOptions::new().recursive(true).kind(EntryKind::Leaf).limit(MAX_ITEMS);
    let mut entries = client.list_stream("*", &options);
    let mut progress = Progress::open("listed", true);
    let (mut ids, mut tags) = (Vec::new(), Vec::new());
    loop {
        match stop.unless(async { Ok::<_, Failure>(entries.next().await) }).await? {
            None => return Ok((ids, tags)),
            Some(Ok(entry)) => {
                // A number is like nothing; the names on the way to it may be.
                let id = match entry.node_id.identifier {
                    Identifier::String(id) => id,
                    _ => names(&entry.path),
                };
                ids.push(id);
                tags.push(entry.tag);
                progress.advance(1);
            }
            // Of one branch; the others follow.
            Some(Err(error @ (Error::Item { .. } | Error::TooDeep { .. }))) => {
                note(format_args!("error: {}", chain(&error)));
            }
            Some(Err(error)) => return Err(error.into()),
        }
    }
}

/// `/2:Plant/2:Boiler` as `Plant.Boiler`.
fn names(path: &str) -> String {
    let name = |name: &str| match name.split_once(':') {
        Some((index, name)) if index.bytes().all(|byte| byte.is_ascii_digit()) => name.replace('&', ""),
        _ => name.replace('&', ""),
    };
    let names: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(name).collect();
    names.join(".")
}

/// What would stand in front of most of the ids that are not there, and of how many; two at least.
pub(super) fn prefix(items: &[Named], outcomes: &[Outcome]) -> Option<(String, usize)> {
    let mut prefixes: HashMap<&str, usize> = HashMap::new();
    let mut missing = 0;
    for (item, outcome) in items.iter().zip(outcomes) {
        let Outcome::Nothing { nearest, .. } = outcome else { continue };
        missing += 1;
        let in_front = |near: &'_ Near| near.id.ends_with(wanted(item));
        if let Some(near) = nearest.iter().find(|near| in_front(near)) {
            let prefix = near.id.strip_suffix(wanted(item)).unwrap_or_default();
            if !prefix.is_empty() {
                *prefixes.entry(prefix).or_default() += 1;
            }
        }
    }
    let (prefix, number) = prefixes.into_iter().max_by_key(|(prefix, number)| (*number, *prefix))?;
    (number > 1 && number * 2 >= missing).then(|| (prefix.to_owned(), number))
}
