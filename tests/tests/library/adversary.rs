//! The client library against servers that mean it harm, over real sockets. More of what they may try in a login is in the tests of
//! the protocol's machine.

use std::io::Read as _;
use std::time::{Duration, Instant};

use crate::client::fake::{Fake, HEADER, meet, nobody, play};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use stonechat_client::{Builder, Client, Error, Fault, RequestError};
use stonechat_xep_register::client::asked;

/// The most memory that this process has ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn they_are_left_with_a_clear_error_and_without_having_filled_memory() {
    const MEGABYTE: usize = 1 << 20;
    let begun = peak();

    let (error, _) = meet(nobody(), |fake| {
        fake.until("version='1.0'>");
        fake.say(&format!("{HEADER}<stream:features>"));
        fake.repeat(&"<x xmlns='urn:example:x'>words</x>".repeat(100), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "endless features: {error}");

    let (error, _) = meet(nobody(), |fake| {
        fake.until("version='1.0'>");
        fake.say(&format!("{HEADER}<stream:features/>"));
        fake.repeat(&"<x xmlns='urn:example:x'/>".repeat(100), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error.fault(), Fault::Server | Fault::Policy), "features without end: {error}");

    let (error, _) = meet(nobody(), |fake| {
        fake.let_in();
        fake.say("<message>");
        fake.repeat(&"<a>".repeat(1000), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "a depth bomb: {error}");

    let (error, said) = meet(nobody(), |fake| {
        fake.let_in();
        fake.say("<message><body>");
        fake.repeat(&"x".repeat(16 << 10), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "a stanza of 64 MB: {error}");
    assert!(said < 32 * MEGABYTE, "{said} bytes were taken");

    let (error, _) = meet(nobody(), |fake| {
        fake.let_in();
        usize::from(fake.say("<!DOCTYPE a [<!ENTITY a 'a'>]><message><body>&a;</body></message>"))
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "entities: {error}");

    let grown = peak() - begun;
    assert!(grown < 24 * MEGABYTE, "memory has grown by {grown} bytes");
}

#[tokio::test]
async fn a_server_that_floods_is_read_no_faster_than_the_application_takes() {
    let (builder, fake) = play(nobody(), |fake| {
        fake.let_in();
        fake.0.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        fake.repeat(&"<message><body>words</body></message>".repeat(100), 512 << 20)
    });
    let (_client, events) = builder.start().unwrap();
    // Nobody takes events, and the server has to stop.
    let said = tokio::task::spawn_blocking(move || fake.join().unwrap()).await.unwrap();
    assert!(said < 64 << 20, "{said} bytes were taken");
    drop(events);
}

fn juliet() -> Builder {
    Client::builder("juliet@localhost".parse().unwrap()).password("r0m30")
}

impl Fake {
    /// Offers these mechanisms.
    fn offer(&mut self, mechanisms: &[&str]) {
        self.until("version='1.0'>");
        let list: String = mechanisms.iter().map(|name| format!("<mechanism>{name}</mechanism>")).collect();
        self.say(&format!(
            "{HEADER}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{list}</mechanisms></stream:features>"
        ));
    }

    /// Takes the first message of SCRAM, and answers it with so many iterations.
    fn challenge(&mut self, iterations: u32) {
        let first = self.until("</auth>");
        let data = first.rsplit_once("</auth>").unwrap().0.rsplit_once('>').unwrap().1;
        let first = String::from_utf8(BASE64.decode(data).unwrap()).unwrap();
        let nonce = first.split(",r=").nth(1).unwrap();
        let challenge = format!("r={nonce}and-ours,s={},i={iterations}", BASE64.encode("salt of the server"));
        self.sasl("challenge", &challenge);
    }

    fn sasl(&mut self, name: &str, data: &str) {
        let data = BASE64.encode(data);
        self.say(&format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{data}</{name}>"));
    }

    /// All that is still said until the client hangs up.
    fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A connection that is reset has ended, too.
        let _ = self.0.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_not_believed() {
    for proof in ["v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ""] {
        let (error, _) = meet(juliet(), move |fake| {
            fake.offer(&["SCRAM-SHA-256"]);
            fake.challenge(4096);
            fake.until("</response>");
            fake.sasl("success", proof);
            fake.rest()
        })
        .await;
        assert!(matches!(error, Error::Mechanism(_)) && error.fault() == Fault::Server, "{proof:?}: {error}");
    }
}

#[tokio::test]
async fn a_huge_iteration_count_is_refused_at_once() {
    let begun = Instant::now();
    let (error, said) = meet(juliet(), |fake| {
        fake.offer(&["SCRAM-SHA-256"]);
        fake.challenge(u32::MAX);
        fake.rest()
    })
    .await;
    assert!(matches!(error, Error::Mechanism(_)), "{error}");
    assert!(!said.contains("<response"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(10), "nothing is derived");
}

#[tokio::test]
async fn a_server_that_leaves_only_weak_mechanisms_hears_no_password() {
    for left in [&["PLAIN"][..], &["LOGIN", "DIGEST-MD5"], &[]] {
        let (error, said) = meet(juliet(), move |fake| {
            fake.offer(left);
            fake.rest()
        })
        .await;
        assert!(matches!(error, Error::NoMechanism(_)), "{left:?}: {error}");
        assert!(!said.contains("<auth") && !said.contains(&BASE64.encode("\0juliet\0r0m30")), "{said}");
    }
}

/// The fakes are silent for as long as the other side listens, so that whoever goes on is who has lost patience.
#[tokio::test]
async fn who_asks_before_the_login_waits_no_longer_than_was_said() {
    let hurried = || nobody().request_timeout(Duration::from_millis(500));
    let (builder, fake) = play(hurried(), |fake| {
        fake.until("version='1.0'>");
        fake.rest()
    });
    let error = builder.entrance().await.unwrap_err();
    assert!(matches!(error, Error::LoginTimeout), "{error}");
    fake.join().unwrap();

    let (builder, fake) = play(hurried(), |fake| {
        fake.until("version='1.0'>");
        fake.say(&format!(
            "{HEADER}<stream:features><register xmlns='http://jabber.org/features/iq-register'/></stream:features>"
        ));
        fake.until("</iq>");
        fake.rest()
    });
    let mut entrance = builder.entrance().await.unwrap();
    let begun = Instant::now();
    let unanswered = asked(&mut entrance).await;
    assert!(matches!(unanswered, Err(RequestError::Timeout)), "{unanswered:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "not a minute");
    entrance.close().await;
    fake.join().unwrap();
}
