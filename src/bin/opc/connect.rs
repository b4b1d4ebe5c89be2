//! From the options to an open client, and its end.

use std::time::Duration;

use openopc::{Client, ClientBuilder};

use crate::args::Global;
use crate::exit::Failure;
use crate::stop::Stop;

/// How long opening and every request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

const NO_SERVER: &str = "no server given

  -s opc.tcp://HOST:4840    names one; so does the environment variable OPC_SERVER
  -s sim:                   is the bundled simulator, to try things out";

/// Everything the options say about the connection.
pub(crate) fn builder(global: &Global) -> Result<ClientBuilder, Failure> {
    let url = global.server.as_deref().map(str::trim).filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| Failure::Usage(NO_SERVER.into()))?;
    let timeout = global.timeout.unwrap_or(TIMEOUT);
    Ok(Client::builder(url).name("opc").open_timeout(timeout).request_timeout(timeout))
}

pub(crate) async fn open(global: &Global, stop: &mut Stop) -> Result<Client, Failure> {
    stop.unless(builder(global)?.open()).await
}

/// Says goodbye to the server; a second Ctrl-C does without.
pub(crate) async fn close(client: &Client, stop: &mut Stop) {
    let _ = stop.unless(client.close()).await;
}
