//! Comma-separated values with a header row (RFC 4180).

use std::borrow::Cow;
use std::io;

use super::Out;

pub(super) struct Csv {
    out: csv::Writer<Out>,
    begun: bool,
}

impl Csv {
    pub(super) fn new(out: Out) -> Csv {
        // The last row of rotated values may be shorter.
        let out = csv::WriterBuilder::new().flexible(true).from_writer(out);
        Csv { out, begun: false }
    }

    /// An empty header is none.
    pub(super) fn row(&mut self, header: &[&str], fields: &[Cow<'_, str>]) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            if !header.is_empty() {
                self.out.write_record(header)?;
            }
        }
        self.out.write_record(fields.iter().map(|field| field.as_bytes()))?;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
