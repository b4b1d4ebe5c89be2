//! `--repeat`: the same again and again, in step with the clock, through whatever happens to the server.

use std::time::Duration;

use openopc::Client;
use tokio::time::{Instant, sleep_until};

use crate::args::{Global, Repeat};
use crate::connect;
use crate::exit::{Exit, Failure, chain};
use crate::output::{Progress, note, on_screen, reader_gone};
use crate::stop::Stop;

/// Opens the client that one round or many need.
pub(super) async fn open(global: &Global, repeat: &Repeat, stop: &mut Stop) -> Result<Client, Failure> {
    match repeat.every {
        Some(_) => connect::open_for_long(global, stop).await,
        None => connect::open(global, stop).await,
    }
}

/// Runs `round` once, or every so often until a signal. Ends as a watch does: a signal is a good end, and an item that
/// failed in any round is a failure.
pub(super) async fn rounds(
    repeat: &Repeat,
    stop: &mut Stop,
    mut round: impl AsyncFnMut(&mut Stop) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let Some(every) = repeat.every else { return round(stop).await };
    let mut progress = Progress::open("rounds:", !on_screen());
    let mut told = Told::default();
    let mut exit = Exit::Good;
    let mut ticks = Ticks::new(every);
    let end = loop {
        match round(stop).await {
            Ok(this) => {
                told.rounds += 1;
                if this != Exit::Good {
                    exit = this;
                }
                progress.advance(1);
            }
            Err(Failure::Opc(error)) if error.is_connection() || error.is_timeout() => {
                // Once for each outage; how many rounds it took is told at the end.
                if told.rounds_at_loss != Some(told.rounds) {
                    told.rounds_at_loss = Some(told.rounds);
                    note(format_args!("{}; going on", chain(&error)));
                }
                told.missed += 1;
            }
            Err(Failure::Stopped(_)) => break Ok(()),
            Err(failure) => break Err(failure),
        }
        if repeat.times.is_some_and(|times| told.rounds + told.missed >= times.get()) {
            break Ok(());
        }
        let (next, skipped) = ticks.next();
        told.skipped += skipped;
        tokio::select! {
            () = sleep_until(next) => {}
            _ = stop.requested() => break Ok(()),
            () = reader_gone() => break Err(Failure::Output(std::io::ErrorKind::BrokenPipe.into())),
        }
    };
    drop(progress);
    end?;
    told.tell(every);
    Ok(exit)
}

/// What is said at the end.
#[derive(Default)]
struct Told {
    rounds: u64,
    missed: u64,
    skipped: u64,
    rounds_at_loss: Option<u64>,
}

impl Told {
    fn tell(&self, every: Duration) {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        note(format_args!("{} round{}, one every {every:?}", self.rounds, plural(self.rounds)));
        if self.missed > 0 {
            note(format_args!(
                "{} round{} failed, because the server could not be reached",
                self.missed,
                plural(self.missed)
            ));
        }
        if self.skipped > 0 {
            note(format_args!(
                "{} round{} left out, because the one before took too long",
                self.skipped,
                plural(self.skipped)
            ));
        }
    }
}

/// When the rounds are due. Counted from the first, so that they do not drift.
struct Ticks {
    due: Instant,
    every: Duration,
}

impl Ticks {
    fn new(every: Duration) -> Ticks {
        Ticks { due: Instant::now(), every }
    }

    /// When the next one is, and how many are too late by now.
    fn next(&mut self) -> (Instant, u64) {
        self.due += self.every;
        let late = Instant::now().saturating_duration_since(self.due);
        let skipped = u64::try_from(late.as_nanos() / self.every.as_nanos().max(1)).unwrap_or(u64::MAX);
        self.due += self.every.saturating_mul(u32::try_from(skipped).unwrap_or(u32::MAX));
        (self.due, skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn rounds_keep_step_with_the_clock() {
        let start = Instant::now();
        let mut ticks = Ticks::new(Duration::from_millis(100));
        tokio::time::advance(Duration::from_millis(30)).await;
        assert_eq!(
            ticks.next(),
            (start + Duration::from_millis(100), 0),
            "a round takes its time out of the wait"
        );
        tokio::time::advance(Duration::from_millis(420)).await;
        assert_eq!(ticks.next(), (start + Duration::from_millis(400), 2), "the one that is due is still run");
        assert_eq!(ticks.next(), (start + Duration::from_millis(500), 0));
    }
}
