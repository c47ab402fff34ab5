//! Streams for both directions (XEP-0288).

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

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

/// A way to a server that can be cut, and be shut.
struct Relay {
    at: SocketAddr,
    cut: watch::Sender<usize>,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (cut, cuts) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((mut one, _)) = listener.accept().await {
                let mut cuts = cuts.clone();
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let mut two = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut one, &mut two) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { at, cut }
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

/// Numbered messages in both directions, with cuts in between; whether both can open streams, or only the first.
async fn nothing_is_lost_over_cuts(both_can: bool) {
    const ROUNDS: usize = 10;
    const EACH: usize = 20;
    let authority = Authority::new();
    let b = authority.serve("b.example", Policy::Certificate, Some(("a.example", closed().await))).await;
    let to_b = Relay::to(address(&b, Kind::S2s)).await;
    let a = authority.serve("a.example", Policy::Certificate, Some(("b.example", to_b.at))).await;
    let to_a = Relay::to(address(&a, Kind::S2s)).await;
    if both_can {
        let mut config = b.config();
        config.federation.peers.get_mut("a.example").unwrap().route.as_mut().unwrap().port = to_a.at.port();
        b.reload(config).await.unwrap();
    }
    let (mut one, mut two) = (Reader::new(&a, "a.example").await, Reader::new(&b, "b.example").await);
    let (host_a, host_b) = (a.host("a.example").unwrap(), b.host("b.example").unwrap());
    for round in 0..ROUNDS {
        let numbers = round * EACH..(round + 1) * EACH;
        for number in numbers.clone() {
            host_a.send(numbered(&one.jid, &two.jid, number)).await;
            if number > 0 || both_can {
                host_b.send(numbered(&two.jid, &one.jid, number)).await;
            } else {
                // The first is what opens the connection.
                two.expect(0..1).await;
                host_b.send(numbered(&two.jid, &one.jid, number)).await;
            }
            if number == 0 && both_can {
                // Who cannot be reached the first time is not tried again: what is cut has to have been there.
                two.expect(0..1).await;
                one.expect(0..1).await;
            }
            if number % EACH == 3 * (round % 5) {
                to_b.cut();
                to_a.cut();
            }
        }
        two.expect(numbers.start.max(1)..numbers.end).await;
        one.expect(numbers.start.max(usize::from(both_can))..numbers.end).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_lose_and_repeat_nothing_also_where_one_side_cannot_be_reached() {
    nothing_is_lost_over_cuts(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_lose_and_repeat_nothing_where_both_open_streams_at_once() {
    nothing_is_lost_over_cuts(true).await;
}

/// SECURITY 38, on a stream that was opened from here.
mod opened_from_here {
    use super::*;

    impl Play {
        /// The server has opened a stream, and let the test send on it, where that is offered.
        async fn accepts(&self, offer: &str) -> Remote {
            let message = numbered("x@a.example", "y@b.example", 0);
            self.server.host("a.example").unwrap().send(message).await;
            let names = ("b.example", "a.example");
            Remote::accept_offering(&self.listener, &self.own, names, (offer, SM)).await
        }

        async fn accepts_counted(&self) -> Remote {
            let mut remote = self.accepts(OFFER).await;
            remote.until(ENABLE).await;
            remote.say("<enabled xmlns='urn:xmpp:sm:3' id='one' resume='true'/>").await;
            messages(&mut remote, 0..1).await;
            remote.until(REQUEST).await;
            remote
        }
    }

    #[tokio::test]
    async fn who_speaks_for_others_on_it_is_cut_off() {
        for (stanza, condition) in [
            ("<message from='x@c.example' to='y@a.example'/>", "<invalid-from"),
            ("<message from='y@a.example' to='y@a.example'/>", "<invalid-from"),
            ("<message from='x@b.example' to='y@c.example'/>", "<host-unknown"),
            ("<message to='y@a.example'/>", "<improper-addressing"),
        ] {
            let play = Play::begin(|_| {}).await;
            let mut remote = play.accepts_counted().await;
            remote.say(stanza).await;
            remote.until(condition).await;
            remote.until("</stream:stream>").await;
        }
        // Where it is not offered nothing may come at all.
        let play = Play::begin(|_| {}).await;
        let mut remote = play.accepts("").await;
        remote.say(HEADLINE).await;
        remote.until("<not-authorized").await;
    }

    /// What comes is handled and counted, and what is handled survives before it is acknowledged.
    #[tokio::test]
    async fn what_comes_on_it_is_answered_and_acknowledged() {
        let play = Play::begin(|_| {}).await;
        let mut remote = play.accepts_counted().await;
        let ask =
            "<iq from='b.example' to='a.example' type='get' id='q'><query xmlns='urn:example:nobody'/></iq>";
        remote.say(&format!("{HEADLINE}{ask}{REQUEST}")).await;
        remote.until("service-unavailable").await;
        remote.until("<a xmlns='urn:xmpp:sm:3' h='2'/>").await;
        assert_eq!(opener(&play.server), Some(Opener::Us));
    }

    /// Both directions go on where they were; and the other side is told how far it was also on a stream of its own.
    #[tokio::test]
    async fn both_directions_of_a_stream_that_was_cut_go_on() {
        let play = Play::begin(|_| {}).await;
        let mut remote = play.accepts_counted().await;
        remote.say(&format!("{}{REQUEST}", HEADLINE.repeat(3))).await;
        remote.until("h='3'").await;
        drop(remote);
        let names = ("b.example", "a.example");
        let mut remote = Remote::accept_offering(&play.listener, &play.own, names, (OFFER, SM)).await;
        remote.until("<resume xmlns='urn:xmpp:sm:3' h='3' previd='one'/>").await;
        remote.say("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='one'/>").await;
        remote.say(&format!("{HEADLINE}{REQUEST}")).await;
        remote.until("<a xmlns='urn:xmpp:sm:3' h='4'/>").await;

        let mut own = direct(&play.server, Some(&play.own)).await;
        own.external("b.example", "a.example").await;
        own.say("<resume xmlns='urn:xmpp:sm:3' h='0' previd='one'/>").await;
        own.until("<failed xmlns='urn:xmpp:sm:3' h='4'><item-not-found").await;
        // Nothing more is taken on the old one.
        remote.until("<conflict").await;
        drop(play.authority);
    }

    /// SECURITY 32.
    #[tokio::test]
    async fn nobody_else_is_told_how_far_it_was() {
        let play = Play::begin(|_| {}).await;
        let _remote = play.accepts_counted().await;
        let c = play.authority.sign("c.example");
        let mut other = direct(&play.server, Some(&c)).await;
        other.external("c.example", "a.example").await;
        other.say("<resume xmlns='urn:xmpp:sm:3' h='0' previd='one'/>").await;
        other.until("<failed xmlns='urn:xmpp:sm:3'><item-not-found").await;
    }

    /// A question about a key, whose answer is as long.
    fn question(id: &str) -> String {
        format!("<db:verify from='b.example' to='a.example' id='{id}'>00</db:verify>")
    }

    async fn change(play: &Play, change: impl FnOnce(&mut Config)) {
        let mut config = play.server.config();
        change(&mut config);
        play.server.reload(config).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_stanza_takes_of_the_rate_as_well() {
        let play = Play::begin(|_| {}).await;
        change(&play, |config| {
            config.limits.bytes_per_second = 4000;
            config.limits.burst_bytes = 4000;
        })
        .await;
        let mut remote = play.accepts_counted().await;
        let began = std::time::Instant::now();
        remote.say(&format!("{}{}", question(&"x".repeat(3000)).repeat(4), question("last"))).await;
        remote.until("id='last'").await;
        assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn what_comes_before_the_stream_is_there_is_bounded_whatever_it_is() {
        let play = Play::begin(|federation| federation.queue_bytes = 10_000).await;
        let mut remote = play.accepts(OFFER).await;
        remote.until(ENABLE).await;
        remote.say(&question(&"x".repeat(4000)).repeat(3)).await;
        remote.until("<resource-constraint").await;
    }

    #[tokio::test]
    async fn who_asks_and_never_reads_is_cut_off() {
        let play = Play::begin(|_| {}).await;
        change(&play, |config| {
            config.timeouts.write = Duration::from_secs(2);
            config.limits.bytes_per_second = 0;
        })
        .await;
        let mut remote = play.accepts_counted().await;
        // All is acknowledged: what is waited for is that something is read.
        remote.say("<a xmlns='urn:xmpp:sm:3' h='1'/>").await;
        let question = question(&"x".repeat(4000));
        let flood = async { while remote.try_say(&question).await {} };
        timeout(WITHIN, flood).await.unwrap();
    }

    /// XEP-0220 §2.5.
    #[tokio::test]
    async fn another_pair_is_told_to_open_a_stream_of_its_own_and_keys_are_judged() {
        let play = Play::begin(|_| {}).await;
        let mut remote = play.accepts_counted().await;
        remote.say("<db:result from='rooms.b.example' to='a.example'>00</db:result>").await;
        remote.until("<resource-constraint").await;
        remote.say("<db:verify from='b.example' to='a.example' id='7'>00</db:verify>").await;
        remote.until("id='7' to='b.example' type='invalid'").await;
    }
}

/// On a stream that the other side has opened.
mod opened_there {
    use super::*;

    impl Play {
        /// The test has opened a stream, and is let through.
        async fn opens(&self) -> Remote {
            let mut remote = direct(&self.server, Some(&self.own)).await;
            remote.header("b.example", "a.example").await;
            remote.until(OFFER).await;
            remote.until("</stream:features>").await;
            remote.say(BIDI).await;
            remote.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").await;
            remote.until("<success").await;
            remote.header("b.example", "a.example").await;
            remote.until("</stream:features>").await;
            assert!(!remote.passed.contains("bidi"), "{}", remote.passed);
            remote
        }

        /// The server has more to send than a connection takes of which nothing is read.
        async fn send_long(&self, many: usize) {
            let host = self.server.host("a.example").unwrap();
            let long = Element::builder("long", "urn:example:x").append("x".repeat(100_000)).build();
            for number in 0..many {
                host.send(numbered("x@a.example", "y@b.example", number).with_element(&long)).await;
            }
        }

        /// The same, on which stanzas are counted, and what it is resumed by.
        async fn opens_counted(&self) -> (Remote, String) {
            let mut remote = self.opens().await;
            remote.say(ENABLE).await;
            remote.until("<enabled xmlns='urn:xmpp:sm:3' id='").await;
            remote.until("'").await;
            let id = remote.passed.trim_end_matches('\'').to_owned();
            remote.until("/>").await;
            (remote, id)
        }
    }

    #[tokio::test]
    async fn what_is_sent_back_comes_again_when_the_stream_is_resumed() {
        let mut play = Play::begin(|_| {}).await;
        let (mut remote, id) = play.opens_counted().await;
        play.send(5).await;
        messages(&mut remote, 0..5).await;
        remote.until(REQUEST).await;
        remote.say("<a xmlns='urn:xmpp:sm:3' h='1'/>").await;
        drop(remote);
        let mut remote = play.opens().await;
        remote.say(&format!("<resume xmlns='urn:xmpp:sm:3' h='3' previd='{id}'/>")).await;
        remote.until("<resumed").await;
        messages(&mut remote, 3..5).await;
        play.send(1).await;
        messages(&mut remote, 5..6).await;
        assert_eq!(opener(&play.server), Some(Opener::Them));
    }

    /// Who does not come back is asked on a stream of our own.
    #[tokio::test]
    async fn what_is_sent_back_goes_on_over_a_stream_of_our_own_as_far_as_that_is_told() {
        for (failed, from) in [("h='3'", 3), ("", 0)] {
            let mut play = Play::begin(|_| {}).await;
            let (mut remote, id) = play.opens_counted().await;
            play.send(5).await;
            messages(&mut remote, 0..5).await;
            drop(remote);
            let names = ("b.example", "a.example");
            let mut remote = Remote::accept(&play.listener, &play.own, names, SM).await;
            remote.until(&format!("<resume xmlns='urn:xmpp:sm:3' h='0' previd='{id}'/>")).await;
            remote.say(&format!("<failed xmlns='urn:xmpp:sm:3' {failed}/>")).await;
            remote.until(ENABLE).await;
            remote.say("<enabled xmlns='urn:xmpp:sm:3'/>").await;
            messages(&mut remote, from..5).await;
            assert_eq!(opener(&play.server), Some(Opener::Us));
        }
    }

    /// Nobody can be asked how far the last stream was.
    #[tokio::test]
    async fn who_begins_anew_and_cannot_be_connected_with_is_sent_all_again_at_once() {
        let mut play = Play::begin(|_| {}).await;
        let (mut remote, _) = play.opens_counted().await;
        play.send(5).await;
        messages(&mut remote, 0..5).await;
        play.listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        drop(remote);
        let (mut remote, _) = play.opens_counted().await;
        messages(&mut remote, 0..5).await;
    }

    /// Its own stream is being set up when ours fails.
    #[tokio::test]
    async fn who_comes_while_it_is_not_reached_is_waited_for() {
        let mut play = Play::begin(|_| {}).await;
        play.send(1).await;
        let (connection, _) = timeout(WITHIN, play.listener.accept()).await.unwrap().unwrap();
        let mut remote = play.opens().await;
        drop(connection);
        // Ours is to fail first; what comes is the same if it does later.
        tokio::time::sleep(Duration::from_millis(500)).await;
        remote.say(ENABLE).await;
        messages(&mut remote, 0..1).await;
        assert_eq!(opener(&play.server), Some(Opener::Them));
    }

    #[tokio::test]
    async fn who_counts_nothing_is_sent_to_as_well() {
        let mut play = Play::begin(|_| {}).await;
        let mut remote = play.opens().await;
        play.send(2).await;
        messages(&mut remote, 0..2).await;
        assert!(!remote.seen.contains(REQUEST));
    }

    /// What was written has arrived, and the rest goes another way.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_nobody_counts_comes_once_where_the_stream_is_closed_in_the_middle() {
        const MANY: usize = 150;
        let play = Play::begin(|federation| federation.queue_bytes = 64 << 20).await;
        let mut remote = play.opens().await;
        play.send_long(MANY).await;
        remote.until("<message").await;
        remote.say("</stream:stream>").await;
        let names = ("b.example", "a.example");
        let rest = Remote::accept_offering(&play.listener, &play.own, names, ("", ""));
        let (first, mut second) = tokio::join!(remote.rest(), rest);
        let whole = first.matches("</message>").count();
        assert!((1..MANY).contains(&whole), "{whole} have come before the end");
        messages(&mut second, whole..MANY).await;
    }

    /// The other side reads nothing for so long that this one ends the stream.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_nobody_counts_never_comes_twice_where_this_side_ends_the_stream_in_the_middle() {
        const MANY: usize = 150;
        let play = Play::begin(|federation| {
            federation.queue_bytes = 64 << 20;
            // Longer, twice, than it is waited for that stanzas are to be counted.
            federation.idle = Duration::from_secs(3);
        })
        .await;
        let mut remote = play.opens().await;
        play.send_long(MANY).await;
        remote.until("<message").await;
        let names = ("b.example", "a.example");
        let mut second = Remote::accept_offering(&play.listener, &play.own, names, ("", "")).await;
        let whole = remote.rest().await.matches("</message>").count();
        assert!((1..MANY - 1).contains(&whole), "{whole} have come before the end");
        // The end of the one that it was at may be in the buffers of the connection, as what nobody counts can be when it is cut.
        second.until("<message").await;
        second.until(" id='m").await;
        second.until("'").await;
        let next: usize = second.passed.trim_end_matches('\'').parse().unwrap();
        assert!(next == whole || next == whole + 1, "{next} comes after {whole}");
        messages(&mut second, next + 1..MANY).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_that_stops_says_no_more_to_who_is_not_spoken_with_any_more() {
        const MANY: usize = 300;
        let play = Play::begin(|federation| federation.queue_bytes = 64 << 20).await;
        let (mut remote, _) = play.opens_counted().await;
        play.send_long(MANY).await;
        remote.until("<message").await;
        let mut config = play.server.config();
        config.federation.peers.get_mut("b.example").unwrap().policy = Some(Policy::Refuse);
        play.server.reload(config).await.unwrap();
        let (said, _) = tokio::join!(remote.rest(), timeout(WITHIN, play.server.shutdown()));
        let whole = said.matches("</message>").count();
        assert!((1..MANY / 2).contains(&whole), "{whole}");
    }

    /// XEP-0198 §6.
    #[tokio::test]
    async fn who_acknowledges_what_it_was_not_sent_is_told_so() {
        for used in [true, false] {
            let mut play = Play::begin(|_| {}).await;
            let (mut remote, _) = play.opens_counted().await;
            if used {
                play.send(1).await;
                messages(&mut remote, 0..1).await;
            }
            remote.say("<a xmlns='urn:xmpp:sm:3' h='2'/>").await;
            let expected = format!("h='2' send-count='{}'", u8::from(used));
            remote.until(&format!("<handled-count-too-high xmlns='urn:xmpp:sm:3' {expected}/>")).await;
        }
    }

    #[tokio::test]
    async fn a_server_that_stops_waits_for_what_is_acknowledged() {
        let mut play = Play::begin(|_| {}).await;
        let (mut remote, _) = play.opens_counted().await;
        play.send(2).await;
        messages(&mut remote, 0..2).await;
        let stopping = play.server.shutdown();
        let told = async {
            remote.say("<a xmlns='urn:xmpp:sm:3' h='2'/>").await;
            remote.until("<system-shutdown").await;
        };
        let (cut, ()) = tokio::join!(timeout(WITHIN, stopping), told);
        assert_eq!(cut.unwrap(), 0);
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
