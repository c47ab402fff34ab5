//! Stonechat with Prosody and with ejabberd, as people and operators meet them: with certificates and with dialback alone, with STARTTLS
//! and with direct TLS, with certificates that are not good, and over one stream for both directions.

use crate::support::both::{Both, domain_with};
use crate::support::{CERTIFICATES, OURS, THEIRS, Way, ask, chat, log_in, refused, subscribe};
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Authority, Identity};

const DIALBACK: Way = Way { certificates: false, ..CERTIFICATES };
const DIRECT_TLS: Way = Way { direct_tls: true, ..CERTIFICATES };
const DIRECT_TLS_BY_DNS: Way = Way { by_dns: true, ..DIRECT_TLS };
/// A wildcard stands for one label, and not for all that is below a domain of one label.
const BELOW: Way = Way { theirs: "chat.other.test", ..CERTIFICATES };

/// A certificate of ours that the other server can be content with.
fn good(authority: &Authority, kind: Kind, way: Way) -> Identity {
    let domain = domain_with(kind, way);
    match kind {
        Kind::Prosody => authority.sign(&[domain]),
        // 23.01 takes no certificate from who connects that is not for TLS clients.
        Kind::Ejabberd => authority.sign_for_both(&[domain]),
    }
}

async fn with_certificates(kind: Kind, way: Way) {
    let both = Both::start(kind, way, |authority| (good(authority, kind, way), authority.sign(&[THEIRS])));
    both.they_speak().await;
}

async fn with_dialback(kind: Kind) {
    let domain = domain_with(kind, DIALBACK);
    let both = Both::start(kind, DIALBACK, |authority| {
        (authority.self_signed(&[domain]), authority.self_signed(&[THEIRS]))
    });
    both.they_speak().await;
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
        let good = |authority: &Authority| (good(authority, kind, CERTIFICATES), bad(authority));
        let both = Both::start(kind, CERTIFICATES, good);
        let text = both.refused().await;
        assert!(text.contains(why), "{text}");
        // Nor is it let in.
        let mut two = log_in(&format!("user1@{THEIRS}"), both.theirs.c2s()).await;
        refused(&mut two, &format!("user1@{}", domain_with(kind, CERTIFICATES))).await;
    }
}

async fn a_wildcard_is_enough(kind: Kind) {
    let certificates =
        |authority: &Authority| (good(authority, kind, BELOW), authority.sign(&["*.other.test"]));
    Both::start(kind, BELOW, certificates).they_speak().await;
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
        let text = both.refused().await;
        assert!(text.contains("certificate"), "{text}");
    }
}

/// Over one stream for both directions (XEP-0288), whoever has opened it.
async fn over_one_stream(way: Way, identities: impl Fn(&Authority) -> (Identity, Identity)) {
    for we_open in [true, false] {
        let both = Both::start(Kind::Prosody, Way { bidi: true, ..way }, &identities);
        let mut one = log_in(&format!("user1@{OURS}"), both.ours.c2s()).await;
        let mut two = log_in(&format!("user1@{THEIRS}"), both.theirs.c2s()).await;
        for _ in 0..5 {
            let (first, second) = if we_open { (&mut one, &mut two) } else { (&mut two, &mut one) };
            chat(first, second).await;
        }
        ask(&mut one, THEIRS).await;
        ask(&mut two, OURS).await;
        subscribe(&mut one, &mut two).await;
        let status = both.ours.command(&["federation", "status"], &[]).expect_success().stdout;
        let opener = if we_open { "opened from here" } else { "opened by the other server" };
        assert!(status.contains(opener), "{status}");
        let said = both.theirs.transcript();
        let requests = ["Requested bidirectional stream", "Requesting bidirectional stream"];
        assert!(said.contains(requests[usize::from(!we_open)]), "{said}");
        // With dialback it asks back on a stream of its own, which it goes on to use.
        if way.certificates || !we_open {
            assert!(!said.contains(requests[usize::from(we_open)]), "{said}");
        }
        // What goes back is acknowledged as well, in both directions.
        assert!(said.contains("Received ack request, acking for"), "{said}");
        assert!(said.contains("(acked: 1)"), "{said}");
    }
}

#[tokio::test]
async fn prosody_over_one_stream() {
    over_one_stream(CERTIFICATES, |authority| (authority.sign(&[OURS]), authority.sign(&[THEIRS]))).await;
}

#[tokio::test]
async fn prosody_over_one_stream_with_dialback() {
    let identities =
        |authority: &Authority| (authority.self_signed(&[OURS]), authority.self_signed(&[THEIRS]));
    over_one_stream(DIALBACK, identities).await;
}

#[tokio::test]
async fn prosody_over_one_stream_with_everything_that_people_do() {
    let way = Way { bidi: true, ..CERTIFICATES };
    let both =
        Both::start(Kind::Prosody, way, |authority| (authority.sign(&[OURS]), authority.sign(&[THEIRS])));
    both.they_speak().await;
}

#[tokio::test]
async fn ejabberd_with_certificates() {
    with_certificates(Kind::Ejabberd, CERTIFICATES).await;
}

#[tokio::test]
async fn ejabberd_with_direct_tls() {
    with_certificates(Kind::Ejabberd, DIRECT_TLS).await;
}

/// It is told of no other port than that where TLS is the first word.
#[tokio::test]
async fn ejabberd_finds_ours_by_the_record_of_direct_tls() {
    let (kind, way) = (Kind::Ejabberd, DIRECT_TLS_BY_DNS);
    let both = Both::start(kind, way, |authority| (good(authority, kind, way), authority.sign(&[THEIRS])));
    both.they_speak().await;
    let asked = both.dns.as_ref().unwrap().asked();
    assert!(asked.contains(&format!("_xmpps-server._tcp.{OURS}")), "{asked:?}");
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
