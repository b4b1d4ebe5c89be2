//! `opc watch`

mod board;
mod live;
mod screen;
mod spark;

use std::io;

use openopc::{Client, Error, Operation, Reading, Refresh, Subscription, Tag};
use tokio::sync::{oneshot, watch};

use crate::args::{Global, Watch};
use crate::connect;
use crate::exit::{Exit, Failure, chain};
use crate::input::Tags;
use crate::output::{About, Printer, Row, note, reader_gone};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &Watch) -> Result<Exit, Failure> {
    // Before signals are caught: standard input may take for ever.
    let mut tags = Tags::of(&args.which)?;
    let tags = tags.all().await?;
    let mut stop = Stop::listen()?;
    if live::wanted(global, args) {
        return live::run(global, args, tags, &mut stop).await;
    }
    let client = connect::open_for_long(global, &mut stop).await?;
    let result = follow(&client, global, args, tags, &mut stop).await;
    connect::close(&client, &mut stop).await;
    result
}

/// Prints readings until there is a reason not to.
async fn follow(
    client: &Client,
    global: &Global,
    args: &Watch,
    tags: &[Tag],
    stop: &mut Stop,
) -> Result<Exit, Failure> {
    let (progress, mut printed) = watch::channel(0u64);
    let (broken, mut unprintable) = oneshot::channel();
    let tag = tags.iter().map(|tag| tag.as_str().chars().count()).max().unwrap_or_default();
    // A number, a quality and a time.
    let widths = vec![tag, 18, "Uncertain".len(), "2026-01-31T12:00:00.000Z".len()];
    let mut print = Print {
        printer: Printer::live(global, &About { title: "Changes", server: client.url() }, widths),
        limit: args.count.map_or(u64::MAX, Into::into),
        progress,
        broken: Some(broken),
    };
    // The callback has a thread of its own: a reader that does not read stops the output, not the session.
    let subscribing = client.subscribe(tags, refresh(args), move |reading| print.reading(&reading));
    let subscription = stop.unless(subscribing).await?;
    let refused = all_refused(&subscription);
    tell_refused(client, &subscription).await;
    // With every tag refused nothing will come any more, so the readings that say so are the last.
    let enough =
        if refused { u64::try_from(subscription.tags().len()).unwrap_or(u64::MAX) } else { u64::MAX };
    let enough = enough.min(args.count.map_or(u64::MAX, Into::into));
    let time_is_up = async {
        match args.span {
            Some(span) => tokio::time::sleep(span).await,
            None => std::future::pending().await,
        }
    };
    // The callback is gone, so the client was closed.
    let closed = || Failure::Opc(Error::Closed { operation: Operation::Subscribe });
    let end = tokio::select! {
        enough = printed.wait_for(|printed| *printed >= enough) => enough.map(|_| ()).map_err(|_| closed()),
        error = &mut unprintable => Err(error.map_or_else(|_| closed(), Failure::Output)),
        () = reader_gone() => Err(Failure::Output(io::ErrorKind::BrokenPipe.into())),
        () = time_is_up => Ok(()),
        _ = stop.requested() => Ok(()),
    };
    let told = told(subscription, stop, || *printed.borrow()).await;
    end?;
    Ok(told)
}

/// How fast values may come.
fn refresh(args: &Watch) -> Refresh {
    if args.refresh.is_zero() { Refresh::fastest() } else { Refresh::every(args.refresh) }
}

fn all_refused(subscription: &Subscription) -> bool {
    let refused = subscription.rejected().len();
    refused > 0 && refused == subscription.tags().len()
}

/// Ends the subscription, and says how many readings there were.
async fn told(subscription: Subscription, stop: &mut Stop, count: impl Fn() -> u64) -> Exit {
    let exit = if subscription.rejected().is_empty() { Exit::Good } else { Exit::SomeFailed };
    let dropped = subscription.stats().dropped;
    // Waits for a reading that is being printed; a second Ctrl-C does not.
    let _ = stop.unless(subscription.unsubscribe()).await;
    let count = count();
    note(format_args!("{count} reading{}", if count == 1 { "" } else { "s" }));
    if dropped > 0 {
        note(format_args!(
            "{dropped} more were dropped, because they came faster than they could be printed"
        ));
    }
    exit
}

/// Says which tags the server refused, and why.
async fn tell_refused(client: &Client, subscription: &Subscription) {
    for (tag, status) in &subscription.rejected() {
        // A name that means nothing or several things is told with what it could mean.
        match client.resolve(tag).await {
            Err(error @ Error::Resolve { .. }) => note(format_args!("refused: {}", chain(&error))),
            _ => note(format_args!("refused: `{tag}`: {status}")),
        }
    }
}

/// What the subscription's thread does with each reading.
struct Print {
    printer: Printer,
    limit: u64,
    progress: watch::Sender<u64>,
    /// Used up by the first failure; nothing is printed after it.
    broken: Option<oneshot::Sender<io::Error>>,
}

impl Print {
    fn reading(&mut self, reading: &Reading) {
        if self.broken.is_none() || *self.progress.borrow() >= self.limit {
            return;
        }
        let printed = self.printer.print(&Row::from(reading)).and_then(|()| self.printer.flush());
        match (printed, self.broken.take()) {
            (Ok(()), broken) => {
                self.broken = broken;
                self.progress.send_modify(|printed| *printed += 1);
            }
            (Err(error), Some(broken)) => _ = broken.send(error),
            (Err(_), None) => {}
        }
    }
}
