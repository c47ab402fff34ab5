//! Bad input ends the stream that it came on, or is answered, and disturbs nobody else.

use std::time::{Duration, Instant};

use stonechat_tests::{Raw, Seen, Server, Settings, WITHIN, header};

/// A server on which two others chat.
struct Stage {
    server: Server,
    juliet: Raw,
    romeo: Raw,
    lines: usize,
}

impl Stage {
    fn new(settings: &Settings) -> Self {
        let server = settings.start_with_users(3);
        let juliet = Raw::login(&server, "user1", "juliet");
        let romeo = Raw::login(&server, "user2", "romeo");
        Self { server, juliet, romeo, lines: 0 }
    }

    /// The two chat undisturbed.
    fn goes_on(&mut self) {
        self.lines += 1;
        let line = format!("<body>line {}</body>", self.lines);
        self.juliet.send(format!("<message to='user2@localhost/romeo' type='chat'>{line}</message>"));
        let heard = self.romeo.until("</message>");
        assert!(heard.contains(&line) && !heard.contains("error"), "{heard}");
        self.romeo.send(format!("<message to='user1@localhost/juliet' type='chat'>{line}</message>"));
        let heard = self.juliet.until("</message>");
        assert!(heard.contains(&line) && !heard.contains("error"), "{heard}");
    }

    /// Each of these bytes ends the stream of a new client with this error, and the others go on.
    fn each_ends(&mut self, client: impl Fn(&Server) -> Raw, cases: &[(&str, &[u8])]) {
        for (condition, bytes) in cases {
            let mut raw = client(&self.server);
            raw.send(bytes);
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
            let rest = raw.rest();
            let error = rest.split_once("<stream:error").map(|(_, error)| error);
            let error = error.unwrap_or_else(|| panic!("{shown}: no stream error but {rest:?}"));
            assert!(
                error.contains(&format!("<{condition} ")),
                "{shown}: {condition} was expected, not {error}"
            );
            assert!(rest.ends_with("</stream:stream>"), "{shown}: {rest}");
        }
        self.goes_on();
    }
}

fn connected(server: &Server) -> Raw {
    Raw::connect(server.c2s())
}

fn opened(server: &Server) -> Raw {
    let mut raw = connected(server);
    raw.open("localhost");
    raw
}

fn secured(server: &Server) -> Raw {
    Raw::secured(server, "localhost")
}

fn authenticated(server: &Server) -> Raw {
    Raw::authenticated(server, "user3")
}

fn bound(server: &Server) -> Raw {
    // The resource of one that just ended may not be free yet; a conflict would end the other, which is over anyway.
    Raw::login(server, "user3", "mercutio")
}

fn with_header(change: impl Fn(&str) -> String) -> Vec<u8> {
    change(&header("localhost")).into_bytes()
}

/// What is bad wherever it stands after a header, as long as it is inside an element.
fn bad_everywhere() -> Vec<(&'static str, Vec<u8>)> {
    let attributes: String = (0..300).map(|number| format!(" a{number}=''")).collect();
    let bindings: String = (0..300).map(|number| format!(" xmlns:n{number}='urn:x'")).collect();
    let long = "n".repeat(5000);
    vec![
        ("not-well-formed", b"<presence><a></b></presence>".to_vec()),
        ("not-well-formed", b"<presence a='1' a='2'/>".to_vec()),
        ("not-well-formed", b"<presence xmlns:p='urn:x' xmlns:q='urn:x' p:a='1' q:a='2'/>".to_vec()),
        ("not-well-formed", b"<undeclared:presence/>".to_vec()),
        ("not-well-formed", b"<presence a='<'/>".to_vec()),
        ("not-well-formed", b"<presence a=1/>".to_vec()),
        ("not-well-formed", b"<presence>]]></presence>".to_vec()),
        ("not-well-formed", b"<presence>\x00</presence>".to_vec()),
        ("not-well-formed", "<presence>\u{fffe}</presence>".into()),
        ("not-well-formed", b"<presence>&#0;</presence>".to_vec()),
        ("not-well-formed", b"<presence>&#xD800;</presence>".to_vec()),
        ("not-well-formed", b"<presence xmlns:xml='urn:x'/>".to_vec()),
        ("not-well-formed", b"</presence>".to_vec()),
        ("not-well-formed", b"text<presence/>".to_vec()),
        ("unsupported-encoding", b"<presence>\xff\xfe</presence>".to_vec()),
        ("unsupported-encoding", b"<presence>\xc0\xaf</presence>".to_vec()),
        ("unsupported-encoding", b"<presence>\xed\xa0\x80</presence>".to_vec()),
        ("restricted-xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]>".to_vec()),
        ("restricted-xml", b"<presence><!-- a comment --></presence>".to_vec()),
        ("restricted-xml", b"<!-- a comment -->".to_vec()),
        ("restricted-xml", b"<?php echo 1 ?>".to_vec()),
        ("restricted-xml", b"<presence><?xml version='1.0'?></presence>".to_vec()),
        ("restricted-xml", b"<presence>&lol;</presence>".to_vec()),
        ("policy-violation", format!("<presence{attributes}/>").into_bytes()),
        ("policy-violation", format!("<presence{bindings}/>").into_bytes()),
        ("policy-violation", format!("<{long}/>").into_bytes()),
        ("policy-violation", "<a xmlns='urn:x'>".repeat(300).into_bytes()),
        ("bad-format", header("localhost")["<?xml version='1.0'?>".len()..].into()),
    ]
}

fn borrowed<'a>(cases: &'a [(&'static str, Vec<u8>)]) -> Vec<(&'a str, &'a [u8])> {
    cases.iter().map(|(condition, bytes)| (*condition, bytes.as_slice())).collect()
}

#[test]
fn what_is_no_stream_header_ends_with_the_error_that_names_the_fault() {
    let mut stage = Stage::new(&Settings::new());
    let change = |from: &'static str, to: &'static str| with_header(|header| header.replace(from, to));
    let cases = [
        // Other protocols.
        ("not-well-formed", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("not-well-formed", b"\x00\x01\x02\x03\x04\x05\x06\x07".to_vec()),
        ("not-well-formed", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("unsupported-encoding", b"\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("unsupported-encoding", change("<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-16'?>")),
        // Something else than a header.
        ("restricted-xml", b"<!DOCTYPE lolz [<!ENTITY lol 'lol'>]>".to_vec()),
        ("restricted-xml", b"<?xml version='1.0'?><!-- hello -->".to_vec()),
        ("restricted-xml", b"<?pi?>".to_vec()),
        ("bad-format", b"<presence xmlns='jabber:client'/>".to_vec()),
        (
            "bad-format",
            b"<message xmlns='jabber:client' to='user1@localhost'><body>hi</body></message>".to_vec(),
        ),
        // A header with a fault.
        ("invalid-namespace", change("http://etherx.jabber.org/streams", "urn:example:streams")),
        ("invalid-namespace", change("'jabber:client'", "'jabber:server'")),
        ("bad-namespace-prefix", change("xmlns:stream=", "xmlns:streams=")),
        ("unsupported-version", change(" version='1.0'>", ">")),
        ("host-unknown", change("to='localhost'", "to='elsewhere.example'")),
        ("improper-addressing", change("to='localhost'", "to='a@@b'")),
        ("improper-addressing", change("to='localhost'", "to='user1@localhost'")),
        ("improper-addressing", change("to='localhost'", "")),
        (
            "policy-violation",
            with_header(|header| header.replace(" to=", &format!(" x='{}' to=", "x".repeat(20_000)))),
        ),
        ("policy-violation", format!("<?xml{}", " ".repeat(300)).into_bytes()),
    ];
    stage.each_ends(connected, &borrowed(&cases));
}

#[test]
fn malformed_or_excessive_xml_before_tls_ends_the_stream() {
    let mut stage = Stage::new(&Settings::new());
    let mut cases = bad_everywhere();
    cases.push(("policy-violation", format!("<a xmlns='urn:x'>{}", "x".repeat(20_000)).into_bytes()));
    stage.each_ends(opened, &borrowed(&cases));
}

#[test]
fn malformed_or_excessive_xml_before_authentication_ends_the_stream() {
    let mut stage = Stage::new(&Settings::new());
    let mut cases = bad_everywhere();
    let many = "<a/>".repeat(100);
    cases.push(("policy-violation", format!("<a xmlns='urn:x'>{}", "x".repeat(20_000)).into_bytes()));
    // Less than the limit in bytes, but too many and too deep for somebody who is not known.
    cases.push(("policy-violation", format!("<a xmlns='urn:x'>{many}</a>").into_bytes()));
    cases.push(("policy-violation", "<a xmlns='urn:x'>".repeat(20).into_bytes()));
    stage.each_ends(secured, &borrowed(&cases));
}

#[test]
fn malformed_or_excessive_xml_in_a_session_ends_the_stream() {
    let mut stage = Stage::new(&Settings::new().set("limits.stanza_bytes", 20_000));
    let mut cases = bad_everywhere();
    let open = "<message to='user1@localhost'><body>";
    cases.push(("policy-violation", format!("{open}{}", "x".repeat(40_000)).into_bytes()));
    // Also a stanza that is complete when it is seen.
    cases.push(("policy-violation", format!("{open}{}</body></message>", "x".repeat(20_000)).into_bytes()));
    cases.push(("policy-violation", format!("<message>{}", "<a>".repeat(200)).into_bytes()));
    cases.push(("unsupported-stanza-type", b"<stanza/>".to_vec()));
    cases.push((
        "unsupported-stanza-type",
        b"<message xmlns='jabber:server'><body>hi</body></message>".to_vec(),
    ));
    cases.push(("unsupported-stanza-type", b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_vec()));
    cases.push(("invalid-from", b"<message from='user1@localhost/juliet' to='user2@localhost'/>".to_vec()));
    cases.push(("invalid-from", b"<message from='user3@localhost/other' to='user2@localhost'/>".to_vec()));
    cases.push(("invalid-from", b"<presence from='localhost'/>".to_vec()));
    stage.each_ends(bound, &borrowed(&cases));
}

#[test]
fn stanzas_before_authentication_are_not_taken() {
    let mut stage = Stage::new(&Settings::new());
    let stanzas: [(&str, &[u8]); 5] = [
        ("not-authorized", b"<message to='user2@localhost/romeo'><body>line 1</body></message>"),
        ("not-authorized", b"<presence to='user2@localhost/romeo'/>"),
        ("not-authorized", b"<iq type='result' id='1' to='user2@localhost/romeo'/>"),
        ("not-authorized", b"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"),
        ("not-authorized", b"<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
    ];
    stage.each_ends(opened, &stanzas);
    // Under TLS a request may be one for a registration, so it is answered.
    stage.each_ends(secured, &stanzas[..3]);
    for (_, request) in &stanzas[3..] {
        let mut raw = secured(&stage.server);
        raw.send(request);
        let answer = raw.until("</iq>");
        assert!(answer.contains("<service-unavailable "), "{answer}");
    }
    // Authenticated, but not bound.
    stage.each_ends(authenticated, &stanzas[..4]);
    stage.goes_on();
}

#[test]
fn in_the_clear_nobody_can_log_in_or_register() {
    let mut stage = Stage::new(&Settings::new().set("extensions.register.allow-creation", true));
    let mut raw = opened(&stage.server);
    raw.plain("", "user3", "pw-user3");
    assert!(raw.until("</failure>").contains("<encryption-required"));
    raw.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>");
    raw.expect_stream_error("not-authorized");
    stage.goes_on();
}

#[test]
fn plaintext_behind_starttls_is_refused_and_never_taken_for_protected() {
    let mut stage = Stage::new(&Settings::new());
    let mut raw = opened(&stage.server);
    let injected = "<message to='user2@localhost/romeo' type='chat'><body>injected</body></message>";
    raw.send(format!("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>{}{injected}", header("localhost")));
    let rest = raw.rest();
    assert!(rest.contains("<failure") && !rest.contains("<proceed"), "{rest}");
    stage.goes_on();
}

#[test]
fn a_mechanism_that_was_not_offered_is_refused() {
    let settings = Settings::new().set("authentication.mechanisms", vec!["SCRAM-SHA-256"]);
    let server = settings.start_with_users(1);
    let mut raw = Raw::connect(server.c2s_direct_tls())
        .tls(stonechat_tests::trusting(&server.certificate("localhost")), "localhost");
    let features = raw.open("localhost");
    assert!(
        features.contains("<mechanism>SCRAM-SHA-256</mechanism>") && !features.contains("PLAIN"),
        "{features}"
    );
    raw.plain("", "user1", "pw-user1");
    assert!(raw.until("</failure>").contains("<invalid-mechanism"));
}

#[test]
fn sasl_that_is_malformed_gets_its_failure_and_too_many_end_the_stream() {
    let mut stage = Stage::new(&Settings::new());
    let sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    let mut raw = secured(&stage.server);
    let cases = [
        ("invalid-mechanism", format!("<auth {sasl} mechanism='ANONYMOUS'/>")),
        ("incorrect-encoding", format!("<auth {sasl} mechanism='PLAIN'>!!!</auth>")),
        ("malformed-request", format!("<response {sasl}/>")),
    ];
    for (condition, element) in cases {
        raw.send(element);
        let failure = raw.until("</failure>");
        assert!(failure.contains(&format!("<{condition}")), "{condition}: {failure}");
    }
    raw.plain("user1@localhost", "user3", "pw-user3");
    assert!(raw.until("</failure>").contains("<invalid-authzid"));
    raw.expect_stream_error("policy-violation");
    stage.goes_on();
}

#[test]
fn the_host_and_the_account_are_fixed_once_authenticated() {
    let mut stage = Stage::new(&Settings::new().host("other.example"));
    for (condition, header) in [
        ("not-authorized", header("other.example")),
        ("invalid-from", header("localhost").replace(" to=", " from='user1@localhost' to=")),
    ] {
        let mut raw = secured(&stage.server);
        raw.plain("", "user3", "pw-user3");
        raw.until("<success");
        raw.until(">");
        raw.send(header);
        raw.expect_stream_error(condition);
    }
    stage.goes_on();
}

#[test]
fn what_is_wrong_with_one_stanza_is_answered_with_its_error() {
    let mut stage = Stage::new(&Settings::new());
    let mut raw = bound(&stage.server);
    let cases = [
        ("bad-request", "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
        ("bad-request", "<iq type='get' id='none' to='localhost'/>"),
        (
            "bad-request",
            "<iq type='get' id='two' to='localhost'><ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/></iq>",
        ),
        ("bad-request", "<iq type='ask' id='type' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
        ("jid-malformed", "<message to='a@@b' id='1'><body>hi</body></message>"),
        ("jid-malformed", "<message to='@localhost' id='2'><body>hi</body></message>"),
        ("jid-malformed", "<iq type='get' id='3' to='user1@localhost/'><ping xmlns='urn:xmpp:ping'/></iq>"),
        ("jid-malformed", "<presence to='bad host' id='4'/>"),
        ("service-unavailable", "<iq type='get' id='5' to='localhost'><unknown xmlns='urn:example:x'/></iq>"),
        (
            "service-unavailable",
            "<iq type='get' id='6' to='user1@localhost/absent'><ping xmlns='urn:xmpp:ping'/></iq>",
        ),
        (
            "service-unavailable",
            "<message type='groupchat' to='nobody@localhost' id='7'><body>hi</body></message>",
        ),
        ("remote-server-not-found", "<message to='user@elsewhere.example' id='8'><body>hi</body></message>"),
    ];
    for (condition, stanza) in cases {
        raw.send(stanza);
        let answer = raw.until("</error>");
        assert!(
            answer.contains(&format!("<{condition} ")),
            "{stanza}\n{condition} was expected, not {answer}"
        );
        raw.until(">");
    }
    // A defect that nobody asked about is not answered, and neither is an answer.
    raw.send("<iq type='result' id='x' to='localhost'/><iq type='error' id='y' to='localhost'/>");
    let quiet = raw.ping("after");
    assert!(!quiet.contains("error"), "{quiet}");
    stage.goes_on();
}

#[test]
fn elements_of_the_stream_inside_a_stanza_are_data() {
    let mut stage = Stage::new(&Settings::new());
    let mut raw = bound(&stage.server);
    for inner in [
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<stream:stream to='localhost' version='1.0'/>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<message xmlns='jabber:client' to='user1@localhost'/>",
    ] {
        raw.send(format!("<message to='user2@localhost/romeo'>{inner}</message>"));
    }
    raw.ping("all-taken");
    let heard = (0..4).map(|_| stage.romeo.until("</message>")).collect::<String>();
    assert!(
        heard.contains("conflict") && heard.contains("PLAIN") && heard.contains("user3@localhost/mercutio"),
        "{heard}"
    );
    stage.romeo.until("</message>");
    stage.goes_on();
}

#[test]
fn a_prefix_of_one_stream_means_the_same_on_another() {
    let mut stage = Stage::new(&Settings::new());
    // What the sender calls `stream` or `x` is its own affair, and the receiver's prefixes are not rebound.
    let mut raw = secured(&stage.server);
    raw.plain("", "user3", "pw-user3");
    raw.until("<success");
    raw.until(">");
    raw.send(
        "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns:stream='urn:example:hostile' \
         xmlns='jabber:client' to='localhost' version='1.0'>",
    );
    raw.until("</stream:features>");
    raw.bind("mercutio");
    raw.send("<message to='user2@localhost/romeo'><stream:thing stream:a='1'/></message>");
    let heard = stage.romeo.until("</message>");
    assert!(heard.contains("urn:example:hostile"), "{heard}");
    stage.goes_on();
}

#[test]
fn the_end_of_the_stream_is_answered_and_nothing_behind_it_counts() {
    let mut stage = Stage::new(&Settings::new());
    let mut raw = bound(&stage.server);
    raw.send(format!(
        "</stream:stream>{}<message to='user2@localhost/romeo' type='chat'><body>late</body></message>",
        header("localhost")
    ));
    let rest = raw.rest();
    assert!(rest.ends_with("</stream:stream>") && !rest.contains("error"), "{rest}");
    stage.goes_on();
}

#[test]
fn who_writes_one_byte_after_the_other_does_not_keep_a_connection_without_a_login() {
    let mut stage = Stage::new(&Settings::new().set("timeouts.login", 2));
    type Start = fn(&Server) -> Raw;
    let starts: [(Start, String); 3] =
        [(connected, header("localhost")), (opened, String::new()), (secured, String::new())];
    std::thread::scope(|scope| {
        for (start, first) in starts {
            let server = &stage.server;
            scope.spawn(move || {
                let mut raw = start(server);
                // Each byte is legal, and the element will never end.
                let text = first.into_bytes().into_iter().chain(*b"<a xmlns='urn:x'>");
                let mut text = text.chain(std::iter::repeat(b'x'));
                let begin = Instant::now();
                loop {
                    raw.send([text.next().unwrap()]);
                    match raw.look(Duration::from_millis(20)) {
                        Ok(Seen::End) | Err(_) => break,
                        Ok(_) => assert!(begin.elapsed() < Duration::from_secs(40), "the connection stays"),
                    }
                }
                assert!(begin.elapsed() > Duration::from_secs(1), "{:?}", begin.elapsed());
            });
        }
        // Pings, white space and failed logins do not keep it either.
        let server = &stage.server;
        scope.spawn(move || {
            let mut raw = secured(server);
            let begin = Instant::now();
            while matches!(raw.look(Duration::from_millis(20)), Ok(Seen::Nothing | Seen::Something)) {
                raw.send(" ");
                assert!(begin.elapsed() < Duration::from_secs(40), "the connection stays");
            }
            raw.expect_stream_error("connection-timeout");
        });
    });
    stage.goes_on();
}

#[test]
fn who_begins_a_handshake_and_does_not_go_on_is_cut() {
    let mut stage = Stage::new(&Settings::new().set("timeouts.login", 1));
    let mut direct = Raw::connect(stage.server.c2s_direct_tls());
    direct.send(b"\x16\x03\x01\x02\x00\x01\x00");
    let mut starttls = opened(&stage.server);
    starttls.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    starttls.until("<proceed");
    let mut garbage = Raw::connect(stage.server.c2s_direct_tls());
    garbage.send(header("localhost"));
    for raw in [&mut direct, &mut starttls] {
        raw.rest();
    }
    // An alert, if anything; it is not text.
    while matches!(garbage.look(Duration::from_secs(20)), Ok(Seen::Something)) {}
    stage.goes_on();
}

#[test]
fn a_session_that_is_silent_for_too_long_ends() {
    let stage = Stage::new(&Settings::new().set("timeouts.idle", 2));
    let mut raw = bound(&stage.server);
    raw.expect_stream_error("connection-timeout");
}

#[test]
fn who_reads_nothing_is_given_up_and_the_server_stays_small() {
    let settings = Settings::new()
        .set("timeouts.write", 2)
        .set("timeouts.mailbox", 0.1)
        .set("limits.mailbox_bytes", 100_000)
        .set("limits.bytes_per_second", 0);
    let mut stage = Stage::new(&settings);
    stage.goes_on();
    let before = stage.server.status();
    let _deaf = Raw::login(&stage.server, "user3", "deaf");
    let mut writer = Raw::login(&stage.server, "user2", "writer");
    let text = "x".repeat(100_000);
    // 40 MB, if they were kept.
    for number in 0..400 {
        writer.send(format!(
            "<message to='user3@localhost/deaf' type='headline'><body>{text}</body></message>"
        ));
        if number % 20 == 0 {
            writer.ping(&format!("p{number}"));
        }
    }
    writer.ping("end");
    let after = stage.server.status();
    assert!(after.resident < before.resident + (16 << 20), "{before:?} {after:?}");
    stage.goes_on();
    let deadline = Instant::now() + WITHIN;
    while stage.server.status().sessions > 3 {
        assert!(Instant::now() < deadline, "the session stays");
    }
    stage.goes_on();
}
