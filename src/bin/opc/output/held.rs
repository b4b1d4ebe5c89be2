//! stderr, which keeps quiet while a screen is up that it would tear.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// More than this is not kept: a screen may be up for weeks.
const MOST: usize = 1 << 16;

/// What waits, while something does.
static HELD: Mutex<Option<Waiting>> = Mutex::new(None);

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    /// How many were too much.
    more: u64,
}

impl Waiting {
    fn push(&mut self, text: &[u8]) {
        if self.text.len() + text.len() > MOST {
            self.more += 1;
        } else {
            self.text.extend_from_slice(text);
        }
    }

    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.text)?;
        if self.more > 0 {
            writeln!(out, "and {} more, too many to keep", self.more)?;
        }
        out.flush()
    }
}

/// While this is there, nothing reaches stderr; then all of it does.
pub(crate) struct Hold(());

impl Hold {
    pub(crate) fn new() -> Hold {
        *held() = Some(Waiting::default());
        Hold(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(waiting) = held().take() {
            // If nobody can see it, nobody can be told.
            let _ = waiting.tell(&mut io::stderr().lock());
        }
    }
}

fn held() -> std::sync::MutexGuard<'static, Option<Waiting>> {
    // There is nothing in it that a panic could have left half done.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to stderr, now or when it may. Each `write` is one message.
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match held().as_mut() {
            Some(waiting) => waiting.push(text),
            None => io::stderr().lock().write_all(text)?,
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_meanwhile_is_told_later() {
        let hold = Hold::new();
        Stderr.write_all(b"one\n").unwrap();
        Stderr.write_all(b"two\n").unwrap();
        assert_eq!(held().as_ref().map(|waiting| waiting.text.clone()), Some(b"one\ntwo\n".to_vec()));
        drop(hold);
        assert!(held().is_none());
    }

    #[test]
    fn no_more_is_kept_than_fits_and_that_is_told() {
        let mut waiting = Waiting::default();
        waiting.push(b"first\n");
        waiting.push(&vec![b'x'; MOST]);
        waiting.push(b"last\n");
        let mut out = Vec::new();
        waiting.tell(&mut out).unwrap();
        assert_eq!(out, b"first\nlast\nand 1 more, too many to keep\n");
    }
}
