//! SCRAM-PLUS with `tls-exporter`, which the Python of the tests does not have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_sasl::client::{Authenticated, Exchange, Login, Offer, Policy, Reply, choose};
use stonechat_sasl::scram::Advertised;
use stonechat_sasl::{BindingType, Channel, ChannelBinding};
use stonechat_tests::{Raw, Server, Settings, trusting};

const SASL: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";

fn secured(server: &Server) -> (Raw, String) {
    let tls = trusting(&server.certificate("localhost"));
    let mut raw = Raw::connect(server.c2s_direct_tls()).tls(tls, "localhost");
    let features = raw.open("localhost");
    (raw, features)
}

/// All texts between `open` and `close`.
fn texts<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inside, _)| inside).collect()
}

/// The data in the last element of a text.
fn data(text: &str) -> Vec<u8> {
    let (before, _) = text.rsplit_once("</").unwrap();
    STANDARD.decode(before.rsplit_once('>').unwrap().1).unwrap()
}

/// What the server's features say, as a client notes it.
fn advertised(features: &str) -> Advertised {
    // SASL2 has a list of its own.
    let own = texts(features, "<mechanisms", "</mechanisms>").concat();
    let mechanisms = texts(&own, "<mechanism>", "</mechanism>");
    let bindings = texts(features, "<channel-binding type=", "/>");
    let bindings = bindings.iter().map(|text| text.trim().trim_matches(['\'', '"']));
    Advertised::new(mechanisms).with_binding_types(bindings)
}

/// Logs in with that channel; the server's proof, or the failure.
fn log_in(raw: &mut Raw, features: &str, channel: &Channel) -> Result<Authenticated, String> {
    let login = Login::password("user1", "pw-user1");
    let choice = choose(&Offer::sasl(advertised(features)), channel, &login, &Policy::default()).unwrap();
    assert_eq!(choice.mechanism().name(), "SCRAM-SHA-512-PLUS");
    let (mut exchange, first) = Exchange::start(choice, login).unwrap();
    raw.send(format!("<auth {SASL} mechanism='SCRAM-SHA-512-PLUS'>{}</auth>", STANDARD.encode(first)));
    let challenge = data(&raw.until("</challenge>"));
    let Reply::Derive(derivation) = exchange.challenge(&challenge).unwrap() else {
        panic!("nothing to derive")
    };
    let response = exchange.derived(derivation.run()).unwrap();
    raw.send(format!("<response {SASL}>{}</response>", STANDARD.encode(response)));
    let answer = raw.until("</");
    let answer = answer + &raw.until(">");
    if answer.contains("<failure") {
        return Err(answer);
    }
    Ok(exchange.success(Some(&data(&answer))).unwrap())
}

#[test]
fn a_login_bound_to_the_keys_of_the_tls_session_succeeds_and_proves_the_offer() {
    let server = Settings::new().start_with_users(1);
    let (mut raw, features) = secured(&server);
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter(raw.tls_exporter()));
    let authenticated = log_in(&mut raw, &features, &channel).unwrap();
    assert_eq!(authenticated.binding(), Some(BindingType::TlsExporter));
    assert!(authenticated.is_mutual() && authenticated.is_offer_proved());
    raw.open("localhost");
    raw.bind("bound");
}

#[test]
fn a_login_bound_to_another_tls_session_fails() {
    let server = Settings::new().start_with_users(1);
    let (mut raw, features) = secured(&server);
    let (other, _) = secured(&server);
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter(other.tls_exporter()));
    let failure = log_in(&mut raw, &features, &channel).unwrap_err();
    assert!(failure.contains("<not-authorized"), "{failure}");
}

#[test]
fn an_offer_that_somebody_changed_fails() {
    let server = Settings::new().start_with_users(1);
    let (mut raw, features) = secured(&server);
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter(raw.tls_exporter()));
    // The weakest mechanism was taken out, so the hash of the offer (XEP-0474) differs.
    let changed = features.replace("<mechanism>PLAIN</mechanism>", "");
    assert_ne!(changed, features);
    let login = Login::password("user1", "pw-user1");
    let choice = choose(&Offer::sasl(advertised(&changed)), &channel, &login, &Policy::default()).unwrap();
    let (mut exchange, first) = Exchange::start(choice, login).unwrap();
    raw.send(format!("<auth {SASL} mechanism='SCRAM-SHA-512-PLUS'>{}</auth>", STANDARD.encode(first)));
    let challenge = data(&raw.until("</challenge>"));
    assert!(exchange.challenge(&challenge).is_err(), "the client has to notice");
}
