//! STARTTLS and SASL on the server.

use super::server::{Script, secure, unprotected};
use super::*;
use crate::negotiation::server::{Action, Awaits, Close, Config};
use crate::sasl;

#[test]
fn starttls_is_granted_and_everything_before_it_forgotten() {
    let mut script = Script::opened(unprotected());
    script.frame(read(STARTTLS));
    let actions = script.actions();
    let [Action::Send(sent), Action::StartTls] = &actions[..] else { panic!("{actions:?}") };
    assert!(written(sent.clone()).starts_with("<proceed"));
    assert_eq!(script.stream.awaits(), Awaits::Tls);
    script.stream.tls_established();
    assert!(script.stream.is_secure() && script.stream.header().is_none());
    script.open();
    let sent = script.sent();
    assert!(sent.contains("<stream:stream ") && sent.contains("<mechanism"), "{sent}");
    assert!(!sent.contains("starttls"), "{sent}");
}

#[test]
fn plaintext_behind_starttls_closes_the_stream() {
    let mut script = Script::opened(unprotected());
    script.stream.frame(read(STARTTLS), 1);
    assert_eq!(script.close(), Some(Close::TlsRefused));
    let sent = script.sent();
    assert!(sent.contains("<failure") && !sent.contains("<proceed"), "{sent}");
}

#[test]
fn starttls_that_was_not_offered_fails() {
    for config in [secure(), Config { tls: Tls::Unavailable, ..unprotected() }] {
        let mut script = Script::opened(config);
        script.frame(read(STARTTLS));
        assert_eq!(script.close(), Some(Close::TlsRefused));
    }
    let mut script = Script::authenticated();
    script.frame(read(STARTTLS));
    assert_eq!(script.close(), Some(Close::TlsRefused));
}

#[test]
fn with_tls_required_nothing_is_done_in_the_clear() {
    for (xml, refusal) in [
        (PLAIN, "<encryption-required"),
        (REGISTER, "<not-authorized"),
        (UNKNOWN, "<unsupported-stanza-type"),
        (MESSAGE, "<not-authorized"),
    ] {
        let mut script = Script::opened(unprotected());
        script.frame(read(xml));
        let actions = script.actions();
        let asked = actions.iter().any(|action| !matches!(action, Action::Send(_) | Action::Close(_)));
        assert!(!asked, "{xml}: {actions:?}");
        let [Action::Send(sent), ..] = &actions[..] else { panic!("{actions:?}") };
        assert!(written(sent.clone()).contains(refusal), "{xml}");
    }
}

#[test]
fn stanzas_before_authentication_are_not_authorized() {
    for xml in [
        MESSAGE,
        "<presence/>",
        "<iq type='result' id='a'/>",
        "<iq type='get'><query xmlns='jabber:iq:register'/></iq>",
    ] {
        let mut script = Script::opened(secure());
        script.frame(read(xml));
        let sent = script.sent();
        assert!(sent.contains("<not-authorized"), "{xml}: {sent}");
    }
}

#[test]
fn an_exchange_leads_to_success_and_a_restart() {
    let mut script = Script::opened(secure());
    script.frame(read(SCRAM));
    let actions = script.actions();
    let [Action::Authenticate { mechanism, initial }] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!((mechanism.as_str(), initial.as_deref()), ("SCRAM-SHA-1", Some(&b"n,,"[..])));
    script.stream.challenge(b"n,,");
    assert!(script.sent().contains(">biws</challenge>"));
    script.frame(read(RESPONSE));
    assert!(matches!(&script.actions()[..], [Action::Respond(data)] if data[..] == *b"n,,"));
    script.stream.success(juliet(), Some(b"n,,"));
    let actions = script.actions();
    let [Action::Send(sent), Action::Restart] = &actions[..] else { panic!("{actions:?}") };
    assert!(written(sent.clone()).contains(">biws</success>"));
    assert_eq!(script.stream.account(), Some(&juliet()));
}

#[test]
fn a_mechanism_that_is_not_offered_is_refused() {
    let mut script = Script::opened(secure());
    script.frame(read("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"));
    let actions = script.actions();
    let [Action::Send(sent)] = &actions[..] else { panic!("{actions:?}") };
    assert!(written(sent.clone()).contains("<invalid-mechanism"));
    // Nor is one that another host or another stage of the stream offers.
    let mut script = Script::new(Config { tls: Tls::Optional, ..unprotected() });
    script.frame(Frame::Open(header()));
    script.stream.host(Some(crate::negotiation::server::Host::new(["EXTERNAL"])));
    script.frame(read(PLAIN));
    assert!(script.sent().contains("<invalid-mechanism"));
}

#[test]
fn an_offer_in_the_clear_is_forgotten_under_tls() {
    let mut script = Script::opened(Config { tls: Tls::Optional, ..unprotected() });
    script.frame(read(STARTTLS));
    script.stream.tls_established();
    script.frame(Frame::Open(header()));
    script.stream.host(Some(crate::negotiation::server::Host::default()));
    script.frame(read(PLAIN));
    assert!(script.sent().contains("<invalid-mechanism"));
}

#[test]
fn failures_are_bounded() {
    let config = Config { max_failures: 3, ..secure() };
    let mut script = Script::opened(config);
    for attempt in 1..=3 {
        assert_eq!(script.stream.awaits(), Awaits::Frame, "before attempt {attempt}");
        script.frame(read(PLAIN));
        script.stream.failure(sasl::Condition::NotAuthorized.into());
    }
    let sent = script.sent();
    assert_eq!(sent.matches("<failure").count(), 3);
    assert!(sent.contains("<policy-violation"), "{sent}");
    assert_eq!(script.stream.awaits(), Awaits::Nothing);
}

#[test]
fn every_way_to_fail_counts() {
    for xml in [
        ABORT,
        RESPONSE,
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    ] {
        let mut script = Script::opened(Config { max_failures: 2, ..secure() });
        script.frame(read(xml));
        assert!(script.sent().contains("<failure"), "{xml}");
        script.frame(read(xml));
        assert!(script.sent().contains("<policy-violation"), "{xml}");
    }
}

#[test]
fn beginning_anew_without_end_ends_the_stream() {
    let mut script = Script::opened(Config { max_failures: 2, ..secure() });
    for _ in 0..2 {
        script.frame(read(SCRAM));
        script.stream.challenge(b"");
    }
    script.frame(read(SCRAM));
    assert!(script.sent().contains("<policy-violation"));
}

#[test]
fn an_abort_ends_the_mechanism_and_not_the_stream() {
    let mut script = Script::opened(secure());
    script.frame(read(SCRAM));
    script.stream.challenge(b"c");
    script.actions();
    script.frame(read(ABORT));
    let actions = script.actions();
    let [Action::Abort, Action::Send(sent)] = &actions[..] else { panic!("{actions:?}") };
    assert!(written(sent.clone()).contains("<aborted"));
    script.frame(read(PLAIN));
    assert!(matches!(script.actions()[..], [Action::Authenticate { .. }]));
}

#[test]
fn a_second_auth_discards_the_first() {
    let mut script = Script::opened(secure());
    script.frame(read(SCRAM));
    script.stream.challenge(b"c");
    script.actions();
    script.frame(read(PLAIN));
    let actions = script.actions();
    assert!(
        matches!(&actions[..], [Action::Abort, Action::Authenticate { mechanism, .. }] if mechanism == "PLAIN")
    );
}

#[test]
fn data_that_is_not_base64_ends_the_mechanism() {
    let mut script = Script::opened(secure());
    script.frame(read(SCRAM));
    script.stream.challenge(b"c");
    script.actions();
    script.frame(read("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%</response>"));
    let actions = script.actions();
    let [Action::Abort, Action::Send(sent)] = &actions[..] else { panic!("{actions:?}") };
    assert!(written(sent.clone()).contains("<incorrect-encoding"));
}

#[test]
fn stanzas_during_an_exchange_are_not_authorized() {
    let mut script = Script::opened(secure());
    script.frame(read(SCRAM));
    script.stream.challenge(b"c");
    script.frame(read(REGISTER));
    assert!(script.sent().contains("<not-authorized"));
}

#[test]
fn the_host_is_fixed_by_authentication() {
    let mut script = Script::opened(secure());
    script.frame(read(PLAIN));
    script.stream.success(juliet(), None);
    script.actions();
    script.frame(Frame::Open(StreamHeader { to: Some("other.example".into()), ..header() }));
    let sent = script.sent();
    assert!(sent.contains("<stream:stream ") && sent.contains("<not-authorized"), "{sent}");
}

#[test]
fn after_authentication_the_client_is_nobody_else() {
    let mut script = Script::opened(secure());
    script.frame(read(PLAIN));
    script.stream.success(juliet(), None);
    script.actions();
    script.frame(Frame::Open(StreamHeader { from: Some("romeo@im.example.com".into()), ..header() }));
    assert!(script.sent().contains("<invalid-from"));
}

#[test]
fn success_as_someone_else_than_announced_under_tls_ends_the_stream() {
    let mut script = Script::opened(secure());
    script.frame(read(PLAIN));
    script.stream.success(BareJid::parse("romeo@im.example.com").unwrap(), None);
    let sent = script.sent();
    assert!(sent.contains("<invalid-from") && !sent.contains("<success"), "{sent}");
}

#[test]
fn an_anonymous_client_gets_another_name_than_it_announced() {
    let mut script = Script::new(secure());
    script.frame(Frame::Open(header()));
    script.stream.host(Some(crate::negotiation::server::Host::new(["ANONYMOUS"])));
    script.frame(read("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"));
    script.stream.success(BareJid::parse("5f3a@im.example.com").unwrap(), None);
    assert!(script.sent().contains("<success"));
}

#[test]
fn an_account_of_another_host_is_a_defect_of_the_driver() {
    let mut script = Script::opened(secure());
    script.frame(read(PLAIN));
    script.stream.success(BareJid::parse("juliet@other.example").unwrap(), None);
    let sent = script.sent();
    assert!(sent.contains("<internal-server-error") && !sent.contains("<success"), "{sent}");
}

#[test]
fn secrets_do_not_show_in_actions() {
    let mut script = Script::opened(secure());
    script.frame(read(PLAIN));
    let actions = format!("{:?}", script.actions());
    assert!(actions.contains("PLAIN") && !actions.contains("114, 48"), "{actions}");
}
