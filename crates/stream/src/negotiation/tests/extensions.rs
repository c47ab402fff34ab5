//! Where extensions take part in the server's negotiation.

use stonechat_stanza::{Element, Stanza};

use super::server::{Script, host, secure, unprotected};
use super::*;
use crate::negotiation::server::{Action, Answer, Awaits, Config};

fn reply() -> Vec<Element> {
    vec![Element::bare("success", "urn:xmpp:sasl:2")]
}

#[test]
fn a_registration_is_handed_out_and_its_answer_sent() {
    let mut script = Script::opened(secure());
    script.frame(read(REGISTER));
    let actions = script.actions();
    let [Action::Iq(request)] = &actions[..] else { panic!("{actions:?}") };
    let answer: Stanza = request.reply();
    script.stream.answer_iq(Some(&answer));
    assert!(script.sent().contains("r1"));
    script.frame(read(PLAIN));
    assert!(
        matches!(script.actions()[..], [Action::Authenticate { .. }]),
        "authentication goes on on this stream"
    );
}

#[test]
fn an_iq_that_nobody_answers_is_not_authorized() {
    let mut script = Script::opened(secure());
    script.frame(read(REGISTER));
    script.stream.answer_iq(None);
    assert!(script.sent().contains("<not-authorized"));
}

#[test]
fn requests_before_authentication_are_bounded() {
    let mut script = Script::opened(Config { max_requests: 2, ..secure() });
    for _ in 0..2 {
        script.frame(read(UNKNOWN));
        script.stream.answer_nonza(Answer::Reply(Vec::new()));
    }
    assert_eq!(script.stream.awaits(), Awaits::Frame);
    script.frame(read(REGISTER));
    assert!(script.sent().contains("<policy-violation"));
}

#[test]
fn an_element_that_nobody_knows_is_unsupported() {
    let mut script = Script::opened(secure());
    script.frame(read(UNKNOWN));
    assert!(matches!(script.actions()[..], [Action::Nonza(_)]));
    script.stream.answer_nonza(Answer::Unsupported);
    assert!(script.sent().contains("<unsupported-stanza-type"));
}

#[test]
fn an_extension_can_authenticate_without_a_restart() {
    let mut script = Script::opened(secure());
    script.frame(read(UNKNOWN));
    script.actions();
    script.stream.answer_nonza(Answer::Authenticated { account: juliet(), reply: reply() });
    let actions = script.actions();
    let [Action::Send(_), Action::HostWanted(wanted)] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(wanted.account, Some(juliet()));
    script.stream.host(Some(host()));
    let sent = script.sent();
    assert!(
        sent.contains("xmpp-bind") && !sent.contains("<stream:stream ") && !sent.contains("mechanism"),
        "{sent}"
    );
    script.frame(read(BIND));
    assert!(matches!(script.actions()[..], [Action::Bind { .. }]));
}

#[test]
fn an_extension_can_establish_the_session() {
    for mut script in [Script::opened(secure()), Script::authenticated()] {
        script.frame(read(UNKNOWN));
        script.actions();
        script.stream.answer_nonza(Answer::Established { jid: balcony(), reply: reply() });
        assert!(
            matches!(&script.actions()[..], [Action::Send(_), Action::Established(jid)] if *jid == balcony())
        );
        assert_eq!(script.stream.account(), Some(&juliet()));
    }
}

#[test]
fn an_extension_cannot_make_the_client_someone_of_another_host_or_someone_else() {
    let other = FullJid::parse("juliet@other.example/x").unwrap();
    let mut script = Script::opened(secure());
    script.frame(read(UNKNOWN));
    script.stream.answer_nonza(Answer::Established { jid: other.clone(), reply: Vec::new() });
    assert!(script.sent().contains("<internal-server-error"));
    let mut script = Script::opened(secure());
    script.frame(read(UNKNOWN));
    script.stream.answer_nonza(Answer::Authenticated { account: other.to_bare(), reply: Vec::new() });
    assert!(script.sent().contains("<internal-server-error"));
    let mut script = Script::authenticated();
    script.frame(read(UNKNOWN));
    let romeo = FullJid::parse("romeo@im.example.com/orchard").unwrap();
    script.stream.answer_nonza(Answer::Established { jid: romeo, reply: Vec::new() });
    assert!(script.sent().contains("<internal-server-error"));
}

#[test]
fn failed_authentications_of_an_extension_count() {
    let mut script = Script::opened(Config { max_failures: 1, ..secure() });
    script.frame(read(UNKNOWN));
    script.stream.answer_nonza(Answer::Failed(vec![Element::bare("failure", "urn:xmpp:sasl:2")]));
    let sent = script.sent();
    assert!(sent.contains("<failure") && sent.contains("<policy-violation"), "{sent}");
}

fn challenged() -> Script {
    let mut script = Script::opened(secure());
    script.frame(read(UNKNOWN));
    script.actions();
    script.stream.answer_nonza(Answer::Challenge(vec![Element::bare("challenge", "urn:xmpp:sasl:2")]));
    assert!(script.sent().contains("<challenge"));
    script
}

#[test]
fn an_authentication_of_an_extension_goes_on_with_its_next_element() {
    let mut script = challenged();
    assert_eq!(script.stream.awaits(), Awaits::Frame);
    script.frame(read(UNKNOWN));
    assert!(matches!(script.actions()[..], [Action::Nonza(_)]));
    script.stream.answer_nonza(Answer::Authenticated { account: juliet(), reply: reply() });
    assert_eq!(script.stream.account(), Some(&juliet()));
}

#[test]
fn a_failed_authentication_of_an_extension_leads_back_to_the_features() {
    let mut script = challenged();
    script.frame(read(UNKNOWN));
    script.actions();
    script.stream.answer_nonza(Answer::Failed(reply()));
    script.frame(read(PLAIN));
    assert!(matches!(&script.actions()[..], [Action::Send(_), Action::Authenticate { .. }]));
}

#[test]
fn nothing_else_is_taken_while_an_authentication_of_an_extension_is_under_way() {
    for other in [PLAIN, RESPONSE, ABORT, STARTTLS, MESSAGE, REGISTER, BIND] {
        let mut script = challenged();
        script.frame(read(other));
        assert!(script.sent().contains("<policy-violation"), "{other}");
        assert_eq!(script.stream.account(), None);
    }
    let mut script = challenged();
    script.open();
    assert!(script.sent().contains("stream:error"), "a header");
}

#[test]
fn who_has_authenticated_is_not_challenged_again() {
    let mut script = Script::authenticated();
    script.frame(read(UNKNOWN));
    script.actions();
    script.stream.answer_nonza(Answer::Challenge(Vec::new()));
    assert!(script.sent().contains("<internal-server-error"));
}

#[test]
fn an_account_of_another_domain_in_a_protected_header_is_an_invalid_from() {
    for (config, refused) in [(secure(), true), (unprotected(), false)] {
        let mut script = Script::new(config);
        script.open_with(StreamHeader { from: Some("juliet@other.example".into()), ..header() });
        assert_eq!(script.sent().contains("<invalid-from"), refused);
    }
}
