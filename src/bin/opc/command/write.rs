//! `opc write`

mod assignment;
mod typed;

use std::borrow::Cow;

use openopc::{Client, Error, Tag, Value};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{Tally, pause};
use crate::args::{Global, Write};
use crate::connect;
use crate::exit::{Exit, Failure, chain};
use crate::output::{About, Printer, Progress, Record, Title, Tone, field, note, on_screen};
use crate::stop::Stop;

/// A tag and what to write to it, or why nothing can be.
type Item = (Tag, Result<Value, Error>);

pub(super) async fn run(global: &Global, args: &Write) -> Result<Exit, Failure> {
    // Before signals are caught: standard input may take for ever.
    let mut left_out = 0;
    let assignments = assignment::gather(args, &mut left_out)?;
    let mut stop = Stop::listen()?;
    let client = connect::open(global, &mut stop).await?;
    // Every text becomes a value before anything is written.
    let result = match stop.unless(typed::items(&client, assignments, args, &mut left_out)).await {
        Ok(items) => write_all(&client, global, args, &items, left_out, &mut stop).await,
        Err(Failure::Usage(message)) => Err(Failure::Usage(format!("{message}\n\nNothing was written."))),
        Err(failure) => {
            note(format_args!("nothing was written"));
            Err(failure)
        }
    };
    connect::close(&client, &mut stop).await;
    result
}

async fn write_all(
    client: &Client,
    global: &Global,
    args: &Write,
    items: &[Item],
    left_out: usize,
    stop: &mut Stop,
) -> Result<Exit, Failure> {
    let mut tally = Tally::of(items.len() + left_out);
    let mut printer = Printer::new(global, &About { title: "Written", server: client.url() });
    let mut progress = Progress::of(items.len(), "writing", !(on_screen() && printer.prints_at_once()));
    let mut result = Ok(());
    let mut chunks = items.chunks(args.pace.chunk()).peekable();
    while let Some(chunk) = chunks.next() {
        result = write(client, chunk, stop, &mut printer, &mut tally).await;
        progress.advance(chunk.len());
        if result.is_ok() && chunks.peek().is_some() {
            result = pause(&args.pace, stop).await;
        }
        if result.is_err() {
            break;
        }
    }
    drop(progress);
    let finished = printer.finish();
    tally.footer(global, "Wrote", result.is_err());
    finished?;
    result.map(|()| tally.exit())
}

/// Writes a chunk and prints how it went.
async fn write(
    client: &Client,
    chunk: &[Item],
    stop: &mut Stop,
    printer: &mut Printer,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let values: Vec<(&Tag, Value)> =
        chunk.iter().filter_map(|(tag, value)| Some((tag, value.as_ref().ok()?.clone()))).collect();
    let sent = values.len();
    let results = stop.unless(client.write_many(values)).await.inspect_err(|_| {
        note(format_args!("{sent} items may have been written or not"));
    })?;
    let mut results = results.into_iter();
    for (tag, value) in chunk {
        match value {
            Err(error) => printer.print(&Written { tag, value: None, error: Some(error) })?,
            Ok(value) => {
                // One result per value.
                let Some(result) = results.next() else { break };
                if result.is_ok() {
                    tally.done(true);
                }
                printer.print(&Written { tag, value: Some(value), error: result.as_ref().err() })?;
            }
        }
    }
    Ok(printer.flush()?)
}

/// One tag's line of `write`.
struct Written<'a> {
    tag: &'a Tag,
    /// What was sent, in the type it was sent as.
    value: Option<&'a Value>,
    error: Option<&'a Error>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tag", self.tag)?;
        if let Some(value) = self.value {
            map.serialize_entry("value", value)?;
            map.serialize_entry("type", &value.type_text())?;
        }
        if let Some(error) = self.error {
            if let Some(status) = error.status() {
                map.serialize_entry("status", &status.name())?;
            }
            map.serialize_entry("error", &chain(error))?;
        }
        map.end()
    }
}

impl Record for Written<'_> {
    const FIELDS: &'static [&'static str] = &["tag", "value", "type", "status", "error"];
    const TITLES: &'static [Title] =
        &[Title::Always("Tag"), Title::Always("Value"), Title::Always("Result"), Title::IfAny("Error")];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        let status = self.error.and_then(Error::status);
        vec![
            self.tag.as_str().into(),
            self.value.map(field).unwrap_or_default(),
            self.value.map(Value::type_text).unwrap_or_default().into(),
            status.map(openopc::Status::name).unwrap_or_default(),
            self.error.map(chain).unwrap_or_default().into(),
        ]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        // OpenOPC's words.
        let result = if self.error.is_some() { "Error" } else { "Success" };
        let error = self.error.map(chain).unwrap_or_default();
        vec![self.tag.as_str().into(), self.value.map(field).unwrap_or_default(), result.into(), error.into()]
    }
    fn name(&self) -> Cow<'_, str> {
        self.tag.as_str().into()
    }

    /// OpenOPC's `values` and `pairs` tell how it went.
    fn value(&self) -> Cow<'_, str> {
        if self.error.is_some() { "Error".into() } else { "Success".into() }
    }

    fn error(&self) -> Option<String> {
        self.error.map(chain)
    }

    fn tone(&self) -> Tone {
        if self.error.is_some() { Tone::Bad } else { Tone::Good }
    }
}
