//! [`Restart`]: how a simulator comes back.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::build;
use super::item::Item;
use super::space::Space;

use crate::da::wildcard::Wildcard;

/// How a simulator comes back on its port: by itself with all items, their values as they were.
///
/// Sessions and subscriptions are gone in any case. Its certificate is the same, unless it is to be a new one.
///
/// ```
/// use openopc::sim::{Item, Restart, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> openopc::Result<()> {
/// let simulator = Simulator::builder().item(Item::new("Old", 1)).item(Item::new("Kept", 1)).start().await?;
/// simulator.set("Kept", 2)?;
///
/// simulator.crash().await?;
/// assert!(openopc::open(simulator.url()).await.is_err());
///
/// simulator.restart(Restart::new().without("Old").with(Item::new("New", 3))).await?;
/// let client = openopc::open(simulator.url()).await?;
/// assert_eq!(client.read_as::<i32>("Kept").await?, 2);
/// assert_eq!(client.read_as::<i32>("New").await?, 3);
/// assert!(client.read("Old").await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use = "give it to `Simulator::restart`"]
pub struct Restart {
    reset: bool,
    namespaces: Option<Vec<String>>,
    without: Vec<String>,
    with: Vec<Item>,
    new_certificate: bool,
}

impl Restart {
    /// Everything as it was.
    pub fn new() -> Restart {
        Restart::default()
    }

    /// Items have their first values again, good ones, and random values start anew.
    pub fn reset_values(mut self) -> Restart {
        self.reset = true;
        self
    }

    /// These namespaces come before the one of the items, so that its index, else 2, is higher by their number. They
    /// have no nodes. They stay until a restart says others; an empty list takes them away.
    pub fn namespaces_first<S: Into<String>>(mut self, uris: impl IntoIterator<Item = S>) -> Restart {
        self.namespaces = Some(uris.into_iter().map(Into::into).collect());
        self
    }

    /// Without the items whose id is this or matches it, as in [`Fault::Item`](super::Fault::Item). Their aliases are
    /// gone too.
    pub fn without(mut self, items: impl Into<String>) -> Restart {
        self.without.push(items.into());
        self
    }

    /// With another item. One that is there already has to be left out by [`without`](Restart::without).
    pub fn with(mut self, item: Item) -> Restart {
        self.with.push(item);
        self
    }

    /// With another certificate, for another key, so that clients of the old one can neither reach it nor know it. That
    /// takes up to two seconds. A simulator without [security](super::SimulatorBuilder::security) has none, and does not
    /// come back.
    pub fn new_certificate(mut self) -> Restart {
        self.new_certificate = true;
        self
    }

    pub(super) fn plan(self) -> Plan {
        let new_certificate = self.new_certificate;
        let space: NextSpace = Box::new(move |old, namespaces| {
            let patterns: Vec<(String, Wildcard)> =
                self.without.into_iter().map(|text| (text.clone(), Wildcard::new(&text, true))).collect();
            let kept = |id: &str| !patterns.iter().any(|(text, pattern)| text == id || pattern.matches(id));
            let space = build::renewed(old, kept, self.with, self.reset)?;
            if let Some(new) = self.namespaces {
                *namespaces = new;
            }
            Ok(space)
        });
        Plan { space, new_certificate }
    }
}

impl fmt::Debug for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restart")
            .field("reset", &self.reset)
            .field("namespaces_first", &self.namespaces)
            .field("without", &self.without)
            .field("with", &self.with)
            .field("new_certificate", &self.new_certificate)
            .finish()
    }
}

/// What is new with the next life.
pub(crate) struct Plan {
    pub(crate) space: NextSpace,
    pub(crate) new_certificate: bool,
}

/// Makes the next space from the last one, and changes the namespaces in front of it.
type NextSpace = Box<dyn FnOnce(&Space, &mut Vec<String>) -> crate::Result<Space> + Send>;

/// The space of the server as it is now: each restart brings a new one.
pub(crate) struct Current(RwLock<Arc<Space>>);

impl Current {
    pub(crate) fn new(space: Space) -> Current {
        Current(RwLock::new(Arc::new(space)))
    }

    pub(crate) fn get(&self) -> Arc<Space> {
        // Set in one step, so what a panicking holder left behind is right.
        Arc::clone(&self.hold())
    }

    /// For a change that the next space must have too: none takes the place of this one meanwhile.
    pub(crate) fn hold(&self) -> RwLockReadGuard<'_, Arc<Space>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn renew<E>(&self, plan: impl FnOnce(&Space) -> Result<Space, E>) -> Result<(), E> {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(plan(&current)?);
        Ok(())
    }
}
