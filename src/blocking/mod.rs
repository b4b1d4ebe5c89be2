//! The same verbs, blocking, for code without async.
//!
//! ```
//! # fn main() -> openopc::Result<()> {
//! let opc = openopc::blocking::open("sim:")?;
//! opc.write("Bucket Brigade.Real8", 1.5)?;
//! assert_eq!(opc.read_as::<f64>("Bucket Brigade.Real8")?, 1.5);
//! opc.close()
//! # }
//! ```

mod client;
mod discover;
mod group;
mod history;
mod item_ids;
mod list;
mod properties;
mod record;
mod resolve;
mod results;
mod runtime;
mod subscription;
mod write;

pub use client::Client;
pub use discover::{endpoints, servers};
pub use group::Group;
pub use results::Results;
pub use subscription::{Subscription, Watch};

use crate::Result;

/// Opens a session with **no message security and as an anonymous user**, on a runtime of its own. See
/// [`openopc::open`](crate::open).
///
/// # Errors
/// Those of [`ClientBuilder::open`](crate::ClientBuilder::open).
pub fn open(url: impl Into<String>) -> Result<Client> {
    crate::Client::builder(url).open_blocking()
}
