//! SECURITY 42, 45: what others do, or somebody here, does not keep everybody else from other servers.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod peers;

use std::net::SocketAddr;
use std::time::Duration;

use peers::{Authority, ask, direct, route};
use stonechat_server::RunningServer;
use stonechat_server::config::{Federation, Policy};
use stonechat_server::federation::State;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Stanza, message};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Sooner than anybody waits for a server that does not answer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Accepts and says nothing, for as long as it is kept.
async fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    (listener, at)
}

/// Where nobody listens.
async fn closed() -> SocketAddr {
    silent().await.1
}

fn few(federation: &mut Federation) {
    federation.connecting = 8;
    federation.pairs = 40;
    federation.connect = Duration::from_secs(10);
}

async fn writes(server: &RunningServer, from: &str, to: &str) {
    let message = Stanza::message(message::Type::Chat).with_from(from.parse::<Jid>().unwrap());
    server.host("a.example").unwrap().send(message.with_to(to.parse::<Jid>().unwrap())).await;
}

/// The domain is tried, and the cause comes back at once.
async fn is_tried_at_once(server: &RunningServer, domain: &str) {
    let error = timeout(AT_ONCE, ask(server, "a.example", domain)).await.expect("nobody has to wait");
    assert!(error.text().unwrap_or_default().contains("refused"), "{error}");
}

#[tokio::test]
async fn who_writes_to_thousands_of_made_up_domains_keeps_nobody_else_from_theirs() {
    let authority = Authority::new();
    let (_listener, hangs) = silent().await;
    let others = [("*.made-up.example", hangs), ("b.example", closed().await)];
    let server = authority.serve_with("a.example", Policy::Certificate, &others, few).await;
    for number in 0..2000 {
        writes(&server, "mallory@a.example/x", &format!("x@d{number}.made-up.example")).await;
    }
    let tried = server.federation().iter().filter(|pair| pair.state == State::Connecting).count();
    assert_eq!(tried, 10, "a fourth of the pairs");
    is_tried_at_once(&server, "b.example").await;
}

#[tokio::test]
async fn who_asks_about_the_keys_of_made_up_domains_keeps_nobody_here_from_theirs() {
    let authority = Authority::new();
    let (_listener, hangs) = silent().await;
    let others = [("*.made-up.example", hangs), ("b.example", closed().await)];
    let server = authority.serve_with("a.example", Policy::Dialback, &others, few).await;
    let mut peer = direct(&server, None).await;
    peer.header("d0.made-up.example", "a.example").await;
    peer.until("</stream:features>").await;
    for number in 0..20 {
        peer.say(&format!("<db:result from='d{number}.made-up.example' to='a.example'>00</db:result>")).await;
    }
    // One more than may be asked about is answered, so that all before it is under way.
    peer.say("<db:result from='d20.made-up.example' to='a.example'>00</db:result>").await;
    peer.until("resource-constraint").await;
    is_tried_at_once(&server, "b.example").await;
}

#[tokio::test]
async fn what_waits_for_one_domain_is_bounded_and_its_rest_goes_back() {
    let authority = Authority::new();
    let (_listener, hangs) = silent().await;
    let bounded = |federation: &mut Federation| federation.queue_bytes = 4096;
    let server =
        authority.serve_with("a.example", Policy::Certificate, &[("b.example", hangs)], bounded).await;
    for _ in 0..1000 {
        writes(&server, "juliet@a.example/x", "romeo@b.example").await;
    }
    let pairs = server.federation();
    assert!(pairs.len() == 1 && pairs[0].waiting > 0 && pairs[0].bytes <= 4096, "{pairs:?}");
}

/// SECURITY 45: wherever DNS or a route leads, this server is no other one.
#[tokio::test]
async fn a_domain_whose_server_turns_out_to_be_this_one_is_not_spoken_with() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Dialback, None).await;
    route(&server, "b.example", &server).await;
    let error = ask(&server, "a.example", "b.example").await;
    assert!(error.text().unwrap_or_default().contains("host-unknown"), "{error}");
}
