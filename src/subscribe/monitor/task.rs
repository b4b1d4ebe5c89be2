//! The task that talks to the server about subscriptions, one command after the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::client::Inner;
use crate::engine::client::Link;
use crate::{Operation, Result, Tag};

use super::Feed;
use super::carrier::Carrier;

pub(super) enum Command {
    Add {
        feed: Arc<Feed>,
        tags: Vec<Tag>,
        reply: oneshot::Sender<Result<()>>,
    },
    Remove {
        feed: Arc<Feed>,
        tags: Vec<Tag>,
        reply: oneshot::Sender<()>,
    },
    End {
        feed: u64,
        reply: Option<oneshot::Sender<()>>,
    },
    /// The connection is gone.
    Lost,
    /// The connection is back.
    Restore {
        /// The session that is back, or the one with the server that the client has moved to.
        link: Arc<Link>,
        /// The server kept the session.
        resumed: bool,
        reply: oneshot::Sender<()>,
    },
    /// Something could not be put on the subscription of this rate: it is time to try again.
    Fill {
        rate: Duration,
    },
    /// Messages of the subscription of this rate are missing.
    Repair {
        rate: Duration,
    },
    /// Since the connection is back, nothing has come of the subscription of this rate.
    Probe {
        rate: Duration,
    },
    /// The server should have said something of the subscription of this rate long ago.
    Silent {
        rate: Duration,
    },
    /// It has, after all.
    Spoke {
        rate: Duration,
    },
    /// The server may have ended subscriptions without a word.
    Check,
    /// The subscription of this rate has to be made again.
    Again {
        rate: Duration,
    },
    Close,
}

pub(super) async fn run(
    inner: Arc<Inner>,
    commands: mpsc::WeakUnboundedSender<Command>,
    mut inbox: mpsc::UnboundedReceiver<Command>,
) {
    let mut carriers: HashMap<Duration, Carrier> = HashMap::new();
    // As the commands tell it, not as it is by now: what is added between the two is made by the `Restore` to come.
    let mut connected = true;
    // The session that everything here is on. Not the one of the moment: what was found on one server is never put on another.
    let mut link = inner.link();
    // Ended while the server could not be told.
    let mut orphans: Vec<u32> = Vec::new();
    while let Some(command) = inbox.recv().await {
        match command {
            Command::Add { feed, tags, reply } => {
                let rate = feed.options.refresh.publishing_interval();
                let carrier = carriers
                    .entry(rate)
                    .or_insert_with(|| Carrier::new(inner.clone(), link.clone(), rate, commands.clone()));
                let result = match inner.check_open(Operation::Subscribe) {
                    Ok(()) if connected => carrier.add(&feed, tags).await,
                    Ok(()) => {
                        carrier.hold(&feed, tags);
                        Ok(())
                    }
                    Err(error) => Err(error),
                };
                // Whoever asked may have gone; dropping the subscription has queued its end by then.
                let _ = reply.send(result);
            }
            Command::Remove { feed, tags, reply } => {
                if let Some(carrier) = carriers.get_mut(&feed.options.refresh.publishing_interval()) {
                    carrier.remove(feed.id, &tags).await;
                }
                let _ = reply.send(());
            }
            Command::End { feed, reply } => {
                for carrier in carriers.values_mut() {
                    orphans.extend(carrier.end(feed).await);
                }
                carriers.retain(|_, carrier| !carrier.is_empty());
                if let Some(reply) = reply {
                    let _ = reply.send(());
                }
            }
            Command::Lost => connected = false,
            Command::Restore { link: present, resumed, reply } => {
                connected = true;
                if !Arc::ptr_eq(&present, &link) {
                    link = present;
                    orphans.clear();
                    for carrier in carriers.values_mut() {
                        carrier.move_to(&link);
                    }
                }
                // A server that was restarted does not know them.
                let _ = link.delete_subscriptions(&std::mem::take(&mut orphans)).await;
                restore(&inner, &link, &mut carriers, resumed).await;
                let _ = reply.send(());
            }
            Command::Fill { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.fill().await;
                }
            }
            Command::Repair { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.repair(false).await;
                }
            }
            Command::Probe { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.probe().await;
                }
            }
            Command::Silent { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.silent().await;
                }
            }
            Command::Spoke { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.tell_return().await;
                }
            }
            Command::Check => {
                for carrier in carriers.values_mut().filter(|_| connected) {
                    carrier.check().await;
                }
            }
            Command::Again { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.restore().await;
                }
            }
            Command::Close => break,
        }
    }
}

/// The connection is back: what the server kept is taken up, the rest made anew.
async fn restore(inner: &Inner, link: &Link, carriers: &mut HashMap<Duration, Carrier>, resumed: bool) {
    let there: HashSet<Duration> = if resumed {
        carriers.iter().filter(|(_, carrier)| carrier.id().is_some()).map(|(rate, _)| *rate).collect()
    } else {
        transfer(inner, link, carriers).await
    };
    let mut kept = HashSet::new();
    // Before anything is made: a server that was restarted counts its subscriptions from the start, and an old id may be
    // the new one of another.
    for (rate, carrier) in carriers.iter_mut() {
        if there.contains(rate) && carrier.resume().await {
            kept.insert(*rate);
        } else {
            carrier.let_go().await;
        }
    }
    if resumed && kept.is_empty() && !carriers.is_empty() {
        link.forget_publishes().await;
    }
    for (rate, carrier) in carriers.iter_mut() {
        if kept.contains(rate) {
            if !resumed {
                carrier.was_transferred();
            }
            carrier.settle().await;
        } else {
            carrier.make().await;
        }
    }
}

/// Takes the subscriptions of a lost session into the new one; those that came.
async fn transfer(inner: &Inner, link: &Link, carriers: &HashMap<Duration, Carrier>) -> HashSet<Duration> {
    // A server that was restarted gives the same ids to others, and might hand over theirs.
    let same =
        |carrier: &Carrier| carrier.started().is_some() && carrier.started() == inner.limits().start_time();
    let candidates: Vec<(Duration, u32)> = carriers
        .iter()
        .filter(|(_, carrier)| same(carrier))
        .filter_map(|(rate, carrier)| Some((*rate, carrier.id()?)))
        .collect();
    if candidates.is_empty() {
        return HashSet::new();
    }
    match link.transfer(candidates.iter().map(|(_, id)| *id).collect()).await {
        Ok(came) => {
            candidates.iter().zip(came).filter(|(_, came)| *came).map(|((rate, _), _)| *rate).collect()
        }
        Err(failure) => {
            tracing::debug!(status = %failure.status, "subscriptions could not be transferred");
            HashSet::new()
        }
    }
}
