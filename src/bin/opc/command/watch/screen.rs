//! The terminal: taken over while the live table is shown, and given back however it ends.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    self, Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use tokio::sync::mpsc;

use super::board::{Paint, Piece};

/// How long the keyboard is waited for before looking whether anybody still wants to know.
const GLANCE: Duration = Duration::from_millis(50);

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    /// Rows down; less than none is up.
    Scroll(isize),
    /// A whole screen, down or up.
    Page(isize),
    /// The terminal has another size.
    Resized,
}

/// The terminal while it is ours.
pub(super) struct Screen {
    out: BufWriter<Stdout>,
    colours: bool,
    keys: mpsc::UnboundedReceiver<Key>,
    ended: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Screen {
    pub(super) fn take(colours: bool) -> io::Result<Screen> {
        terminal::enable_raw_mode()?;
        let (sender, keys) = mpsc::unbounded_channel();
        let ended = Arc::new(AtomicBool::new(false));
        // From here on, whatever fails gives the terminal back.
        let mut screen = Screen {
            out: BufWriter::new(io::stdout()),
            colours,
            keys,
            ended: Arc::clone(&ended),
            reader: None,
        };
        execute!(screen.out, EnterAlternateScreen, Hide, DisableLineWrap)?;
        screen.reader =
            Some(std::thread::Builder::new().name("keys".into()).spawn(move || read(&sender, &ended))?);
        Ok(screen)
    }

    /// Columns and rows.
    pub(super) fn size() -> (usize, usize) {
        let (width, height) = terminal::size().unwrap_or((80, 24));
        (width.into(), height.into())
    }

    /// What somebody wants next. Never, where there is no keyboard.
    pub(super) async fn key(&mut self) -> Key {
        match self.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }

    pub(super) fn draw(&mut self, lines: &[Vec<Piece>]) -> io::Result<()> {
        for (row, line) in (0u16..).zip(lines) {
            queue!(self.out, MoveTo(0, row))?;
            for (paint, text) in line {
                self.paint(*paint)?;
                queue!(self.out, Print(text))?;
                if *paint != Paint::Plain && self.colours {
                    queue!(self.out, ResetColor, SetAttribute(Attribute::Reset))?;
                }
            }
            queue!(self.out, Clear(ClearType::UntilNewLine))?;
        }
        if let Ok(rows) = u16::try_from(lines.len()) {
            queue!(self.out, MoveTo(0, rows), Clear(ClearType::FromCursorDown))?;
        }
        self.out.flush()
    }

    fn paint(&mut self, paint: Paint) -> io::Result<()> {
        if !self.colours {
            return Ok(());
        }
        match paint {
            Paint::Plain => Ok(()),
            Paint::Dim => queue!(self.out, SetAttribute(Attribute::Dim)),
            Paint::Bold => queue!(self.out, SetAttribute(Attribute::Bold)),
            Paint::Good => queue!(self.out, SetForegroundColor(Color::DarkGreen)),
            Paint::Uncertain => queue!(self.out, SetForegroundColor(Color::DarkYellow)),
            Paint::Bad => queue!(self.out, SetForegroundColor(Color::DarkRed)),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            // At most a glance; else it would take the next key from the shell.
            let _ = reader.join();
        }
        let _ = execute!(self.out, EnableLineWrap, Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// Passes keys on until nobody wants them.
fn read(sender: &mpsc::UnboundedSender<Key>, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        let key = match event::poll(GLANCE) {
            Ok(true) => event::read().map(|event| meaning(&event)),
            Ok(false) => continue,
            Err(error) => Err(error),
        };
        match key {
            Ok(None) => {}
            Ok(Some(key)) if sender.send(key).is_ok() => {}
            // No keyboard; Ctrl-C may still come as a signal.
            Ok(Some(_)) | Err(_) => return,
        }
    }
}

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Resized),
        Event::Key(KeyEvent { code, modifiers, kind, .. }) if *kind != KeyEventKind::Release => match code {
            // In raw mode Ctrl-C is a key as any other.
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Quit),
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Key::Quit),
            KeyCode::Down | KeyCode::Char('j') => Some(Key::Scroll(1)),
            KeyCode::Up | KeyCode::Char('k') => Some(Key::Scroll(-1)),
            KeyCode::PageDown | KeyCode::Char(' ') => Some(Key::Page(1)),
            KeyCode::PageUp => Some(Key::Page(-1)),
            KeyCode::Home => Some(Key::Scroll(isize::MIN)),
            KeyCode::End => Some(Key::Scroll(isize::MAX)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_meaning() {
        let key = |code, modifiers| meaning(&Event::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Quit));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Some(Key::Quit));
        assert_eq!(key(KeyCode::Down, KeyModifiers::NONE), Some(Key::Scroll(1)));
        assert_eq!(meaning(&Event::Resize(80, 24)), Some(Key::Resized));
    }
}
