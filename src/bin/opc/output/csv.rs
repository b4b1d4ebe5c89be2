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
        Csv { out: csv::Writer::from_writer(out), begun: false }
    }

    pub(super) fn row(&mut self, header: &[&str], fields: &[Cow<'_, str>]) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.out.write_record(header)?;
        }
        self.out.write_record(fields.iter().map(|field| field.as_bytes()))?;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
