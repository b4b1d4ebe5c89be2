//! `opc info`

use openopc::ServerInfo;
use serde::Serialize;

use super::pair::Pair;
use super::repeat;
use crate::args::{Global, Repeat};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::output::{About, Printer, time_text};
use crate::stop::Stop;

pub(super) async fn run(global: &Global, again: &Repeat) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let client = repeat::open(global, again, &mut stop).await?;
    let about = About { title: "Server", server: client.url() };
    let mut printer = Printer::new(global, &about);
    let result = repeat::rounds(again, &mut stop, async |stop| {
        let info = stop.unless(client.info()).await?;
        print(&mut printer, &Info::new(client.url(), info))?;
        printer.round()?;
        Ok(Exit::Good)
    })
    .await;
    let finished = printer.finish();
    connect::close(&client, &mut stop).await;
    finished?;
    result
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
    fn lines(&self) -> Vec<Pair<'_>> {
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
            .map(|(name, value)| Pair::new(name, value))
            .chain(namespaces.map(|(index, uri)| Pair::new(format!("Namespace {index}"), uri)))
            .collect()
    }
}

/// One JSON object, or a line for each thing the server says.
fn print(printer: &mut Printer, info: &Info<'_>) -> Result<(), Failure> {
    if !printer.object(info)? {
        for line in info.lines() {
            printer.print(&line)?;
        }
    }
    Ok(())
}
