//! Stonechat and somebody else's server.

use stonechat_stanza::error::Condition;
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Authority, Counterpart, Dns, Identity, Server, Srv, free_port};

use super::{
    LOCAL, OURS, THEIRS, Way, ask, chat, errors, federated, fetch_vcard, log_in, offline, refused, routed,
    settings, start, subscribe,
};

/// The servers of a test, which say what they have to say when it fails.
pub(crate) struct Both {
    pub(crate) ours: Server,
    pub(crate) theirs: Counterpart,
    /// What is known of ours where the other server asks.
    pub(crate) dns: Option<Dns>,
    /// The domain of ours.
    domain: &'static str,
    way: Way,
}

impl Drop for Both {
    #[allow(clippy::print_stderr, reason = "what the servers have said belongs to the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{}", self.ours.process().transcript(), self.theirs.transcript());
        }
    }
}

/// What a test with this server calls our side: ejabberd asks the system for addresses, unless there is DNS.
pub(crate) const fn domain_with(kind: Kind, way: Way) -> &'static str {
    match kind {
        Kind::Ejabberd if !way.by_dns => LOCAL,
        Kind::Prosody | Kind::Ejabberd => OURS,
    }
}

impl Both {
    /// Starts both, with certificates of their own; ours is for the [domain](domain_with) that it has.
    pub(crate) fn start(
        kind: Kind,
        way: Way,
        identities: impl FnOnce(&Authority) -> (Identity, Identity),
    ) -> Self {
        let authority = Authority::new();
        let ((own, identity), domain) = (identities(&authority), domain_with(kind, way));
        let ports = (free_port(), free_port());
        let policy = if way.certificates { "certificate" } else { "dialback" };
        let (to, how) = if way.direct_tls { (ports.1, "s2s-direct-tls") } else { (ports.0, "s2s") };
        let settings = settings(domain, &authority, &own, policy);
        let ours = start(&routed(settings, way.theirs, to, how), domain);
        let dns = way.by_dns.then(|| Dns::start(vec![record(domain, &ours, way)]));
        let mut federated = federated(kind, &authority, identity, way, ports, (domain, &ours));
        federated.name_server = dns.as_ref().map(Dns::address);
        Self { ours, theirs: Counterpart::federated(kind, federated), dns, domain, way }
    }

    /// Those that were started otherwise.
    pub(crate) const fn of(ours: Server, theirs: Counterpart, domain: &'static str, way: Way) -> Self {
        Self { ours, theirs, dns: None, domain, way }
    }

    /// Everything that people do between two servers, in both directions.
    pub(crate) async fn they_speak(&self) {
        let (domain, theirs) = (self.domain, self.way.theirs);
        let mut one = log_in(&format!("user1@{domain}"), self.ours.c2s()).await;
        let mut two = log_in(&format!("user1@{theirs}"), self.theirs.c2s()).await;
        chat(&mut one, &mut two).await;
        ask(&mut one, theirs).await;
        ask(&mut two, domain).await;
        errors(&mut one, theirs).await;
        errors(&mut two, domain).await;
        offline(&mut one, theirs, self.theirs.c2s()).await;
        offline(&mut two, domain, self.ours.c2s()).await;
        fetch_vcard(&one, &two).await;
        subscribe(&mut one, &mut two).await;
    }

    /// A message to the other server comes back; says why.
    pub(crate) async fn refused(&self) -> String {
        let mut one = log_in(&format!("user1@{}", self.domain), self.ours.c2s()).await;
        let error = refused(&mut one, &format!("user1@{THEIRS}")).await;
        assert_eq!(error.condition, Condition::RemoteServerTimeout, "{error}");
        error.text().unwrap_or_default().to_owned()
    }
}

/// Where our side is, of which the other one finds the host without DNS.
fn record(domain: &str, ours: &Server, way: Way) -> Srv {
    let (service, listener) =
        if way.direct_tls { ("_xmpps-server", "s2s-direct-tls") } else { ("_xmpp-server", "s2s") };
    Srv {
        name: format!("{service}._tcp.{domain}"),
        priority: 0,
        port: ours.ready().address(listener).port(),
        target: "localhost".to_owned(),
    }
}
