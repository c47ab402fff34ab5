//! Streams for both directions (XEP-0288).

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod cuts;
mod opened_from_here;
mod opened_there;
#[path = "../peers/mod.rs"]
mod peers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use peers::{Authority, Play, Remote, WITHIN, address, ask, direct, messages, numbered, route};
use stonechat_extension::{Letters, Mailbox, Session, Wire};
use stonechat_server::RunningServer;
use stonechat_server::config::{Config, Federation, Kind, Policy};
use stonechat_server::federation::{Opener, State};
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Element, Stanza};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

const BIDI: &str = "<bidi xmlns='urn:xmpp:bidi'/>";
const OFFER: &str = "<bidi xmlns='urn:xmpp:features:bidi'/>";
const SM: &str = "<sm xmlns='urn:xmpp:sm:3'/>";
const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
const REQUEST: &str = "<r xmlns='urn:xmpp:sm:3'/>";
/// For nobody who is there, and of a type that nobody answers.
const HEADLINE: &str = "<message from='x@b.example' to='y@a.example' type='headline'/>";

/// Where nobody listens.
async fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn answers(server: &RunningServer, from: &str, to: &str) {
    let error = ask(server, from, to).await;
    assert_eq!((error.condition, error.text()), (Condition::ServiceUnavailable, None), "{from} to {to}");
}

/// Who has opened the stream that a server sends on to its only peer.
fn opener(server: &RunningServer) -> Option<Opener> {
    match server.federation()[..] {
        [ref pair] => match pair.state {
            State::Established { by } => Some(by),
            _ => None,
        },
        ref pairs => panic!("{pairs:?}"),
    }
}

/// A domain that cannot be connected with answers, over the connection that it has opened, and is answered there.
#[tokio::test]
async fn one_connection_is_for_both_directions_and_who_cannot_be_reached_is_answered() {
    let authority = Authority::new();
    let b = authority.serve("b.example", Policy::Certificate, Some(("a.example", closed().await))).await;
    let at = address(&b, Kind::S2s);
    let a = authority.serve("a.example", Policy::Certificate, Some(("b.example", at))).await;
    let error = ask(&b, "b.example", "a.example").await;
    assert!(error.text().unwrap().contains("refused"), "{error}");
    for _ in 0..3 {
        answers(&a, "a.example", "b.example").await;
        answers(&b, "b.example", "a.example").await;
    }
    assert_eq!((opener(&a), opener(&b)), (Some(Opener::Us), Some(Opener::Them)));
    assert_eq!((a.connections(), b.connections()), (0, 1));
    assert_eq!(a.shutdown().await + b.shutdown().await, 0);
}

#[tokio::test]
async fn by_dialback_as_well() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let b = authority.serve("b.example", Policy::Dialback, None).await;
    let at = address(&b, Kind::S2s);
    let a = strangers.serve("a.example", Policy::Dialback, Some(("b.example", at))).await;
    route(&b, "a.example", &a).await;
    for _ in 0..3 {
        answers(&a, "a.example", "b.example").await;
        answers(&b, "b.example", "a.example").await;
    }
    assert_eq!((opener(&a), opener(&b)), (Some(Opener::Us), Some(Opener::Them)));
    // What was asked back is over.
    assert_eq!((a.connections(), b.connections()), (0, 1));
}

#[tokio::test]
async fn where_one_side_does_not_want_it_each_opens_a_stream() {
    for wants in [true, false] {
        let authority = Authority::new();
        let set = |bidi| move |federation: &mut Federation| federation.bidi = bidi;
        let b = authority.serve_with("b.example", Policy::Certificate, &[], set(!wants)).await;
        let at = address(&b, Kind::S2s);
        let others = [("b.example", at)];
        let a = authority.serve_with("a.example", Policy::Certificate, &others, set(wants)).await;
        route(&b, "a.example", &a).await;
        answers(&a, "a.example", "b.example").await;
        answers(&b, "b.example", "a.example").await;
        assert_eq!((opener(&a), opener(&b)), (Some(Opener::Us), Some(Opener::Us)));
        assert_eq!((a.connections(), b.connections()), (1, 1));
    }
}

/// Somebody who reads what comes.
struct Reader {
    session: Arc<Session>,
    jid: String,
    letters: Letters,
    read: Vec<String>,
}

impl Reader {
    async fn new(server: &RunningServer, domain: &str) -> Self {
        let host = server.host(domain).unwrap();
        let jid = format!("me@{domain}").parse().unwrap();
        host.create_account(&jid, "a password").await.unwrap();
        let mailbox = Mailbox::new(Wire::InStream, 10 << 20);
        let session = host.bind(&jid, Some("r"), mailbox, None).await.unwrap();
        Self { session, jid: format!("{jid}/r"), letters: Letters::default(), read: Vec::new() }
    }

    /// These come, each once and in order.
    async fn expect(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            while self.read.is_empty() {
                let ready = timeout(WITHIN, self.session.mailbox().ready()).await;
                ready.unwrap_or_else(|_| panic!("{} does not get {number}", self.jid));
                self.session.mailbox().take(&mut self.letters);
                let stanzas = self.letters.iter().filter_map(|letter| Stanza::parse(letter).ok());
                self.read.extend(stanzas.map(|stanza| stanza.id().unwrap().to_owned()));
                self.letters.clear();
            }
            assert_eq!(self.read.remove(0), format!("m{number}"), "what {} gets", self.jid);
        }
    }
}

/// A stream that would not be let in any more is not sent on, nor heard.
#[tokio::test]
async fn a_stricter_policy_holds_for_streams_that_are_there() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let b = authority.serve("b.example", Policy::Dialback, None).await;
    let at = address(&b, Kind::S2s);
    let a = strangers.serve("a.example", Policy::Dialback, Some(("b.example", at))).await;
    route(&b, "a.example", &a).await;
    answers(&a, "a.example", "b.example").await;
    answers(&b, "b.example", "a.example").await;
    assert_eq!(opener(&b), Some(Opener::Them));
    let mut config = b.config();
    config.federation.policy = Policy::Certificate;
    b.reload(config).await.unwrap();
    let error = ask(&b, "b.example", "a.example").await;
    assert!(error.text().unwrap().contains("certificate"), "{error}");
    let error = ask(&a, "a.example", "b.example").await;
    assert_eq!(error.condition, Condition::RemoteServerTimeout, "{error}");
}

/// Who is not spoken with any more is sent nothing on a stream that comes about just then, and not tried again and again.
#[tokio::test]
async fn who_is_not_spoken_with_any_more_is_sent_nothing_that_waits() {
    let play = Play::begin(|_| {}).await;
    let refused = async {
        let names = ("b.example", "a.example");
        let mut remote = Remote::accept_offering(&play.listener, &play.own, names, (OFFER, SM)).await;
        remote.until(ENABLE).await;
        let mut config = play.server.config();
        config.federation.peers.get_mut("b.example").unwrap().policy = Some(Policy::Refuse);
        play.server.reload(config).await.unwrap();
        remote.say("<enabled xmlns='urn:xmpp:sm:3' id='one' resume='true'/>").await;
        remote.until("</stream:stream>").await;
        assert!(!remote.passed.contains("<iq"), "{}", remote.passed);
        remote.say("</stream:stream>").await;
    };
    let (error, ()) = tokio::join!(ask(&play.server, "a.example", "b.example"), refused);
    assert_eq!(error.condition, Condition::NotAllowed, "{error}");
    assert!(timeout(Duration::from_millis(200), play.listener.accept()).await.is_err(), "it is tried again");
}

/// A stream on which only the other direction is used is not idle.
#[tokio::test]
async fn a_stream_is_kept_as_long_as_either_direction_is_used() {
    let authority = Authority::new();
    let idle = |federation: &mut Federation| federation.idle = Duration::from_millis(1500);
    let nowhere = [("a.example", closed().await)];
    let b = authority.serve_with("b.example", Policy::Certificate, &nowhere, idle).await;
    let others = [("b.example", address(&b, Kind::S2s))];
    let a = authority.serve_with("a.example", Policy::Certificate, &others, idle).await;
    answers(&a, "a.example", "b.example").await;
    let mut one = Reader::new(&a, "a.example").await;
    let host = b.host("b.example").unwrap();
    for number in 0..40 {
        host.send(numbered("x@b.example", &one.jid, number)).await;
        one.expect(number..number + 1).await;
        // Time is what this is about.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(b.connections(), 1);
    let closing = async {
        while b.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(WITHIN, closing).await.expect("it is closed when neither is used");
}
