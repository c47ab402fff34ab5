//! On a stream that the other side has opened.

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
