//! From the options to an open client, and its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openopc::da::{Aliases, ItemIds};
use openopc::{Client, ClientBuilder, Event, IntoUrls};

use crate::args::Global;
use crate::exit::Failure;
use crate::output::note;
use crate::stop::Stop;

/// How long opening and every request may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// What the server is told about who calls.
pub(crate) const NAME: &str = "opc";

const NO_SERVER: &str = "no server given

  -s opc.tcp://HOST:4840    names one; so does the environment variable OPC_SERVER
  -s sim:                   is the bundled simulator, to try things out";

/// The servers that the options name, in the order they are tried.
pub(crate) fn servers(global: &Global) -> Result<Vec<&str>, Failure> {
    let servers: Vec<&str> = global
        .server
        .iter()
        .flat_map(|list| list.split(';'))
        .map(str::trim)
        .filter(|url| !url.is_empty())
        .collect();
    if servers.is_empty() {
        return Err(Failure::Usage(NO_SERVER.into()));
    }
    match servers.iter().find(|url| !url.contains(':')) {
        None => Ok(servers),
        Some(name) => Err(Failure::Usage(format!(
            "`{name}` is the name of a DCOM server or of a host; an OPC UA server has a URL, such as opc.tcp://{}:4840",
            if name.contains('.') { "HOST" } else { name }
        ))),
    }
}

/// Everything the options say about the connection.
pub(crate) fn builder(global: &Global, urls: impl IntoUrls) -> ClientBuilder {
    let timeout = global.timeout.unwrap_or(TIMEOUT);
    let name = global.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(NAME);
    Client::builder(urls).name(name).open_timeout(timeout).request_timeout(timeout)
}

/// The first server that answers and is well; of those that do not answer, stderr tells.
pub(crate) async fn open(global: &Global, stop: &mut Stop) -> Result<Client, Failure> {
    open_with(global, stop, |builder| builder.on_event(|event| unavailable(&event))).await
}

/// As [`open`], and tells on stderr when the connection is lost, when it is back, and when it goes to another server.
pub(crate) async fn open_for_long(global: &Global, stop: &mut Stop) -> Result<Client, Failure> {
    open_with(global, stop, |builder| builder.on_event(tell())).await
}

/// As [`open`], with more to say about the connection.
pub(crate) async fn open_with(
    global: &Global,
    stop: &mut Stop,
    more: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, Failure> {
    let servers = servers(global)?;
    let aliases = aliases(global)?;
    let builder = builder(global, servers).item_ids(aliases.then(ItemIds::Auto));
    stop.unless(more(builder).open()).await
}

/// The aliases that the options name.
pub(crate) fn aliases(global: &Global) -> Result<Aliases, Failure> {
    // An empty variable is none.
    let Some(file) = global.aliases.as_ref().filter(|file| !file.as_os_str().is_empty()) else {
        return Ok(Aliases::default());
    };
    let aliases = Aliases::load(file)?;
    for left_out in aliases.skipped() {
        note(format_args!("{}: {left_out}, and is left out", file.display()));
    }
    Ok(aliases)
}

/// Says on stderr what happens to the connection.
fn tell() -> impl Fn(Event) + Send + Sync + 'static {
    let (opened, lost) = (AtomicBool::new(false), AtomicBool::new(false));
    move |event| match event {
        Event::Disconnected { status } => {
            lost.store(true, Ordering::Relaxed);
            note(format_args!("connection lost ({status}), trying again"));
        }
        Event::Moved { to, .. } => {
            lost.store(true, Ordering::Relaxed);
            note(format_args!("going to {to}"));
        }
        Event::Connected { .. } => {
            opened.store(true, Ordering::Relaxed);
            if lost.swap(false, Ordering::Relaxed) {
                note(format_args!("connected again"));
            }
        }
        // Later it is tried again and again.
        event if !opened.load(Ordering::Relaxed) => unavailable(&event),
        _ => {}
    }
}

/// Says on stderr which of several servers could not be opened.
pub(crate) fn unavailable(event: &Event) {
    if let Event::Unavailable { url, reason } = event {
        note(format_args!("cannot open {url}: {reason}"));
    }
}

/// Says goodbye to the server; a second Ctrl-C does without.
pub(crate) async fn close(client: &Client, stop: &mut Stop) {
    let _ = stop.unless(client.close()).await;
}
