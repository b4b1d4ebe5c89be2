//! [`Servers`]: those of one client, and the one in use.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::engine::client::{ConnectOptions, Link};

/// A server of the list: its URL as given, and all that is needed to open a session there.
#[derive(Clone)]
pub(in crate::client) struct Place {
    pub(in crate::client) url: String,
    pub(in crate::client) options: ConnectOptions,
}

/// The servers of one client in the order of preference, and the session with the one in use.
pub(crate) struct Servers {
    places: Vec<Place>,
    at: AtomicUsize,
    link: RwLock<Arc<Link>>,
}

impl Servers {
    pub(in crate::client) fn new(places: Vec<Place>, at: usize, link: Arc<Link>) -> Servers {
        Servers { places, at: AtomicUsize::new(at), link: RwLock::new(link) }
    }

    pub(in crate::client) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(super) fn at(&self) -> usize {
        self.at.load(Ordering::Acquire)
    }

    /// The session with the server in use. It stays with that server: what was found there is asked there, or fails.
    pub(in crate::client) fn link(&self) -> Arc<Link> {
        // Set in one step, so what a panicking holder left behind is right.
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The URL of a server, by its place.
    pub(super) fn url_of(&self, index: usize) -> &str {
        self.places.get(index).map_or("", |place| &place.url)
    }

    /// The URL of the server in use.
    pub(in crate::client) fn url(&self) -> &str {
        self.url_of(self.at())
    }

    pub(in crate::client) fn urls(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| place.url.as_str())
    }

    /// The server in use has another session from here on.
    pub(in crate::client) fn renew(&self, link: Arc<Link>) {
        *self.link.write().unwrap_or_else(PoisonError::into_inner) = link;
    }

    /// Another server is in use from here on.
    pub(in crate::client) fn move_to(&self, index: usize, link: Arc<Link>) {
        self.renew(link);
        self.at.store(index, Ordering::Release);
    }
}
