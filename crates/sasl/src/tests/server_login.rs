//! The server's rules about mechanisms and order, and PLAIN, EXTERNAL and ANONYMOUS.

use std::sync::Arc;

use super::{DOMAIN, bound_channel, context, decoy, lookup, settle};
use crate::scram::Credentials;
use crate::server::{Account, Context, Exchange, Identity, Policy, Reason, Refusal, Step};
use crate::{Channel, Failure, MAX_MESSAGE, Mechanism, prep};

fn refusal(step: Step) -> (Failure, Reason) {
    match step {
        Step::Failed(Refusal { failure, reason }) => (failure, reason),
        other => panic!("expected a failure, got {other:?}"),
    }
}

fn start(mechanism: Mechanism, channel: Channel) -> Exchange {
    Exchange::start(mechanism, Arc::new(context(channel))).unwrap()
}

fn not_started(mechanism: Mechanism, policy: &Policy, channel: Channel) -> (Failure, Reason) {
    let context = Context::new(DOMAIN, policy, channel, decoy());
    let Refusal { failure, reason } = Exchange::start(mechanism, Arc::new(context)).unwrap_err();
    (failure, reason)
}

fn plain(message: &[u8]) -> Step {
    let mut server = start(Mechanism::Plain, Channel::tls());
    let step = server.step(message);
    settle(&mut server, step, &lookup)
}

fn certified(identities: &[&str]) -> Channel {
    identities.iter().fold(Channel::tls(), |channel, &identity| channel.with_peer_identity(identity))
}

fn external(identities: &[&str], message: &[u8]) -> Step {
    start(Mechanism::External, certified(identities)).step(message)
}

#[test]
fn a_mechanism_that_was_not_offered_on_this_stream_is_refused() {
    let expected = (Failure::InvalidMechanism, Reason::NotOffered);
    let scram = Policy::default();
    assert_eq!(not_started(Mechanism::Anonymous, &scram, bound_channel()), expected);
    assert_eq!(not_started(Mechanism::Plain, &scram, bound_channel()), expected);
    assert_eq!(not_started(Mechanism::Plain, &scram, Channel::plaintext()), expected);
    assert_eq!(not_started(Mechanism::External, &Policy::of(Mechanism::ALL), bound_channel()), expected);
    assert_eq!(not_started(Mechanism::SCRAM_SHA_1_PLUS, &scram, Channel::tls()), expected);
    assert_eq!(
        not_started(Mechanism::SCRAM_SHA_1, &Policy::of([Mechanism::SCRAM_SHA_256]), Channel::tls()),
        expected
    );
}

#[test]
fn plain_in_the_clear_needs_encryption() {
    let expected = (Failure::EncryptionRequired, Reason::NeedsTls);
    assert_eq!(not_started(Mechanism::Plain, &Policy::of(Mechanism::ALL), Channel::plaintext()), expected);
}

#[test]
fn scram_without_plus_is_too_weak_where_only_plus_is_offered() {
    let policy = Policy::of([Mechanism::SCRAM_SHA_256_PLUS]);
    let expected = (Failure::MechanismTooWeak, Reason::NeedsChannelBinding);
    assert_eq!(not_started(Mechanism::SCRAM_SHA_256, &policy, bound_channel()), expected);
}

#[test]
fn an_auth_without_initial_response_gets_an_empty_challenge_once() {
    let mut server = start(Mechanism::Plain, Channel::tls());
    assert!(matches!(server.without_initial_response(), Step::Challenge(empty) if empty.is_empty()));
    let step = server.step(b"\0juliet\0pencil");
    assert!(matches!(settle(&mut server, step, &lookup), Step::Done(_)));

    let mut server = start(Mechanism::Plain, Channel::tls());
    let _ = server.without_initial_response();
    assert_eq!(
        refusal(server.without_initial_response()),
        (Failure::MalformedRequest, Reason::UnexpectedMessage)
    );
}

#[test]
fn a_message_while_the_account_is_looked_up_or_the_password_checked_ends_the_exchange() {
    let expected = (Failure::MalformedRequest, Reason::UnexpectedMessage);
    let mut server = start(Mechanism::Plain, Channel::tls());
    assert!(matches!(server.step(b"\0juliet\0pencil"), Step::NeedCredentials(_)));
    assert_eq!(refusal(server.step(b"\0juliet\0pencil")), expected);
    assert_eq!(
        refusal(server.provide(lookup("juliet"))),
        (Failure::TemporaryAuthFailure, Reason::OutOfOrder)
    );

    let mut server = start(Mechanism::Plain, Channel::tls());
    let _ = server.step(b"\0juliet\0pencil");
    let Step::CheckPassword(check) = server.provide(lookup("juliet")) else { panic!() };
    assert_eq!(refusal(server.step(b"")), expected);
    assert_eq!(refusal(server.checked(check.run())), (Failure::TemporaryAuthFailure, Reason::OutOfOrder));
}

#[test]
fn an_exchange_that_is_over_stays_over() {
    let mut server = start(Mechanism::Anonymous, Channel::tls());
    assert!(matches!(server.step(b""), Step::Done(_)));
    assert_eq!(refusal(server.step(b"")), (Failure::MalformedRequest, Reason::UnexpectedMessage));
    let mut server = start(Mechanism::Anonymous, Channel::tls());
    assert!(matches!(server.step(b"\xFF"), Step::Failed(_)));
    assert_eq!(refusal(server.step(b"")), (Failure::MalformedRequest, Reason::UnexpectedMessage));
}

#[test]
fn the_outcome_of_another_account_s_password_check_is_not_taken() {
    let mut romeo = start(Mechanism::Plain, Channel::tls());
    let _ = romeo.step(b"\0romeo\0guess");
    let Step::CheckPassword(_) = romeo.provide(Account::found("romeo", super::credentials("secret"))) else {
        panic!()
    };
    let mut juliet = start(Mechanism::Plain, Channel::tls());
    let _ = juliet.step(b"\0juliet\0pencil");
    let Step::CheckPassword(right) = juliet.provide(lookup("juliet")) else { panic!() };
    let expected = (Failure::TemporaryAuthFailure, Reason::OutOfOrder);
    assert_eq!(refusal(romeo.checked(right.run())), expected);
}

#[test]
fn plain_lets_in_who_knows_the_password() {
    let Step::Done(done) = plain(b"\0juliet\0pencil") else { panic!() };
    assert_eq!(done.identity, Identity::Account("juliet".into()));
    assert_eq!((done.authzid, done.data, done.mechanism), (None, None, Mechanism::Plain));
}

#[test]
fn plain_gives_wrong_passwords_and_unknown_accounts_the_same_failure() {
    assert_eq!(refusal(plain(b"\0juliet\0pen")), (Failure::NotAuthorized, Reason::WrongPassword));
    assert_eq!(refusal(plain(b"\0romeo\0pencil")), (Failure::NotAuthorized, Reason::UnknownAccount));
}

#[test]
fn plain_checks_a_password_for_unknown_accounts_too() {
    let mut server = start(Mechanism::Plain, Channel::tls());
    let _ = server.step(b"\0romeo\0pencil");
    assert!(matches!(server.provide(lookup("romeo")), Step::CheckPassword(_)));
}

#[test]
fn plain_without_any_keys_lets_nobody_in() {
    let mut server = start(Mechanism::Plain, Channel::tls());
    let step = server.step(b"\0juliet\0pencil");
    let step = settle(&mut server, step, &|name| Account::found(name, Credentials::new()));
    assert_eq!(refusal(step), (Failure::NotAuthorized, Reason::UnknownAccount));
}

#[test]
fn plain_outside_the_grammar_is_malformed() {
    for message in
        [&b""[..], b"juliet", b"\0juliet", b"\0juliet\0", b"\0\0pencil", b"\0juliet\0pencil\0", b"\0\xFF\0x"]
    {
        assert_eq!(refusal(plain(message)), (Failure::MalformedRequest, Reason::Malformed), "{message:?}");
    }
    let long = vec![b'a'; MAX_MESSAGE + 1];
    assert_eq!(refusal(plain(&long)), (Failure::MalformedRequest, Reason::TooLong));
}

#[test]
fn plain_with_names_or_passwords_that_saslprep_refuses_is_not_authorized() {
    let expected = (Failure::NotAuthorized, Reason::Username(prep::Error::Prohibited));
    assert_eq!(refusal(plain(b"\0jul\x07iet\0pencil")), expected);
    let expected = (Failure::NotAuthorized, Reason::Password(prep::Error::Prohibited));
    assert_eq!(refusal(plain(b"\0juliet\0pen\x07cil")), expected);
}

#[test]
fn plain_takes_an_authorization_identity_only_if_it_is_the_authenticated_one() {
    assert!(matches!(plain(b"juliet@example.org\0juliet\0pencil"), Step::Done(_)));
    let expected = (Failure::InvalidAuthzid, Reason::Authzid);
    assert_eq!(refusal(plain(b"romeo@example.org\0juliet\0pencil")), expected);
    let expected = (Failure::NotAuthorized, Reason::WrongPassword);
    assert_eq!(refusal(plain(b"romeo@example.org\0juliet\0pen")), expected);
}

#[test]
fn plain_tells_of_a_disabled_account_only_who_knows_the_password() {
    let disabled = |name: &str| lookup(name).refused(Failure::AccountDisabled);
    let run = |message: &[u8]| {
        let mut server = start(Mechanism::Plain, Channel::tls());
        let step = server.step(message);
        refusal(settle(&mut server, step, &disabled))
    };
    assert_eq!(run(b"\0juliet\0pencil"), (Failure::AccountDisabled, Reason::Account));
    assert_eq!(run(b"\0juliet\0pen"), (Failure::NotAuthorized, Reason::WrongPassword));
    assert_eq!(run(b"\0romeo\0pencil"), (Failure::NotAuthorized, Reason::UnknownAccount));
}

#[test]
fn external_takes_the_only_identity_of_the_certificate() {
    let Step::Done(done) = external(&["juliet@example.org"], b"") else { panic!() };
    assert_eq!(done.identity, Identity::Certificate("juliet@example.org".into()));
}

#[test]
fn external_takes_the_identity_that_the_client_names_if_the_certificate_has_it() {
    let identities = ["juliet@example.org", "capulet@example.org"];
    let Step::Done(done) = external(&identities, b"capulet@Example.org") else { panic!() };
    assert_eq!(done.identity, Identity::Certificate("capulet@example.org".into()));
    assert_eq!(done.authzid.as_deref(), Some("capulet@Example.org"));
    let expected = (Failure::InvalidAuthzid, Reason::Authzid);
    assert_eq!(refusal(external(&identities, b"romeo@example.org")), expected);
    assert_eq!(refusal(external(&identities, b"example.org")), expected);
}

#[test]
fn external_does_not_guess_among_several_identities() {
    let expected = (Failure::InvalidAuthzid, Reason::AmbiguousCertificate);
    assert_eq!(refusal(external(&["juliet@example.org", "capulet@example.org"], b"")), expected);
}

#[test]
fn external_with_nul_or_broken_utf_8_is_malformed() {
    for message in [&b"juliet@example.org\0"[..], b"\xFF"] {
        let expected = (Failure::MalformedRequest, Reason::Malformed);
        assert_eq!(refusal(external(&["juliet@example.org"], message)), expected);
    }
}

#[test]
fn anonymous_yields_a_marker_and_the_trace() {
    let Step::Done(done) = start(Mechanism::Anonymous, Channel::tls()).step(b"sirhc") else { panic!() };
    assert_eq!(done.identity, Identity::Anonymous { trace: Some("sirhc".into()) });
    let too_long = "a".repeat(256);
    let step = start(Mechanism::Anonymous, Channel::tls()).step(too_long.as_bytes());
    assert_eq!(refusal(step), (Failure::MalformedRequest, Reason::Malformed));
}

#[test]
fn debug_of_an_exchange_shows_neither_password_nor_keys() {
    let mut server = start(Mechanism::Plain, Channel::tls());
    let _ = server.step(b"\0juliet\0pencil");
    let shown = format!("{server:?}");
    let step = server.provide(lookup("juliet"));
    let shown = format!("{shown}{server:?}{step:?}");
    assert!(!shown.contains("pencil"), "{shown}");
}
