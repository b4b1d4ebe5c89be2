//! From options to a client: the first session, which either comes about in time or fails for good.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::da::ItemIds;
use crate::status::code;
use crate::{Client, Error, Result};

use super::FailBack;
use super::attempt::{Taken, Wanted};
use super::builder::EventCallback;
use super::redundancy::{Place, Rank, Servers, none_of, survey};
use super::session::{Handle, start};

/// What the client itself was told, beside what the connections need.
pub(super) struct Settings {
    #[cfg_attr(not(feature = "sim"), expect(dead_code, reason = "only the feature `sim` has a simulator"))]
    pub(super) simulated: bool,
    pub(super) open_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) fail_back: FailBack,
    pub(super) item_ids: ItemIds,
    pub(super) on_event: Option<EventCallback>,
}

/// `sim:` asks for the bundled simulator.
pub(super) fn wants_simulator(url: &str) -> Result<bool> {
    match url.strip_prefix("sim:") {
        None => Ok(false),
        #[cfg(not(feature = "sim"))]
        Some(_) => Err(Error::Config("`sim:` needs the feature `sim` of openopc".into())),
        #[cfg(feature = "sim")]
        Some("") => Ok(true),
        #[cfg(feature = "sim")]
        Some(rest) => Err(Error::Config(format!("`sim:` takes nothing behind it, got `{rest}`"))),
    }
}

/// The simulator of `sim:`, where there is one.
#[cfg(feature = "sim")]
pub(super) type Bundled = Option<crate::sim::Simulator>;
#[cfg(not(feature = "sim"))]
pub(super) type Bundled = ();

/// Starts the simulator where the URL asks for it, and goes on with its address.
#[cfg(feature = "sim")]
pub(super) async fn bundle(places: &mut [Place], settings: &Settings) -> Result<Bundled> {
    if !settings.simulated {
        return Ok(None);
    }
    let simulator = crate::sim::Simulator::start().await?;
    for place in places {
        place.options.address = super::Address::parse(simulator.url()).map_err(Error::Config)?;
    }
    Ok(Some(simulator))
}

#[cfg(not(feature = "sim"))]
#[expect(clippy::unused_async, reason = "as with a simulator")]
pub(super) async fn bundle(_: &mut [Place], _: &Settings) -> Result<Bundled> {
    Ok(())
}

/// Opens the session and starts the task that keeps it.
pub(super) async fn open(mut places: Vec<Place>, settings: Settings) -> Result<Client> {
    let bundled = bundle(&mut places, &settings).await?;
    let url = places.iter().map(|place| place.url.as_str()).collect::<Vec<_>>().join(", ");
    let (reply, answer) = oneshot::channel();
    // On a task of its own, so that a session that was just made is closed where nobody waits any more.
    tokio::spawn(opening(places, settings, bundled, reply));
    answer.await.unwrap_or_else(|_| Err(Error::Open { url, source: "the runtime has ended".into() }))
}

async fn opening(
    places: Vec<Place>,
    settings: Settings,
    bundled: Bundled,
    mut reply: oneshot::Sender<Result<Client>>,
) {
    let client = tokio::select! {
        client = first_session(places, settings, bundled) => client,
        () = reply.closed() => return,
    };
    // Where nobody waits any more, this is the last handle.
    let _ = reply.send(client);
}

/// The session with the first of the servers that is healthy, else with the best of them.
async fn first_session(places: Vec<Place>, settings: Settings, bundled: Bundled) -> Result<Client> {
    let wanted = Wanted { learn: Some(settings.item_ids.clone()), level: places.len() > 1 };
    let (found, refused) = survey(&places, 0..places.len(), Rank::LEAST, &wanted).await;
    let Some(found) = found else { return Err(none_of(refused)) };
    let index = found.index;
    let Some(Taken { link, event_loop, learnt }) = found.take().await else {
        let url = places.get(index).map(|place| place.url.clone()).unwrap_or_default();
        return Err(Error::Open { url, source: code::BAD_CONNECTION_CLOSED.to_string().into() });
    };
    let inner = start(Servers::new(places, index, link), event_loop, learnt, settings, refused);
    Ok(Client::from_handle(Arc::new(Handle::new(inner, bundled))))
}
