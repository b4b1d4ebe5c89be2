//! The engine's configuration.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use opcua::crypto::SecurityPolicy;
use opcua::server::node_manager::ServerContext;
use opcua::server::node_manager::memory::{CoreNodeManagerBuilder, InMemoryNodeManagerBuilder};
use opcua::server::{
    ANONYMOUS_USER_TOKEN_ID, Limits as EngineLimits, OperationalLimits, Server, ServerBuilder,
    ServerEndpoint, ServerHandle, ServerUserToken, SubscriptionLimits,
};
use opcua::types::{BuildInfo, DateTime, MessageSecurityMode};

use super::back::Back;
use super::front::Front;
use super::monitor::Monitors;
use super::pki::Pki;
use super::{Settings, User};
use crate::Security;
use crate::sim::{Limits, Space};

/// Also the URI of namespace 1, as the standard wants it (Part 3, 8.2.2).
pub(super) const APPLICATION: &str = "urn:openopc:simulator";
const PRODUCT: &str = "https://docs.rs/openopc";

/// How often the engine looks for subscriptions that are due. It publishes up to this much late, and an interval
/// starts anew from then (async-opcua-server 0.19.0, `subscription.rs:242`), so it has to be short.
const POLL_MS: u64 = 5;

pub(super) fn build(
    space: &Arc<Space>,
    settings: &Settings,
    pki: Option<&Pki>,
    port: u16,
) -> Result<(Server, ServerHandle, Arc<Monitors>), String> {
    let made: Arc<OnceLock<Arc<Monitors>>> = Arc::default();
    let (space, hand_out) = (Arc::clone(space), Arc::clone(&made));
    let sampling = settings.limits.sampling_interval;
    let uri = settings.namespace.clone();
    let before = settings.namespaces_first.clone();
    let allowed = settings.limits.clone();
    let front = move |context: ServerContext| {
        let namespaces = {
            let mut types = context.type_tree.write();
            types.namespaces_mut().add_namespace(APPLICATION);
            let mut namespaces: Vec<(u16, String)> =
                before.into_iter().map(|uri| (types.namespaces_mut().add_namespace(&uri), uri)).collect();
            namespaces.push((types.namespaces_mut().add_namespace(&uri), uri));
            namespaces
        };
        let namespace = namespaces.last().map_or(0, |(index, _)| *index);
        let monitors = Arc::new(Monitors::new(Arc::clone(&space), &context, namespace, sampling));
        let _ = hand_out.set(Arc::clone(&monitors));
        let host: Weak<Monitors> = Arc::downgrade(&monitors);
        space.set_host(host);
        Front::new(space, namespace, namespaces, monitors, allowed, context)
    };
    let back = |context: ServerContext| Back::new(context);
    let url = format!("opc.tcp://{}:{port}", settings.host);
    let mut builder = ServerBuilder::new()
        .without_node_managers()
        .with_node_manager(front)
        .with_node_manager(InMemoryNodeManagerBuilder::new(CoreNodeManagerBuilder))
        .with_node_manager(back)
        .application_name("openopc simulator")
        .application_uri(APPLICATION)
        .product_uri(PRODUCT)
        .host(settings.host.clone())
        .discovery_urls(vec![url])
        .create_sample_keypair(false)
        .trust_client_certs(settings.trust_clients)
        .hello_timeout(10)
        .max_timeout_ms(0)
        .subscription_poll_interval_ms(POLL_MS)
        .limits(limits(&settings.limits))
        .build_info(BuildInfo {
            product_uri: PRODUCT.into(),
            manufacturer_name: settings.made_by.0.as_str().into(),
            product_name: settings.made_by.1.as_str().into(),
            software_version: env!("CARGO_PKG_VERSION").into(),
            build_number: "1".into(),
            build_date: DateTime::null(),
        });
    builder.config_mut().max_session_timeout_ms = millis(settings.limits.session_timeout);
    builder.config_mut().diagnostics = true;
    let tokens: Vec<String> = settings.users.iter().map(User::token).collect();
    for (token, user) in tokens.iter().zip(&settings.users) {
        builder = builder.add_user_token(token, ServerUserToken::user_pass(&user.name, &user.password));
    }
    let anonymous = settings.allow_anonymous.then(|| ANONYMOUS_USER_TOKEN_ID.to_owned());
    let tokens: Vec<String> = tokens.into_iter().chain(anonymous).collect();
    for (policy, mode) in ways(settings.security) {
        // The path is not `/`: node-opcua insists that what is advertised is what it was given, to the letter.
        let endpoint = ServerEndpoint::new("", policy, mode, &tokens);
        builder = builder.add_endpoint(format!("{policy} {mode}"), endpoint);
    }
    // Without security there are no certificates. The engine makes a folder for them all the same, so it is given a
    // name that no file system takes, and complains about that, so it is not heard
    // (async-opcua-crypto 0.19.0, certificate_store.rs:87).
    builder.config_mut().pki_dir = pki.map_or_else(|| "\0".into(), |pki| pki.path().to_owned());
    if let Some(pki) = pki {
        builder = builder.certificate_path(pki.certificate()).private_key_path(pki.key());
    }
    let quiet = tracing::Dispatch::none();
    let (server, handle) = tracing::dispatcher::with_default(&quiet, || builder.build())?;
    let monitors = made.get().cloned().ok_or("the engine did not build its node managers")?;
    Ok((server, handle, monitors))
}

/// The endpoints: without security first, as those who can do nothing else take the first one.
fn ways(security: Security) -> Vec<(SecurityPolicy, MessageSecurityMode)> {
    const SECURE: [SecurityPolicy; 3] = [
        SecurityPolicy::Basic256Sha256,
        SecurityPolicy::Aes128Sha256RsaOaep,
        SecurityPolicy::Aes256Sha256RsaPss,
    ];
    let none = [(SecurityPolicy::None, MessageSecurityMode::None)];
    let all = |mode| SECURE.map(|policy| (policy, mode));
    match security {
        Security::None => none.to_vec(),
        Security::Sign => all(MessageSecurityMode::Sign).to_vec(),
        Security::SignAndEncrypt => all(MessageSecurityMode::SignAndEncrypt).to_vec(),
        Security::Best => {
            let sign = all(MessageSecurityMode::Sign).into_iter();
            none.into_iter().chain(sign).chain(all(MessageSecurityMode::SignAndEncrypt)).collect()
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn limits(ours: &Limits) -> EngineLimits {
    let mut limits = EngineLimits {
        max_array_length: size(ours.array_length),
        max_string_length: size(ours.message_size),
        max_byte_string_length: size(ours.message_size),
        max_message_size: size(ours.message_size),
        // The size is the limit; a chunk of the smallest size allowed is 8,192 bytes.
        max_chunk_count: size(ours.message_size) / 8192 + 1,
        max_browse_continuation_points: usize::from(ours.continuation_points),
        max_history_continuation_points: usize::from(ours.history_continuation_points),
        max_sessions: size(ours.sessions),
        ..EngineLimits::default()
    };
    limits.subscriptions = SubscriptionLimits {
        max_subscriptions_per_session: size(ours.subscriptions_per_session),
        max_pending_publish_requests: size(ours.publish_requests),
        max_publish_requests_per_subscription: size(ours.publish_requests),
        min_sampling_interval_ms: ours.sampling_interval.as_secs_f64() * 1e3,
        min_publishing_interval_ms: ours.publishing_interval.as_secs_f64() * 1e3,
        max_monitored_items_per_sub: size(ours.monitored_items_per_subscription),
        max_monitored_item_queue_size: size(ours.queue_size),
        max_notifications_per_publish: u64::from(ours.notifications_per_publish),
        // 0 is documented as "unlimited" and drops everything (async-opcua-server 0.19.0, subscription.rs:537).
        max_queued_notifications: 100_000,
        ..SubscriptionLimits::default()
    };
    limits.operational = OperationalLimits {
        max_nodes_per_read: size(ours.nodes_per_read),
        max_nodes_per_write: size(ours.nodes_per_write),
        max_nodes_per_browse: size(ours.nodes_per_browse),
        max_nodes_per_translate_browse_paths_to_node_ids: size(ours.nodes_per_translate),
        max_nodes_per_register_nodes: size(ours.nodes_per_register),
        max_monitored_items_per_call: size(ours.monitored_items_per_call),
        max_nodes_per_method_call: size(ours.methods_per_call),
        max_references_per_browse_node: size(ours.references_per_node),
        max_nodes_per_history_read_data: size(ours.nodes_per_history_read),
        max_nodes_per_history_read_events: size(ours.nodes_per_history_read),
        max_nodes_per_history_update: size(ours.nodes_per_history_update),
        max_subscriptions_per_call: size(ours.subscriptions_per_session),
        ..OperationalLimits::default()
    };
    limits
}
