//! The task that talks to the server about subscriptions, one command after the other.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::client::Inner;
use crate::subscribe::queue::Queue;
use crate::{Error, Operation, Result, State, Tag};

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
    /// The connection is back.
    Restore {
        reply: oneshot::Sender<()>,
    },
    /// The server has ended the subscription of this rate.
    Ended {
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
    while let Some(command) = inbox.recv().await {
        match command {
            Command::Add { feed, tags, reply } => {
                let rate = feed.options.refresh.publishing_interval();
                let carrier = carriers
                    .entry(rate)
                    .or_insert_with(|| Carrier::new(inner.clone(), rate, commands.clone()));
                let first = !carrier.carries(feed.id);
                let result = add(&inner, carrier, &feed, tags).await;
                if result.is_ok() && first && feed.options.heartbeat {
                    tokio::spawn(heartbeat(
                        Arc::downgrade(&feed.queue),
                        feed.granted().publishing_interval(),
                    ));
                }
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
                    carrier.end(feed).await;
                }
                carriers.retain(|_, carrier| !carrier.is_empty());
                if let Some(reply) = reply {
                    let _ = reply.send(());
                }
            }
            Command::Restore { reply } => {
                for carrier in carriers.values_mut() {
                    carrier.restore().await;
                }
                let _ = reply.send(());
            }
            Command::Ended { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate) {
                    carrier.restore().await;
                }
            }
            Command::Close => break,
        }
    }
}

/// While the connection is down there is nobody to ask: the tags wait for its return.
async fn add(inner: &Inner, carrier: &mut Carrier, feed: &Arc<Feed>, tags: Vec<Tag>) -> Result<()> {
    match inner.state() {
        State::Closed => Err(Error::Closed { operation: Operation::Subscribe }),
        _ => carrier.add(feed, tags).await,
    }
}

/// Repeats values that did not change.
async fn heartbeat(queue: Weak<Queue>, every: Duration) {
    let mut beats = tokio::time::interval(every.max(Duration::from_millis(10)));
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick comes at once, before there is anything to repeat.
    beats.tick().await;
    loop {
        beats.tick().await;
        match queue.upgrade() {
            Some(queue) if !queue.is_closed() => queue.push_again(true),
            _ => break,
        }
    }
}
