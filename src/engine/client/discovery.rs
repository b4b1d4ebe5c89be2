//! What servers and endpoints there are, without a session.

use opcua::client::Client;
use opcua::crypto::X509;
use opcua::types::{
    ApplicationDescription, ApplicationType, ByteString, EndpointDescription, MessageSecurityMode,
    StatusCode, UserTokenType,
};

use crate::Security;
use crate::client::{Endpoint, IdentityKind, Server, ServerKind};

use super::call::call;
use super::connect::{engine_client, without_retries};
use super::transport::Tcp;
use super::{ConnectError, ConnectOptions, Failure};

// The engine's futures are tens of kilobytes, which every caller's would then be.

/// The servers that the one at this address knows (`FindServers`, Part 4, 5.5.2); itself, if it is no discovery server.
pub(crate) async fn find_servers(options: &ConnectOptions) -> Result<Vec<Server>, ConnectError> {
    let client = asker(options)?;
    let found = call("FindServers", 1, Box::pin(client.find_servers(Tcp::once(options), None, None))).await?;
    Ok(found.into_iter().map(server).collect())
}

/// The ways to connect to the server at this address (`GetEndpoints`, Part 4, 5.5.4).
pub(crate) async fn get_endpoints(options: &ConnectOptions) -> Result<Vec<Endpoint>, ConnectError> {
    Ok(ask_endpoints(options).await?.iter().map(endpoint).collect())
}

/// As the engine has them.
pub(super) async fn ask_endpoints(
    options: &ConnectOptions,
) -> Result<Vec<EndpointDescription>, ConnectError> {
    let client = asker(options)?;
    let answer = Box::pin(client.get_server_endpoints_from_url(Tcp::once(options)));
    Ok(call("GetEndpoints", 1, answer).await?)
}

/// One failure is final here: whoever asks wants to know.
fn asker(options: &ConnectOptions) -> Result<Client, ConnectError> {
    engine_client(&without_retries(options))
}

fn server(description: ApplicationDescription) -> Server {
    let text = |text: opcua::types::UAString| text.as_ref().to_owned();
    let urls = description.discovery_urls.unwrap_or_default();
    Server {
        name: text(description.application_name.text),
        uri: text(description.application_uri),
        product_uri: text(description.product_uri),
        kind: match description.application_type {
            ApplicationType::Server => ServerKind::Server,
            ApplicationType::Client => ServerKind::Client,
            ApplicationType::ClientAndServer => ServerKind::ClientAndServer,
            ApplicationType::DiscoveryServer => ServerKind::DiscoveryServer,
        },
        urls: urls.into_iter().map(text).filter(|url| !url.is_empty()).collect(),
    }
}

pub(super) fn endpoint(description: &EndpointDescription) -> Endpoint {
    let policy = description.security_policy_uri.as_ref();
    let tokens = description.user_identity_tokens.as_deref().unwrap_or_default();
    let mut identities: Vec<IdentityKind> = Vec::new();
    for token in tokens {
        let kind = match token.token_type {
            UserTokenType::Anonymous => IdentityKind::Anonymous,
            UserTokenType::UserName => IdentityKind::User,
            UserTokenType::Certificate => IdentityKind::Certificate,
            UserTokenType::IssuedToken => IdentityKind::Token,
        };
        if !identities.contains(&kind) {
            identities.push(kind);
        }
    }
    Endpoint {
        url: description.endpoint_url.as_ref().to_owned(),
        security: match description.security_mode {
            MessageSecurityMode::None => Some(Security::None),
            MessageSecurityMode::Sign => Some(Security::Sign),
            MessageSecurityMode::SignAndEncrypt => Some(Security::SignAndEncrypt),
            MessageSecurityMode::Invalid => None,
        },
        policy: policy.rsplit_once('#').map_or(policy, |(_, name)| name).to_owned(),
        level: description.security_level,
        identities,
        transport: transport(description.transport_profile_uri.as_ref()).to_owned(),
        thumbprint: thumbprint(&description.server_certificate),
        server: server(description.server.clone()),
    }
}

/// The last part of the profile's URI (Part 7, 6.6).
fn transport(uri: &str) -> &str {
    uri.rsplit_once('/').map_or(uri, |(_, name)| name)
}

/// SHA-1 of the certificate, in hexadecimal digits, as certificate stores name it (Part 6, 6.2.2).
fn thumbprint(certificate: &ByteString) -> Option<String> {
    X509::from_byte_string(certificate).ok().map(|certificate| certificate.thumbprint().as_hex_string())
}

impl ConnectError {
    /// As the failure of an attempt to connect; `None` where nobody answered.
    pub(super) fn into_failure(self, options: &ConnectOptions) -> Option<Failure> {
        match self {
            ConnectError::Failed(failure) if failure.is_disconnected() || failure.is_timeout() => None,
            ConnectError::Failed(failure) => Some(failure),
            ConnectError::NoEndpoint(offered) => {
                let offered = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
                let wanted = match options.security {
                    Security::Best => "there was before".to_owned(),
                    wanted => format!("is asked for ({wanted})"),
                };
                let detail =
                    format!("the server now offers {offered}, and not what {wanted}; nothing less is taken");
                Some(Failure::new(StatusCode::BadSecurityModeRejected, detail))
            }
            ConnectError::Refused(why) => Some(Failure::new(StatusCode::BadIdentityTokenRejected, why)),
        }
    }

    /// Why nobody answered, in words.
    pub(crate) fn into_text(self) -> String {
        match self {
            ConnectError::Failed(failure) if failure.detail.is_empty() => failure.status.to_string(),
            ConnectError::Failed(failure) => format!("{} ({})", failure.detail, failure.status),
            ConnectError::NoEndpoint(offered) => format!("only {} is offered", offered.join(", ")),
            ConnectError::Refused(why) => why,
        }
    }
}
