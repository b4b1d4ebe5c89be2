//! Who is connected.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opcua::server::node_manager::RequestContext;

/// The name of the client of a session, as long as the session is open.
type Name = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// The engine keeps its sessions to itself, but shows each one in the requests that belong to it, the first of which
/// comes while it is being activated.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<u32, Name>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the session of a request.
    pub(super) fn see(&self, context: &RequestContext) {
        let mut sessions = self.lock();
        if sessions.contains_key(&context.session_id) {
            return;
        }
        sessions.retain(|_, name| name().is_some());
        let session = Arc::downgrade(&context.session);
        let name = move || {
            let session = session.upgrade()?;
            let session = session.read();
            let application = &session.application_description().application_name.text;
            // Without a user it is still being activated; with one and not active it is closed.
            let open = session.is_activated() || session.user_token().is_none();
            let name = application.as_ref();
            open.then(|| if name.is_empty() { session.session_name().to_owned() } else { name.to_owned() })
        };
        sessions.insert(context.session_id, Box::new(name));
    }

    /// Every session there is.
    pub(super) fn ids(&self) -> Vec<u32> {
        self.lock().keys().copied().collect()
    }

    /// The names of the clients, oldest session first.
    pub(super) fn names(&self) -> Vec<String> {
        let mut sessions = self.lock();
        let mut names = Vec::with_capacity(sessions.len());
        sessions.retain(|_, name| match name() {
            Some(name) => {
                names.push(name);
                true
            }
            None => false,
        });
        names
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sessions").field(&self.lock().len()).finish()
    }
}
