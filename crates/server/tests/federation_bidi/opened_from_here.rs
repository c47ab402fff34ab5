//! SECURITY 38, on a stream that was opened from here.

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

/// What comes is handled and counted.
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
