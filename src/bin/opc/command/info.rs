//! `opc info`

use std::borrow::Cow;

use openopc::ServerInfo;
use serde::Serialize;

use crate::args::{Format, Global};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::output::{Printer, Record, Title, time_text};
use crate::stop::Stop;

pub(super) async fn run(global: &Global) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let client = connect::open(global, &mut stop).await?;
    let info = stop.unless(client.info()).await;
    connect::close(&client, &mut stop).await;
    print(global.output, &Info::new(client.url(), info?))?;
    Ok(Exit::Good)
}

/// The server, as JSON shows it.
#[derive(Serialize)]
struct Info<'a> {
    url: &'a str,
    product: String,
    vendor: String,
    version: String,
    build: String,
    uri: String,
    state: String,
    start_time: Option<String>,
    current_time: Option<String>,
    namespaces: Vec<String>,
}

impl<'a> Info<'a> {
    fn new(url: &'a str, info: ServerInfo) -> Info<'a> {
        Info {
            url,
            state: info.state.to_string(),
            start_time: info.started.map(time_text),
            current_time: info.now.map(time_text),
            product: info.product,
            vendor: info.vendor,
            version: info.version,
            build: info.build,
            uri: info.uri,
            namespaces: info.namespaces,
        }
    }

    /// One line for each thing, for people and csv.
    fn lines(&self) -> Vec<Line<'_>> {
        let start = self.start_time.as_deref().unwrap_or_default();
        let current = self.current_time.as_deref().unwrap_or_default();
        let single = [
            ("URL", self.url),
            ("Product", &self.product),
            ("Vendor", &self.vendor),
            ("Version", &self.version),
            ("Build", &self.build),
            ("URI", &self.uri),
            ("State", &self.state),
            ("Start time", start),
            ("Current time", current),
        ];
        let namespaces = self.namespaces.iter().enumerate();
        single
            .into_iter()
            .map(|(name, value)| Line { name: name.into(), value })
            .chain(
                namespaces.map(|(index, uri)| Line { name: format!("Namespace {index}").into(), value: uri }),
            )
            .collect()
    }
}

/// A name and a value.
#[derive(Serialize)]
struct Line<'a> {
    name: Cow<'static, str>,
    value: &'a str,
}

impl Record for Line<'_> {
    const FIELDS: &'static [&'static str] = &["name", "value"];
    const TITLES: &'static [Title] = &[Title::Always("Name"), Title::Always("Value")];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        vec![self.name.as_ref().into(), self.value.into()]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        self.fields()
    }
}

/// One JSON object, or a line for each thing the server says.
fn print(format: Format, info: &Info<'_>) -> Result<(), Failure> {
    let mut printer = Printer::new(format);
    if !printer.object(info)? {
        for line in info.lines() {
            printer.print(&line)?;
        }
    }
    Ok(printer.finish()?)
}
