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
        print(&mut printer, &info)?;
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
    host: &'a str,
    name: &'a str,
    product: &'a str,
    vendor: &'a str,
    version: &'a str,
    build: &'a str,
    uri: &'a str,
    product_uri: &'a str,
    state: String,
    start_time: Option<String>,
    current_time: Option<String>,
    service_level: Option<u8>,
    protocol: String,
    security: String,
    policy: &'a str,
    client_name: &'a str,
    namespaces: &'a [String],
    profiles: &'a [String],
}

impl<'a> From<&'a ServerInfo> for Info<'a> {
    fn from(info: &'a ServerInfo) -> Info<'a> {
        Info {
            url: &info.url,
            host: &info.host,
            name: &info.name,
            product: &info.product,
            vendor: &info.vendor,
            version: &info.version,
            build: &info.build,
            uri: &info.uri,
            product_uri: &info.product_uri,
            state: info.state.to_string(),
            start_time: info.started.map(time_text),
            current_time: info.now.map(time_text),
            service_level: info.service_level,
            protocol: info.protocol(),
            security: info.security.to_string(),
            policy: &info.policy,
            client_name: &info.client_name,
            namespaces: &info.namespaces,
            profiles: &info.profiles,
        }
    }
}

/// One line for each thing, for people and csv: what OpenOPC told, then what OPC UA has beside it.
fn lines(info: &ServerInfo) -> Vec<Pair<'_>> {
    let mut lines: Vec<Pair<'_>> = info.pairs().map(|(name, value)| Pair::new(name, value)).collect();
    lines.push(Pair::new("URL", info.url.as_str()));
    lines.push(Pair::new("URI", info.uri.as_str()));
    lines.push(Pair::new("Product", info.product.as_str()));
    lines.push(Pair::new("Product URI", info.product_uri.as_str()));
    if let Some(level) = info.service_level {
        lines.push(Pair::new("Service Level", level.to_string()));
    }
    let limits = &info.limits;
    for (name, limit) in [
        ("Sessions", limits.sessions),
        ("Nodes per Read", limits.nodes_per_read),
        ("Nodes per Write", limits.nodes_per_write),
        ("Nodes per Browse", limits.nodes_per_browse),
        ("Items per Call", limits.monitored_items_per_call),
    ] {
        if let Some(limit) = limit {
            lines.push(Pair::new(name, limit.to_string()));
        }
    }
    for (index, uri) in info.namespaces.iter().enumerate() {
        lines.push(Pair::new(format!("Namespace {index}"), uri.as_str()));
    }
    lines
}

/// One JSON object, or a line for each thing the server says.
fn print(printer: &mut Printer, info: &ServerInfo) -> Result<(), Failure> {
    if !printer.object(&Info::from(info))? {
        for line in lines(info) {
            printer.print(&line)?;
        }
    }
    Ok(())
}
