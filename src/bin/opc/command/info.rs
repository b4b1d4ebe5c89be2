//! `opc info`

use openopc::{ServerInfo, ServerLimits};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

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
    class: String,
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
    limits: Limits<'a>,
}

impl<'a> From<&'a ServerInfo> for Info<'a> {
    fn from(info: &'a ServerInfo) -> Info<'a> {
        Info {
            class: info
                .pairs()
                .find(|(name, _)| *name == "Class")
                .map(|(_, class)| class)
                .unwrap_or_default(),
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
            limits: Limits(&info.limits),
        }
    }
}

/// What the server takes at a time, under the same names wherever it is printed.
struct Limits<'a>(&'a ServerLimits);

impl Limits<'_> {
    fn iter(&self) -> impl Iterator<Item = (&'static str, Option<u32>)> {
        let limits = self.0;
        [
            ("Sessions", limits.sessions),
            ("Nodes per Read", limits.nodes_per_read),
            ("Nodes per Write", limits.nodes_per_write),
            ("Nodes per Browse", limits.nodes_per_browse),
            ("Nodes per Translate", limits.nodes_per_translate),
            ("Monitored Items per Call", limits.monitored_items_per_call),
            ("Nodes per History Read", limits.nodes_per_history_read),
            ("Browse Continuation Points", limits.browse_continuation_points),
            ("History Continuation Points", limits.history_continuation_points),
        ]
        .into_iter()
    }
}

impl Serialize for Limits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, limit) in self.iter() {
            map.serialize_entry(&name.to_lowercase().replace(' ', "_"), &limit)?;
        }
        map.end()
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
    for (name, limit) in Limits(&info.limits).iter() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_told_under_its_own_name() {
        let limits = ServerLimits::default();
        let json = serde_json::to_value(Limits(&limits)).unwrap();
        // The fields of the library, of which there may be more one day.
        let fields = format!("{limits:?}").matches(": None").count();
        assert_eq!(json.as_object().unwrap().len(), fields);
        for name in json.as_object().unwrap().keys() {
            assert!(format!("{limits:?}").contains(&format!("{name}: None")), "{name}");
        }
    }
}
