//! Looking for the items of a list, all together.

use std::time::Duration;

use openopc::{Client, Error, FoundBy, Location, Tag};

use crate::exit::{Failure, chain};
use crate::input::Named;
use crate::output::Progress;
use crate::stop::Stop;

/// How many are asked for in one call. It cuts that into as few requests as the server takes.
const CHUNK: usize = 20_000;

/// How often whoever waits sees that something happens.
const TICK: Duration = Duration::from_millis(200);

/// What became of an item.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Placed(Location),
    /// It could be each of these.
    Several(Vec<Tag>),
    Nothing {
        error: String,
        /// What is like it.
        nearest: Vec<super::nearest::Near>,
    },
}

impl Outcome {
    pub(super) fn is_placed(&self) -> bool {
        matches!(self, Outcome::Placed(_))
    }
}

/// An item id as a tag. What cannot be any other kind of tag is an item id all the same.
pub(super) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap_or_else(|_| Tag::item(text))
}

/// One outcome per item; fewer where the call fails on the way.
pub(super) async fn look(
    client: &Client,
    items: &[Named],
    stop: &mut Stop,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Failure> {
    let mut progress = Progress::of(items.len(), "looking", true);
    for items in items.chunks(CHUNK) {
        let targets = items.iter().filter(|item| !item.scaled).filter_map(|item| item.target.as_deref());
        let tags: Vec<Tag> = items.iter().map(|item| item.id.as_str()).chain(targets).map(tag).collect();
        let looking = async {
            let found = client.locate_many(&tags).await?;
            there(client, found).await
        };
        let ticking = async {
            loop {
                tokio::time::sleep(TICK).await;
                progress.advance(0);
            }
        };
        let found = tokio::select! {
            found = stop.unless(looking) => found?,
            () = ticking => Vec::new(),
        };
        let mut found = found.into_iter();
        let ids: Vec<_> = found.by_ref().take(items.len()).collect();
        for (item, id) in items.iter().zip(ids) {
            let target = item.target.as_ref().filter(|_| !item.scaled).and_then(|_| found.next());
            outcomes.push(outcome(item, id, target));
        }
        progress.advance(items.len());
    }
    Ok(())
}

/// A node id is taken at its word when it is looked up; a value is asked for to see whether there is such a node.
async fn there(
    client: &Client,
    mut found: Vec<openopc::Result<Location>>,
) -> openopc::Result<Vec<openopc::Result<Location>>> {
    let unsure = |location: &&mut openopc::Result<Location>| matches!(location, Ok(location) if matches!(location.found_by, FoundBy::NodeId | FoundBy::Alias));
    let mut unsure: Vec<_> = found.iter_mut().filter(unsure).collect();
    let nodes: Vec<Tag> =
        unsure.iter().flat_map(|location| location.iter()).map(|location| location.node.clone()).collect();
    if nodes.is_empty() {
        return Ok(found);
    }
    let readings = client.read_many(nodes).await?;
    for (location, reading) in unsure.iter_mut().zip(readings) {
        let gone = |error: &Error| {
            let status = error.status().map(openopc::Status::name);
            status.is_some_and(|name| name == "BadNodeIdUnknown" || name == "BadNodeIdInvalid")
        };
        if let Err(error) = reading
            && gone(&error)
        {
            **location = Err(error);
        }
    }
    Ok(found)
}

/// What the list says that an id stands for comes first, as it does in an alias file.
fn outcome(
    item: &Named,
    id: openopc::Result<Location>,
    target: Option<openopc::Result<Location>>,
) -> Outcome {
    match (id, target) {
        // The server's own name for it needs no alias.
        (Ok(id), Some(Ok(target))) if id.node == target.node => Outcome::Placed(id),
        (_, Some(Ok(target))) => Outcome::Placed(as_alias(target, &item.id)),
        (Ok(id), _) => Outcome::Placed(id),
        (_, Some(Err(Error::Resolve { candidates, .. }))) | (Err(Error::Resolve { candidates, .. }), _)
            if !candidates.is_empty() =>
        {
            Outcome::Several(candidates)
        }
        (Err(error), target) => {
            let error = match (item.scaled, &item.target, target) {
                (true, Some(path), _) => {
                    format!(
                        "`{}` is not there, and its item `{path}` has another value: it is scaled",
                        item.id
                    )
                }
                (_, Some(target), Some(_)) => {
                    format!("neither `{}` nor its item `{target}` is there", item.id)
                }
                _ => reason(&error),
            };
            Outcome::Nothing { error, nearest: Vec::new() }
        }
    }
}

/// The same node, by another name.
fn as_alias(mut location: Location, id: &str) -> Location {
    location.tag = tag(id);
    location.found_by = FoundBy::Alias;
    location
}

/// Without the tag, which has a column of its own.
fn reason(error: &Error) -> String {
    match error {
        Error::Resolve { .. } => "no such node on this server".to_owned(),
        Error::Item { status, .. } => status.to_string(),
        error => chain(error),
    }
}
