//! Streams with other servers, well-behaved and not.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod peers;

use std::time::Duration;

use peers::{Authority, Remote, WITHIN, address, ask, direct, header};
use stonechat_server::config::{Kind, Policy};
use stonechat_stanza::error::Condition;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

#[tokio::test]
async fn two_servers_ask_each_other_by_certificate_and_by_dialback() {
    for policy in [Policy::Certificate, Policy::Dialback] {
        let authority = Authority::new();
        // Where nobody is believed dialback is all that is left.
        let strangers = Authority::new();
        let other = if policy == Policy::Certificate { &authority } else { &strangers };
        // The second has to be known to the first, and the first to the second.
        let waiting = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let b_at = waiting.local_addr().unwrap();
        let a = authority.serve("a.example", policy, Some(("b.example", b_at))).await;
        let b = other.serve("b.example", policy, Some(("a.example", address(&a, Kind::S2s)))).await;
        let b_real = address(&b, Kind::S2s);
        tokio::spawn(async move {
            while let Ok((mut one, _)) = waiting.accept().await {
                tokio::spawn(async move {
                    let mut two = TcpStream::connect(b_real).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut one, &mut two).await;
                });
            }
        });
        for _ in 0..3 {
            let error = ask(&a, "a.example", "b.example").await;
            assert_eq!((error.condition, error.text()), (Condition::ServiceUnavailable, None), "{policy:?}");
            let error = ask(&b, "b.example", "a.example").await;
            assert_eq!((error.condition, error.text()), (Condition::ServiceUnavailable, None), "{policy:?}");
        }
        assert_eq!(a.shutdown().await + b.shutdown().await, 0);
    }
}

/// SECURITY 38: whoever it is that spoofs, and whoever it is for.
#[tokio::test]
async fn a_stanza_of_domains_that_the_stream_is_not_for_ends_it() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let b = authority.sign("b.example");
    for (stanza, condition) in [
        ("<message from='x@c.example' to='y@a.example'/>", "<invalid-from"),
        ("<message from='y@a.example' to='y@a.example'/>", "<invalid-from"),
        ("<message from='x@b.example' to='y@c.example'/>", "<host-unknown"),
        ("<message to='y@a.example'/>", "<improper-addressing"),
    ] {
        let mut peer = direct(&server, Some(&b)).await;
        peer.external("b.example", "a.example").await;
        peer.say(stanza).await;
        peer.until(condition).await;
        peer.until("</stream:stream>").await;
    }
}

/// SECURITY 37, 40: no way round the certificate that the policy asks for.
#[tokio::test]
async fn without_a_certificate_that_is_good_nothing_is_offered() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    for certificate in [None, Some(strangers.sign("b.example")), Some(authority.sign("c.example"))] {
        let mut peer = direct(&server, certificate.as_ref()).await;
        peer.header("b.example", "a.example").await;
        peer.until("<stream:features>").await;
        peer.say("<db:result from='b.example' to='a.example'>00</db:result>").await;
        peer.until("<not-authorized").await;
        assert!(!peer.seen.contains("EXTERNAL"));
        peer.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").await;
        peer.until("<invalid-mechanism").await;
    }
}

#[tokio::test]
async fn dialback_is_not_dialled_back_for_who_has_proved_it() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let mut peer = direct(&server, Some(&authority.sign("b.example"))).await;
    peer.header("b.example", "a.example").await;
    peer.until("</stream:features>").await;
    peer.say("<db:result from='b.example' to='a.example'>any</db:result>").await;
    peer.until("type='valid'").await;
    // For no other domain.
    peer.say("<db:result from='c.example' to='a.example'>any</db:result>").await;
    peer.until("type='error'").await;
}

/// SECURITY 45.
#[tokio::test]
async fn nobody_else_is_a_domain_of_this_server() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Dialback, None).await;
    let mut peer = direct(&server, Some(&authority.sign("a.example"))).await;
    peer.header("a.example", "a.example").await;
    peer.until("<not-authorized").await;
    let mut peer = direct(&server, Some(&authority.sign("b.example"))).await;
    peer.header("b.example", "a.example").await;
    peer.until("</stream:features>").await;
    peer.say("<db:result from='a.example' to='a.example'>00</db:result>").await;
    peer.until("type='error'").await;
}

#[tokio::test]
async fn a_domain_that_is_not_spoken_with_is_told_so_in_both_directions() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Refuse, None).await;
    let mut peer = direct(&server, Some(&authority.sign("b.example"))).await;
    peer.header("b.example", "a.example").await;
    peer.until("<policy-violation").await;
    let error = ask(&server, "a.example", "b.example").await;
    assert_eq!(error.condition, Condition::NotAllowed);
}

/// SECURITY 20.
#[tokio::test]
async fn another_application_protocol_is_not_spoken_on_the_port_of_servers() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let at = address(&server, Kind::S2sDirectTls);
    for alpn in [&b"xmpp-client"[..], b"http/1.1"] {
        assert!(Remote::connect(at, None, &[alpn]).await.is_err());
    }
    assert!(Remote::connect(at, None, &[]).await.is_ok());
}

/// SECURITY 42: what becomes of a stanza for a server that is not one.
#[tokio::test]
async fn a_remote_that_is_not_there_or_does_not_behave_is_told_of_with_the_cause() {
    let authority = Authority::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = authority.serve("a.example", Policy::Certificate, Some(("b.example", closed))).await;
    let error = ask(&server, "a.example", "b.example").await;
    assert_eq!(error.condition, Condition::RemoteServerTimeout);
    assert!(error.text().unwrap().contains("refused"), "{error}");

    type Play = fn(&str) -> Vec<u8>;
    let plays: [(Play, &str); 5] = [
        (|_| Vec::new(), "closed it"),
        (|_| b"220 mail.example ESMTP\r\n".to_vec(), "cannot be read"),
        (|_| vec![b'<'; 100_000], "cannot be read"),
        (|header| format!("{header}<stream:features/>").into_bytes(), "does not offer TLS"),
        (
            |header| {
                let text = format!(
                    "{header}<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                );
                text.into_bytes()
            },
            "host-unknown",
        ),
    ];
    for (play, why) in plays {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let server = authority.serve("a.example", Policy::Certificate, Some(("b.example", at))).await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&play(&header("b.example", "a.example"))).await;
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let error = ask(&server, "a.example", "b.example").await;
        assert_eq!(error.condition, Condition::RemoteServerTimeout, "{why}");
        assert!(error.text().unwrap().contains(why), "{why}: {error}");
    }
}

#[tokio::test]
async fn a_remote_that_hangs_keeps_its_own_stanzas_for_a_while_and_nobody_elses() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = authority.serve("a.example", Policy::Certificate, Some(("b.example", at))).await;
    let hangs = ask(&server, "a.example", "b.example");
    let other = ask(&server, "a.example", "127.0.0.1");
    let (hangs, other) = tokio::join!(timeout(WITHIN, hangs), timeout(Duration::from_secs(1), other));
    assert!(hangs.unwrap().text().unwrap().contains("does not answer in time"));
    assert!(other.unwrap().text().unwrap().contains("not public"));
    drop(listener);
}

/// SECURITY 44.
#[tokio::test]
async fn errors_are_never_answered_with_errors() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let mut peer = direct(&server, Some(&authority.sign("b.example"))).await;
    peer.external("b.example", "a.example").await;
    peer.say("<message from='b.example' to='nobody@a.example' type='error' id='1'/>").await;
    peer.say("<iq from='b.example' to='a.example' type='result' id='2'/>").await;
    peer.say("</stream:stream>").await;
    peer.until("</stream:stream>").await;
    // Whatever were to go back would have been tried to be sent.
    assert!(server.federation().is_empty(), "{:?}", server.federation());
    ask(&server, "a.example", "b.example").await;
    assert_eq!(server.federation().len(), 1);
}
