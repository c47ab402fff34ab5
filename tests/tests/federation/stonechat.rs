//! Two Stonechats, with certificates that are good and certificates that are not.

use crate::client;
use crate::support::pair::Pair;
use crate::support::{OURS, THEIRS, chat, log_in, serve, stanza};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, Stanza, presence};
use stonechat_tests::{Authority, Identity, Raw, free_port, trusting};

#[tokio::test]
async fn with_certificates_that_are_good_they_speak() {
    Pair::start(|authority| (authority.sign(&[OURS]), authority.sign(&[THEIRS])), "certificate")
        .they_speak()
        .await;
}

#[tokio::test]
async fn with_dialback_any_certificate_will_do() {
    let bad =
        |authority: &Authority| (authority.self_signed(&["a.test"]), authority.sign_expired(&["b.test"]));
    Pair::start(bad, "dialback").they_speak().await;
}

/// SECURITY: no silent way round a policy.
#[tokio::test]
async fn a_certificate_that_is_not_good_is_refused_with_the_cause() {
    type Bad = fn(&Authority) -> Identity;
    let cases: [(Bad, &str); 3] = [
        (|authority| authority.sign_expired(&[THEIRS]), "the certificate has expired"),
        (|authority| authority.self_signed(&[THEIRS]), "signed by nobody who is trusted"),
        (|authority| authority.sign(&["*.other.test"]), "is for *.other.test, not for this domain"),
    ];
    for (bad, why) in cases {
        let pair = Pair::start(|authority| (authority.sign(&[OURS]), bad(authority)), "certificate");
        let text = pair.refused().await;
        assert!(text.contains(why), "{text}");
    }
}

#[tokio::test]
async fn who_has_no_certificate_that_is_good_is_not_let_in() {
    let pair =
        Pair::start(|authority| (authority.self_signed(&[OURS]), authority.sign(&[THEIRS])), "certificate");
    let text = pair.refused().await;
    assert!(text.contains("a certificate is required"), "{text}");
}

#[tokio::test]
async fn a_link_that_is_cut_comes_back_and_nothing_is_lost() {
    let pair = Pair::start(|authority| (authority.sign(&[OURS]), authority.sign(&[THEIRS])), "certificate");
    let (mut one, mut two) = pair.users().await;
    chat(&mut one, &mut two).await;
    for round in 0..5 {
        pair.cutter.cut();
        for number in 0..20 {
            let words = format!("{round}-{number}");
            one.client.send(client::message(two.jid.as_str(), &words)).await.unwrap();
        }
        for number in 0..20 {
            assert_eq!(two.message().await, format!("{round}-{number}"));
        }
    }
}

/// What its sessions say at the end goes over the stream that the other server has opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_at_a_server_that_cannot_be_reached_sees_that_this_one_stops() {
    let authority = Authority::new();
    let (own, other) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
    let ours = serve(OURS, &authority, &own, "certificate", (THEIRS, free_port()));
    let at = ours.ready().address("s2s").port();
    let theirs = serve(THEIRS, &authority, &other, "certificate", (OURS, at));
    // It does not ask for its session to be kept over the stop.
    let mut one = Raw::connect(ours.c2s());
    one.open(OURS);
    one.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    one.until("<proceed");
    one.until(">");
    let mut one = one.tls(trusting(&authority.certificate()), OURS);
    one.open(OURS);
    one.plain("", "user1", "pw-user1");
    one.until("<success");
    one.until(">");
    one.open(OURS);
    one.bind("one");
    one.send("<presence/>");

    let mut two = log_in(&format!("user1@{THEIRS}"), theirs.c2s()).await;
    let bare = |kind| Stanza::presence(kind).with_to(format!("user1@{OURS}").parse::<Jid>().unwrap());
    two.client.send(bare(presence::Type::Subscribe)).await.unwrap();
    one.until("type='subscribe'");
    one.send(format!("<presence to='user1@{THEIRS}' type='subscribed'/>"));
    let is = |kind| {
        move |stanza: &Stanza| {
            stanza.kind() == Kind::Presence(kind)
                && stanza.from().unwrap().resource().is_some_and(|own| own == "one")
        }
    };
    stanza(&mut two, is(presence::Type::Available)).await;
    let stopping = tokio::task::spawn_blocking(|| ours.stop());
    stanza(&mut two, is(presence::Type::Unavailable)).await;
    assert!(stopping.await.unwrap().0.status.success());
}
