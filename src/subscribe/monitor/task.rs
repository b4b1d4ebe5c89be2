//! The task that talks to the server about subscriptions, one command after the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::client::Inner;
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
        /// The server kept the session.
        resumed: bool,
        reply: oneshot::Sender<()>,
    },
    /// Something could not be put on the subscription of this rate: it is time to try again.
    Fill {
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
    while let Some(command) = inbox.recv().await {
        match command {
            Command::Add { feed, tags, reply } => {
                let rate = feed.options.refresh.publishing_interval();
                let carrier = carriers
                    .entry(rate)
                    .or_insert_with(|| Carrier::new(inner.clone(), rate, commands.clone()));
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
                    carrier.end(feed).await;
                }
                carriers.retain(|_, carrier| !carrier.is_empty());
                if let Some(reply) = reply {
                    let _ = reply.send(());
                }
            }
            Command::Lost => connected = false,
            Command::Restore { resumed, reply } => {
                connected = true;
                // All of them first: a server that was restarted counts its subscriptions from the start, and an old id
                // may be the new one of another.
                for carrier in carriers.values_mut() {
                    carrier.let_go().await;
                }
                if resumed && !carriers.is_empty() {
                    inner.link().forget_publishes().await;
                }
                for carrier in carriers.values_mut() {
                    // That the connection was gone has been told.
                    carrier.make(false).await;
                }
                let _ = reply.send(());
            }
            Command::Fill { rate } => {
                if let Some(carrier) = carriers.get_mut(&rate).filter(|_| connected) {
                    carrier.fill().await;
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
