//! Stonechat with Prosody and with ejabberd: with certificates, and with dialback alone.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]
#![allow(clippy::print_stderr, reason = "what the servers have said belongs to the failure")]

mod client;
mod federation;

use federation::{LOCAL, OURS, THEIRS, ask, both, chat, log_in, subscribe};
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Authority, Counterpart, Server};

async fn they_speak(kind: Kind, certificates: bool) {
    let authority = Authority::new();
    let domain = if kind == Kind::Ejabberd { LOCAL } else { OURS };
    let identities = if certificates {
        let ours = match kind {
            Kind::Prosody => authority.sign(&[domain]),
            // 23.01 takes no certificate from who connects that is not for TLS clients.
            Kind::Ejabberd => authority.sign_for_both(&[domain]),
        };
        (ours, authority.sign(&[THEIRS]))
    } else {
        (authority.self_signed(&[domain]), authority.self_signed(&[THEIRS]))
    };
    let (ours, theirs) = both(kind, domain, identities, &authority, certificates);
    let both = Both(ours, theirs);
    let mut one = log_in(&format!("user1@{domain}"), both.0.c2s()).await;
    let mut two = log_in(&format!("user1@{THEIRS}"), both.1.c2s()).await;
    chat(&mut one, &mut two).await;
    ask(&mut one, THEIRS).await;
    ask(&mut two, domain).await;
    subscribe(&mut one, &mut two).await;
}

/// The servers of a test that say what they have to say when it fails.
struct Both(Server, Counterpart);

impl Drop for Both {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{}", self.0.process().transcript(), self.1.transcript());
        }
    }
}

#[tokio::test]
async fn prosody_with_certificates() {
    they_speak(Kind::Prosody, true).await;
}

#[tokio::test]
async fn prosody_with_dialback() {
    they_speak(Kind::Prosody, false).await;
}

#[tokio::test]
async fn ejabberd_with_certificates() {
    they_speak(Kind::Ejabberd, true).await;
}

#[tokio::test]
async fn ejabberd_with_dialback() {
    they_speak(Kind::Ejabberd, false).await;
}
