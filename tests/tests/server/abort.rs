//! Whatever stage of a handshake it is aborted at, nothing of the connection is left.

use std::time::{Duration, Instant};

use stonechat_tests::{Raw, Server, Settings, Status, WITHIN, header, trusting};

const SASL: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";

/// Brings a client to a stage.
type Stage = fn(&Server) -> Raw;

/// Each stage that a client can be at when it aborts.
fn stages() -> Vec<(&'static str, Stage)> {
    fn opened(server: &Server) -> Raw {
        let mut raw = Raw::connect(server.c2s());
        raw.open("localhost");
        raw
    }
    fn secured(server: &Server) -> Raw {
        Raw::secured(server, "localhost")
    }
    fn sent(mut raw: Raw, text: &str) -> Raw {
        raw.send(text);
        raw
    }
    vec![
        ("connected", |server| Raw::connect(server.c2s())),
        ("half a header", |server| sent(Raw::connect(server.c2s()), &header("localhost")[..60])),
        ("a header, its answer not read", |server| sent(Raw::connect(server.c2s()), &header("localhost"))),
        ("features", opened),
        ("half an element", |server| sent(opened(server), "<starttls xmlns='urn:ietf:")),
        ("starttls asked for", |server| {
            sent(opened(server), "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        }),
        ("half a handshake", |server| {
            let mut raw = sent(opened(server), "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
            raw.until("<proceed");
            raw.until(">");
            raw.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
            raw
        }),
        ("direct TLS, nothing said", |server| Raw::connect(server.c2s_direct_tls())),
        ("direct TLS, half a handshake", |server| {
            let mut raw = Raw::connect(server.c2s_direct_tls());
            raw.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
            raw
        }),
        ("direct TLS, handshake done", |server| {
            Raw::connect(server.c2s_direct_tls()).tls(trusting(&server.certificate("localhost")), "localhost")
        }),
        ("features under TLS", secured),
        ("half a login", |server| sent(secured(server), &format!("<auth {SASL} mechanism='PL"))),
        ("challenged", |server| {
            let mut raw = secured(server);
            // n,,n=user1,r=abcdefghijklmnop
            raw.send(format!(
                "<auth {SASL} mechanism='SCRAM-SHA-256'>biwsbj11c2VyMSxyPWFiY2RlZmdoaWprbG1ub3A=</auth>"
            ));
            raw.until("</challenge>");
            raw
        }),
        ("login under way", |server| {
            let mut raw = secured(server);
            raw.plain("", "user1", "pw-user1");
            raw
        }),
        ("authenticated", |server| {
            let mut raw = secured(server);
            raw.plain("", "user1", "pw-user1");
            raw.until("<success");
            raw
        }),
        ("features after authentication", |server| Raw::authenticated(server, "user1")),
        ("resource asked for", |server| {
            sent(
                Raw::authenticated(server, "user1"),
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
            )
        }),
        ("session", |server| {
            let mut raw = Raw::authenticated(server, "user1");
            raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
            raw.until("</iq>");
            raw
        }),
        ("available", |server| {
            let mut raw = Raw::authenticated(server, "user1");
            raw.send(
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq><presence/>",
            );
            raw.until("<presence");
            raw
        }),
        ("half a stanza", |server| {
            let mut raw = Raw::authenticated(server, "user1");
            raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
            raw.until("</iq>");
            raw.send("<message to='user1@localhost'><body>half a");
            raw
        }),
    ]
}

/// Aborts at each stage so many times; every second time by a reset.
fn abort_everywhere(server: &Server, times: usize) {
    for (_, stage) in stages() {
        std::thread::scope(|scope| {
            for thread in 0..2 {
                scope.spawn(move || {
                    for _ in 0..times / 2 {
                        let raw = stage(server);
                        if thread == 0 { raw.abort() } else { drop(raw) }
                    }
                });
            }
        });
    }
}

/// Waits until as few connections, sessions and open files are there as before.
fn settled(server: &Server, before: &Status) -> Status {
    let deadline = Instant::now() + WITHIN;
    loop {
        let now = server.status();
        if now.connections <= before.connections
            && now.sessions <= before.sessions
            && now.files <= before.files
        {
            return now;
        }
        assert!(Instant::now() < deadline, "before {before:?}, now {now:?}");
        std::thread::yield_now();
    }
}

#[test]
fn hundreds_of_aborts_at_every_stage_leave_nothing_behind() {
    // So that what ends only with a timeout would still be there.
    let settings = Settings::new().set("timeouts.login", 600);
    // An attempt that is not brought to its end counts as failed.
    let settings = settings
        .set("authentication.per_ip.failures", 10_000)
        .set("authentication.per_ip.forgotten_after", 1);
    let settings = settings
        .set("authentication.per_account.failures", 10_000)
        .set("authentication.per_account.forgotten_after", 1);
    let server = settings.start_with_users(1);
    let before = server.status();
    assert_eq!((before.connections, before.sessions), (0, 0));
    // What is allocated once, and the allocator's arenas.
    abort_everywhere(&server, 6);
    let warm = settled(&server, &before);
    abort_everywhere(&server, 40);
    let after = settled(&server, &before);
    // 800 connections; 4 KiB of each would be 3 MB.
    assert!(after.resident < warm.resident + (3 << 20), "warm {warm:?}, after {after:?}");
    assert!(after.threads <= warm.threads + 8, "warm {warm:?}, after {after:?}");
    let mut raw = Raw::login(&server, "user1", "after");
    raw.ping("after");
}

#[test]
fn connections_have_a_limit_and_places_come_free_again() {
    let server = Settings::new().set("limits.connections_per_ip", 10).start();
    let mut held: Vec<Raw> = (0..10)
        .map(|_| {
            let mut raw = Raw::connect(server.c2s());
            raw.open("localhost");
            raw
        })
        .collect();
    let mut refused = Raw::connect(server.c2s());
    refused.send(header("localhost"));
    assert_eq!(refused.rest(), "");
    held.pop();
    let deadline = Instant::now() + WITHIN;
    while server.status().connections == 10 {
        assert!(Instant::now() < deadline, "the place does not come free");
    }
    Raw::connect(server.c2s()).open("localhost");
}

#[test]
fn a_cut_connection_is_noticed_while_the_server_writes_to_it() {
    let server = Settings::new().start_with_users(2);
    let cut = Raw::login(&server, "user1", "cut");
    let mut writer = Raw::login(&server, "user2", "writer");
    cut.abort();
    for _ in 0..50 {
        writer
            .send("<message to='user1@localhost/cut' type='headline'><body>are you there?</body></message>");
    }
    writer.ping("done");
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.status().sessions != 1 {
        assert!(Instant::now() < deadline, "the session stays");
    }
}
