//! SECURITY 42, 45: what others do, or somebody here, does not keep everybody else from other servers.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod peers;

use std::net::SocketAddr;
use std::time::Duration;

use peers::{Authority, Remote, WITHIN, address, ask, direct, route};
use stonechat_server::RunningServer;
use stonechat_server::config::{Federation, Host, KeyPair, Kind, Policy, RouteKind, Tls};
use stonechat_server::federation::State;
use stonechat_stanza::error::Condition;
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

/// A server that has room for so many pairs, and others that are there, as far as the test plays them.
struct Many {
    /// With its files.
    _authority: Authority,
    server: RunningServer,
    listener: TcpListener,
    own: KeyPair,
}

impl Many {
    async fn start(pairs: usize) -> Self {
        let authority = Authority::new();
        let (listener, at) = silent().await;
        let change = |federation: &mut Federation| {
            federation.pairs = pairs;
            let peer = federation.peers.get_mut("*.many.example").unwrap();
            peer.route.as_mut().unwrap().kind = RouteKind::S2sDirectTls;
        };
        let others = [("*.many.example", at)];
        let server = authority.serve_with("a.example", Policy::Certificate, &others, change).await;
        let own = authority.sign("*.many.example");
        Self { _authority: authority, server, listener, own }
    }

    async fn writes(&self, who: &str, domain: &str) {
        writes(&self.server, &format!("{who}@a.example/x"), &format!("x@{domain}.many.example")).await;
    }

    /// The stream that the server opens next is for this domain, and has something for it.
    async fn opened(&self, domain: &str) -> Remote {
        let own = format!("{domain}.many.example");
        let mut remote =
            Remote::accept(&self.listener, &self.own, (&own, "a.example"), "<sm xmlns='urn:xmpp:sm:3'/>")
                .await;
        assert!(remote.heard.contains(&format!("to='{own}'")), "{}", remote.heard);
        remote.until("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
        remote.say("<enabled xmlns='urn:xmpp:sm:3'/>").await;
        remote.until("<r xmlns='urn:xmpp:sm:3'/>").await;
        remote
    }

    /// All that was sent to this domain is acknowledged, and its stream idles.
    async fn idles(&self, domain: &str, remote: &mut Remote, handled: u32) {
        remote.say(&format!("<a xmlns='urn:xmpp:sm:3' h='{handled}'/>")).await;
        let idles = async {
            while self.pairs().iter().any(|(of, bytes)| of == domain && *bytes > 0) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(WITHIN, idles).await.unwrap_or_else(|_| panic!("{domain} does not idle"));
    }

    /// Somebody writes to a domain, which has all of it at once.
    async fn has_written(&self, who: &str, domain: &str) -> Remote {
        self.writes(who, domain).await;
        let mut remote = self.opened(domain).await;
        self.idles(domain, &mut remote, 1).await;
        remote
    }

    /// The other domains, and what is not acknowledged of what is for them.
    fn pairs(&self) -> Vec<(String, usize)> {
        let name = |target: &str| target.trim_end_matches(".many.example").to_owned();
        self.server.federation().iter().map(|pair| (name(pair.target.as_str()), pair.bytes)).collect()
    }

    fn domains(&self) -> Vec<String> {
        self.pairs().into_iter().map(|(domain, _)| domain).collect()
    }
}

/// The server closes the stream, and waits for this side to do so (RFC 6120 §4.4), before it connects with the domain that has its place.
async fn gives_way(many: &Many, remote: &mut Remote) {
    remote.until("</stream:stream>").await;
    let next = timeout(Duration::from_millis(200), many.listener.accept()).await;
    assert!(next.is_err(), "the stream is not over");
    remote.say("</stream:stream>").await;
}

#[tokio::test]
async fn where_there_are_no_more_pairs_the_one_that_idles_for_longest_gives_way() {
    let many = Many::start(4).await;
    let mut d1 = many.has_written("one", "d1").await;
    let mut d2 = many.has_written("two", "d2").await;
    let mut d3 = many.has_written("three", "d3").await;
    let _d4 = many.has_written("four", "d4").await;
    // Now the second idles for longest.
    many.writes("one", "d1").await;
    d1.until("<r xmlns='urn:xmpp:sm:3'/>").await;
    many.idles("d1", &mut d1, 2).await;
    many.writes("five", "d5").await;
    gives_way(&many, &mut d2).await;
    let mut d5 = many.opened("d5").await;
    many.idles("d5", &mut d5, 1).await;
    assert_eq!(many.domains(), ["d1", "d3", "d4", "d5"]);
    // The one that gave way has a stream again when there is something for it, and then the next one gives way.
    many.writes("two", "d2").await;
    gives_way(&many, &mut d3).await;
    let _d2 = many.opened("d2").await;
    assert_eq!(many.domains(), ["d1", "d2", "d4", "d5"]);
}

#[tokio::test]
async fn what_waits_for_or_was_not_acknowledged_by_a_domain_keeps_its_stream() {
    let many = Many::start(1).await;
    many.writes("one", "d1").await;
    let mut d1 = many.opened("d1").await;
    let error = ask(&many.server, "a.example", "d2.many.example").await;
    assert_eq!(error.condition, Condition::ResourceConstraint, "{error}");
    assert!(error.text().unwrap_or_default().contains("as many others as it may"), "{error}");
    many.idles("d1", &mut d1, 1).await;
    many.writes("two", "d2").await;
    gives_way(&many, &mut d1).await;
    let _d2 = many.opened("d2").await;
    assert_eq!(many.domains(), ["d2"]);
}

#[tokio::test]
async fn who_writes_to_many_domains_that_are_there_gives_up_their_own_and_nobody_elses() {
    // A fourth of them is two.
    let many = Many::start(8).await;
    let mut mine = many.has_written("juliet", "friend").await;
    let mut before = vec![many.has_written("mallory", "d1").await, many.has_written("mallory", "d2").await];
    for number in 3..20 {
        let domain = format!("d{number}");
        many.writes("mallory", &domain).await;
        gives_way_at_once(&mut before.remove(0)).await;
        let mut remote = many.opened(&domain).await;
        many.idles(&domain, &mut remote, 1).await;
        before.push(remote);
    }
    assert_eq!(many.domains(), ["d18", "d19", "friend"]);
    // The one of juliet has idled for longest, and is there.
    many.writes("juliet", "friend").await;
    mine.until("<message").await;
}

async fn gives_way_at_once(remote: &mut Remote) {
    remote.until("</stream:stream>").await;
    remote.say("</stream:stream>").await;
}

#[tokio::test]
async fn who_keeps_many_domains_busy_has_no_more_than_their_share() {
    let many = Many::start(8).await;
    let mut busy = Vec::new();
    for domain in ["d1", "d2"] {
        many.writes("mallory", domain).await;
        busy.push(many.opened(domain).await);
    }
    many.writes("mallory", "d3").await;
    assert_eq!(many.domains(), ["d1", "d2"]);
    // A room, a gateway or the host itself speaks for many.
    for number in 4..8 {
        let domain = format!("d{number}");
        writes(&many.server, "a.example", &format!("{domain}.many.example")).await;
        busy.push(many.opened(&domain).await);
    }
    let _friend = many.has_written("juliet", "friend").await;
    assert_eq!(many.domains(), ["d1", "d2", "d4", "d5", "d6", "d7", "friend"]);
}

/// With another server that is one.
#[tokio::test]
async fn more_domains_than_there_are_pairs_are_spoken_with_one_after_the_other() {
    let authority = Authority::new();
    let other = authority.serve("b.example", Policy::Certificate, None).await;
    let mut config = other.config();
    config.tls = Tls::with(authority.sign("*.many.example"));
    let domains: Vec<String> = (0..20).map(|number| format!("d{number}.many.example")).collect();
    config.hosts.extend(domains.iter().map(|domain| (domain.clone(), Host::default())));
    other.reload(config).await.unwrap();
    let few = |federation: &mut Federation| federation.pairs = 4;
    let at = [("*.many.example", address(&other, Kind::S2s))];
    let server = authority.serve_with("a.example", Policy::Certificate, &at, few).await;
    route(&other, "a.example", &server).await;
    for domain in &domains {
        let error = ask(&server, "a.example", domain).await;
        assert_eq!((error.condition, error.text()), (Condition::ServiceUnavailable, None), "{domain}");
        assert!(server.federation().len() <= 4);
    }
    assert_eq!(server.shutdown().await + other.shutdown().await, 0);
}
