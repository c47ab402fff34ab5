//! Known weaknesses of XMPP software that this server must not have: streams, TLS, login, spoofing.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_tests::{Raw, Server, Settings, header, trusting};

const SASL: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";

fn secured_from(from: Ipv4Addr, server: &Server) -> Raw {
    let tls = trusting(&server.certificate("localhost"));
    let mut raw = Raw::connect_from(from, server.c2s_direct_tls()).tls(tls, "localhost");
    raw.open("localhost");
    raw
}

#[test]
fn limits_are_lower_before_authentication_and_both_are_advertised_and_hold() {
    let server = Settings::new().start_with_users(1);
    let mut raw = Raw::secured(&server, "localhost");
    raw.send("</stream:stream>");
    raw.rest();

    let message = |bytes: usize| {
        let shell = "<message to='user1@localhost/big' type='headline'><body></body></message>".len();
        format!(
            "<message to='user1@localhost/big' type='headline'><body>{}</body></message>",
            "x".repeat(bytes - shell)
        )
    };
    let tls = trusting(&server.certificate("localhost"));
    let mut raw = Raw::connect(server.c2s_direct_tls()).tls(tls.clone(), "localhost");
    assert!(raw.open("localhost").contains("<max-bytes>8192</max-bytes>"));
    raw.plain("", "user1", "pw-user1");
    raw.until("<success");
    raw.until(">");
    assert!(raw.open("localhost").contains("<max-bytes>262144</max-bytes>"));
    raw.bind("big");
    for bytes in [8193, 100_000, 262_144] {
        raw.send(message(bytes));
        assert!(raw.until("</message>").len() >= bytes);
    }
    raw.send(message(262_145));
    raw.expect_stream_error("policy-violation");

    let auth = |bytes: usize| {
        let shell = format!("<auth {SASL} mechanism='PLAIN'></auth>").len();
        format!("<auth {SASL} mechanism='PLAIN'>{}</auth>", "A".repeat(bytes - shell))
    };
    let mut raw = Raw::connect(server.c2s_direct_tls()).tls(tls, "localhost");
    raw.open("localhost");
    raw.send(auth(8192));
    raw.until("</failure>");
    raw.send(auth(8193));
    raw.expect_stream_error("policy-violation");
}

#[test]
fn xml_that_is_costly_to_read_costs_little_before_a_login() {
    let server = Settings::new().start();
    let attributes: String = (0..30).map(|number| format!(" a{number}='{}'", "x".repeat(200))).collect();
    let bindings: String =
        (0..15).map(|number| format!(" xmlns:n{number}='urn:{}'", "x".repeat(400))).collect();
    let nested = format!("<a xmlns='urn:x'{attributes}><b><c><d><e><f>");
    let open = |text: &str| {
        let mut raw = Raw::connect(server.c2s());
        raw.open("localhost");
        raw.send(text);
        raw
    };
    let texts = [
        format!("<a xmlns='urn:x'{bindings}>{}", "<b/>".repeat(20)),
        nested,
        format!("<a b='{}", "x".repeat(8000)),
    ];
    let warm: Vec<Raw> = texts.iter().map(|text| open(text)).collect();
    let before = server.status();
    let held: Vec<Raw> = (0..100).map(|number| open(&texts[number % 3])).collect();
    let after = server.status();
    assert_eq!(after.connections, before.connections + 100);
    assert!(after.resident - before.resident < 100 * (256 << 10), "{before:?} {after:?}");
    drop((warm, held));
}

#[test]
fn names_that_nobody_has_seen_before_are_not_kept() {
    let server = Settings::new().set("limits.bytes_per_second", 0).start_with_users(1);
    let mut raw = Raw::login(&server, "user1", "names");
    let mut flood = |round: usize| {
        for number in 0..100 {
            let names: String = (0..100)
                .map(|name| format!("<n{round}x{number}x{name} xmlns='urn:{round}:{number}:{name}'/>"))
                .collect();
            raw.send(format!(
                "<iq type='get' id='i{number}' to='localhost'><q xmlns='urn:q{number}'>{names}</q></iq>"
            ));
        }
        raw.ping(&format!("round{round}"));
    };
    flood(0);
    flood(1);
    let before = server.status();
    (2..8).for_each(flood);
    let after = server.status();
    // 60 000 names and as many namespaces, of some 40 bytes each at the least.
    assert!(after.resident < before.resident + (2 << 20), "{before:?} {after:?}");
}

/// How many bits of an id can be random: each character of it says as much as its alphabet allows, if it is not always the same.
fn random_bits(ids: &[String]) -> usize {
    let is_hex = ids.iter().all(|id| id.chars().all(|c| c.is_ascii_hexdigit()));
    let varies =
        |at: usize| ids.iter().filter_map(|id| id.chars().nth(at)).collect::<BTreeSet<char>>().len() > 1;
    let shortest = ids.iter().map(|id| id.len()).min().unwrap_or(0);
    (0..shortest).filter(|at| varies(*at)).count() * if is_hex { 4 } else { 6 }
}

#[test]
fn ids_of_streams_and_of_sessions_that_can_be_resumed_have_128_random_bits_at_least() {
    let server = Settings::new().start_with_users(1);
    let id = |text: &str| {
        let (_, rest) = text.split_once(" id='").or_else(|| text.split_once(" id=\"")).expect("an id");
        rest.split(['\'', '"']).next().expect("its end").to_owned()
    };
    let streams: Vec<String> = (0..40).map(|_| id(&Raw::connect(server.c2s()).open("localhost"))).collect();
    let mut held = Vec::new();
    let sessions: Vec<String> = (0..10)
        .map(|number| {
            let mut raw = Raw::login(&server, "user1", &format!("r{number}"));
            raw.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
            let id = id(&raw.next_whole().expect("an answer"));
            held.push(raw);
            id
        })
        .collect();
    for ids in [streams, sessions] {
        assert!(random_bits(&ids) >= 128, "{ids:?}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}

#[test]
fn stream_compression_is_neither_offered_nor_begun() {
    let server = Settings::new().start_with_users(1);
    let mut raw = Raw::connect(server.c2s());
    assert!(!raw.open("localhost").contains("compress"));
    let mut raw = Raw::authenticated(&server, "user1");
    raw.send("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>");
    raw.expect_stream_error("unsupported-stanza-type");
}

#[test]
fn stream_ids_do_not_repeat_and_are_long() {
    let server = Settings::new().start();
    let ids: BTreeSet<String> = (0..100)
        .map(|_| {
            let mut raw = Raw::connect(server.c2s());
            raw.send(header("localhost"));
            raw.until(" id='");
            raw.until("'")
        })
        .collect();
    assert_eq!(ids.len(), 100);
    // 128 bits in base64 take 22 characters; here is the quote, too.
    assert!(ids.iter().all(|id| id.len() > 22), "{ids:?}");
    let first: BTreeSet<&str> = ids.iter().map(|id| &id[..8]).collect();
    assert_eq!(first.len(), 100, "a part of them is the same: {ids:?}");
}

#[test]
fn another_protocol_in_alpn_fails_the_handshake() {
    let server = Settings::new().start();
    let tls = |protocols: &[&str]| {
        let mut tls = trusting(&server.certificate("localhost"));
        tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Raw::connect(server.c2s_direct_tls()).try_tls(tls, "localhost")
    };
    for others in [&["http/1.1"][..], &["h2", "smtp"], &["xmpp-server"]] {
        let failed = tls(others).unwrap_err();
        assert!(failed.to_string().contains("NoApplicationProtocol"), "{others:?}: {failed}");
    }
    let mut raw = tls(&["h2", "xmpp-client"]).unwrap();
    assert_eq!(raw.alpn().as_deref(), Some("xmpp-client"));
    raw.open("localhost");
}

#[test]
fn anonymous_login_is_refused_unless_the_host_allows_it() {
    let settings = Settings::new().host("guests.example").set("hosts.localhost.anonymous", false);
    // The host's name has a dot in it, so it is not set by a path.
    let toml = settings
        .to_toml()
        .replace("[hosts.\"guests.example\"]", "[hosts.\"guests.example\"]\nanonymous = true");
    let server = Server::start(|_| toml);
    let anonymous = format!("<auth {SASL} mechanism='ANONYMOUS'>=</auth>");
    let mut raw = Raw::secured(&server, "localhost");
    raw.send(&anonymous);
    assert!(raw.until("</failure>").contains("<invalid-mechanism"));
    let tls = trusting(&server.certificate("localhost"));
    let mut raw = Raw::connect(server.c2s_direct_tls()).tls(tls, "localhost");
    assert!(!raw.open("localhost").contains("ANONYMOUS"));
    raw.send(&anonymous);
    assert!(raw.until("</failure>").contains("<invalid-mechanism"));

    let mut raw = Raw::secured(&server, "guests.example");
    raw.send(&anonymous);
    raw.until("<success");
    raw.until(">");
    raw.open("guests.example");
    raw.bind("guest");
}

/// The challenge that SCRAM-SHA-256 gets: salt and iteration count.
fn salt_and_count(server: &Server, user: &str) -> String {
    let mut raw = Raw::secured(server, "localhost");
    let first = STANDARD.encode(format!("n,,n={user},r=0123456789abcdef"));
    raw.send(format!("<auth {SASL} mechanism='SCRAM-SHA-256'>{first}</auth>"));
    raw.until("<challenge");
    raw.until(">");
    let challenge = raw.until("<");
    let challenge = STANDARD.decode(challenge.trim_end_matches('<')).expect("base64");
    let text = String::from_utf8(challenge).expect("UTF-8");
    text.split(',').filter(|part| !part.starts_with("r=")).collect::<Vec<_>>().join(",")
}

#[test]
fn an_account_that_does_not_exist_has_a_salt_that_stays_the_same() {
    let server = Settings::new().start_with_users(1);
    let real = salt_and_count(&server, "user1");
    let (nobody, somebody) = (salt_and_count(&server, "nobody"), salt_and_count(&server, "somebody"));
    assert_eq!(nobody, salt_and_count(&server, "nobody"));
    assert_ne!(nobody, somebody);
    assert_eq!(nobody.len(), real.len(), "{nobody} {real}");
    let count = |text: &str| text.split(',').find(|part| part.starts_with("i=")).map(str::to_owned);
    assert_eq!(count(&nobody), count(&real));
    let (_, folder) = server.stop();
    let server = Server::start_in(folder);
    assert_eq!(salt_and_count(&server, "nobody"), nobody);
    assert_eq!(salt_and_count(&server, "user1"), real);
}

#[test]
fn who_guesses_is_slowed_down_and_does_not_lock_the_owner_out() {
    let settings = Settings::new()
        .set("authentication.per_account.failures", 5)
        .set("authentication.per_account.forgotten_after", 3600)
        .set("authentication.per_account_and_ip.failures", 3)
        .set("authentication.per_account_and_ip.forgotten_after", 3600);
    let server = settings.start_with_users(2);
    let attacker = Ipv4Addr::new(127, 0, 0, 2);
    let mut failures = Vec::new();
    for _ in 0..4 {
        let mut raw = secured_from(attacker, &server);
        for attempt in 0..3 {
            raw.plain("", "user1", &format!("guess number {attempt}"));
            let failure = raw.until("</failure>");
            failures.push(failure.contains("<not-authorized"));
        }
    }
    // 5 of the account's, and 3 of that address.
    assert_eq!(failures, [true, true, true, true, true, true, true, true, false, false, false, false]);
    let mut raw = secured_from(attacker, &server);
    raw.plain("", "user1", "pw-user1");
    assert!(raw.until("</failure>").contains("<temporary-auth-failure"));
    // From elsewhere the owner gets in, and from there everybody else does.
    let _ = Raw::login(&server, "user1", "owner");
    let mut raw = secured_from(attacker, &server);
    raw.plain("", "user2", "pw-user2");
    raw.until("<success");
}

#[test]
fn nobody_can_speak_for_the_server_or_the_account() {
    let server = Settings::new().start_with_users(2);
    let mut mallory = Raw::login(&server, "user1", "mallory");
    let mut romeo = Raw::login(&server, "user2", "romeo");
    romeo.send("<presence/>");
    romeo.ping("available");
    let push = "<query xmlns='jabber:iq:roster'><item jid='evil@localhost' subscription='both'/></query>";
    mallory.send(format!("<iq type='set' id='push' to='user2@localhost/romeo'>{push}</iq>"));
    mallory.send(
        "<message to='user2@localhost/romeo' type='chat'><body>late</body>\
         <delay xmlns='urn:xmpp:delay' from='localhost' stamp='2002-09-10T23:08:25Z'/>\
         <delay xmlns='urn:xmpp:delay' from='localhost' stamp='2003-09-10T23:08:25Z'/></message>",
    );
    let heard = romeo.until("</message>");
    assert!(heard.contains("late") && heard.contains("user1@localhost/mallory"), "{heard}");
    // Whether the request came at all or not: it is not from the account.
    assert!(!heard.contains("evil@localhost") || heard.contains("from='user1@localhost/mallory'"), "{heard}");
    assert!(!heard.contains("urn:xmpp:delay"), "the server has not said so: {heard}");
}

#[test]
fn all_spellings_of_an_address_are_one() {
    let server = Settings::new().start_with_users(2);
    let mut romeo = Raw::login(&server, "user2", "romeo");
    let mut juliet = Raw::secured(&server, "localhost");
    juliet.plain("", "USER1", "pw-user1");
    juliet.until("<success");
    juliet.until(">");
    juliet.open("LocalHost");
    juliet.bind("balcony");
    for (number, to) in [
        "USER2@localhost/romeo",
        "user2@LOCALHOST/romeo",
        "user2@localhost./romeo",
        "\u{ff35}ser2@localhost/romeo",
    ]
    .iter()
    .enumerate()
    {
        juliet.send(format!("<message to='{to}' type='chat'><body>{number}</body></message>"));
        let heard = romeo.until("</message>");
        assert!(heard.contains(&format!("<body>{number}</body>")), "{to}: {heard}");
        assert!(heard.contains("user1@localhost/balcony"), "{to}: {heard}");
    }
    // A resource is not folded: `Romeo` is somebody else.
    juliet.send("<iq type='get' id='other' to='user2@localhost/Romeo'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(juliet.until("</iq>").contains("service-unavailable"));
}
