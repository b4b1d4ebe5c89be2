//! One JSON object a line.

use std::io::{self, Write};

use serde::Serialize;

pub(super) fn line(out: &mut impl Write, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}
