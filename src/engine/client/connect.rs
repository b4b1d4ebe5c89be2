//! From options to a session that is about to connect.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use opcua::client::{Client, ClientBuilder, ConnectionSource, IdentityToken};
use opcua::crypto::SecurityPolicy;
use opcua::types::{EndpointDescription, MessageSecurityMode, UserTokenType};
use tokio::sync::mpsc;

use crate::client::Address;
use crate::{Security, Status};

use super::discovery::{self, ask_endpoints};
use super::event_loop::{Backoff, Events};
use super::transport::{Nonce, Tcp};
use super::{Chosen, EventLoop, Failure, Link, trust};

/// Publish responses carry as many values as the server likes; the engine's default of 1,000 elements would close the
/// connection (async-opcua-types 0.19, `encoding.rs`).
///
/// Not more than needed either: the engine reserves memory for as many elements as a message claims to have.
const MAX_ARRAY_LENGTH: usize = 1024 * 1024;
const MAX_MESSAGE_SIZE: usize = 64 * 1024 * 1024;
const MAX_TEXT_LENGTH: usize = 16 * 1024 * 1024;
/// One chunk holds the answer to a thousand-tag read.
const CHUNK_SIZE: usize = 64 * 1024;

/// Everything needed to open a session.
#[derive(Clone)]
pub(crate) struct ConnectOptions {
    pub(crate) address: Address,
    pub(crate) application_name: String,
    pub(crate) security: Security,
    pub(crate) credentials: Credentials,
    pub(crate) allow_plaintext_password: bool,
    pub(crate) trust_any_certificate: bool,
    pub(crate) pki_dir: PathBuf,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) initial_delay: Duration,
    pub(crate) max_delay: Duration,
}

/// Who the user is.
#[derive(Clone)]
pub(crate) enum Credentials {
    Anonymous,
    User { name: String, password: String },
    Certificate { cert: PathBuf, key: PathBuf },
}

/// Why no session can be prepared.
#[derive(Debug)]
pub(crate) enum ConnectError {
    Failed(Failure),
    /// No endpoint has the wanted security; what the server offers.
    NoEndpoint(Vec<String>),
    /// The options cannot work with this server.
    Refused(String),
}

impl From<Failure> for ConnectError {
    fn from(failure: Failure) -> ConnectError {
        ConnectError::Failed(failure)
    }
}

/// Asks the server for its endpoints, picks one and prepares the session. Nothing is connected until the event loop is
/// polled.
pub(crate) async fn connect(options: &ConnectOptions) -> Result<(Link, EventLoop), ConnectError> {
    // Asking first costs a round trip; servers check the policy id of the identity, which only they know.
    let endpoints = ask_endpoints(options).await?;
    let endpoint = choose(&endpoints, options, MessageSecurityMode::None)?;
    let (events, retries) = mpsc::unbounded_channel();
    let backoff = Arc::new(Backoff::new(options.initial_delay, options.max_delay, events));
    let (link, driven) = prepare(options, endpoint, &backoff)?;
    let session = link.session.clone();
    let asked = Asked { options: options.clone(), endpoint: endpoint.clone() };
    Ok((link, EventLoop::new(session, driven, backoff, retries, asked)))
}

/// What was asked for, and what came of it.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) options: ConnectOptions,
    pub(super) endpoint: EndpointDescription,
}

/// What a server offers now.
pub(super) enum Now {
    /// What it offered before.
    Same,
    /// Something else that will do.
    Other(Box<Other>),
}

/// A session with what a server offers now.
pub(super) struct Other {
    pub(super) asked: Asked,
    pub(super) link: Link,
    pub(super) driven: Driven,
}

/// What an event loop drives.
pub(super) struct Driven {
    pub(super) events: Events,
    pub(super) nonce: Arc<Nonce>,
}

/// Asks the server for its endpoints again: they may have changed while it was away, its certificate above all. The
/// engine's session stays with those it was made for (async-opcua-client 0.19, `transport/channel.rs`), so for others there
/// has to be another.
///
/// Never with less security than there was, which matters to [`Security::Best`].
pub(super) async fn ask_again(asked: &Asked, backoff: &Arc<Backoff>) -> Result<Now, ConnectError> {
    let Asked { options, endpoint: before } = asked;
    let endpoints = ask_endpoints(options).await?;
    let endpoint = choose(&endpoints, options, before.security_mode)?;
    let same = endpoint.server_certificate == before.server_certificate
        && endpoint.security_policy_uri == before.security_policy_uri
        && endpoint.security_mode == before.security_mode
        && endpoint.endpoint_url == before.endpoint_url
        && endpoint.user_identity_tokens == before.user_identity_tokens;
    if same {
        return Ok(Now::Same);
    }
    let left = ConnectOptions {
        max_attempts: options.max_attempts.map(|most| most.saturating_sub(backoff.attempts())),
        ..options.clone()
    };
    let (link, driven) = prepare(&left, endpoint, backoff)?;
    let asked = Asked { options: options.clone(), endpoint: endpoint.clone() };
    Ok(Now::Other(Box::new(Other { asked, link, driven })))
}

/// A session at this endpoint, and what drives it.
fn prepare(
    options: &ConnectOptions,
    endpoint: &EndpointDescription,
    backoff: &Arc<Backoff>,
) -> Result<(Link, Driven), ConnectError> {
    let client = engine_client(options)?;
    let chosen = Arc::new(Chosen {
        client_name: options.application_name.clone(),
        host: options.address.host.clone(),
        endpoint: discovery::endpoint(endpoint),
    });
    let endpoint = with_address(endpoint, &options.address);
    trust::check(&client, &endpoint, options)?;
    let nonce = Arc::<Nonce>::default();
    let connector = Tcp {
        url: endpoint.endpoint_url.to_string(),
        backoff: Some(backoff.clone()),
        nonce: Some(nonce.clone()),
        ..Tcp::once(options)
    };
    let (session, event_loop) = client
        .session_builder()
        .user_identity_token(identity(&options.credentials)?)
        .with_connector(Fixed(connector))
        .connect_to_endpoint_directly(endpoint)
        .map_err(Failure::from)?
        .build(client.certificate_store().clone())
        .map_err(Failure::from)?;
    let link = Link { session, timeout: options.request_timeout, chosen };
    Ok((link, Driven { events: Box::pin(event_loop.enter()), nonce }))
}

/// For a connection that either comes about at once or not at all, and carries no secrets.
///
/// The engine retries discovery as often as it reconnects (async-opcua-client 0.19, `transport/channel.rs`), and leaves it
/// to our connector to slow it down, which does not while there is nothing to reconnect.
pub(super) fn without_retries(options: &ConnectOptions) -> ConnectOptions {
    ConnectOptions { max_attempts: Some(0), security: Security::None, ..options.clone() }
}

struct Fixed(Tcp);

impl ConnectionSource for Fixed {
    type Builder = Tcp;

    fn get_connector(&self, _: &EndpointDescription) -> Result<Tcp, opcua::types::Error> {
        Ok(self.0.clone())
    }
}

pub(super) fn engine_client(options: &ConnectOptions) -> Result<Client, ConnectError> {
    let secure = options.security != Security::None;
    // The engine makes a folder for certificates, whether there are any or not, unless it cannot
    // (async-opcua-crypto 0.19, `certificate_store.rs`).
    let pki_dir = if secure { options.pki_dir.as_path() } else { Path::new("\0") };
    let limit = options.max_attempts.map_or(-1, |n| i32::try_from(n).unwrap_or(i32::MAX));
    let builder = ClientBuilder::new()
        .application_name(&options.application_name)
        .application_uri(application_uri(&options.application_name))
        .product_uri("urn:openopc")
        .session_name(&options.application_name)
        // Creating keys takes a second and a folder; only when they will be used.
        .create_sample_keypair(secure)
        .pki_dir(pki_dir)
        .certificate_path(own(&options.application_name, "own", "der"))
        .private_key_path(own(&options.application_name, "private", "pem"))
        .trust_server_certs(options.trust_any_certificate)
        .verify_server_certs(!options.trust_any_certificate)
        .session_retry_limit(limit)
        .session_retry_initial(Duration::from_millis(1))
        .session_retry_max(Duration::from_millis(1))
        .keep_alive_interval(options.keep_alive)
        // Ours to count, see `event_loop.rs`.
        .max_failed_keep_alive_count(0)
        .request_timeout(options.request_timeout)
        // A publish request waits on the server until there is something to say.
        .publish_timeout(Duration::from_secs(600))
        .min_publish_interval(Duration::from_millis(10))
        // Ours to do: the engine would recreate subscriptions with old node ids.
        .recreate_subscriptions(false)
        .max_array_length(MAX_ARRAY_LENGTH)
        .max_string_length(MAX_TEXT_LENGTH)
        .max_byte_string_length(MAX_TEXT_LENGTH)
        .max_message_size(MAX_MESSAGE_SIZE)
        .max_chunk_count(MAX_MESSAGE_SIZE / CHUNK_SIZE)
        .max_chunk_size(CHUNK_SIZE)
        .max_incoming_chunk_size(CHUNK_SIZE);
    builder.client().map_err(|errors| ConnectError::Refused(errors.join("; ")))
}

/// The application URI must match the one in our certificate, and tell installations apart.
fn application_uri(name: &str) -> String {
    format!("urn:openopc:{}", plain(name))
}

/// A file of our own in the folder of certificates. Each application has its own certificate, for it says which one it is.
fn own(name: &str, folder: &str, extension: &str) -> PathBuf {
    Path::new(folder).join(format!("{}.{extension}", plain(name)))
}

fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

fn identity(credentials: &Credentials) -> Result<IdentityToken, ConnectError> {
    match credentials {
        Credentials::Anonymous => Ok(IdentityToken::Anonymous),
        Credentials::User { name, password } => Ok(IdentityToken::new_user_name(name, password.as_str())),
        Credentials::Certificate { cert, key } => IdentityToken::new_x509_path(cert, key)
            .map_err(|error| ConnectError::Refused(format!("cannot use the user certificate: {error}"))),
    }
}

fn choose<'a>(
    endpoints: &'a [EndpointDescription],
    options: &ConnectOptions,
    least: MessageSecurityMode,
) -> Result<&'a EndpointDescription, ConnectError> {
    let usable = endpoints.iter().filter(|endpoint| {
        endpoint.endpoint_url.as_ref().starts_with("opc.tcp:")
            && SecurityPolicy::from_uri(endpoint.security_policy_uri.as_ref()) != SecurityPolicy::Unknown
    });
    let wanted = usable.filter(|endpoint| match options.security {
        Security::None => endpoint.security_mode == MessageSecurityMode::None,
        Security::Sign => endpoint.security_mode == MessageSecurityMode::Sign,
        Security::SignAndEncrypt => endpoint.security_mode == MessageSecurityMode::SignAndEncrypt,
        Security::Best => rank(endpoint.security_mode) >= rank(least),
    });
    let Some(endpoint) = wanted.max_by_key(|endpoint| strength(endpoint)) else {
        return Err(ConnectError::NoEndpoint(endpoints.iter().map(describe).collect()));
    };
    check_identity(endpoint, options)?;
    Ok(endpoint)
}

/// What makes one endpoint better than another: first what it does, only then what the server says of it, for that is a
/// number anybody can set.
fn strength(endpoint: &EndpointDescription) -> (u8, u8, u8) {
    let policy = match SecurityPolicy::from_uri(endpoint.security_policy_uri.as_ref()) {
        SecurityPolicy::Aes256Sha256RsaPss => 3,
        SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => 2,
        // Deprecated since 2017, but better than nothing (Part 7, 6.6).
        SecurityPolicy::Basic256 | SecurityPolicy::Basic128Rsa15 => 1,
        _ => 0,
    };
    (rank(endpoint.security_mode), policy, endpoint.security_level)
}

fn rank(mode: MessageSecurityMode) -> u8 {
    match mode {
        MessageSecurityMode::SignAndEncrypt => 2,
        MessageSecurityMode::Sign => 1,
        _ => 0,
    }
}

/// The identity must be one the endpoint takes, and a password must not cross the wire in clear.
fn check_identity(endpoint: &EndpointDescription, options: &ConnectOptions) -> Result<(), ConnectError> {
    let kind = match options.credentials {
        Credentials::Anonymous => UserTokenType::Anonymous,
        Credentials::User { .. } => UserTokenType::UserName,
        Credentials::Certificate { .. } => UserTokenType::Certificate,
    };
    let offered = endpoint.user_identity_tokens.as_deref().unwrap_or_default();
    let Some(policy) = offered.iter().find(|policy| policy.token_type == kind) else {
        // A server that lists nothing is taken to allow anonymous users.
        if offered.is_empty() && kind == UserTokenType::Anonymous {
            return Ok(());
        }
        let offered: Vec<String> = offered.iter().map(|policy| format!("{:?}", policy.token_type)).collect();
        return Err(ConnectError::Refused(format!(
            "the server does not take this identity here ({kind:?}); it takes {}",
            offered.join(", ")
        )));
    };
    // Part 4, 7.40.2.2: an empty policy means the channel's own.
    let uri = match policy.security_policy_uri.as_ref() {
        "" => endpoint.security_policy_uri.as_ref(),
        uri => uri,
    };
    let in_clear = SecurityPolicy::from_uri(uri) == SecurityPolicy::None
        && endpoint.security_mode != MessageSecurityMode::SignAndEncrypt;
    if kind == UserTokenType::UserName && in_clear && !options.allow_plaintext_password {
        return Err(ConnectError::Refused(
            "the password would be sent in clear; choose Security::SignAndEncrypt, or allow it with \
             allow_plaintext_password(true)"
                .into(),
        ));
    }
    Ok(())
}

fn describe(endpoint: &EndpointDescription) -> String {
    let policy = endpoint.security_policy_uri.as_ref();
    let policy = policy.rsplit_once('#').map_or(policy, |(_, name)| name);
    match endpoint.security_mode {
        MessageSecurityMode::None => "None".into(),
        mode => format!("{mode:?} with {policy}"),
    }
}

/// The endpoint as the server describes it, at the address the user gave: its path is the server's to know, its host
/// and port the user's.
fn with_address(endpoint: &EndpointDescription, address: &Address) -> EndpointDescription {
    let mut endpoint = endpoint.clone();
    let path =
        Address::parse(endpoint.endpoint_url.as_ref()).map_or_else(|_| address.path.clone(), |a| a.path);
    endpoint.endpoint_url = Address { path, ..address.clone() }.to_string().into();
    endpoint
}

impl ConnectOptions {
    /// What a refused connection mostly means, and what to do, where the status alone does not say; empty where it does.
    pub(crate) fn hint(&self, status: Status) -> String {
        let own = || self.pki_dir.join(own(&self.application_name, "own", "der")).display().to_string();
        match &*status.name() {
            "BadCertificateUntrusted" => {
                format!("the server does not trust our certificate yet: have it trust {}", own())
            }
            "BadSecurityChecksFailed" if self.security != Security::None => format!(
                "the server refused our security; it may not trust our certificate yet, which is {}",
                own()
            ),
            "BadIdentityTokenRejected" | "BadUserAccessDenied" => match &self.credentials {
                Credentials::User { name, .. } => {
                    format!("the server refused the user `{name}`: the user name or the password is wrong")
                }
                _ => "the server refused the user".into(),
            },
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use opcua::types::UserTokenPolicy;

    use super::*;

    const POLICY: &str = "http://opcfoundation.org/UA/SecurityPolicy#";

    fn endpoint(
        mode: MessageSecurityMode,
        policy: &str,
        tokens: &[(UserTokenType, &str)],
    ) -> EndpointDescription {
        let uri = |policy: &str| if policy.is_empty() { String::new() } else { format!("{POLICY}{policy}") };
        let tokens = tokens.iter().map(|(token_type, policy)| UserTokenPolicy {
            token_type: *token_type,
            security_policy_uri: uri(policy).into(),
            ..UserTokenPolicy::default()
        });
        EndpointDescription {
            endpoint_url: "opc.tcp://inside:4840/path".into(),
            security_mode: mode,
            security_policy_uri: uri(policy).into(),
            // The wrong way round: what the server says of itself decides nothing.
            security_level: if mode == MessageSecurityMode::None { 9 } else { 0 },
            user_identity_tokens: Some(tokens.collect()),
            ..EndpointDescription::default()
        }
    }

    fn options(security: Security, user: bool) -> ConnectOptions {
        let second = Duration::from_secs(1);
        ConnectOptions {
            address: Address::parse("opc.tcp://outside:1").unwrap(),
            application_name: "test".into(),
            security,
            credentials: if user {
                Credentials::User { name: "joe".into(), password: "secret".into() }
            } else {
                Credentials::Anonymous
            },
            allow_plaintext_password: false,
            trust_any_certificate: false,
            pki_dir: PathBuf::new(),
            connect_timeout: second,
            request_timeout: second,
            keep_alive: second,
            max_attempts: None,
            initial_delay: second,
            max_delay: second,
        }
    }

    #[test]
    fn a_password_never_crosses_the_wire_in_clear_unasked() {
        use MessageSecurityMode::{None, Sign, SignAndEncrypt};
        const USER: UserTokenType = UserTokenType::UserName;
        for (mode, channel, token, in_clear) in [
            (None, "None", "", true),
            (None, "None", "None", true),
            (None, "None", "Basic256Sha256", false),
            (Sign, "Basic256Sha256", "", false),
            (Sign, "Basic256Sha256", "None", true),
            (SignAndEncrypt, "Basic256Sha256", "None", false),
        ] {
            let endpoint = endpoint(mode, channel, &[(UserTokenType::Anonymous, ""), (USER, token)]);
            let refused = check_identity(&endpoint, &options(Security::Best, true));
            assert_eq!(refused.is_err(), in_clear, "{mode:?} {channel} {token}");
            if let Err(ConnectError::Refused(text)) = refused {
                assert!(text.contains("in clear") && !text.contains("secret"), "{text}");
            }
            let allowed = ConnectOptions { allow_plaintext_password: true, ..options(Security::Best, true) };
            assert!(check_identity(&endpoint, &allowed).is_ok());
            assert!(check_identity(&endpoint, &options(Security::Best, false)).is_ok());
        }
    }

    #[test]
    fn the_endpoint_is_the_one_asked_for_at_the_users_address() {
        use MessageSecurityMode::{None, Sign, SignAndEncrypt};
        let anonymous = [(UserTokenType::Anonymous, "")];
        let endpoints = [
            endpoint(None, "None", &anonymous),
            endpoint(SignAndEncrypt, "Basic256Sha256", &anonymous),
            endpoint(Sign, "Basic256Sha256", &anonymous),
            endpoint(SignAndEncrypt, "NeverHeardOf", &anonymous),
        ];
        for (security, mode) in [
            (Security::None, None),
            (Security::Sign, Sign),
            (Security::SignAndEncrypt, SignAndEncrypt),
            (Security::Best, SignAndEncrypt),
        ] {
            let chosen = choose(&endpoints, &options(security, false), None).unwrap();
            assert_eq!(chosen.security_mode, mode);
            assert!(chosen.security_policy_uri.as_ref().ends_with(if mode == None { "None" } else { "256" }));
            let placed = with_address(chosen, &options(security, false).address);
            assert_eq!(placed.endpoint_url.as_ref(), "opc.tcp://outside:1/path");
        }
        match choose(&endpoints[..1], &options(Security::Sign, false), None) {
            Err(ConnectError::NoEndpoint(offered)) => assert_eq!(offered, ["None"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_best_is_never_less_than_it_was() {
        use MessageSecurityMode::{None, Sign, SignAndEncrypt};
        let anonymous = [(UserTokenType::Anonymous, "")];
        let all = [
            endpoint(None, "None", &anonymous),
            endpoint(Sign, "Basic256Sha256", &anonymous),
            endpoint(SignAndEncrypt, "Basic256Sha256", &anonymous),
        ];
        let options = options(Security::Best, false);
        for (offered, before, now) in [
            (3, Sign, Some(SignAndEncrypt)),
            (2, Sign, Some(Sign)),
            (2, SignAndEncrypt, Option::None),
            (1, Sign, Option::None),
            (1, None, Some(None)),
        ] {
            let chosen = choose(&all[..offered], &options, before).ok().map(|chosen| chosen.security_mode);
            assert_eq!(chosen, now, "{offered} {before:?}");
        }
    }
}
