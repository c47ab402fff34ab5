//! What comes before a session, and what ends it there.

mod support;

use std::time::Duration;

use stonechat_server::config::Kind;
use support::client::{Client, header};
use support::tls::Terms;
use support::{HOST, start};
use tokio::io::AsyncWriteExt as _;

const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// What a client is told that says this at the start of a connection with TLS.
async fn answer_to(text: &str) -> String {
    let fixture = start(|_| {}).await;
    let mut client = fixture.secure().await;
    client.send_if_open(text.as_bytes()).await;
    let said = client.until_closed().await;
    drop(client);
    fixture.no_connections().await;
    said
}

#[tokio::test]
async fn each_broken_rule_has_its_stream_error_with_our_header_first() {
    let opened = header(HOST);
    let large = format!("{opened}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}", "A".repeat(10_000));
    let deep = format!("{opened}{}", "<a xmlns='urn:x'>".repeat(100));
    let cases = [
        (header("unknown.example"), "host-unknown"),
        (header(HOST).replace("to='localhost' ", ""), "improper-addressing"),
        (header(HOST).replace("version='1.0' ", ""), "unsupported-version"),
        (header(HOST).replace("jabber:client", "jabber:server"), "invalid-namespace"),
        (header(HOST).replace("http://etherx.jabber.org/streams", "urn:x"), "invalid-namespace"),
        ("GET / HTTP/1.1\r\n\r\n".into(), "not-well-formed"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>".into(), "restricted-xml"),
        ("<presence/>".into(), "bad-format"),
        (format!("{opened}<presence/>"), "not-authorized"),
        (format!("{opened}<message to='romeo@localhost'><body>hi</body></message>"), "not-authorized"),
        (format!("{opened}<iq type='get'/>"), "not-authorized"),
        (format!("{opened}<x xmlns='urn:unknown'/>"), "unsupported-stanza-type"),
        (format!("{opened}<a></b>"), "not-well-formed"),
        (format!("{opened}<!-- comment -->"), "restricted-xml"),
        (format!("{opened}<?pi?>"), "restricted-xml"),
        (format!("{opened}{}", opened.trim_start_matches("<?xml version='1.0'?>")), "bad-format"),
        (format!("{opened}<a xmlns='urn:x'>&undefined;</a>"), "restricted-xml"),
        (large, "policy-violation"),
        (deep, "policy-violation"),
    ];
    for (text, condition) in cases {
        let said = answer_to(&text).await;
        let error = said.find("<stream:error>").unwrap_or_else(|| panic!("no error for {text}: {said}"));
        assert!(said.find("<stream:stream").is_some_and(|header| header < error), "{said}");
        assert!(said.contains(&format!("<{condition}")), "{condition} for {text}: {said}");
        assert!(said.ends_with("</stream:stream>"), "{said}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_and_noise_end_the_stream() {
    let fixture = start(|_| {}).await;
    for noise in
        [&b"\xff\xfe<\0s\0"[..], b"\x16\x03\x01\x02\x00\x01", b"<stream:stream a='\xc0\x80'", &[0; 64]]
    {
        let mut client = fixture.secure().await;
        client.send_if_open(noise).await;
        let said = client.until_closed().await;
        assert!(said.contains("<stream:error>"), "{noise:?}: {said}");
    }
    fixture.no_connections().await;
}

#[tokio::test]
async fn what_is_pipelined_behind_starttls_closes_the_stream() {
    let fixture = start(|_| {}).await;
    let injected = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
    let mut client = Client::connect(fixture.address(Kind::Starttls)).await;
    client.open().await;
    client.send(&format!("{STARTTLS}{injected}")).await;
    let said = client.until_closed().await;
    assert!(said.contains("<failure") && !said.contains("<proceed"), "{said}");

    // Sent a moment later, it is no TLS handshake either.
    let mut client = Client::connect(fixture.address(Kind::Starttls)).await;
    client.open().await;
    client.send(STARTTLS).await;
    client.until("<proceed").await;
    client.send_if_open(injected.as_bytes()).await;
    let said = client.until_closed().await;
    assert!(!said.contains("success") && !said.contains("<stream:stream"), "{said}");
    drop(client);
    fixture.no_connections().await;
}

#[tokio::test]
async fn starttls_leads_to_a_fresh_stream_with_mechanisms() {
    let fixture = start(|_| {}).await;
    let mut client = fixture.starttls(&Terms::default()).await.unwrap();
    let features = client.open().await;
    assert!(features.contains("SCRAM-SHA-512-PLUS") && features.contains("PLAIN"), "{features}");
    assert!(!features.contains("<starttls"), "{features}");
    assert!(features.contains("<max-bytes>8192</max-bytes>"), "{features}");
    let login = stonechat_sasl::client::Login::password("juliet", support::PASSWORD);
    client.authenticate(&features, stonechat_sasl::Mechanism::SCRAM_SHA_256_PLUS, login).await.unwrap();
    let features = client.open().await;
    assert!(features.contains("<bind") && features.contains("<max-bytes>262144</max-bytes>"), "{features}");
}

#[tokio::test]
async fn a_client_that_leaves_at_any_stage_leaves_nothing_behind() {
    let fixture = start(|_| {}).await;
    for stage in 0..8 {
        let address = fixture.address(if stage < 4 { Kind::Starttls } else { Kind::DirectTls });
        let mut client = match stage {
            0..4 => Client::connect(address).await,
            4 => {
                // In the middle of the handshake.
                let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                stream.write_all(b"\x16\x03\x01\x00\xff\x01").await.unwrap();
                Client::over(stream, stonechat_sasl::Channel::plaintext())
            }
            _ => fixture.secure().await,
        };
        match stage {
            1 => client.send("<stream:str").await,
            2 => drop(client.open().await),
            3 => {
                client.open().await;
                client.send(STARTTLS).await;
                client.until("<proceed").await;
            }
            5 => drop(client.open().await),
            6 => {
                client.open().await;
                client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'/>").await;
                client.until("<challenge").await;
            }
            7 => client.log_in("juliet").await,
            _ => {}
        }
        drop(client);
        fixture.no_connections().await;
    }
    assert_eq!(fixture.server.host(HOST).unwrap().session_count(), 0);
}

#[tokio::test]
async fn a_login_ends_after_a_fixed_time_whatever_the_client_sends() {
    let fixture = start(|config| config.timeouts.login = Duration::from_millis(400)).await;
    let mut client = fixture.secure().await;
    client.open().await;
    // White space, faster than anything could time out between two of them.
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    while !client.read.contains("</stream:stream>") {
        tokio::select! {
            _ = interval.tick() => client.send_if_open(b" ").await,
            open = client.more() => assert!(open || client.read.contains("</stream:stream>"), "{}", client.read),
        }
    }
    assert!(client.read.contains("<connection-timeout"), "{}", client.read);

    let silent = Client::connect(fixture.address(Kind::DirectTls)).await;
    fixture.sessions(0).await;
    drop(client);
    let mut silent = silent;
    assert_eq!(silent.until_closed().await, "");
    fixture.no_connections().await;
}

#[tokio::test]
async fn a_stream_that_is_closed_is_closed_from_here_too() {
    let fixture = start(|_| {}).await;
    let mut client = fixture.secure().await;
    client.open().await;
    client.send("</stream:stream>").await;
    assert_eq!(client.until_closed().await, "</stream:stream>");
}

#[tokio::test]
async fn stanzas_between_login_and_bind_and_bad_binds_are_refused() {
    let fixture = start(|_| {}).await;
    let mut client = fixture.secure().await;
    client.log_in("juliet").await;
    client.open().await;
    client.send("<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>\u{1}</resource></bind></iq>".replace('\u{1}', "&#x7f;").as_str()).await;
    let answer = client.until("</iq>").await;
    assert!(answer.contains("bad-request"), "{answer}");
    client.send("<iq type='set' id='2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    let answer = client.until("</iq>").await;
    let resource = answer.split("localhost/").nth(1).unwrap().split('<').next().unwrap();
    assert!(resource.len() >= 32, "the server's resource cannot be guessed: {answer}");

    let mut client = fixture.secure().await;
    client.log_in("juliet").await;
    client.open().await;
    client.send("<message to='romeo@localhost'/>").await;
    assert!(client.until_closed().await.contains("<not-authorized"));
}

#[tokio::test]
async fn an_account_has_so_many_sessions_and_no_more() {
    let fixture = start(|config| config.limits.sessions_per_account = 2).await;
    let _a = fixture.session("juliet", "a").await;
    let _b = fixture.session("juliet", "b").await;
    let mut client = fixture.secure().await;
    client.log_in("juliet").await;
    client.open().await;
    client.send("<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    assert!(client.until("</iq>").await.contains("<resource-constraint"));
}
