//! CSV cut into records, as far as it has come.

/// Cuts CSV into records (RFC 4180). After one that is broken, the next line is the next record.
pub(super) struct Records {
    /// What came and is not a record yet, behind what is.
    bytes: Vec<u8>,
    /// Where the next record begins.
    start: usize,
    /// How far that one was looked at, so that a long one is not looked at from its beginning with every block.
    seen: usize,
    at: At,
    line: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of them, or the first of two that stand for one.
    Quote,
}

impl Default for Records {
    fn default() -> Records {
        Records { bytes: Vec::new(), start: 0, seen: 0, at: At::FieldStart, line: 1 }
    }
}

impl Records {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The first line, or nothing while it has no end. Asked for before any record is taken.
    pub(super) fn first_line(&self, complete: bool) -> Option<&[u8]> {
        let end = self.bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = end.or(complete.then_some(self.bytes.len()))?;
        self.bytes.get(..end)
    }

    /// Leaves out so many bytes at the beginning.
    pub(super) fn skip(&mut self, length: usize) {
        self.bytes.drain(..length.min(self.bytes.len()));
    }

    /// The next record and the line it begins on. `complete` says that nothing comes any more: the last record may do without
    /// a line end.
    pub(super) fn next(&mut self, comma: u8, complete: bool) -> Option<(u64, Result<&[u8], &'static str>)> {
        let mut wrong = None;
        let mut ended = false;
        while let Some(byte) = self.bytes.get(self.seen).copied() {
            let at = match (self.at, byte) {
                (At::Quoted, b'"') | (At::Quote, b'\r') => At::Quote,
                (At::Quoted, _) | (At::FieldStart | At::Quote, b'"') => At::Quoted,
                (_, b'\n') => {
                    self.seen += 1;
                    ended = true;
                    break;
                }
                (_, byte) if byte == comma => At::FieldStart,
                (At::Quote, _) => {
                    wrong = Some("a quote is not closed, or there is text behind it");
                    break;
                }
                (At::FieldStart | At::Plain, _) => At::Plain,
            };
            // Not past what is wrong: it is found again where the end of its line is yet to come.
            self.at = at;
            self.seen += 1;
        }
        if !ended && wrong.is_none() {
            if !complete || self.start == self.bytes.len() {
                return None;
            }
            wrong = (self.at == At::Quoted).then_some("a quote is not closed");
        }
        let line = self.line;
        match wrong {
            Some(why) => {
                let rest = self.bytes.get(self.start..).unwrap_or_default();
                let end = rest.iter().position(|byte| *byte == b'\n').map(|at| self.start + at + 1);
                self.take(end.or(complete.then_some(self.bytes.len()))?);
                Some((line, Err(why)))
            }
            None => Some((line, Ok(self.take(self.seen)))),
        }
    }

    /// Takes what is before `end`, and counts its line ends.
    fn take(&mut self, end: usize) -> &[u8] {
        let record = self.bytes.get(self.start..end).unwrap_or_default();
        for _ in record.split(|byte| *byte == b'\n').skip(1) {
            self.line += 1;
        }
        (self.start, self.seen, self.at) = (end, end, At::FieldStart);
        record
    }
}
