//! Each rule that the server's side of SCRAM keeps.

use std::sync::Arc;

use super::{bound_channel, context, decoy, lookup};
use crate::client::{Choice, Exchange as Client, Login, Reply};
use crate::prep;
use crate::scram::{Hash, ServerFirst, SyntaxError};
use crate::server::{Account, Exchange, Policy, Reason, Refusal, Step};
use crate::{BindingType, Channel, ChannelBinding, Failure, MAX_MESSAGE, Mechanism};

fn start(mechanism: Mechanism, channel: Channel) -> Exchange {
    Exchange::start(mechanism, Arc::new(context(channel))).unwrap()
}

fn refusal(step: Step) -> (Failure, Reason) {
    match step {
        Step::Failed(Refusal { failure, reason }) => (failure, reason),
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// What the server makes of a client's first message.
fn first(mechanism: Mechanism, channel: Channel, message: &str) -> (Failure, Reason) {
    refusal(start(mechanism, channel).step(message.as_bytes()))
}

/// A server that waits for the proof, and the right answer to its challenge.
fn challenged(mechanism: Mechanism, account: Account, login: Login) -> (Exchange, String) {
    let mut server = start(mechanism, bound_channel());
    let (mut client, initial) = client(mechanism, login);
    assert!(matches!(server.step(&initial), Step::NeedCredentials(_)));
    let Step::Challenge(challenge) = server.provide(account) else { panic!() };
    let Reply::Derive(derivation) = client.challenge(&challenge).unwrap() else { panic!() };
    (server, String::from_utf8(client.derived(derivation.run()).unwrap()).unwrap())
}

fn client(mechanism: Mechanism, login: Login) -> (Client, Vec<u8>) {
    // A client of a mechanism without channel binding has none, so that it says `n`.
    let channel = if mechanism.binds_channel() { bound_channel() } else { Channel::tls() };
    let choice: Choice = super::choose(mechanism, &channel, &login, context(bound_channel()).advertised());
    Client::start(choice, login).unwrap()
}

fn juliet() -> Login {
    Login::password("juliet", "pencil")
}

const PLUS: Mechanism = Mechanism::SCRAM_SHA_256_PLUS;
const BARE: Mechanism = Mechanism::SCRAM_SHA_256;

#[test]
fn the_flag_y_fails_when_plus_was_offered() {
    let expected = (Failure::NotAuthorized, Reason::Downgrade);
    assert_eq!(first(BARE, bound_channel(), "y,,n=juliet,r=abc"), expected);
    assert_eq!(first(PLUS, bound_channel(), "y,,n=juliet,r=abc"), expected);
}

#[test]
fn the_flag_y_is_fine_when_plus_was_not_offered() {
    assert!(matches!(start(BARE, Channel::tls()).step(b"y,,n=juliet,r=abc"), Step::NeedCredentials(_)));
}

#[test]
fn the_flag_n_is_fine_without_plus_and_refused_with_it() {
    assert!(matches!(start(BARE, bound_channel()).step(b"n,,n=juliet,r=abc"), Step::NeedCredentials(_)));
    let expected = (Failure::MalformedRequest, Reason::BindingMissing);
    assert_eq!(first(PLUS, bound_channel(), "n,,n=juliet,r=abc"), expected);
}

#[test]
fn the_flag_p_is_refused_in_a_mechanism_without_plus() {
    let expected = (Failure::MalformedRequest, Reason::BindingUnexpected);
    assert_eq!(first(BARE, bound_channel(), "p=tls-exporter,,n=juliet,r=abc"), expected);
    assert_eq!(first(BARE, Channel::tls(), "p=tls-exporter,,n=juliet,r=abc"), expected);
}

#[test]
fn a_type_of_channel_binding_that_the_stream_does_not_have_is_refused() {
    let expected = (Failure::NotAuthorized, Reason::BindingType);
    assert_eq!(first(PLUS, bound_channel(), "p=tls-unique,,n=juliet,r=abc"), expected);
    assert_eq!(first(PLUS, bound_channel(), "p=TLS-EXPORTER,,n=juliet,r=abc"), expected);
    let only_end_point =
        Channel::tls().with_binding(ChannelBinding::tls_server_end_point(b"certificate").unwrap());
    assert_eq!(first(PLUS, only_end_point, "p=tls-exporter,,n=juliet,r=abc"), expected);
}

#[test]
fn messages_outside_the_grammar_are_malformed_requests() {
    for (message, error) in [
        ("", SyntaxError::Gs2Header),
        ("n,,m=x,n=juliet,r=abc", SyntaxError::MandatoryExtension),
        ("n,,n=juliet,r=abc,m=x", SyntaxError::MandatoryExtension),
        ("n,,n=jul=iet,r=abc", SyntaxError::Name),
        ("n,,r=abc", SyntaxError::Expected('n')),
    ] {
        let expected = (Failure::MalformedRequest, Reason::Syntax(error));
        assert_eq!(first(BARE, Channel::tls(), message), expected, "{message}");
    }
}

#[test]
fn a_user_name_that_saslprep_refuses_is_not_authorized() {
    for (name, error) in [
        ("\u{AD}", prep::Error::Empty),
        ("a\u{7}", prep::Error::Prohibited),
        ("\u{627}1", prep::Error::Bidirectional),
    ] {
        let expected = (Failure::NotAuthorized, Reason::Username(error));
        assert_eq!(first(BARE, Channel::tls(), &format!("n,,n={name},r=abc")), expected);
    }
}

#[test]
fn the_user_name_is_looked_up_unescaped_and_prepared() {
    let mut server = start(BARE, Channel::tls());
    let Step::NeedCredentials(lookup) = server.step("n,,n=\u{2168}=2C=3D\u{AD},r=abc".as_bytes()) else {
        panic!()
    };
    assert_eq!((&*lookup.username, lookup.mechanism), ("IX,=", BARE));
}

#[test]
fn a_message_longer_than_the_limit_is_refused() {
    let expected = (Failure::MalformedRequest, Reason::TooLong);
    assert_eq!(first(BARE, Channel::tls(), &format!("n,,n=juliet,r={}", "a".repeat(MAX_MESSAGE))), expected);
}

#[test]
fn a_changed_channel_binding_is_refused() {
    let (mut server, response) = challenged(PLUS, lookup("juliet"), juliet());
    // The same message from a client at the other end of another TLS connection.
    let other = Channel::tls().with_binding(ChannelBinding::tls_exporter([0; 32]));
    let choice = super::choose(PLUS, &other, &juliet(), context(bound_channel()).advertised());
    let theirs = crate::scram::ClientFinal::without_proof(
        &[b"p=tls-exporter,,".as_slice(), choice.binding().unwrap().data()].concat(),
        "x",
    );
    let (_, rest) = response.split_once(',').unwrap();
    let changed = format!("{},{rest}", theirs.split_once(',').unwrap().0);
    assert_eq!(refusal(server.step(changed.as_bytes())), (Failure::NotAuthorized, Reason::BindingMismatch));
}

#[test]
fn a_changed_gs2_header_is_refused() {
    for header in [
        "n,,",
        "y,,",
        "p=tls-exporter,a=juliet@example.org,",
        "p=tls-server-end-point,,",
        "",
        "p=tls-exporter,,",
    ] {
        let (mut server, response) = challenged(PLUS, lookup("juliet"), juliet());
        let (_, rest) = response.split_once(',').unwrap();
        let binding = crate::scram::ClientFinal::without_proof(header.as_bytes(), "x");
        let binding = binding.split_once(',').unwrap().0;
        if header.is_empty() {
            let expected = (Failure::MalformedRequest, Reason::Syntax(SyntaxError::Attribute));
            assert_eq!(refusal(server.step(format!("{binding},{rest}").as_bytes())), expected);
            continue;
        }
        let step = server.step(format!("{binding},{rest}").as_bytes());
        assert_eq!(refusal(step), (Failure::NotAuthorized, Reason::BindingMismatch), "{header}");
    }
}

#[test]
fn another_nonce_is_refused() {
    let (mut server, response) = challenged(BARE, lookup("juliet"), juliet());
    let changed = response.replace(",r=", ",r=x");
    assert_eq!(refusal(server.step(changed.as_bytes())), (Failure::NotAuthorized, Reason::Nonce));
}

#[test]
fn a_response_of_an_earlier_exchange_is_refused() {
    let (_, response) = challenged(BARE, lookup("juliet"), juliet());
    let (mut server, _) = challenged(BARE, lookup("juliet"), juliet());
    assert_eq!(refusal(server.step(response.as_bytes())), (Failure::NotAuthorized, Reason::Nonce));
}

#[test]
fn a_proof_of_the_wrong_length_is_a_wrong_password() {
    for proof in ["AAAA", "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="] {
        let (mut server, response) = challenged(BARE, lookup("juliet"), juliet());
        let (without_proof, _) = response.rsplit_once(",p=").unwrap();
        let step = server.step(format!("{without_proof},p={proof}").as_bytes());
        assert_eq!(refusal(step), (Failure::NotAuthorized, Reason::WrongPassword));
    }
}

#[test]
fn a_wrong_password_is_not_authorized() {
    let (mut server, response) = challenged(PLUS, lookup("juliet"), Login::password("juliet", "pen"));
    assert_eq!(refusal(server.step(response.as_bytes())), (Failure::NotAuthorized, Reason::WrongPassword));
}

#[test]
fn an_unknown_account_looks_like_a_wrong_password() {
    let (mut wrong, wrong_response) = challenged(BARE, lookup("juliet"), Login::password("juliet", "pen"));
    let (mut unknown, unknown_response) =
        challenged(BARE, lookup("romeo"), Login::password("romeo", "pencil"));
    assert_eq!(wrong_response.len(), unknown_response.len());
    let (wrong, unknown) = (wrong.step(wrong_response.as_bytes()), unknown.step(unknown_response.as_bytes()));
    let (wrong, unknown) = (refusal(wrong), refusal(unknown));
    assert_eq!(wrong.0, unknown.0);
    assert_eq!((wrong.1, unknown.1), (Reason::WrongPassword, Reason::UnknownAccount));
}

/// The salt, iteration count and length of the challenge that an account gets.
fn challenge(account: Account) -> (Vec<u8>, u32, usize) {
    let mut server = start(BARE, Channel::tls());
    assert!(matches!(server.step(b"n,,n=x,r=abc"), Step::NeedCredentials(_)));
    let Step::Challenge(challenge) = server.provide(account) else { panic!() };
    let first = ServerFirst::parse(&challenge).unwrap();
    (first.salt, first.iterations, challenge.len())
}

#[test]
fn an_unknown_account_gets_the_same_salt_each_time_and_the_usual_count() {
    let (salt, iterations, len) = challenge(lookup("romeo"));
    assert_eq!(challenge(lookup("romeo")), (salt.clone(), iterations, len));
    assert_ne!(challenge(lookup("tybalt")).0, salt);
    let (real_salt, real_iterations, real_len) = challenge(lookup("juliet"));
    assert_eq!((salt.len(), iterations, len), (real_salt.len(), real_iterations, real_len));
}

#[test]
fn an_account_without_keys_for_the_mechanism_is_an_unknown_account() {
    let only_sha_1 = || {
        let all = super::credentials("pencil");
        Account::found("juliet", all.get(Hash::Sha1).unwrap().clone().into())
    };
    assert_eq!(challenge(only_sha_1()).0, decoy().keys("juliet", Hash::Sha256).salt());
    let (mut server, response) = challenged(BARE, only_sha_1(), juliet());
    assert_eq!(refusal(server.step(response.as_bytes())), (Failure::NotAuthorized, Reason::UnknownAccount));
}

#[test]
fn a_disabled_account_is_told_so_only_after_the_right_proof() {
    let disabled = || lookup("juliet").refused(Failure::AccountDisabled);
    let (mut server, response) = challenged(BARE, disabled(), juliet());
    assert_eq!(refusal(server.step(response.as_bytes())), (Failure::AccountDisabled, Reason::Account));
    let (mut server, response) = challenged(BARE, disabled(), Login::password("juliet", "pen"));
    assert_eq!(refusal(server.step(response.as_bytes())), (Failure::NotAuthorized, Reason::WrongPassword));
}

#[test]
fn an_authorization_identity_is_taken_only_if_it_is_the_authenticated_one() {
    let as_other = |authzid: &str, password: &str| {
        let login = Login::password("juliet", password).acting_as(authzid);
        let (mut server, response) = challenged(PLUS, lookup("juliet"), login);
        server.step(response.as_bytes())
    };
    assert!(matches!(as_other("juliet@EXAMPLE.org", "pencil"), Step::Done(done) if done.authzid.is_some()));
    for other in ["romeo@example.org", "juliet@example.com", "juliet", "juliet@example.org/balcony", "a,b=c"]
    {
        let expected = (Failure::InvalidAuthzid, Reason::Authzid);
        assert_eq!(refusal(as_other(other, "pencil")), expected, "{other}");
        let expected = (Failure::NotAuthorized, Reason::WrongPassword);
        assert_eq!(refusal(as_other(other, "pen")), expected, "{other}: nothing is told before the proof");
    }
}

#[test]
fn the_caller_s_comparison_of_identities_decides() {
    let context = Arc::new(context(Channel::tls()).comparing_identities(|authzid, identity| {
        identity == "juliet@example.org" && authzid.eq_ignore_ascii_case(identity)
    }));
    let login = juliet().acting_as("JULIET@example.org");
    let choice = super::choose(BARE, &Channel::tls(), &login, context.advertised());
    assert!(matches!(super::exchange(choice, login, &context, &lookup), super::Outcome::Done(..)));
}

#[test]
fn without_downgrade_protection_no_hash_is_sent() {
    let challenge = |on| {
        let context = Arc::new(context(Channel::tls()).downgrade_protection(on));
        let mut server = Exchange::start(BARE, context).unwrap();
        assert!(matches!(server.step(b"n,,n=juliet,r=abc"), Step::NeedCredentials(_)));
        let Step::Challenge(challenge) = server.provide(lookup("juliet")) else { panic!() };
        ServerFirst::parse(&challenge).unwrap().advertised.map(str::to_owned)
    };
    assert_eq!(challenge(false), None);
    assert_eq!(challenge(true), Some(context(Channel::tls()).advertised().digest(Hash::Sha256)));
}

#[test]
fn the_types_of_channel_binding_are_advertised_with_plus_only() {
    let types = |context: &crate::server::Context| context.advertised().binding_types().map(<[_]>::len);
    assert_eq!(types(&context(bound_channel())), Some(BindingType::ALL.len()));
    assert_eq!(types(&context(Channel::tls())), None);
    let bare = crate::server::Context::new("example.org", &Policy::of([BARE]), bound_channel(), decoy());
    assert_eq!(types(&bare), None);
}
