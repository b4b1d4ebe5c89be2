//! `servers` and `endpoints`, blocking.

use crate::{Client, ClientBuilder, Endpoint, IntoUrls, Operation, Result, Server};

use super::runtime::Worker;

/// The servers that the one at `url` knows of. See [`openopc::servers`](crate::servers).
///
/// # Errors
/// Those of [`ClientBuilder::servers`].
pub fn servers(url: impl IntoUrls) -> Result<Vec<Server>> {
    Client::builder(url).servers_blocking()
}

/// The ways to connect to the server at `url`. See [`openopc::endpoints`](crate::endpoints).
///
/// # Errors
/// Those of [`ClientBuilder::endpoints`].
pub fn endpoints(url: impl IntoUrls) -> Result<Vec<Endpoint>> {
    Client::builder(url).endpoints_blocking()
}

impl ClientBuilder {
    /// As [`servers`](Self::servers), for code without async.
    ///
    /// # Errors
    /// Those of [`servers`](Self::servers).
    pub fn servers_blocking(self) -> Result<Vec<Server>> {
        Worker::start()?.run(Operation::Servers, self.servers())
    }

    /// As [`endpoints`](Self::endpoints), for code without async.
    ///
    /// # Errors
    /// Those of [`endpoints`](Self::endpoints).
    pub fn endpoints_blocking(self) -> Result<Vec<Endpoint>> {
        Worker::start()?.run(Operation::Endpoints, self.endpoints())
    }
}
