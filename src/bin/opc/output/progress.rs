//! What is told on stderr while the work is under way.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Stderr, plain};

/// Nobody wants to see a bar that is gone in a moment.
const PATIENCE: Duration = Duration::from_millis(500);

/// The bar that is on the screen, so that a note does not tear it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How far something is. Shown where stderr is a terminal.
pub(crate) struct Progress {
    verb: &'static str,
    total: Option<u64>,
    done: u64,
    started: Instant,
    wanted: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Of a known number of items. `wanted` is `false` where data goes to the same screen meanwhile.
    pub(crate) fn of(total: usize, verb: &'static str, wanted: bool) -> Progress {
        Progress::new(Some(total), verb, wanted)
    }

    /// Of something whose end nobody knows.
    pub(crate) fn open(verb: &'static str, wanted: bool) -> Progress {
        Progress::new(None, verb, wanted)
    }

    pub(crate) fn new(total: Option<usize>, verb: &'static str, wanted: bool) -> Progress {
        let total = total.and_then(|total| u64::try_from(total).ok());
        let wanted = wanted && io::stderr().is_terminal();
        Progress { verb, total, done: 0, started: Instant::now(), wanted, bar: None }
    }

    pub(crate) fn advance(&mut self, by: usize) {
        self.done += u64::try_from(by).unwrap_or_default();
        if !self.wanted {
            return;
        }
        if self.bar.is_none() && self.started.elapsed() >= PATIENCE {
            let bar = bar(self.total, self.verb, self.started.elapsed());
            *shown() = Some(bar.clone());
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            *shown() = None;
        }
    }
}

fn bar(total: Option<u64>, verb: &'static str, elapsed: Duration) -> ProgressBar {
    let template = match total {
        Some(_) => "{prefix} [{bar:32}] {human_pos} of {human_len}, {eta} to go",
        None => "{prefix} {human_pos} in {elapsed}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr()).with_elapsed(elapsed);
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(verb);
    bar
}

fn shown() -> std::sync::MutexGuard<'static, Option<ProgressBar>> {
    // There is nothing in it that a panic could have left half done.
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something beside the data, on stderr. If nobody can see it, nobody can be told.
pub(crate) fn note(message: fmt::Arguments<'_>) {
    let text = lines(&message.to_string());
    let print = || _ = Stderr.write_all(text.as_bytes());
    match shown().as_ref() {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// A message of ours may have several lines; what a server says in one of them cannot move the cursor.
fn lines(message: &str) -> String {
    message.split('\n').map(|line| plain(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_cannot_move_the_cursor() {
        assert_eq!(
            lines("error: \u{1b}[2J\r gone\n\nhint: \u{9b}0m"),
            "error: \\u{1b}[2J\\r gone\n\nhint: \\u{9b}0m\n"
        );
    }
}
