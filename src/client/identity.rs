//! [`Identity`]: who the user is.

use std::fmt;
use std::path::PathBuf;

/// Who the user is.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Identity {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A user name and its password. Never sent in clear unless
    /// [`allow_plaintext_password`](crate::ClientBuilder::allow_plaintext_password) says so.
    User {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// A user certificate and its private key.
    Certificate {
        /// The certificate, DER or PEM.
        cert: PathBuf,
        /// The private key, PEM.
        key: PathBuf,
    },
}

/// Shows no password.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identity::Anonymous => f.write_str("Anonymous"),
            Identity::User { name, .. } => f.debug_struct("User").field("name", name).finish_non_exhaustive(),
            Identity::Certificate { cert, .. } => {
                f.debug_struct("Certificate").field("cert", cert).finish_non_exhaustive()
            }
        }
    }
}
