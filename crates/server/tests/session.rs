//! Sessions.

mod support;

use std::time::Duration;

use support::client::Client;
use support::{HOST, PASSWORD, start};

fn chat(to: &str, body: &str) -> String {
    format!("<message to='{to}' type='chat'><body>{body}</body></message>")
}

#[tokio::test]
async fn messages_arrive_in_order_with_the_senders_address() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    let mut romeo = fixture.session("romeo", "orchard").await;
    let mut burst = String::new();
    for number in 0..500 {
        burst += &chat("juliet@localhost/balcony", &format!("no. {number}."));
    }
    romeo.send(&burst).await;
    for number in 0..500 {
        let message = juliet.until("</message>").await;
        assert!(message.contains(&format!("no. {number}.")), "{message}");
        assert!(message.contains("from='romeo@localhost/orchard'"), "{message}");
    }
}

#[tokio::test]
async fn stanzas_that_are_cut_anywhere_arrive_whole() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    for byte in chat("juliet@localhost/balcony", "w\u{f6}rd").as_bytes() {
        romeo.send_if_open(&[*byte]).await;
        tokio::task::yield_now().await;
    }
    assert!(juliet.until("</message>").await.contains("w\u{f6}rd"));
}

#[tokio::test]
async fn a_stanza_that_is_wrong_gets_an_error_and_the_stream_goes_on() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    let cases = [
        ("<iq type='get'><query xmlns='urn:x'/></iq>", "bad-request"),
        ("<iq type='nonsense' id='1'><query xmlns='urn:x'/></iq>", "bad-request"),
        ("<iq type='get' id='1'/>", "bad-request"),
        ("<message to='a@b@c'><body>x</body></message>", "jid-malformed"),
        ("<message to='romeo@elsewhere.example'><body>x</body></message>", "remote-server-not-found"),
        ("<message to='nobody@localhost'><body>x</body></message>", "service-unavailable"),
        (
            "<iq type='get' id='1' to='romeo@localhost/absent'><query xmlns='urn:x'/></iq>",
            "service-unavailable",
        ),
    ];
    for (stanza, condition) in cases {
        juliet.send(stanza).await;
        let answer = juliet.until("</error>").await;
        assert!(answer.contains(&format!("<{condition}")), "{stanza}: {answer}");
    }
    juliet.sync().await;
}

#[tokio::test]
async fn each_violation_ends_the_stream_with_its_error_and_nobody_else_is_disturbed() {
    let fixture = start(|config| config.limits.stanza_bytes = 10_000).await;
    let mut romeo = fixture.session("romeo", "orchard").await;
    let large = chat("romeo@localhost/orchard", &"x".repeat(10_001));
    let deep = format!("<message>{}", "<x xmlns='urn:x'>".repeat(100));
    let cases = [
        ("<message from='romeo@localhost' to='romeo@localhost'/>", "invalid-from"),
        ("<presence from='juliet@localhost/other'/>", "invalid-from"),
        ("<x xmlns='urn:unknown'/>", "unsupported-stanza-type"),
        ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>", "unsupported-stanza-type"),
        ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "unsupported-stanza-type"),
        ("<message><body></message>", "not-well-formed"),
        ("<!-- -->", "restricted-xml"),
        ("</other>", "not-well-formed"),
        (large.as_str(), "policy-violation"),
        (deep.as_str(), "policy-violation"),
    ];
    for (text, condition) in cases {
        let mut juliet = fixture.session("juliet", "balcony").await;
        juliet.send_if_open(text.as_bytes()).await;
        let said = juliet.until_closed().await;
        assert!(
            said.contains(&format!("<{condition}")) && said.ends_with("</stream:stream>"),
            "{text}: {said}"
        );
        fixture.sessions(1).await;
    }
    let undisturbed = romeo.sync().await;
    assert!(!undisturbed.contains("<message"), "{undisturbed}");
}

#[tokio::test]
async fn a_second_session_with_a_resource_ends_the_first() {
    let fixture = start(|_| {}).await;
    let mut first = fixture.session("juliet", "balcony").await;
    let mut second = fixture.session("juliet", "balcony").await;
    assert!(first.until_closed().await.contains("<conflict"));
    second.sync().await;
    fixture.sessions(1).await;
}

#[tokio::test]
async fn a_removed_account_has_its_sessions_ended() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    let host = fixture.server.host(HOST).unwrap();
    assert!(host.remove_account(&"juliet@localhost".parse().unwrap()).await.unwrap());
    assert!(juliet.until_closed().await.contains("<not-authorized"));
    let mut again = fixture.secure().await;
    let features = again.open().await;
    let login = stonechat_sasl::client::Login::password("juliet", PASSWORD);
    let mechanism = stonechat_sasl::Mechanism::SCRAM_SHA_1;
    assert_eq!(again.authenticate(&features, mechanism, login).await.unwrap_err(), "not-authorized");
}

#[tokio::test]
async fn the_session_request_of_old_clients_is_answered() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    juliet.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>").await;
    let answer = juliet.until(">").await;
    assert!(answer.contains("type='result'") && answer.contains("id='s'"), "{answer}");
}

#[tokio::test]
async fn what_is_sent_before_the_answer_to_bind_is_not_lost() {
    let fixture = start(|_| {}).await;
    let mut client = fixture.secure().await;
    client.log_in("juliet").await;
    client.open().await;
    client
        .send(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>\
             <iq type='get' id='early'><query xmlns='urn:x'/></iq>",
        )
        .await;
    client.until("<jid>").await;
    client.until("id='early'").await;
}

#[tokio::test]
async fn a_silent_client_gets_white_space_and_is_given_up_in_the_end() {
    let fixture = start(|config| {
        config.timeouts.whitespace_ping = Duration::from_millis(200);
        config.timeouts.idle = Duration::from_millis(700);
    })
    .await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    let said = juliet.until_closed().await;
    assert!(said.starts_with(' ') && said.contains("<connection-timeout"), "{said}");
    fixture.sessions(0).await;
}

#[tokio::test]
async fn white_space_keeps_a_session() {
    let fixture = start(|config| config.timeouts.idle = Duration::from_millis(600)).await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    let mut interval = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..30 {
        interval.tick().await;
        juliet.send(" ").await;
    }
    juliet.sync().await;
}

/// Sends messages until one that cannot be delivered comes back.
async fn fill(sender: &mut Client, to: &str) {
    let batch = chat(to, &"x".repeat(8000)).repeat(50);
    while !sender.sync().await.contains("<message") {
        sender.send(&batch).await;
    }
}

#[tokio::test]
async fn a_full_mailbox_sends_messages_back_and_a_client_that_reads_nothing_is_given_up() {
    let fixture = start(|config| {
        config.timeouts.mailbox = Duration::from_millis(20);
        config.timeouts.write = Duration::from_millis(1500);
        config.limits.mailbox_bytes = 64 << 10;
    })
    .await;
    let sleeper = fixture.session("juliet", "balcony").await;
    let mut romeo = fixture.session("romeo", "orchard").await;
    fill(&mut romeo, "juliet@localhost/balcony").await;
    // Nothing is read: the session ends, and the one who sent is not disturbed.
    fixture.sessions(1).await;
    romeo.sync().await;
    drop(sleeper);
}

#[tokio::test]
async fn a_slow_reader_gets_everything_in_order() {
    let fixture = start(|config| config.limits.mailbox_bytes = 16 << 10).await;
    let mut juliet = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    let body = "x".repeat(4000);
    let sending = tokio::spawn(async move {
        for number in 0..1000 {
            romeo.send(&chat("juliet@localhost/balcony", &format!("{number}:{body}"))).await;
        }
        romeo.sync().await
    });
    for number in 0..1000 {
        let message = juliet.until("</message>").await;
        assert!(message.contains(&format!("<body>{number}:")), "{number}: {}", &message[..100]);
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(!sending.await.unwrap().contains("<message"), "nothing came back");
}

#[tokio::test]
async fn two_clients_that_flood_each_other_and_read_late_do_not_wait_for_each_other_for_ever() {
    let fixture = start(|config| {
        config.limits.mailbox_bytes = 4 << 10;
        config.timeouts.mailbox = Duration::from_millis(100);
    })
    .await;
    let mut juliet = fixture.plain_session("juliet", "a").await;
    let mut romeo = fixture.plain_session("romeo", "b").await;
    let flood = |to: &str| chat(to, &"x".repeat(3000)).repeat(20);
    juliet.send(&flood("romeo@localhost/b")).await;
    romeo.send(&flood("juliet@localhost/a")).await;
    juliet.sync().await;
    romeo.sync().await;
}

#[tokio::test]
async fn a_client_that_writes_to_itself_more_than_fits_is_not_stuck() {
    let fixture = start(|config| config.limits.mailbox_bytes = 1024).await;
    let mut juliet = fixture.plain_session("juliet", "a").await;
    juliet.send(&chat("juliet@localhost/a", &"x".repeat(700)).repeat(50)).await;
    for _ in 0..50 {
        juliet.until("</message>").await;
    }
}

#[tokio::test]
async fn who_sends_faster_than_allowed_is_read_more_slowly_and_loses_nothing() {
    let fixture = start(|config| {
        config.limits.bytes_per_second = 40_000;
        config.limits.burst_bytes = 1000;
    })
    .await;
    let mut juliet = fixture.plain_session("juliet", "a").await;
    let begin = std::time::Instant::now();
    juliet.send(&chat("juliet@localhost/a", &"x".repeat(1900)).repeat(20)).await;
    juliet.sync().await;
    assert!(begin.elapsed() > Duration::from_millis(500), "{:?}", begin.elapsed());
}
