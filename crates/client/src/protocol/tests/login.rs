//! Logins, and what servers must not get away with.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use stonechat_sasl::client::{Login, Policy};
use stonechat_sasl::{Channel, ChannelBinding, Mechanism};
use stonechat_stanza::Element;

use super::*;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='example.com' id='1' version='1.0'>";

/// A machine whose server is the test.
struct Script {
    machine: Machine,
    now: Instant,
    events: Vec<Event>,
    sent: String,
}

impl Script {
    /// Over TLS that is there from the beginning.
    fn new(config: Config) -> Self {
        Self::beginning(config, Vec::new())
    }

    /// The same, and the session is to begin with this.
    fn beginning(config: Config, beginnings: Vec<(&'static str, Element)>) -> Self {
        let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter([7; 32]));
        let mut script = Self {
            machine: Machine::new(config),
            now: Instant::now(),
            events: Vec::new(),
            sent: String::new(),
        };
        script.machine.start();
        script.machine.begin_with(beginnings);
        script.take();
        script.machine.connected(Some(channel), script.now);
        script.take();
        script
    }

    fn take(&mut self) {
        let mut out = BytesMut::new();
        loop {
            while self.machine.poll_output(&mut out) {}
            match self.machine.poll_event() {
                Some(Event::Derive(derivation)) => self.machine.derived(derivation.run(), self.now),
                Some(event) => self.events.push(event),
                None => break,
            }
        }
        self.sent.push_str(std::str::from_utf8(&out).unwrap());
    }

    /// The server says this; gives what the client says.
    fn say(&mut self, xml: &str) -> String {
        self.sent.clear();
        self.machine.feed(xml.as_bytes(), self.now);
        self.take();
        self.sent.clone()
    }

    fn error(&self) -> &Error {
        let offline = self.events.iter().find_map(|event| match event {
            Event::Offline { error, .. } => Some(error),
            _ => None,
        });
        offline.unwrap_or_else(|| panic!("no error among {:?}", self.events))
    }

    fn is_over(&self) -> bool {
        self.machine.is_closed()
    }
}

fn tls() -> Config {
    Config::new("juliet@example.com".parse().unwrap(), Login::password("juliet", "r0m30"))
}

fn features(inner: &str) -> String {
    format!("{HEADER}<stream:features>{inner}</stream:features>")
}

fn mechanisms(names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("<mechanism>{name}</mechanism>")).collect();
    format!("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{names}</mechanisms>")
}

fn sasl(name: &str, data: &str) -> String {
    let encoded = stonechat_sasl::encoding::encode(data.as_bytes());
    format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{encoded}</{name}>")
}

/// The text of the last element that the client sent.
fn message(sent: &str) -> String {
    let text = sent.rsplit_once("</").unwrap().0.rsplit_once('>').unwrap().1;
    String::from_utf8(stonechat_sasl::encoding::decode(text).unwrap()).unwrap()
}

fn nonce(initial: &str) -> String {
    initial.rsplit_once("r=").unwrap().1.to_owned()
}

#[test]
fn the_whole_login_with_a_real_mechanism_leads_to_a_session() {
    let mut world = World::new(Config { resource: Some("balcony".into()), ..config() });
    world.settle();
    assert_eq!(world.online, [false]);
}

#[test]
fn a_wrong_password_is_final() {
    let wrong = Login::password("juliet", "wrong");
    let mut world = World::new(Config { login: wrong, ..config() });
    for _ in 0..50 {
        world.flow(usize::MAX, usize::MAX);
    }
    let Some(Some(error)) = &world.closed else { panic!("it goes on") };
    assert_eq!(error.fault(), Fault::Credentials, "{error}");
}

#[test]
fn plain_is_not_said_unless_it_is_allowed() {
    let mut script = Script::new(tls());
    assert!(!script.say(&features(&mechanisms(&["PLAIN"]))).contains("<auth"));
    assert_eq!((script.error().fault(), script.is_over()), (Fault::Policy, true));

    let mut script = Script::new(Config { policy: Policy::default().allow(Mechanism::Plain), ..tls() });
    assert!(script.say(&features(&mechanisms(&["PLAIN"]))).contains("mechanism='PLAIN'"));
}

#[test]
fn plain_is_not_said_in_the_clear_even_if_it_is_allowed() {
    let config = Config { policy: Policy::default().allow(Mechanism::Plain), ..config() };
    let mut machine = Machine::new(config);
    let now = Instant::now();
    machine.start();
    machine.connected(None, now);
    machine.feed(features(&mechanisms(&["PLAIN"])).as_bytes(), now);
    let mut out = BytesMut::new();
    while machine.poll_output(&mut out) {}
    assert!(!String::from_utf8(out.to_vec()).unwrap().contains("<auth") && machine.is_closed());
}

#[test]
fn without_tls_nothing_is_done_where_it_is_required() {
    let mut machine = Machine::new(tls());
    let now = Instant::now();
    machine.start();
    machine.connected(None, now);
    machine.feed(features(&mechanisms(&["SCRAM-SHA-256"])).as_bytes(), now);
    let mut out = BytesMut::new();
    while machine.poll_output(&mut out) {}
    let sent = String::from_utf8(out.to_vec()).unwrap();
    assert!(!sent.contains("<auth") && !sent.contains("juliet") && machine.is_closed(), "{sent}");
}

#[test]
fn success_without_the_servers_signature_is_refused() {
    let mut script = Script::new(tls());
    let sent = script.say(&features(&mechanisms(&["SCRAM-SHA-256"])));
    let first = format!("r={}more,s=c2FsdA==,i=4096", nonce(&message(&sent)));
    script.say(&sasl("challenge", &first));
    let sent = script.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert!(!sent.contains("<stream:stream"));
    assert!(matches!(script.error(), Error::Mechanism(stonechat_sasl::client::Error::SignatureMissing)));
    assert_eq!((script.error().fault(), script.is_over()), (Fault::Server, true));
}

#[test]
fn success_with_a_wrong_signature_is_refused() {
    let mut script = Script::new(tls());
    let sent = script.say(&features(&mechanisms(&["SCRAM-SHA-256"])));
    let first = format!("r={}more,s=c2FsdA==,i=4096", nonce(&message(&sent)));
    script.say(&sasl("challenge", &first));
    script.say(&sasl("success", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    assert!(matches!(script.error(), Error::Mechanism(stonechat_sasl::client::Error::SignatureMismatch)));
    assert!(script.is_over());
}

#[test]
fn success_at_once_is_refused() {
    let mut script = Script::new(tls());
    script.say(&features(&mechanisms(&["SCRAM-SHA-256"])));
    script.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert!(matches!(script.error(), Error::Mechanism(_)) && script.is_over());
}

#[test]
fn an_iteration_count_that_would_keep_us_busy_is_refused_before_anything_is_derived() {
    let mut script = Script::new(tls());
    let sent = script.say(&features(&mechanisms(&["SCRAM-SHA-256"])));
    let first = format!("r={}more,s=c2FsdA==,i=4000000000", nonce(&message(&sent)));
    let began = Instant::now();
    script.say(&sasl("challenge", &first));
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(matches!(script.error(), Error::Mechanism(_)) && script.is_over(), "{}", script.error());
}

#[test]
fn mechanisms_taken_out_of_the_offer_are_noticed() {
    // Channel bindings are announced and -PLUS is not there (XEP-0440 §3).
    let mut script = Script::new(tls());
    let bindings = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>";
    script.say(&features(&format!("{}{bindings}", mechanisms(&["SCRAM-SHA-1"]))));
    assert_eq!((script.error().fault(), script.is_over()), (Fault::Server, true));

    // The server's word on what it offered differs from what came (XEP-0474 §6.2).
    let mut script = Script::new(tls());
    let sent = script.say(&features(&mechanisms(&["SCRAM-SHA-1"])));
    let offered = stonechat_sasl::scram::Advertised::new(["SCRAM-SHA-1", "SCRAM-SHA-256"]);
    let digest = offered.digest(stonechat_sasl::scram::Hash::Sha1);
    let first = format!("r={}more,s=c2FsdA==,i=4096,h={digest}", nonce(&message(&sent)));
    script.say(&sasl("challenge", &first));
    assert!(
        matches!(script.error(), Error::Mechanism(stonechat_sasl::client::Error::Downgrade)),
        "{}",
        script.error()
    );
}

#[test]
fn endless_features_end_the_login() {
    let mut script = Script::new(tls());
    script.say(&format!("{HEADER}<stream:features>"));
    for _ in 0..100 {
        script.say(&"<x xmlns='urn:example:x'>abcdefgh</x>".repeat(20));
    }
    assert!(matches!(script.error(), Error::Xml(_)), "{}", script.error());

    let mut script = Script::new(tls());
    script.say(&features(&mechanisms(&["SCRAM-SHA-256"])));
    script.say(&"<x xmlns='urn:example:x'/>".repeat(100));
    assert_eq!(script.error().fault(), Fault::Server);
}

#[test]
fn a_login_that_does_not_get_on_ends_in_time() {
    let mut script = Script::new(tls());
    script.say(HEADER);
    script.now += Duration::from_secs(60);
    script.machine.timeout(script.now);
    script.take();
    assert!(matches!(script.error(), Error::LoginTimeout) && !script.is_over());
}

#[test]
fn depth_and_size_are_bounded() {
    let mut world = World::new(config());
    world.settle();
    world.peer.write(&format!("<message>{}", "<a>".repeat(100)));
    world.flow(0, usize::MAX);
    assert!(matches!(world.offline[..], [Error::Xml(_)]));

    let mut world = World::new(config());
    world.settle();
    let begun = "<message><body>";
    world.peer.write(begun);
    for _ in 0..160 {
        world.peer.write(&"x".repeat(65_536));
        world.flow(0, usize::MAX);
        if !world.offline.is_empty() {
            break;
        }
    }
    assert!(matches!(world.offline[..], [Error::Xml(_)]), "10 MB are never held");
    world.settle();
    assert_eq!(world.online, [false, true], "and the session goes on");
}

#[test]
fn a_binding_that_nobody_said_to_know_and_that_is_refused_is_left_out() {
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";
    let offer = features(&mechanisms(&["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]));
    let mut script = Script::new(tls());
    assert!(message(&script.say(&offer)).starts_with("p=tls-exporter"));
    assert!(message(&script.say(failure)).starts_with("n,,"));
    script.say(failure);
    assert_eq!(script.error().fault(), Fault::Credentials);

    // Not where that is not wished for, where the policy asks for binding, or where the server says to know it.
    let strict = Config { policy: Policy::default().require_channel_binding(), ..tls() };
    let bindings = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>";
    let announced = offer.replace("</stream:features>", &format!("{bindings}</stream:features>"));
    for (config, offer) in
        [(Config { unbound_after_refusal: false, ..tls() }, &offer), (strict, &offer), (tls(), &announced)]
    {
        let mut script = Script::new(config);
        assert!(message(&script.say(offer)).starts_with("p=tls-exporter"));
        assert!(!script.say(failure).contains("<auth"));
        assert_eq!(script.error().fault(), Fault::Credentials);
    }
}

fn sasl2(mechanism: &str) -> String {
    features(&format!(
        "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>{mechanism}</mechanism><inline><sm xmlns='urn:xmpp:sm:3'/>\
         <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind>\
         <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism></fast></inline></authentication>"
    ))
}

fn with_sasl2() -> Config {
    let agent = UserAgent { id: Some("d4565fa7-4d72-4749-b3d3-740edbf87770".into()), ..UserAgent::default() };
    Config { policy: Policy::default().allow(Mechanism::Plain), user_agent: agent, ..tls() }
}

const SUCCESS: &str = "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@example.com/a1</authorization-identifier>\
    <bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='one' resume='true'/></bound>\
    <token xmlns='urn:xmpp:fast:0' token='sesame' expiry='2030-01-01T00:00:00Z'/></success>";

/// XEP-0386 §3.2.
#[test]
fn a_session_begins_with_what_the_server_can_do_together_with_the_login() {
    let beginnings = ["urn:xmpp:csi:0", "urn:example"].map(|ns| (ns, Element::bare("inactive", ns)));
    for (feature, expected) in [("urn:xmpp:csi:0", true), ("urn:xmpp:carbons:2", false)] {
        let mut script = Script::beginning(with_sasl2(), beginnings.to_vec());
        let sent = script.say(&sasl2("PLAIN").replace("var='urn:xmpp:sm:3'", &format!("var='{feature}'")));
        let (_, bind) = sent.split_once("<bind").unwrap();
        assert_eq!(bind.contains("<inactive xmlns='urn:xmpp:csi:0'/>"), expected, "{sent}");
        assert!(!bind.contains("urn:example") && !bind.contains("<enable"), "{sent}");
    }
}

#[test]
fn sasl2_binds_enables_and_brings_a_token_in_one_go_and_resumes_with_it() {
    let mut script = Script::new(with_sasl2());
    let sent = script.say(&sasl2("PLAIN"));
    assert!(
        sent.contains("<authenticate") && sent.contains("<request-token") && sent.contains("<enable"),
        "{sent}"
    );
    script.say(&format!("{SUCCESS}<stream:features/>"));
    let online = |event: &&Event| matches!(event, Event::Online { resumed: false, jid, .. } if jid.as_str() == "juliet@example.com/a1");
    assert!(script.events.iter().any(|event| online(&event)), "{:?}", script.events);
    assert!(script.events.iter().any(|event| matches!(event, Event::Token(Some(token)) if token.used == 0)));
    script.say("<message id='1'/>");

    // The connection breaks; the token takes the place of the password, and the session goes on.
    script.machine.lost(Error::Network("cut".into()), script.now);
    script.now += Duration::from_secs(10);
    script.machine.timeout(script.now);
    script.take();
    script.events.clear();
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter([8; 32]));
    script.machine.connected(Some(channel), script.now);
    let sent = script.say(&sasl2("PLAIN"));
    assert!(
        sent.contains("mechanism='HT-SHA-256-EXPR'")
            && sent.contains("<fast xmlns='urn:xmpp:fast:0' count='1'/>"),
        "{sent}"
    );
    assert!(sent.contains("<resume xmlns='urn:xmpp:sm:3' h='1' previd='one'/>"), "{sent}");
    assert!(script.events.iter().any(|event| matches!(event, Event::Token(Some(token)) if token.used == 1)));

    // It is worth nothing: then there is still the password, on the same stream.
    let failure = "<failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>";
    let sent = script.say(failure);
    assert!(sent.contains("mechanism='PLAIN'") && sent.contains("<resume"), "{sent}");
    assert!(script.events.iter().any(|event| matches!(event, Event::Token(None))));
    // XEP-0198 §9.2: no features follow.
    script.say("<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@example.com/a1</authorization-identifier>\
        <resumed xmlns='urn:xmpp:sm:3' h='0' previd='one'/></success><message id='2'/>");
    assert!(
        script.events.iter().any(|event| matches!(event, Event::Online { resumed: true, .. })),
        "{:?}",
        script.events
    );
    assert!(
        script.events.iter().any(|event| matches!(event, Event::Stanza(stanza) if stanza.id() == Some("2")))
    );
}

#[test]
fn a_token_that_the_server_cannot_prove_to_know_ends_the_login() {
    let token = FastToken {
        token: stonechat_sasl::Token::new("sesame").unwrap(),
        mechanism: Mechanism::HT_SHA_256_EXPR,
        used: 3,
    };
    let mut script = Script::new(Config { token: Some(token), ..with_sasl2() });
    assert!(script.say(&sasl2("PLAIN")).contains("count='4'"));
    script.say(&format!("{SUCCESS}<stream:features/>"));
    assert!(matches!(script.error(), Error::Mechanism(stonechat_sasl::client::Error::SignatureMissing)));
}

#[test]
fn further_steps_are_refused_by_name() {
    let mut script = Script::new(with_sasl2());
    script.say(&sasl2("PLAIN"));
    script.say("<continue xmlns='urn:xmpp:sasl:2'><tasks><task>TOTP</task></tasks></continue>");
    assert!(matches!(script.error(), Error::MoreSteps));
}

#[test]
fn another_session_than_that_which_was_asked_for_is_refused() {
    let mut script = Script::new(with_sasl2());
    script.say(&sasl2("PLAIN"));
    script.say("<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@example.com/a1</authorization-identifier>\
        <resumed xmlns='urn:xmpp:sm:3' h='0' previd='other'/></success>");
    assert!(matches!(script.error(), Error::Protocol(_)));
}

#[test]
fn a_resource_that_is_taken_is_replaced_by_one_of_the_servers() {
    let mut script = Script::new(Config { sasl2: false, resource: Some("balcony".into()), ..with_sasl2() });
    script.say(&features(&mechanisms(&["PLAIN"])));
    script.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    let sent = script.say(&features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"));
    assert!(sent.contains("<resource>balcony</resource>"), "{sent}");
    let sent = script.say("<iq type='error' id='bind-1'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    assert!(sent.contains("<bind") && !sent.contains("<resource>"), "{sent}");
    script.say("<iq type='result' id='bind-2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@example.com/made</jid></bind></iq>");
    assert!(script.events.iter().any(|event| matches!(event, Event::Online { .. })));
}
