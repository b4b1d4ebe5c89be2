//! `opc properties`

use std::borrow::Cow;

use openopc::da::PropertyId;
use openopc::{Client, Error, Properties, PropertiesOptions, Status, Tag, Value};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::chunks::{self, Round};
use super::{Tally, repeat};
use crate::args::{self, Global};
use crate::connect;
use crate::exit::{Exit, Failure, chain};
use crate::input::Tags;
use crate::output::{About, Printer, Record, Title, Tone, field};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, args: &args::Properties) -> Result<Exit, Failure> {
    let mut tags = chunks::tags(&args.which, &args.repeat).await?;
    let mut stop = Stop::listen()?;
    let client = repeat::open(global, &args.repeat, &mut stop).await?;
    let mut printer = Printer::new(global, &About { title: "Properties", server: client.url() });
    let result = repeat::rounds(&args.repeat, &mut stop, async |stop| {
        let mut tally = Tally::of(tags.total().unwrap_or_default());
        let mut round = Round { stop, printer: &mut printer, tally: &mut tally };
        let result = properties(&client, &mut tags, args, &mut round).await;
        let shown = printer.round();
        if result.is_err() {
            tally.footer(global, "Looked at", true);
        }
        shown?;
        result.map(|()| tally.exit())
    })
    .await;
    let finished = printer.finish();
    connect::close(&client, &mut stop).await;
    finished?;
    result
}

async fn properties(
    client: &Client,
    tags: &mut Tags,
    args: &args::Properties,
    round: &mut Round<'_>,
) -> Result<(), Failure> {
    let mut options = PropertiesOptions::new();
    if !args.ids.is_empty() {
        options = options.ids(args.ids.iter().copied());
    }
    chunks::each(tags, &args.pace, "looking", round, async |chunk, round| {
        let results = round.stop.unless(client.properties_with(chunk, &options)).await?;
        for (tag, result) in chunk.iter().zip(&results) {
            match result {
                Ok(properties) => round.tally.done(print(tag, properties, &args.ids, round.printer)?),
                Err(error) => {
                    let found = Err(chain(error));
                    round.printer.print(&Line { tag, id: None, name: "".into(), found })?;
                }
            }
        }
        Ok(round.printer.flush()?)
    })
    .await
}

/// Everything, or what was asked for in the order it was; `false` where something of that is not there.
fn print(
    tag: &Tag,
    properties: &Properties,
    ids: &[PropertyId],
    printer: &mut Printer,
) -> Result<bool, Failure> {
    let named = |id: PropertyId| id.name().unwrap_or_default().into();
    if ids.is_empty() {
        for (id, value) in properties.iter() {
            printer.print(&Line { tag, id: Some(id), name: named(id), found: Ok(value) })?;
        }
        for (name, value) in &properties.other {
            let line = Line { tag, id: None, name: name.to_string().into(), found: Ok(value.clone()) };
            printer.print(&line)?;
        }
        return Ok(true);
    }
    let mut all = true;
    for id in ids {
        let found = properties.get(*id).ok_or_else(|| {
            all = false;
            missing(tag, properties.refusal(*id))
        });
        printer.print(&Line { tag, id: Some(*id), name: named(*id), found })?;
    }
    Ok(all)
}

fn missing(tag: &Tag, refusal: Option<Status>) -> String {
    match refusal {
        Some(status) => {
            chain(&Error::Item { operation: openopc::Operation::Properties, tag: tag.clone(), status })
        }
        None => format!("`{tag}` has no such property"),
    }
}

/// One property's line, or why there is none.
struct Line<'a> {
    tag: &'a Tag,
    id: Option<PropertyId>,
    name: Cow<'a, str>,
    found: Result<Value, String>,
}

impl Line<'_> {
    fn number(&self) -> String {
        self.id.map(|id| id.to_string()).unwrap_or_default()
    }

    /// As OpenOPC printed it: types, qualities and rights by name.
    fn text(&self) -> Cow<'_, str> {
        match (&self.found, self.id) {
            (Ok(Value::Null) | Err(_), _) => "".into(),
            (Ok(value), Some(id)) => id.text(value).into(),
            (Ok(value), None) => field(value),
        }
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tag", self.tag)?;
        if self.id.is_some() || !self.name.is_empty() {
            map.serialize_entry("id", &self.id.map(PropertyId::number))?;
            map.serialize_entry("name", &self.name)?;
        }
        match &self.found {
            Ok(value) => map.serialize_entry("value", value)?,
            Err(error) => map.serialize_entry("error", error)?,
        }
        map.end()
    }
}

impl Record for Line<'_> {
    const FIELDS: &'static [&'static str] = &["tag", "id", "name", "value", "error"];
    const TITLES: &'static [Title] = &[
        Title::Always("Tag"),
        Title::Always("ID"),
        Title::Always("Name"),
        Title::Always("Value"),
        Title::IfAny("Error"),
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        vec![
            self.tag.as_str().into(),
            self.number().into(),
            self.name.as_ref().into(),
            self.text(),
            self.error().unwrap_or_default().into(),
        ]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        self.fields()
    }

    fn name(&self) -> Cow<'_, str> {
        self.tag.as_str().into()
    }

    fn value(&self) -> Cow<'_, str> {
        self.text()
    }

    fn error(&self) -> Option<String> {
        self.found.as_ref().err().cloned()
    }

    fn tone(&self) -> Tone {
        if self.found.is_err() { Tone::Bad } else { Tone::Plain }
    }
}
