//! The live table: one row for each tag, drawn anew as values come.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openopc::{Client, Tag};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::board::Board;
use super::screen::{Key, Screen};
use super::{all_refused, refresh, tell_refused, told};
use crate::args::{Format, Global, Watch};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::log;
use crate::output::Hold;
use crate::stop::Stop;

/// How often the screen is drawn, at most.
const FRAME: Duration = Duration::from_millis(100);

/// Whether there is a terminal for it and nobody wants lines.
pub(super) fn wanted(global: &Global, args: &Watch) -> bool {
    let able = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    able && std::io::stdout().is_terminal() && !lines(global, args, log::wanted().is_some())
}

/// Whether somebody wants lines, or a log on the same screen.
fn lines(global: &Global, args: &Watch, logged: bool) -> bool {
    let asked = args.lines || global.rotate.is_some() || global.format() != Format::Table;
    asked || logged || global.verbose > 0
}

/// Unless `NO_COLOR` is set to anything (no-color.org).
fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

pub(super) async fn run(
    global: &Global,
    args: &Watch,
    tags: &[Tag],
    stop: &mut Stop,
) -> Result<Exit, Failure> {
    let server = connect::servers(global)?.join("; ");
    let board = Arc::new(Mutex::new(Board::new(&server, tags, limit(args))));
    let events = Arc::clone(&board);
    let client = connect::open_with(global, stop, |builder| {
        let events = Arc::clone(&events);
        builder.on_event(move |event| lock(&events).event(&event))
    })
    .await?;
    let result = show(&client, args, tags, &board, stop).await;
    connect::close(&client, stop).await;
    result
}

async fn show(
    client: &Client,
    args: &Watch,
    tags: &[Tag],
    board: &Arc<Mutex<Board>>,
    stop: &mut Stop,
) -> Result<Exit, Failure> {
    let incoming = Arc::clone(board);
    let subscribing = client.subscribe(tags, refresh(args), move |reading| lock(&incoming).reading(&reading));
    let subscription = stop.unless(subscribing).await?;
    if !all_refused(&subscription) {
        follow(args, board, stop).await?;
    }
    tell_refused(client, &subscription).await;
    Ok(told(subscription, stop, || lock(board).readings()).await)
}

/// Shows the board until somebody has seen enough. The terminal is back when this returns.
async fn follow(args: &Watch, board: &Mutex<Board>, stop: &mut Stop) -> Result<(), Failure> {
    let until = args.span.map(|span| Instant::now() + span);
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // What the library has to tell meanwhile is told when the terminal is back.
    let _hold = Hold::new();
    let mut screen = Screen::take(colours())?;
    let mut drawn = None;
    loop {
        tokio::select! {
            key = screen.key() => {
                let (_, height) = Screen::size();
                let page = isize::try_from(height.saturating_sub(4)).unwrap_or(1);
                match key {
                    Key::Quit => return Ok(()),
                    Key::Scroll(by) => lock(board).scroll(by, height),
                    Key::Page(by) => lock(board).scroll(by.saturating_mul(page), height),
                    // What is there may have been cut or moved.
                    Key::Resized => drawn = None,
                }
            }
            _ = stop.requested() => return Ok(()),
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Ok(()),
            _ = frames.tick() => {
                let (width, height) = Screen::size();
                let (lines, readings) = {
                    let board = lock(board);
                    (board.lines(width, height), board.readings())
                };
                if drawn.as_ref() != Some(&lines) {
                    screen.draw(&lines)?;
                    drawn = Some(lines);
                }
                if readings >= limit(args) {
                    return Ok(());
                }
            }
        }
    }
}

/// How many readings are enough.
fn limit(args: &Watch) -> u64 {
    args.count.map_or(u64::MAX, Into::into)
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    // Whoever panicked with it left at worst a row half new.
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn a_log_on_the_same_screen_asks_for_lines() {
        let plain = |options: &str, logged| {
            let line = format!("opc watch A {options}");
            let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
            let Command::Watch(args) = &cli.command else { panic!("{line}") };
            lines(&cli.global, args, logged)
        };
        assert!(!plain("", false));
        assert!(plain("", true), "OPC_LOG");
        for options in ["-v", "--lines", "-o csv", "-x 2"] {
            assert!(plain(options, false), "{options}");
        }
    }
}
