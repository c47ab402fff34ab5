//! Stream management between servers (XEP-0198): nothing is lost with a stream that breaks.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod peers;

use std::time::Duration;

use peers::{Authority, Play, Remote, WITHIN, ask, direct, messages};
use stonechat_server::config::{Federation, Policy};
use stonechat_server::federation::Managed;
use tokio::time::timeout;

const SM: &str = "<sm xmlns='urn:xmpp:sm:3'/>";
const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
const REQUEST: &str = "<r xmlns='urn:xmpp:sm:3'/>";
/// For nobody who is there, and of a type that nobody answers.
const HEADLINE: &str = "<message from='x@b.example' to='y@a.example' type='headline'/>";

/// What a server names a stream by that it can resume.
async fn enable(peer: &mut Remote) -> String {
    peer.say(ENABLE).await;
    peer.until("<enabled xmlns='urn:xmpp:sm:3' id='").await;
    while !peer.seen.contains("/>") {
        peer.more().await;
    }
    peer.seen.split('\'').next().unwrap().to_owned()
}

async fn resume(peer: &mut Remote, id: &str) {
    peer.say(&format!("<resume xmlns='urn:xmpp:sm:3' h='0' previd='{id}'/>")).await;
}

#[tokio::test]
async fn what_another_server_sends_is_counted_over_all_its_connections() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let b = authority.sign("b.example");
    let mut peer = direct(&server, Some(&b)).await;
    peer.external("b.example", "a.example").await;
    let id = enable(&mut peer).await;
    peer.say(&format!("{}{REQUEST}", HEADLINE.repeat(3))).await;
    peer.until("<a xmlns='urn:xmpp:sm:3' h='3'/>").await;
    for h in [4, 5] {
        // The last is cut in the middle, so it is not one.
        peer.say(&format!("{HEADLINE}<message from='x@b.exam")).await;
        drop(peer);
        peer = direct(&server, Some(&b)).await;
        peer.external("b.example", "a.example").await;
        resume(&mut peer, &id).await;
        peer.until(&format!("<resumed xmlns='urn:xmpp:sm:3' h='{h}' previd='{id}'/>")).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_there_is_told_of_with_how_it_is_managed_and_what_was_taken() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let told =
        || server.arrivals().iter().map(|stream| (stream.management, stream.stanzas)).collect::<Vec<_>>();
    let b = authority.sign("b.example");
    let mut peer = direct(&server, Some(&b)).await;
    assert_eq!(told(), []);
    peer.external("b.example", "a.example").await;
    assert_eq!(told(), [(Managed::Off, 0)]);
    let id = enable(&mut peer).await;
    peer.say(&format!("{}{REQUEST}", HEADLINE.repeat(3))).await;
    peer.until("h='3'").await;
    assert_eq!(told(), [(Managed::Resumable, 3)]);
    let mut next = direct(&server, Some(&b)).await;
    next.external("b.example", "a.example").await;
    resume(&mut next, &id).await;
    next.until("<resumed").await;
    peer.until("</stream:stream>").await;
    let is_over = async {
        while server.arrivals().len() > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(WITHIN, is_over).await.unwrap_or_else(|_| panic!("{:?}", server.arrivals()));
    assert_eq!(told(), [(Managed::Resumable, 0)]);
    let mut other = direct(&server, Some(&authority.sign("c.example"))).await;
    other.external("c.example", "a.example").await;
    other.say("<enable xmlns='urn:xmpp:sm:3'/>").await;
    other.until("<enabled").await;
    assert_eq!(told(), [(Managed::Resumable, 0), (Managed::Acknowledged, 0)]);
}

#[tokio::test]
async fn a_stream_that_seems_to_be_there_lets_go_when_it_goes_on_elsewhere() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let b = authority.sign("b.example");
    let mut old = direct(&server, Some(&b)).await;
    old.external("b.example", "a.example").await;
    let id = enable(&mut old).await;
    old.say(&format!("{HEADLINE}{REQUEST}")).await;
    old.until("h='1'").await;
    let mut new = direct(&server, Some(&b)).await;
    new.external("b.example", "a.example").await;
    resume(&mut new, &id).await;
    new.until("<resumed xmlns='urn:xmpp:sm:3' h='1'").await;
    old.until("<conflict").await;
    new.say(&format!("{HEADLINE}{REQUEST}")).await;
    new.until("h='2'").await;
}

/// SECURITY 32.
#[tokio::test]
async fn a_stream_goes_on_for_the_domains_that_it_was_for_and_not_after_its_end() {
    let authority = Authority::new();
    let server = authority.serve("a.example", Policy::Certificate, None).await;
    let (b, c) = (authority.sign("b.example"), authority.sign("c.example"));
    let mut peer = direct(&server, Some(&b)).await;
    peer.external("b.example", "a.example").await;
    let id = enable(&mut peer).await;
    let mut other = direct(&server, Some(&c)).await;
    other.external("c.example", "a.example").await;
    resume(&mut other, &id).await;
    other.until("<failed xmlns='urn:xmpp:sm:3'><item-not-found").await;
    // It may begin anew all the same.
    enable(&mut other).await;

    peer.say("</stream:stream>").await;
    peer.until("</stream:stream>").await;
    let mut peer = direct(&server, Some(&b)).await;
    peer.external("b.example", "a.example").await;
    resume(&mut peer, &id).await;
    peer.until("<failed xmlns='urn:xmpp:sm:3'><item-not-found").await;
}

#[tokio::test]
async fn as_many_streams_can_be_resumed_as_the_configuration_says() {
    let authority = Authority::new();
    let b = authority.sign("b.example");
    let changes: [fn(&mut Federation); 2] =
        [|federation| federation.resume = Duration::ZERO, |federation| federation.resumable = 0];
    for change in changes {
        let server = authority.serve_with("a.example", Policy::Certificate, &[], change).await;
        let mut peer = direct(&server, Some(&b)).await;
        peer.external("b.example", "a.example").await;
        peer.say(ENABLE).await;
        peer.until("<enabled xmlns='urn:xmpp:sm:3'/>").await;
        peer.say(&format!("{HEADLINE}{REQUEST}")).await;
        peer.until("h='1'").await;
    }
}

impl Play {
    /// The next stream of the server.
    async fn stream(&self) -> Remote {
        Remote::accept(&self.listener, &self.own, ("b.example", "a.example"), SM).await
    }

    /// The same, on which stanzas are counted.
    async fn counted(&self, id: &str) -> Remote {
        let mut remote = self.stream().await;
        remote.until(ENABLE).await;
        remote.say(&format!("<enabled xmlns='urn:xmpp:sm:3' id='{id}' resume='true'/>")).await;
        remote
    }
}

#[tokio::test]
async fn what_was_not_handled_comes_again_on_the_stream_that_goes_on() {
    let mut play = Play::begin(|_| {}).await;
    play.send(5).await;
    let mut remote = play.counted("one").await;
    messages(&mut remote, 0..5).await;
    remote.until(REQUEST).await;
    drop(remote);
    let mut remote = play.stream().await;
    remote.until("<resume xmlns='urn:xmpp:sm:3' h='0' previd='one'/>").await;
    remote.say("<resumed xmlns='urn:xmpp:sm:3' h='3' previd='one'/>").await;
    play.send(1).await;
    messages(&mut remote, 3..6).await;
    remote.say("<a xmlns='urn:xmpp:sm:3' h='6'/>").await;
    play.send(1).await;
    messages(&mut remote, 6..7).await;
}

#[tokio::test]
async fn what_was_not_handled_comes_again_on_another_stream_as_far_as_that_is_told() {
    for (failed, from) in [("h='3'", 3), ("", 0)] {
        let mut play = Play::begin(|_| {}).await;
        play.send(5).await;
        let mut remote = play.counted("one").await;
        messages(&mut remote, 0..5).await;
        drop(remote);
        let mut remote = play.stream().await;
        remote.until("<resume").await;
        remote.say(&format!("<failed xmlns='urn:xmpp:sm:3' {failed}/>")).await;
        remote.until(ENABLE).await;
        remote.say("<enabled xmlns='urn:xmpp:sm:3'/>").await;
        messages(&mut remote, from..5).await;
        // That one cannot be resumed, and counts from zero.
        remote.say("<a xmlns='urn:xmpp:sm:3' h='1'/>").await;
        play.send(1).await;
        messages(&mut remote, 5..6).await;
        drop(remote);
        let mut remote = play.counted("two").await;
        messages(&mut remote, from + 1..6).await;
    }
}

/// §6.
#[tokio::test]
async fn a_server_that_acknowledges_what_it_was_not_sent_is_told_so_and_gets_all_again() {
    let mut play = Play::begin(|_| {}).await;
    play.send(2).await;
    let mut remote = play.counted("one").await;
    messages(&mut remote, 0..2).await;
    remote.say("<a xmlns='urn:xmpp:sm:3' h='3'/>").await;
    remote.until("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='3' send-count='2'/>").await;
    remote.until("</stream:stream>").await;
    let mut remote = play.counted("two").await;
    messages(&mut remote, 0..2).await;
}

#[tokio::test]
async fn what_nobody_takes_after_a_cut_goes_back_to_its_sender_with_the_cause() {
    let mut play = Play::begin(|federation| federation.reconnect = Duration::from_millis(300)).await;
    play.send(1).await;
    let mut remote = play.counted("one").await;
    messages(&mut remote, 0..1).await;
    let Play { server, listener, authority, .. } = play;
    let cut = async {
        remote.until("<iq").await;
        drop((remote, listener));
    };
    let (error, ()) = tokio::join!(timeout(WITHIN, ask(&server, "a.example", "b.example")), cut);
    let error = error.unwrap();
    assert!(error.text().unwrap().contains("refused"), "{error}");
    drop(authority);
}

#[tokio::test]
async fn a_server_that_stops_waits_for_what_is_acknowledged() {
    let mut play = Play::begin(|_| {}).await;
    play.send(2).await;
    let mut remote = play.counted("one").await;
    messages(&mut remote, 0..2).await;
    let stopping = play.server.shutdown();
    let told = async {
        remote.say("<a xmlns='urn:xmpp:sm:3' h='2'/>").await;
        remote.until("<system-shutdown").await;
    };
    let (cut, ()) = tokio::join!(timeout(WITHIN, stopping), told);
    assert_eq!(cut.unwrap(), 0);
}
