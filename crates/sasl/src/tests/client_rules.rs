//! Each rule that the client's side keeps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ITERATIONS, bound_channel, context, lookup};
use crate::client::{Error, Exchange, Login, Policy, Reply, choose};
use crate::scram::{Advertised, Hash, MAX_ITERATIONS, SyntaxError};
use crate::server::Step;
use crate::{Channel, MAX_MESSAGE, Mechanism, prep, server};

const SALT: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn juliet() -> Login {
    Login::password("juliet", "pencil")
}

fn advertised() -> Advertised {
    Advertised::new(["SCRAM-SHA-256"])
}

/// A client of SCRAM-SHA-256 with the nonce `abc`, waiting for the server's first message.
fn opened_with(policy: &Policy, login: Login) -> Exchange {
    let offer = crate::client::Offer::sasl(advertised());
    let choice = choose(&offer, &Channel::tls(), &login, policy).unwrap();
    Exchange::start_with_nonce(choice, login, "abc".into()).unwrap().0
}

fn opened() -> Exchange {
    opened_with(&Policy::default(), juliet())
}

/// Why a client refuses the server's first message.
fn refused(message: &str) -> Error {
    opened().challenge(message.as_bytes()).unwrap_err()
}

/// A client that has sent its proof to a server that knows the password, and the server's signature.
fn answered() -> (Exchange, Vec<u8>) {
    let login = juliet();
    let context = std::sync::Arc::new(context(bound_channel()));
    let mechanism = Mechanism::SCRAM_SHA_256_PLUS;
    let choice = super::choose(mechanism, &bound_channel(), &login, context.advertised());
    let (mut client, initial) = Exchange::start(choice, login).unwrap();
    let mut server = server::Exchange::start(mechanism, context).unwrap();
    let _ = server.step(&initial);
    let Step::Challenge(challenge) = server.provide(lookup("juliet")) else { panic!() };
    let Reply::Derive(derivation) = client.challenge(&challenge).unwrap() else { panic!() };
    let Step::Done(done) = server.step(&client.derived(derivation.run()).unwrap()) else { panic!() };
    (client, done.data.unwrap())
}

#[test]
fn the_server_s_signature_is_what_authenticates() {
    let (client, signature) = answered();
    let authenticated = client.success(Some(&signature)).unwrap();
    assert!(authenticated.is_mutual() && authenticated.is_channel_bound() && authenticated.is_offer_proved());
}

#[test]
fn success_without_the_signature_is_refused_at_every_point() {
    let (client, _) = answered();
    assert_eq!(client.success(None).unwrap_err(), Error::SignatureMissing);
    let (client, _) = answered();
    assert_eq!(client.success(Some(b"")).unwrap_err(), Error::SignatureMissing);
    assert_eq!(opened().success(None).unwrap_err(), Error::SignatureMissing);
    assert_eq!(opened().success(Some(b"v=AAAA")).unwrap_err(), Error::UnexpectedMessage);
    let mut deriving = opened();
    let message = format!("r=abcdef,s={SALT},i=4096");
    assert!(matches!(deriving.challenge(message.as_bytes()), Ok(Reply::Derive(_))));
    assert_eq!(deriving.success(None).unwrap_err(), Error::SignatureMissing);
}

#[test]
fn a_wrong_signature_is_refused_in_success_and_in_a_challenge() {
    for wrong in [
        "v=AAAA".to_owned(),
        format!("v={}", STANDARD.encode([0; 32])),
        format!("v={}", STANDARD.encode([0; 33])),
    ] {
        let (client, _) = answered();
        assert_eq!(client.success(Some(wrong.as_bytes())).unwrap_err(), Error::SignatureMismatch);
        let (mut client, right) = answered();
        assert_eq!(client.challenge(wrong.as_bytes()).unwrap_err(), Error::SignatureMismatch);
        assert_eq!(client.success(Some(&right)).unwrap_err(), Error::UnexpectedMessage, "it is over");
    }
}

#[test]
fn a_signature_in_a_challenge_counts_and_success_then_comes_without_data() {
    let (mut client, signature) = answered();
    assert!(matches!(client.challenge(&signature), Ok(Reply::Respond(empty)) if empty.is_empty()));
    assert!(client.success(None).unwrap().is_mutual());
    let (mut client, signature) = answered();
    let _ = client.challenge(&signature).unwrap();
    assert_eq!(client.success(Some(&signature)).unwrap_err(), Error::UnexpectedMessage);
}

#[test]
fn the_server_s_error_value_is_handed_on() {
    let (client, _) = answered();
    let error = client.success(Some(b"e=invalid-proof")).unwrap_err();
    assert_eq!(error, Error::Refused("invalid-proof".into()));
}

#[test]
fn a_nonce_that_does_not_continue_ours_is_refused() {
    for nonce in ["xabcdef", "ab", "abc", "ABCdef"] {
        assert_eq!(refused(&format!("r={nonce},s={SALT},i=4096")), Error::Nonce, "{nonce}");
    }
}

#[test]
fn iteration_counts_outside_the_policy_are_refused_before_anything_is_derived() {
    let challenge = |policy: Policy, count: u32| {
        let message = format!("r=abcdef,s={SALT},i={count}");
        opened_with(&policy, juliet()).challenge(message.as_bytes()).map(|_| ())
    };
    assert_eq!(challenge(Policy::default(), 4095), Err(Error::TooFewIterations(4095)));
    assert_eq!(challenge(Policy::default(), 1), Err(Error::TooFewIterations(1)));
    let over = MAX_ITERATIONS + 1;
    assert_eq!(challenge(Policy::default(), over), Err(Error::TooManyIterations(over)));
    assert_eq!(challenge(Policy::default(), MAX_ITERATIONS), Ok(()));
    let strict = || Policy::default().iterations(10_000, 20_000);
    assert_eq!(challenge(strict(), 9_999), Err(Error::TooFewIterations(9_999)));
    assert_eq!(challenge(strict(), 20_001), Err(Error::TooManyIterations(20_001)));
    assert_eq!(challenge(strict(), 10_000), Ok(()));
    assert_eq!(refused(&format!("r=abcdef,s={SALT},i=99999999999")), Error::Syntax(SyntaxError::Iterations));
}

#[test]
fn a_salt_longer_than_the_limit_is_refused() {
    let salt = STANDARD.encode([1; crate::scram::MAX_SALT_LEN + 1]);
    assert_eq!(refused(&format!("r=abcdef,s={salt},i=4096")), Error::SaltLength);
}

#[test]
fn a_hash_over_another_offer_is_a_downgrade_attack() {
    let with = |digest: String| format!("r=abcdef,s={SALT},i=4096,h={digest}");
    let real = Advertised::new(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]).with_binding_types(["tls-exporter"]);
    assert_eq!(refused(&with(real.digest(Hash::Sha256))), Error::Downgrade);
    assert_eq!(refused(&with("AAAA".into())), Error::Downgrade);
    let same = with(advertised().digest(Hash::Sha256));
    assert!(matches!(opened().challenge(same.as_bytes()), Ok(Reply::Derive(_))));
}

#[test]
fn a_missing_hash_is_refused_where_the_policy_or_the_choice_asks_for_it() {
    let message = format!("r=abcdef,s={SALT},i=4096");
    let strict = Policy::default().require_downgrade_protection();
    let error = opened_with(&strict, juliet()).challenge(message.as_bytes()).unwrap_err();
    assert_eq!(error, Error::DowngradeProtectionMissing);

    let offer = Advertised::new(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]).with_binding_types(["made-up"]);
    let offer = crate::client::Offer::sasl(offer);
    let choice = choose(&offer, &bound_channel(), &juliet(), &Policy::default()).unwrap();
    let (mut client, _) = Exchange::start_with_nonce(choice, juliet(), "abc".into()).unwrap();
    assert_eq!(client.challenge(message.as_bytes()).unwrap_err(), Error::DowngradeProtectionMissing);
}

#[test]
fn messages_outside_the_grammar_are_refused() {
    assert_eq!(refused("m=x,r=abcdef,s=AA==,i=4096"), Error::Syntax(SyntaxError::MandatoryExtension));
    assert_eq!(refused(""), Error::Syntax(SyntaxError::Attribute));
    assert_eq!(refused(&"x".repeat(MAX_MESSAGE + 1)), Error::TooLong);
    let (client, _) = answered();
    assert_eq!(client.success(Some(&[b'x'; MAX_MESSAGE + 1])).unwrap_err(), Error::TooLong);
}

#[test]
fn after_an_error_the_exchange_is_over() {
    let mut client = opened();
    let _ = client.challenge(b"nonsense").unwrap_err();
    let message = format!("r=abcdef,s={SALT},i=4096");
    assert_eq!(client.challenge(message.as_bytes()).unwrap_err(), Error::UnexpectedMessage);
    assert_eq!(client.success(None).unwrap_err(), Error::UnexpectedMessage);
}

#[test]
fn keys_that_were_derived_for_another_exchange_are_out_of_order() {
    let derive = |client: &mut Exchange, count: u32| {
        let message = format!("r=abcdef,s={SALT},i={count}");
        let Reply::Derive(derivation) = client.challenge(message.as_bytes()).unwrap() else { panic!() };
        assert_eq!(derivation.iterations(), count);
        derivation
    };
    let (mut one, mut other) = (opened(), opened());
    let _ = derive(&mut one, 4096);
    let derived = derive(&mut other, 4097).run();
    assert_eq!(one.derived(derived).unwrap_err(), Error::OutOfOrder);
    let derived = derive(&mut opened(), 4096).run();
    assert_eq!(opened().derived(derived).unwrap_err(), Error::OutOfOrder);
}

#[test]
fn cached_keys_spare_the_derivation_as_long_as_they_fit() {
    let (client, signature) = answered();
    let keys = client.success(Some(&signature)).unwrap().keys().unwrap().clone();
    let policy = Policy::default();
    let same = format!("r=abcdef,s={SALT},i={ITERATIONS}");
    for login in [juliet().with_cached(keys.clone()), Login::keys("juliet", keys.clone())] {
        let mut client = opened_with(&policy, login);
        assert!(matches!(client.challenge(same.as_bytes()), Ok(Reply::Respond(_))));
    }
    for changed in [format!("r=abcdef,s={SALT},i=5000"), "r=abcdef,s=AAAA,i=4096".to_owned()] {
        let mut client = opened_with(&policy, juliet().with_cached(keys.clone()));
        assert!(matches!(client.challenge(changed.as_bytes()), Ok(Reply::Derive(_))));
        let mut client = opened_with(&policy, Login::keys("juliet", keys.clone()));
        assert_eq!(client.challenge(changed.as_bytes()).unwrap_err(), Error::KeysOutdated);
    }
}

#[test]
fn names_and_passwords_that_saslprep_refuses_do_not_leave_the_client() {
    let start = |login: Login| {
        let offer = crate::client::Offer::sasl(advertised());
        let choice = choose(&offer, &Channel::tls(), &login, &Policy::default()).unwrap();
        Exchange::start(choice, login).unwrap_err()
    };
    assert_eq!(start(Login::password("", "pencil")), Error::Username(prep::Error::Empty));
    assert_eq!(start(Login::password("a\0", "pencil")), Error::Username(prep::Error::Prohibited));
    assert_eq!(start(Login::password("juliet", "")), Error::Password(prep::Error::Empty));
    assert_eq!(start(Login::password("juliet", "\u{1F600}")), Error::Password(prep::Error::Unassigned));
    assert_eq!(start(juliet().acting_as("a\0b")), Error::Inexpressible);
}

#[test]
fn a_login_that_does_not_fit_the_choice_is_refused() {
    let offer = crate::client::Offer::sasl(advertised());
    let choice = choose(&offer, &Channel::tls(), &juliet(), &Policy::default()).unwrap();
    assert_eq!(Exchange::start(choice, Login::certificate()).unwrap_err(), Error::Login);
}

fn single(mechanism: Mechanism, login: Login) -> Result<(Exchange, Vec<u8>), Error> {
    let choice = super::choose(mechanism, &Channel::tls(), &login, &Advertised::new([mechanism.name()]));
    Exchange::start(choice, login)
}

#[test]
fn mechanisms_of_one_message_take_success_without_data_and_nothing_else() {
    for (mechanism, login, expected) in [
        (Mechanism::Plain, juliet(), "\0juliet\0pencil"),
        (Mechanism::Plain, juliet().acting_as("a@b"), "a@b\0juliet\0pencil"),
        (Mechanism::External, Login::certificate(), ""),
        (Mechanism::External, Login::certificate().acting_as("juliet@example.org"), "juliet@example.org"),
        (Mechanism::Anonymous, Login::anonymous("sirhc"), "sirhc"),
    ] {
        let (client, message) = single(mechanism, login.clone()).unwrap();
        assert_eq!(message, expected.as_bytes());
        let authenticated = client.success(None).unwrap();
        assert!(
            !authenticated.is_mutual() && authenticated.keys().is_none() && !authenticated.is_offer_proved()
        );
        let (mut client, _) = single(mechanism, login.clone()).unwrap();
        assert_eq!(client.challenge(b"").unwrap_err(), Error::UnexpectedMessage);
        let (client, _) = single(mechanism, login).unwrap();
        assert_eq!(client.success(Some(b"v=AAAA")).unwrap_err(), Error::UnexpectedMessage);
    }
}

#[test]
fn what_a_mechanism_of_one_message_cannot_carry_is_refused() {
    let refused = |mechanism, login| single(mechanism, login).unwrap_err();
    assert_eq!(refused(Mechanism::Plain, Login::password("juliet", "a\0b")), Error::Inexpressible);
    assert_eq!(refused(Mechanism::External, Login::certificate().acting_as("a\0b")), Error::Inexpressible);
    assert_eq!(refused(Mechanism::Anonymous, Login::anonymous("a".repeat(256))), Error::Inexpressible);
}

#[test]
fn debug_shows_no_password() {
    let login = juliet();
    let mut client = opened();
    let shown = format!("{login:?}{client:?}");
    let reply = client.challenge(format!("r=abcdef,s={SALT},i=4096").as_bytes()).unwrap();
    let shown = format!("{shown}{reply:?}{client:?}");
    assert!(!shown.contains("pencil"), "{shown}");
}
