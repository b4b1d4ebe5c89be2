//! [`Pki`]: what a server shows who it is with, in files where the engine looks for them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use opcua::crypto::{CertificateStore, PrivateKey, X509, X509Data};
use tempfile::TempDir;

use super::config::APPLICATION;

/// Bits of a key: the least that all of the policies take (Part 7, 6.6).
const KEY_SIZE: u32 = 2048;

/// For how long a certificate is valid: simulators are not meant to see its end.
const DAYS: u32 = 3650;

/// A key and its certificate. They are gone when this is dropped, the trusted clients with them.
#[derive(Debug)]
pub(super) struct Pki {
    /// The clients' certificates are in `trusted` and `rejected`.
    dir: TempDir,
    /// The host name or address in the server's URL.
    host: String,
}

impl Pki {
    /// With the key of this process: a new one takes half a second and more, which every simulator of a test would wait for.
    pub(super) fn new(host: &str) -> Result<Pki, String> {
        static KEY: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
        let key = KEY.get_or_init(new_key).as_ref().map_err(Clone::clone)?;
        let pki = Pki { dir: temporary()?, host: host.trim_matches(['[', ']']).to_owned() };
        pki.write(key)?;
        Ok(pki)
    }

    /// Another key, and so another certificate.
    pub(super) fn renew(&self) -> Result<(), String> {
        self.write(&new_key()?)
    }

    /// The folder that the engine is given.
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.path().join("own/cert.der")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.path().join("private/private.pem")
    }

    fn write(&self, key: &[u8]) -> Result<(), String> {
        let private = PrivateKey::from_pem(key).map_err(|error| format!("cannot use its key: {error}"))?;
        let certificate = X509::from_pkey(&private, &subject(&self.host))
            .map_err(|error| format!("cannot make its certificate: {error}"))?;
        let der = certificate.to_der().map_err(|error| format!("cannot make its certificate: {error}"))?;
        for (path, content) in [(self.certificate(), der.as_slice()), (self.key(), key)] {
            let dir = path.parent().unwrap_or(self.path());
            std::fs::create_dir_all(dir)
                .and_then(|()| std::fs::write(&path, content))
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn temporary() -> Result<TempDir, String> {
    // Nobody else can look into it (tempfile 3, `dir/imp/unix.rs`).
    tempfile::Builder::new()
        .prefix("openopc-sim-")
        .tempdir()
        .map_err(|error| format!("cannot make a folder for its certificate: {error}"))
}

/// A new private key as PEM.
fn new_key() -> Result<Vec<u8>, String> {
    // The engine gives the text of a key away only as a file (async-opcua-crypto 0.19.0, `certificate_store.rs:170`).
    let dir = temporary()?;
    let (certificate, key) = (dir.path().join("cert.der"), dir.path().join("key.pem"));
    CertificateStore::create_certificate_and_key(&subject("localhost"), true, &certificate, &key)
        .map_err(|error| format!("cannot make a key: {error}"))?;
    std::fs::read(&key).map_err(|error| format!("cannot read its key: {error}"))
}

/// Whom the certificate is for (Part 6, 6.2.2): first the application, then where it is found.
fn subject(host: &str) -> X509Data {
    let mut addresses = vec![host.to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    addresses.dedup();
    // Without asking for the addresses of this computer's name, which may take seconds.
    let names = X509Data::alt_host_names(APPLICATION, Some(addresses), true, true, false);
    X509Data {
        key_size: KEY_SIZE,
        common_name: "openopc simulator".into(),
        organization: "openopc".into(),
        organizational_unit: String::new(),
        country: String::new(),
        state: String::new(),
        alt_host_names: names,
        certificate_duration_days: DAYS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(pki: &Pki) -> X509 {
        CertificateStore::read_cert(&pki.certificate()).unwrap()
    }

    #[test]
    fn the_certificate_is_for_the_application_where_it_is_found() {
        let pki = Pki::new("[fd00::7]").unwrap();
        let certificate = certificate(&pki);
        certificate.is_application_uri_valid(APPLICATION).unwrap();
        for host in ["fd00::7", "localhost", "127.0.0.1", "::1"] {
            certificate.is_hostname_valid(host).unwrap();
        }
        assert!(certificate.is_hostname_valid("elsewhere").is_err());
        assert_eq!(certificate.key_length().unwrap(), 2048);
    }

    #[test]
    fn the_key_is_that_of_the_process_until_another_is_asked_for() {
        let (first, second) = (Pki::new("localhost").unwrap(), Pki::new("localhost").unwrap());
        let key = |pki: &Pki| std::fs::read(pki.key()).unwrap();
        assert_eq!(key(&first), key(&second));
        let before = certificate(&first).thumbprint();
        first.renew().unwrap();
        assert_ne!(key(&first), key(&second));
        assert_ne!(certificate(&first).thumbprint().value(), before.value());
    }

    #[test]
    fn nothing_is_left_behind() {
        let pki = Pki::new("localhost").unwrap();
        let path = pki.path().to_owned();
        assert!(path.join("own/cert.der").is_file());
        drop(pki);
        assert!(!path.exists());
    }
}
