//! Logging in by SASL2 (XEP-0388) and Bind 2 (XEP-0386).

use proptest::prelude::*;
use stonechat_sasl::client::{self, Exchange, Login, Offer, Reply, choose};
use stonechat_sasl::scram::Advertised;
use stonechat_sasl::{Channel, ChannelBinding};
use stonechat_tests::sasl2::{Sasl2, attribute, text_of};
use stonechat_tests::{Raw, Settings, header};

const BIND: &str = "<bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag></bind>";
const PHONE: &str =
    "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>AwesomeXMPP</software></user-agent>";

/// All texts between `open` and `close`.
fn texts<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inside, _)| inside).collect()
}

/// What is inside the first element of that name.
fn inside<'t>(text: &'t str, name: &str) -> &'t str {
    texts(text, &format!("<{name}"), &format!("</{name}>"))[0]
}

#[test]
fn sasl2_is_offered_under_tls_only_and_with_the_mechanisms_of_the_old_profile() {
    let server = Settings::new().start();
    let mut raw = Raw::connect(server.c2s());
    raw.send(header("localhost"));
    assert!(!raw.until("</stream:features>").contains("sasl"));

    let features = Sasl2::connect(&server, "").features;
    let (new, old) = (inside(&features, "authentication"), inside(&features, "mechanisms"));
    assert_eq!(texts(new, "<mechanism>", "</mechanism>")[..7], texts(old, "<mechanism>", "</mechanism>"));
    assert!(new.contains("<bind xmlns='urn:xmpp:bind:0'>") && new.contains("urn:xmpp:carbons:2"), "{new}");
    assert!(features.contains("tls-exporter"), "{features}");
    let of_nobody = Sasl2::connect(&server, "nobody").features;
    let list = |text: &str| inside(text, "stream:features").to_owned();
    assert_eq!(list(&of_nobody), list(&features), "it tells nothing of accounts");
}

#[test]
fn one_exchange_authenticates_both_ends_and_binds_a_session() {
    let server = Settings::new().start_with_users(2);
    let mut client = Sasl2::connect(&server, "user1");
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter(client.raw.tls_exporter()));
    let names = texts(inside(&client.features, "mechanisms"), "<mechanism>", "</mechanism>");
    let types = texts(&client.features, "<channel-binding ", "/>").into_iter();
    let types = types.filter_map(|binding| binding.split(['\'', '"']).nth(1));
    let offer = Offer::sasl2(Advertised::new(names).with_binding_types(types));
    let login = Login::password("user1", "pw-user1");
    let policy = client::Policy::default().require_downgrade_protection();
    let choice = choose(&offer, &channel, &login, &policy).unwrap();
    assert_eq!(choice.mechanism().name(), "SCRAM-SHA-512-PLUS");
    let (mut exchange, first) = Exchange::start(choice, login).unwrap();

    let bind =
        "<bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/></bind>";
    client.authenticate("SCRAM-SHA-512-PLUS", &first, &format!("{PHONE}{bind}"));
    let Reply::Derive(derivation) = exchange.challenge(&client.challenge()).unwrap() else { panic!() };
    client.respond(&exchange.derived(derivation.run()).unwrap());
    let success = client.success();

    use base64::Engine as _;
    let data = text_of(&success, "additional-data").unwrap();
    let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let authenticated = exchange.success(Some(&data)).unwrap();
    assert!(authenticated.is_mutual() && authenticated.is_channel_bound() && authenticated.is_offer_proved());
    let jid = text_of(&success, "authorization-identifier").unwrap();
    assert!(jid.starts_with("user1@localhost/AwesomeXMPP/") && !jid.contains("d4565fa7"), "{jid}");
    assert!(success.contains("<bound xmlns='urn:xmpp:bind:0'"), "{success}");
    assert!(!success.contains("xmpp-bind") && !success.contains("<mechanism"), "{success}");

    // The session is at work, and has carbons.
    client.raw.ping("p1");
    let mut other = Raw::login(&server, "user1", "desk");
    other.send("<presence/>");
    other.ping("p2");
    let mut romeo = Raw::login(&server, "user2", "orchard");
    romeo.send("<message to='user1@localhost/desk' type='chat'><body>hi</body></message>");
    let carbon = client.raw.until("</message></forwarded>");
    assert!(carbon.contains("urn:xmpp:carbons:2") && carbon.contains(">hi<"), "{carbon}");
}

#[test]
fn without_bind_2_a_resource_is_bound_on_the_same_stream_as_ever() {
    let server = Settings::new().start_with_users(1);
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", "");
    let success = client.success();
    assert_eq!(text_of(&success, "authorization-identifier"), Some("user1@localhost"));
    assert!(success.contains("urn:ietf:params:xml:ns:xmpp-bind") && !success.contains("<bound"), "{success}");
    client.raw.bind("balcony");
    client.raw.ping("p");
    // The limits are those of who has logged in, without a restart (XEP-0478).
    let long = "x".repeat(20_000);
    client.raw.send(format!("<message to='user1@localhost/balcony'><body>{long}</body></message>"));
    assert!(client.raw.until("</message>").contains(&long));
}

#[test]
fn a_failure_does_nothing_and_another_attempt_may_follow_until_there_were_too_many() {
    let server = Settings::new().start_with_users(1);
    let mut client = Sasl2::connect(&server, "user1");
    client.authenticate("PLAIN", b"\0user1\0wrong", BIND);
    client.failure("not-authorized");
    client.authenticate("PLAIN", b"\0nobody\0wrong", BIND);
    client.failure("not-authorized");
    client.plain("user1", BIND);
    client.success();
    client.raw.ping("p");

    let mut client = Sasl2::connect(&server, "user1");
    for _ in 0..4 {
        client.authenticate("PLAIN", b"\0user1\0wrong", BIND);
        client.failure("not-authorized");
    }
    client.raw.expect_stream_error("policy-violation");
}

#[test]
fn failed_attempts_of_both_profiles_are_counted_together() {
    let server = Settings::new()
        .set("authentication.per_account.failures", 3)
        .set("authentication.per_account.forgotten_after", 3600)
        .set("authentication.per_account_and_ip.failures", 1)
        .set("authentication.per_account_and_ip.forgotten_after", 3600)
        .start_with_users(1);
    for _ in 0..2 {
        let mut client = Sasl2::connect(&server, "user1");
        client.authenticate("PLAIN", b"\0user1\0wrong", "");
        client.failure("not-authorized");
    }
    let mut raw = Raw::secured(&server, "localhost");
    for _ in 0..2 {
        raw.plain("", "user1", "wrong");
        raw.until("</failure>");
    }
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", BIND);
    client.failure("temporary-auth-failure");
}

#[test]
fn who_proves_to_be_another_account_than_that_of_the_stream_has_failed() {
    let server = Settings::new().start_with_users(2);
    let mut client = Sasl2::connect(&server, "user2");
    client.plain("user1", BIND);
    client.failure("invalid-authzid");
    client.plain("user2", BIND);
    client.success();
    let mut client = Sasl2::connect(&server, "");
    client.authenticate("PLAIN", b"user2@localhost\0user1\0pw-user1", BIND);
    client.failure("invalid-authzid");
    client.plain("user1", BIND);
    client.success();
}

#[test]
fn a_mechanism_that_is_not_offered_is_refused() {
    let server = Settings::new().set("authentication.mechanisms", vec!["SCRAM-SHA-1"]).start_with_users(1);
    for mechanism in ["PLAIN", "ANONYMOUS", "EXTERNAL", "SCRAM-SHA-257", "", "SCRAM-SHA-256"] {
        let mut client = Sasl2::connect(&server, "user1");
        client.plain("user1", "");
        client.failure("invalid-mechanism");
        client.authenticate(mechanism, b"\0user1\0pw-user1", BIND);
        client.failure("invalid-mechanism");
    }
}

#[test]
fn nothing_else_may_come_while_an_exchange_is_under_way() {
    let server = Settings::new().start_with_users(1);
    let begin = |client: &mut Sasl2| {
        client.authenticate("SCRAM-SHA-1", b"n,,n=user1,r=abcdefgh", BIND);
        client.challenge();
    };
    for other in [
        "<message/>",
        "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHVzZXIxAHB3LXVzZXIx</auth>",
        "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ] {
        let mut client = Sasl2::connect(&server, "user1");
        begin(&mut client);
        client.raw.send(other);
        client.raw.expect_stream_error("policy-violation");
    }
    for other in ["<x xmlns='urn:x'/>", "<challenge xmlns='urn:xmpp:sasl:2'/>"] {
        let mut client = Sasl2::connect(&server, "user1");
        begin(&mut client);
        client.raw.send(other);
        client.raw.expect_stream_error("unsupported-stanza-type");
    }
    let mut client = Sasl2::connect(&server, "user1");
    begin(&mut client);
    client.plain("user1", BIND);
    client.raw.expect_stream_error("unsupported-stanza-type");
    // The client may give up, and begin anew.
    let mut client = Sasl2::connect(&server, "user1");
    begin(&mut client);
    client.raw.send("<abort xmlns='urn:xmpp:sasl:2'><text>changed my mind</text></abort>");
    client.failure("aborted");
    client.respond(b"too late");
    client.failure("malformed-request");
    client.plain("user1", BIND);
    client.success();
}

#[test]
fn there_is_one_authentication_on_a_stream() {
    let server = Settings::new().start_with_users(2);
    for more in ["", BIND] {
        let mut client = Sasl2::connect(&server, "");
        client.plain("user1", more);
        client.success();
        client.plain("user2", BIND);
        client.raw.expect_stream_error("unsupported-stanza-type");
    }
    // Nor by the one profile after the other.
    let mut raw = Raw::authenticated(&server, "user1");
    raw.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>");
    raw.expect_stream_error("unsupported-stanza-type");
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", "");
    client.success();
    client.raw.plain("", "user1", "pw-user1");
    client.raw.expect_stream_error("unsupported-stanza-type");
}

#[test]
fn the_same_installation_gets_its_resource_again_and_its_earlier_session_ends() {
    let server = Settings::new().start_with_users(1);
    let log_in = |more: &str| {
        let mut client = Sasl2::connect(&server, "user1");
        client.plain("user1", more);
        let jid = text_of(&client.success(), "authorization-identifier").unwrap().to_owned();
        (client, jid)
    };
    let bound = format!("{PHONE}{BIND}");
    let (mut first, jid) = log_in(&bound);
    let (mut second, again) = log_in(&bound);
    assert_eq!(jid, again);
    first.raw.expect_stream_error("conflict");
    // Another tag is another resource, and the same installation.
    let (mut third, other) = log_in(&bound.replace("<tag>AwesomeXMPP", "<tag>Other"));
    assert_ne!(jid, other);
    second.raw.expect_stream_error("conflict");
    let (_, anonymous) = log_in(BIND);
    assert_ne!(jid, anonymous);
    third.raw.ping("p");
}

#[test]
fn an_account_without_room_for_a_session_is_logged_in_without_one() {
    let server = Settings::new().set("limits.sessions_per_account", 1).start_with_users(1);
    let _first = Raw::login(&server, "user1", "first");
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", BIND);
    let success = client.success();
    assert_eq!(text_of(&success, "authorization-identifier"), Some("user1@localhost"));
    assert!(!success.contains("<bound"), "{success}");
    client.raw.bind("first");
}

#[test]
fn somebody_anonymous_can_bind_together_with_the_login() {
    let server = Settings::new().set("hosts.localhost.anonymous", true).start();
    let mut client = Sasl2::connect(&server, "");
    client.authenticate(
        "ANONYMOUS",
        b"",
        &format!("{PHONE}{BIND}<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"),
    );
    let success = client.success();
    assert!(success.contains("@localhost/AwesomeXMPP/") && !success.contains("<token"), "{success}");
    client.raw.ping("p");
}

#[test]
fn what_is_pipelined_behind_the_login_is_read_in_the_session() {
    let server = Settings::new().start_with_users(1);
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", BIND);
    let answers = client.raw.ping("pipelined");
    assert!(answers.contains("<success") && answers.contains("</stream:features>"), "{answers}");
}

/// What a client may send in a random order; none of it proves anything.
const NOISE: &[&str] = &[
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-1'><initial-response>biwsbj11c2VyMSxyPWFiY2RlZmdo</initial-response>\
     <bind xmlns='urn:xmpp:bind:0'/></authenticate>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AHVzZXIxAHdyb25n</initial-response></authenticate>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>dXNlcjEAeA==</initial-response>\
     <user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/><fast xmlns='urn:xmpp:fast:0'/></authenticate>",
    "<response xmlns='urn:xmpp:sasl:2'>Yz1iaXdzLHI9YWJjZGVmZ2gscD1BQUFB</response>",
    "<response xmlns='urn:xmpp:sasl:2'/>",
    "<abort xmlns='urn:xmpp:sasl:2'/>",
    "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>user1@localhost/x</authorization-identifier></success>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biwsbj11c2VyMSxyPWFiY2RlZmdo</auth>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Yz1iaXdz</response>",
    "<bind xmlns='urn:xmpp:bind:0'/>",
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
];

#[test]
fn nobody_is_authenticated_without_proof_whatever_comes_in_whatever_order() {
    let server = Settings::new()
        .set("authentication.per_ip.failures", 100_000)
        .set("authentication.per_ip.forgotten_after", 1)
        .set("authentication.per_account.failures", 100_000)
        .set("authentication.per_account.forgotten_after", 1)
        .set("authentication.failures_per_stream", 10)
        .start_with_users(1);
    let orders = prop::collection::vec(0..NOISE.len(), 1..8);
    proptest!(ProptestConfig { cases: 60, ..ProptestConfig::default() }, |(order in orders)| {
        let mut client = Sasl2::connect(&server, "user1");
        for index in order {
            client.raw.send(NOISE[index]);
        }
        client.raw.send("</stream:stream>");
        let said = client.raw.rest();
        prop_assert!(!said.contains("<success") && !said.contains("jid>") && !said.contains("<bound"), "{}", said);
    });
    // It is as it was.
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", BIND);
    let success = client.success();
    assert_eq!(attribute(&success, "var"), None);
}
