//! Signed and encrypted: what the simulator offers, what the client takes, and a certificate that changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use openopc::sim::{Limits, Restart, Service, Simulator, SimulatorBuilder};
use openopc::{
    Client, ClientBuilder, Delivery, Endpoint, Error, Event, Identity, IdentityKind, Quality, Security,
    State, SubscribeOptions,
};
use tempfile::TempDir;
use tokio::sync::{OnceCell, mpsc};

use crate::client_network::{Network, Proxy};
use crate::support::{FAST, chain, collect, numbered, requests, until, within};

const SECURE: [Security; 2] = [Security::Sign, Security::SignAndEncrypt];

/// The certificates of one client.
struct Pki(TempDir);

impl Pki {
    /// With the key of all tests: a new one takes a second. The client's name is `openopc`.
    async fn new() -> Pki {
        static OWN: OnceCell<PathBuf> = OnceCell::const_new();
        let own = OWN.get_or_init(make_own).await;
        let pki = Pki(tempfile::tempdir().unwrap());
        for file in ["own/openopc.der", "private/openopc.pem"] {
            std::fs::create_dir_all(pki.path().join(file).parent().unwrap()).unwrap();
            std::fs::copy(own.join(file), pki.path().join(file)).unwrap();
        }
        pki
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The names of the files in one of its folders.
    fn list(&self, folder: &str) -> Vec<PathBuf> {
        let Ok(files) = std::fs::read_dir(self.path().join(folder)) else { return Vec::new() };
        files.map(|file| file.unwrap().path()).collect()
    }

    /// What an administrator does: trusts the certificates that were turned away.
    fn trust_rejected(&self) {
        for file in self.list("rejected") {
            let name = file.file_name().unwrap();
            std::fs::rename(&file, self.path().join("trusted").join(name)).unwrap();
        }
    }

    fn client(&self, simulator: &Simulator, security: Security) -> ClientBuilder {
        Client::builder(simulator.url())
            .security(security)
            .pki_dir(self.path())
            .reconnect(None, Duration::from_millis(20))
    }

    /// One that takes any certificate, and what it tells.
    async fn open(
        &self,
        simulator: &Simulator,
        security: Security,
    ) -> (Client, mpsc::UnboundedReceiver<Event>) {
        told(self.client(simulator, security).trust_any_certificate(true)).await
    }
}

async fn told(builder: ClientBuilder) -> (Client, mpsc::UnboundedReceiver<Event>) {
    let (sender, mut events) = mpsc::unbounded_channel();
    let client = within(builder.on_event(move |event| _ = sender.send(event)).open()).await.unwrap();
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    (client, events)
}

async fn make_own() -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pki");
    let _ = std::fs::remove_dir_all(&own);
    let simulator = Simulator::builder().security(Security::Sign).start().await.unwrap();
    let client = Client::builder(simulator.url()).security(Security::Sign).pki_dir(&own);
    within(client.trust_any_certificate(true).open()).await.unwrap();
    own
}

fn plant(security: Security) -> SimulatorBuilder {
    Simulator::builder().items(numbered(3)).security(security)
}

async fn endpoints(simulator: &Simulator) -> Vec<Endpoint> {
    within(openopc::endpoints(simulator.url())).await.unwrap()
}

async fn thumbprint(simulator: &Simulator) -> String {
    endpoints(simulator).await[0].thumbprint.clone().unwrap()
}

#[tokio::test]
async fn a_simulator_offers_what_it_is_told_to() {
    for (security, modes) in [
        (Security::None, &[Security::None][..]),
        (Security::Sign, &[Security::Sign]),
        (Security::SignAndEncrypt, &[Security::SignAndEncrypt]),
        (Security::Best, &[Security::None, Security::Sign, Security::SignAndEncrypt]),
    ] {
        let simulator = plant(security).start().await.unwrap();
        let mut offered: Vec<_> =
            endpoints(&simulator).await.into_iter().map(|e| (e.security.unwrap(), e.policy)).collect();
        offered.sort_by_key(|(security, policy)| (security.to_string(), policy.clone()));
        let mut expected = Vec::new();
        for mode in modes {
            let policies = ["Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss", "Basic256Sha256"];
            let policies = if *mode == Security::None { &["None"][..] } else { &policies };
            expected.extend(policies.iter().map(|policy| (*mode, (*policy).to_owned())));
        }
        expected.sort_by_key(|(security, policy)| (security.to_string(), policy.clone()));
        assert_eq!(offered, expected);
    }
}

#[tokio::test]
async fn everything_works_signed_and_encrypted() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Best).start().await.unwrap();
    for (wanted, got) in [
        (Security::Sign, Security::Sign),
        (Security::SignAndEncrypt, Security::SignAndEncrypt),
        (Security::Best, Security::SignAndEncrypt),
        (Security::None, Security::None),
    ] {
        let (client, _) = pki.open(&simulator, wanted).await;
        assert_eq!(within(client.info()).await.unwrap().security, got);
        within(client.write("N1", 7)).await.unwrap();
        assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 7);
        let (callback, mut readings) = collect();
        let _subscription = within(client.subscribe(["N1"], FAST, callback)).await.unwrap();
        assert_eq!(readings.next().await.get::<i32>().unwrap(), 7);
        simulator.set("N1", 8).unwrap();
        assert_eq!(readings.next().await.get::<i32>().unwrap(), 8);
        within(client.close()).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_offered_is_refused_by_name() {
    let pki = Pki::new().await;
    for (offered, wanted, words) in [
        (Security::None, Security::Sign, "None"),
        (Security::Sign, Security::SignAndEncrypt, "Sign with Basic256Sha256"),
        (Security::SignAndEncrypt, Security::None, "SignAndEncrypt with Basic256Sha256"),
    ] {
        let simulator = plant(offered).start().await.unwrap();
        let refused = within(pki.client(&simulator, wanted).trust_any_certificate(true).open()).await;
        let Err(Error::Security { wanted: told, offered, .. }) = &refused else { panic!("{refused:?}") };
        assert_eq!(*told, wanted.to_string());
        assert!(offered.contains(words), "{offered}");
    }
}

#[tokio::test]
async fn a_certificate_lasts_until_a_new_one_is_asked_for() {
    let simulator = plant(Security::Best).start().await.unwrap();
    let first = thumbprint(&simulator).await;
    simulator.restart(Restart::new()).await.unwrap();
    assert_eq!(thumbprint(&simulator).await, first);
    simulator.restart(Restart::new().new_certificate()).await.unwrap();
    let second = thumbprint(&simulator).await;
    assert_ne!(second, first);
    simulator.crash().await.unwrap();
    simulator.restart(Restart::new()).await.unwrap();
    assert_eq!(thumbprint(&simulator).await, second);

    let plain = plant(Security::None).start().await.unwrap();
    let refused = plain.restart(Restart::new().new_certificate()).await.unwrap_err();
    assert!(chain(&refused).contains("no security"), "{refused}");
    plain.restart(Restart::new()).await.unwrap();
    within(openopc::open(plain.url())).await.unwrap();
}

#[tokio::test]
async fn users_log_in_with_their_password() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Best).user("joe", "right").user("ann", "").start().await.unwrap();
    let user = |name: &str, password: &str| Identity::User { name: name.into(), password: password.into() };
    for security in SECURE {
        for (name, password) in [("joe", "right"), ("ann", "")] {
            let builder = pki.client(&simulator, security).trust_any_certificate(true);
            let client = within(builder.identity(user(name, password)).open()).await.unwrap();
            assert_eq!(within(client.read_as::<i32>("N2")).await.unwrap(), 2);
            within(client.close()).await.unwrap();
        }
        for (name, password) in [("joe", "wrong"), ("joe", ""), ("nobody", "right")] {
            let builder = pki.client(&simulator, security).trust_any_certificate(true);
            let refused = within(builder.identity(user(name, password)).open()).await.unwrap_err();
            let text = chain(&refused);
            assert!(text.contains("user name or the password is wrong"), "{text}");
            assert!(text.contains(&format!("`{name}`")) && !text.contains("right"), "{text}");
        }
        let anonymous = pki.client(&simulator, security).trust_any_certificate(true);
        let text = chain(&within(anonymous.open()).await.unwrap_err());
        assert!(text.contains("does not take this identity here (Anonymous); it takes UserName"), "{text}");
    }
    // Without security the password would be there for all to see.
    let in_clear = pki.client(&simulator, Security::None).identity(user("joe", "right"));
    assert!(chain(&within(in_clear.clone().open()).await.unwrap_err()).contains("in clear"));
    within(in_clear.allow_plaintext_password(true).open()).await.unwrap();

    let both = plant(Security::None).user("joe", "right").allow_anonymous(true).start().await.unwrap();
    assert_eq!(endpoints(&both).await[0].identities, [IdentityKind::Anonymous, IdentityKind::User]);
    within(openopc::open(both.url())).await.unwrap();
}

#[tokio::test]
async fn users_that_cannot_be_are_refused() {
    for (builder, words) in [
        (Simulator::builder().user("", "x"), "a user needs a name"),
        (Simulator::builder().user("joe", "a").user("joe", "b"), "`joe` is there twice"),
        (Simulator::builder().allow_anonymous(false), "nobody could log in"),
    ] {
        let refused = builder.start().await.unwrap_err();
        assert!(matches!(&refused, Error::Config(text) if text.contains(words)), "{refused}");
    }
}

/// Reads the events up to one that is not of an attempt; the reasons why attempts failed.
async fn attempts(events: &mut mpsc::UnboundedReceiver<Event>) -> (Vec<(String, String)>, Event) {
    let mut failed = Vec::new();
    loop {
        match within(events.recv()).await.unwrap() {
            Event::Retrying { .. } => {}
            Event::RetryFailed { status, reason } => failed.push((status.name().into_owned(), reason)),
            other => return (failed, other),
        }
    }
}

/// Waits for an attempt that fails with this status; what it says.
async fn failure(events: &mut mpsc::UnboundedReceiver<Event>, name: &str) -> String {
    loop {
        match within(events.recv()).await.unwrap() {
            Event::RetryFailed { status, reason } if status.name() == name => return reason,
            Event::Disconnected { .. } | Event::Retrying { .. } | Event::RetryFailed { .. } => {}
            other => panic!("{other:?} instead of {name}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_is_taken_by_who_trusts_any() {
    for security in [Security::Sign, Security::SignAndEncrypt, Security::Best] {
        let pki = Pki::new().await;
        let simulator = plant(Security::Best).start().await.unwrap();
        let (client, mut events) = pki.open(&simulator, security).await;
        let (callback, mut readings) = collect();
        let _subscription = within(client.subscribe(["N1"], FAST, callback)).await.unwrap();
        assert_eq!(readings.next().await.get::<i32>().unwrap(), 1);
        for round in 10..12 {
            let thumbprint = within(client.info()).await.unwrap();
            simulator.restart(Restart::new().new_certificate()).await.unwrap();
            assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
            let (failed, next) = attempts(&mut events).await;
            assert!(
                failed.iter().any(|(_, reason)| reason.contains("changed its certificate")),
                "{failed:?}"
            );
            assert!(matches!(next, Event::Gap { .. }), "{next:?}");
            assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
            let again = within(client.info()).await.unwrap();
            assert_eq!(again.security, thumbprint.security);
            simulator.set("N1", round).unwrap();
            while readings.next().await.get::<i32>().ok() != Some(round) {}
            within(client.write("N2", round)).await.unwrap();
            assert_eq!(within(client.read_as::<i32>("N2")).await.unwrap(), round);
        }
        within(client.close()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_waits_until_it_is_trusted() {
    let pki = Pki::new().await;
    let simulator = plant(Security::SignAndEncrypt).start().await.unwrap();
    let builder = pki.client(&simulator, Security::SignAndEncrypt);
    let text = chain(&within(builder.clone().open()).await.unwrap_err());
    let rejected = pki.list("rejected");
    assert_eq!(rejected.len(), 1);
    for word in ["not trusted", rejected[0].to_str().unwrap(), pki.path().join("trusted").to_str().unwrap()] {
        assert!(text.contains(word), "{text}");
    }
    pki.trust_rejected();
    let (client, mut events) = told(builder).await;
    let (callback, mut readings) = collect();
    let _subscription = within(client.subscribe(["N1"], FAST, callback)).await.unwrap();
    assert_eq!(readings.next().await.get::<i32>().unwrap(), 1);

    simulator.restart(Restart::new().new_certificate()).await.unwrap();
    simulator.set("N1", 5).unwrap();
    // It goes on trying, and says so each time.
    for _ in 0..3 {
        let reason = failure(&mut events, "BadCertificateUntrusted").await;
        let rejected = pki.list("rejected");
        assert_eq!(rejected.len(), 1);
        let trusted = pki.path().join("trusted");
        let words = ["move", rejected[0].to_str().unwrap(), trusted.to_str().unwrap()];
        assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
    }
    assert_eq!(client.state(), State::Reconnecting);
    let lost = readings.next().await;
    assert_eq!((lost.quality(), &*lost.status.name()), (Quality::Bad, "BadNoCommunication"));
    pki.trust_rejected();
    let (_, next) = attempts(&mut events).await;
    assert!(matches!(next, Event::Gap { .. }), "{next:?}");
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    assert_eq!(readings.next().await.get::<i32>().unwrap(), 5);
    within(client.close()).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_was_turned_away_is_taken_by_who_trusts_any() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Sign).start().await.unwrap();
    within(pki.client(&simulator, Security::Sign).open()).await.unwrap_err();
    assert_eq!(pki.list("rejected").len(), 1);
    let (client, _) = pki.open(&simulator, Security::Sign).await;
    assert_eq!((pki.list("rejected").len(), pki.list("trusted").len()), (0, 1));
    within(client.close()).await.unwrap();
}

#[tokio::test]
async fn a_certificate_in_both_folders_is_not_trusted() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Sign).start().await.unwrap();
    within(pki.client(&simulator, Security::Sign).open()).await.unwrap_err();
    let file = pki.list("rejected").remove(0);
    std::fs::copy(&file, pki.path().join("trusted").join(file.file_name().unwrap())).unwrap();
    let text = chain(&within(pki.client(&simulator, Security::Sign).open()).await.unwrap_err());
    assert!(text.contains("both folders") && text.contains("delete"), "{text}");
}

/// A server where the old one was, with other settings.
async fn replace(simulator: Simulator, builder: SimulatorBuilder) -> Simulator {
    let address = simulator.url().trim_start_matches("opc.tcp://").to_owned();
    within(simulator.stop()).await.unwrap();
    builder.listen(address).start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_weaker_is_taken_after_a_loss() {
    let pki = Pki::new().await;
    let encrypted = Security::SignAndEncrypt;
    for (wanted, first, weaker) in [
        (encrypted, encrypted, Security::Sign),
        (encrypted, Security::Best, Security::None),
        (Security::Sign, Security::Sign, Security::None),
        (Security::Best, encrypted, Security::Sign),
        (Security::Best, Security::Best, Security::None),
    ] {
        let simulator = plant(first).start().await.unwrap();
        let (client, mut events) = pki.open(&simulator, wanted).await;
        let had = within(client.info()).await.unwrap().security;
        let simulator = replace(simulator, plant(weaker)).await;
        let reason = failure(&mut events, "BadSecurityModeRejected").await;
        assert!(
            reason.contains(&format!("now offers {weaker}")) && reason.contains("nothing less"),
            "{reason}"
        );
        failure(&mut events, "BadSecurityModeRejected").await;
        assert!(simulator.clients().is_empty());
        let simulator = replace(simulator, plant(Security::Best)).await;
        until(|| client.state() == State::Connected).await;
        assert_eq!(within(client.info()).await.unwrap().security, had);
        within(client.close()).await.unwrap();
        within(simulator.stop()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_gets_better_with_the_server() {
    let pki = Pki::new().await;
    let simulator = plant(Security::None).start().await.unwrap();
    let (client, mut events) = pki.open(&simulator, Security::Best).await;
    assert_eq!(within(client.info()).await.unwrap().security, Security::None);
    let simulator = replace(simulator, plant(Security::SignAndEncrypt)).await;
    assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
    assert_eq!(attempts(&mut events).await.1, Event::Connected { resumed: false });
    assert_eq!(within(client.info()).await.unwrap().security, Security::SignAndEncrypt);
    assert_eq!(simulator.clients(), ["openopc"]);
    within(client.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_certificate_has_to_be_trusted() {
    let pki = Pki::new().await;
    let own = pki.path().join("own/openopc.der").display().to_string();
    let strange = || plant(Security::SignAndEncrypt).trust_clients(false);
    let simulator = strange().start().await.unwrap();
    let builder = pki.client(&simulator, Security::SignAndEncrypt).trust_any_certificate(true);
    let text = chain(&within(builder.clone().open()).await.unwrap_err());
    assert!(text.contains("does not trust our certificate") && text.contains(&own), "{text}");

    let simulator = replace(simulator, plant(Security::SignAndEncrypt)).await;
    let (client, mut events) = told(builder).await;
    let simulator = replace(simulator, strange()).await;
    // The first time it is unknown, from then on turned away.
    for status in ["BadCertificateUntrusted", "BadSecurityChecksFailed", "BadSecurityChecksFailed"] {
        let reason = failure(&mut events, status).await;
        assert!(reason.contains("trust") && reason.contains(&own), "{reason}");
    }
    let _simulator = replace(simulator, plant(Security::SignAndEncrypt)).await;
    until(|| client.state() == State::Connected).await;
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
    within(client.close()).await.unwrap();
}

/// Its certificate says which application it is.
#[tokio::test]
async fn each_application_has_its_own_certificate() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Sign).start().await.unwrap();
    let (first, _) = pki.open(&simulator, Security::Sign).await;
    let builder = pki.client(&simulator, Security::Sign).trust_any_certificate(true);
    let second = within(builder.name("Line 3").open()).await.unwrap();
    let mut own = pki.list("own");
    own.sort();
    assert_eq!(own, ["Line-3.der", "openopc.der"].map(|name| pki.path().join("own").join(name)));
    assert_ne!(std::fs::read(&own[0]).unwrap(), std::fs::read(&own[1]).unwrap());
    within(first.close()).await.unwrap();
    within(second.close()).await.unwrap();
}

/// A client without security needs no certificates, and no place for them.
#[tokio::test]
async fn without_security_there_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let pki = folder.path().join("pki");
    let simulator = plant(Security::Best).start().await.unwrap();
    let client = within(Client::builder(simulator.url()).pki_dir(&pki).open()).await.unwrap();
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
    within(client.close()).await.unwrap();
    assert!(!pki.exists());
}

#[tokio::test]
async fn a_client_that_has_tried_often_enough_is_closed() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Sign).start().await.unwrap();
    let builder = pki.client(&simulator, Security::Sign).trust_any_certificate(true);
    let (client, mut events) = told(builder.reconnect(Some(2), Duration::from_millis(5))).await;
    within(simulator.stop()).await.unwrap();
    assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
    let (failed, last) = attempts(&mut events).await;
    assert_eq!((failed.len(), last), (3, Event::Closed), "the first and two more");
    assert_eq!(client.state(), State::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_whom_the_new_server_does_not_know_is_told() {
    let pki = Pki::new().await;
    let simulator = plant(Security::Sign).user("joe", "right").start().await.unwrap();
    let joe = Identity::User { name: "joe".into(), password: "right".into() };
    let builder = pki.client(&simulator, Security::Sign).trust_any_certificate(true).identity(joe);
    let (client, mut events) = told(builder).await;
    let simulator = replace(simulator, plant(Security::Sign).user("joe", "other")).await;
    let reason = failure(&mut events, "BadIdentityTokenRejected").await;
    assert!(reason.contains("`joe`") && reason.contains("password is wrong"), "{reason}");
    let simulator = replace(simulator, plant(Security::Sign)).await;
    let reason = loop {
        let reason = failure(&mut events, "BadIdentityTokenRejected").await;
        if reason.contains("does not take") {
            break reason;
        }
    };
    assert!(reason.contains("it takes Anonymous"), "{reason}");
    let _simulator = replace(simulator, plant(Security::Sign).user("joe", "right")).await;
    until(|| client.state() == State::Connected).await;
    assert_eq!(within(client.read_as::<i32>("N1")).await.unwrap(), 1);
    within(client.close()).await.unwrap();
}

/// A line that breaks is no new certificate: the server keeps the session, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_outlives_its_connection() {
    for security in SECURE {
        let pki = Pki::new().await;
        let simulator = plant(security).start().await.unwrap();
        let proxy = Proxy::to(&simulator).await;
        let builder = proxy.client().request_timeout(Duration::from_secs(5)).security(security);
        let (client, mut events) = told(builder.pki_dir(pki.path()).trust_any_certificate(true)).await;
        let (callback, mut readings) = collect();
        let _subscription = within(client.subscribe(["N1"], FAST, callback)).await.unwrap();
        assert_eq!(readings.next().await.get::<i32>().unwrap(), 1);
        for round in 10..12 {
            proxy.is(Network::Cut);
            assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
            simulator.set("N1", round).unwrap();
            proxy.is(Network::Works);
            let (failed, next) = attempts(&mut events).await;
            assert_eq!(next, Event::Connected { resumed: true });
            assert!(failed.iter().all(|(_, reason)| !reason.contains("certificate")), "{failed:?}");
            while readings.next().await.get::<i32>().ok() != Some(round) {}
        }
        assert_eq!(simulator.clients(), ["openopc"]);
        within(client.close()).await.unwrap();
    }
}

/// On secure channels the server hands the subscriptions of a lost session over to the next one of the same client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_outlives_its_session() {
    for security in SECURE {
        let pki = Pki::new().await;
        let mut limits = Limits::default();
        limits.session_timeout = Duration::from_secs(3);
        let simulator = plant(security).limits(limits).start().await.unwrap();
        let proxy = Proxy::to(&simulator).await;
        let builder = proxy.client().request_timeout(Duration::from_secs(5)).security(security);
        let (client, mut events) = told(builder.pki_dir(pki.path()).trust_any_certificate(true)).await;
        let every = SubscribeOptions::new(FAST).delivery(Delivery::Every { queue: 1000 });
        let mut watch = within(client.watch(["N0"], every)).await.unwrap();
        assert_eq!(within(watch.next()).await.unwrap().get::<i32>().unwrap(), 0);
        proxy.is(Network::Cut);
        assert!(matches!(within(events.recv()).await, Some(Event::Disconnected { .. })));
        // Nobody but the clock ends the session.
        until(|| simulator.clients().is_empty()).await;
        for n in 1..=5 {
            simulator.set("N0", n).unwrap();
        }
        proxy.is(Network::Works);
        assert_eq!(attempts(&mut events).await.1, Event::Connected { resumed: false }, "and no gap");
        for n in 6..=10 {
            simulator.set("N0", n).unwrap();
        }
        let lost = within(watch.next()).await.unwrap();
        assert_eq!(lost.status.name(), "BadNoCommunication");
        let mut told = 0;
        while told < 10 {
            let reading = within(watch.next()).await.unwrap();
            assert!(reading.status.is_good() && !reading.status.overflowed(), "{reading:?}");
            let value = reading.get::<i32>().unwrap();
            // The return may tell the value from before the loss once more.
            assert!(value == told + 1 || value == 0 && told == 0, "{value} after {told}");
            told = value;
        }
        simulator.set("N0", 11).unwrap();
        assert_eq!(within(watch.next()).await.unwrap().get::<i32>().unwrap(), 11, "nothing comes twice");
        let made = requests(&simulator, Service::CreateMonitoredItems);
        assert_eq!(made.len(), 1, "the subscription is the first one");
        within(client.close()).await.unwrap();
    }
}
