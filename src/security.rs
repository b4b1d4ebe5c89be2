//! [`Security`]: how messages are protected.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How messages are protected (Part 4, 7.20 `MessageSecurityMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Security {
    /// Not at all: whoever is on the network can read and change what is sent.
    #[default]
    None,
    /// Signed: nobody can change what is sent.
    Sign,
    /// Signed and encrypted: nobody can read it either.
    SignAndEncrypt,
    /// The strongest the server offers, which may be none: what it offers is asked without security, so whoever can change
    /// what is sent can take the secure ways out. After a loss, a client never comes back with less than it had.
    ///
    /// Of a simulator: it offers all of them.
    Best,
}

/// Names as they are written in files and on the command line, and the standard's own.
const NAMES: [(&str, &str, Security); 4] = [
    ("none", "None", Security::None),
    ("sign", "Sign", Security::Sign),
    ("sign-and-encrypt", "SignAndEncrypt", Security::SignAndEncrypt),
    ("best", "Best", Security::Best),
];

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(.., security)| security == self);
        f.pad(name.map_or("", |(_, name, _)| name))
    }
}

/// `none`, `sign`, `sign-and-encrypt`, `best`, or the names of [`Display`](fmt::Display).
///
/// ```
/// use openopc::Security;
///
/// assert_eq!("sign-and-encrypt".parse::<Security>()?, Security::SignAndEncrypt);
/// assert_eq!(Security::Best.to_string().parse::<Security>()?, Security::Best);
/// assert!("strong".parse::<Security>().unwrap_err().to_string().contains("sign-and-encrypt"));
/// # Ok::<(), openopc::Error>(())
/// ```
impl FromStr for Security {
    type Err = Error;

    fn from_str(text: &str) -> Result<Security, Error> {
        let found = NAMES.iter().find(|(written, name, _)| *written == text || *name == text);
        found.map(|(.., security)| *security).ok_or_else(|| {
            let names = NAMES.map(|(written, ..)| written).join(", ");
            Error::Config(format!("`{text}` is no security; write one of {names}"))
        })
    }
}
