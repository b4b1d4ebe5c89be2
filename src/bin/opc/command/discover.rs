//! `opc servers` and `opc endpoints`

use std::borrow::Cow;

use openopc::{ClientBuilder, Endpoint, Server};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::args::{Discover, Global};
use crate::connect;
use crate::exit::{Exit, Failure};
use crate::output::{About, Printer, Record, Title};
use crate::stop::Stop;

pub(super) async fn servers(global: &Global, args: &Discover) -> Result<Exit, Failure> {
    each(global, args, "Servers", async |builder| {
        Ok(builder.servers().await?.into_iter().map(ServerLine).collect())
    })
    .await
}

pub(super) async fn endpoints(global: &Global, args: &Discover) -> Result<Exit, Failure> {
    each(global, args, "Endpoints", async |builder| {
        Ok(builder.endpoints().await?.into_iter().map(EndpointLine).collect())
    })
    .await
}

/// Asks everybody, and goes on where one does not answer.
async fn each<R: Record>(
    global: &Global,
    args: &Discover,
    title: &str,
    ask: impl AsyncFn(ClientBuilder) -> openopc::Result<Vec<R>>,
) -> Result<Exit, Failure> {
    let urls: Vec<String> = if args.urls.is_empty() {
        connect::servers(global)?.into_iter().map(str::to_owned).collect()
    } else {
        args.urls.iter().map(|url| address(url)).collect()
    };
    let mut stop = Stop::listen()?;
    let mut printer = Printer::new(global, &About { title, server: &urls.join(" ") });
    let mut exit = Exit::Good;
    for url in urls {
        match stop.unless(ask(connect::builder(global, &url))).await {
            Ok(found) => {
                for record in &found {
                    printer.print(record)?;
                }
            }
            Err(Failure::Opc(error)) => exit = Failure::Opc(error).report(),
            Err(failure) => {
                printer.finish()?;
                return Err(failure);
            }
        }
    }
    printer.finish()?;
    Ok(exit)
}

/// A host's name alone is enough.
fn address(url: &str) -> String {
    if url.contains("://") || url.starts_with("sim:") { url.to_owned() } else { format!("opc.tcp://{url}") }
}

/// A server's line.
struct ServerLine(Server);

impl Serialize for ServerLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let server = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &server.name)?;
        map.serialize_entry("kind", &server.kind.to_string())?;
        map.serialize_entry("urls", &server.urls)?;
        map.serialize_entry("uri", &server.uri)?;
        map.serialize_entry("product_uri", &server.product_uri)?;
        map.end()
    }
}

impl Record for ServerLine {
    const FIELDS: &'static [&'static str] = &["name", "kind", "urls", "uri", "product_uri"];
    const TITLES: &'static [Title] = &[
        Title::Always("Name"),
        Title::Always("Kind"),
        Title::Always("URLs"),
        Title::Always("URI"),
        Title::IfAny("Product"),
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        let server = &self.0;
        vec![
            server.name.as_str().into(),
            server.kind.to_string().into(),
            server.urls.join(" ").into(),
            server.uri.as_str().into(),
            server.product_uri.as_str().into(),
        ]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        self.fields()
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.name.as_str().into()
    }

    /// What `-s` takes.
    fn value(&self) -> Cow<'_, str> {
        self.0.urls.first().map(String::as_str).unwrap_or_default().into()
    }
}

/// An endpoint's line.
struct EndpointLine(Endpoint);

impl EndpointLine {
    fn security(&self) -> String {
        self.0.security.map(|security| security.to_string()).unwrap_or_default()
    }

    fn identities(&self) -> Vec<String> {
        self.0.identities.iter().map(ToString::to_string).collect()
    }
}

impl Serialize for EndpointLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let endpoint = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("url", &endpoint.url)?;
        map.serialize_entry("security", &endpoint.security.map(|security| security.to_string()))?;
        map.serialize_entry("policy", &endpoint.policy)?;
        map.serialize_entry("level", &endpoint.level)?;
        map.serialize_entry("identities", &self.identities())?;
        map.serialize_entry("transport", &endpoint.transport)?;
        map.serialize_entry("thumbprint", &endpoint.thumbprint)?;
        map.serialize_entry("server", &endpoint.server.name)?;
        map.end()
    }
}

impl Record for EndpointLine {
    const FIELDS: &'static [&'static str] =
        &["url", "security", "policy", "level", "identities", "transport", "thumbprint", "server"];
    const TITLES: &'static [Title] = &[
        Title::Always("URL"),
        Title::Always("Security"),
        Title::Always("Policy"),
        Title::Always("Level"),
        Title::Always("Users"),
        Title::Always("Server"),
    ];

    fn fields(&self) -> Vec<Cow<'_, str>> {
        let endpoint = &self.0;
        vec![
            endpoint.url.as_str().into(),
            self.security().into(),
            endpoint.policy.as_str().into(),
            endpoint.level.to_string().into(),
            self.identities().join(" ").into(),
            endpoint.transport.as_str().into(),
            endpoint.thumbprint.as_deref().unwrap_or_default().into(),
            endpoint.server.name.as_str().into(),
        ]
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        let endpoint = &self.0;
        vec![
            endpoint.url.as_str().into(),
            self.security().into(),
            endpoint.policy.as_str().into(),
            endpoint.level.to_string().into(),
            self.identities().join(" ").into(),
            endpoint.server.name.as_str().into(),
        ]
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.server.name.as_str().into()
    }

    fn value(&self) -> Cow<'_, str> {
        self.0.url.as_str().into()
    }
}
