//! Whether a server's certificate is trusted, and what to do where it is not.

use std::path::Path;

use opcua::client::Client;
use opcua::crypto::{CertificateStore, SecurityPolicy, X509};
use opcua::types::{EndpointDescription, StatusCode};

use crate::Security;

use super::connect::ConnectOptions;
use super::{ConnectError, Failure};

/// Our own certificate, in the folder of certificates.
pub(super) const OWN: &str = "own/cert.der";

/// Looks at the certificate before anything is sent that is meant for its owner. The engine looks again, at the one that
/// the session is made with, but gives nothing but a status.
pub(super) fn check(
    client: &Client,
    endpoint: &EndpointDescription,
    options: &ConnectOptions,
) -> Result<(), ConnectError> {
    let policy = SecurityPolicy::from_uri(endpoint.security_policy_uri.as_ref());
    if options.security == Security::None || policy == SecurityPolicy::None {
        return Ok(());
    }
    let unusable = |error: opcua::types::Error| {
        let failure = Failure::from(error);
        let detail = format!("the server's certificate cannot be used: {}", failure.detail);
        ConnectError::Failed(Failure { detail, ..failure })
    };
    let certificate = X509::from_byte_string(&endpoint.server_certificate).map_err(unusable)?;
    let host = options.address.host.trim_matches(['[', ']']);
    let uri = endpoint.server.application_uri.as_ref();
    let name = CertificateStore::cert_file_name(&certificate);
    let store = client.certificate_store().read();
    let (trusted, rejected) = (store.trusted_certs_dir(), store.rejected_certs_dir());
    if options.trust_any_certificate {
        // One that was turned away before is refused by the engine whatever it is told.
        let _ = std::fs::remove_file(rejected.join(&name));
    }
    let checked =
        store.validate_or_reject_application_instance_cert(&certificate, policy, Some(host), Some(uri));
    match checked {
        Ok(()) => Ok(()),
        Err(_) if rejected.join(&name).exists() || !trusted.join(&name).exists() => {
            let detail = untrusted(&name, &trusted, &rejected);
            Err(ConnectError::Failed(Failure::new(StatusCode::BadCertificateUntrusted, detail)))
        }
        Err(error) => Err(unusable(error)),
    }
}

fn untrusted(name: &str, trusted: &Path, rejected: &Path) -> String {
    let (from, to) = (rejected.join(name), trusted.join(name));
    let what = "the server's certificate is not trusted";
    match (from.exists(), to.exists()) {
        (true, true) => format!("{what}: it is in both folders; to trust it, delete `{}`", from.display()),
        (true, false) => {
            format!("{what}: if it is the right one, move `{}` to `{}`", from.display(), trusted.display())
        }
        _ => format!(
            "{what}, and could not be put into `{}`; to trust it, put it into `{}`",
            rejected.display(),
            to.display()
        ),
    }
}
