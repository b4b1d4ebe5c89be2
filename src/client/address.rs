//! [`Address`]: an `opc.tcp://` URL taken apart.

use std::fmt;

/// The port of OPC UA over TCP (Part 6, 7.2; IANA `opcua-tcp`).
const DEFAULT_PORT: u16 = 4840;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Empty, or starting with `/`.
    pub(crate) path: String,
}

impl Address {
    /// Takes `opc.tcp://host[:port][/path]` apart; the error says what is wrong and what to write instead.
    pub(crate) fn parse(url: &str) -> Result<Address, String> {
        let Some(rest) = strip_scheme(url) else {
            return Err(match url.split_once("://") {
                Some((scheme, rest)) => {
                    format!("`{url}`: the scheme `{scheme}` is not supported, write opc.tcp://{rest}")
                }
                None => format!("`{url}` is not a server URL, write opc.tcp://HOST:PORT"),
            });
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(format!("`{url}`: user and password belong in the identity, not in the URL"));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, rest) = v6
                    .split_once(']')
                    .ok_or_else(|| format!("`{url}`: the IPv6 address has no closing `]`"))?;
                (
                    host,
                    rest.strip_prefix(':')
                        .or_else(|| rest.is_empty().then_some(""))
                        .ok_or_else(|| bad_port(url, rest))?,
                )
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        if host.is_empty() {
            return Err(format!("`{url}` names no host, write opc.tcp://HOST:PORT"));
        }
        if host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("`{url}`: `{host}` is not a host name"));
        }
        let port = match port {
            "" => DEFAULT_PORT,
            text => match text.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return Err(bad_port(url, text)),
            },
        };
        Ok(Address { host: host.to_owned(), port, path: path.to_owned() })
    }
}

fn strip_scheme(url: &str) -> Option<&str> {
    const SCHEME: &str = "opc.tcp://";
    let head = url.get(..SCHEME.len())?;
    head.eq_ignore_ascii_case(SCHEME).then(|| url.get(SCHEME.len()..)).flatten()
}

fn bad_port(url: &str, port: &str) -> String {
    format!("`{url}`: the port `{port}` is not a number from 1 to 65535")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "opc.tcp://[{}]:{}{}", self.host, self.port, self.path)
        } else {
            write!(f, "opc.tcp://{}:{}{}", self.host, self.port, self.path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_come_apart_and_go_together() {
        for (url, whole) in [
            ("opc.tcp://plant", "opc.tcp://plant:4840"),
            ("OPC.TCP://plant:53530/OPCUA/Sim", "opc.tcp://plant:53530/OPCUA/Sim"),
            ("opc.tcp://[::1]:4841/x", "opc.tcp://[::1]:4841/x"),
            ("opc.tcp://[fe80::1]", "opc.tcp://[fe80::1]:4840"),
            ("opc.tcp://127.0.0.1:1/", "opc.tcp://127.0.0.1:1/"),
        ] {
            assert_eq!(Address::parse(url).unwrap().to_string(), whole);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (url, word) in [
            ("", "not a server URL"),
            ("plant", "opc.tcp://HOST"),
            ("http://plant:80", "write opc.tcp://plant:80"),
            ("opc.tcp://", "no host"),
            ("opc.tcp://:4840", "no host"),
            ("opc.tcp://plant:abc", "port `abc`"),
            ("opc.tcp://plant:0", "port `0`"),
            ("opc.tcp://plant:65536", "port `65536`"),
            ("opc.tcp://[::1", "closing"),
            ("opc.tcp://[::1]x", "port `x`"),
            ("opc.tcp://joe:secret@plant", "identity"),
            ("opc.tcp://my plant", "host name"),
        ] {
            let message = Address::parse(url).unwrap_err();
            assert!(message.contains(word), "{url}: {message}");
        }
    }
}
