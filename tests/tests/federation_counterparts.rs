//! Stonechat with Prosody and with ejabberd, as people and operators meet them: with certificates and with dialback alone, with STARTTLS
//! and with direct TLS, and with certificates that are not good.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]
#![allow(clippy::print_stderr, reason = "what the servers have said belongs to the failure")]

mod client;
mod federation;

use federation::{
    LOCAL, OURS, THEIRS, Way, ask, both, chat, errors, fetch_vcard, log_in, offline, refused, subscribe,
};
use stonechat_stanza::error::Condition;
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Authority, Counterpart, Identity, Server};

const CERTIFICATES: Way = Way { certificates: true, direct_tls: false, theirs: THEIRS };
const DIALBACK: Way = Way { certificates: false, ..CERTIFICATES };
const DIRECT_TLS: Way = Way { direct_tls: true, ..CERTIFICATES };
/// A wildcard stands for one label, and not for all that is below a domain of one label.
const BELOW: Way = Way { theirs: "chat.other.test", ..CERTIFICATES };

/// What the test of a kind calls our side.
const fn domain_with(kind: Kind) -> &'static str {
    match kind {
        Kind::Prosody => OURS,
        Kind::Ejabberd => LOCAL,
    }
}

/// A certificate of ours that the other server can be content with.
fn good(authority: &Authority, kind: Kind) -> Identity {
    match kind {
        Kind::Prosody => authority.sign(&[OURS]),
        // 23.01 takes no certificate from who connects that is not for TLS clients.
        Kind::Ejabberd => authority.sign_for_both(&[LOCAL]),
    }
}

/// The servers of a test that say what they have to say when it fails.
struct Both(Server, Counterpart, Way);

impl Drop for Both {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{}", self.0.process().transcript(), self.1.transcript());
        }
    }
}

impl Both {
    fn start(kind: Kind, way: Way, identities: impl FnOnce(&Authority) -> (Identity, Identity)) -> Self {
        let authority = Authority::new();
        let (ours, theirs) = both(kind, domain_with(kind), identities(&authority), &authority, way);
        Self(ours, theirs, way)
    }

    /// Everything that people do between two servers, in both directions.
    async fn they_speak(&self, domain: &str) {
        let theirs = self.2.theirs;
        let mut one = log_in(&format!("user1@{domain}"), self.0.c2s()).await;
        let mut two = log_in(&format!("user1@{theirs}"), self.1.c2s()).await;
        chat(&mut one, &mut two).await;
        ask(&mut one, theirs).await;
        ask(&mut two, domain).await;
        errors(&mut one, theirs).await;
        errors(&mut two, domain).await;
        offline(&mut one, theirs, self.1.c2s()).await;
        offline(&mut two, domain, self.0.c2s()).await;
        fetch_vcard(&one, &two).await;
        subscribe(&mut one, &mut two).await;
    }

    /// A message to the other server comes back; says why.
    async fn refused(&self, domain: &str) -> String {
        let mut one = log_in(&format!("user1@{domain}"), self.0.c2s()).await;
        let error = refused(&mut one, &format!("user1@{THEIRS}")).await;
        assert_eq!(error.condition, Condition::RemoteServerTimeout, "{error}");
        error.text().unwrap_or_default().to_owned()
    }
}

async fn with_certificates(kind: Kind, way: Way) {
    let both = Both::start(kind, way, |authority| (good(authority, kind), authority.sign(&[THEIRS])));
    both.they_speak(domain_with(kind)).await;
}

async fn with_dialback(kind: Kind) {
    let domain = domain_with(kind);
    let both = Both::start(kind, DIALBACK, |authority| {
        (authority.self_signed(&[domain]), authority.self_signed(&[THEIRS]))
    });
    both.they_speak(domain).await;
}

/// What the other server shows is not good, and it is told to our side why.
async fn who_shows_a_bad_certificate_is_not_spoken_with(kind: Kind) {
    type Bad = fn(&Authority) -> Identity;
    let cases: [(Bad, &str); 3] = [
        (|authority| authority.sign_expired(&[THEIRS]), "the certificate has expired"),
        (|authority| authority.self_signed(&[THEIRS]), "signed by nobody who is trusted"),
        (|authority| authority.sign(&["wrong.test"]), "is for wrong.test, not for this domain"),
    ];
    for (bad, why) in cases {
        let both = Both::start(kind, CERTIFICATES, |authority| (good(authority, kind), bad(authority)));
        let text = both.refused(domain_with(kind)).await;
        assert!(text.contains(why), "{text}");
        // Nor is it let in.
        let mut two = log_in(&format!("user1@{THEIRS}"), both.1.c2s()).await;
        refused(&mut two, &format!("user1@{}", domain_with(kind))).await;
    }
}

async fn a_wildcard_is_enough(kind: Kind) {
    let both =
        Both::start(kind, BELOW, |authority| (good(authority, kind), authority.sign(&["*.other.test"])));
    both.they_speak(domain_with(kind)).await;
}

#[tokio::test]
async fn prosody_with_certificates() {
    with_certificates(Kind::Prosody, CERTIFICATES).await;
}

#[tokio::test]
async fn prosody_with_direct_tls() {
    with_certificates(Kind::Prosody, DIRECT_TLS).await;
}

#[tokio::test]
async fn prosody_with_dialback() {
    with_dialback(Kind::Prosody).await;
}

#[tokio::test]
async fn prosody_with_a_wildcard() {
    a_wildcard_is_enough(Kind::Prosody).await;
}

#[tokio::test]
async fn prosody_with_certificates_that_are_not_good() {
    who_shows_a_bad_certificate_is_not_spoken_with(Kind::Prosody).await;
}

#[tokio::test]
async fn prosody_is_told_to_be_the_one_that_refuses_ours() {
    type Bad = fn(&Authority) -> Identity;
    let cases: [Bad; 3] = [
        |authority| authority.sign_expired(&[OURS]),
        |authority| authority.self_signed(&[OURS]),
        |authority| authority.sign(&["wrong.test"]),
    ];
    for bad in cases {
        let both =
            Both::start(Kind::Prosody, CERTIFICATES, |authority| (bad(authority), authority.sign(&[THEIRS])));
        let text = both.refused(OURS).await;
        assert!(text.contains("certificate"), "{text}");
    }
}

#[tokio::test]
async fn ejabberd_with_certificates() {
    with_certificates(Kind::Ejabberd, CERTIFICATES).await;
}

#[tokio::test]
async fn ejabberd_with_direct_tls() {
    with_certificates(Kind::Ejabberd, DIRECT_TLS).await;
}

#[tokio::test]
async fn ejabberd_with_dialback() {
    with_dialback(Kind::Ejabberd).await;
}

#[tokio::test]
async fn ejabberd_with_a_wildcard() {
    a_wildcard_is_enough(Kind::Ejabberd).await;
}

#[tokio::test]
async fn ejabberd_with_certificates_that_are_not_good() {
    who_shows_a_bad_certificate_is_not_spoken_with(Kind::Ejabberd).await;
}
